"""Files that are open when a session is forked belong to each fork alone."""

import mmap
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytest_codemode.worker.inherited import MAX_COPIED_BYTES, OpenFile, can_be_private, make_private, open_files


def in_a_fork(work: Callable[[], None]) -> int:
    """Run `work` in a fork and return its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def of(fd: int) -> OpenFile:
    return next(file for file in open_files() if file.fd == fd)


def test_what_a_fork_writes_through_an_inherited_file_is_seen_by_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("before\n")
    with path.open("a+") as log:
        files = (of(log.fileno()),)

        def work() -> None:
            make_private(files, str(tmp_path))
            log.write("from a fork\n")
            log.flush()
            log.seek(0)
            assert log.read() == "before\nfrom a fork\n"

        assert in_a_fork(work) == 0
    assert path.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [path]


def test_reading_in_one_fork_does_not_move_the_place_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("0123456789")
    descriptor = os.open(path, os.O_RDONLY)
    os.lseek(descriptor, 4, os.SEEK_SET)
    files = (of(descriptor),)

    def work() -> None:
        make_private(files, str(tmp_path))
        assert os.read(descriptor, 3) == b"456"

    assert [in_a_fork(work), in_a_fork(work)] == [0, 0]
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 4
    os.close(descriptor)


def test_file_without_a_name_is_copied_too(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    with path.open("w+b") as file:
        file.write(b"kept")
        file.flush()
        path.unlink()
        files = (of(file.fileno()),)

        def work() -> None:
            make_private(files, str(tmp_path))
            assert os.pread(file.fileno(), 9, 0) == b"kept"
            os.pwrite(file.fileno(), b"lost", 0)

        assert in_a_fork(work) == 0
        assert os.pread(file.fileno(), 9, 0) == b"kept"


def test_much_to_copy_and_memory_shared_with_others_cannot_be_private(tmp_path: Path) -> None:
    def forkable() -> None:
        assert can_be_private(())
        writable = OpenFile(9, os.O_RDWR, inheritable=False, offset=0, size=MAX_COPIED_BYTES + 1, path="")
        assert not can_be_private((writable,))
        assert can_be_private((replace(writable, flags=os.O_RDONLY),))
        with mmap.mmap(-1, 4096):  # shared by default
            assert not can_be_private(())
        with mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
            assert can_be_private(())

    assert in_a_fork(forkable) == 0


def test_a_file_that_the_fork_finds_by_its_name_is_the_one_it_has_open(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("before\n")
    with path.open("a+") as log:
        files = (of(log.fileno()),)
        path.unlink()
        path.write_text("before\n")  # as it is put there for each fork

        def work() -> None:
            make_private(files, str(tmp_path))
            log.write("from a fork\n")
            log.flush()
            assert path.read_text() == "before\nfrom a fork\n"

        assert in_a_fork(work) == 0
        log.seek(0)
        assert log.read() == "before\n"
