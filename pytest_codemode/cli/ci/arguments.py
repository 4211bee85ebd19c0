"""What `codemode ci` is asked, read and checked once. Nothing is read from the project: it is what is judged."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from pytest_codemode.core.budget import parse_allowance
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.request import EngineOptions, ModelOptions
from pytest_codemode.options import values
from pytest_codemode.options.given import Given
from pytest_codemode.options.table import CONFIRMS, LEVELS, PROTOCOLS

BUDGET = "time=10m,usd=1"
_TEST_S = 60.0

_MORE_HELP = """\
Everything else is handed to pytest: files, node ids, -k, -m, -p and so on; behind -- it is pytest's in any case. The
tests run in the sandbox alone, the first time too. Nothing is written to the tree and nothing is pushed: `codemode ci
publish` does that, in a job that runs no code of the project. No setting of the project's own (`codemode_...` in an ini
file) counts. Exit status: 0 no test fails, or there is nothing to do; 1 tests fail, whether or not a patch is
proposed; 2 error; 130 interrupted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One checked call of `codemode ci`."""

    rootdir: Path | None
    """None: to be found from the working directory."""
    project: argparse.Namespace
    """`python`, `sandbox`, `network`, `limit` as `cli.project.describe` takes them."""
    pytest_args: tuple[str, ...]
    options: EngineOptions
    test_timeout_s: float
    time_limit_s: float | None
    """Wall clock of everything; None for no limit beyond the budget's."""
    workers: int
    env: tuple[str, ...]
    mounts: tuple[str, ...]
    output: Path | None
    """Absolute; None for `.codemode/ci`."""
    reports: tuple[str, ...]
    """Absolute."""
    since: str
    """Revision; empty where none is given."""
    only: tuple[str, ...]
    """Globs of paths relative to the root of the project."""
    labels: tuple[str, ...]
    exit_zero: bool


def read(words: Sequence[str]) -> Wanted:
    """Return what is asked behind `codemode ci`.

    Raises:
        ConfigError: a value cannot be used; the text names option, value and remedy.
    """
    before, after = _split(words)
    found, rest = _parser().parse_known_args(before)
    return Wanted(
        rootdir=found.rootdir,
        project=argparse.Namespace(
            python=found.python, sandbox=_given(found, "sandbox", values.choice, LEVELS), network=found.network,
            limit=list(_given(found, "limit", values.limits)),
        ),
        pytest_args=(*rest, *after),
        options=_options(found),
        test_timeout_s=_given(found, "test-timeout", values.seconds),
        time_limit_s=_time_limit(found.time_limit),
        workers=_given(found, "workers", values.workers),
        env=_given(found, "env", values.names),
        mounts=_given(found, "mount", values.mounts),
        output=None if found.output is None else Path.cwd() / found.output,
        reports=_given(found, "report", values.reports),
        since=_revision(found.since),
        only=_given(found, "only", values.globs),
        labels=tuple(values.split(found.label)),
        exit_zero=found.exit_zero,
    )  # fmt: skip


def _options(found: argparse.Namespace) -> EngineOptions:
    confirm = _given(found, "confirm", values.choice, CONFIRMS)
    protocol = _given(found, "protocol", values.choice, PROTOCOLS)
    return EngineOptions(
        diff_only=True,
        proposers=_given(found, "proposer", values.proposers),
        model=ModelOptions(
            name=_given(found, "model", values.model),
            base_url=_given(found, "base-url", values.url),
            escalate=_given(found, "escalate", values.model),
            protocol=cast('Literal["auto", "tools", "react"]', protocol),
            alternatives=found.alternatives,
            price=_given(found, "price", values.price),
        ),
        budget=_budget(found.budget),
        confirm=cast('Literal["affected", "suite"]', confirm),
        allow=tuple(values.split(found.allow or ())),
        operators=tuple(values.split(found.operators or ())),
        editable=_given(found, "editable", values.globs),
    )


def _given(found: argparse.Namespace, name: str, reader: Callable[..., Any], *more: Any) -> Any:
    return reader(Given(getattr(found, name.replace("-", "_")), f"--{name}", Path.cwd()), *more)


def _budget(spec: str) -> str:
    try:
        parse_allowance(spec)
    except ConfigError as problem:
        raise ConfigError(str(problem).replace("--codemode-budget", "--budget")) from None
    return spec


def _time_limit(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = parse_allowance(f"time={text}").time_s
    except ConfigError:
        seconds = 0.0
    if seconds is not None and not seconds > 0:
        raise ConfigError(f"--time-limit: {text!r} is no length of time; write for example 20m, or none")
    return seconds


def _revision(text: str) -> str:
    # git would take it for an option of its own.
    if text.startswith("-") or not text.isprintable():
        raise ConfigError(f"--since: {text!r} is no revision; write for example origin/main")
    return text


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in words:
        return list(words), []
    at = list(words).index("--")
    return list(words[:at]), list(words[at + 1 :])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codemode ci",
        usage="codemode ci [options] [PYTEST ARGS ...]",
        description="Run the tests in the sandbox and propose patches for what fails; nothing is written or pushed.",
        epilog=_MORE_HELP,
        allow_abbrev=False,
    )
    _job_options(parser)
    _repair_options(parser)
    _sandbox_options(parser)
    return parser


def _job_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", default="", metavar="REF", help="do nothing if nothing has changed since REF")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="do nothing unless a file has changed that matches, as 'src/*.py' (* also stands for /) or src; since "
        "--since, or since the base of the pull request; repeatable",
    )
    parser.add_argument(
        "--label", action="append", default=[], metavar="NAME",
        help="do nothing unless the pull request has this label; repeatable, one of them is enough",
    )  # fmt: skip
    parser.add_argument(
        "--output", metavar="DIR",
        help="folder for the patch and the reports; what an earlier run wrote there goes (default: .codemode/ci)",
    )  # fmt: skip
    parser.add_argument("--report", action="append", metavar="PATH", help="as --codemode-report; repeatable")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 where tests fail")
    parser.add_argument(
        "--time-limit", metavar="TIME",
        help="end in order after this long, as 20m, the first run of the tests included (default: none)",
    )  # fmt: skip
    parser.add_argument("--rootdir", type=Path, metavar="DIR", help="root of the project (default: found from here)")


def _repair_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget", default=BUDGET, metavar="SPEC", help=f"as --codemode-budget: of the repair (default: {BUDGET})"
    )
    for name, metavar in (("model", "NAME"), ("base-url", "URL"), ("escalate", "NAME"), ("price", "SPEC")):
        parser.add_argument(f"--{name}", metavar=metavar, help=f"as --codemode-{name}")
    for name, metavar in (("protocol", "HOW"), ("confirm", "WHAT"), ("workers", "N")):
        parser.add_argument(f"--{name}", metavar=metavar, help=f"as --codemode-{name}")
    parser.add_argument("--alternatives", action="store_true", help="as --codemode-alternatives")
    repeatable = (("proposer", "LIST"), ("editable", "GLOB"), ("allow", "RULE"), ("operators", "DISTRIBUTION"))
    for name, metavar in repeatable:
        parser.add_argument(f"--{name}", action="append", metavar=metavar, help=f"as --codemode-{name}; repeatable")


def _sandbox_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--python", metavar="PATH", help="the project's interpreter (default: the one of codemode)")
    parser.add_argument("--sandbox", metavar="LEVEL", help="as --codemode-sandbox (default: auto)")
    parser.add_argument("--network", action="store_true", help="let the tests use the network")
    parser.add_argument("--test-timeout", default=_TEST_S, metavar="SECONDS", help="wall clock per test (default: 60)")
    for name, metavar in (("limit", "NAME=VALUE"), ("env", "NAME"), ("mount", "PATH")):
        parser.add_argument(f"--{name}", action="append", metavar=metavar, help=f"as --codemode-{name}; repeatable")
