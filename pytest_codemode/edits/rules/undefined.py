"""Names that new code uses and nothing defines, found by ruff (rule F821)."""

from __future__ import annotations

import json
import re
import subprocess
from functools import lru_cache

# The package itself offers it only in later releases than the oldest one that is admitted.
from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]  # ruff's package has no stubs

from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.edits.rules.registry import Finding, finding
from pytest_codemode.edits.text import SourceError, decode_source

_NAME = re.compile(r"[`'](.+?)[`']")
_LIMIT_S = 60.0


def undefined_names(path: str, old: bytes, new: bytes) -> tuple[Finding, ...]:
    """Return the undefined names of a file that it did not have before (about 10 ms; asked of few patches).

    Raises:
        CodemodeError: ruff cannot be run.
    """
    if not path.endswith(".py"):
        return ()
    found = _undefined(new)
    known = {name for name, _ in _undefined(old)} if found and old else set()
    fresh = {name: line for name, line in reversed(found) if name not in known}
    return tuple(
        finding("undefined-name", f"new code uses `{name}`, which nothing defines", path, line)
        for name, line in sorted(fresh.items(), key=lambda item: item[1])
    )


@lru_cache(maxsize=64)
def _undefined(source: bytes) -> tuple[tuple[str, int], ...]:
    """Return (name, line) of each undefined name in the order of the file."""
    options = ["check", "--isolated", "--no-cache", "--quiet", "--select", "F821", "--ignore-noqa"]
    try:
        command = [find_ruff_bin(), *options, "--output-format", "json", "--stdin-filename", "source.py", "-"]
        done = subprocess.run(command, input=_in_utf8(source), capture_output=True, timeout=_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CodemodeError(f"ruff could not check a patch ({error}); reinstall it with pip install ruff") from error
    if done.returncode not in (0, 1):
        message = done.stderr.decode("utf-8", "replace").strip()
        raise CodemodeError(f"ruff could not check a patch ({message}); reinstall it with pip install ruff")
    items = json.loads(done.stdout)
    return tuple((_name(item["message"]), item["location"]["row"]) for item in items if item["code"] == "F821")


def _in_utf8(source: bytes) -> bytes:
    """Return the source as ruff reads it; it takes every file for UTF-8, whatever the file declares."""
    try:
        return decode_source(source).text.encode("utf-8", "replace")
    except SourceError:
        return source  # it does not compile either, which is reported elsewhere


def _name(message: str) -> str:
    match = _NAME.search(message)
    return match.group(1) if match else message
