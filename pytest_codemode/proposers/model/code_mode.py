"""Code mode: the model writes a program that looks around and tries patches; one turn does the work of ten tool calls.

The program runs in the sandbox. What it asks of `project` comes back here, where it is untrusted: decoded strictly,
counted, bounded, and judged by the same judge as every other patch.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Protocol

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.model import ToolAnswer, ToolSpec
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Toolbox
from pytest_codemode.core.remote import Conversing, RemoteAnswer, RemoteCall
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.proposers.model.calling import Calling
from pytest_codemode.proposers.model.failures import middle_cut
from pytest_codemode.workbench.api import TRYING, Judged, Workbench, WorkbenchError
from pytest_codemode.workbench.describe import describe
from pytest_codemode.workbench.remote import Allowed, bound, looked

NAME = "run_code"
PROGRAM_S = 120.0
"""Seconds that a program may take, the tests it runs included."""
MAX_PRINTED = 16_000
"""Characters of each of stdout and stderr that the model gets back."""
MAX_CODE = 100_000
NOT_NOW = Trial(Patch((), ""), Verdict.NOT_TRIED, "no patch can be tried here")

DESCRIPTION = """\
Run a Python program in the sandbox, in the project's folder, where the project can be imported. Nothing it writes is \
kept. What it prints comes back to you. Use it to do several things in one turn: look around, run code of the project \
on values of your own, try several patches and print how each one ends. A global `project` is there:

"""


class Converses(Protocol):
    """The part of the sandbox that code mode needs."""

    def converse(self, code: str, *, timeout_s: float | None = None) -> Conversing:
        """Run a program that may call `project`."""
        ...


class CodeMode:
    """A toolbox with `run_code` behind the tools of another one.

    Args:
        toolbox: the other tools.
        workbench: answers what a program asks of `project`.
        sandbox: runs the program.
    """

    def __init__(self, toolbox: Toolbox, workbench: Workbench, sandbox: Converses) -> None:
        self._toolbox = toolbox
        self._workbench = workbench
        self._sandbox = sandbox

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the other tools and `run_code`."""
        schema = {
            "type": "object",
            "properties": {"code": {"type": "string", "description": "The program."}},
            "required": ["code"],
            "additionalProperties": False,
        }
        return (*self._toolbox.specs(), ToolSpec(NAME, DESCRIPTION + describe(), schema))

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """Call a tool where no patch can be judged."""
        call = self.start(name, arguments)
        try:
            batch = next(call)
            while True:
                batch = call.send((NOT_NOW,) * len(batch))
        except StopIteration as end:
            answer: ToolAnswer = end.value
            return answer

    def start(self, name: str, arguments: dict[str, Any]) -> Calling:
        """Begin a call; a program's patches are yielded while it runs."""
        if name != NAME:
            return self._toolbox.call(name, arguments)
        code = arguments.get("code")
        if not isinstance(code, str) or arguments.keys() != {"code"} or len(code) > MAX_CODE:
            return ToolAnswer(f"{NAME} takes one argument, `code`: at most {MAX_CODE} characters", is_error=True)
        try:
            execution = yield from self._run(code)
        except SandboxError as problem:
            return ToolAnswer(f"It could not be run: {problem}", is_error=True)
        return _told(execution)

    def _run(self, code: str) -> Generator[tuple[Patch, ...], tuple[Trial, ...], Execution]:
        program = self._sandbox.converse(code, timeout_s=PROGRAM_S)
        allowed = Allowed()
        try:
            call = next(program)
            while True:
                answer = yield from self._answered(call, allowed)
                call = program.send(answer)
        except StopIteration as end:
            execution: Execution = end.value
            return execution
        finally:
            program.close()

    def _answered(
        self, call: RemoteCall, allowed: Allowed
    ) -> Generator[tuple[Patch, ...], tuple[Trial, ...], RemoteAnswer]:
        try:
            allowed.take(call.method)
            if call.method == TRYING:
                patch = self._workbench.patch(**bound(call))
                (trial,) = yield (patch,)
                value = encode(Judged.of(trial))
            else:
                value = looked(self._workbench, call)
            allowed.pay(len(json.dumps(value)))
        except WorkbenchError as problem:
            return RemoteAnswer(call.number, error=str(problem))
        return RemoteAnswer(call.number, value)


def _told(execution: Execution) -> ToolAnswer:
    ended = f"exit status {execution.exit_code}" if execution.status == "finished" else execution.reason
    printed = [
        f"{name}:\n{middle_cut(text, MAX_PRINTED)}"
        for name, text in (("stdout", execution.stdout), ("stderr", execution.stderr))
        if text
    ]
    failed = execution.status != "finished" or bool(execution.exit_code)
    return ToolAnswer("\n".join([ended, *(printed or ["It printed nothing."])]), is_error=failed)
