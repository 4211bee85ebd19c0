"""Does a test that is forked from the warm session end as in a plain run of its suite?

`python -m bench.fidelity FOLDER... [--python PY] [--sample N] [--together] [--workers N] [--sandbox LEVEL]`

FOLDER is a prepared suite or a folder of them (see `bench.suites`). Each is copied and run once by plain pytest; then
every test of it is forked on its own, through the MCP server, its workers and their isolation. With `--together` one
fork runs them all. A test may also end the same while it tests an installed copy: whether forks execute files of the
tree is looked at too. PY is the interpreter that holds what the suites need and this package.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench.suites import Copy, Plain, Suite
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.failure import headline
from pytest_codemode.core.outcome import Mode, RunRequest, RunResult
from pytest_codemode.core.project import Limits
from pytest_codemode.sandbox.client import SandboxClient

_RUN_S = 1800.0
_UNSTABLE = re.compile(r"0x[0-9a-f]+|\d+|/tmp/\S+")
_LOOKED_AT = 40
"""Tests of each suite whose executed files are looked at."""
_KEY_CHARS = 80
"""How much of two reasons has to be the same, numbers and places apart, for them to be told as one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one test ended."""

    outcome: str
    reason: str = ""
    """One line; empty where all is well."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A test that ended otherwise."""

    nodeid: str
    plain: Ended
    forked: Ended

    @property
    def reason(self) -> str:
        """The line of the side that failed, of the fork if both did."""
        return self.forked.reason or self.plain.reason

    @property
    def kind(self) -> tuple[str, str, str]:
        """What differences of one cause have in common."""
        return self.plain.outcome, self.forked.outcome, _UNSTABLE.sub("#", self.reason)[:_KEY_CHARS]


@dataclass(frozen=True, slots=True)
class Forked:
    """What the forks showed."""

    ended: dict[str, Ended]
    collected: frozenset[str]
    executed: frozenset[str]
    """Files of the tree in which a sample of the tests executed a function."""
    seconds: float
    """Wall clock of everything, start of the server and collection included."""
    each_ms: float
    """Median wall clock of one test's request; a test's share where one fork ran all."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of one suite."""

    suite: str
    plain: Plain
    forked: Forked
    differences: tuple[Difference, ...]
    alone: dict[str, Ended]
    """Node id -> how a plain pytest ends that runs nothing else, for one test of each kind of difference."""

    @property
    def misses_the_tree(self) -> bool:
        """Whether the plain run imported files of the tree, other than tests, and the forks execute none of them."""
        return bool(self.plain.imported) and self.forked.executed.isdisjoint(self.plain.imported)

    def line(self) -> str:
        """Return the suite's row of the table."""
        tests, different = len(self.forked.ended), len(self.differences)
        row = f"{self.suite:28} {tests:6} {tests - different:6} {different:9} {self.plain.seconds:8.1f}"
        return f"{row} {self.forked.seconds:9.1f} {self.forked.each_ms:8.1f}"

    def details(self) -> str:
        """Return the differences, those of one kind together."""
        lines: list[str] = []
        if self.misses_the_tree:
            lines.append(f"  the forks execute another copy of the project: nothing of {self.plain.imported[0]} runs")
        for group in _kinds(self.differences):
            first = group[0]
            alone = self.alone.get(first.nodeid)
            lines.append(f"  {first.plain.outcome} -> {first.forked.outcome}, {len(group)} x: {first.reason}")
            if alone is not None:  # a test of this name may not exist a second time
                lines.append(f"    alone in a plain pytest: {alone.outcome} {alone.reason}".rstrip())
            lines.extend(f"    {difference.nodeid}" for difference in group)
        return "\n".join(lines)


HEAD = f"{'suite':28} {'tests':>6} {'same':>6} {'different':>9} {'plain s':>8} {'forked s':>9} {'ms each':>8}"


def compare(suite: Suite, options: argparse.Namespace) -> Comparison:
    """Run a copy of the suite both ways.

    Raises:
        RuntimeError: the plain run did not get to its end.
        SandboxError: the sandbox failed.
    """
    with tempfile.TemporaryDirectory(prefix="codemode-bench-", dir=options.scratch) as name:
        copy = Copy(suite, Path(name).resolve(), options.python)
        plain = copy.plain()
        forked = fork(plain, options)
        differences = tuple(_differences(plain, forked, everything=not options.sample))
        firsts = [group[0].nodeid for group in _kinds(differences) if group[0].nodeid in plain.collected]
        runs = {nodeid: copy.plain(only=nodeid) for nodeid in firsts}
        alone = {nodeid: _of_plain(run, nodeid) for nodeid, run in runs.items() if nodeid in run.outcomes}
        return Comparison(suite.name, plain, forked, differences, alone)


def fork(plain: Plain, options: argparse.Namespace) -> Forked:
    """Run the tests of a plain run again, in forks."""
    limits = Limits(run_s=_RUN_S)
    project = replace(plain.project, level=options.sandbox, workers=options.workers, limits=limits)
    asked = sampled(tuple(dict.fromkeys(plain.collected)), options.sample)
    started = time.perf_counter()
    with SandboxClient(project) as sandbox:
        collected = frozenset(sandbox.collect().nodeids)
        if not options.sample:
            asked += tuple(sorted(collected - frozenset(asked)))
        ended, each = (_together if options.together else _one_by_one)(sandbox, asked, options.workers)
        seconds = time.perf_counter() - started
        return Forked(ended, collected, _executed(sandbox, sampled(asked, _LOOKED_AT)), seconds, 1000 * each)


def _one_by_one(sandbox: SandboxClient, nodeids: tuple[str, ...], workers: int) -> tuple[dict[str, Ended], float]:
    """Return how each ended in a fork of its own, and the median of their seconds."""
    with ThreadPoolExecutor(workers) as threads:
        runs = list(threads.map(lambda nodeid: _timed(sandbox, (nodeid,)), nodeids))
    ended = {nodeid: _of_run(run, nodeid) for nodeid, (run, _) in zip(nodeids, runs, strict=True)}
    return ended, statistics.median([seconds for _, seconds in runs] or [0.0])


def _together(sandbox: SandboxClient, nodeids: tuple[str, ...], _workers: int) -> tuple[dict[str, Ended], float]:
    """Return how each ended in one fork, and the share of one in its seconds."""
    run, seconds = _timed(sandbox, nodeids)
    return {nodeid: _of_run(run, nodeid) for nodeid in nodeids}, seconds / max(len(nodeids), 1)


def _executed(sandbox: SandboxClient, nodeids: tuple[str, ...]) -> frozenset[str]:
    run = sandbox.run_tests(RunRequest(nodeids, mode=Mode.WARM, record="functions"))
    return frozenset(function.partition("::")[0] for result in run.results for function in result.functions)


def sampled(nodeids: Sequence[str], count: int) -> tuple[str, ...]:
    """Return about `count` of the node ids, evenly spread and always the same; all for 0."""
    step = max(1, len(nodeids) // count) if count else 1
    return tuple(nodeids[::step])


def _timed(sandbox: SandboxClient, nodeids: tuple[str, ...]) -> tuple[RunResult, float]:
    started = time.perf_counter()
    result = sandbox.run_tests(RunRequest(nodeids, mode=Mode.WARM))
    return result, time.perf_counter() - started


def _of_run(run: RunResult, nodeid: str) -> Ended:
    result = run.by_nodeid().get(nodeid)
    if result is None:
        return Ended(f"run {run.status}", _one_line(run.reason))
    return Ended(result.outcome.value, _one_line(headline(result.failures[0])) if result.failures else "")


def _of_plain(plain: Plain, nodeid: str) -> Ended:
    outcome, reason = plain.outcomes.get(nodeid, ("not run", ""))
    return Ended(outcome, _one_line(reason))


def _differences(plain: Plain, forked: Forked, *, everything: bool) -> Iterator[Difference]:
    for nodeid in dict.fromkeys((*forked.ended, *(plain.outcomes if everything else ()))):
        before, after = _of_plain(plain, nodeid), forked.ended.get(nodeid, Ended("not run"))
        is_broken_file = nodeid not in plain.collected and before.outcome == "failed"
        if before.outcome != after.outcome and not (is_broken_file and after.outcome == "not run"):
            reason = after.reason or _why_not_there(nodeid, plain, forked)
            yield Difference(nodeid, before, replace(after, reason=reason))


def _why_not_there(nodeid: str, plain: Plain, forked: Forked) -> str:
    """Return why a test is in one collection only; empty if it is in both."""
    for where, collected in (("the plain run", plain.collected), ("the fork", forked.collected)):
        if nodeid not in collected:
            renamed = nodeid.partition("[")[0] in {other.partition("[")[0] for other in collected}
            return "each collection gives it another id" if renamed else f"not collected in {where}"
    return ""


def _kinds(differences: Sequence[Difference]) -> list[list[Difference]]:
    kinds: dict[tuple[str, str, str], list[Difference]] = {}
    for difference in differences:
        kinds.setdefault(difference.kind, []).append(difference)
    return list(kinds.values())


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


def main() -> int:
    """Compare and print; return 1 if any test ended otherwise, or a suite could not be run."""
    parser = argparse.ArgumentParser(prog="python -m bench.fidelity", description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="prepared suites, or folders of them")
    parser.add_argument("--python", default=sys.executable, help="interpreter with the suites' requirements")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="fork about N tests of each suite only")
    parser.add_argument("--together", action="store_true", help="run each suite's tests in one fork")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL")
    parser.add_argument("--scratch", metavar="DIR", help="where copies are made (default: the temporary folder)")
    options = parser.parse_args()
    print(HEAD, flush=True)
    different = False
    for suite in (suite for folder in options.folders for suite in Suite.found(folder)):
        try:
            comparison = compare(suite, options)
        except (RuntimeError, SandboxError) as problem:
            print(f"{suite.name:28} not compared: {problem}", flush=True)
            different = True
            continue
        different = different or bool(comparison.differences) or comparison.misses_the_tree
        print("\n".join(filter(None, (comparison.line(), comparison.details()))), flush=True)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
