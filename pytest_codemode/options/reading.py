"""All options of one run, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, cast

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.request import CoverOptions, ModelOptions
from pytest_codemode.options import values
from pytest_codemode.options.given import given
from pytest_codemode.options.table import CONFIRMS, LEVELS, PROTOCOLS

_PATH_FLAGS = ("--codemode-python", "--codemode-mount", "--codemode-report")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, checked."""

    fix: bool = False
    """Repair; also set by `diff` alone."""
    diff: bool = False
    cover: CoverOptions | None = None
    """Write tests; None: repair."""
    proposers: tuple[str, ...] = ("auto",)
    """`auto`, `search`, `claude`, `replay:FILE` with FILE absolute."""
    model: ModelOptions = field(default_factory=ModelOptions)
    budget: str = ""
    """As `core.budget.parse_allowance` reads it."""
    sandbox: str = "auto"
    workers: int = 1
    editable: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    """Names of policy rules that are switched off; whether they exist is for the engine to say."""
    operators: tuple[str, ...] = ()
    """Names of distributions; whether they are installed is for the engine to say."""
    confirm: Literal["suite", "affected"] = "suite"
    test_timeout_s: float = 60.0
    python: str = ""
    """Absolute path; empty for the running interpreter."""
    env: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    """Absolute paths that exist."""
    limits: tuple[str, ...] = ()
    """`NAME=VALUE` as `core.limits.parse` takes them."""
    network: bool = False
    reports: tuple[str, ...] = ()
    """Absolute paths with a suffix of `report.files.SUFFIXES`."""


def read(config: pytest.Config) -> Options:
    """Return the checked options.

    Raises:
        ConfigError: a value cannot be used; the text names option, value and remedy.
    """
    _check_rootdir(config)
    diff = bool(given(config, "diff").value)
    cover = _cover(config)
    return Options(
        fix=cover is None and (bool(given(config, "fix").value) or diff),
        diff=diff,
        cover=cover,
        proposers=values.proposers(given(config, "proposer")),
        model=_model(config),
        budget=values.budget(given(config, "budget")),
        sandbox=values.choice(given(config, "sandbox"), LEVELS),
        workers=values.workers(given(config, "workers")),
        editable=values.globs(given(config, "editable")),
        allow=tuple(dict.fromkeys(values.commas(given(config, "allow")))),
        operators=tuple(dict.fromkeys(values.commas(given(config, "operators")))),
        confirm="affected" if values.choice(given(config, "confirm"), CONFIRMS) == "affected" else "suite",
        test_timeout_s=read_test_timeout(config),
        python=values.python(given(config, "python")),
        env=values.names(given(config, "env")),
        mounts=values.mounts(given(config, "mount")),
        limits=values.limits(given(config, "limit")),
        network=bool(given(config, "network").value),
        reports=values.reports(given(config, "report")),
    )


def _cover(config: pytest.Config) -> CoverOptions | None:
    wanted, fix = bool(given(config, "cover").value), given(config, "fix")
    targets, since = given(config, "target"), given(config, "since")
    if wanted and fix.value:
        raise fix.refuse("--codemode-cover", "cannot be had in the same run; repair first, then write tests")
    if wanted:
        return CoverOptions(tuple(dict.fromkeys(values.commas(targets))), values.revision(since))
    for one in (targets, since):
        if one.value and one.label.startswith("--"):
            raise one.refuse(one.value, "says what to write tests for; add --codemode-cover")
    return None


def _model(config: pytest.Config) -> ModelOptions:
    protocol = values.choice(given(config, "protocol"), PROTOCOLS)
    return ModelOptions(
        name=values.model(given(config, "model")),
        base_url=values.url(given(config, "base-url")),
        escalate=values.model(given(config, "escalate")),
        protocol=cast('Literal["auto", "tools", "react"]', protocol),
        alternatives=bool(given(config, "alternatives").value),
        batch=bool(given(config, "batch").value),
        price=values.price(given(config, "price")),
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
    return values.seconds(given(config, "test-timeout"))
