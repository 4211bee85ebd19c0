import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_codemode.workbench import git
from pytest_codemode.workbench.files import ProjectFiles
from pytest_codemode.worktree.editable import EditableSet
from tests.workbench import planted

COMMANDS = (("log", "-1", "--format=%H"), ("show", "--no-patch"), ("check-ignore", "-q", "a.py"), ("ls-files",))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    planted.git(root, "init", "-q", "-b", "main")
    (root / ".gitignore").write_text("made.py\n")
    planted.git(root, "add", "--all")
    planted.git(root, "commit", "-q", "-m", "one")
    return root


@pytest.mark.parametrize("below", ["", "src/pkg"])
@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_repository_among_the_files_of_a_checkout_runs_nothing(
    checkout: Path, tmp_path: Path, command: tuple[str, ...], bare: bool, below: str
) -> None:
    planted.plant(checkout / "backend", tmp_path / "pwned", bare=bare)
    (checkout / "backend" / below).mkdir(parents=True, exist_ok=True)
    done = git.run(checkout / "backend" / below, *command, limit_s=60)
    assert not (tmp_path / "pwned").exists()
    assert done.returncode == 128
    assert b"looks like a repository in the files of another" in done.stderr


def test_git_itself_refuses_it_too_where_it_knows_how(checkout: Path, tmp_path: Path) -> None:
    planted.plant(checkout / "backend", tmp_path / "pwned", bare=True)
    # Ours looks for the folder's own marks; here git finds them by a way of its own.
    (checkout / "backend" / "HEAD").rename(checkout / "head")
    done = git.run(checkout / "backend", "rev-parse", "--show-toplevel", limit_s=60)
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(checkout))
    done = git.run(checkout, "config", "safe.bareRepository", limit_s=60)
    assert done.stdout == b"explicit\n"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_settings_of_the_repository_itself_run_nothing_either(
    checkout: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    planted.git(checkout, "update-ref", "refs/heads/main", planted.signed(checkout, "main"))
    planted.hostile_settings(checkout, tmp_path / "pwned")
    assert git.run(checkout, *command, limit_s=60).returncode in (0, 1)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("command", [("diff",), ("status",), ("add", "a.txt"), ("checkout", "-f", "HEAD", "--", ".")])
def test_filters_for_the_contents_of_files_run_nothing(
    checkout: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (checkout / "a.txt").write_text("one\n")
    (checkout / ".gitattributes").write_text("*.txt filter=evil\n")
    planted.git(checkout, "add", "--all")
    planted.git(checkout, "commit", "-q", "-m", "two")
    for end in ("clean", "smudge", "process"):
        planted.git(checkout, "config", f"filter.evil.{end}", f"touch '{tmp_path / 'pwned'}'; cat")
    (checkout / "a.txt").write_text("two\n")
    done = git.run(checkout, *command, limit_s=60)
    assert (done.returncode, (tmp_path / "pwned").exists()) == (0, False)
    (checkout / "a.txt").write_text("six\n")
    subprocess.run(["git", *command], cwd=checkout, timeout=60, capture_output=True, check=False)
    assert (tmp_path / "pwned").exists()  # what git does by itself


def test_a_project_in_a_folder_with_a_planted_repository_is_read_without_git(checkout: Path, tmp_path: Path) -> None:
    backend = checkout / "backend"
    planted.plant(backend, tmp_path / "pwned", bare=False)
    (backend / "a.py").write_text("")
    assert EditableSet(backend, (), frozenset()).why_not("a.py") == ""
    assert "a.py" in ProjectFiles(backend, lambda path: (backend / path).read_bytes()).paths()
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("names", [("HEAD",), ("objects", "refs"), ("HEAD", "README")])
def test_a_folder_that_only_has_names_in_common_with_a_repository_is_none(
    checkout: Path, names: tuple[str, ...]
) -> None:
    folder = checkout / "docs"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    assert git.run(folder, "rev-parse", "--show-prefix", limit_s=60).stdout == b"docs/\n"


def test_the_root_of_a_checkout_may_have_any_names(checkout: Path) -> None:
    for name in ("HEAD", "objects", "refs"):
        (checkout / name).mkdir()
    assert git.run(checkout, "rev-parse", "--show-prefix", limit_s=60).returncode == 0


def test_what_a_hook_names_is_not_the_repository_that_is_meant(checkout: Path, tmp_path: Path) -> None:
    names = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
    environment = {**os.environ, **dict.fromkeys(names, str(tmp_path / "nowhere"))}
    done = git.run(checkout, "ls-files", limit_s=60, environment=environment)
    assert done.stdout == b".gitignore\n"
    assert git.run(checkout, "status", limit_s=60, environment={"PATH": os.environ["PATH"]}).returncode == 0


def test_a_checkout_of_its_own_below_and_a_linked_one_are_served(checkout: Path, tmp_path: Path) -> None:
    planted.git(checkout, "worktree", "add", "-q", str(tmp_path / "linked"))
    shutil.copytree(checkout / ".git", checkout / "inner" / ".git")
    for folder in (tmp_path / "linked", checkout / "inner"):
        assert git.run(folder, "ls-files", limit_s=60).stdout == b".gitignore\n"


def test_there_may_be_no_git(checkout: Path) -> None:
    with pytest.raises(OSError, match="git"):
        git.run(checkout, "status", limit_s=60, environment={"PATH": str(checkout)})
    with pytest.raises(subprocess.TimeoutExpired):
        git.run(checkout, "hash-object", "--stdin", limit_s=0.0)
