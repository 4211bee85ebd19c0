"""ruff as the formatter of new code, with the settings that the project has for its own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

# The package itself offers it only in later releases than the oldest one that is admitted.
from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]  # ruff's package has no stubs

from pytest_codemode.core.errors import CodemodeError

_LIMIT_S = 60.0


def formatted(code: str, settings: Sequence[str]) -> str:
    """Return code as ruff formats it.

    Raises:
        CodemodeError: ruff cannot be run.
    """
    return _ruff(["format"], code, settings)


def sorted_imports(code: str, settings: Sequence[str]) -> str:
    """Return code with its imports sorted as ruff's rule I001 wants them.

    Raises:
        CodemodeError: ruff cannot be run.
    """
    return _ruff(["check", "--select", "I", "--fix", "--quiet", "--exit-zero"], code, settings)


def _ruff(command: list[str], code: str, settings: Sequence[str]) -> str:
    done = _run(command, code, settings)
    if done.returncode and settings:
        # What the project's own release of ruff knows, this one may not.
        done = _run(
            command, code, [item for item in settings if item.startswith(("line-length", "format.quote-style"))]
        )
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        raise CodemodeError(f"ruff could not format a test ({message}); reinstall it with pip install ruff")
    return done.stdout.decode("utf-8")


def _run(command: list[str], code: str, settings: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    options = [part for item in settings for part in ("--config", item)]
    try:
        return subprocess.run(
            [find_ruff_bin(), *command, "--isolated", "--no-cache", *options, "--stdin-filename", "test_new.py", "-"],
            input=code.encode("utf-8", "replace"),
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CodemodeError(f"ruff could not format a test ({error}); reinstall it with pip install ruff") from error
