"""A repository that brings its own `.codemode/`: what is planted there must not reach outside the tree, or hang."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_codemode.cli.main import main
from pytest_codemode.worktree.seal import seal

RUN = "20261125-075500-a1b2"
PATIENCE_S = 20


def codemode(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest_codemode.cli.main", *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def text64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with a state folder, and something beside it that must stay as it is."""
    root = tmp_path / "repository"
    (root / ".codemode" / "runs" / RUN).mkdir(parents=True)
    (root / ".codemode" / "journal").mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "README.md").write_text("read me\n")
    (tmp_path / "outside").write_text("untouched")
    return root


@pytest.fixture(autouse=True)
def own_key(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the key out of the state folder of whoever runs the tests; the commands see the same one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def plant_patch(root: Path, new: dict[str, str], *, sealed: bool = False) -> None:
    patch = json.dumps({"old": {}, "new": {path: text64(text) for path, text in new.items()}}).encode()
    data = seal(root, f"patch.json of {RUN}", patch) if sealed else patch
    (root / ".codemode" / "runs" / RUN / "patch.json").write_bytes(data)


def plant_journal(root: Path, *changes: dict[str, object]) -> None:
    written = {"path": "README.md", "old": text64("x"), "new": text64("read me\n"), "temporary": ".a"}
    (root / ".codemode" / "journal" / "a.json").write_text(json.dumps({"changes": [written, *changes]}))


def files(root: Path) -> set[str]:
    """Everything in the checkout and beside it, apart from codemode's own state."""
    found = {path.relative_to(root.parent).as_posix() for path in root.parent.rglob("*")}
    return {path for path in found if not path.startswith("repository/.codemode")}


OUTSIDE = ["../outside", "a/../../outside", "/etc/outside", ".git/hooks/pre-commit", "x//y.py"]
NO_CODE = ["conftest.py", "setup.py", "tests/new.py", ".github/workflows/x.yml", ".venv/bin/python", "pytest.ini"]


@pytest.mark.parametrize("action", ["apply", "revert"])
@pytest.mark.parametrize("path", [OUTSIDE[0], NO_CODE[0], "new.py"])
def test_a_planted_patch_is_neither_applied_nor_reverted(repository: Path, action: str, path: str) -> None:
    plant_patch(repository, {path: "evil"})
    before = files(repository)
    done = codemode(repository, "runs", action, "last")
    assert done.returncode == 2
    assert "was not written by your own codemode" in done.stderr
    assert files(repository) == before
    assert (repository.parent / "outside").read_text() == "untouched"


@pytest.mark.parametrize("path", OUTSIDE + NO_CODE)
def test_even_a_sealed_patch_touches_nothing_but_code(repository: Path, path: str) -> None:
    plant_patch(repository, {path: "evil"}, sealed=True)
    before = files(repository)
    assert main(["runs", "--rootdir", str(repository), "apply", RUN]) == 2
    assert files(repository) == before
    assert (repository.parent / "outside").read_text() == "untouched"


def test_a_sealed_patch_does_not_write_through_a_linked_folder(repository: Path) -> None:
    (repository / "linked").symlink_to(repository.parent)
    plant_patch(repository, {"linked/new.py": "evil"}, sealed=True)
    assert codemode(repository, "runs", "apply", RUN).returncode == 2
    assert not (repository.parent / "new.py").exists()


def test_a_sealed_patch_of_code_is_applied(repository: Path) -> None:
    plant_patch(repository, {"new.py": "good"}, sealed=True)
    assert codemode(repository, "runs", "apply", RUN).returncode == 0
    assert (repository / "new.py").read_text() == "good"


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../outside", "old": text64("untouched"), "new": text64("evil"), "temporary": "t"},
        {"path": ".venv/evil.pth", "old": None, "new": text64("import os"), "temporary": ".b"},
        {"path": "conftest.py", "old": None, "new": text64("x = 1"), "temporary": ".b"},
        {"path": "new.py", "old": None, "new": text64("x"), "temporary": "../outside"},
        {"path": "new.py", "old": text64("x"), "new": text64("y"), "temporary": ".b", "folders": ["../empty"]},
    ],
)
def test_a_planted_journal_is_set_aside_and_never_acted_on(repository: Path, change: dict[str, object]) -> None:
    (repository.parent / "empty").mkdir()
    plant_journal(repository, change)
    before = files(repository)
    done = codemode(repository, "runs", "list")
    assert done.returncode == 0
    assert "cannot be settled" in done.stderr
    assert files(repository) == before
    assert (repository.parent / "outside").read_text() == "untouched"
    assert not list((repository / ".codemode" / "journal").glob("*.json"))


def test_a_temporary_file_of_a_planted_journal_is_not_removed_anywhere(repository: Path) -> None:
    victim = repository.parent / "outside"
    plant_journal(repository, {"path": "a.py", "old": None, "new": None, "temporary": str(victim)})
    codemode(repository, "runs", "list")
    assert victim.exists()


def test_a_key_that_comes_with_the_checkout_is_not_the_user_s(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, inside = repository.parent / "state", repository / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(elsewhere))
    plant_patch(repository, {"new.py": "evil"}, sealed=True)
    elsewhere.rename(inside)
    monkeypatch.setenv("XDG_STATE_HOME", str(inside))
    assert "was not written by your own codemode" in codemode(repository, "runs", "apply", RUN).stderr
    assert not (repository / "new.py").exists()


@pytest.mark.parametrize("name", [".codemode", ".codemode/runs", f".codemode/runs/{RUN}"])
def test_state_that_is_a_link_is_not_followed(repository: Path, name: str) -> None:
    plant_patch(repository, {"new.py": "evil"}, sealed=True)
    elsewhere = repository.parent / "elsewhere"
    (repository / name).rename(elsewhere)
    (repository / name).symlink_to(elsewhere)
    done = codemode(repository, "runs", "apply", "last")
    assert done.returncode == 2
    assert not (repository / "new.py").exists()


def test_a_record_full_of_escape_sequences_has_no_power_over_the_terminal(repository: Path) -> None:
    notice = {"kind": "notice", "level": "info", "text": "\x1b[2J\x1b]0;owned\x07"}
    (repository / ".codemode" / "runs" / RUN / "run.jsonl").write_text(json.dumps(notice) + "\n\x1b[31mno json\n")
    for words in (("runs", "show", "last"), ("runs", "list")):
        done = codemode(repository, *words)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout + done.stderr
        assert "\x07" not in done.stdout + done.stderr


def deep(path: Path) -> None:
    path.write_text("[" * 200_000)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: takes no room on disk


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


HOSTILE = [os.mkfifo, Path.mkdir, deep, huge, endless]


@pytest.mark.parametrize("plant", HOSTILE)
@pytest.mark.parametrize("name", ["run.jsonl", "patch.json", "patch.diff", "origin.json"])
def test_a_hostile_record_neither_hangs_nor_breaks_a_command(
    repository: Path, name: str, plant: Callable[[Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    plant(repository / ".codemode" / "runs" / RUN / name)
    at = ["runs", "--rootdir", str(repository)]
    assert main([*at, "list"]) == 0
    assert main([*at, "show", "last"]) == 0
    assert main([*at, "apply", "last"]) == 2
    readable = name == "patch.diff" and plant is deep
    assert main([*at, "diff", "last"]) == (0 if readable else 2)


@pytest.mark.parametrize("plant", HOSTILE)
def test_a_hostile_journal_neither_hangs_nor_breaks_a_command(repository: Path, plant: Callable[[Path], None]) -> None:
    plant(repository / ".codemode" / "journal" / f"{'a' * 250}.json")
    assert main(["runs", "--rootdir", str(repository), "list"]) == 0
    assert not list((repository / ".codemode" / "journal").glob("*.json"))


@pytest.mark.parametrize("plant", [os.mkfifo, Path.mkdir, endless])
def test_a_hostile_lock_is_one_sentence(
    repository: Path, plant: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    plant_journal(repository)
    plant(repository / ".codemode" / "lock")
    assert main(["runs", "--rootdir", str(repository), "list"]) == 2
    assert "lock cannot be locked" in capsys.readouterr().err
