from dataclasses import replace
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import mangle_test_address
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.report import Cost, RunReport, TaskReport, Unrepaired
from pytest_codemode.report.junit import addresses, annotated
from tests.report.samples import ERROR, FIXED, FULL, UNFIXED

XML = """\
<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="4">\
<testcase classname="tests.test_cart" name="test_total" time="0.001"><failure message="a &gt; b">E  assert
&lt;x&gt; ü</failure></testcase><testcase classname="tests.test_cart" name="test_good" time="0.001" />\
<testcase classname="tests.test_stock" name="test_k[a::b]"><properties><property name="mine" value="1 > 0" />\
</properties><failure message="KeyError" /></testcase>\
<testcase classname="tests.test_net" name="test_c" /></testsuite></testsuites>"""


def properties(element: ElementTree.Element) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in element.iterfind("properties/property")}


def cases(xml: bytes) -> dict[str, dict[str, str]]:
    return {case.attrib["name"]: properties(case) for case in ElementTree.fromstring(xml).iter("testcase")}


def tree(element: ElementTree.Element, *, ours: bool) -> object:
    """Return all there is of an element, with or without what we have put in."""
    inside = [tree(child, ours=ours) for child in element if ours or not child.get("name", "").startswith("codemode.")]
    if not ours and element.tag == "properties" and not inside:
        return None
    return element.tag, dict(element.attrib), element.text, element.tail, [one for one in inside if one is not None]


def test_the_run_is_told_at_the_suite():
    (suite,) = ElementTree.fromstring(annotated(XML.encode(), FULL)).iter("testsuite")
    assert properties(suite) == {
        "codemode.run_id": "20261130-120000-a1b2",
        "codemode.stop": "all selected tests pass",
        "codemode.error": "false",
        "codemode.green": "false",
        "codemode.fixed": "2",
        "codemode.unfixed": "4",
        "codemode.guards": "14 of 14 collected tests, 2 runs",
        "codemode.sandbox": "namespaces",
        "codemode.patch": ".codemode/runs/20261130-120000-a1b2/patch.diff",
        "codemode.time_s": "12.200",
        "codemode.candidates": "100",
        "codemode.requests": "2",
        "codemode.tokens": "3000",
        "codemode.cost_usd": "0.0123",
    }


def test_each_failing_test_says_what_came_of_it_and_passing_ones_say_nothing():
    found = cases(annotated(XML.encode(), FULL))
    assert found["test_total"] == {
        "codemode.state": "fixed",
        "codemode.cause": "AssertionError: assert 2 == 3",
        "codemode.patch": ".codemode/runs/20261130-120000-a1b2/patch.diff",
        "codemode.rationale": "drop operand: sum(prices) - 1 -> sum(prices)",
        "codemode.proposer": "search operand.drop",
        "codemode.warnings": "deletes-code",
    }
    assert found["test_k[a::b]"] == {
        "codemode.state": "not fixed",
        "codemode.cause": "KeyError: 'k'",
        "codemode.why_not": "none of 30 candidates turned the failing tests green",
        "mine": "1 > 0",
    }
    assert found["test_c"] == {"codemode.state": "flaky", "codemode.cause": "passed 1 of 10 runs"}
    assert found["test_good"] == {}


def test_a_test_with_a_cause_that_was_not_fixed_is_not_fixed():
    half = replace(UNFIXED, nodeids=("tests/test_cart.py::test_total",))
    for tasks in ((FIXED, half), (half, FIXED)):
        assert cases(annotated(XML.encode(), replace(FULL, tasks=tasks)))["test_total"]["codemode.state"] == "not fixed"


def test_nothing_else_changes():
    after = ElementTree.fromstring(annotated(XML.encode(), FULL))
    before = ElementTree.fromstring(XML.encode())
    assert tree(after, ours=True) != tree(before, ours=True)
    assert tree(after, ours=False) == tree(before, ours=False)


def test_every_byte_stays_but_for_what_is_put_in():
    xml = XML.replace("<testsuite ", "<!-- kept --><?kept too?>\n<testsuite  ").encode()
    after = annotated(xml, replace(FULL, tasks=(), unrepaired=()))
    start = after.index(b"<properties>")
    assert after[:start] + after[after.index(b"</properties>") + len(b"</properties>") :] == xml


@given(st.text(alphabet=st.characters(), max_size=20), st.text(max_size=20))
def test_whatever_the_texts_hold_the_file_stays_well_formed_and_says_it(cause, stop):
    task = TaskReport("t", cause, ("tests/test_cart.py::test_total",), fixed=False)
    report = RunReport("r", stop, green=False, tasks=(task,))
    after = annotated(XML.encode(), report)
    assert tree(ElementTree.fromstring(after), ours=False) == tree(ElementTree.fromstring(XML.encode()), ours=False)


def test_quotes_and_brackets_come_back_as_they_were():
    task = TaskReport("t", """a < b & "c" 'd' > é \x00 ]]>""", ("tests/test_cart.py::test_total",), fixed=False)
    found = cases(annotated(XML.encode(), replace(FULL, tasks=(task,))))["test_total"]
    assert found["codemode.cause"] == """a < b & "c" 'd' > é \\x00 ]]>"""


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (b"", "not XML"),
        (b"<testsuites><testsuite>", "not XML"),
        (b"\x00\x01", "zero bytes"),
        (b"<testsuites />", "no test suite"),
        (b"<html><testcase/></html>", "no test suite"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite>&a;</testsuite>', "document type"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><testsuite/>', "in iso-8859-1"),
        ("<testsuite/>".encode("utf-16"), "not in UTF-8"),
        ("<testsuite/>".encode("utf-16-le"), "zero bytes"),
    ],
)
def test_what_pytest_has_not_written_is_refused(xml, why):
    with pytest.raises(ValueError, match=why):
        annotated(xml, FULL)


def test_a_run_that_found_no_test_to_repair_is_told_at_the_suite():
    (suite,) = ElementTree.fromstring(annotated(b"<testsuite/>", ERROR)).iter("testsuite")
    said = properties(suite)
    assert (said["codemode.error"], said["codemode.fixed"], said["codemode.stop"]) == ("true", "0", ERROR.stop)


PARTS = st.text(alphabet="ab.[]:/-py ", min_size=1, max_size=8)


@given(st.lists(PARTS, min_size=1, max_size=4), st.sampled_from(["", "pre"]))
def test_pytest_s_own_name_of_a_test_is_among_ours(parts, prefix):
    nodeid = "::".join(parts)
    *classes, name = mangle_test_address(nodeid)
    assert (".".join([prefix, *classes] if prefix else classes), name) in addresses(nodeid, prefix)


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/test_a.py::test_b", ("tests.test_a", "test_b")),
        ("tests/test_a.py::TestC::test_b[x::y/z.py]", ("tests.test_a.TestC", "test_b[x::y/z.py]")),
        ("test_a.py", ("", "test_a")),
        ("test_a.py::test_b[\x01\ufffe]", ("test_a", "test_b[#x01#xFFFE]")),
    ],
)
def test_a_node_id_becomes_classname_and_name(nodeid, expected):
    assert expected in addresses(nodeid)


def test_what_has_nothing_to_say_is_left_out_and_an_unknown_price_is_not_nothing():
    flaky = Unrepaired("tests/test_net.py::test_c", "flaky", "")
    report = RunReport("", "", green=False, unrepaired=(flaky,), cost=Cost(tokens=9, unpriced_tokens=9))
    after = annotated(XML.encode(), report)
    assert cases(after)["test_c"] == {"codemode.state": "flaky"}
    assert b'value=""' not in after
    assert b"cost_usd" not in after
