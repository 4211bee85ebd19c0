"""`codemode ci publish` against patches and branches of somebody who has broken out of the sandbox."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_codemode.cli.ci.publish import MAX_BODY_CHARS
from pytest_codemode.worktree.diff import unified_diff
from tests.ci.conftest import CLAMP, PROJECT, Repository
from tests.ci.runner import ROOT
from tests.workbench import planted

CODE = "src/pkg/clamp.py"
FIXED = PROJECT[CODE]


@pytest.fixture
def tested(repository: Repository) -> str:
    """The commit that fails, checked out."""
    return repository.change("feature", {CODE: CLAMP})


@dataclass(frozen=True)
class Scene:
    """A repository that nothing may change, which many refused patches share."""

    repository: Repository
    tested: str
    before: dict[str, str]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    repository = Repository(tmp_path_factory.mktemp("scene"))
    tested = repository.change("feature", {CODE: CLAMP})
    return Scene(repository, tested, repository.at_remote())


def good() -> bytes:
    return unified_diff(CODE, CLAMP.encode(), FIXED.encode())


def publish(
    repository: Repository, patch: bytes, *words: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as ci/publish/publish.sh does: without anything installed."""
    file = repository.root.parent / "patch.diff"
    file.write_bytes(patch)
    return subprocess.run(
        [sys.executable, "-P", "-S", "-s", "-m", "pytest_codemode.cli.main", "ci", "publish",
         f"--patch={file}", *words],
        cwd=cwd or repository.root, env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_patch_is_published_by_the_standard_library_and_git_alone(repository: Repository, tested: str) -> None:
    work = {
        path: path.read_bytes() for path in repository.root.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    done = publish(repository, good(), "--head=feature")
    assert (done.returncode, done.stderr) == (0, "")
    commit = repository.at_remote()["codemode/fix-feature"]
    assert done.stdout == f"codemode: pushed codemode/fix-feature {commit}\n"
    assert repository.git("rev-parse", f"{commit}^", cwd=repository.remote) == tested
    expected = repository.git("ls-tree", "-r", "main")
    assert repository.git("ls-tree", "-r", commit, cwd=repository.remote) == expected
    assert {path: path.read_bytes() for path in work} == work
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("for-each-ref", "refs/codemode") == ""


def test_the_same_patch_is_the_same_commit_and_a_new_one_takes_its_place(repository: Repository, tested: str) -> None:
    publish(repository, good(), "--head=feature")
    first = repository.at_remote()["codemode/fix-feature"]
    again = publish(repository, good(), "--head=feature")
    assert again.stdout == f"codemode: current codemode/fix-feature {first}\n"
    other = unified_diff(CODE, CLAMP.encode(), FIXED.replace("beyond", "over").encode())
    assert publish(repository, other, "--head=feature").stdout.startswith("codemode: pushed ")
    second = repository.at_remote()["codemode/fix-feature"]
    assert second != first
    assert repository.git("rev-parse", f"{second}^", cwd=repository.remote) == tested


def test_a_branch_that_somebody_has_committed_to_is_left_alone(repository: Repository, tested: str) -> None:
    publish(repository, good(), "--head=feature")
    repository.git("fetch", "-q", "origin", "codemode/fix-feature")
    repository.git("checkout", "-q", "FETCH_HEAD")
    theirs = repository.commit("better", {CODE: FIXED + "# mine\n"})
    repository.git("push", "-q", "origin", "HEAD:codemode/fix-feature")
    other = unified_diff(CODE, CLAMP.encode(), FIXED.replace("beyond", "over").encode())
    done = publish(repository, other, "--head=feature", f"--base={tested}")
    assert done.returncode == 1
    assert "codemode/fix-feature ends in a commit that is not codemode's" in done.stdout
    assert repository.at_remote()["codemode/fix-feature"] == theirs


def test_a_shallow_clone_and_a_project_in_a_folder_will_do(tmp_path: Path) -> None:
    repository = Repository(tmp_path, {f"libs/one/{path}": text for path, text in PROJECT.items()})
    tested = repository.change("feature", {f"libs/one/{CODE}": CLAMP})
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth=1", "--branch=feature", f"file://{repository.remote}", str(shallow))
    done = publish(repository, good(), f"--base={tested}", "--directory=libs/one", cwd=shallow / "libs")
    assert done.returncode == 0, done.stdout
    commit = repository.at_remote()[f"codemode/fix-{tested}"]
    shown = repository.git("diff", "--name-only", tested, commit, cwd=repository.remote)
    assert shown == f"libs/one/{CODE}"


def test_a_dry_run_verifies_and_pushes_nothing(repository: Repository, tested: str) -> None:
    before = repository.at_remote()
    done = publish(repository, good(), "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith(f"codemode: verified codemode/fix-{tested} ")
    assert repository.at_remote() == before


LIVE = """# done

@team/all look at #12, Fixes https://github.com/o/r/issues/1, closes GH-12 <img src=x>[x](http://x) \x1b[31m

```diff
+@property
`````
@octocat
"""


def test_the_text_of_a_pull_request_holds_the_report_as_text_in_a_block(
    repository: Repository, tested: str, tmp_path: Path
) -> None:
    report, body = tmp_path / "report.md", tmp_path / "body.md"
    report.write_text(LIVE)
    publish(repository, good(), "--dry-run", f"--body={body}", f"--report={report}")
    certain, told = body.read_text().split("\n---\n")
    assert certain.startswith(f"A patch for {tested}, proposed by a machine.")
    assert certain.endswith(f"\n- `{CODE}`\n")
    assert "test" not in certain  # this job has run none
    sentence, block = told.split("\n``````markdown\n")
    assert sentence.strip() == "What it does, as the job that ran the tests tells it; nobody has checked that:"
    inside, behind = block.split("\n``````\n")
    assert behind == ""
    assert inside + "\n" == LIVE.replace("\x1b", "\\x1b")


@pytest.mark.parametrize("filling", ["x", "\x1b", "`"])
def test_a_long_report_is_no_more_than_a_pull_request_takes(scene: Scene, tmp_path: Path, filling: str) -> None:
    report, body = tmp_path / "report.md", tmp_path / "body.md"
    report.write_text(filling * MAX_BODY_CHARS + "x" * MAX_BODY_CHARS + "@octocat")
    publish(scene.repository, good(), "--dry-run", f"--body={body}", f"--report={report}")
    text = body.read_text()
    assert text.endswith("```\n\nThe rest is cut.\n")
    assert "@" not in text
    assert len(text) < 65_536


def test_what_the_commit_says_is_what_this_job_knows(repository: Repository, tested: str) -> None:
    publish(repository, good(), "--head=feature")
    message = repository.git("log", "-1", "--format=%B", "codemode/fix-feature", cwd=repository.remote)
    assert message.startswith(f"Proposed patch for {tested[:12]}\n\nA machine has made it")
    assert "roven" not in message


def test_a_patch_with_a_new_empty_file_is_published(repository: Repository, tested: str) -> None:
    patch = good() + unified_diff("src/pkg/sub/__init__.py", None, b"") + unified_diff("src/m.py", None, b"")
    assert publish(repository, patch, "--head=feature").returncode == 0
    shown = repository.git("diff", "--name-status", tested, "codemode/fix-feature", cwd=repository.remote)
    assert shown.split("\n") == ["A\tsrc/m.py", f"M\t{CODE}", "A\tsrc/pkg/sub/__init__.py"]


def file(path: str, old: str | None, new: str | None) -> bytes:
    return unified_diff(path, None if old is None else old.encode(), None if new is None else new.encode())


ADDED = b"--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+x = 1\n"
HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "a workflow": (good() + ADDED % b".github/workflows/x.yml", "it is no Python file"),
    "code of a workflow": (good() + ADDED % b".github/scripts/x.py", "'.github' is no name of a source file"),
    "code of another runner": (ADDED % b".circleci/x.py", "is no name of a source file"),
    "installed code": (ADDED % b"lib/site-packages/x.py", "it is an installation file"),
    "an action's code": (ADDED % b"ci/../.github/x.py", "is not a plain path"),
    "a place outside": (ADDED % b"../x.py", "is not a plain path"),
    "an absolute place": (ADDED % b"/etc/x.py", "is not a plain path"),
    "the repository itself": (ADDED % b".git/hooks/x.py", "is no name of a source file"),
    "it in other letters": (ADDED % b"src/.GIT/x.py", "is no name of a source file"),
    "its short name": (ADDED % b"git~1/x.py", "is no name of a source file"),
    "an invisible character": (ADDED % "src/.g\u200cit/x.py".encode(), "is no plain name of a file"),
    "configuration": (ADDED % b"pyproject.toml", "it is no Python file"),
    "code that builds": (ADDED % b"setup.py", "it is a configuration file"),
    "code that Python loads by itself": (ADDED % b"src/sitecustomize.py", "that Python loads by itself"),
    "a test": (ADDED % b"tests/test_clamp.py", "it is a test's file"),
    "what tests share": (ADDED % b"conftest.py", "it is a test file"),
    "a link": (
        b"diff --git a/src/x.py b/src/x.py\nnew file mode 120000\n--- /dev/null\n+++ b/src/x.py\n@@ -0,0 +1 @@\n"
        b"+/etc/passwd\n\\ No newline at end of file\n",
        "modes, links, renames and binary files are not accepted",
    ),
    "a mode": (b"diff --git a/%s b/%s\nold mode 100644\nnew mode 100755\n" % ((CODE.encode(),) * 2), "modes, links"),
    "a mode beside a change": (
        b"diff --git a/%s b/%s\nold mode 100644\nnew mode 100755\n" % ((CODE.encode(),) * 2) + good(),
        "modes, links",
    ),
    "an executable": (
        b"diff --git a/src/x.py b/src/x.py\nnew file mode 100755\n",
        "modes, links",
    ),
    "a name that Markdown ends": (ADDED % b"` @octocat fixes #1 `.py", "is no name of a source file"),
    "a submodule": (
        b"diff --git a/src/m b/src/m\nnew file mode 160000\n--- /dev/null\n+++ b/src/m\n@@ -0,0 +1 @@\n"
        b"+Subproject commit 1111111111111111111111111111111111111111\n",
        "modes, links",
    ),
    "a binary file": (b"Binary files a/src/x.py and b/src/x.py differ\n", "modes, links"),
    "a rename": (b"--- a/%s\n+++ b/src/pkg/other.py\n@@ -1 +1 @@\n-a\n+b\n" % CODE.encode(), "it renames"),
    "a deletion": (file(CODE, CLAMP, None), "it would be deleted"),
    "lines that some readers skip": (good() + b"hello\n" + ADDED % b".github/x.py", "modes, links"),
    "a longer hunk than it says": (good().replace(b"@@ -2,5 +2,5 @@", b"@@ -2,4 +2,4 @@"), "modes, links"),
    "a shorter hunk than it says": (good().replace(b"@@ -2,5 +2,5 @@", b"@@ -2,6 +2,6 @@"), "it ends in the middle"),
    "a name in quotes": (good().replace(b"+++ b/src/pkg/clamp.py", b'+++ "b/src/pkg/clamp.py"'), "no plain name"),
    "a name with an escape": (ADDED % b"src/\x1b[2Jx.py", "is no plain name of a file"),
    "a zero byte": (good() + b"\0", "it holds a zero byte"),
    "nothing": (b"", "it holds no change"),
    "a file twice": (good() + good(), "it changes a file twice"),
    "more than anybody reads": (good() + ADDED % b"x.py" + b"\n" * (1 << 20), "is larger than"),
    "another tree": (good().replace(b"beyond the end", b"beyond"), "does not fit the tested commit"),
    "a file that is there": (ADDED % CODE.encode(), "does not fit the tested commit"),
    "a line in another order": (
        file(CODE, CLAMP, CLAMP.replace("low   #", "high  # \u202e")),
        "new code holds U+202E, which nobody sees",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_patch_that_does_more_than_change_sources_is_refused_and_nothing_is_pushed(scene: Scene, case: str) -> None:
    patch, reason = HOSTILE[case]
    done = publish(scene.repository, patch, "--head=feature", f"--base={scene.tested}")
    assert done.returncode == 1, done.stdout
    assert reason in done.stdout
    assert "\x1b" not in done.stdout
    assert "Traceback" not in done.stderr
    assert scene.repository.at_remote() == scene.before


def test_a_file_that_is_a_link_in_the_repository_is_not_changed(repository: Repository) -> None:
    (repository.root / "src/pkg/link.py").symlink_to("clamp.py")
    tested = repository.change("feature", {})
    before = repository.at_remote()
    through = (
        b"--- a/src/pkg/link.py\n+++ b/src/pkg/link.py\n@@ -1 +1 @@\n-clamp.py\n\\ No newline at end of file\n+/etc/x\n"
    )
    done = publish(repository, through, "--head=feature", f"--base={tested}")
    assert done.returncode == 1
    assert "src/pkg/link.py would change from mode 120000 to 120000" in done.stdout
    assert repository.at_remote() == before


def test_a_patch_outside_of_what_is_allowed_is_refused(repository: Repository, tested: str) -> None:
    done = publish(repository, good(), "--head=feature", "--only=lib", "--only=app/*.py")
    assert (done.returncode, done.stdout) == (
        1,
        f"codemode: the patch is refused: {CODE}: it is outside lib, app/*.py\n",
    )


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "feature",
        "codemode/",
        "codemode/../main",
        "codemode/a b",
        "codemode/$(touch pwned)",
        "codemode/a\nb",
        "codemode/x:refs/heads/main",
        "+codemode/x",
        "codemode/x.lock",
        "codemode/-x",
        "codemode/x/",
        "codemode/x..y",
        "codemode/@{-1}",
    ],
)
def test_nothing_is_pushed_to_a_branch_that_is_no_plain_name_of_our_own(scene: Scene, name: str) -> None:
    done = publish(scene.repository, good(), f"--branch={name}")
    assert done.returncode == 2
    assert "is no plain name below codemode/" in done.stdout
    assert scene.repository.at_remote() == scene.before
    assert not (scene.repository.root / "pwned").exists()


def test_a_password_in_the_remote_s_address_is_not_shown(scene: Scene) -> None:
    done = publish(scene.repository, good(), "--remote=https://user:s3cret@127.0.0.1:9/x.git")
    assert done.returncode == 2
    assert "git ls-remote: " in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_what_is_codemode_s_own_is_not_answered(repository: Repository, tested: str) -> None:
    before = repository.at_remote()
    assert publish(repository, good(), "--head=codemode/fix-x").stdout == "codemode: own\n"
    assert repository.at_remote() == before
    publish(repository, good(), "--head=feature")
    repository.git("fetch", "-q", "origin", "codemode/fix-feature")
    back = unified_diff(CODE, FIXED.encode(), CLAMP.encode())
    done = publish(repository, back, "--head=other", "--base=FETCH_HEAD")
    assert (done.returncode, done.stdout) == (0, "codemode: own\n")
    assert "codemode/fix-other" not in repository.at_remote()


def test_hooks_and_settings_of_the_checkout_are_not_run(repository: Repository, tested: str) -> None:
    hooks = repository.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-push", "commit-msg", "pre-commit", "post-commit", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\ntouch ../pwned pwned\nexit 1\n")
        (hooks / name).chmod(0o755)
    done = publish(repository, good(), "--head=feature", GIT_DIR="/nonexistent", GIT_INDEX_FILE="/nonexistent")
    assert done.returncode == 0, done.stdout
    assert not list(repository.root.parent.rglob("pwned"))


def test_programs_that_settings_of_the_repository_name_are_not_run(
    repository: Repository, tested: str, tmp_path: Path
) -> None:
    base = planted.signed(repository.root, tested)
    repository.git("push", "-q", "origin", f"{base}:refs/heads/signed")
    planted.hostile_settings(repository.root, tmp_path / "pwned")
    for words in (["--dry-run"], []):
        done = publish(repository, good(), "--head=feature", f"--base={base}", *words)
        assert done.returncode == 0, done.stdout
    assert not (tmp_path / "pwned").exists()


def test_a_repository_in_the_files_of_the_change_is_not_taken_for_the_one(
    repository: Repository, tested: str, tmp_path: Path
) -> None:
    backend = repository.root / "backend"
    planted.plant(backend, tmp_path / "pwned", bare=True)
    done = publish(repository, good(), "--head=feature", cwd=backend)
    assert done.returncode == 2
    assert "looks like a repository in the files of another" in done.stdout
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--base=nowhere"], "git rev-parse"),
        (["--base=--all"], "names no commit"),
        (["--remote=nowhere"], "git ls-remote"),
        (["--directory=../x"], "--directory: '../x' is no folder of the repository"),
        (["--patch=nowhere.diff"], "there is no nowhere.diff"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_2(scene: Scene, words: list[str], sentence: str) -> None:
    done = publish(scene.repository, good(), *words)
    assert done.returncode == 2
    assert sentence in done.stdout
    assert "Traceback" not in done.stderr
    assert scene.repository.at_remote() == scene.before
