"""Print how many candidates one core judges a second, beside cold `python -m pytest` runs of the same test.

`python -m bench.screen [SUITE...] [--candidates N] [--alone N] [--rounds N] [--seed N] [--sandbox LEVEL] [--python PY]`

First a trivial test, then, in each SUITE (see `bench.suites`), a test that fails by a bug put into a scratch copy.
Everything is real: the search's own candidates, the MCP server, its worker and its isolation. All of it, cold runs
too, shares one core, and the ways take turns. Both sides read bytecode. Candidates are judged in a fork each and in
batches; where the two disagree on one, that is told.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from bench.places import described
from bench.planted import Planted, plant
from bench.suites import Copy, Suite
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Candidate, Mode, RunRequest, TryRequest, TryResult
from pytest_codemode.core.patch import Applied
from pytest_codemode.core.project import Project
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.swaps import swaps
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.sandbox.client import SandboxClient

_MODULE = """\
def clamp(value, low, high):
    if value < low:
        return low
    if value >= high:
        return value
    return value
"""
_TEST = """\
from limits import clamp


def test_clamp():
    assert clamp(12, 0, 10) == 10
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A project with a failing test."""

    name: str
    project: Project
    bug: Planted
    cold: Callable[[], float]
    """Runs the test cold and returns the seconds that took."""

    @property
    def source(self) -> bytes:
        """The file with the bug."""
        return (Path(self.project.rootdir) / self.bug.path).read_bytes()


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen at one place."""

    cold_s: float
    alone_s: float
    """Of one candidate."""
    batched_s: float
    alone: tuple[TryResult, ...]
    batched: tuple[TryResult, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.screen", description=__doc__)
    parser.add_argument("suites", nargs="*", type=Path, metavar="SUITE")
    parser.add_argument("--candidates", type=int, default=1_000)
    parser.add_argument("--alone", type=int, default=100, help="of these, judged in a fork each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    core = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder).resolve()
        for place in _places(options, scratch):
            os.sched_setaffinity(0, {core})
            try:
                _print(place, _measured(place, options))
            except SandboxError as problem:
                print(f"{place.name}: {problem}", flush=True)


def _places(options: argparse.Namespace, scratch: Path) -> Iterator[Place]:
    yield _trivial(scratch / "trivial", options.sandbox)
    for number, suite in enumerate(suite for folder in options.suites for suite in Suite.found(folder)):
        own = scratch / str(number)
        own.mkdir()
        copy = Copy(suite, own, options.python)
        project, bug = plant(copy, options.seed)
        project = replace(project, level=options.sandbox)
        yield Place(suite.name, project, bug, lambda copy=copy, bug=bug: copy.cold(bug.nodeid))


def _trivial(root: Path, level: str) -> Place:
    root.mkdir()
    (root / "limits.py").write_text(_MODULE)
    (root / "test_limits.py").write_text(_TEST)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    project = replace(described(root, level), env=env, inifile="")
    bug = Planted("test_limits.py::test_clamp", "limits.py", range(2, 7))

    def cold() -> float:
        command = [sys.executable, "-m", "pytest", "-q", *project.pytest_args, bug.nodeid]
        started = time.perf_counter()
        subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
        return time.perf_counter() - started

    return Place("trivial", project, bug, cold)


def _measured(place: Place, options: argparse.Namespace) -> Measured:
    place.cold()  # writes the bytecode
    nodeids = (place.bug.nodeid,)
    with SandboxClient(place.project) as sandbox:
        failures = sandbox.run_tests(RunRequest(nodeids, mode=Mode.WARM)).results[0].failures
        suspects = tuple(Suspect(place.bug.path, line, 1.0) for line in place.bug.lines)
        task = RepairTask("t1", failures, suspects, {place.bug.path: place.source}, {})
        candidates = _candidates(task, options.candidates)
        some = tuple(random.Random(options.seed).sample(candidates, min(options.alone, len(candidates))))
        sandbox.try_patches(TryRequest(candidates[:64], nodeids, 10.0, 2.0))  # starts what is started once
        colds, alones, batches = [], [], []
        for _ in range(options.rounds):
            colds.append(place.cold())
            alone_s, alone = _timed(sandbox, TryRequest(some, nodeids, 10.0, 2.0, alone=True))
            batched_s, batched = _timed(sandbox, TryRequest(candidates, nodeids, 10.0, 2.0))
            alones.append(alone_s)
            batches.append(batched_s)
    median = statistics.median
    return Measured(median(colds), median(alones), median(batches), alone, batched)


def _timed(sandbox: SandboxClient, request: TryRequest) -> tuple[float, tuple[TryResult, ...]]:
    started = time.perf_counter()
    results = sandbox.try_patches(request)
    return (time.perf_counter() - started) / len(results), results


def _candidates(task: RepairTask, count: int) -> tuple[Candidate, ...]:
    """Return what the search proposes and a swap can show; from the beginning again where that is less."""
    different = list(islice(_proposed(task), count))
    again = islice(cycle(different), count)
    return tuple(replace(candidate, key=str(number)) for number, candidate in enumerate(again))


def _proposed(task: RepairTask) -> Iterator[Candidate]:
    proposals = SearchProposer().propose(task)
    trials: tuple[Trial, ...] | None = None
    while True:
        try:
            batch = next(proposals) if trials is None else proposals.send(trials)
        except StopIteration:
            return
        for patch in batch:
            applied = apply(patch, task.sources.get)
            swapped = swaps(applied, task.sources.get) if isinstance(applied, Applied) else ()
            if isinstance(applied, Applied) and swapped:
                yield Candidate("", applied.files, swapped)
        trials = tuple(Trial(patch, Verdict.NOT_TRIED) for patch in batch)


def _print(place: Place, seen: Measured) -> None:
    level, version = place.project.level, sys.version.split()[0]
    print(f"\n{place.name}: {place.bug.nodeid} (python {version}, sandbox {level}, one core)")
    _line("one cold pytest run", seen.cold_s, seen.cold_s)
    _line(f"a fork each ({len(seen.alone)} candidates)", seen.alone_s, seen.cold_s)
    _line(f"in batches ({len(seen.batched)} candidates)", seen.batched_s, seen.cold_s)
    together = sum(result.batched for result in seen.batched)
    compared, other = _differences(seen.alone, seen.batched)
    print(
        f"  judged in batches {together} of {len(seen.batched)}; judged otherwise alone: {other} of {compared}",
        flush=True,
    )


def _line(what: str, each_s: float, cold_s: float) -> None:
    print(f"  {what:34} {1000 * each_s:9.2f} ms {1 / each_s:9.1f} /s {cold_s / each_s:8.1f} times")


def _differences(alone: Sequence[TryResult], batched: Sequence[TryResult]) -> tuple[int, int]:
    """Return how many batched verdicts were judged alone too, and how many of them came out otherwise."""
    told = {result.key: result for result in batched}
    pairs = [(told[one.key].status, one.status) for one in alone if told[one.key].batched]
    return len(pairs), sum(first != second for first, second in pairs)


if __name__ == "__main__":
    main()
