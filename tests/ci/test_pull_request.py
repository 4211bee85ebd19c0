"""The scripts of the publishing action, with a `gh` that answers from a list of pull requests as GitHub's API does."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import ROOT

SCRIPTS = ROOT / "ci" / "publish"
GH = """\
import json, os, subprocess, sys
folder, words = os.path.dirname(__file__), sys.argv[1:]
with open(f"{folder}/calls", "a") as calls:
    print(json.dumps(words), file=calls)
if words[0] == "api":
    assert words[1:3] == ["--method=GET", "repos/team/project/pulls"], words
    fields = dict(word.removeprefix("--raw-field=").split("=", 1) for word in words if word.startswith("--raw-field="))
    owner, _, branch = fields.pop("head").partition(":")
    (query,) = [word.removeprefix("--jq=") for word in words if word.startswith("--jq=")]
    assert fields.pop("state") == "open"
    base = fields.pop("base")
    assert not fields
    found = [
        pull for pull in json.load(open(f"{folder}/pulls.json"))
        if (pull["head"]["user"], pull["head"]["ref"], pull["base"]["ref"]) == (owner, branch, base)
    ]
    sys.exit(subprocess.run(["jq", "-r", query], input=json.dumps(found).encode()).returncode)
"""


def pull(number: int, repository: str, branch: str = "codemode/fix-feature", base: str = "feature") -> dict[str, Any]:
    owner = repository.partition("/")[0]
    repo = {"full_name": repository} if repository != "gone/" else None
    return {"number": number, "head": {"user": owner, "ref": branch, "repo": repo}, "base": {"ref": base}}


def opened(folder: Path, pulls: list[dict[str, Any]]) -> list[str]:
    """Run the script and return the words of its last call."""
    (folder / "gh.py").write_text(GH)
    (folder / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/gh.py" "$@"\n')
    (folder / "gh").chmod(0o755)
    (folder / "pulls.json").write_text(json.dumps(pulls))
    variables = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "GITHUB_REPOSITORY": "team/project",
        "BRANCH": "codemode/fix-feature",
        "TARGET": "feature",
    }
    subprocess.run(["bash", str(SCRIPTS / "pull_request.sh")], env={**os.environ, **variables}, check=True, timeout=60)
    words: list[str] = json.loads((folder / "calls").read_text().splitlines()[-1])
    return words


@pytest.mark.skipif(shutil.which("jq") is None, reason="gh has jq built in, the stand-in needs the program")
@pytest.mark.parametrize(
    ("pulls", "number"),
    [
        ([], None),
        ([pull(7, "team/project")], "7"),
        ([pull(3, "stranger/project"), pull(7, "team/project")], "7"),
        ([pull(3, "stranger/project")], None),
        ([pull(3, "team/fork-of-the-project")], None),
        ([pull(3, "gone/")], None),
        ([pull(3, "team/project", base="main"), pull(4, "team/project", branch="codemode/fix-other")], None),
    ],
)
def test_only_our_own_branch_s_pull_request_is_updated(
    tmp_path: Path, pulls: list[dict[str, Any]], number: str | None
) -> None:
    verb, *words = opened(tmp_path, pulls)[1:]
    assert (verb, words[0]) == (("edit", number) if number else ("create", "--repo=team/project"))


def test_a_python_that_is_too_old_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    done = subprocess.run(
        ["bash", str(SCRIPTS / "publish.sh")],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is no Python of 3.11 or later" in done.stderr
