"""The user's command line, without what would make no sense in a sandbox run: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_codemode.options.table import TABLE

_OUR_PREFIX = "--codemode-"
_OUR_FLAGS = frozenset(row.flag for row in TABLE if row.kind == "bool")

# Long options to leave out: they end a run early, choose tests by an earlier run, spread tests over processes, stop for
# a person, measure, or write files. `--cov` and `--cov-config` stay, although nobody measures by them in a sandbox:
# they say what the project's source is.
_DROPPED_FLAGS = frozenset(
    {
        *("--exitfirst", "--lf", "--last-failed", "--ff", "--failed-first", "--nf", "--new-first", "--cache-clear"),
        *("--sw", "--stepwise", "--sw-skip", "--stepwise-skip", "--sw-reset", "--stepwise-reset"),
        *("--pdb", "--trace", "--no-loadscope-reorder", "--loadscope-reorder", "--looponfail", "--forked"),
        *("--no-cov", "--no-cov-on-fail", "--cov-append", "--cov-branch", "--cov-reset"),
        *("--self-contained-html", "--json-report"),
    }
)
_DROPPED_WITH_VALUE = frozenset(
    {
        *("--maxfail", "--lfnf", "--last-failed-no-failures", "--pdbcls"),
        *("--numprocesses", "--maxprocesses", "--max-worker-restart", "--dist", "--tx", "--px", "--rsyncdir"),
        *("--rsyncignore", "--testrunuid", "--maxschedchunk"),
        *("--cov-report", "--cov-fail-under", "--cov-context", "--cov-precision"),
        *("--junitxml", "--junit-xml", "--junitprefix", "--junit-prefix", "--durations", "--durations-min"),
        *("--pastebin", "--basetemp", "--log-file", "--report-log", "--html", "--css", "--json-report-file"),
    }
)
_DROPPED_WITH_OPTIONAL_VALUE = frozenset({"--debug", "--cache-show"})

_SHORT_WITH_VALUE = "kmrpcoWn"
"""Letters of pytest and xdist that take a value: the rest of their token, or the next one."""
_SHORT_DROPPED = "xdn"
"""`-x`, and xdist's `-d` and `-n`."""


def for_sandbox(arguments: Sequence[str], invocation_dir: Path) -> tuple[str, ...]:
    """Return `arguments` (as `pytest` was called) without ours and without those that make no sense in a sandbox.

    Args:
        arguments: the command line; `@FILE` stands for the lines of FILE.
        invocation_dir: what the names of such files are relative to.
    """
    tokens = list(expanded(arguments, invocation_dir))
    kept: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token == "--":
            return (*kept, *tokens[position:])
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        taken, result = _long(token, following) if token.startswith("--") else _short(token, following)
        kept.extend(result)
        position += taken
    return tuple(kept)


def expanded(arguments: Sequence[str], invocation_dir: Path) -> Iterator[str]:
    """Yield the arguments with the lines of FILE in the place of `@FILE`, relative to `invocation_dir`."""
    for argument in arguments:
        if argument.startswith("@") and len(argument) > 1:
            yield from expanded((invocation_dir / argument[1:]).read_text("utf-8").splitlines(), invocation_dir)
        else:
            yield argument


def _long(token: str, following: str | None) -> tuple[int, tuple[str, ...]]:
    """Return how many tokens the option takes, and what is kept of them."""
    name, equals, _ = token.partition("=")
    if name.startswith(_OUR_PREFIX):
        return (1 if equals or name in _OUR_FLAGS else 2), ()
    if name in _DROPPED_FLAGS:
        return 1, ()
    if name in _DROPPED_WITH_VALUE:
        return (1 if equals else 2), ()
    if name in _DROPPED_WITH_OPTIONAL_VALUE:
        takes_next = not equals and following is not None and not following.startswith("-")
        return (2 if takes_next else 1), ()
    return 1, (token,)


def _short(token: str, following: str | None) -> tuple[int, tuple[str, ...]]:
    """Take a bundle as `-xvs` or `-vn4` apart; return how many tokens it takes, and what is kept of them."""
    if not token.startswith("-") or token == "-":
        return 1, (token,)
    flags = ""
    for index, letter in enumerate(token[1:], start=1):
        if letter in _SHORT_WITH_VALUE:
            value = token[index + 1 :]
            kept = () if letter in _SHORT_DROPPED else _with_value(letter, value, following)
            return (1 if value or following is None else 2), ((f"-{flags}", *kept) if flags else kept)
        if letter not in _SHORT_DROPPED:
            flags += letter
    return 1, ((f"-{flags}",) if flags else ())


def _with_value(letter: str, value: str, following: str | None) -> tuple[str, ...]:
    if value or following is None:
        return (f"-{letter}{value}",)
    return (f"-{letter}", following)
