"""What was given for an option: by the command line, else by the ini file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.options.table import find


class Given(NamedTuple):
    """A value as it was given, None if it was not."""

    value: Any
    label: str
    """What to call it in a message: the flag, or the ini value and its file."""
    base: Path
    """What relative paths are relative to."""

    def refuse(self, value: object, why: str) -> ConfigError:
        """Return the error that names the option, the value and the remedy."""
        return ConfigError(f"{self.label}: {value!r} {why}")

    @property
    def items(self) -> list[str]:
        """The values of a list option."""
        return [str(item).strip() for item in self.value or ()]


def given(config: pytest.Config, name: str) -> Given:
    """Return what was given for `--codemode-NAME`.

    Raises:
        ConfigError: the ini file holds something of another type.
    """
    option = find(name)
    value = config.getoption(option.ini)
    if value is not None:
        return Given(value, option.flag, config.invocation_params.dir)
    where = config.inipath.name if config.inipath else "--override-ini"
    label = f"{option.ini} ({where})"
    base = config.inipath.parent if config.inipath else config.invocation_params.dir
    try:
        value = config.getini(option.ini)
    except (pytest.UsageError, TypeError, ValueError) as problem:  # pytest before 9.2 raises the latter two
        raise ConfigError(f"{label}: not a value of type {option.kind}: {problem}") from None
    return Given(value, label, base)


def wanted(config: pytest.Config) -> bool:
    """Return whether the user asked for anything; all that a run without the flag ever reads."""
    return any(given(config, name).value for name in ("fix", "diff", "cover"))
