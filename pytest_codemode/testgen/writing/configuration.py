"""What a project's configuration says of formatting, as settings of ruff: its own, else black's and flake8's."""

from __future__ import annotations

import configparser
import json
import posixpath
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from pytest_codemode.testgen.writing.reading import Habits

_FORMAT = ("quote-style", "indent-style", "skip-magic-trailing-comma", "preview", "docstring-code-format")
_ISORT = (
    "case-sensitive", "combine-as-imports", "force-single-line", "force-sort-within-sections", "force-wrap-aliases",
    "from-first", "known-first-party", "known-local-folder", "known-third-party", "length-sort", "lines-after-imports",
    "lines-between-types", "no-sections", "order-by-type", "relative-imports-order", "split-on-trailing-comma",
)  # fmt: skip
_USUAL = 88
_LENGTHS = range(40, 401)
_INDENTS = range(1, 17)
_LINES = range(-1, 21)
"""Of blank lines: -1 leaves their number to ruff."""
_LONGEST = 320
"""ruff takes no longer lines."""


def formatter_settings(read: Callable[[str], bytes | None], seen: Habits) -> tuple[tuple[str, ...], int]:
    """Return the settings, each `key = value` in TOML, and the length of lines."""
    project = _toml(read("pyproject.toml"))
    tool = _table(project, "tool")
    ruff = _ruff(read, tool)
    settings = _of_ruff(ruff) if ruff else _of_others(read, tool, seen)
    if seen.tabs and "format.indent-style" not in settings:
        settings["format.indent-style"] = "tab"
    length = settings.get("line-length", _USUAL)
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= _LONGEST:
        length = _USUAL
        settings.pop("line-length", None)
    return tuple(f"{key} = {_written(value)}" for key, value in settings.items()), length


def _ruff(read: Callable[[str], bytes | None], tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return ruff's own configuration; one that it extends, within rootdir, counts where it says nothing."""
    found: dict[str, Any] = {}
    for name in (".ruff.toml", "ruff.toml"):
        raw = read(name)
        if raw is not None:
            found = _toml(raw)
            break
    else:
        found = dict(_table(tool, "ruff"))
    base = found.get("extend")
    if isinstance(base, str) and not base.startswith(("/", "~", "$")):
        path = posixpath.normpath(base)
        table = _toml(read(path)) if not path.startswith("..") else {}
        under = dict(_table(_table(table, "tool"), "ruff")) if path.endswith("pyproject.toml") else table
        found = {**under, **found}
    return found


def _of_ruff(ruff: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, bounds in (("line-length", _LENGTHS), ("indent-width", _INDENTS)):
        if _is_within(ruff.get(key), bounds):
            settings[key] = ruff[key]
    if isinstance(ruff.get("target-version"), str):
        settings["target-version"] = ruff["target-version"]
    form = _table(ruff, "format")
    settings.update({f"format.{key}": form[key] for key in _FORMAT if _simple(form.get(key))})
    isort = _table(_table(ruff, "lint"), "isort") or _table(ruff, "isort")
    settings.update({f"lint.isort.{key}": isort[key] for key in _ISORT if _simple(isort.get(key))})
    return settings


def _of_others(read: Callable[[str], bytes | None], tool: Mapping[str, Any], seen: Habits) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    black = _table(tool, "black")
    length = black.get("line-length") or _flake8_length(read)
    if not length and not black and seen.longest > _USUAL:
        length = min(seen.longest, 120)  # nothing says how long lines are, but they are longer than usual
    if _is_within(length, _LENGTHS):
        settings["line-length"] = length
    if black.get("skip-string-normalization") is True or (not black and seen.single_quotes):
        settings["format.quote-style"] = "single" if seen.single_quotes else "double"
    isort = _table(tool, "isort")
    for key in ("force_single_line", "force_sort_within_sections", "known_first_party", "lines_after_imports"):
        if _simple(isort.get(key)):
            settings[f"lint.isort.{key.replace('_', '-')}"] = isort[key]
    return settings


def _flake8_length(read: Callable[[str], bytes | None]) -> int | None:
    for name, section in ((".flake8", "flake8"), ("setup.cfg", "flake8"), ("tox.ini", "flake8")):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string((read(name) or b"").decode("utf-8", "replace"))
            return parser.getint(section, "max-line-length", fallback=None) or parser.getint(section, "max_line_length")
        except (configparser.Error, ValueError):
            continue
    return None


def _toml(raw: bytes | None) -> dict[str, Any]:
    try:
        return tomllib.loads((raw or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):  # `TOMLDecodeError` is the first
        return {}


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _simple(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, bool | str) or _is_within(value, _LINES)


def _is_within(value: object, bounds: range) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in bounds


def _written(value: object) -> str:
    """Return a value in TOML; of these types JSON's spelling is TOML's too."""
    return json.dumps(value)
