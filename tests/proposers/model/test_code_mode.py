from collections.abc import Callable

import pytest

from pytest_codemode.core.model import ToolAnswer, ToolSpec
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.patch import Patch, ReplaceExpression
from pytest_codemode.core.remote import Conversing, RemoteAnswer, RemoteCall
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.proposers.model.calling import Calling
from pytest_codemode.proposers.model.code_mode import CodeMode
from tests.workbench.bench import workbench

EDIT = {"kind": "replace_expression", "path": "src/cart.py", "line": 3, "column": 15, "old": "1", "new": "2"}
DONE = Execution("finished", 0, "printed\n", "")


class OneTool:
    def specs(self) -> tuple[ToolSpec, ...]:
        return (ToolSpec("read", "Read.", {"type": "object"}),)

    def call(self, name: str, arguments: dict[str, object]) -> ToolAnswer:
        return ToolAnswer(f"{name} {arguments}")


class Programs:
    """Runs nothing: plays the calls that a program would make."""

    def __init__(self, *calls: RemoteCall, end: Execution = DONE) -> None:
        self.calls = calls
        self.end = end
        self.answers: list[RemoteAnswer] = []
        self.closed = False

    def converse(self, code: str, *, timeout_s: float | None = None) -> Conversing:
        try:
            for call in self.calls:
                self.answers.append((yield call))
            return self.end
        finally:
            self.closed = True


def finished(call: Calling, judge: Callable[[Patch], Trial]) -> ToolAnswer:
    try:
        batch = next(call)
        while True:
            batch = call.send(tuple(judge(patch) for patch in batch))
    except StopIteration as end:
        return end.value


def plausible(patch: Patch) -> Trial:
    return Trial(patch, Verdict.PLAUSIBLE)


def test_a_program_looks_around_and_tries_a_patch_within_one_tool_call() -> None:
    programs = Programs(RemoteCall(1, "read", ("src/cart.py", 1, 1)), RemoteCall(2, "try_patch", ([EDIT], "why")))
    judged: list[Patch] = []

    def judge(patch: Patch) -> Trial:
        judged.append(patch)
        return plausible(patch)

    answer = finished(CodeMode(OneTool(), workbench(), programs).start("run_code", {"code": "..."}), judge)
    assert judged == [Patch((ReplaceExpression("src/cart.py", 3, 15, "1", "2"),), "agent", "", "why")]
    assert programs.answers[0].value["lines"] == ["class Cart:"]
    assert programs.answers[1].value["verdict"] == Verdict.PLAUSIBLE.value
    assert answer == ToolAnswer("exit status 0\nstdout:\nprinted\n")
    assert programs.closed


def test_what_cannot_be_answered_is_an_error_in_the_program_and_not_here() -> None:
    programs = Programs(RemoteCall(1, "write", ("a.py",)), RemoteCall(2, "try_patch", ([],)))
    finished(CodeMode(OneTool(), workbench(), programs).start("run_code", {"code": ""}), plausible)
    assert [bool(answer.error) for answer in programs.answers] == [True, True]


def test_a_program_that_never_stops_asking_gets_no_more_answers() -> None:
    programs = Programs(*(RemoteCall(number, "search", ("total",)) for number in range(1, 400)))
    finished(CodeMode(OneTool(), workbench(), programs).start("run_code", {"code": ""}), plausible)
    refused = [answer for answer in programs.answers if answer.error]
    assert len(refused) == 399 - 200
    assert "all it may" in refused[0].error


def test_a_dialogue_that_ends_in_between_ends_the_program() -> None:
    programs = Programs(RemoteCall(1, "try_patch", ([EDIT],)))
    call = CodeMode(OneTool(), workbench(), programs).start("run_code", {"code": ""})
    next(call)
    call.close()
    assert programs.closed


@pytest.mark.parametrize("arguments", [{}, {"code": 1}, {"code": "", "timeout": 3}, {"code": "x" * 200_000}])
def test_arguments_that_do_not_fit_run_nothing(arguments: dict[str, object]) -> None:
    programs = Programs()
    answer = finished(CodeMode(OneTool(), workbench(), programs).start("run_code", arguments), plausible)
    assert answer.is_error
    assert not programs.closed


def test_a_failing_program_is_told_with_what_it_printed() -> None:
    killed = Execution("killed", None, "a", "b", reason="killed: memory limit of 512 MiB")
    answer = CodeMode(OneTool(), workbench(), Programs(end=killed)).call("run_code", {"code": ""})
    assert answer.is_error
    assert answer.text.startswith("killed: memory limit of 512 MiB\n")


def test_other_tools_are_called_as_before_and_code_mode_is_offered_behind_them() -> None:
    tools = CodeMode(OneTool(), workbench(), Programs())
    assert [tool.name for tool in tools.specs()] == ["read", "run_code"]
    assert "def try_patch(" in tools.specs()[1].description
    assert tools.call("read", {"path": "a"}) == ToolAnswer("read {'path': 'a'}")
