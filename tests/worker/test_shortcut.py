"""The short way to run a test is taken only where pytest's whole way does nothing more."""

import pytest

from pytest_codemode.worker.shortcut import is_plain, may_be_quiet

SOURCE = """
import unittest
import pytest

def test_plain(): pass

@pytest.mark.parametrize("a", [1])
def test_plain_parameter(a): pass

@pytest.mark.slow
def test_plain_marked(): pass

@pytest.fixture
def thing(): return 1

def test_fixture(thing): pass

@pytest.mark.parametrize("thing", [2])
def test_plain_parameter_in_place_of_a_fixture(thing): pass

@pytest.mark.parametrize("thing", [2], indirect=True)
def test_indirect(thing): pass

def test_request(request): pass

@pytest.mark.usefixtures("thing")
def test_used(): pass

@pytest.mark.xfail
def test_xfail(): pass

@pytest.mark.filterwarnings("error")
def test_filters(): pass

async def test_coroutine(): pass

class TestMethods:
    def test_method(self): pass

class OldTest(unittest.TestCase):
    def test_old(self): pass
"""


@pytest.mark.parametrize("item", range(13))
def test_only_functions_without_fixtures_are_plain(pytester: pytest.Pytester, item: int) -> None:
    pytester.makeini("[pytest]\naddopts = -p no:randomly")
    items = pytester.getitems(SOURCE)

    assert len(items) == 13
    assert is_plain(items[item]) == items[item].name.startswith("test_plain")


@pytest.mark.parametrize("extra", ["def setup_function(): pass", "def setup_module(): pass"])
def test_old_setup_functions_are_fixtures_too(pytester: pytest.Pytester, extra: str) -> None:
    pytester.makeini("[pytest]\naddopts = -p no:randomly")
    (item,) = pytester.getitems(f"{extra}\ndef test_plain(): pass")

    assert not is_plain(item)


def test_automatic_fixtures_count(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n@pytest.fixture(autouse=True)\ndef around(): yield")
    pytester.makeini("[pytest]\naddopts = -p no:randomly")
    (item,) = pytester.getitems("def test_plain(): pass")

    assert not is_plain(item)


@pytest.mark.parametrize("hook", ["pytest_runtest_setup", "pytest_runtest_teardown", "pytest_runtest_protocol"])
def test_hooks_of_the_project_may_do_anything(pytester: pytest.Pytester, hook: str) -> None:
    pytester.makeconftest(f"def {hook}(item): pass")
    pytester.makeini("[pytest]\naddopts = -p no:randomly")
    (item,) = pytester.getitems("def test_plain(): pass")

    assert not is_plain(item)
    assert may_be_quiet(item.config) == (hook != "pytest_runtest_protocol")


def test_wrapper_around_the_protocol_is_no_protocol_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_protocol(item):\n    return (yield)"
    )
    pytester.makeini("[pytest]\naddopts = -p no:randomly")
    (item,) = pytester.getitems("def test_plain(): pass")

    assert may_be_quiet(item.config)


@pytest.mark.parametrize("hook", ["logstart(nodeid, location)", "logreport(report)", "logfinish(nodeid, location)"])
def test_whoever_hears_of_tests_may_do_anything_then(pytester: pytest.Pytester, hook: str) -> None:
    pytester.makeconftest(f"def pytest_runtest_{hook}:\n    pass")
    pytester.makeini("[pytest]\naddopts = -p no:randomly")
    (item,) = pytester.getitems("def test_plain(): pass")

    assert not may_be_quiet(item.config)
