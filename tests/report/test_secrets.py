"""Formats do not look for credentials, which `repair.redaction` takes out of the report they are given. This pins down
which format shows what besides, so that none begins to tell more without somebody having decided it.
"""

from dataclasses import replace

import pytest

from pytest_codemode.report.files import render
from pytest_codemode.report.junit import annotated
from tests.report.samples import FULL, UNFIXED, failure

LOCAL, PRINTED, RAISED = "sk-localvaluelocalvalue", "sk-printedprintedprinted", "sk-raisedraisedraised"
FAILURE = replace(
    failure("tests/test_stock.py::test_k[a::b]", "KeyError", RAISED),
    frames=(replace(failure("").frames[0], locals={"api_key": LOCAL}),),
    output=PRINTED,
    left=LOCAL,
)
REPORT = replace(FULL, tasks=(replace(UNFIXED, cause=f"KeyError: {RAISED}", failures=(FAILURE,)),))
XML = b"<testsuite><testcase classname='tests.test_stock' name='test_k[a::b]'/></testsuite>"


def shown(name: str) -> set[str]:
    text = annotated(XML, REPORT).decode() if name == "junit.xml" else render(REPORT, name)
    return {secret for secret in (LOCAL, PRINTED, RAISED) if secret in text}


@pytest.mark.parametrize("name", ["r.md", "r.sarif", "r.codequality.json", "junit.xml"])
def test_values_of_locals_and_what_was_printed_are_not_in_it(name):
    assert shown(name) == {RAISED}  # as in the terminal: the exception's first line names the cause


def test_the_json_holds_all_that_pytest_has_recorded():
    assert shown("r.json") == {LOCAL, PRINTED, RAISED}
