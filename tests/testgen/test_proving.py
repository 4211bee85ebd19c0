from dataclasses import dataclass, field, replace

from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult, TestResult
from pytest_codemode.testgen.proving import PAIRS, UNBELIEVED, WRITES, Proof, functions, prove_apart, prove_with_suite
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
    writes: dict[str, str] = field(default_factory=dict)
    """Node id, or empty for the suite -> the file that it changes."""
    green: frozenset[str] = frozenset()
    """How runs are called in which the test that must fail passes."""

    def measure(self, request, on_progress=None):
        self.measured.append(request)
        how = "apart" if request.nodeids == () else "shuffled" if request.order_seed else "collected"
        new = (ONE, FIRST, SECOND) if request.extra else request.nodeids or ()
        outcomes = dict.fromkeys(new, "passed") | (SUITE if request.nodeids is None else {})
        bad = self.fails.get(how)
        return MeasureResult(
            "finished",
            outcomes=outcomes | ({bad: "failed"} if bad else {}),
            canary_failed=how not in self.green if request.canary else None,
            touched=tuple(
                self.writes[one] for one in (*new, *([""] if request.nodeids is None else ())) if one in self.writes
            ),
        )

    def run_tests(self, request, on_result=None):
        self.runs.append(request)
        how = "alone" if request.mode is Mode.RELOAD else f"seed {request.hash_seed}"
        bad = self.fails.get(how)
        return RunResult(
            "finished",
            tuple(TestResult(one, Outcome.FAILED if one == bad else Outcome.PASSED) for one in request.nodeids),
            canary_failed=how not in self.green if request.canary else None,
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


def test_nothing_is_believed_of_a_run_in_which_a_test_passes_that_must_fail():
    for how in ("apart", "seed 2", "seed 3"):
        proof = apart(Scripted(green=frozenset({how})))
        assert proof.dropped == dict.fromkeys(functions([FILE]), UNBELIEVED), how
        assert proof.nodeids == {}
    for how in ("collected", "shuffled"):
        sandbox = Scripted(green=frozenset({how}))
        proof = apart(sandbox)
        assert proof.dropped == {}
        with_suite(sandbox, proof)
        assert proof.dropped == dict.fromkeys(functions([FILE]), UNBELIEVED), how


def test_each_cold_run_has_a_test_that_must_fail():
    sandbox = Scripted()
    with_suite(sandbox, apart(sandbox))
    assert all(request.canary for request in sandbox.measured)
    assert all(request.canary for request in sandbox.runs if request.mode is Mode.COLD)


def test_a_test_that_changes_the_projects_files_is_found_among_the_others():
    proof = apart(Scripted(writes={SECOND: "cache/data.txt"}))
    assert proof.dropped == {"tests/test_a.py::test_two": WRITES}
    assert list(proof.nodeids) == [ONE]


def test_what_the_suite_writes_by_itself_is_not_held_against_the_new_tests():
    sandbox = Scripted(writes={ONE: "app.log", "": "app.log"})
    assert apart(sandbox).dropped == {}
    assert len([one for one in sandbox.measured if one.nodeids is None]) == 1


def test_where_only_all_together_write_none_is_kept():
    class Together(Scripted):
        def measure(self, request, on_progress=None):
            result = super().measure(request)
            return replace(result, touched=("data.txt",)) if request.extra else result

    assert apart(Together()).dropped == dict.fromkeys(functions([FILE]), WRITES)
