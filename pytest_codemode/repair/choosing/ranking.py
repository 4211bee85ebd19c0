"""Which of several plausible patches to keep: passing the tests does not make a patch right."""

from __future__ import annotations

import difflib
import math
import re

from pytest_codemode.core.patch import (
    AddImport,
    DeleteDefinition,
    DeleteStatement,
    Edit,
    InsertDefinition,
    InsertStatement,
    Patch,
    ReplaceExpression,
    ReplaceStatement,
)
from pytest_codemode.core.trial import Trial
from pytest_codemode.repair.choosing.behaviour import Comparison

_NAME = re.compile(r"[A-Za-z_]\w*")
_TOKEN = re.compile(r"\w+|[^\w\s]+")
_DELETIONS = (DeleteDefinition, DeleteStatement)
_INSERTIONS = (InsertDefinition, InsertStatement)


def best_first(trials: list[Trial], compared: Comparison | None = None) -> list[Trial]:
    """Return plausible trials, the most trustworthy first.

    In this order: no suspicious rule of the policy; fewest calls of passing tests whose result changes, and fewest that
    raise now; nothing deleted; fewest changes on inputs near those of passing tests; fewer edits, small changes of an
    expression before insertions, fewer changed tokens. Ties keep the proposer's order (suspiciousness and prior).

    What drops names (a condition, a call) counts as a deletion: the classic way to please a test suite is to do less.
    Source: Qi, Long, Achour, Rinard, "An Analysis of Patch Plausibility and Correctness", 2015; behaviour on passing
    tests: Xiong, Liu, Zeng, Zhang, Huang, "Identifying Patch Correctness in Test-Based Program Repair", 2018.
    """
    return sorted(trials, key=lambda trial: _key(trial, compared))


def _key(trial: Trial, compared: Comparison | None) -> tuple[float, ...]:
    seen = compared.behaviour(trial.fingerprint) if compared else None
    # Where others could be observed, one that could not comes behind them.
    unknown = 0.0 if compared is None else math.inf
    changed, raising, near = (seen.changed, seen.raising, seen.near_changed) if seen else (unknown,) * 3
    deletions, *size = _size(trial.patch)
    return (bool(trial.warnings), changed, raising, deletions, near, *size)


def _size(patch: Patch) -> tuple[int, int, int, int]:
    deletions = sum(isinstance(edit, _DELETIONS) or _dropped(edit) for edit in patch.edits)
    insertions = sum(isinstance(edit, _INSERTIONS) for edit in patch.edits)
    # An import alone changes no behaviour: it is free beside the edit that needs it.
    weight = sum(not isinstance(edit, AddImport) for edit in patch.edits)
    return deletions, weight, insertions, sum(map(_tokens, patch.edits))


def _tokens(edit: Edit) -> int:
    if isinstance(edit, ReplaceExpression):
        return _changed(edit.old, edit.new)
    if isinstance(edit, ReplaceStatement):
        return _changed(edit.old, edit.source.strip())
    # How much of a whole definition is new cannot be told from the edit; an import or a deletion has no source.
    return len(_TOKEN.findall(getattr(edit, "source", "")))


def _dropped(edit: Edit) -> bool:
    """Return whether a replaced expression ends up with fewer names."""
    if not isinstance(edit, ReplaceExpression):
        return False
    return len(_NAME.findall(edit.new)) < len(_NAME.findall(edit.old))


def _changed(old: str, new: str) -> int:
    """Return how many tokens differ, a replaced one counted once: 0 to the longer side's number of tokens."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    blocks = difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
    return max(len(before), len(after)) - sum(block.size for block in blocks)
