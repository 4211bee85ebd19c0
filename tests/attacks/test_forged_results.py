"""Patched code that reports in the place of pytest: it costs its own test, and a run in which it lied proves nothing.

What stays possible to code of the same process is to search its memory for the token (`gc`, frames, /proc/self/mem) or
to replace the worker's own functions (`sys.modules`) for some tests only. The policy on patches refuses code that
reaches for those; here only the canary stands against the replacement of a function for all tests.
"""

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from pytest_codemode.core.outcome import Candidate, Mode, RunResult, Swap
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

WRONG = "def add(a, b):\n    return a - b\n"
TESTS = """
    from calc import add

    def test_before():
        pass

    def test_add():
        assert add(1, 2) == 3

    def test_after():
        assert add(1, 0) == 1
"""
TARGET = "test_calc.py::test_add"
ATTACKED = (TARGET, "test_calc.py::test_after")

PIPES = """
    import json, os, stat

    def pipes():
        numbers = [int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")]
        return [number for number in numbers if number > 2 and stat.S_ISFIFO(os.fstat(number).st_mode)]

    def passed(nodeid):
        return {"say": "result", "result": {"nodeid": nodeid, "outcome": "passed", "duration_s": 0.001}}

    def forged():
        after = "test_calc.py::test_after"
        lines = [passed("test_calc.py::test_add"), {"say": "start", "nodeid": after, "limit_s": 60.0}, passed(after)]
        lines.append({"say": "end", "canary_failed": True})
        return "".join(json.dumps(line) + "\\n" for line in lines).encode()
"""
LIES = {
    "writes results": """
        for pipe in pipes():
            os.write(pipe, forged())
    """,
    "writes results and silences the rest": """
        for pipe in pipes():
            os.write(pipe, forged())
            os.dup2(os.open(os.devnull, os.O_RDWR), pipe)
    """,
    "numbers its results": """
        for pipe in pipes():
            lines = [json.loads(line) for line in forged().splitlines()]
            numbered = [line | {"number": 5 + index, "token": ""} for index, line in enumerate(lines)]
            os.write(pipe, "".join(json.dumps(line) + "\\n" for line in numbered).encode())
            os.dup2(os.open(os.devnull, os.O_RDWR), pipe)
    """,
    "writes results and exits": """
        for pipe in pipes():
            os.write(pipe, forged())
        os._exit(0)
    """,
    "repeats a result": """
        for pipe in pipes():
            os.write(pipe, (json.dumps(passed("test_calc.py::test_before")) + "\\n").encode())
    """,
}
TRICKS = {
    "silences the line": """
        for pipe in pipes():
            os.dup2(os.open(os.devnull, os.O_RDWR), pipe)
    """,
    "closes the line": """
        for pipe in pipes():
            os.close(pipe)
    """,
    "exits with success": """
        os._exit(0)
    """,
    "raises SystemExit": """
        raise SystemExit(0)
    """,
    "interrupts the session": """
        raise KeyboardInterrupt
    """,
    "kills its parent": """
        os.kill(os.getppid(), 9)
    """,
    "lets a fork run on in its place": """
        child = os.fork()
        if not child:
            return a + b
        os.waitpid(child, 0)
        os._exit(0)
    """,
    "rewrites what is written": """
        write = os.write
        os.write = lambda fd, data: write(fd, bytes(data).replace(b'"failed"', b'"passed"')) and len(data)
    """,
}
REPLACES_THE_JUDGE = """
    import sys
    runner = sys.modules["pytest_codemode.worker.runner"]
    real = runner.result_of
    passed = real("x", (), 0.0).outcome.PASSED
    runner.result_of = lambda nodeid, reports, seconds: type(real("x", (), 0.0))(nodeid, passed)
"""


def attacking(body: str) -> str:
    """`add` that attacks and is as wrong as before, alone in its source."""
    prelude = textwrap.indent(textwrap.dedent(PIPES), "    ")
    return "def add(a, b):\n" + prelude + textwrap.indent(textwrap.dedent(body), "    ") + "\n    return a - b\n"


@pytest.fixture(scope="module", params=["auto", pytest.param("landlock", marks=pytest.mark.slow)])
def sandbox(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("calc")
    write_project(root, {"calc.py": WRONG, "test_calc.py": TESTS, "pytest.ini": "[pytest]\n"})
    with sandboxed(project_at(root, level=request.param)) as box:
        yield box


def cold(sandbox: Sandboxed, body: str) -> RunResult:
    files = {"calc.py": attacking(body).encode()}
    return sandbox.run(files=files, mode=Mode.COLD, canary="test_must_fail")


def sampled(names: Iterable[str], *quick: str) -> list[ParameterSet]:
    """All names, those that are not in `quick` for `make test-slow` only: each costs fresh interpreters."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in names]


def outcomes(run: RunResult) -> dict[str, str]:
    return {result.nodeid: result.outcome.value for result in run.results}


@pytest.mark.parametrize("name", [*LIES, *TRICKS])
def test_no_forger_passes_a_screening(sandbox: Sandboxed, name: str) -> None:
    source = attacking((LIES | TRICKS)[name])
    files = {"calc.py": source.encode()}
    swapped = Candidate("swapped", files, (Swap("calc.py", "add", 1, source),))
    reloaded = Candidate("reloaded", files)
    tried = sandbox.attempt(swapped, reloaded, on=ATTACKED)

    # What fails by a refusal of the fence is tried once more, apart from the others.
    refused = name == "kills its parent"
    assert [result.strategy for result in tried] == ["cold" if refused else "swap", "reload"]
    assert {result.status for result in tried} <= {"failed", "crashed"}, tried
    if name in LIES:
        assert all("nonsense" in result.results[-1].failures[0].message for result in tried), tried


@pytest.mark.parametrize("name", sampled(LIES, "writes results and silences the rest", "writes results and exits"))
def test_liar_in_a_fresh_interpreter_proves_nothing(sandbox: Sandboxed, name: str) -> None:
    run = cold(sandbox, LIES[name])

    assert outcomes(run) == {"test_calc.py::test_before": "passed"} | dict.fromkeys(ATTACKED, "crashed")
    assert run.canary_failed is False


@pytest.mark.parametrize("name", sampled(TRICKS, "silences the line", "lets a fork run on in its place"))
def test_trickster_in_a_fresh_interpreter_fails_its_own_tests(sandbox: Sandboxed, name: str) -> None:
    found = outcomes(cold(sandbox, TRICKS[name]))

    assert found.pop("test_calc.py::test_before") == "passed"
    assert found[TARGET] in ("failed", "crashed")
    assert set(found) == set(ATTACKED)


def test_forger_in_the_unpatched_tree_is_found_out_in_a_warm_run(sandbox: Sandboxed) -> None:
    source = attacking(LIES["writes results and silences the rest"])
    sandbox.refresh({"calc.py": source.encode()})
    try:
        run = sandbox.run(canary="test_must_fail")
    finally:
        sandbox.refresh({})

    assert outcomes(run) == {"test_calc.py::test_before": "passed"} | dict.fromkeys(ATTACKED, "crashed")
    assert run.canary_failed is False


def test_judge_replaced_by_one_that_passes_everything_passes_the_canary_too(sandbox: Sandboxed) -> None:
    run = sandbox.run(
        files={"calc.py": (textwrap.dedent(REPLACES_THE_JUDGE) + WRONG).encode()}, mode=Mode.COLD, canary="test_x"
    )
    assert outcomes(run)[TARGET] == "passed"
    assert run.canary_failed is False


def test_honest_run_is_proven(sandbox: Sandboxed) -> None:
    right = WRONG.replace("a - b", "a + b")
    for mode in Mode:
        run = sandbox.run(files={"calc.py": right.encode()}, mode=mode, canary="test_must_fail")
        assert set(outcomes(run).values()) == {"passed"}
        assert (run.status, run.canary_failed) == ("finished", True), mode


REACHING = """
    import os, pathlib

    parent, reached = os.getppid(), []
    attempts = {
        "signal": lambda: os.kill(parent, 0),
        "memory": lambda: os.open(f"/proc/{parent}/mem", os.O_RDWR),
        "line": lambda: os.open(f"/proc/{parent}/fd/100", os.O_WRONLY),
        "tree": lambda: pathlib.Path(__file__).with_name("planted.py").write_text(""),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
            reached.append(name)
        except OSError:
            pass
"""


@pytest.mark.parametrize("mode", [Mode.WARM, Mode.RELOAD])
def test_code_that_runs_during_collection_reaches_neither_supervisor_nor_host(tmp_path: Path, mode: Mode) -> None:
    """What the unpatched project writes beside itself when it is imported stays in the worker's copy of the tree."""
    allowed = {"tree"} if mode is Mode.WARM else set()
    tests = f"import reaching\n\ndef test_reached():\n    assert set(reaching.reached) <= {allowed!r}\n"
    write_project(tmp_path, {"reaching.py": REACHING, "test_reached.py": tests, "pytest.ini": "[pytest]\n"})
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes(mode=mode) == {"test_reached": "passed"}
    assert not (tmp_path / "planted.py").exists()
