"""The script behind `make demo`: repair a copy of `example_project` and check what came of it.

`python -m tests.example.demo [--keep] [--sandbox LEVEL]` prints the commands it runs and their real output. Exit status
0: exactly the bugs that search can fix are fixed, and nothing else was touched; 1 otherwise; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

from tests.example.bugs import BUGS, EXAMPLE, seeded_tree
from tests.example.verdict import Verdict, judge, plain_environment

FIX_TIMEOUT_S = 900
"""Backstop; the budget of a repair run, 10 minutes by default, ends it earlier."""

PATIENCE_S = 20
"""How long a command that was interrupted may tidy up."""

SHELL_INTERRUPTED = 128 + signal.SIGINT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit status."""
    options = _options(arguments)
    try:
        with _scratch(keep=options.keep) as tree:
            return _demo(tree, options.sandbox)
    except KeyboardInterrupt:
        print("\ninterrupted")
        return SHELL_INTERRUPTED
    except subprocess.TimeoutExpired as error:
        print(f"\ndemo: FAILED, a command did not end within {error.timeout:.0f} s")
        return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.example.demo", description="Repair the example project.")
    parser.add_argument("--keep", action="store_true", help="keep the repaired copy and print where it is")
    parser.add_argument("--sandbox", metavar="LEVEL", help="passed on as --codemode-sandbox=LEVEL")
    return parser.parse_args(arguments)


def _demo(tree: Path, sandbox: str | None) -> int:
    _say(f"A copy of example_project is in {tree}. These tests fail:")
    _run([sys.executable, "-m", "pytest", "-q", "--tb=no"], tree)
    fix = [sys.executable, "-m", "pytest", "--codemode-fix"]
    if sandbox is not None:
        fix.append(f"--codemode-sandbox={sandbox}")
    _say("Now the same tests with repair, without credentials:")
    start = time.monotonic()
    status = _run(fix, tree)
    took_s = time.monotonic() - start
    _say("What changed in the working tree:")
    show_diff(tree)
    _say("Checking with a plain, fresh run of the tests:")
    return conclude(judge(tree), status, took_s)


def conclude(verdict: Verdict, status: int, took_s: float) -> int:
    """Print the verdict on a repaired tree and return the exit status of the demo.

    Args:
        verdict: what the tree looks like now.
        status: exit status of the repair run; 1 is right, for some tests cannot be made to pass.
        took_s: wall clock of the repair run.
    """
    problems = list(verdict.problems)
    if status != 1:
        problems.append(f"the repair run ended with status {status}; with tests that still fail it has to be 1")
    for bug in BUGS:
        state = "fixed" if bug.id in verdict.fixed else "not fixed"
        print(f"  {bug.id:<20} {state:<10} {bug.kind}")
    expected = [bug.id for bug in BUGS if bug.by_search]
    fixed = [bug for bug in expected if bug in verdict.fixed]
    for problem in problems:
        print(f"  PROBLEM: {problem}")
    print(f"\n{len(fixed)} of {len(expected)} bugs within reach of search fixed in {took_s:.0f} s.")
    print("demo: FAILED" if problems else "demo: OK, just those, and nothing else was touched")
    return 1 if problems else 0


def show_diff(tree: Path) -> None:
    """Print how a tree differs from the original project, by git if there is one."""
    if (tree / ".git").exists():
        _run(["git", "--no-pager", "diff", "--stat"], tree)
        _run(["git", "--no-pager", "diff", "-U1"], tree)
        return
    for path in sorted({bug.path for bug in BUGS}):
        before, after = ((root / path).read_text("utf-8").splitlines(keepends=True) for root in (EXAMPLE, tree))
        sys.stdout.writelines(unified_diff(before, after, f"a/{path}", f"b/{path}", n=1))


@contextmanager
def _scratch(*, keep: bool) -> Iterator[Path]:
    """Provide a copy of the project, in a git repository if there is a git."""
    folder = Path(tempfile.mkdtemp(prefix="codemode-demo-"))
    try:
        tree = seeded_tree(folder / "orderdesk")
        start_repository(tree)
        yield tree
    finally:
        if keep:
            _say(f"kept: {folder / 'orderdesk'}")
        else:
            shutil.rmtree(folder)


def start_repository(tree: Path) -> None:
    """Commit the tree to a new git repository in it; without git do nothing."""
    if shutil.which("git") is None:
        return
    identity = ["-c", "user.name=demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false"]
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all"],
        [*identity, "commit", "--quiet", "--no-verify", "--message", "As it is"],
    ):
        subprocess.run(["git", *arguments], cwd=tree, env=plain_environment(), check=True, timeout=60)


def _run(command: Sequence[str], tree: Path) -> int:
    """Print a command, run it with our own output, and return its exit status; nothing of it is left running."""
    print("$", " ".join(["python", *command[1:]] if command[0] == sys.executable else command), flush=True)
    process = None
    try:
        with _interrupt_held_back():
            # In a session of its own, or Ctrl-C would reach it twice and cut its tidying up short.
            process = subprocess.Popen(command, cwd=tree, env=plain_environment(), start_new_session=True)
        return process.wait(FIX_TIMEOUT_S)
    finally:
        if process is not None and process.poll() is None:
            _end(process)


@contextmanager
def _interrupt_held_back() -> Iterator[None]:
    """Let Ctrl-C take effect only after the block, so that a process it starts is known to the caller."""
    held: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if held:
        raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a command as Ctrl-C would, let it tidy up, and kill its process group if it does not end."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _say(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
