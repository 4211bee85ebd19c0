"""pytest's own fixtures for calls: as a test next to the explored tests would get them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest
from _pytest.runner import collect_one_node

from pytest_codemode.core.exploring import Recipe
from pytest_codemode.worker.executed import foreign

GIVEN = frozenset({"tmp_path", "monkeypatch", "capsys", "caplog", "tmp_path_factory"})
"""Fixtures of pytest's own that a parameter of that name means."""


PLACES = pytest.StashKey[dict[Path, pytest.Collector]]()


class Places:
    """pytest plugin: notes folders and modules as they are collected; fixtures belong to those very nodes."""

    @pytest.hookimpl
    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Note one."""
        if isinstance(collector, pytest.Directory | pytest.Module):
            collector.session.stash.setdefault(PLACES, {})[collector.path] = collector


class Fixtures(Protocol):
    """The fixtures of one call."""

    def set_up(self) -> dict[str, Any]:
        """Return their values by name."""
        ...

    def shared(self) -> tuple[str, ...]:
        """Return the names of those that live longer than one test."""
        ...

    def tear_down(self) -> None:
        """End them."""
        ...


class _Bare(pytest.Module):
    """A test module without tests, which need not exist."""

    def _getobj(self) -> ModuleType:
        return ModuleType("test_explored")


class Fixing:
    """Fixtures as they are seen from one place."""

    def __init__(self, session: Any, root: str, near: str) -> None:
        """See fixtures from `near`, a file or folder relative to `root`."""
        self._root = root + os.sep
        self._manager = session._fixturemanager
        self._session = session
        self._places: dict[Path, pytest.Collector] = session.stash.get(PLACES, {})
        self._place = Path(root, near)
        self._known: pytest.Collector | None = None
        self._autouse = False

    @property
    def _node(self) -> pytest.Collector:
        if self._known is None:
            self._known = self._found()
        return self._known

    def visible(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of `names` for which the project has a fixture."""
        return tuple(name for name in names if name in GIVEN or self._is_own(name))

    def get_ready(self) -> None:
        """Look for the place, and whether fixtures are in use there that nobody asks for."""
        self._autouse = any(self._is_own(name) for name in self._manager._getautousenames(self._node))

    def of(self, recipe: Recipe) -> Fixtures | None:
        """Return the fixtures of a recipe; None if neither it nor the place asks for any."""
        return _Item(self._session, self._node, recipe) if recipe.fixtures or self._autouse else None

    def _is_own(self, name: str) -> bool:
        found = self._manager.getfixturedefs(name, self._node) or ()
        files = (getattr(inspect.unwrap(one.func), "__code__", None) for one in found)
        return any(code and code.co_filename.startswith(self._root) and not foreign(code.co_filename) for code in files)

    def _found(self) -> pytest.Collector:
        """Return the module of the place, collected before or now; else an empty one beside it."""
        folder = self._place if self._place.is_dir() else self._place.parent
        parent = self._folder(folder)
        module = self._module(parent) if self._place.is_file() else None
        if module is not None:
            return module
        bare: pytest.Collector = _Bare.from_parent(parent, path=folder / "test_explored.py")
        return bare

    def _folder(self, folder: Path) -> Any:
        """Return the node of a folder, with its conftest loaded; of what pytest ignores the next one above."""
        if folder in self._places:
            return self._places[folder]
        if not folder.is_relative_to(self._session.config.rootpath):
            return self._session
        at_top = folder == self._session.config.rootpath
        parent = self._session if at_top else self._folder(folder.parent)
        node = self._session.gethookproxy(folder.parent).pytest_collect_directory(path=folder, parent=parent)
        if node is None:
            return parent
        self._have_conftest_read(folder)
        collect_one_node(node)
        return node

    def _have_conftest_read(self, folder: Path) -> None:
        """Have the fixtures of a folder's conftest belong to the node that is collected next.

        Since 9.1 pytest forgets those of a conftest that was loaded at its start if nothing collects its folder. What
        is at the root belongs to the session by then.
        """
        pending: dict[Path, object] | None = getattr(self._manager, "_pending_conftests", None)
        conftest = self._session.config.pluginmanager.get_plugin(str(folder / "conftest.py"))
        if pending is not None and conftest is not None and folder != self._session.config.rootpath:
            pending[folder] = conftest

    def _module(self, parent: Any) -> pytest.Module | None:
        """Return the place's module with its own fixtures; None if it cannot be imported."""
        module = self._places.get(self._place)
        try:
            if isinstance(module, pytest.Module):
                return module if module.obj is not None else None
            found = self._session.gethookproxy(self._place).pytest_collect_file(file_path=self._place, parent=parent)
            for one in found:
                if isinstance(one, pytest.Module):
                    list(one.collect())
                    return one
        except BaseException:  # noqa: BLE001  # of the test file
            return None
        return None


class _Item:
    """An item that asks for the fixtures of one recipe."""

    def __init__(self, session: Any, node: pytest.Collector, recipe: Recipe) -> None:
        self._session = session
        self._names = recipe.fixtures
        self._item: Any = pytest.Function.from_parent(node, name="test_explored", callobj=_asking(recipe.fixtures))

    def set_up(self) -> dict[str, Any]:
        """See `Fixtures`."""
        self._session._setupstate.setup(self._item)
        return {name: self._item.funcargs[name] for name in self._names}

    def shared(self) -> tuple[str, ...]:
        """See `Fixtures`."""
        found = self._item._fixtureinfo.name2fixturedefs
        return tuple(name for name in self._names if name in found and found[name][-1].scope != "function")

    def tear_down(self) -> None:
        """See `Fixtures`."""
        self._session._setupstate.teardown_exact(None)


def _asking(names: tuple[str, ...]) -> Any:
    def explored() -> None:
        """Ask for fixtures."""

    kinds = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    explored.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
    return explored
