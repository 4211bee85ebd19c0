import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.worker import attributes
from pytest_codemode.worker.attributes import Attributes

pytestmark = pytest.mark.skipif(not hasattr(os, "setxattr"), reason="inotify is Linux's")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Attributes]:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for path in ("top.py", "a/mid.py", "a/b/low.py"):
        (tmp_path / path).write_text("x")
    (tmp_path / "link").symlink_to("top.py")
    found = Attributes(str(tmp_path))
    found.remember()
    yield found
    found.forget()


def seen(folder: Path) -> dict[str, tuple[int, int]]:
    found = {str(path.relative_to(folder)): path.lstat() for path in (folder, *folder.rglob("*"))}
    return {path: (status.st_mode, status.st_mtime_ns) for path, status in found.items()}


def test_modes_and_times_are_put_back_even_of_folders_that_were_closed(tmp_path: Path, kept: Attributes) -> None:
    before = seen(tmp_path)
    for path in ("top.py", "a/mid.py", "a/b/low.py", "a/b", "a", "."):
        os.utime(tmp_path / path, (1, 2))
        (tmp_path / path).chmod(0)
    os.utime(tmp_path / "link", (3, 4), follow_symlinks=False)
    kept.put_back()
    assert seen(tmp_path) == before


def test_only_what_has_changed_is_touched(tmp_path: Path, kept: Attributes) -> None:
    untouched = (tmp_path / "top.py").stat().st_ctime_ns
    (tmp_path / "a/mid.py").chmod(0o600)
    kept.put_back()
    assert (tmp_path / "top.py").stat().st_ctime_ns == untouched


def test_what_was_not_there_before_and_what_is_gone_are_left_alone(tmp_path: Path, kept: Attributes) -> None:
    (tmp_path / "new.py").write_text("x")
    (tmp_path / "new.py").chmod(0o640)
    (tmp_path / "top.py").chmod(0o640)
    (tmp_path / "top.py").unlink()
    kept.put_back()
    assert (tmp_path / "new.py").stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "top.py").exists()


def test_attributes_are_put_back(tmp_path: Path, kept: Attributes) -> None:
    target = tmp_path / "top.py"
    try:
        os.setxattr(target, "user.first", b"1")
    except OSError:
        pytest.skip("this file system has no attributes")
    kept.remember()
    os.setxattr(target, "user.first", b"changed")
    os.setxattr(target, "user.second", b"2")
    kept.put_back()
    assert {name: os.getxattr(target, name) for name in os.listxattr(target)} == {"user.first": b"1"}


def test_more_changes_than_the_kernel_tells_are_all_put_back(tmp_path: Path, kept: Attributes) -> None:
    (tmp_path / "a/b/low.py").chmod(0o600)
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    names = [tmp_path / "top.py", tmp_path / "a/mid.py"]  # in turn: equal events in a row are told once
    before = seen(tmp_path)
    for number in range(most + 10):
        os.utime(names[number % 2], (number, number))
    (tmp_path / "a").chmod(0o711)
    kept.put_back()
    after = seen(tmp_path)
    assert after["a/mid.py"] == before["a/mid.py"]
    assert after["a"] == before["a"]


def test_a_tree_too_large_is_looked_after_as_far_as_it_goes(tmp_path: Path) -> None:
    for number in range(attributes.MOST_FOLDERS + 5):
        (tmp_path / f"{number:05}").mkdir()
    kept = Attributes(str(tmp_path))
    kept.remember()
    (tmp_path / "00003").chmod(0o711)
    kept.put_back()
    kept.forget()
    assert (tmp_path / "00003").stat().st_mode & 0o777 != 0o711
