"""pytest's entry point: adds the options, and loads the rest only once one of our flags is seen.

Every pytest run on the user's machine imports this module: standard library, pytest, options and errors only.
PYTEST_DONT_REWRITE: it asserts nothing, and a second pytest run in one process would warn that it came too late.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.options.given import wanted
from pytest_codemode.options.table import add_options

INERT = "PYTEST_CODEMODE_INERT"
"""Set to 1 in the environment of sandboxed runs: the options exist (addopts may hold them) and do nothing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; they exist even where the plugin is inert."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the repair if it is asked for."""
    if os.environ.get(INERT) == "1":
        return
    try:
        if wanted(config):
            from pytest_codemode.launch.repair import register  # noqa: PLC0415  # only now may it cost time

            register(config)
    except ConfigError as problem:
        raise pytest.UsageError(f"codemode: {problem}") from None


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, int, int]:
    """Repair after pytest has printed its summary; the exit status is then the repair's."""
    status = yield
    repair = config.pluginmanager.get_plugin("codemode-repair")
    return status if repair is None else repair.finish(status)
