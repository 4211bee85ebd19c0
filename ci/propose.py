"""The action's inputs, which come by the environment alone, as a call of `codemode ci` in this very process.

A script that pasted them into a command line would run what a branch is called; a shell in between would keep a
cancelled job's signal for itself. Run by the interpreter that pytest-codemode is installed for, with `-I`.
"""

import os
import shlex
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path

_SINGLE = ("python", "budget", "time-limit", "proposer", "model", "base-url", "sandbox", "test-timeout", "since")
_LISTS = {"editable": "editable", "paths": "only", "labels": "label"}


def words(environment: MutableMapping[str, str]) -> Iterator[str]:
    """Yield the arguments of `codemode ci`; the inputs leave the environment, which the tests see."""
    inputs = {name: environment.pop(name) for name in list(environment) if name.startswith("INPUT_")}

    def given(name: str) -> str:
        return inputs.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()

    yield "--rootdir=."  # which `working-directory` names, for the publishing action too
    yield f"--output={Path(environment['RUNNER_TEMP'], 'codemode-report')}"
    for name in _SINGLE:
        if given(name):
            yield f"--{name}={given(name)}"
    for name, option in _LISTS.items():
        yield from (f"--{option}={line.strip()}" for line in given(name).splitlines() if line.strip())
    if given("network") == "true":
        yield "--network"
    if given("fail-on-test-failure") == "false":
        yield "--exit-zero"
    yield from shlex.split(given("options"))
    yield "--"
    yield from shlex.split(given("args"))


def main() -> int:
    """Do as the inputs say."""
    try:
        folder = os.environ.get("INPUT_WORKING_DIRECTORY") or "."
        arguments = list(words(os.environ))
        os.chdir(folder)
    except (OSError, ValueError) as problem:
        from pytest_codemode.cli.ci.command import refused  # noqa: PLC0415  # as below

        return refused(f"an input cannot be used: {problem}")
    from pytest_codemode.cli.main import main as codemode  # noqa: PLC0415  # takes a second, and the environment is set

    return codemode(["ci", *arguments])


if __name__ == "__main__":
    sys.exit(main())
