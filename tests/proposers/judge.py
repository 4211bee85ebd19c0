"""A judge of one function in one subprocess: enough to ask a proposer for patches and see which are right.

A `Bug` is a broken module with checks (`expression`, `repr` of its value). The subprocess runs untrusted candidates:
limited memory, half a second a check.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.patch import Applied, Patch
from pytest_codemode.core.ports import Proposer
from pytest_codemode.core.suspicion import ordered, rank
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply

PATH = "subject.py"
TEST_PATH = "test_subject.py"

_WORKER = r"""
import json, os, resource, signal, sys, traceback
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
sys.setrecursionlimit(300)
out, sys.stdout = sys.stdout, open("/dev/null", "w")

class Timeout(BaseException): pass
def alarm(*_): raise Timeout()
signal.signal(signal.SIGALRM, alarm)

def short(value):
    try: return repr(value)[:300]
    except Exception: return "<?>"

def check(text, prelude, expression, expected, trace):
    lines = set()
    def tracer(frame, event, arg):
        if frame.f_code.co_filename != "subject.py": return None
        if event == "line": lines.add(frame.f_lineno)
        return tracer
    result = {"ok": False, "exception": "", "message": "", "left": "", "right": "", "frames": [], "lines": []}
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        scope = {"__name__": "subject"}
        exec(compile(text, "subject.py", "exec"), scope)
        exec(prelude, scope)
        if trace: sys.settrace(tracer)
        try: value = eval(expression, scope)
        finally: sys.settrace(None)
        actual = repr(value)
        wanted = repr(eval(expected, scope))
        result.update(ok=actual == wanted, left=actual[:500], right=wanted[:500])
        if actual != wanted:
            result.update(exception="AssertionError", message=f"assert {actual[:500]} == {wanted[:500]}")
    except (Exception, Timeout) as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        frames = []
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename == "subject.py":
                names = {n: short(v) for n, v in frame.f_locals.items() if not n.startswith("__")}
                frames.append([line, frame.f_code.co_qualname, names])
        message = "".join(traceback.format_exception_only(error)).strip().partition(": ")[2]
        result.update(exception=type(error).__name__, message=message, frames=frames[-20:])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    result["lines"] = sorted(lines)
    return result

for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        results = []
        for expression, expected in request["checks"]:
            results.append(check(request["text"], request["prelude"], expression, expected, request["trace"]))
            if request["stop"] and not results[-1]["ok"]: break
        out.write(json.dumps(results) + "\n"); out.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        out.write("[]\n"); out.flush()
"""


@dataclass(frozen=True)
class Bug:
    """A broken module, the right one, and what tells them apart."""

    name: str
    broken: str
    right: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    prelude: str = ""
    """Code that the checks need, run after the module in the same namespace."""


RAISES = """
class Failed(Exception):
    pass

def raises(kind, call):
    try:
        call()
    except kind:
        return True
    raise Failed(f"DID NOT RAISE {kind}")
"""


def bug(
    name: str,
    broken: str,
    *replacements: tuple[str, str],
    checks: tuple[tuple[str, str], ...],
    prelude: str = RAISES,
) -> Bug:
    """Return a bug; each replacement `(text, new text)` alone makes the broken module right."""
    text = textwrap.dedent(broken).lstrip("\n")
    right = []
    for old, new in replacements:
        assert text.count(old) == 1, (name, old)
        right.append(text.replace(old, new))
    return Bug(name, text, tuple(right), checks, prelude)


class Subject:
    """The subprocess that runs one bug's checks on any version of the module."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-c", _WORKER]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Subject:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)

    def run(self, bug: Bug, text: str, *, trace: bool = False, order: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        """Return the result of each check; with an `order`, of the checks in that order up to the first that fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        checks = [bug.checks[index] for index in order] or bug.checks
        request = {"text": text, "prelude": bug.prelude, "checks": checks, "trace": trace, "stop": bool(order)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def task_of(bug: Bug, subject: Subject) -> RepairTask:
    """Return the task as the loop would give it: failures, suspects by Ochiai, innermost frame first."""
    results = subject.run(bug, bug.broken, trace=True)
    failing = [[(PATH, line) for line in result["lines"]] for result in results if not result["ok"]]
    passing = [[(PATH, line) for line in result["lines"]] for result in results if result["ok"]]
    assert failing, f"{bug.name}: no check fails"
    scores = rank(failing, passing)
    for result in results:
        if result["frames"] and result["exception"] != "Timeout":
            location = (PATH, result["frames"][-1][0])
            scores[location] = max(scores.get(location, 0.0), 1.0)
    failures = tuple(_failure(index, result) for index, result in enumerate(results) if not result["ok"])
    return RepairTask("t1", failures, ordered(scores, {}), {PATH: bug.broken.encode()}, {TEST_PATH: _tests(bug)})


def _nodeid(index: int) -> str:
    return f"{TEST_PATH}::test_{index}"


def _tests(bug: Bug) -> bytes:
    """Return the checks as the file of tests that a proposer may read."""
    lines = [f"def test_{index}():\n    assert {check[0]} == {check[1]}\n" for index, check in enumerate(bug.checks)]
    return ("from subject import *\n" + "\n".join(lines)).encode()


def _failure(index: int, result: dict[str, Any]) -> Failure:
    frames = tuple(Frame(PATH, line, function, names) for line, function, names in result["frames"])
    return Failure(
        _nodeid(index),
        Phase.CALL,
        result["exception"],
        result["message"],
        frames,
        left=result["left"],
        operator="==" if result["left"] else "",
        right=result["right"],
        timed_out=result["exception"] == "Timeout",
    )


@dataclass(frozen=True)
class Found:
    """Where the right patch came, and where the first plausible one; counted from 1, None if it did not."""

    right: int | None
    plausible: int | None
    plausible_template: str
    right_template: str
    tried: int


def search_for(bug: Bug, proposer: Proposer, limit: int = 4000, *, judged: bool = True) -> Found:
    """Ask for patches until the right one comes or `limit` were tried."""
    wanted = {_normal(text) for text in bug.right}
    count, plausible, template = 0, None, ""
    with Subject() as subject:
        task = task_of(bug, subject)
        proposals = proposer.propose(task)
        trials: tuple[Trial, ...] | None = None
        while count < limit:
            try:
                batch = next(proposals) if trials is None else proposals.send(trials)
            except StopIteration:
                break
            judged_batch = []
            for patch in batch:
                count += 1
                trial, text = _judge(bug, subject, task, patch, run=judged)
                judged_batch.append(trial)
                if trial.plausible and plausible is None:
                    plausible, template = count, patch.template
                if text and _normal(text) in wanted:
                    return Found(count, plausible, template, patch.template, count)
            trials = tuple(judged_batch)
    return Found(None, plausible, template, "", count)


def _judge(bug: Bug, subject: Subject, task: RepairTask, patch: Patch, *, run: bool) -> tuple[Trial, str]:
    result = apply(patch, task.sources.get)
    if not isinstance(result, Applied):
        return Trial(patch, Verdict.UNAPPLICABLE, result.reason), ""
    text = result.files.get(PATH, b"").decode()
    if not run:
        return Trial(patch, Verdict.FAILED), text
    failing = [int(nodeid.rpartition("_")[2]) for nodeid in task.nodeids]
    order = (*failing, *(index for index in range(len(bug.checks)) if index not in failing))
    results = subject.run(bug, text, order=order)
    if not results:
        return Trial(patch, Verdict.CRASHED), text
    passed = tuple(_nodeid(index) for index, item in zip(order, results, strict=False) if item["ok"])
    failures = tuple(_failure(index, item) for index, item in zip(order, results, strict=False) if not item["ok"])
    if not failures:
        return Trial(patch, Verdict.PLAUSIBLE, passed=passed), text
    broke = tuple(failure.nodeid for failure in failures if failure.nodeid not in task.nodeids)
    return Trial(patch, Verdict.BROKE if broke else Verdict.FAILED, "", passed, failures, broke), text


def _normal(text: str) -> str:
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return ""
