from dataclasses import dataclass, field

from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult, TestResult
from pytest_codemode.testgen.proving import PAIRS, Proof, functions, prove_apart, prove_with_suite
from pytest_codemode.testgen.writing.module import TestFile

FILE = TestFile("tests/test_a.py", None, b"", ("test_one", "test_two"), {"test_one": ("1",), "test_two": ("2", "3")})
ONE, FIRST, SECOND = "tests/test_a.py::test_one", "tests/test_a.py::test_two[a]", "tests/test_a.py::test_two[b]"
SUITE = {"tests/test_old.py::test_old": "passed", "tests/test_old.py::test_red": "failed"}


@dataclass
class Scripted:
    """A sandbox in which everything passes but what `fails` says of a run."""

    fails: dict[str, str] = field(default_factory=dict)
    """How a run is called here -> node id that fails in it."""
    measured: list[MeasureRequest] = field(default_factory=list)
    runs: list[RunRequest] = field(default_factory=list)

    def measure(self, request, on_progress=None):
        self.measured.append(request)
        how = "apart" if request.nodeids == () else "shuffled" if request.order_seed else "collected"
        outcomes = dict.fromkeys((ONE, FIRST, SECOND), "passed") | (SUITE if request.nodeids is None else {})
        bad = self.fails.get(how)
        return MeasureResult("finished", outcomes=outcomes | ({bad: "failed"} if bad else {}))

    def run_tests(self, request, on_result=None):
        self.runs.append(request)
        how = "alone" if request.mode is Mode.RELOAD else f"seed {request.hash_seed}"
        bad = self.fails.get(how)
        return RunResult(
            "finished",
            tuple(TestResult(one, Outcome.FAILED if one == bad else Outcome.PASSED) for one in request.nodeids),
        )


def apart(sandbox: Scripted) -> Proof:
    return prove_apart([FILE], {"tests/test_a.py": b"x"}, sandbox, ("a.py",), 2)


def with_suite(sandbox: Scripted, proof: Proof, *, time: bool = True, flaky=()) -> tuple[str, ...]:
    return prove_with_suite(
        proof,
        [FILE],
        {"tests/test_a.py": b"x"},
        sandbox,
        before=SUITE,
        flaky=flaky,
        paths=("a.py",),
        enough_time=lambda: time,
        workers=2,
    )


def test_each_test_runs_alone_and_with_the_others_in_each_order_under_each_hash_seed():
    sandbox = Scripted()
    proof = apart(sandbox)
    assert proof.dropped == {}
    assert proof.nodeids == {ONE: (ONE,), "tests/test_a.py::test_two": (FIRST, SECOND)}
    seeds = {request.hash_seed for request in (*sandbox.measured, *sandbox.runs) if request.hash_seed is not None}
    assert seeds == {seed for _, seed in PAIRS}
    assert {request.order_seed for request in sandbox.runs if request.mode is Mode.COLD} == {11, 23}
    assert {request.nodeids for request in sandbox.runs if request.mode is Mode.RELOAD} == {(ONE,), (FIRST, SECOND)}


def test_a_test_that_fails_once_is_dropped_and_says_where():
    for how, said in (("apart", "by itself"), ("seed 3", "another hash seed"), ("alone", "alone")):
        proof = apart(Scripted({how: SECOND}))
        assert list(proof.dropped) == ["tests/test_a.py::test_two"], how
        assert said in proof.dropped["tests/test_a.py::test_two"]


def test_with_the_suite_in_both_orders():
    sandbox = Scripted()
    proof = apart(sandbox)
    assert with_suite(sandbox, proof) == ()
    assert [request.order_seed for request in sandbox.measured[1:]] == [None, 47]
    assert all(request.extra == ("tests/test_a.py",) for request in sandbox.measured)
    assert proof.orders == [None, 47]


def test_without_time_the_suite_runs_once():
    sandbox = Scripted()
    proof = apart(sandbox)
    with_suite(sandbox, proof, time=False)
    assert proof.orders == [None]


def test_a_new_test_that_fails_only_with_the_suite_is_dropped():
    sandbox = Scripted({"shuffled": ONE})
    proof = apart(sandbox)
    assert with_suite(sandbox, proof) == ()
    assert list(proof.dropped) == [ONE]


def test_what_the_new_tests_break_is_named_and_what_failed_before_is_not():
    sandbox = Scripted({"collected": "tests/test_old.py::test_old"})
    proof = apart(sandbox)
    assert with_suite(sandbox, proof) == ("tests/test_old.py::test_old",)
    assert with_suite(sandbox, proof, flaky={"tests/test_old.py::test_old"}) == ()


def test_functions_are_named_by_their_file():
    assert functions([FILE]) == (ONE, "tests/test_a.py::test_two")
