"""One function for each kind of value: text or a number of pytest's in, the checked value out, or a `ConfigError`."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.options.given import Given
from pytest_codemode.options.table import PROPOSERS

_MAX_WORKERS = 256
_MAX_TEST_TIMEOUT_S = 86_400.0


def commas(given: Given) -> list[str]:
    """Return the items of a list option, each of which may hold several with commas."""
    return split(given.items)


def split(items: Iterable[str]) -> list[str]:
    """Return the parts between commas, empty ones left out."""
    return [part.strip() for item in items for part in item.split(",") if part.strip()]


def choice(given: Given, allowed: tuple[str, ...]) -> str:
    """Return the value, the first of `allowed` if none was given."""
    if given.value is None:
        return allowed[0]
    if given.value not in allowed:
        raise given.refuse(given.value, f"is unknown; use one of {', '.join(allowed)}")
    return str(given.value)


def proposers(given: Given) -> tuple[str, ...]:
    """Return the names of the proposers, in order."""
    if given.value is None:
        return ("auto",)
    found = tuple(dict.fromkeys(_proposer(given, name) for name in commas(given)))
    if not found:
        raise given.refuse("", f"names no proposer; use {', '.join(PROPOSERS)} or replay:FILE")
    return found


def _proposer(given: Given, name: str) -> str:
    kind, colon, file = name.partition(":")
    if kind == "replay" and colon:
        path = absolute(given, file)
        if not file or not path.is_file():
            raise given.refuse(name, "names no readable file; write replay:FILE with the path of a list of edits")
        return f"replay:{path}"
    if name not in PROPOSERS:
        raise given.refuse(name, f"is unknown; use {', '.join(PROPOSERS)} or replay:FILE")
    return name


def budget(given: Given) -> str:
    """Return the budget as it was written, checked."""
    spec = str(given.value or "")
    if spec:
        # Imported here, because a run without the flag never comes this far.
        from pytest_codemode.core.budget import parse_allowance  # noqa: PLC0415

        _checked(given, "--codemode-budget", parse_allowance, spec)
    return spec


def workers(given: Given) -> int:
    """Return the number of candidates judged at a time."""
    if given.value is None:
        return min(_usable_cpus(), _MAX_WORKERS)
    number = _number(given, given.value)
    if not number.is_integer() or not 1 <= number <= _MAX_WORKERS:
        raise given.refuse(given.value, f"is not a whole number from 1 to {_MAX_WORKERS}; write for example 2")
    return int(number)


def _usable_cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def seconds(given: Given) -> float:
    """Return a time limit."""
    if given.value is None:
        return 60.0
    number = _number(given, given.value)
    if not 0 < number <= _MAX_TEST_TIMEOUT_S:
        raise given.refuse(given.value, "is not a number of seconds above 0 and up to a day; write for example 60")
    return number


def _number(given: Given, value: object) -> float:
    """Return `value` (text from the command line, a number from an ini file) as a number, NaN if it is none."""
    try:
        return float(value)  # type: ignore[arg-type]  # what is no number is a ValueError or TypeError
    except (ValueError, TypeError):
        return math.nan


def globs(given: Given) -> tuple[str, ...]:
    """Return patterns of paths below rootdir."""
    for pattern in given.items:
        path = PurePosixPath(pattern)
        if not pattern or path.is_absolute() or ".." in path.parts or "\\" in pattern:
            raise given.refuse(pattern, "is not a pattern of paths below rootdir; write for example 'src/**/*.py'")
    return tuple(given.items)


def names(given: Given) -> tuple[str, ...]:
    """Return names of environment variables."""
    names = tuple(commas(given))
    for name in names:
        if "=" in name or not name.isprintable():
            raise given.refuse(
                name, "is not the name of an environment variable; write the name alone, without a value"
            )
    return names


def python(given: Given) -> str:
    """Return the absolute path of an interpreter, empty for the running one."""
    if given.value is None:
        return ""
    text = str(given.value)
    found = shutil.which(text if os.sep not in text else str(absolute(given, text)))
    if not text or found is None:
        raise given.refuse(
            text, "is not an executable; write the path of an interpreter with pytest-codemode installed"
        )
    return found


def mounts(given: Given) -> tuple[str, ...]:
    """Return absolute paths that exist."""
    paths = tuple(absolute(given, item) for item in given.items)
    for path in paths:
        if not path.exists():
            raise given.refuse(str(path), "does not exist; mount a file or folder that does")
    return tuple(map(str, paths))


def limits(given: Given) -> tuple[str, ...]:
    """Return `NAME=VALUE` items, checked."""
    # As with the budget: only a run with the flag comes this far.
    from pytest_codemode.core.limits import parse  # noqa: PLC0415
    from pytest_codemode.core.project import Limits  # noqa: PLC0415

    items = tuple(commas(given))
    for item in items:
        try:
            parse([item], Limits())
        except ValueError as problem:
            raise given.refuse(item, str(problem)) from None
    return items


def reports(given: Given) -> tuple[str, ...]:
    """Return absolute paths of report files."""
    from pytest_codemode.report.files import CHOICE, suffix_of  # noqa: PLC0415  # as above

    for item in given.items:
        if suffix_of(item) is None:
            raise given.refuse(item, f"has no known suffix; end it in {CHOICE}")
        if absolute(given, item).is_dir():
            raise given.refuse(item, "is a folder; name a file")
    return tuple(str(absolute(given, item)) for item in given.items)


def absolute(given: Given, text: str) -> Path:
    """Return the path without following links: a venv's python must stay in its venv."""
    return Path(os.path.abspath(given.base / Path(text).expanduser()))  # noqa: PTH100  # resolve() follows links


def model(given: Given) -> str:
    """Return the name of a model, empty for none."""
    text = str(given.value or "").strip()
    if given.value is not None and (not text or not text.isprintable() or " " in text):
        raise given.refuse(given.value, "is not the name of a model; write for example claude-sonnet-5-5")
    return text


def revision(given: Given) -> str:
    """Return the name of a git revision, empty for none."""
    text = str(given.value or "").strip()
    if given.value is not None and (not text or not text.isprintable() or text.startswith("-") or " " in text):
        raise given.refuse(given.value, "is not the name of a revision; write for example origin/main or HEAD~3")
    return text


def url(given: Given) -> str:
    """Return an http(s) address, empty for the provider's own."""
    if given.value is None:
        return ""
    text = str(given.value).strip()
    scheme, _, rest = text.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/") or "@" in rest:
        raise given.refuse(redacted(text), "is no address; write for example http://127.0.0.1:8080, without a password")
    return text


def redacted(text: str) -> str:
    """Return an address without what may be a password."""
    head, at, tail = text.rpartition("@")
    return f"{head.partition('://')[0]}://...@{tail}" if at else text


def price(given: Given) -> str:
    """Return the price as it was written, checked."""
    spec = str(given.value or "")
    if spec:
        from pytest_codemode.proposers.model.prices import parse_price  # noqa: PLC0415  # as above

        _checked(given, "--codemode-price", parse_price, spec)
    return spec


def _checked(given: Given, flag: str, parse: Callable[[str], object], spec: str) -> None:
    """Let `parse` refuse the value, under the name by which it was given."""
    try:
        parse(spec)
    except ConfigError as problem:
        raise ConfigError(str(problem).replace(flag, given.label, 1)) from None
