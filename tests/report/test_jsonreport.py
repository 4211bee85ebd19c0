"""Of a JSON report what is left out, and when; `test_schema.py` has its shape."""

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from pytest_codemode.core.codec import decode
from pytest_codemode.core.failure import Frame
from pytest_codemode.core.report import FileCoverage, LineCoverage, RunReport
from pytest_codemode.report.jsonreport import MAX_CHARACTERS, render
from tests.report.samples import DIFF, FIXED, FULL, UNFIXED, failure
from tests.report.test_schema import SCHEMA


def read(report: RunReport, most: int = 1_000_000) -> RunReport:
    """Return what a reader of the JSON gets; it is not too large, validates, and ends its last line."""
    text = render(report, most)
    assert len(text) <= most
    assert text.endswith("}\n")
    data = json.loads(text)
    Draft202012Validator(SCHEMA).validate(data)
    found: RunReport = decode(RunReport, data)
    return found


def test_a_report_that_fits_is_whole_however_long_a_text_or_a_list_in_it_is():
    many = tuple(f"t.py::test_{number}" for number in range(9_000))
    report = replace(FULL, tasks=(replace(FIXED, nodeids=many, rationale="r" * 90_000), UNFIXED))
    assert read(report, MAX_CHARACTERS) == report
    assert read(report, 500_000) == report


def test_endless_names_of_tests_are_shortened_all_alike_and_a_notice_says_so():
    names = tuple(f"t.py::test_{number}[{'x' * 12_000}]" for number in range(50))
    fixed = replace(FIXED, nodeids=names, turned_green=names)
    found = read(replace(FULL, tasks=(fixed,) * 50), MAX_CHARACTERS)

    assert found.notices == (
        *FULL.notices,
        "This report is cut to have no more than 30,000,000 characters: 5,000 texts shortened.",
    )
    assert len(found.tasks) == 50
    assert {len(task.nodeids) for task in found.tasks} == {50}
    assert found.tasks[0].nodeids[7].startswith("t.py::test_7[xxx")
    assert "characters left out" in found.tasks[0].nodeids[7]
    assert {task.diff for task in found.tasks} == {DIFF}
    assert found.tasks[0] == replace(fixed, nodeids=found.tasks[0].nodeids, turned_green=found.tasks[0].nodeids)


def test_tests_without_number_are_cut_and_counted_and_every_cause_stays():
    names = tuple(f"tests/test_shop.py::test_{number}[{'x' * 60}]" for number in range(3_000))
    found = read(replace(FULL, tasks=(replace(UNFIXED, nodeids=names),) * 30))
    left = 30 * (3_000 - len(found.tasks[0].nodeids))
    assert found.notices[-1].endswith(f"no more than 1,000,000 characters: {left:,} of `nodeids` left out.")
    assert len(found.tasks) == 30
    assert found.tasks[0].nodeids == names[: len(found.tasks[0].nodeids)]


def test_of_a_stack_the_innermost_frames_are_kept_and_a_diff_is_whole_or_not_there():
    frames = tuple(Frame("a.py", line, "f" * 3_000, {"n": "1" * 3_000}) for line in range(1, 1_001))
    deep = replace(UNFIXED, failures=(replace(failure("t.py::t"), frames=frames),), diff="+" * 900_000)
    found = read(replace(FULL, tasks=(deep,)))
    (task,) = found.tasks
    assert [frame.line for frame in task.failures[0].frames] == list(range(1_001 - len(task.failures[0].frames), 1_001))
    assert task.diff == ""
    assert ", 1 diff left out" in found.notices[-1]


@pytest.mark.parametrize("text", ["\U0010ffff", "\ud800", "x"])
def test_it_is_never_too_large_whatever_there_is_too_much_of(text):
    endless = text * 40_000
    frames = (Frame(endless, 1, endless, {f"{endless}{number}": endless for number in range(3)}),) * 3
    task = replace(
        FIXED,
        cause=endless,
        diff=endless,
        nodeids=(endless,) * 3,
        failures=(replace(failure(endless), frames=frames),) * 3,
    )
    found = read(replace(FULL, tasks=(task,) * 9, notices=(endless,) * 9, written=(endless,) * 9))
    assert len(found.tasks) == 9
    assert found.tasks[0].failures[0].frames[0].locals

    lines = LineCoverage(tuple(range(100_000)), ())
    least = read(replace(FULL, coverage=(FileCoverage("a.py", lines, lines, 1),)))
    assert (least.run_id, least.green, least.tasks, least.coverage) == (FULL.run_id, FULL.green, (), ())
    assert least.notices == ("This report is cut to have no more than 1,000,000 characters: most of it left out.",)
