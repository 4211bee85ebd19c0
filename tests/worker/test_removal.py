import os

import pytest

from pytest_codemode.worker.removal import empty, remove_tree


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "made"
    (made / "sub" / "inner").mkdir(parents=True)
    (made / "sub" / "inner" / "file").touch()
    return made


def test_a_tree_is_gone_and_its_neighbours_are_not(folder, tmp_path):
    (tmp_path / "neighbour").touch()
    before = tmp_path.stat().st_mode
    remove_tree(str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["neighbour"]
    assert tmp_path.stat().st_mode == before


def test_a_folder_that_is_not_there_changes_nothing_above_it(tmp_path):
    tmp_path.chmod(0o755)
    remove_tree(str(tmp_path / "missing"))
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_links_are_removed_and_not_followed(folder, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o750)
    (precious / "file").touch()
    (folder / "link").symlink_to(precious)
    (folder / "sub" / "link").symlink_to(precious / "file")
    remove_tree(str(folder))
    assert (precious / "file").exists()
    assert precious.stat().st_mode & 0o777 == 0o750


def test_a_link_in_place_of_the_folder_is_an_error(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        remove_tree(str(link))
    assert (folder / "sub").exists()


def test_permissions_do_not_stand_in_the_way(folder):
    (folder / "sub" / "inner").chmod(0)
    (folder / "sub").chmod(0)
    remove_tree(str(folder))
    assert not folder.exists()


def test_depth_does_not_stand_in_the_way(folder):
    here = os.open(folder, os.O_RDONLY)
    for _ in range(3000):  # deeper than recursion and open files would allow, longer than a path may be
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    remove_tree(str(folder))
    assert not folder.exists()


def test_a_folder_closed_by_who_wrote_in_it_is_emptied_and_usable_again(folder):
    (folder / "sub" / "inner").chmod(0)
    (folder / "sub").chmod(0)
    folder.chmod(0)
    folder.parent.chmod(0)
    empty(str(folder))
    assert list(folder.iterdir()) == []
    (folder / "new").touch()


def test_a_link_in_place_of_a_folder_gives_way_to_a_folder(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)
    empty(str(link))
    assert link.is_dir()
    assert not link.is_symlink()
    assert (folder / "sub" / "inner" / "file").exists()


def test_emptying_what_is_not_there_makes_nothing(tmp_path):
    empty(str(tmp_path / "missing"))
    assert list(tmp_path.iterdir()) == []
