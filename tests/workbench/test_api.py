import pytest

from pytest_codemode.core.patch import Patch, ReplaceExpression
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.workbench.api import MAX_LINES, WorkbenchError
from pytest_codemode.workbench.describe import describe
from pytest_codemode.workbench.render import ranges, render
from tests.workbench.bench import FILES, workbench

EDIT = {"kind": "replace_expression", "path": "src/cart.py", "line": 3, "column": 15, "old": "1", "new": "2"}


def test_lines_are_read_with_their_numbers() -> None:
    assert render(workbench().read("src/cart.py", 2, 3)) == (
        "src/cart.py, lines 2-3 of 6\n      2 |     def total(self):\n      3 |         return 1"
    )
    assert workbench().read("src/cart.py", 5).lines[-1] == "    return cart.total()"
    assert workbench().read("src/cart.py", 99).lines == ()


def test_a_long_file_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "src/data.txt", b"x\n" * 1_000)
    part = workbench().read("src/data.txt", 11)
    assert (part.start, len(part.lines), part.total) == (11, MAX_LINES, 1_000)


def test_a_missing_file_is_answered_with_one_of_that_name() -> None:
    with pytest.raises(WorkbenchError, match=r"no readable text file 'cart.py'.*there is src/cart.py"):
        workbench().read("cart.py")


def test_a_text_is_found_in_every_kind_of_text_file_or_in_those_named() -> None:
    assert [(hit.path, hit.line) for hit in workbench().search("total")] == [
        ("src/cart.py", 2),
        ("src/cart.py", 6),
        ("src/data.txt", 1),
    ]
    assert [hit.path for hit in workbench().search("total", "*.txt")] == ["src/data.txt"]
    assert len(workbench().search("total", limit=1)) == 1
    with pytest.raises(WorkbenchError, match="empty"):
        workbench().search("")


def test_definitions_and_callers_are_looked_up_by_name() -> None:
    (found,) = workbench().definition("Cart.total")
    assert (found.path, found.start, found.lines) == ("src/cart.py", 2, ("    def total(self):", "        return 1"))
    assert [(call.line, call.qualname) for call in workbench().callers("total")] == [(6, "shipping")]
    with pytest.raises(WorkbenchError, match="nothing in the project defines 'tax'"):
        workbench().definition("tax")


def test_tests_run_on_the_project_as_it_stands() -> None:
    reports = workbench().run_tests(["t.py::red", "t.py::green", "t.py::none"])
    assert [(one.nodeid, one.outcome) for one in reports][:2] == [("t.py::red", "failed"), ("t.py::green", "passed")]
    with pytest.raises(WorkbenchError, match="1 to 200 node ids"):
        workbench().run_tests([])


def test_a_patch_is_judged_and_what_came_of_it_told() -> None:
    judged: list[Patch] = []

    def judge(patch: Patch) -> Trial:
        judged.append(patch)
        return Trial(patch, Verdict.BROKE, "breaks t.py::green", broke=("t.py::green",))

    result = workbench(judge).try_patch([EDIT], "two is right")
    assert judged == [Patch((ReplaceExpression("src/cart.py", 3, 15, "1", "2"),), "agent", "", "two is right")]
    assert (result.verdict, result.broke) == ("breaks a passing test", ("t.py::green",))
    assert "broke: t.py::green" in render(result)


def test_edits_without_the_form_are_refused_with_the_place() -> None:
    with pytest.raises(WorkbenchError, match=r"edits\[0\]\.line: an integer expected, got '3'"):
        workbench().try_patch([{**EDIT, "line": "3"}])


def test_a_workbench_that_only_looks_tries_nothing() -> None:
    with pytest.raises(WorkbenchError, match="no patch can be tried here"):
        workbench().try_patch([EDIT])


def test_the_description_is_made_from_the_code() -> None:
    told = describe()
    assert "def read(path: str, start: int = 1, end: int | None = None) -> Excerpt: ..." in told
    assert "Excerpt = {'path': str, 'start': int, 'lines': list[str], 'total': int}" in told
    assert told.count("    def ") == 8


def test_line_numbers_are_told_as_ranges() -> None:
    assert ranges([3, 1, 2, 9, 11, 12]) == "1-3, 9, 11-12"
