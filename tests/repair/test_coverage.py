"""Against the real sandbox: what is recorded there is the point."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.report import FileCoverage, LineCoverage
from pytest_codemode.repair.coverage import covered_lines
from pytest_codemode.sandbox.client import SandboxClient
from tests.sandbox.toys import project_at, write_project

OLD = b"""\
def price(count):
    if count > 10:
        return count * 9
    return count * 10


def unused():
    return 1
"""
NEW = OLD.replace(b"    return count * 10\n", b"    total = (count +\n             0)\n    return total * 10\n")
TESTS = """
    from shop import price

    def test_few():
        assert price(1) == 10

    def test_many():
        assert price(20) == 180

"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxClient]:
    root: Path = tmp_path_factory.mktemp("covered")
    write_project(root, {"test_shop.py": TESTS, "test_else.py": "def test_something_else():\n    assert True\n"})
    (root / "shop.py").write_bytes(OLD)
    with SandboxClient(project_at(root)) as client:
        yield client


def test_lines_before_and_after_are_those_of_the_tests_that_execute_the_file(sandbox: SandboxClient) -> None:
    assert covered_lines(sandbox, {"shop.py": OLD}, {"shop.py": NEW}) == (
        FileCoverage("shop.py", LineCoverage((2, 3, 4), (8,)), LineCoverage((2, 3, 4, 6), (10,)), tests=2),
    )


def test_a_new_file_has_nothing_before(sandbox: SandboxClient) -> None:
    after = {"shop.py": b"from prices import price\n", "prices.py": OLD}
    found = covered_lines(sandbox, {"shop.py": OLD, "prices.py": None}, after)

    assert [(one.path, one.before, one.after.executed) for one in found] == [
        ("prices.py", None, (2, 3, 4)),
        ("shop.py", LineCoverage((2, 3, 4), (8,)), ()),
    ]


def test_tests_that_are_named_count_although_nothing_is_known_to_tie_them_to_the_file(sandbox: SandboxClient) -> None:
    (one,) = covered_lines(sandbox, {"shop.py": OLD}, {"shop.py": OLD}, ("test_else.py::test_something_else",))
    assert one.tests == 3


def test_a_patch_that_makes_the_tests_uncollectable_has_no_coverage_of_its_own(sandbox: SandboxClient) -> None:
    (one,) = covered_lines(sandbox, {"shop.py": OLD}, {"shop.py": b"def price(:\n"})
    assert (one.after, one.before) == (LineCoverage((), ()), LineCoverage((2, 3, 4), (8,)))


def test_data_files_are_left_out(sandbox: SandboxClient) -> None:
    assert covered_lines(sandbox, {"a.txt": b""}, {"a.txt": b"x"}) == ()


@pytest.mark.parametrize("odd", [b"", b"# coding: nothing\n", b"x = '\xff'\n", b"def f(:\n"])
def test_a_file_that_cannot_be_read_as_python_has_no_lines(sandbox: SandboxClient, odd: bytes) -> None:
    (one,) = covered_lines(sandbox, {"shop.py": odd}, {"shop.py": OLD})
    assert one.before is not None
    assert one.before.missing == ()
