"""Every option in one table: added to pytest's parser, read once, checked once.

Each option is a command line flag `--codemode-NAME` and an ini value `codemode_NAME`; the command line wins over the
ini file, the ini file over the default. What loosens the sandbox or the policy must come from the user (see
`launch.consent`): a checked-out repository cannot open its own fence. Nothing but secrets is read from the environment,
and those not here.
"""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

import pytest

from pytest_codemode.core.errors import ConfigError

LEVELS = ("auto", "namespaces", "landlock", "none")
PROPOSERS = ("auto", "search")
CONFIRMS = ("suite", "affected")
_MAX_WORKERS = 256
_MAX_TEST_TIMEOUT_S = 86_400.0


class _Option(NamedTuple):
    """One row of the table (a tuple: every pytest run makes this class, a dataclass takes 0.4 ms longer)."""

    name: str
    """As in `--codemode-NAME`."""
    kind: Literal["bool", "string", "int", "float", "args"]
    """pytest's name of the ini type; `args` is repeatable on the command line."""
    metavar: str
    help: str

    @property
    def flag(self) -> str:
        return f"--codemode-{self.name}"

    @property
    def ini(self) -> str:
        return f"codemode_{self.name.replace('-', '_')}"


_TABLE = (
    _Option("fix", "bool", "", "repair the failing tests: proven patches are written to the working tree"),
    _Option("diff", "bool", "", "as --codemode-fix, but leave the tree alone: print the diff and keep the patch"),
    _Option(
        "proposer",
        "args",
        "LIST",
        "where patches come from, in order: auto (all that need no further set-up: search), search, replay:FILE, or "
        "several with commas (default: auto)",
    ),
    _Option(
        "budget",
        "string",
        "SPEC",
        "when to stop, as time=10m,candidates=20k; what is not named keeps its default (default: these two)",
    ),
    _Option(
        "sandbox",
        "string",
        "LEVEL",
        f"where patched code runs: {', '.join(LEVELS)}; none is unprotected, "
        "and taken from the command line alone (default: auto, the best that works here)",
    ),
    _Option("workers", "int", "N", "candidates judged at a time (default: one for each usable processor)"),
    _Option(
        "editable",
        "args",
        "GLOB",
        "files that patches may touch, relative to rootdir, as 'src/**/*.py'; repeatable (default: project files that "
        "a failing test executed, without tests and configuration)",
    ),
    _Option(
        "allow",
        "args",
        "RULE",
        "switch off a rule of the policy that patches must pass, by the name that a refusal gives; repeatable; "
        "from the command line alone",
    ),
    _Option(
        "confirm",
        "string",
        "WHAT",
        "what proves the patches in the end: suite (the whole selection) or affected (the tests that execute the "
        "changed code) (default: suite)",
    ),
    _Option(
        "test-timeout",
        "float",
        "SECONDS",
        "end a test that takes longer; in the plain run pytest-timeout goes first if it is in use (default: 60)",
    ),
    _Option(
        "python",
        "string",
        "PATH",
        "interpreter of the repair engine, with pytest-codemode installed, as --codemode-python=PATH; "
        "from the command line alone (default: this)",
    ),
    _Option(
        "env",
        "args",
        "NAME",
        "environment variable that tests may see although it looks like a secret; repeatable; from the command line "
        "alone",
    ),
    _Option(
        "mount",
        "args",
        "PATH",
        "further file or folder that tests may read in the sandbox; repeatable; from the command line alone",
    ),
    _Option("network", "bool", "", "let tests use the network in the sandbox; from the command line alone"),
    _Option("report", "args", "PATH", "write a report, .json or .md by suffix; repeatable"),
)

_PATH_FLAGS = ("--codemode-python", "--codemode-mount", "--codemode-report")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, checked."""

    fix: bool = False
    """Repair; also set by `diff`."""
    diff: bool = False
    proposers: tuple[str, ...] = ("auto",)
    """`auto`, `search`, `replay:FILE` with FILE absolute."""
    budget: str = ""
    """As `core.budget.parse_allowance` reads it."""
    sandbox: str = "auto"
    workers: int = 1
    editable: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    """Names of policy rules that are switched off; whether they exist is for the engine to say."""
    confirm: Literal["suite", "affected"] = "suite"
    test_timeout_s: float = 60.0
    python: str = ""
    """Absolute path; empty for the running interpreter."""
    env: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    """Absolute paths that exist."""
    network: bool = False
    reports: tuple[str, ...] = ()
    """Absolute paths with a suffix of `report.files.SUFFIXES`."""


def add_options(parser: pytest.Parser) -> None:
    """Add the command line options and their ini values to pytest's parser."""
    group = parser.getgroup("codemode", "repair of failing tests (codemode)")
    for option in _TABLE:
        if option.kind == "bool":
            group.addoption(option.flag, action="store_true", default=None, dest=option.ini, help=option.help)
        else:
            action = "append" if option.kind == "args" else "store"
            group.addoption(
                option.flag, action=action, default=None, dest=option.ini, metavar=option.metavar, help=option.help
            )
        parser.addini(option.ini, f"{option.help} (as {option.flag})", type=option.kind, default=None)


def describe_options() -> list[tuple[str, str, str]]:
    """Return (flag with its metavar, ini name, help) of each option."""
    return [(f"{row.flag} {row.metavar}".strip(), row.ini, row.help) for row in _TABLE]


def wanted(config: pytest.Config) -> bool:
    """Return whether the user asked for a repair; all that a run without the flag ever reads."""
    return bool(_given(config, "fix").value or _given(config, "diff").value)


def read(config: pytest.Config) -> Options:
    """Return the checked options.

    Raises:
        ConfigError: a value cannot be used; the text names option, value and remedy.
    """
    _check_rootdir(config)
    diff = bool(_given(config, "diff").value)
    return Options(
        fix=bool(_given(config, "fix").value) or diff,
        diff=diff,
        proposers=_proposers(_given(config, "proposer")),
        budget=_budget(_given(config, "budget")),
        sandbox=_choice(_given(config, "sandbox"), LEVELS),
        workers=_workers(_given(config, "workers")),
        editable=_globs(_given(config, "editable")),
        allow=tuple(dict.fromkeys(_commas(_given(config, "allow")))),
        confirm="affected" if _choice(_given(config, "confirm"), CONFIRMS) == "affected" else "suite",
        test_timeout_s=read_test_timeout(config),
        python=_python(_given(config, "python")),
        env=_names(_given(config, "env")),
        mounts=_mounts(_given(config, "mount")),
        network=bool(_given(config, "network").value),
        reports=_reports(_given(config, "report")),
    )


def _check_rootdir(config: pytest.Config) -> None:
    """Refuse a rootdir above the project that one of our values has led pytest to.

    It looks for the rootdir before it knows a plugin's options, and takes an existing path after a space for a test.
    """
    here, rootdir = config.invocation_params.dir, config.rootpath
    if config.inipath is not None or rootdir not in here.parents or config.getoption("rootdir") is not None:
        return
    arguments = [str(argument) for argument in config.invocation_params.args]
    for flag, value in pairwise(arguments):
        if flag in _PATH_FLAGS and (here / value).exists():
            raise ConfigError(
                f"{flag} {value}: pytest took this path for a test and so {rootdir} for the rootdir;"
                f" write {flag}={value}"
            )


def read_test_timeout(config: pytest.Config) -> float:
    """Return the checked time limit of a test: all that an xdist worker needs.

    Raises:
        ConfigError: the value cannot be used.
    """
    return _seconds(_given(config, "test-timeout"))


class _Given(NamedTuple):
    """A value as it was given, None if it was not."""

    value: Any
    label: str
    """What to call it in a message: the flag, or the ini value and its file."""
    base: Path
    """What relative paths are relative to."""

    def refuse(self, value: object, why: str) -> ConfigError:
        return ConfigError(f"{self.label}: {value!r} {why}")

    @property
    def items(self) -> list[str]:
        """The values of a list option."""
        return [str(item).strip() for item in self.value or ()]


def _given(config: pytest.Config, name: str) -> _Given:
    option = next(row for row in _TABLE if row.name == name)
    value = config.getoption(option.ini)
    if value is not None:
        return _Given(value, option.flag, config.invocation_params.dir)
    where = config.inipath.name if config.inipath else "--override-ini"
    label = f"{option.ini} ({where})"
    base = config.inipath.parent if config.inipath else config.invocation_params.dir
    try:
        value = config.getini(option.ini)
    except (pytest.UsageError, TypeError, ValueError) as problem:  # pytest before 9.2 raises the latter two
        raise ConfigError(f"{label}: not a value of type {option.kind}: {problem}") from None
    return _Given(value, label, base)


def _commas(given: _Given) -> list[str]:
    return [part.strip() for item in given.items for part in item.split(",") if part.strip()]


def _choice(given: _Given, allowed: tuple[str, ...]) -> str:
    """Return the value, the first of `allowed` if none was given."""
    if given.value is None:
        return allowed[0]
    if given.value not in allowed:
        raise given.refuse(given.value, f"is unknown; use one of {', '.join(allowed)}")
    return str(given.value)


def _proposers(given: _Given) -> tuple[str, ...]:
    if given.value is None:
        return ("auto",)
    found = tuple(dict.fromkeys(_proposer(given, name) for name in _commas(given)))
    if not found:
        raise given.refuse("", f"names no proposer; use {', '.join(PROPOSERS)} or replay:FILE")
    return found


def _proposer(given: _Given, name: str) -> str:
    kind, colon, file = name.partition(":")
    if kind == "replay" and colon:
        path = _absolute(given, file)
        if not file or not path.is_file():
            raise given.refuse(name, "names no readable file; write replay:FILE with the path of a list of edits")
        return f"replay:{path}"
    if name not in PROPOSERS:
        raise given.refuse(name, f"is unknown; use {', '.join(PROPOSERS)} or replay:FILE")
    return name


def _budget(given: _Given) -> str:
    spec = str(given.value or "")
    if spec:
        # Imported here, because a run without the flag never comes this far.
        from pytest_codemode.core.budget import parse_allowance  # noqa: PLC0415

        try:
            parse_allowance(spec)
        except ConfigError as problem:
            raise ConfigError(str(problem).replace("--codemode-budget", given.label, 1)) from None
    return spec


def _workers(given: _Given) -> int:
    if given.value is None:
        return min(_usable_cpus(), _MAX_WORKERS)
    number = _number(given, given.value)
    if not number.is_integer() or not 1 <= number <= _MAX_WORKERS:
        raise given.refuse(given.value, f"is not a whole number from 1 to {_MAX_WORKERS}; write for example 2")
    return int(number)


def _usable_cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _seconds(given: _Given) -> float:
    if given.value is None:
        return 60.0
    number = _number(given, given.value)
    if not 0 < number <= _MAX_TEST_TIMEOUT_S:
        raise given.refuse(given.value, "is not a number of seconds above 0 and up to a day; write for example 60")
    return number


def _number(given: _Given, value: object) -> float:
    """Return `value` (text from the command line, a number from an ini file) as a number, NaN if it is none."""
    try:
        return float(value)  # type: ignore[arg-type]  # what is no number is a ValueError or TypeError
    except (ValueError, TypeError):
        return math.nan


def _globs(given: _Given) -> tuple[str, ...]:
    for pattern in given.items:
        path = PurePosixPath(pattern)
        if not pattern or path.is_absolute() or ".." in path.parts or "\\" in pattern:
            raise given.refuse(pattern, "is not a pattern of paths below rootdir; write for example 'src/**/*.py'")
    return tuple(given.items)


def _names(given: _Given) -> tuple[str, ...]:
    names = tuple(_commas(given))
    for name in names:
        if "=" in name or not name.isprintable():
            raise given.refuse(
                name, "is not the name of an environment variable; write the name alone, without a value"
            )
    return names


def _python(given: _Given) -> str:
    if given.value is None:
        return ""
    text = str(given.value)
    found = shutil.which(text if os.sep not in text else str(_absolute(given, text)))
    if not text or found is None:
        raise given.refuse(
            text, "is not an executable; write the path of an interpreter with pytest-codemode installed"
        )
    return found


def _mounts(given: _Given) -> tuple[str, ...]:
    paths = tuple(_absolute(given, item) for item in given.items)
    for path in paths:
        if not path.exists():
            raise given.refuse(str(path), "does not exist; mount a file or folder that does")
    return tuple(map(str, paths))


def _reports(given: _Given) -> tuple[str, ...]:
    from pytest_codemode.report.files import SUFFIXES  # noqa: PLC0415  # as above

    for item in given.items:
        if Path(item).suffix not in SUFFIXES:
            raise given.refuse(item, f"has no known suffix; end it in {' or '.join(SUFFIXES)}")
        if _absolute(given, item).is_dir():
            raise given.refuse(item, "is a folder; name a file")
    return tuple(str(_absolute(given, item)) for item in given.items)


def _absolute(given: _Given, text: str) -> Path:
    """Return the path without following links: a venv's python must stay in its venv."""
    return Path(os.path.abspath(given.base / Path(text).expanduser()))  # noqa: PTH100  # resolve() follows links
