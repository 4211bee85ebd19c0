import json

from pytest_codemode.core.report import RunReport, Unrepaired
from pytest_codemode.report.codequality import render
from tests.report.samples import EMPTY, ERROR, FULL


def test_each_finding_has_what_gitlab_requires():
    found = json.loads(render(FULL))
    assert [(one["check_name"], one["severity"], one["location"]) for one in found] == [
        ("codemode/failing-test", "major", {"path": "shop/cart.py", "lines": {"begin": 2}}),
        ("codemode/failing-test", "critical", {"path": "shop/stock.py", "lines": {"begin": 4}}),
        ("codemode/flaky-test", "minor", {"path": "tests/test_net.py", "lines": {"begin": 1}}),
        ("codemode/irreproducible-failure", "minor", {"path": "tests/test_net.py", "lines": {"begin": 1}}),
        ("codemode/unsupported-test", "info", {"path": "tests/test_net.py", "lines": {"begin": 1}}),
    ]
    assert found[0]["description"].startswith("AssertionError: assert 2 == 3. A proven patch turns 2 failing tests")
    assert len({one["fingerprint"] for one in found}) == 5
    assert all(one.keys() == {"description", "check_name", "fingerprint", "severity", "location"} for one in found)


def test_paths_are_those_of_the_repository():
    assert json.loads(render(FULL, "packages/shop"))[0]["location"]["path"] == "packages/shop/shop/cart.py"
    assert json.loads(render(FULL, "."))[0]["location"]["path"] == "shop/cart.py"


def test_a_run_without_findings_is_an_empty_list():
    assert (render(EMPTY), render(ERROR)) == ("[]\n", "[]\n")


def test_a_finding_outside_the_tree_is_left_out():
    assert json.loads(render(RunReport("r", "s", False, unrepaired=(Unrepaired("/x/t.py::t", "flaky", ""),)))) == []
