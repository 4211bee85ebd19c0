"""The examples of docs/reports.md are parts of what is really written."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pytest_codemode.report import codequality, jsonreport, sarif
from pytest_codemode.report.files import SUFFIXES
from pytest_codemode.report.findings import _RULES
from pytest_codemode.report.junit import annotated
from tests.report.samples import FULL

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reports.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def holds(whole: Any, part: Any) -> bool:
    """Return whether all of `part` is in `whole`, objects by their keys, lists from the start."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], item) for key, item in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and all(map(holds, whole, part)) and len(whole) >= len(part)
    return bool(whole == part)


def test_the_json_examples_are_parts_of_the_reports() -> None:
    report, log, quality = (json.loads(block) for block in blocks("json"))
    assert holds(json.loads(jsonreport.render(FULL)), report)
    assert holds(json.loads(sarif.render(FULL))["runs"][0]["results"][0], log)
    assert holds(json.loads(codequality.render(FULL)), quality)


def test_the_junit_example_is_what_is_put_into_the_file() -> None:
    (block,) = blocks("xml")
    bare = re.sub(r"<properties>.*?</properties>", "", block, flags=re.DOTALL)
    written = ElementTree.fromstring(annotated(bare.encode(), FULL))
    said = {one.attrib["name"]: one.attrib["value"] for one in written.iter("property")}
    shown = {one.attrib["name"]: one.attrib["value"] for one in ElementTree.fromstring(block).iter("property")}
    assert shown.items() <= said.items()


def test_every_property_of_the_junit_file_is_documented_at_its_element() -> None:
    rows = dict(re.findall(r"^\| (test suite|test case) .*?\| (.*) \|$", PAGE, re.MULTILINE))
    tests = (("tests.test_cart", "test_total"), ("tests.test_stock", "test_k[a::b]"), ("tests.test_net", "test_c"))
    cases = "".join(f"<testcase classname='{classname}' name='{name}'/>" for classname, name in tests)
    written = ElementTree.fromstring(
        annotated(f"<testsuite>{cases}</testsuite>".encode(), replace(FULL, written=("a",)))
    )
    for element, path in (("test suite", "properties/property"), ("test case", "testcase/properties/property")):
        found = {one.attrib["name"] for one in written.iterfind(path)}
        documented = {f"codemode.{name}" for name in re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", rows[element]))}
        assert found == documented


def test_the_python_example_runs(capsys) -> None:
    (block,) = blocks("python")
    exec(block, {"text": jsonreport.render(FULL)})
    assert capsys.readouterr().out == "[\"KeyError: 'k'\"]\n"


def test_every_suffix_and_every_rule_is_documented() -> None:
    assert all(f"report{suffix}`" in PAGE for suffix in SUFFIXES)
    assert all(f"| `{rule}` |" in PAGE for rule in ("failing-test", *_RULES.values()))
