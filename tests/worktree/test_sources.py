import os
from pathlib import Path

from pytest_codemode.worktree.sources import SourceTree


def test_a_file_that_changes_later_is_still_seen_as_it_was_first_read(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(b"old")
    tree = SourceTree(tmp_path)
    assert tree.read("m.py") == b"old"
    (tmp_path / "m.py").write_bytes(b"changed by the user")
    assert tree.read("m.py") == b"old"


def test_what_is_no_readable_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    tree = SourceTree(tmp_path)
    assert [tree.read(path) for path in ("missing.py", "folder.py", "nul\0.py")] == [None, None, None]


def test_accepted_files_are_read_and_the_original_is_kept_for_the_comparison(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(b"old")
    (tmp_path / "same.py").write_bytes(b"same")
    tree = SourceTree(tmp_path)
    tree.accept({"m.py": b"new", "fresh.py": b"x", "same.py": b"same"})
    (tmp_path / "m.py").write_bytes(b"changed by the user")
    assert tree.read("m.py") == b"new"
    assert tree.changes() == ({"m.py": b"old", "fresh.py": None}, {"m.py": b"new", "fresh.py": b"x"})


def test_reset_forgets_what_was_accepted(tmp_path: Path) -> None:
    tree = SourceTree(tmp_path)
    tree.accept({"a.py": b"a"})
    tree.reset({"b.py": b"b"})
    assert tree.read("a.py") is None
    assert tree.overlay == {"b.py": b"b"}


def test_the_overlay_that_is_handed_out_is_a_copy(tmp_path: Path) -> None:
    tree = SourceTree(tmp_path)
    tree.overlay["m.py"] = b"x"
    assert tree.overlay == {}


def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting_and_links_inside_the_tree_are_followed(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "m.py").write_bytes(b"own")
    (tmp_path / "other.py").write_bytes(b"other")
    os.mkfifo(root / "pipe.py")
    (root / "link.py").symlink_to("m.py")
    (root / "out.py").symlink_to(tmp_path / "other.py")
    (root / "to_pipe.py").symlink_to("pipe.py")
    (root / "round.py").symlink_to("round.py")
    tree = SourceTree(root)
    found = {path: tree.read(path) for path in ("pipe.py", "link.py", "out.py", "to_pipe.py", "round.py")}
    assert found == {"pipe.py": None, "link.py": b"own", "out.py": None, "to_pipe.py": None, "round.py": None}
