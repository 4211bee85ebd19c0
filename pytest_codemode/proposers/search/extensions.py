"""Operators of other packages: the hook that gives them, and who may.

A package that adds operators names a module in the entry point group `codemode` and defines `codemode_operators` there:

    from pytest_codemode.proposers.search.extensions import hookimpl
    from pytest_codemode.proposers.search.operator import Operator, wrong

    @hookimpl
    def codemode_operators():
        return [Operator("shop.currency", 0.5, draft, "why it is there", wrong(...))]

Such code runs in the engine, beside the keys and outside every sandbox. Only distributions that the user has named are
loaded, and none that lies in the tree under repair: what the tree brings along is foreign code.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pluggy

from pytest_codemode.core.errors import ConfigError, ProposerError
from pytest_codemode.proposers.search.hints import Hints
from pytest_codemode.proposers.search.operator import Operator
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.table import OPERATORS

GROUP = "codemode"
"""Of the entry points that name modules with hooks; the name of an entry point is free."""
OPTION = "--codemode-operators"
hookspec = pluggy.HookspecMarker("codemode")
hookimpl = pluggy.HookimplMarker("codemode")


class Hooks:
    """What a package may define."""

    @hookspec
    def codemode_operators(self) -> Iterable[Operator]:  # type: ignore[empty-body]  # a specification has none
        """Return further repair operators, each with a name of its own."""


class _Own:
    """The project's own operators come by the same way."""

    @hookimpl
    def codemode_operators(self) -> Iterable[Operator]:
        """Return the table."""
        return OPERATORS


def operators(distributions: Sequence[str], rootdir: Path) -> tuple[Operator, ...]:
    """Return the project's operators and those of the named distributions, in that order.

    Raises:
        ConfigError: a distribution is not installed, lies in the tree under repair, or gives no usable operators.
    """
    found = list(_told(_Own()))
    for name in distributions:
        for module in _modules(name, rootdir):
            found += (_guarded(operator, name) for operator in _told(module, name))
    _check_names(found)
    return tuple(found)


def _told(plugin: object, name: str = "") -> Iterator[Operator]:
    """Yield the operators that a plugin gives.

    Raises:
        ConfigError: its hook fails or gives something else.
    """
    manager = pluggy.PluginManager("codemode")
    manager.add_hookspecs(Hooks)
    try:
        manager.register(plugin)
        given = [operator for answer in manager.hook.codemode_operators() for operator in answer]
    except Exception as problem:  # code of another package: any of its errors is news for the user
        raise _unusable(name, f"its codemode_operators ends by {type(problem).__name__}: {problem}") from problem
    for operator in given:
        if not isinstance(operator, Operator):
            raise _unusable(name, f"its codemode_operators gives a {type(operator).__name__}, no Operator")
        if not isinstance(operator.prior, int | float) or not operator.prior > 0:
            raise _unusable(name, f"the prior of its operator {operator.name} is no positive number")
        yield operator
    if not given:
        raise _unusable(name, "it gives no operators; the module that it names has to define codemode_operators")


def _unusable(name: str, why: str) -> ConfigError:
    return ConfigError(f"{OPTION}={name}: {why}; correct the package or leave the option out")


def _modules(name: str, rootdir: Path) -> list[ModuleType]:
    """Import what the entry points of a distribution name, once it is known where that lies."""
    try:
        distribution = importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        raise ConfigError(
            f"{OPTION}={name}: no such distribution is installed for the interpreter that runs the engine;"
            " install it there (see --codemode-python), or leave the option out"
        ) from None
    entries = [entry for entry in distribution.entry_points if entry.group == GROUP]
    if not entries:
        raise _unusable(name, f"it names no module in the entry point group {GROUP!r}")
    _refuse_inside(name, [Path(str(distribution.locate_file("")))], rootdir)
    for entry in entries:
        _refuse_inside(name, _places(name, entry.module), rootdir)
    return [_imported(name, entry) for entry in entries]


def _places(name: str, module: str) -> list[Path]:
    """Return where the top-level package of a module lies; nothing is imported for that."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None:
        raise _unusable(name, f"the module {module} that it names is not there")
    return [Path(place) for place in (spec.submodule_search_locations or [spec.origin or "."])]


def _refuse_inside(name: str, places: Iterable[Path], rootdir: Path) -> None:
    """Raise `ConfigError` where a place lies in the tree under repair; an environment in it counts as outside."""
    installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib")}
    root = rootdir.resolve()
    for place in places:
        resolved = place.resolve()
        if resolved.is_relative_to(root) and not any(resolved.is_relative_to(folder) for folder in installed):
            raise ConfigError(
                f"{OPTION}={name}: it lies in the tree under repair ({resolved.relative_to(root)}), whose code runs"
                " only in the sandbox; install the package from elsewhere, not in editable mode"
            )


def _imported(name: str, entry: importlib.metadata.EntryPoint) -> ModuleType:
    try:
        loaded = entry.load()
    except Exception as problem:  # code of another package, see `_told`
        raise _unusable(name, f"{entry.value} cannot be imported: {type(problem).__name__}: {problem}") from problem
    if not isinstance(loaded, ModuleType):
        raise _unusable(name, f"{entry.value} is no module")
    return loaded


def _guarded(operator: Operator, name: str) -> Operator:
    """Return the operator with its errors translated: they are its package's, and end the search, not the run."""
    draft, needs = operator.draft, operator.needs

    @contextmanager
    def blamed() -> Iterator[None]:
        try:
            yield
        except Exception as problem:  # code of another package
            raise ProposerError(
                f"the operator {operator.name} of {name} fails ({type(problem).__name__}: {problem}); leave out"
                f" {OPTION}={name} to search without it"
            ) from problem

    @functools.wraps(draft)
    def drafts(site: Site) -> list[Draft]:
        with blamed():
            return list(draft(site))

    def needed(hints: Hints) -> bool:
        with blamed():
            return bool(needs(hints))

    return replace(operator, draft=drafts, needs=needed)


def _check_names(found: Sequence[Operator]) -> None:
    names = [operator.name for operator in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{OPTION}: there are two operators named {twice[0]}; leave one of the packages out")
