import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.report import Cost, RunReport, TaskReport, Unrepaired
from pytest_codemode.report.github import Annotation, bounded, environment_file, outputs, remarks, summary
from pytest_codemode.report.writer import harmless
from tests.ci.runner import commands
from tests.ci.runner import environment_file as read_back

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
DIFF = "--- a/src/a.py\n+++ b/src/a.py\n@@ -3 +3 @@\n-    return 1\n+    return 2\n"


def task(key: str, *, fixed: bool = False, line: int = 9, **changes: object) -> TaskReport:
    failure = Failure(
        f"tests/test_a.py::{key}",
        Phase.CALL,
        "AssertionError",
        "1 == 2",
        (
            Frame("tests/test_a.py", line, key, {}),
            Frame("/usr/lib/python3/json.py", 5, "loads", {}),
        ),
    )
    given = {"key": key, "cause": "AssertionError: 1 == 2", "nodeids": (failure.nodeid,), "failures": (failure,)}
    return TaskReport(**{**given, "fixed": fixed, "diff": DIFF if fixed else "", **changes})  # type: ignore[arg-type]


def run(*tasks: TaskReport, **changes: object) -> RunReport:
    return RunReport(**{"run_id": "r", "stop": "done", "green": False, "tasks": tasks, **changes})  # type: ignore[arg-type]


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 99))
def test_a_runner_reads_an_annotation_as_one_command_that_says_the_same(
    title: str, message: str, path: str, line: int
) -> None:
    annotation = Annotation("error", title, message, path, line)
    (found,) = commands(annotation.command().replace("\r", "\n"))
    assert found.name == "error"
    assert found.message == harmless(message)
    assert set(found.properties) <= {"file", "line", "title"}
    assert "\n" not in annotation.command()


def test_what_fails_is_an_error_where_it_went_wrong_and_a_patch_a_notice_where_it_changes() -> None:
    report = run(
        task("a", fixed=True, rationale="`1` becomes `2`", turned_green=("x", "y"), checked=7),
        task("b", why_not="none"),
    )
    unfixed, fixed, notice = remarks(report, "libs/one")
    assert (unfixed.kind, unfixed.path, unfixed.line) == ("error", "libs/one/tests/test_a.py", 9)
    assert (unfixed.title, unfixed.message) == ("tests/test_a.py::b", "AssertionError: 1 == 2\nno patch: none")
    assert fixed.title == "tests/test_a.py::a"
    assert (notice.kind, notice.path, notice.line) == ("notice", "libs/one/src/a.py", 3)
    assert notice.message == (
        "`1` becomes `2`\nturns green: 2; passed before and still pass: 7\n\n" + DIFF.rstrip("\n")
    )


def test_no_more_is_said_than_a_runner_shows_and_what_has_no_patch_comes_first() -> None:
    tasks = [task(f"t{number}", fixed=number < 12) for number in range(24)]
    flaky = tuple(Unrepaired(f"tests/test_b.py::f{number}", "flaky", "passed 3 of 10 runs") for number in range(12))
    found = remarks(run(*tasks, unrepaired=flaky))
    assert [one.kind for one in found] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert [one.title for one in found[:10]] == [f"tests/test_a.py::t{number}" for number in range(12, 22)]
    assert (found[10].path, found[10].title) == ("tests/test_b.py", "flaky: tests/test_b.py::f0")


def test_an_error_of_the_run_itself_comes_before_all() -> None:
    first, second = remarks(run(task("a"), stop="the sandbox died", error=True))
    assert (first.message, first.path) == ("the sandbox died", "")
    assert second.title == "tests/test_a.py::a"


def test_long_messages_are_cut_and_say_so() -> None:
    (error,) = remarks(run(task("a", cause="x" * 9_000)))
    assert len(error.message) < 4_100
    assert error.message.endswith("[cut; see the summary]")


def test_foreign_text_has_no_power_over_a_terminal_either() -> None:
    (error,) = remarks(run(task("a", cause="\x1b[31mred\u202e")))
    assert error.message.startswith("\\x1b[31mred\\u202e")


@given(st.dictionaries(st.sampled_from(["patch", "state", "report"]), TEXTS.filter(lambda text: "\x1e" not in text)))
def test_outputs_are_read_back_as_they_were(values: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "output")
        path.write_bytes(environment_file(values, "codemode-5f2a\x1e").encode())
        assert read_back(path) == values


def test_a_value_that_knows_the_delimiter_sets_nothing() -> None:
    with pytest.raises(ValueError, match="delimiter"):
        environment_file({"patch": "x\nguessed\nstate=passed"}, "guessed")


def test_the_outputs_count_tests_and_leave_out_a_patch_that_does_not_fit() -> None:
    report = run(task("a", fixed=True), task("b"), task("c"), diff=DIFF, cost=Cost(usd=0.12345))
    found = outputs(report, "proposed", folder="/t/r", patch_file="/t/r/patch.diff")
    assert found == {
        "state": "proposed",
        "patch": DIFF,
        "patch-file": "/t/r/patch.diff",
        "fixed": "1",
        "unfixed": "2",
        "cost-usd": "0.1235",
        "report": "/t/r",
    }
    large = run(task("a", fixed=True), diff=DIFF + " \n" * 40_000)
    assert outputs(large, "proposed", folder="", patch_file="p")["patch"] == ""


@pytest.mark.parametrize("state", ["passed", "skipped"])
def test_where_nothing_failed_the_summary_is_one_sentence_of_plain_text(state: str) -> None:
    told = summary(run(stop="no file matches *.py <b> [x](y)\n# z @octocat #12 https://x.example"), state)
    sentence = "no file matches \\*.py \\<b\\> \\[x\\](y) \\# z"
    # GitHub finds mentions and references where a backslash is gone already.
    assert told.endswith(f"\n\n{sentence} @&#8203;octocat \\#&#8203;12 https:&#8203;//x.example\n")
    assert told.startswith("# codemode: ")


@pytest.mark.parametrize(("fence", "close"), [("```", "```"), ("`````diff", "`````")])
def test_a_summary_that_is_too_long_is_cut_and_leaves_no_code_open(fence: str, close: str) -> None:
    inside = bounded(f"# x\n{fence}\n" + "```\n" * (len(close) > 3) + "é line\n" * 99, 200)
    assert inside.endswith(f"\né line\n{close}\n\nThe rest is cut; report.md in the artefact has all.\n")
    assert len(inside.encode()) < 280
    outside = bounded(f"{fence}\ncode\n{close}\n" + "line\n" * 99, 200)
    assert outside.endswith("\nline\n\n\nThe rest is cut; report.md in the artefact has all.\n")


def test_a_summary_that_fits_is_the_report() -> None:
    told = summary(run(task("a", fixed=True, diff=DIFF)), "proposed")
    assert told.startswith("# codemode: fixed 1 of 1 failing tests\n")
    assert DIFF in told
