"""Import what every session needs before the first fork: pytest's plugins, none of the project's own."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys

from _pytest.assertion import install_importhook
from _pytest.config import _iter_rewritable_modules, get_config


def preload_plugins(root: str) -> None:
    """Import installed pytest plugins as pytest would (through its assertion rewriting), except those under `root`."""
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return
    entries = [entry for entry in importlib.metadata.entry_points(group="pytest11") if installed(entry.module, root)]
    config = get_config()
    if not hasattr(type(config), "inicfg"):  # pytest before 9.1 sets it while it parses, but the hook reads it
        vars(config)["inicfg"] = {}
    hook = install_importhook(config)
    # The same names as pytest will mark: it warns of each that was imported without being rewritten.
    files = [str(file) for entry in entries if entry.dist is not None for file in entry.dist.files or ()]
    hook.mark_rewrite(*_iter_rewritable_modules(files))
    try:
        for entry in entries:
            _try_import(entry.module)
    finally:
        sys.meta_path.remove(hook)


def _try_import(module: str) -> None:
    with contextlib.suppress(Exception):  # a broken plugin is reported by the session that loads it for real
        importlib.import_module(module)


def installed(module: str, root: str) -> bool:
    """Whether the module's top package is found outside `root` (and so is no project code)."""
    top = module.partition(".")[0]
    if top == "pytest_codemode" or top in sys.modules:
        return False
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())] if spec else [root]
    return not any(place == root or place.startswith(root + os.sep) for place in places)
