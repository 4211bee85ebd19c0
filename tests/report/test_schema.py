import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bench.report_schema import report_schema
from pytest_codemode.core.codec import decode
from pytest_codemode.core.report import SCHEMA_VERSION, RunReport
from pytest_codemode.report.jsonreport import render
from tests.report.samples import FULL, SAMPLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "report.schema.json"
SCHEMA = json.loads(PAGE.read_text())
OLDEST = """
{"run_id": "20261125-075500-a1b2", "stop": "all selected tests pass", "green": true, "written": ["shop.py"],
 "tasks": [{"key": "t1", "cause": "assert 1 == 2", "nodeids": ["test_shop.py::test_bad"], "fixed": true, "why_not": "",
   "diff": "--- a/shop.py\\n+++ b/shop.py\\n@@ -1 +1 @@\\n-a = 1\\n+a = 2\\n", "rationale": "constant: 1 -> 2",
   "proposer": "search", "template": "constant.number", "warnings": [], "turned_green": ["test_shop.py::test_bad"],
   "checked": 12, "candidates": 3, "duration_s": 1.5, "suspects": [{"path": "shop.py", "line": 1, "score": 1.0}],
   "near_misses": [{"where": "shop.py:1", "summary": "1 -> 0", "verdict": "fails as before", "reason": ""}],
   "alternatives": [{"diff": "", "rationale": "constant: 1 -> 3", "warnings": []}], "failures": []}],
 "unrepaired": [{"nodeid": "test_shop.py::test_c", "kind": "flaky", "detail": "passed 1 of 10 runs"}],
 "guards": "14 of 14 collected tests, 2 runs", "diff": "", "diff_path": "",
 "cost": {"time_s": 12.2, "candidates": 77, "requests": 0, "tokens": 0, "usd": 0.0},
 "sandbox": {"level": "namespaces", "capabilities": {"private_writes": true}, "notes": []},
 "notices": [], "error": false, "schema": 1}
"""
"""With the fields that the first reports had; stored runs hold such ones."""


def problems(report: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(report)]


def test_the_schema_is_that_of_the_code():
    made = report_schema()
    assert PAGE.read_text() == made, "run: python -m bench.tables report-schema > docs/report.schema.json"


def test_it_is_a_schema_of_its_draft():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_validates(name):
    assert problems(json.loads(render(SAMPLES[name]))) == []


def spoilt(*path: str | int, value: Any) -> Any:
    report = json.loads(render(FULL))
    *way, last = path
    inner = report
    for step in way:
        inner = inner[step]
    inner[last] = value
    return report


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), SCHEMA_VERSION + 1),
        (("green",), "yes"),
        (("tasks", 0, "fixed"), None),
        (("tasks", 0, "suspects", 0, "line"), 1.5),
        (("tasks", 0, "failures", 0, "when"), "lunch"),
        (("tasks", 0, "failures", 0, "frames", 0, "locals", "found"), 2),
        (("tasks", 0, "behaviour"), {}),
        (("unrepaired", 0, "kind"), "tired"),
        (("cost", "usage", "input_tokens"), "2000"),
        (("sandbox",), "namespaces"),
        (("timeline", 0, "what"), "lunch"),
        (("coverage", 0, "after"), None),
    ],
)
def test_what_is_no_report_does_not_validate(path, value):
    (problem,) = problems(spoilt(*path, value=value))
    assert problem.startswith("$." + ".".join(str(step) for step in path).split(".")[0])


@pytest.mark.parametrize("name", ["run_id", "stop", "green", "schema"])
def test_a_report_without_what_is_always_there_does_not_validate(name):
    report = json.loads(render(FULL))
    del report[name]
    assert problems(report) == [f"$: '{name}' is a required property"]


def test_a_field_of_a_later_version_validates():
    assert problems(spoilt("tasks", 0, "mood", value="good")) == []
    assert problems(spoilt("weather", value=1)) == []


def test_the_oldest_report_validates_and_is_read():
    report = json.loads(OLDEST)
    assert problems(report) == []
    read = decode(RunReport, report)
    assert (read.tasks[0].suspects[0].why, read.tasks[0].tried, read.timeline, read.cost.usage.total) == ("", (), (), 0)


def test_the_schema_says_what_the_code_says_of_a_field():
    assert SCHEMA["properties"]["green"]["description"] == (
        "Whether the confirmed tree, as it is on disk now, passes the whole selection."
    )
    assert SCHEMA["$defs"]["Frame"]["properties"]["line"]["description"] == "1-based line in `path`; 0 if unknown."
    assert SCHEMA["$defs"]["Cost"]["properties"]["tokens"] == {"type": "integer", "default": 0}
