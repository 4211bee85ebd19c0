"""Each result tells its phases: how each ended, how long it took and, on request, what it printed."""

from collections.abc import Iterator

import pytest

from pytest_codemode.core.failure import Phase
from pytest_codemode.core.outcome import Candidate, Mode, PhaseResult, TestResult
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

TESTS = """
    import logging, sys, time
    import pytest

    @pytest.fixture
    def loud():
        print("setting up")
        yield
        print("tearing down")

    @pytest.fixture
    def broken_end():
        yield
        raise ValueError("at the end")

    @pytest.fixture
    def broken_start():
        print("so far")
        raise KeyError("at the start")

    def test_passes(loud):
        print("out", end="")
        print("err", file=sys.stderr, end="")
        logging.getLogger("x").warning("log")
        time.sleep(0.05)

    def test_end(broken_end):
        pass

    def test_start(broken_start):
        pass

    @pytest.mark.xfail
    def test_expected():
        assert 0

    @pytest.mark.skip
    def test_skipped():
        pass

    def test_parts(subtests):
        with subtests.test("one"):
            assert 0
        with subtests.test("two"):
            pass

    def test_much():
        print("head" + "x" * 1_000_000 + "tail")
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("phases")
    write_project(root, {"test_p.py": TESTS})
    with sandboxed(project_at(root)) as box:
        yield box


def ran(box: Sandboxed, name: str, **fields: object) -> TestResult:
    (result,) = box.run(f"test_p.py::test_{name}", **fields).results
    return result


def kinds(result: TestResult) -> dict[str, str]:
    return {phase.when.value: phase.outcome for phase in result.phases}


@pytest.mark.parametrize("mode", Mode)
def test_each_phase_tells_how_it_ended(box: Sandboxed, mode: Mode) -> None:
    names = ("passes", "end", "start", "expected", "skipped", "parts")
    run = box.run(*(f"test_p.py::test_{name}" for name in names), mode=mode).by_nodeid()
    found = {name: kinds(run[f"test_p.py::test_{name}"]) for name in names}

    assert found == {
        "passes": {"setup": "passed", "call": "passed", "teardown": "passed"},
        "end": {"setup": "passed", "call": "passed", "teardown": "failed"},
        "start": {"setup": "failed", "teardown": "passed"},
        "expected": {"setup": "passed", "call": "skipped", "teardown": "passed"},
        "skipped": {"setup": "skipped", "teardown": "passed"},
        "parts": {"setup": "passed", "call": "failed", "teardown": "passed"},
    }
    failed = {name: [failure.when for failure in run[f"test_p.py::test_{name}"].failures] for name in ("end", "start")}
    assert failed == {"end": [Phase.TEARDOWN], "start": [Phase.SETUP]}
    times = {phase.when: phase.duration_s for phase in run["test_p.py::test_passes"].phases}
    assert times[Phase.CALL] >= 0.05 > times[Phase.SETUP] > 0


def test_what_each_phase_printed_comes_on_request_for_passing_tests_too(box: Sandboxed) -> None:
    setup, call, teardown = ran(box, "passes", output=True).phases

    assert setup.output == "Captured stdout setup:\nsetting up\n"
    assert teardown.output == "Captured stdout teardown:\ntearing down\n"
    for part in ("Captured stdout call:\nout", "Captured stderr call:\nerr", "WARNING", "log"):
        assert part in call.output
    assert ran(box, "start", output=True).phases[0].output == "Captured stdout setup:\nso far\n"
    assert all(phase.output == "" for phase in ran(box, "passes").phases)


def test_what_a_phase_printed_keeps_head_and_tail(box: Sandboxed) -> None:
    output = ran(box, "much", output=True).phases[1].output

    assert output.startswith("Captured stdout call:\nhead")
    assert output.endswith("tail\n")
    assert "cut" in output
    assert len(output) < 25_000


def test_screening_tells_no_phases(box: Sandboxed) -> None:
    source = (box.project.rootdir + "/test_p.py").encode()
    with open(source, "rb") as file:  # noqa: PTH123  # a path as the project has it
        same = Candidate("same", {"test_p.py": file.read()})
    (tried,) = box.attempt(same, on=("test_p.py::test_passes",))

    assert [result.phases for result in tried.results] == [()]
    assert PhaseResult(Phase.CALL, "passed") not in ran(box, "skipped").phases
