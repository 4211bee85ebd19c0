import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_codemode.worker.tree import Tree


def test_files_are_back_byte_for_byte_with_their_times(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"old\r\n")
    os.utime(tmp_path / "a.py", ns=(1_000_000_123, 2_000_000_456))
    with Tree(str(tmp_path)).patched({"a.py": b"new", "pkg/sub/b.py": b"made"}):
        assert (tmp_path / "a.py").read_bytes() == b"new"
        assert (tmp_path / "pkg/sub/b.py").read_bytes() == b"made"

    assert (tmp_path / "a.py").read_bytes() == b"old\r\n"
    assert (tmp_path / "a.py").stat().st_mtime_ns == 2_000_000_456
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_no_version_is_run_from_anothers_bytecode(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_bytes(b"x = 1\n")
    tree = Tree(str(tmp_path))

    def value() -> str:
        command = [sys.executable, "-c", "import mod; print(mod.x)"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    seen = [value()]
    for digit in b"234":
        with tree.patched({"mod.py": b"x = %c\n" % digit}):
            seen.append(value())
        seen.append(value())

    assert seen == ["1", "2", "1", "3", "1", "4", "1"]


def test_failure_midway_puts_everything_back(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"old")

    with pytest.raises(ValueError, match="outside"), Tree(str(tmp_path)).patched({"a.py": b"new", "../b.py": b"evil"}):
        pass

    assert (tmp_path / "a.py").read_bytes() == b"old"
    assert not (tmp_path.parent / "b.py").exists()


def test_links_out_of_the_tree_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"untouched")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").symlink_to(outside)

    with pytest.raises(ValueError, match="outside"):
        Tree(str(root)).write({"a.py": b"evil"})

    assert outside.read_bytes() == b"untouched"
