"""What a survey tells of the project's files: no credentials, and nothing of files that a sandbox only claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_codemode.core.exploring import Measured, MeasureRequest, MeasureResult
from pytest_codemode.core.project import Project
from pytest_codemode.testgen.survey import Survey, in_words, survey, told
from pytest_codemode.worktree.sources import SourceTree

SHOP = """\
def connect():
    password = "Xk39fjw0aPq2"
    key = "sk-live-0123456789abcdefghij"
    colour = "\x1b[31mred"
    return password
"""


class Claims:
    """A sandbox that says of any path what it likes."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def measure(self, request: MeasureRequest) -> MeasureResult:
        files = tuple(Measured(path, (1, 2, 3, 4, 5), (2, 3, 4, 5), (), ()) for path in self.paths)
        return MeasureResult("finished", files=files, notes=("a\x1b[31m note: DB_PASSWORD=Xk39fjw0aPq2",))


def surveyed(root: Path, *claimed: str) -> Survey:
    project = Project(str(root), str(root), "python")
    return survey(project, Claims(*claimed), SourceTree(root), (), "")  # type: ignore[arg-type]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "shop.py").write_text(SHOP)
    return root


def test_lines_and_notes_come_without_credentials_and_control_characters(shop: Path) -> None:
    text = in_words(told(surveyed(shop, "shop.py")))
    assert '2: password = "[redacted]"' in text
    assert '4: colour = "red"' in text
    assert "a note: DB_PASSWORD=[redacted]" in text
    assert "sk-live" not in text
    assert "\x1b" not in text


def test_only_python_files_of_the_project_are_told_whatever_was_measured(shop: Path) -> None:
    (shop / ".env").write_text("A=b\n")
    (shop / ".hidden").mkdir()
    for name in ("settings.ini", ".hidden/a.py", "../beside.py"):
        (shop / name).write_text("SECRET = 1\n")
    (shop / "linked.py").symlink_to(shop / ".env")
    (shop / "behind").symlink_to(shop.parent)
    claimed = (".env", "settings.ini", ".hidden/a.py", "../beside.py", "linked.py", "behind/beside.py", "gone.py")
    found = surveyed(shop, *claimed, str(shop.parent / "beside.py"), "shop.py")
    assert [file.path for file in found.measured] == ["shop.py"]
    assert list(found.sources) == ["shop.py"]
