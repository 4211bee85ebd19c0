"""A process that has imported what a project uses, but nothing of the project: reloads fork from it."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from pytest_codemode.worker.channel import write_line
from pytest_codemode.worker.forkserver import serve_forks
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.preload import installed
from pytest_codemode.worker.session import run_session


def serve_reloads(setup: Setup, control: socket.socket, modules: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Import `modules` as far as they are installed ones, then fork for each plan.

    Says `warm`: false, and ends, if that brought in project code or started threads: then reloads start without it.
    """
    before = dict(os.environ)
    os.environ.update(environ)  # as conftest files set it, which libraries read when they are imported
    for name in modules:
        if name not in sys.modules and installed(name, setup.root):
            # Whatever it is, the run that imports it for real reports it.
            with contextlib.suppress(BaseException):
                importlib.import_module(name)
    os.environ.clear()
    os.environ.update(before)
    warm = not _project_code(setup.root) and _threads() == 1
    write_line(control.fileno(), {"say": "warmed", "warm": warm})
    if not warm:
        os._exit(0)
    gc.collect()
    gc.freeze()
    serve_forks(setup, control, lambda plan, say: run_session(setup, plan, say))


def _project_code(root: str) -> bool:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return any(
        isinstance(file, str) and file.startswith(root + os.sep) and "site-packages" not in file for file in files
    )


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
