"""Import what every session needs before the first fork: pytest and its installed plugins, nothing of the project."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Callable

from pytest_codemode.worker.guard import Unclean, installed_only
from pytest_codemode.worker.plan import Setup

_OWN = ("pytest_codemode.worker.warmed", "pytest_codemode.worker.zygote")
"""What this process would import later, when an environment in the tree may not be what it was any more."""


def preload(setup: Setup) -> bool:
    """Import pytest and its plugins, and say whether sessions may be forked from this process.

    A plugin that needs a module which the project has too, or is, waits for the session: what is imported here is the
    same for every patch, and runs in the supervisor itself. Where pytest needs one, every session starts from nothing.
    """
    with installed_only(setup) as try_import:
        try:
            if not try_import("pytest"):
                return False
            for module in _OWN:
                try_import(module)
            if not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
                _import_plugins(try_import)
        except Unclean:
            return False
    return True


def _import_plugins(try_import: Callable[[str], bool]) -> None:
    """Import plugins as pytest would, through its assertion rewriting."""
    from _pytest.assertion import install_importhook  # noqa: PLC0415  # under the guard
    from _pytest.config import _iter_rewritable_modules, get_config  # noqa: PLC0415

    known = frozenset(sys.modules)
    entries = [e for e in importlib.metadata.entry_points(group="pytest11") if e.module.partition(".")[0] not in known]
    config = get_config()
    if not hasattr(type(config), "inicfg"):  # pytest before 9.1 sets it while it parses, but the hook reads it
        vars(config)["inicfg"] = {}
    hook = install_importhook(config)
    # The same names as pytest will mark: it warns of each that was imported without being rewritten.
    files = [str(file) for entry in entries if entry.dist is not None for file in entry.dist.files or ()]
    hook.mark_rewrite(*_iter_rewritable_modules(files))
    try:
        for entry in entries:
            try_import(entry.module)
    finally:
        sys.meta_path.remove(hook)
