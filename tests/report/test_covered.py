"""What every format says of a run that wrote tests."""

import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.written import CoverReport, Untested, WrittenTest
from pytest_codemode.report import codequality, jsonreport, junit, markdown, page, sarif, terminal
from pytest_codemode.report.writer import PlainWriter
from tests.report.rich import HOSTILE, hostile
from tests.report.samples import COVERED
from tests.report.sarif_log import validate
from tests.report.test_markdown import prose
from tests.report.test_page import check
from tests.report.test_schema import problems

KEPT = replace(COVERED, written=())
BUG, OTHER_BUG = COVERED.cover.bugs


def with_cover(**changes):
    return replace(COVERED, cover=replace(COVERED.cover, **changes))


def shown(report, **options):
    file = io.StringIO()
    terminal.render(report, PlainWriter(file, 100), **options)
    return file.getvalue()


def results(report):
    log = json.loads(sarif.render(report))
    validate(log)
    return log["runs"][0]["results"]


def test_the_markdown_begins_with_what_came_of_it():
    head = markdown.render(COVERED).split("\n## ")[0]
    assert head == (
        "# codemode: 3 tests written, 13.9% -> 52.8% covered, 2 possible bugs\n"
        "\n"
        "| file | before | after | left |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| `shop/net.py` | 0.0% | 0.0% | 16 |\n"
        "| `shop/cart.py` | 25.0% | 95.0% | 1 |\n"
        "\n"
        "- tests: 3 tests (5 cases) in 2 files, which fail on 7 of 12 mutants\n"
        "- proof: each test passed 6 times: alone, in 3 orders under 3 hash seeds, with the suite in collected and in "
        "shuffled order\n"
        "- dropped: 2 tests: it does not come out the same each time\n"
        "- stopped: no further test adds coverage; see what is left, and why\n"
        "- sandbox: namespaces\n"
        "- cost: 26 s, 3,265 calls, no model\n"
        "- written: `tests/test_cart.py`\n"
        "- note: tests fail: what they cover counts all the same\n"
    )


def test_the_markdown_has_a_section_for_each_bug_each_file_of_tests_and_what_is_left():
    bug, _, tests, _, left, source = markdown.render(COVERED).split("\n## ")[1:]
    assert bug == (
        "Possible bug: `mean` in `shop/cart.py:6`\n\n"
        "```python\nfrom shop.cart import mean\nmean([])\n```\n\n"
        "- raises ZeroDivisionError: division by zero\n"
        "- expected: a result, or an exception that the function raises or documents\n"
    )
    assert tests == (
        "2 tests in `tests/test_cart.py`\n\n"
        "- `test_total_of_empty_prices` of `shop/cart.py::total`: line 2, 3 mutants\n"
        "- `test_rate` (3 cases) of `shop/cart.py::rate`: lines 9-10, 12, 1 branch, 4 mutants\n"
    )
    assert left == (
        "Not covered\n\n"
        "- `shop/net.py:7` `fetch`: lines 8-9, 12, 2 branches: it needs the network\n"
        "- `shop/cart.py:20` `merge`: line 21: no input came past line 20: \\`if a:\\`; nearest: `merge('a', 'b')`\n"
    )
    assert "+def test_total_of_empty_prices():\n" in source


def test_tests_that_were_only_proposed_are_said_to_be():
    assert "\n- tests, not written to the tree: `.codemode/runs/20261130-120000-c0de/patch.diff`\n" in markdown.render(
        KEPT
    )
    for text in (markdown.render(KEPT).splitlines()[0], check(page.render(KEPT)).text, shown(KEPT)):
        assert "3 tests proven, 13.9% -> 52.8% covered, 2 possible bugs" in text
        assert "nothing written" in text


@pytest.mark.parametrize(
    ("report", "width", "last"),
    [
        (COVERED, 80, "3 tests written, 13.9% -> 52.8% covered, 2 possible bugs, in 26 s"),
        (COVERED, 60, "3 tests written, 13.9% -> 52.8% covered, 2 possible bugs"),
        (KEPT, 80, "3 tests proven, 13.9% -> 52.8% covered, 2 possible bugs, nothing written"),
        (KEPT, 60, "3 tests proven, 13.9% -> 52.8%, 2 possible bugs, 26 s"),
        (replace(COVERED, cover=None), 60, ""),
        (with_cover(bugs=(BUG,) * 123), 60, "3 tests written, 13.9% -> 52.8%, 123 possible bugs, 26 s"),
    ],
)
def test_the_last_line_fits_the_terminal(report, width, last):
    file = io.StringIO()
    terminal.render(report, PlainWriter(file, width))
    line = file.getvalue().splitlines()[-1]
    assert len(line) <= width
    assert last in line
    assert re.fullmatch("=+ [^=]+ =+", line)


def test_no_foreign_text_is_live_in_the_markdown():
    text = markdown.render(hostile(with_cover(bugs=(replace(BUG, call="@octocat #1 ```\n# heading"),))))
    outside = prose(text)
    assert len(outside) > 500
    assert not re.search(r"@\w|(?<!&)#\d|https:/|(?<!\\)<|^#+ heading", outside, re.MULTILINE)
    assert HOSTILE not in text


def very_many():
    tests = tuple(
        WrittenTest(
            f"tests/test_{n % 900}.py", "test_" + "x" * 200, "a.py::f", 1, ("type",), tuple(range(1, 90, 2)), 3, 1
        )
        for n in range(9_000)
    )
    untested = tuple(Untested("a.py", "f" * 500, n, (n,), 0, "y" * 5_000, "z" * 5_000) for n in range(5_000))
    return with_cover(tests=tests, untested=untested, bugs=(replace(BUG, call="x" * 10_000),) * 500)


def test_very_many_tests_fit_a_job_summary():
    text = markdown.render(very_many())
    assert 500_000 < len(text.encode()) <= markdown.MAX_BYTES
    assert "sections are left out" in text


def test_very_many_tests_fit_a_page_and_a_json_that_keeps_its_shape():
    text = page.render(very_many())
    assert len(text) < 4_000_000
    assert "8,200 more tests are left out of this page." in check(text).text
    cut = jsonreport.render(very_many(), 2_000_000)
    assert 20_000 < len(cut) <= 2_000_000
    assert problems(json.loads(cut)) == []
    assert "of `tests` left out" in json.loads(cut)["notices"][-1]


@pytest.mark.parametrize(
    "words",
    [
        "report of a run that writes tests",
        "3 tests written, 13.9% -> 52.8% covered, 2 possible bugs, in 26 s",
        "Tests 3 tests (5 cases) in 2 files, which fail on 7 of 12 mutants",
        "! possible bug 1: mean from shop.cart import mean mean([])",
        "Outcome Raises ZeroDivisionError: division by zero",
        "Outcome Gives 1000 Expected 1 (what format was given) Where shop/stock.py:4",
        "test_rate 3 rate lines 9–10, 12 , 1 branch 4 docstring, type",
        "test_k 1 k an example of the documentation 0 docstring",
        "fetch shop/net.py:7 lines 8–9, 12 , 2 branches it needs the network –",
        "no input came past line 20: if a: merge('a', 'b')",
        "shop/cart.py 25.0% 95.0% 16 4 1",
        "+5 −0 lines",
        "26 s, 3,265 calls, no model",
        "codemode runs revert 20261130-120000-c0de",
        "codemode runs show 20261130-120000-c0de",
    ],
)
def test_the_page_says(words):
    assert words in check(page.render(COVERED)).text


def test_the_page_speaks_of_no_repair():
    text = check(page.render(COVERED)).text
    assert not re.search(r"\b(caus|fixed|failing|candidate)", text, re.IGNORECASE)


def test_hostile_texts_stay_text_on_the_page():
    found = check(page.render(hostile(COVERED)))
    assert {name for name, _ in found.elements} == {name for name, _ in check(page.render(COVERED)).elements}
    assert found.text.count("<script>alert(1)</script>") > 30


def test_a_run_that_found_nothing_says_so_everywhere():
    nothing = replace(KEPT, cover=CoverReport(targets=3), diff="", diff_path="")
    assert markdown.render(nothing).startswith("# codemode: no test was written\n")
    assert "No test was written." in check(page.render(nothing)).text
    assert shown(nothing).splitlines()[-1].strip("= ") == "no test was written, in 26 s"
    assert (results(nothing), codequality.render(nothing)) == ([], "[]\n")


def test_possible_bugs_are_warnings_and_gaps_are_notes_in_sarif():
    found = results(COVERED)
    assert [(one["ruleId"], one["level"]) for one in found] == [
        *[("possible-bug", "warning")] * 2,
        *[("untested-function", "note")] * 2,
    ]
    bug, other, gap, merge = found
    assert bug["message"]["text"] == (
        "Possible bug in mean: mean([]) raises ZeroDivisionError: division by zero, expected a result, or an exception "
        "that the function raises or documents."
    )
    assert bug["properties"]["reproduce"] == "from shop.cart import mean\nmean([])"
    assert other["message"]["text"] == (
        "Possible bug in Stock.parse: Stock.parse('1 kg') gives 1000, expected 1 (what format was given)."
    )
    place = gap["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("shop/net.py", 7)
    assert gap["message"]["text"] == "fetch is not covered: lines 8-9, 12, 2 branches: it needs the network."
    assert (gap["properties"]["missingLines"], gap["properties"]["missingBranches"]) == ([8, 9, 12], 2)
    assert merge["message"]["text"].endswith("The call that came nearest: merge('a', 'b').")


def test_a_possible_bug_is_known_again_when_lines_and_values_have_changed():
    later = replace(
        BUG, line=90, call="from shop.cart import mean\nmean(())", actual="raises ZeroDivisionError: modulo"
    )
    other = replace(BUG, actual="raises KeyError: 3")
    first, second, third = (results(with_cover(bugs=(bug,)))[0]["partialFingerprints"] for bug in (BUG, later, other))
    assert first == second != third
    assert first.keys() == {"codemodeFunction/v1"}


def test_whatever_a_possible_bug_holds_the_log_validates():
    text = "\x1b[2J\ud800 [click](https://x.invalid) {0}\n\n"
    bug = replace(BUG, path=text, function=text, call=text, expected=text, actual=text, line=-1)
    empty = replace(BUG, path="", function="", call="", expected="", actual="")
    gap = Untested("../../x", text, -4, (), 0, "", text)
    found = results(with_cover(bugs=(bug, empty), untested=(gap,)))
    assert [one["locations"] == [] for one in found] == [False, True, True]


def test_gitlab_is_told_of_possible_bugs_alone():
    found = json.loads(codequality.render(COVERED, "packages"))
    assert [(one["check_name"], one["severity"], one["location"]) for one in found] == [
        ("codemode/possible-bug", "minor", {"path": "packages/shop/cart.py", "lines": {"begin": 6}}),
        ("codemode/possible-bug", "minor", {"path": "packages/shop/stock.py", "lines": {"begin": 4}}),
    ]


def test_the_junit_file_counts_tests_and_possible_bugs_in_the_place_of_patches():
    suite = ElementTree.fromstring(junit.annotated(b"<testsuite/>", COVERED))
    said = {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property")}
    numbers = {name: said[f"codemode.{name}"] for name in ("tests", "possible_bugs", "untested")}
    assert numbers == {"tests": "3", "possible_bugs": "2", "untested": "2"}
    assert not {"codemode.fixed", "codemode.unfixed"} & said.keys()


@pytest.mark.parametrize("stop", [StopReason.INTERRUPTED.value, StopReason.TIME.value])
def test_nobody_is_told_to_resume_what_cannot_be_resumed(stop):
    report = replace(KEPT, stop=stop)
    assert "resume" not in shown(report)
    assert "resume" not in check(page.render(report)).text
