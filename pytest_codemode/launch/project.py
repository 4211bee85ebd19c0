"""The user's run as data: where the project is and how its tests are run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.limits import parse
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.launch.arguments import for_sandbox
from pytest_codemode.launch.places import Places
from pytest_codemode.options.reading import Options
from pytest_codemode.sandbox.environment import scrub

_OF_THIS_RUN = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION")
_OF_THIS_RUN_PREFIXES = ("PYTEST_XDIST_", "COV_CORE_")


def describe(config: pytest.Config, options: Options, environment: Mapping[str, str]) -> Project:
    """Return the project as the plain run saw it.

    Args:
        config: of the finished plain run.
        options: the checked options.
        environment: as it was before the first test ran.

    Raises:
        ConfigError: the interpreter cannot be found again.
    """
    if not sys.executable:
        raise ConfigError("Python does not know its own path (sys.executable is empty); start pytest by a full path")
    places = Places(os.path.realpath(config.rootpath), os.path.realpath(config.invocation_params.dir))
    return Project(
        rootdir=places.rootdir,
        invocation_dir=places.invocation_dir,
        python=os.path.abspath(sys.executable),  # noqa: PTH100  # a venv's python is a link and must stay one
        pytest_args=places.arguments(_arguments(config), config.args),
        cwd_on_path=_cwd_on_path(),
        python_flags=_python_flags(),
        env=_environment(environment, options, places),
        sys_path=tuple(dict.fromkeys(map(places.real, (*_existing(sys.path), *_editable_targets())))),
        mounts=options.mounts,
        network=options.network,
        level=options.sandbox,
        workers=options.workers,
        limits=parse(options.limits, Limits(test_s=options.test_timeout_s)),
        inifile=places.real(str(config.inipath)) if config.inipath else "",
    )


def _arguments(config: pytest.Config) -> tuple[str, ...]:
    return for_sandbox(tuple(map(str, config.invocation_params.args)), config.invocation_params.dir)


def _environment(environment: Mapping[str, str], options: Options, places: Places) -> dict[str, str]:
    """Return the environment for tests."""
    env = scrub(environment) | {name: environment[name] for name in options.env if name in environment}
    if "PYTHONPATH" in env:
        env["PYTHONPATH"] = places.search_path(env["PYTHONPATH"])
    return env


def environment_before_tests() -> dict[str, str]:
    """Return the environment without what pytest, xdist and pytest-cov put there for this run alone."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_THIS_RUN and not name.startswith(_OF_THIS_RUN_PREFIXES)
    }


def _cwd_on_path() -> bool:
    """Return whether Python was started with `-m`, which puts the working directory on `sys.path`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and not sys.flags.safe_path


def _python_flags() -> tuple[str, ...]:
    """Return the interpreter's flags; what came from the environment comes from there again."""
    flags = sys.flags
    letters = {
        "-" + "O" * flags.optimize: flags.optimize > 0,
        "-B": flags.dont_write_bytecode and not os.environ.get("PYTHONDONTWRITEBYTECODE"),
        "-I": flags.isolated,
        "-E": flags.ignore_environment and not flags.isolated,
        "-s": flags.no_user_site and not flags.isolated and not os.environ.get("PYTHONNOUSERSITE"),
        "-P": flags.safe_path and not flags.isolated and not os.environ.get("PYTHONSAFEPATH"),
        "-S": flags.no_site,
        "-" + "b" * flags.bytes_warning: flags.bytes_warning > 0,
    }
    found = [letter for letter, holds in letters.items() if holds]
    for name, value in sys._xoptions.items():
        found.append(f"-X{name}" if value is True else f"-X{name}={value}")
    return (*found, *(f"-W{option}" for option in _warning_options()))


def _warning_options() -> list[str]:
    """Return the `-W` options of the command line: `sys.warnoptions` holds those of PYTHONWARNINGS and `-X dev` too."""
    inherited = [part.strip() for part in os.environ.get("PYTHONWARNINGS", "").split(",") if part.strip()]
    if sys.flags.dev_mode:
        inherited.append("default")
    return [option for option in sys.warnoptions if option not in inherited]


def _existing(entries: list[str]) -> Iterator[str]:
    return (entry for entry in entries if Path(entry).is_absolute() and Path(entry).exists())


def _editable_targets() -> Iterator[str]:
    """Yield the folders of editable installations that work by an import hook and so are not on `sys.path`."""
    for finder in sys.meta_path:
        module = sys.modules.get(getattr(finder, "__module__", ""))
        mapping = getattr(module, "MAPPING", None)  # of setuptools' `__editable___*_finder` modules
        if isinstance(mapping, dict):
            yield from _existing([str(target) for target in mapping.values()])
