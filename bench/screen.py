"""Print how many candidates are judged a second, beside one cold `python -m pytest` of the same test.

`python -m bench.screen [--candidates N] [--rounds N] [--sandbox LEVEL]`

Everything is real: the example project's copy, the search proposer's own candidates, the MCP server, its workers and
their isolation. Cold runs and screening alternate in one go; both sides may read and write bytecode.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.places import described
from pytest_codemode.core.outcome import Candidate, Mode, RunRequest, TryRequest
from pytest_codemode.core.patch import Applied
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.swaps import swaps
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.sandbox.client import SandboxClient

EXAMPLE = Path(__file__).resolve().parents[1] / "example_project"
TEST = "tests/test_money.py::test_an_amount_is_split_by_weight[largest loss first]"
PATH = "src/orderdesk/money.py"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.screen", description=__doc__)
    parser.add_argument("--candidates", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        _measure(root, options)


def _measure(root: Path, options: argparse.Namespace) -> None:
    cold(root)  # writes the bytecode
    with SandboxClient(described(root, options.sandbox, options.workers)) as sandbox:
        info = sandbox.info()
        failures = sandbox.run_tests(RunRequest((TEST,), mode=Mode.WARM)).by_nodeid()[TEST].failures
        source = (root / PATH).read_bytes()
        task = RepairTask("t1", failures, _suspects(source), {PATH: source}, {})
        candidates = tuple(_candidates(task, options.candidates))
        swapped = sum(bool(c.swaps) for c in candidates)
        sandbox.try_patches(TryRequest(candidates[:8], (TEST,)))  # starts every worker
        colds, rates = [], []
        for _ in range(options.rounds):
            colds.append(cold(root))
            started = time.perf_counter()
            results = sandbox.try_patches(TryRequest(candidates, (TEST,), 2.0))
            rates.append(len(results) / (time.perf_counter() - started))
    cold_s, rate = statistics.median(colds), statistics.median(rates)
    by_swap = sum(result.strategy == "swap" for result in results)
    version = sys.version.split()[0]
    print(f"python {version}, sandbox {info.level}, {options.workers} workers, medians of {options.rounds}")
    print(f"{'one cold pytest run of the test':44} {cold_s * 1000:9.0f} ms  {1 / cold_s:8.1f} /s")
    print(f"{f'{len(candidates)} candidates ({swapped} swappable, {by_swap} swapped)':44} ", end="")
    print(f"{1000 / rate:9.2f} ms  {rate:8.1f} /s")
    print(f"{'ratio':44} {rate * cold_s:9.1f} times")


def cold(root: Path) -> float:
    """Return the seconds that a plain run of the test takes."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", TEST],
        cwd=root,
        capture_output=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
    )
    return time.perf_counter() - started


def _suspects(source: bytes) -> tuple[Suspect, ...]:
    lines = source.decode().splitlines()
    return tuple(Suspect(PATH, n, 1.0) for n, line in enumerate(lines, 1) if line.startswith("        "))


def _candidates(task: RepairTask, count: int) -> Iterator[Candidate]:
    proposals = SearchProposer().propose(task)
    batch, made = next(proposals), 0
    while made < count:
        for patch in batch[: count - made]:
            applied = apply(patch, task.sources.get)
            if isinstance(applied, Applied):
                yield Candidate(str(made), applied.files, swaps(applied, task.sources.get))
                made += 1
        batch = proposals.send(tuple(Trial(patch, Verdict.NOT_TRIED) for patch in batch))


if __name__ == "__main__":
    main()
