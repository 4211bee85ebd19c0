"""Every format at once, of a repair as a user starts it: plugin, engine, sandbox and pytest's JUnit file, all real."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from pytest_codemode.core.codec import decode
from pytest_codemode.core.report import RunReport
from tests.projects import Run, Workspace
from tests.report.sarif_log import applied, validate

CLAMP = """\
# größer 𝒳\r
def clamp(x, low, high):\r
    if x < low:\r
        return low\r
    if x > high:\r
        return low   # beyond the end\r
    return x\r
"""
FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n',
    "src/größe/__init__.py": "",
    "src/größe/clamp.py": CLAMP.encode(),
    "tests/test_clamp.py": """\
import pytest
from größe.clamp import clamp

@pytest.mark.parametrize("x, expected", [(1, 1), (-1, 0), (11, 10), (12, 10), (10, 10)])
def test_clamp(x, expected):
    assert clamp(x, 0, 10) == expected
""",
}
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "report.schema.json").read_text())


@dataclass(frozen=True)
class Reported:
    workspace: Workspace
    run: Run

    def text(self, name: str) -> str:
        return self.workspace.read(f"out/{name}")

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reported]:
    workspace = Workspace(tmp_path_factory.mktemp("reported"), FILES)
    names = ("report.json", "report.md", "report.html", "report.sarif", "gl.codequality.json")
    reports = [f"--codemode-report=out/{name}" for name in names]
    run = workspace.pytest("--codemode-diff", *reports, "--junitxml=out/junit.xml")
    assert sorted(path.name for path in (workspace.root / "out").iterdir()) == sorted([*names, "junit.xml"]), run.output
    yield Reported(workspace, run)
    assert workspace.processes() == []


def test_the_json_validates_and_is_the_report(reported: Reported) -> None:
    Draft202012Validator(SCHEMA).validate(reported.json("report.json"))
    report = decode(RunReport, reported.json("report.json"))
    assert [task.fixed for task in report.tasks] == [True]
    assert report.tasks[0].tried
    assert report.timeline


def test_the_sarif_validates_and_its_fix_is_the_kept_patch(reported: Reported) -> None:
    log = reported.json("report.sarif")
    validate(log)
    (result,) = log["runs"][0]["results"]
    (fix,) = result["fixes"]
    before = reported.workspace.tree()
    (patch,) = reported.workspace.root.glob(".codemode/runs/*/patch.diff")
    subprocess.run(["git", "apply", str(patch)], cwd=reported.workspace.root, check=True)
    try:
        after = reported.workspace.tree()
    finally:
        subprocess.run(["git", "apply", "-R", str(patch)], cwd=reported.workspace.root, check=True)
    assert after != before
    assert applied(fix, before) == after
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/gr%C3%B6%C3%9Fe/clamp.py"
    assert CLAMP.splitlines()[place["region"]["startLine"] - 1] == "        return low   # beyond the end"


def test_pytest_s_junit_file_says_what_came_of_its_tests(reported: Reported) -> None:
    root = ElementTree.fromstring(reported.text("junit.xml"))
    said = {
        case.attrib["name"]: {one.attrib["name"]: one.attrib["value"] for one in case.iter("property")}
        for case in root.iter("testcase")
    }
    assert {name for name, found in said.items() if found} == {"test_clamp[11-10]", "test_clamp[12-10]"}
    assert said["test_clamp[11-10]"]["codemode.state"] == "fixed"
    patch = said["test_clamp[11-10]"]["codemode.patch"]
    assert (reported.workspace.root / patch).read_text().startswith("--- a/src/größe/clamp.py")
    run_id = reported.json("report.json")["run_id"]
    (found,) = (one.attrib["value"] for one in root.iter("property") if one.attrib["name"] == "codemode.run_id")
    assert found == run_id


def test_the_others_tell_of_the_same_patch(reported: Reported) -> None:
    (issue,) = reported.json("gl.codequality.json")
    assert issue["location"]["path"] == "src/größe/clamp.py"
    assert "+        return high   # beyond the end" in reported.text("report.md")
    assert "src/größe/clamp.py" in reported.text("report.html")
