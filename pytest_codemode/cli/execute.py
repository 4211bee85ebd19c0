"""`codemode exec`: a Python program in the sandbox, with its output here."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pytest_codemode.cli.project import describe
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.outcome import Execution
from pytest_codemode.sandbox.client import SandboxClient

TIMED_OUT = 124
"""As timeout(1)."""


def run(rootdir: Path, arguments: argparse.Namespace) -> int:
    """Run the program, print what it printed, and return 0 if it succeeded, 124 if it took too long, else 1."""
    if arguments.timeout is not None and not arguments.timeout > 0:
        raise ConfigError("--timeout: give a number of seconds above 0")
    project = describe(rootdir, arguments)
    code, stdin = _input(arguments)
    with SandboxClient(project) as sandbox:
        execution = sandbox.execute(code, stdin=stdin, timeout_s=arguments.timeout)
    sys.stdout.write(execution.stdout)
    sys.stdout.flush()
    sys.stderr.write(execution.stderr)
    return _status(execution)


def _input(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return the program and its standard input; a terminal is not handed on, as nobody would expect to be asked."""
    if arguments.code is not None:
        return arguments.code, _piped()
    if arguments.file == "-":
        return sys.stdin.read(), ""
    try:
        return Path(arguments.file).read_text("utf-8"), _piped()
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"{arguments.file} cannot be read ({problem}); it must be a Python file in UTF-8"
        ) from problem


def _piped() -> str:
    return "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()


def _status(execution: Execution) -> int:
    if execution.reason:
        print(f"codemode: {execution.reason}", file=sys.stderr)
    if execution.status == "killed":
        return TIMED_OUT if "time" in execution.reason else 1
    return 0 if execution.exit_code == 0 else 1
