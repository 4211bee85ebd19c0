"""Patched code that attacks what reports on it from within, and which layer catches it.

Code of the same process can do everything that the reporting code can. So there are three layers: the supervisor, who
believes no process that ends or speaks out of turn; the canary, a test that must fail in each confirming run; and the
policy on patches, asked before anything runs. The table says who catches what; nothing may pass all three.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pytest_codemode.core.outcome import Mode
from pytest_codemode.edits.policy import PolicyContext, examine_files
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

WRONG = "def add(a, b):\n    return a - b\n"
TESTS = "from calc import add\n\ndef test_before():\n    pass\n\ndef test_add():\n    assert add(1, 2) == 3\n"
TARGET = "test_calc.py::test_add"
CONTEXT = PolicyContext(
    rootdir="/project",
    editable=lambda _: True,
    tests=frozenset({"test_calc.py"}),
    installed=lambda _: True,
    assertion_literals=frozenset({"3"}),
    test_literals=frozenset({"3", "1", "2"}),
)


@dataclass(frozen=True)
class Forgery:
    name: str
    body: str
    """What `add` does before it returns what it always did."""
    caught: frozenset[str]
    """By whom: `policy`, `canary`, and `supervisor` where the test does not even seem to pass."""


def forgery(name: str, caught: str, body: str) -> Forgery:
    return Forgery(name, textwrap.dedent(body).strip("\n"), frozenset(caught.split()))


FORGERIES = [
    forgery(
        "replaces the function that judges, for this test alone",
        "policy",
        """
        import sys
        runner = sys.modules["pytest_codemode.worker.runner"]
        real = runner.result_of
        def lie(nodeid, reports, seconds):
            made = real(nodeid, reports, seconds)
            if "test_add" not in nodeid:
                return made
            return type(made)(nodeid, type(made.outcome).PASSED)
        runner.result_of = lie
        """,
    ),
    forgery(
        "makes every report a success",
        "policy canary",
        """
        import _pytest.reports
        _pytest.reports.BaseReport.failed = property(lambda self: False)
        _pytest.reports.BaseReport.passed = property(lambda self: True)
        """,
    ),
    forgery(
        "takes the exception away",
        "policy",
        """
        import _pytest.runner
        real = _pytest.runner.CallInfo.from_call.__func__
        def quiet(cls, func, when, reraise=None):
            call = real(cls, func, when, reraise)
            call.excinfo = None
            return call
        _pytest.runner.CallInfo.from_call = classmethod(quiet)
        """,
    ),
    forgery(
        "finds the reporter in the heap",
        "policy",
        """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "Reporter":
                encode = thing._encode
                thing._encode = lambda message: encode(message).replace('"failed"', '"passed"')
        """,
    ),
    forgery(
        "finds it up the stack",
        "policy",
        """
        import sys
        frame = sys._getframe()
        while frame:
            for value in list(frame.f_locals.values()):
                if type(value).__name__ == "Runner":
                    say = value._say
                    value._say = lambda message: say({**message, "x": 1})
            frame = frame.f_back
        """,
    ),
    forgery(
        "finds it up the stack of an exception",
        "policy",
        """
        try:
            raise KeyError
        except KeyError as problem:
            frame = problem.__traceback__.tb_frame
            while frame.f_back:
                frame = frame.f_back
        """,
    ),
    forgery(
        "finds its class among the subclasses",
        "policy",
        """
        for kind in object.__subclasses__():
            if kind.__name__ == "Reporter":
                real = kind.say
                kind.say = lambda self, message: real(self, {**message, "x": 1})
        """,
    ),
    forgery(
        "reads the token in its own memory",
        "policy",
        """
        for line in open("/proc/self/maps"):
            if "[heap]" in line:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                with open("/proc/self/mem", "rb") as memory:
                    memory.seek(start)
                    memory.read(end - start).find(b'"token"')
        """,
    ),
    forgery(
        "rewrites what the encoder makes",
        "policy supervisor",
        """
        import json
        real = json.JSONEncoder.iterencode
        def lie(self, o, _one_shot=False):
            return [part.replace('"failed"', '"passed"') for part in real(self, o, _one_shot)]
        json.JSONEncoder.iterencode = lie
        """,
    ),
    forgery(
        "replaces what writes and what exits",
        "policy supervisor",
        """
        import os
        os.write = lambda fd, data: len(data)
        os._exit = lambda status: None
        """,
    ),
    forgery("leaves at the end of the process", "policy supervisor", "import atexit, os\natexit.register(os._exit, 0)"),
    forgery(
        "leaves from a thread",
        "policy supervisor",
        """
        import os, threading
        threading.Thread(target=os._exit, args=(0,)).start()
        """,
    ),
    forgery("exits pytest", "policy supervisor", "import pytest\npytest.exit('done', 0)"),
    forgery("skips", "policy supervisor", "import pytest\npytest.skip('not now')"),
    forgery(
        "watches every call",
        "policy",
        """
        import sys
        def watch(frame, event, arg):
            if event == "return" and frame.f_code.co_name == "result_of":
                frame.f_locals.clear()
        sys.setprofile(watch)
        """,
    ),
    forgery("imports by the back door", "policy", "print.__self__.__import__('gc').collect()"),
    forgery("calls the C library", "policy", "import ctypes\nctypes.CDLL(None)"),
    forgery(
        "makes everything equal",
        "policy",
        "class Any(int):\n    def __eq__(self, other):\n        return True\nreturn Any()",
    ),
]


def attacking(forged: Forgery) -> str:
    return "def add(a, b):\n" + textwrap.indent(forged.body, "    ") + "\n    return a - b\n"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("judged")
    write_project(root, {"calc.py": WRONG, "test_calc.py": TESTS, "pytest.ini": "[pytest]\n"})
    with sandboxed(project_at(root)) as box:
        yield box


def refused_by_policy(forged: Forgery) -> bool:
    findings = examine_files({"calc.py": WRONG.encode()}, {"calc.py": attacking(forged).encode()}, CONTEXT)
    return any(found.severity == "refused" for found in findings)


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda forged: forged.name)
def test_no_patch_that_reaches_for_its_judge_gets_past_the_policy(forged: Forgery) -> None:
    assert refused_by_policy(forged) == ("policy" in forged.caught)


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(
            one, id=one.name, marks=() if one.name in ("rewrites what the encoder makes",) else pytest.mark.slow
        )
        for one in FORGERIES
        if one.caught & {"supervisor", "canary"}
    ],
)
def test_supervisor_and_canary_catch_what_they_are_said_to_without_the_policy(
    sandbox: Sandboxed, forged: Forgery
) -> None:
    run = sandbox.run(files={"calc.py": attacking(forged).encode()}, mode=Mode.COLD, canary="test_must_fail")
    seems_to_pass = any(result.nodeid == TARGET and result.outcome.green for result in run.results)
    if "supervisor" in forged.caught:
        assert not seems_to_pass, run
    if "canary" in forged.caught:
        assert run.canary_failed is not True, run


def test_everything_is_caught_by_somebody() -> None:
    assert all(forged.caught for forged in FORGERIES)


def test_a_conftest_that_passes_every_failure_proves_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Honest projects rewrite reports too; where they pass all failures, a green run says nothing."""
    root = tmp_path_factory.mktemp("lenient")
    lenient = """
        import pytest

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call):
            outcome = yield
            report = outcome.get_result()
            if report.failed {condition}:
                report.outcome = "passed"
                report.longrepr = None
    """
    for condition, proven in (("", False), ('and item.get_closest_marker("flaky")', True)):
        marked = TESTS.replace("def test_add", "import pytest\n\n@pytest.mark.flaky\ndef test_add")
        write_project(
            root,
            {
                "calc.py": WRONG,
                "test_calc.py": marked,
                "conftest.py": textwrap.dedent(lenient).replace("{condition}", condition),
                "pytest.ini": "[pytest]\nmarkers = flaky: may fail\n",
            },
        )
        with sandboxed(project_at(root)) as box:
            run = box.run(mode=Mode.COLD, canary="test_must_fail")
        # As in a plain run of pytest: the project says what a failure is.
        assert {result.nodeid: result.outcome.value for result in run.results}[TARGET] == "passed", run
        assert run.canary_failed is proven
