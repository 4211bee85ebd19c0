"""A process that has imported what a project uses, but nothing of the project: reloads fork from it."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from pytest_codemode.worker.channel import write_line
from pytest_codemode.worker.forkserver import serve_forks
from pytest_codemode.worker.guard import Unclean, installed_only, is_own
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.session import run_session


def serve_reloads(setup: Setup, control: socket.socket, modules: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Import `modules` as far as they are installed ones, then fork for each plan.

    Says `warm`: false, and ends, if that brought in project code or started threads: then reloads start without it.
    """
    before = dict(os.environ)
    os.environ.update(environ)  # as conftest files set it, which libraries read when they are imported
    clean = _import(setup, modules)
    os.environ.clear()
    os.environ.update(before)
    warm = clean and not _project_code(setup) and _threads() == 1
    write_line(control.fileno(), {"say": "warmed", "warm": warm})
    if not warm:
        os._exit(0)
    gc.collect()
    gc.freeze()
    serve_forks(setup, control, lambda plan, say: run_session(setup, plan, say))


def _import(setup: Setup, modules: Sequence[str]) -> bool:
    """Import what can be; return whether the process is as good as new for the rest."""
    with installed_only(setup, seen_later=True) as try_import, suppress(Unclean):
        for name in modules:
            if name.partition(".")[0] not in sys.modules:
                try_import(name)
        return True
    return False


def _project_code(setup: Setup) -> bool:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return any(isinstance(file, str) and is_own(file, setup) for file in files)


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
