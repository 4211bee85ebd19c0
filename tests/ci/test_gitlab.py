"""The jobs of ci/gitlab/codemode.yml, each script run as it stands."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_codemode.worktree.diff import unified_diff
from tests.ci.conftest import CLAMP, PROJECT, Repository
from tests.ci.runner import ROOT, load
from tests.workbench.planted import hostile_settings


class Gitlab:
    """Runs the jobs of ci/gitlab as they stand; what they install is here already, and the remote is a folder."""

    def __init__(self, repository: Repository, engine: Path, tmp_path: Path) -> None:
        self.template = load(ROOT / "ci" / "gitlab" / "codemode.yml")
        self.repository = repository
        self.tested = repository.change("feature", {"src/pkg/clamp.py": CLAMP})
        self.opt = tmp_path / "opt"
        self.opt.mkdir()
        for name in ("codemode", "project"):
            (self.opt / name).symlink_to(engine)
        repository.git("config", "receive.advertisePushOptions", "true", cwd=repository.remote)
        repository.git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=repository.remote)

    def job(self, name: str, **more: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "GITLAB_CI": "true",
            "CI_COMMIT_SHA": self.repository.git("rev-parse", "HEAD"),
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.repository.base,
            "CI_PROJECT_DIR": str(self.repository.root),
            "CI_PROJECT_URL": f"file://{str(self.repository.remote).removesuffix('.git')}",
            "CI_SERVER_URL": "https://gitlab.example",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(self.opt),
        }
        lines = [line for line in self.template[name]["script"] if "pip install" not in line and "-m venv" not in line]
        script = "set -e\n" + "\n".join(lines)
        return subprocess.run(
            ["bash", "-c", script.replace("/opt/", f"{self.opt}/")], cwd=self.repository.root,
            env={**os.environ, **variables, **more}, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    def leave(self, state: str, *, committed: bool = False) -> None:
        """Leave what a job leaves whose run ended so; `committed` has the change bring it."""
        patch = unified_diff("src/pkg/clamp.py", CLAMP.encode(), PROJECT["src/pkg/clamp.py"].encode())
        files = {"codemode-report/patch.diff": patch.decode(), "codemode-report/state": f"{state}\n"}
        for path, text in files.items():
            (self.repository.root / path).parent.mkdir(exist_ok=True)
            (self.repository.root / path).write_text(text)
        if committed:
            self.repository.commit("a report", {})
            self.repository.git("push", "-q", "origin", "HEAD:refs/heads/feature")


@pytest.fixture
def gitlab(repository: Repository, engine: Path, tmp_path: Path) -> Gitlab:
    return Gitlab(repository, engine, tmp_path)


def test_the_gitlab_jobs_leave_their_reports_and_open_a_merge_request(gitlab: Gitlab, tmp_path: Path) -> None:
    repository = gitlab.repository
    hook = repository.remote / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nprintf "%s\\n" "$GIT_PUSH_OPTION_0" "$GIT_PUSH_OPTION_1" >"{tmp_path}/options"\n')
    hook.chmod(0o755)

    proposed = gitlab.job("codemode-propose")
    assert proposed.returncode == 1, proposed.stdout + proposed.stderr
    reports = {
        kind: repository.root / path
        for kind, path in gitlab.template["codemode-propose"]["artifacts"]["reports"].items()
    }
    assert ElementTree.parse(reports["junit"]).getroot()[0].get("failures") == "3"
    assert {finding["location"]["path"] for finding in json.loads(reports["codequality"].read_text())}

    published = gitlab.job("codemode-publish", CODEMODE_PUSH_TOKEN="not-in-the-log")
    assert published.returncode == 0, published.stdout + published.stderr
    commit = repository.at_remote()["codemode/fix-feature"]
    assert repository.git("rev-parse", f"{commit}^", cwd=repository.remote) == gitlab.tested
    assert (tmp_path / "options").read_text() == "merge_request.create\nmerge_request.target=feature\n"
    assert "not-in-the-log" not in published.stdout + published.stderr


@pytest.mark.parametrize("state", ["interrupted", "error", "failed", "not proposed"])
def test_gitlab_publishes_nothing_of_a_run_that_proposed_nothing(gitlab: Gitlab, state: str) -> None:
    before = gitlab.repository.at_remote()
    gitlab.leave(state)
    done = gitlab.job("codemode-publish")
    assert (done.returncode, done.stdout) == (0, "nothing is proposed\n")
    assert gitlab.repository.at_remote() == before


def test_gitlab_publishes_no_report_that_came_with_the_change(gitlab: Gitlab) -> None:
    gitlab.leave("proposed", committed=True)
    before = gitlab.repository.at_remote()
    done = gitlab.job("codemode-publish")
    assert (done.returncode, done.stdout) == (1, "the change brings a codemode-report of its own\n")
    assert gitlab.repository.at_remote() == before


def test_gitlab_takes_no_settings_from_where_the_artefact_is(gitlab: Gitlab, tmp_path: Path) -> None:
    gitlab.leave("proposed")
    hostile_settings(gitlab.repository.root, tmp_path / "pwned")
    (gitlab.repository.root / "evil.sh").rename(tmp_path / "evil.sh")
    for name in ("core.fsmonitor", "gpg.program", "credential.helper", "core.askPass", "core.sshCommand"):
        gitlab.repository.git("config", name, str(tmp_path / "evil.sh"))
    gitlab.repository.git("config", f"url.file://{tmp_path}/elsewhere.insteadOf", f"file://{gitlab.repository.remote}")
    (gitlab.repository.root / "sitecustomize.py").write_text(f"open({str(tmp_path / 'pwned')!r}, 'w')\n")
    done = gitlab.job("codemode-publish", PYTHONPATH=".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "codemode/fix-feature" in gitlab.repository.at_remote()
    assert not (tmp_path / "pwned").exists()
