"""Print what the sandbox costs a call, beside the same thing without it; or whether many calls leave something behind.

`python -m bench.sandbox [--rounds N] [--sandbox LEVEL]` runs, in turns, a program and a test in every way there is, and
prints the medians. Everything is real: a server process, an MCP client that speaks stdio with it, its fenced workers.

`python -m bench.sandbox --calls N` sends N programs one after the other and prints memory, descriptors and processes of
the server with all its workers before the first and after the last one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

from bench.footprint import Footprint, child_running, footprint
from bench.places import described
from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation.binary import find

SERVER = "pytest_codemode.mcp_server"
NODEID = "test_sum.py::test_sum"
SUM = "def total(numbers):\n    return sum(numbers)\n"
FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "sums.py": SUM,
    "test_sum.py": "from sums import total\n\n\ndef test_sum():\n    assert total([1, 2]) == 3\n",
}
PATCHED = {"sums.py": SUM.replace("numbers)\n", "numbers, 0)\n", 2)}
SETTLE_CALLS = 60
"""Calls before the first look: caches fill, and the interpreter that programs are forked from is started."""

Measured = Callable[[], Awaitable[object]]


def main() -> int:
    """Measure and print; return 1 if something was left behind."""
    parser = argparse.ArgumentParser(prog="python -m bench.sandbox", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        if options.calls:
            return anyio.run(_endure, root, options)
        anyio.run(_compare, root, options)
    return 0


async def _compare(root: Path, options: argparse.Namespace) -> None:
    # A module of the project that stands in the way of a standard one lets every program start cold.
    warm, cold = project_in(root / "warm", options.sandbox), project_in(root / "cold", options.sandbox)
    Path(cold.rootdir, "platform.py").write_text("")
    async with serving(warm, "--warm") as client, serving(cold) as cold_client:
        level = (await called(client, "environment", {}))["level"]
        measured = {
            "execute_code, warm": lambda: executed(client),
            "execute_code, cold": lambda: executed(cold_client),
            "python -c": lambda: ran([sys.executable, "-c", "print(1)"], warm),
            **_bubblewrapped(warm),
            "run_tests of one test, forked": lambda: tested(client, {}),
            "run_tests of one test, second zygote, patched": lambda: tested(
                client, {"mode": "reload", "files": patched_files()}
            ),
            "python -m pytest of one test": lambda: ran([sys.executable, "-m", "pytest", "-q", NODEID], warm),
        }
        for call in measured.values():
            for _ in range(2):
                await call()
        times = await _in_turns(measured, options.rounds)
    _print(times, level, options.rounds)


async def _in_turns(measured: dict[str, Measured], rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of each call by name; each round begins with another one."""
    times: dict[str, list[float]] = {name: [] for name in measured}
    names = list(measured)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            started = time.perf_counter()
            await measured[name]()
            times[name].append((time.perf_counter() - started) * 1000)
    return times


def _print(times: dict[str, list[float]], level: str, rounds: int) -> None:
    load = os.getloadavg()[0]
    print(f"python {sys.version.split()[0]}, sandbox {level}, {rounds} rounds, load {load:.1f}, milliseconds")
    print(f"{'':46} {'median':>8} {'least':>8} {'of python -c':>13}")
    plain = statistics.median(times["python -c"])
    for name, row in times.items():
        median = statistics.median(row)
        print(f"{name:46} {median:8.1f} {min(row):8.1f} {median / plain:13.2f}")


async def _endure(root: Path, options: argparse.Namespace) -> int:
    before, after, took_s = await endured(project_in(root / "project", options.sandbox), options.calls)
    print(f"{options.calls} programs in {took_s:.0f} s, {took_s / options.calls * 1000:.1f} ms each")
    print(f"{'':8} {'server MiB':>11} {'workers MiB':>12} {'descriptors':>12} {'processes':>10}")
    for name, seen in (("before", before), ("after", after)):
        print(f"{name:8} {seen.own_mib:11.1f} {seen.others_mib:12.1f} {seen.descriptors:12} {seen.processes:10}")
    return int((before.descriptors, before.processes) != (after.descriptors, after.processes))


async def endured(project: Project, calls: int) -> tuple[Footprint, Footprint, float]:
    """Return the footprints of a server before and after so many programs, and the seconds that they took."""
    async with serving(project, "--warm") as client:
        for _ in range(SETTLE_CALLS):
            await executed(client)
        server = child_running(project.rootdir)
        before = footprint(server)
        started = time.perf_counter()
        for _ in range(calls):
            await executed(client)
        took_s = time.perf_counter() - started
        return before, footprint(server), took_s


def project_in(root: Path, level: str) -> Project:
    """Write a project of one test and describe it."""
    root.mkdir(parents=True)
    for name, text in FILES.items():
        (root / name).write_text(text)
    return described(root, level)


@asynccontextmanager
async def serving(project: Project, *options: str) -> AsyncIterator[Client]:
    """Start a server of `project` and connect to it."""
    told = Path(f"{project.rootdir}.json")
    told.write_text(json.dumps(encode(project)))
    args = ["-P", "-m", SERVER, *options, "--project", str(told)]
    async with Client(StdioServerParameters(command=sys.executable, args=args)) as client:
        yield client


async def called(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a tool as any client would and return its structured answer."""
    result = await client.call_tool(tool, arguments)
    if result.is_error or result.structured_content is None:
        raise SandboxError(f"{tool}: {result.content}")
    return dict(result.structured_content)


async def executed(client: Client) -> None:
    """Run a program that prints."""
    done = await called(client, "execute_code", {"code": "print(1)"})
    if done["stdout"] != "1\n":
        raise SandboxError(f"execute_code answered {done}")


async def tested(client: Client, arguments: dict[str, Any]) -> None:
    """Run the test."""
    done = await called(client, "run_tests", {"nodeids": [NODEID], **arguments})
    if [result["outcome"] for result in done["results"]] != ["passed"]:
        raise SandboxError(f"run_tests answered {done}")


async def ran(command: list[str], project: Project) -> None:
    """Run a command in the project."""
    subprocess.run(command, cwd=project.rootdir, capture_output=True, check=True, timeout=120)


def patched_files() -> dict[str, Any]:
    """Return the patch as the tool takes it."""
    return dict(encode({name: text.encode() for name, text in PATCHED.items()}))


def _bubblewrapped(project: Project) -> dict[str, Measured]:
    """Return how to run the program in bubblewrap alone, where there is one."""
    try:
        bubblewrap = find().path
    except SandboxError:
        return {}
    fence = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    command = [bubblewrap, *fence, sys.executable, "-c", "print(1)"]
    return {"bubblewrap, python -c": lambda: ran(command, project)}


if __name__ == "__main__":
    sys.exit(main())
