"""What only the user may loosen: a checked-out repository must not open its own fence.

The command line and PYTEST_ADDOPTS are the user's; an ini file and its `addopts` are the repository's.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, parse_allowance
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.limits import raised
from pytest_codemode.core.project import Limits
from pytest_codemode.launch.arguments import expanded
from pytest_codemode.options.reading import Options
from pytest_codemode.options.values import split

_PREFIX = "--codemode-"
_SPENDING = frozenset({"model", "base-url", "escalate", "budget"})
LOOSENS = "loosens what guards this machine from the code under test"
SPENDS = "decides which model source code is sent to, or what it may cost"


def check_consent(config: pytest.Config, options: Options) -> None:
    """Refuse options that loosen the sandbox or the policy unless the user has given them.

    Raises:
        ConfigError: one comes from the repository; the text names it and the remedy.
    """
    given = Given.by_user(config)
    for name in _loosened(options):
        source = _foreign_source(config, name, given)
        if source:
            what = SPENDS if name in _SPENDING else LOOSENS
            raise ConfigError(
                f"{source} {what}, which a repository may not do for itself;"
                f" if you mean it, give {_PREFIX}{name}{_value(name)} on the command line"
            )


def _value(name: str) -> str:
    return {"network": "", "sandbox": "=none"}.get(name, "=...")


def _loosened(options: Options) -> list[str]:
    """Return the names of the options whose values loosen something."""
    loose = {
        "sandbox": options.sandbox == "none",
        "network": options.network,
        "env": bool(options.env),
        "mount": bool(options.mounts),
        "python": bool(options.python),
        "allow": bool(options.allow),
        "operators": bool(options.operators),
        "model": bool(options.model.name),
        "base-url": bool(options.model.base_url),
        "escalate": bool(options.model.escalate),
        "budget": _costs_more(options.budget),
        "limit": bool(raised(options.limits, Limits())),
    }
    return [name for name, holds in loose.items() if holds]


def _costs_more(budget: str) -> bool:
    """Return whether a model may cost more than by default."""
    usd, usual = parse_allowance(budget).usd, Allowance().usd
    return usd is None or (usual is not None and usd > usual)


@dataclass(frozen=True, slots=True)
class Given:
    """What the user has given."""

    flags: tuple[tuple[str, str], ...]
    """(name, value) of each option of ours, as `("mount", "/data")`; flags without a value have an empty one."""
    overrides: frozenset[str]
    """Names of ini values given by `-o` or `--override-ini`."""

    @classmethod
    def by_user(cls, config: pytest.Config) -> Given:
        """Return what the command line and PYTEST_ADDOPTS hold."""
        here = config.invocation_params.dir
        environment = cls.of(shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), here)
        line = cls.of([str(argument) for argument in config.invocation_params.args], here)
        return cls((*environment.flags, *line.flags), environment.overrides | line.overrides)

    @classmethod
    def of(cls, arguments: Sequence[str], here: Path) -> Given:
        """Return what `arguments` hold; files they name as `@FILE` are relative to `here`."""
        tokens = list(expanded(arguments, here))
        pairs = list(pairwise((*tokens, "")))
        return cls(tuple(_flags(pairs)), frozenset(_overrides(pairs)))

    def values(self, name: str) -> list[str]:
        """Return the values of an option in their order."""
        return [value for given, value in self.flags if given == name]


def _flags(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for token, following in pairs:
        flag, equals, value = token.partition("=")
        if flag.startswith(_PREFIX):
            yield flag.removeprefix(_PREFIX), value if equals else following


def _overrides(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    for token, following in pairs:
        if token in ("-o", "--override-ini"):
            yield following.partition("=")[0].strip()
        elif token.startswith("--override-ini="):
            yield token.removeprefix("--override-ini=").partition("=")[0].strip()
        elif token.startswith("-o"):
            yield token[2:].partition("=")[0].strip()


def _foreign_source(config: pytest.Config, name: str, given: Given) -> str:
    """Return where the repository has set an option, an empty text if the user has."""
    ini = f"codemode_{name.replace('-', '_')}"
    value = config.getoption(ini)
    if value is None:
        file = config.inipath.name if config.inipath else "addopts"
        return "" if ini in given.overrides else f"{ini} ({file})"
    own = given.values(name)
    # Lists gather the values of all sources; of single values the last one holds, and the user's come last.
    foreign = _foreign_items(name, value, own) if isinstance(value, list) else not own
    return f"{_PREFIX}{name} (addopts)" if foreign else ""


def _foreign_items(name: str, items: list[str], own: list[str]) -> bool:
    """Return whether the repository has added an item; a limit that only lowers is its own affair."""
    foreign = list((Counter(items) - Counter(own)).elements())
    return bool(raised(split(foreign), Limits())) if name == "limit" else bool(foreign)
