import subprocess
from pathlib import Path

import pytest

from pytest_codemode.workbench.files import MAX_BYTES, ProjectFiles


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("src/a.py", "README.md", ".env", "keys.pem", "node_modules/x.json", ".github/ci.yml", "venv/lib/b.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return tmp_path


def files(root: Path) -> ProjectFiles:
    return ProjectFiles(root, lambda path: (root / path).read_bytes() if (root / path).is_file() else None)


def test_only_visible_text_files_of_the_project_are_listed(tree: Path) -> None:
    assert files(tree).paths() == ("README.md", "src/a.py")


def test_what_git_ignores_is_not_listed(tree: Path) -> None:
    (tree / ".gitignore").write_text("secrets.json\n")
    (tree / "secrets.json").write_text("{}")
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    assert files(tree).paths() == ("README.md", "src/a.py")


@pytest.mark.parametrize("path", [".env", "keys.pem", "/etc/hostname", "../other.py", "src/../.env", "", "src/none.py"])
def test_no_other_file_can_be_read(tree: Path, path: str) -> None:
    assert files(tree).read(path) is None
    assert files(tree).read("src/a.py") == b"text"


def test_nothing_is_read_through_a_link(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "b.py").write_text("secret")
    (tree / "linked").symlink_to(outside)
    (tree / "link.py").symlink_to(outside / "b.py")
    found = files(tree)
    assert found.read("linked/b.py") is None
    assert found.read("link.py") is None


def test_a_file_that_is_too_large_is_none(tree: Path) -> None:
    (tree / "big.txt").write_bytes(b"x" * (MAX_BYTES + 1))
    assert files(tree).read("big.txt") is None
