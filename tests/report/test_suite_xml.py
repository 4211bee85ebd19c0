from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.core.report import RunReport, Unrepaired
from pytest_codemode.report.junit import addresses, annotated
from pytest_codemode.report.suite_xml import render

FRAME = Frame("tests/test_a.py", 3, "test_x", {}, "assert 1 == 2")


def test_each_test_is_a_case_with_its_outcome() -> None:
    failure = Failure(
        "tests/test_a.py::T::test_x[1]", Phase.CALL, "AssertionError", "1 == 2\nmore", (FRAME,), output="out"
    )
    results = [
        TestResult("tests/test_a.py::T::test_x[1]", Outcome.FAILED, 0.25, (failure,)),
        TestResult("tests/test_a.py::test_p", Outcome.PASSED),
        TestResult("tests/test_a.py::test_s", Outcome.SKIPPED),
        TestResult("tests/test_a.py::test_t", Outcome.TIMEOUT),
    ]
    broken = Failure("tests/test_b.py", Phase.COLLECT, "ImportError", "no x")
    root = ElementTree.fromstring(render(results, [broken]))
    (suite,) = root
    assert suite.attrib == {"name": "codemode", "tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
    first, passed, skipped, late, collector = suite
    assert first.attrib == {
        "classname": "tests.test_a.T", "name": "test_x[1]", "file": "tests/test_a.py", "time": "0.250",
    }  # fmt: skip
    assert (collector.get("classname"), collector.get("name")) == ("", "tests.test_b")
    told = first.find("failure")
    assert told is not None
    assert told.get("message") == "AssertionError: 1 == 2"
    assert told.text == (
        "call: AssertionError: 1 == 2\nmore\ntests/test_a.py:3: in test_x\n    assert 1 == 2\ncaptured output:\nout"
    )
    assert [child.tag for child in (*passed, *skipped, *late, *collector)] == ["skipped", "error", "error"]


NODEIDS = ["tests/test_a.py::test_b", "a/b.py::T::U::test_c[x::y/z]", "test_a.py::test_b[\x80\x7f\ufffe]"]


@pytest.mark.parametrize("nodeid", NODEIDS)
def test_a_case_has_the_name_by_which_pytest_s_own_file_has_it(nodeid: str) -> None:
    (case,) = ElementTree.fromstring(render([TestResult(nodeid, Outcome.PASSED)]))[0]
    assert (case.get("classname"), case.get("name")) in addresses(nodeid)
    said = {"codemode.state": "flaky"}
    report = RunReport("", "", green=False, unrepaired=(Unrepaired(nodeid, "flaky", ""),))
    (ours,) = ElementTree.fromstring(annotated(render([TestResult(nodeid, Outcome.PASSED)]).encode(), report))[0].iter(
        "testcase"
    )
    assert {one.get("name"): one.get("value") for one in ours.iter("property")} == said


@given(st.text(max_size=30))
def test_any_text_makes_a_file_that_can_be_read(text: str) -> None:
    failure = Failure(f"a.py::{text}", Phase.CALL, "E", text, output=text)
    told = render([TestResult(f"a.py::{text}", Outcome.FAILED, 0, (failure,))])
    assert len(ElementTree.fromstring(told.encode("utf-8", "xmlcharrefreplace"))) == 1
