"""What an import left in its temporary folder is put back as it was, and no link is followed on the way."""

import os
from pathlib import Path

import pytest

from pytest_codemode.worker.keepsakes import MAX_BYTES, MAX_DEPTH, MAX_ENTRIES, Keepsakes


@pytest.fixture
def left(tmp_path: Path) -> Path:
    folder = tmp_path / "left"
    folder.mkdir()
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_files_folders_and_links_are_put_back_with_mode_and_times(left: Path, empty: Path) -> None:
    left.joinpath("a", "b").mkdir(parents=True)
    left.joinpath("a", "b", "data").write_bytes(b"\0data")
    left.joinpath("a", "run").write_text("#!")
    left.joinpath("a", "run").chmod(0o755)
    left.joinpath("link").symlink_to("a/b/data")
    os.utime(left / "a" / "b", (5, 7))
    left.joinpath("a", "b").chmod(0o500)

    Keepsakes.of(str(left)).put(str(empty))

    assert empty.joinpath("a", "b", "data").read_bytes() == b"\0data"
    assert empty.joinpath("a", "run").stat().st_mode & 0o777 == 0o755
    assert empty.joinpath("link").readlink() == Path("a/b/data")
    assert empty.joinpath("a", "b").stat().st_mtime == 7
    assert empty.joinpath("a", "b").stat().st_mode & 0o777 == 0o500


def test_a_link_is_a_link_wherever_it_leads(left: Path, empty: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    outside.joinpath("secret").write_text("secret")
    left.joinpath("folder").symlink_to(outside)
    left.joinpath("file").symlink_to(outside / "secret")

    kept = Keepsakes.of(str(left))
    assert "secret" not in {entry.content for entry in kept.entries}
    kept.put(str(empty))
    assert empty.joinpath("folder").readlink() == outside


def test_a_link_in_the_place_of_a_folder_is_not_written_through(left: Path, empty: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    left.joinpath("home").mkdir()
    left.joinpath("home", "x").write_text("x")
    kept = Keepsakes.of(str(left))
    empty.joinpath("home").symlink_to(outside)

    kept.put(str(empty))
    assert not list(outside.iterdir())


def test_a_pipe_is_left_out_and_nobody_waits_for_it(left: Path, empty: Path) -> None:
    os.mkfifo(left / "pipe")
    left.joinpath("file").write_text("x")
    Keepsakes.of(str(left)).put(str(empty))
    assert [entry.name for entry in empty.iterdir()] == ["file"]


def test_too_much_is_not_kept_at_all(left: Path) -> None:
    left.joinpath("small").write_text("x")
    large = left / "large"
    large.write_bytes(b"")
    os.truncate(large, MAX_BYTES)
    assert not Keepsakes.of(str(left)).entries
    os.truncate(large, MAX_BYTES - 1)
    assert len(Keepsakes.of(str(left)).entries) == 2
    for number in range(MAX_ENTRIES):
        left.joinpath(str(number)).touch()
    assert not Keepsakes.of(str(left)).entries


def test_too_deep_is_not_kept_at_all(left: Path) -> None:
    left.joinpath(*["d"] * (MAX_DEPTH + 1)).mkdir(parents=True)
    assert not Keepsakes.of(str(left)).entries


def test_a_folder_that_is_gone_keeps_nothing(tmp_path: Path) -> None:
    assert not Keepsakes.of(str(tmp_path / "none")).entries
