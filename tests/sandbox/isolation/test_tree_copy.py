import os
from pathlib import Path

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation import tree_copy


@pytest.fixture
def copied(tree, tmp_path):
    def copy(max_bytes=1 << 20):
        tree_copy.copy(str(tree), str(tmp_path / "copy"), max_bytes)
        return tmp_path / "copy"

    return copy


def test_contents_modes_and_times_are_kept(tree, copied):
    script = tree / "bin" / "run"
    script.parent.mkdir()
    script.write_bytes(b"\xff\r\n")
    script.chmod(0o751)
    os.utime(script, (1, 2))
    copy = copied() / "bin" / "run"
    assert copy.read_bytes() == b"\xff\r\n"
    assert copy.stat().st_mode & 0o777 == 0o751
    assert copy.stat().st_mtime == 2


def test_links_are_copied_as_links(tree, tmp_path, copied):
    (tmp_path / "secret.txt").write_text("secret")
    (tree / "out").symlink_to(tmp_path)
    (tree / "broken").symlink_to("nowhere")
    copy = copied()
    assert (copy / "out").readlink() == tmp_path
    assert (copy / "broken").readlink() == Path("nowhere")


def test_links_that_name_places_of_the_tree_name_those_of_the_copy(tree, copied):
    (tree / "code" / ".venv").mkdir(parents=True)
    (tree / "code" / "m.py").touch()
    (tree / "link").symlink_to(tree / "code" / "m.py")
    (tree / "environment").symlink_to(tree / "code" / ".venv" / "bin")
    (tree / "beside").symlink_to(tree.with_name(tree.name + "-beside"))
    (tree / "above").symlink_to(f"{tree}/code/../../elsewhere")
    copy = copied()
    assert (copy / "link").readlink() == copy / "code" / "m.py"
    assert (copy / "environment").readlink() == tree / "code" / ".venv" / "bin"
    assert (copy / "beside").readlink() == tree.with_name(tree.name + "-beside")
    assert (copy / "above").readlink() == tree / "code/../../elsewhere"


def test_modes_and_times_of_folders_are_kept_even_of_closed_ones(tree, copied):
    (tree / "closed").mkdir()
    (tree / "closed" / "m.py").touch()
    (tree / "closed").chmod(0o555)
    os.utime(tree / "closed", (3, 4))
    copy = copied() / "closed"
    assert copy.stat().st_mode & 0o777 == 0o555
    assert copy.stat().st_mtime == 4
    assert (copy / "m.py").exists()


@pytest.mark.parametrize("name", [".git", ".venv", "node_modules", "__pycache__", ".codemode", "env"])
def test_history_environments_and_caches_are_left_out(tree, copied, name):
    (tree / name).mkdir()
    (tree / name / "pyvenv.cfg").touch()
    (tree / "sub").mkdir()
    assert {path.name for path in copied().iterdir()} == {"kept.txt", "sub"}


def test_pipes_are_left_out(tree, copied):
    os.mkfifo(tree / "pipe")
    assert [path.name for path in copied().iterdir()] == ["kept.txt"]


def test_a_tree_that_is_too_large_is_an_error_with_a_remedy(tree, copied):
    (tree / "big").write_bytes(bytes(2 << 20))
    with pytest.raises(SandboxError, match=r"larger than the 1 MiB .*`codemode doctor`"):
        copied()
