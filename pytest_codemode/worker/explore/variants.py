"""Variants of the code, one at a time in force in one process: what a fork and an import each would cost is saved."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from pytest_codemode.core.outcome import Swap
from pytest_codemode.worker.exchange import Unfaithful
from pytest_codemode.worker.executed import foreign
from pytest_codemode.worker.swap import LiveIndex

NONE = -1
"""The code as it is."""


class Variants:
    """Puts the functions of a variant in place, and back when another one's turn comes."""

    def __init__(self, index: LiveIndex, variants: Sequence[Sequence[Swap]], root: str) -> None:
        """Change functions that `index` knows; `root` is the absolute path of the project."""
        self._index = index
        self._variants = variants
        self._caches = list(_caches(root)) if variants else []
        self._now = NONE
        self._in_force = ExitStack()
        self._reasons: dict[int, str] = {}

    def bring(self, number: int) -> str:
        """Let variant `number` be in force; return why that cannot be, or nothing.

        What functions remember of calls is forgotten: it came from other code.
        """
        if number != self._now:
            self._in_force.close()
            self._now = NONE
            for cache in self._caches:
                cache.cache_clear()
            if number != NONE and number not in self._reasons:
                self._put(number)
        return self._reasons.get(number, "")

    def _put(self, number: int) -> None:
        try:
            self._in_force.enter_context(self._index.installed(self._variants[number]))
        except Unfaithful as problem:
            self._reasons[number] = f"the change cannot be put in place: {problem}"
        else:
            self._now = number


def _caches(root: str) -> Iterator[Any]:
    """Yield what `functools.cache` has made of functions in the project's modules and classes."""
    for module in list(sys.modules.values()):
        file = vars(module).get("__file__") if type(module) is ModuleType else None
        if isinstance(file, str) and file.startswith(root + os.sep) and not foreign(file):
            things = list(vars(module).values())
            inner = (one for kind in things if isinstance(kind, type) for one in list(vars(kind).values()))
            yield from (one for one in (*things, *inner) if type(one) is functools._lru_cache_wrapper)
