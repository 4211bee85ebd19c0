"""Does a failing test fail every time? Money and patches are for those that do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pytest_codemode.core.failure import Failure, Phase, headline
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, TestResult
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.refusal import is_refusal
from pytest_codemode.core.report import Unrepaired
from pytest_codemode.repair.testmap import pace

RUNS = 10
"""Runs of each quick failing test: one that fails half the time slips through 1 time in 1,000."""
FEW_RUNS = 3
SECONDS = 20.0
"""Tests that would need longer than this for all their runs get FEW_RUNS."""
ALL_SECONDS = 60.0
"""All quick tests together get fewer runs, FEW_RUNS at least, where RUNS of each would take longer than this."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What became of the failures that the plain run reported."""

    failures: tuple[Failure, ...]
    """One or more for each test that fails every time, as the sandbox saw them."""
    unrepaired: tuple[Unrepaired, ...]
    durations_s: dict[str, float]


def reproduce(
    sandbox: Sandbox, reported: tuple[Failure, ...], say: Callable[[str], None], *, runs: int = RUNS
) -> Reproduction:
    """Run what failed again, in forks, and sort it into real, flaky and not reproducible."""
    collectors = tuple(dict.fromkeys(f.nodeid for f in reported if f.when is Phase.COLLECT))
    hanging = tuple(dict.fromkeys(f.nodeid for f in reported if f.timed_out))
    tests = tuple(dict.fromkeys(f.nodeid for f in reported if f.nodeid not in collectors and f.nodeid not in hanging))
    failures, unrepaired = _collection(sandbox, collectors)
    history: dict[str, list[TestResult]] = {nodeid: [] for nodeid in (*tests, *hanging)}
    killed = [_again(sandbox, tests, history, runs, say)]
    # A test that hung for a whole time limit is believed after one more hang: each further run costs the limit again.
    killed.append(_again(sandbox, hanging, history, 1, say))
    for nodeid, results in history.items():
        verdict = _verdict(nodeid, results, max(killed))
        if not isinstance(verdict, Unrepaired):
            verdict = _refused(nodeid, verdict, [f for f in reported if f.nodeid == nodeid]) or verdict
        if isinstance(verdict, Unrepaired):
            unrepaired.append(verdict)
        else:
            failures.extend(verdict)
    durations = {n: min((r.duration_s for r in results), default=0.0) for n, results in history.items()}
    ordered = sorted(failures, key=lambda failure: pace(durations.get(failure.nodeid, 0.0)))
    return Reproduction(tuple(ordered), tuple(unrepaired), durations)


def _again(
    sandbox: Sandbox,
    nodeids: tuple[str, ...],
    history: dict[str, list[TestResult]],
    runs: int,
    say: Callable[[str], None],
) -> str:
    """Run `nodeids` up to `runs` times into `history`; return why a run did not finish, empty if all did."""
    pending, killed, affordable = nodeids, "", runs
    for attempt in range(runs):
        if not pending or attempt >= affordable:
            break
        say(f"{len(pending)} failing tests, run {attempt + 1} of {runs}")
        result = sandbox.run_tests(RunRequest(nodeids=pending, mode=Mode.WARM))
        killed = killed or (result.reason if result.status != "finished" else "")
        for one in result.results:
            if one.nodeid in history:
                history[one.nodeid].append(one)
        if attempt == 0:
            slow = {r.nodeid for r in result.results if r.duration_s * runs > SECONDS}
            few = min(runs, FEW_RUNS) - 1
            killed = _again(sandbox, tuple(n for n in pending if n in slow), history, few, say) or killed
            pending = tuple(n for n in pending if n not in slow)
            once_s = sum(r.duration_s for r in result.results if r.nodeid not in slow)
            affordable = max(FEW_RUNS, int(ALL_SECONDS / once_s)) if once_s else runs
        # One pass is enough to know that a test is flaky, but its rate is worth telling: it stays in.
    return killed


def _verdict(nodeid: str, results: list[TestResult], killed: str) -> tuple[Failure, ...] | Unrepaired:
    outcomes = Counter(result.outcome for result in results)
    failed = sum(outcomes[o] for o in (Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED))
    if failed and failed == len(results):
        first = next((r for r in results if r.failures), results[0])
        return first.failures or (_without_report(nodeid, first),)
    if failed:
        return Unrepaired(nodeid, "flaky", f"failed {failed} of {len(results)} runs on the same code")
    if not results and killed:
        return Unrepaired(nodeid, "not reproducible", f"its run in the sandbox did not finish: {killed}")
    if not results or outcomes[Outcome.MISSING] == len(results):
        told = next((headline(failure) for result in results for failure in result.failures), "")
        why = f" ({told})" if told else ""
        detail = (
            f"the sandbox does not collect it{why}; if it needs a file that is generated or lies outside the project, "
            "show it with --codemode-mount"
        )
        return Unrepaired(nodeid, "not reproducible", detail)
    outcome, count = outcomes.most_common(1)[0]
    detail = (
        f"{outcome.value} in {count} of {len(results)} runs in the sandbox: it may need the network "
        "(--codemode-network), a variable (--codemode-env), a file (--codemode-mount), or other tests before it"
    )
    return Unrepaired(nodeid, "not reproducible", detail)


def _refused(nodeid: str, found: tuple[Failure, ...], reported: list[Failure]) -> Unrepaired | None:
    """Tell of a test that is kept from doing here what it did in the user's run, where it failed in another way."""
    refusal = next((failure for failure in found if is_refusal(failure)), None)
    if refusal is None or any(is_refusal(one) or one.exception == refusal.exception for one in reported):
        return None
    detail = (
        f"the sandbox refuses what it does before it fails ({headline(refusal)}): it can write below the project, "
        "HOME and TMPDIR, and read what is installed or shown with --codemode-mount"
    )
    return Unrepaired(nodeid, "not reproducible", detail)


def _without_report(nodeid: str, result: TestResult) -> Failure:
    timed_out = result.outcome is Outcome.TIMEOUT
    name = "Timeout" if timed_out else "Crash"
    return Failure(nodeid, Phase.CALL, name, f"the test {result.outcome.value}", timed_out=timed_out)


def _collection(sandbox: Sandbox, collectors: tuple[str, ...]) -> tuple[list[Failure], list[Unrepaired]]:
    failures: list[Failure] = []
    unrepaired: list[Unrepaired] = []
    if not collectors:
        return failures, unrepaired
    found = {failure.nodeid: failure for failure in sandbox.collect().errors}
    for nodeid in collectors:
        if nodeid in found:
            failures.append(found[nodeid])
        else:
            unrepaired.append(Unrepaired(nodeid, "not reproducible", "it can be collected in the sandbox"))
    return failures, unrepaired
