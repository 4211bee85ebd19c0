import os
from pathlib import Path

import pytest

import pytest_codemode
from pytest_codemode.launch.places import Places


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project with a link inside, and links to it and to its tests beside it."""
    real = tmp_path / "real"
    real.joinpath("tests").mkdir(parents=True)
    real.joinpath("tests/test_a.py").touch()
    real.joinpath("tests/alias.py").symlink_to("test_a.py")
    tmp_path.joinpath("link").symlink_to("real")
    tmp_path.joinpath("only_tests").symlink_to("real/tests")
    return tmp_path


@pytest.fixture
def places(tree: Path) -> Places:
    return Places(f"{tree}/real", f"{tree}/real")


@pytest.mark.parametrize(
    ("given", "real"),
    [
        ("{tree}/link/tests/test_a.py", "{tree}/real/tests/test_a.py"),
        ("{tree}/only_tests/test_a.py", "{tree}/real/tests/test_a.py"),
        ("../link/tests", "{tree}/real/tests"),
        ("{tree}/link", "{tree}/real"),
        ("{tree}/link/no/such*", "{tree}/real/no/such*"),
        ("{tree}/link/tests/alias.py", "{tree}/real/tests/alias.py"),
        ("tests/alias.py", "tests/alias.py"),
        ("tests", "tests"),
        (".", "."),
        ("", ""),
        ("{tree}/real/tests", "{tree}/real/tests"),
        ("{tree}/elsewhere", "{tree}/elsewhere"),
        ("..", ".."),
    ],
)
def test_only_what_leads_into_the_project_through_a_link_changes(tree: Path, places: Places, given: str, real: str):
    assert places.real(given.format(tree=tree)) == real.format(tree=tree)


@pytest.mark.parametrize(
    ("given", "real"),
    [
        ("{link}/a.py::test[x::y]", "{root}/a.py::test[x::y]"),
        ("--rootdir {link} -c {link}/x.ini", "--rootdir {root} -c {root}/x.ini"),
        ("-c{link}/x.ini --confcutdir={link}", "-c{root}/x.ini --confcutdir={root}"),
        ("--ignore={link}/a --deselect {link}/a.py::b", "--ignore={root}/a --deselect {root}/a.py::b"),
        ("-k {link} {link}", "-k {link} {root}"),
        ("-vm {link} -- {link}", "-vm {link} -- {root}"),
        ("--import-mode {link}/other", "--import-mode {link}/other"),
    ],
)
def test_of_the_arguments_only_paths_change(tree: Path, places: Places, given: str, real: str):
    names = {"link": f"{tree}/link", "root": f"{tree}/real"}
    selection = [names["link"], f"{names['link']}/a.py::test[x::y]"]

    assert places.arguments(given.format(**names).split(), selection) == tuple(real.format(**names).split())


def test_every_entry_of_the_search_path_is_real(tree: Path, places: Places):
    value = os.pathsep.join([f"{tree}/link/src", "/usr/lib", "", "lib"])

    assert places.search_path(value) == os.pathsep.join([f"{tree}/real/src", "/usr/lib", "", "lib"])


def test_our_own_processes_look_for_no_module_in_the_project(tree: Path, places: Places) -> None:
    outside, package = str(tree), str(Path(pytest_codemode.__file__).parents[1])
    inside = [".", "", "tests", f"{tree}/real/tests", f"{tree}/link", "../only_tests"]
    given = {"PYTHONPATH": os.pathsep.join([*inside[:3], outside, *inside[3:], package]), "LANG": "C"}
    assert places.environment_outside(given) == {"PYTHONPATH": os.pathsep.join([outside, package]), "LANG": "C"}
    assert places.environment_outside({"PYTHONPATH": "."}) == {}
    assert Places(package, package).environment_outside({"PYTHONPATH": "."}) == {"PYTHONPATH": "."}
