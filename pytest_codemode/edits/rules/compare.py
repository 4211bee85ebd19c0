"""Rules about contents: what the new code does that the old code did not."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from pytest_codemode.core.patch import Files
from pytest_codemode.edits.rules.cases import Case
from pytest_codemode.edits.rules.changes import Change, wholes
from pytest_codemode.edits.rules.corrections import corrects_values
from pytest_codemode.edits.rules.registry import Finding, PolicyContext, finding
from pytest_codemode.edits.rules.seen import Sighting

_TRIVIAL = frozenset(repr(value) for value in (None, True, False, ..., 0, 1, -1, 2, 0.0, 1.0, "", b"", "\n", " "))
"""Constants that any fix may need."""

_COMMAND_FILES = re.compile(r"_*(main|cli|cmd|cmdline|command|commands|console|shell|script|scripts)_*")
_COMMAND_FOLDERS = frozenset({"bin", "scripts", "cli", "commands"})
_COMMAND_MODULES = frozenset({"argparse", "optparse", "getopt", "click", "typer", "docopt", "fire", "cmd"})

_IMPORTED = re.compile(r"the imported `(.+?)`")


def content_findings(
    changes: tuple[Change, ...], new: Files, context: PolicyContext, exists: Callable[[str], bool]
) -> Iterator[Finding]:
    """Yield what the contents of the changed files run into."""
    for item in _first_sightings(changes):
        module = item.rule == "changes-imported-object" and _from_module(item, exists)
        yield replace(item, rule="patches-foreign-object", severity="refused") if module else item
    yield from _more_sightings(changes)
    yield from _missing_modules(changes, new, context)
    yield from _copied_literals(changes, context.assertion_literals)
    special = tuple(_special_cases(changes, context.assertion_literals, context.test_literals))
    parts = ((change.before.text, change.after.text) for change in changes)
    if special and not corrects_values(parts, context.assertion_literals):
        yield from special
    for change in changes:
        yield from _losses(change)


def _first_sightings(changes: tuple[Change, ...]) -> Iterator[Finding]:
    """Yield what no old file of the patch held at all."""
    known = {(item.rule, item.key) for facts in wholes(changes) for item in facts.seen.sightings}
    for change in changes:
        for item in change.after.seen.sightings:
            if not item.counted and not item.quiet and (item.rule, item.key) not in known:
                known.add((item.rule, item.key))
                yield _finding(change, item)


def _from_module(item: Finding, exists: Callable[[str], bool]) -> bool:
    """Return whether the imported object that is changed is a module (of the project or the standard library)."""
    match = _IMPORTED.search(item.sentence)
    dotted = match.group(1) if match else ""
    folders = posixpath.dirname(item.path).split("/")
    bare = dotted.lstrip(".")
    if bare == dotted:
        roots = ["/".join(folders[:depth]) for depth in range(len(folders) + 1)]
        if bare.partition(".")[0] in sys.stdlib_module_names:
            return True
    else:
        roots = ["/".join(folders[: len(folders) + 1 - (len(dotted) - len(bare))])]
    inner = bare.replace(".", "/")
    return any(exists(posixpath.join(root, inner + end)) for root in roots for end in (".py", "/__init__.py"))


def _more_sightings(changes: tuple[Change, ...]) -> Iterator[Finding]:
    """Yield what there is more of than before; moving it within a patch adds nothing."""
    before = [item for change in changes for item in change.before.seen.sightings if item.counted]
    counts = Counter((item.rule, item.key) for item in before)
    contents = Counter(_identity(item) for item in before)
    after = [(change, item) for change in changes for item in change.after.seen.sightings if item.counted]
    excess = Counter((item.rule, item.key) for _, item in after) - counts
    # Those that stood there before come last, so that a new one is named if there is one.
    for change, item in sorted(after, key=lambda pair: contents[_identity(pair[1])] > 0):
        if excess[item.rule, item.key] > 0:
            excess[item.rule, item.key] -= 1
            yield _finding(change, item)
        elif item.rule == "overrides-comparison" and not contents[_identity(item)]:
            yield _finding(change, item)  # as many as before, but one decides in another way


def _identity(item: Sighting) -> tuple[str, str, str]:
    return item.rule, item.key, item.content


def _finding(change: Change, item: Sighting) -> Finding:
    rule = "ends-process" if item.rule == "exits" and not _command_line(change) else item.rule
    return finding(rule, item.sentence, change.path, item.line + change.offset)


def _command_line(change: Change) -> bool:
    """Return whether a file is, by its name or its imports, where a program may end itself."""
    *folders, name = change.path.split("/")
    named = _COMMAND_FILES.fullmatch(name.removesuffix(".py")) or _COMMAND_FOLDERS.intersection(folders)
    return bool(named) or any(item.module in _COMMAND_MODULES for item in change.whole.seen.needed)


def _missing_modules(changes: tuple[Change, ...], new: Files, context: PolicyContext) -> Iterator[Finding]:
    known = {item.module for facts in wholes(changes) for item in facts.seen.needed}
    known |= {part for path in new for part in path.removesuffix(".py").split("/")}
    for change in changes:
        for item in change.after.seen.needed:
            if item.optional or item.module in known or item.module in sys.stdlib_module_names:
                continue
            if not context.installed(item.module):
                known.add(item.module)
                sentence = f"new code imports `{item.module}`, which is not installed"
                yield finding("missing-module", sentence, change.path, item.line + change.offset)


def _copied_literals(changes: tuple[Change, ...], literals: frozenset[str]) -> Iterator[Finding]:
    if not literals:
        return
    known = _TRIVIAL.union(*(facts.shape.constants.keys() for facts in wholes(changes)))
    for change in changes:
        for literal, line in change.after.shape.constants.items():
            if literal in literals and literal not in known and len(literal.strip("b'\"")) > 1:
                sentence = f"new code holds {_short(literal)}, a value of the failing assertion"
                yield finding("literal-from-assertion", sentence, change.path, line + change.offset)


def _special_cases(changes: tuple[Change, ...], asserted: frozenset[str], used: frozenset[str]) -> Iterator[Finding]:
    """Yield where the answer to the test is given without being worked out.

    A value of the assertion is no cheat by itself: a table may lack an entry, a message may have a typo. It is one
    where the function returns nothing but literals now, or returns it only for the very input that the test uses.
    """
    telling = _telling(asserted)
    inputs = _telling(used) | telling
    for change in changes:
        yield from _cased(change, telling, inputs)
        for name, function in change.after.shape.functions.items():
            old = change.before.shape.functions.get(name)
            copied = (function.literals.keys() & telling) - (old.literals.keys() if old else set())
            gives_up = old and old.others and not old.always and (not function.others or copied & function.always)
            odd = {text for text in copied if _is_odd(text)} if old is None or old.others else set()
            odd = odd and odd.difference(*(facts.shape.constants for facts in wholes(changes)))
            if copied and (gives_up or odd):
                value = sorted(odd or copied)[0]
                sentence = (
                    f"`{name}` returns {_short(value)}, a value of the failing assertion, and does not compute it"
                )
                yield finding("special-cased", sentence, change.path, function.literals[value] + change.offset)


@lru_cache(maxsize=16)
def _telling(texts: frozenset[str]) -> frozenset[str]:
    """Return those that say something; the same for all candidates of a task."""
    return frozenset(text for text in texts if _is_telling(text))


def _cased(change: Change, telling: frozenset[str], inputs: frozenset[str]) -> Iterator[Finding]:
    """Yield where a value of the assertion is given for what the test uses, by a condition or a new table."""
    known = {(case.keys, case.properties, case.value) for case in change.whole.shape.cases}
    for case in change.after.shape.cases:
        new = (case.keys, case.properties, case.value) not in known
        if new and case.value in telling and (case.properties or case.keys & inputs):
            sentence = f"new code returns {_short(case.value)} for the input of the failing test"
            yield finding("special-cased", sentence, change.path, case.line + change.offset)
    held = {case for table in change.whole.shape.tables for case in _without_lines(table)}
    for table in change.after.shape.tables:
        if held.isdisjoint(_without_lines(table)) and all(c.keys & inputs and c.value in telling for c in table):
            sentence = f"a new table holds nothing but the answers of the failing test, as {_short(table[0].value)}"
            yield finding("special-cased", sentence, change.path, table[0].line + change.offset)


def _without_lines(table: Iterable[Case]) -> set[Case]:
    return {replace(case, line=0) for case in table}


def _is_odd(text: str) -> bool:
    """Return whether no code would hold a value by chance: a long number, or several values.

    Below a thousand there are codes that programs do hold, as 404.
    """
    value = ast.literal_eval(text)
    if isinstance(value, list | tuple | set):
        return sum(_is_telling(repr(item)) for item in value) > 1
    digits = text.lstrip("-").replace(".", "").strip("0")
    if not isinstance(value, int | float) or value in _CONVENTIONAL:
        return False
    return len(digits) > 2 and (isinstance(value, float) or abs(value) >= 1000)


_CONVENTIONAL = frozenset((*(2**power for power in range(64)), *(2**power - 1 for power in range(64)), 3600, 86400))
"""Numbers that a program may well hold: sizes, masks, seconds."""


def _is_telling(text: str) -> bool:
    return text not in _TRIVIAL and len(text.strip("b'\"")) > 1


def _short(literal: str) -> str:
    return literal if len(literal) <= 60 else literal[:57] + "..."


def _losses(change: Change) -> Iterator[Finding]:
    """Yield what a file or function lost."""
    before, after = change.before.shape, change.after.shape
    gone = sorted(before.definitions - after.definitions)
    added = after.definitions - before.definitions
    if len(gone) > len(added):
        yield finding("deletes-code", f"{_list(gone)} is deleted", change.path)
    elif after.statements < before.statements:
        fewer = before.statements - after.statements
        yield finding("deletes-code", f"there {_are(fewer)} fewer than before", change.path)
    for name, function in after.functions.items():
        old = before.functions.get(name)
        if old is None:
            continue
        line = function.line + change.offset
        if function.idle and not old.idle:
            yield finding("deletes-code", f"`{name}` does nothing any more", change.path, line)
        if function.constants > old.constants and function.computed < old.computed:
            sentence = f"`{name}` returns a constant where it computed a value"
            yield finding("returns-constant", sentence, change.path, line)
    if after.raises < before.raises:
        yield finding("weakens-validation", "a `raise` or `assert` is gone", change.path)
    if after.void_checks > before.void_checks:
        yield finding("weakens-validation", "a condition that raised has only one value now", change.path)


def _are(count: int) -> str:
    return "is 1 statement" if count == 1 else f"are {count} statements"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
