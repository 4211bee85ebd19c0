"""What one process does with an `ExploreRequest`: import, change, describe, call."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from _pytest.warnings import catch_warnings_for_item

from pytest_codemode.core.codec import encode
from pytest_codemode.core.exploring import UNSWAPPABLE, Arc, Compared, ExploreRequest, Raised, Recipe
from pytest_codemode.worker.exchange import Unfaithful
from pytest_codemode.worker.explore.alarm import Alarm
from pytest_codemode.worker.explore.arcs import Arcs
from pytest_codemode.worker.explore.calling import Came, Kitchen, observed
from pytest_codemode.worker.explore.comparing import Comparing
from pytest_codemode.worker.explore.describing import describe
from pytest_codemode.worker.explore.fixtures import Fixing
from pytest_codemode.worker.explore.importing import IMPORT_S, Target, Unimportable, import_target
from pytest_codemode.worker.explore.outside import Outside
from pytest_codemode.worker.explore.raising import Raising
from pytest_codemode.worker.explore.surroundings import thread_count
from pytest_codemode.worker.explore.variants import NONE, Variants
from pytest_codemode.worker.plan import Say, Setup
from pytest_codemode.worker.swap import LiveIndex

DESCRIBED_BYTES = 8 * 2**20
"""Of descriptions."""
FULL_BYTES = 8 * 2**20
"""Of values and the like that one process tells; what comes after that is told like what is no news."""


def explore(session: pytest.Session, index: LiveIndex, setup: Setup, request: ExploreRequest, say: Say) -> None:
    """Carry out `request`; this process is given up to it.

    Args:
        session: collected, or started without a test.
        index: of the functions that the session holds.
        setup: of the worker.
        request: what to do.
        say: tells the supervisor.
    """
    say({"say": "started"})
    exploring = _Exploring(session, index, setup, request, say)
    # In force up to the end of this process: leaving it would report each warning.
    in_force = catch_warnings_for_item(session.config, session.config.hook, "runtest", None)
    in_force.__enter__()
    try:
        exploring.run()
    except Unimportable as problem:
        say({"say": "failed", "reason": str(problem)})
    say({"say": "end"})


def _within(encoded: Iterable[Any], limit: int) -> Iterator[Any]:
    """Yield the first that take no more than `limit` bytes."""
    for one in encoded:
        limit -= len(str(one))
        if limit < 0:
            return
        yield one


class _Exploring:
    def __init__(self, session: Any, index: LiveIndex, setup: Setup, request: ExploreRequest, say: Say) -> None:
        self._setup = setup
        self._index = index
        self._request = request
        self._say = say
        self._alarm = Alarm()
        self._filename = f"{setup.root}/{request.path}"
        self._arcs = Arcs(self._filename)
        self._fixing = Fixing(session, setup.root, request.near)
        self._seen: set[Arc] = set(request.known)
        self._room = FULL_BYTES
        self._nearest: dict[tuple[int, str, bool], float] = {}
        self._stopped: set[int] = set()
        """Variants of which nothing more is called."""

    def run(self) -> None:
        request = self._request
        target = self._imported()
        index = self._swap(target)
        if request.describe:
            told = describe(target.module, request.path, self._filename, self._setup.root, self._fixing.visible)
            self._say({"say": "described", "callables": list(_within(map(encode, told), DESCRIBED_BYTES))})
        kitchen = self._kitchen()
        self._get_ready()
        variants = Variants(index, request.variants, self._setup.root)
        self._say({"say": "ready"})
        for recipe in request.recipes:
            reason = variants.bring(recipe.variant)
            if recipe.variant in self._stopped:
                self._say({"say": "observed", "observation": _not_run(recipe.key)})
            elif reason:
                came = Came(raised=Raised(UNSWAPPABLE, reason))
                refusal = encode(observed(recipe.key, came, new=False, steady=True))
                self._say({"say": "observed", "observation": refusal})
            else:
                self._observe(recipe, kitchen)

    def _imported(self) -> Target:
        """Import the file, and tell what that was like."""
        request = self._request
        began_s, threads = time.perf_counter(), thread_count()
        target = import_target(
            self._filename,
            request.module,
            self._alarm,
            self._arcs,
            trace=request.describe,
            watch=bool(request.swaps or request.variants),
            within_s=min(IMPORT_S, request.timeout_s),
        )
        self._say(
            {
                "say": "imported",
                "arcs": [list(arc) for arc in target.imported],
                "import_s": time.perf_counter() - began_s if target.fresh else 0.0,
                "threads": thread_count() > threads,
            }
        )
        return target

    def _kitchen(self) -> Kitchen:
        places = tuple(dict.fromkeys((self._setup.scratch, self._setup.root)))
        kitchen = Kitchen(
            self._alarm,
            self._arcs,
            Outside((self._setup.fork_scratch,)),
            Raising(self._setup.root, places),
            places,
            self._request.call_s,
            self._fixing.of,
        )
        kitchen.keeps = kitchen.reads.on = self._request.twice
        if self._request.compare:
            kitchen.compared = Comparing(self._filename, self._index.functions_of(self._filename)).take
        return kitchen

    def _get_ready(self) -> None:
        """Do what takes long once, so that it is not the first call's to wait for."""
        try:
            self._alarm.set(IMPORT_S)
            self._fixing.get_ready()
            for name in {one.module for recipe in self._request.recipes for one in recipe.imports} - sys.modules.keys():
                with suppress(Exception):  # the call that needs it says so
                    importlib.import_module(name)
        except BaseException:  # noqa: BLE001  # as above
            pass
        finally:
            self._alarm.off()

    def _swap(self, target: Target) -> LiveIndex:
        """Change the functions that the request names, and return what can change others.

        Raises:
            Unimportable: that would not be what importing the changed file gives.
        """
        index = self._index
        if not self._request.swaps and not self._request.variants:
            return index
        if target.executed is not None:
            index = LiveIndex(self._setup.root, target.executed)
        try:
            index.install(self._request.swaps)
        except Unfaithful as problem:
            raise Unimportable(f"the change cannot be put in place: {problem}") from None
        return index

    def _observe(self, recipe: Recipe, kitchen: Kitchen) -> None:
        came = kitchen.cook(recipe)
        steady = not came.untidy and not came.reads and not came.spoils
        if self._request.twice and steady:
            steady = kitchen.cook(recipe).digest() == came.digest()
        new = not self._seen.issuperset(came.arcs)
        self._seen.update(came.arcs)
        if came.outcome == "timeout" and self._request.stop_at_timeout and recipe.variant != NONE:
            self._stopped.add(recipe.variant)
        nearer = self._nearer(came.compared)
        message: dict[str, Any] | None = None
        if (new or self._request.full) and self._room > 0:
            message = encode(observed(recipe.key, came, new=new, steady=steady))
            self._room -= len(str(message))
        self._say({"say": "observed", "observation": message or _in_short(recipe.key, came, steady, nearer)})

    def _nearer(self, compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
        """Return the comparisons that came nearer to the other way than any before: a search goes by them."""
        found = []
        for one in compared:
            branch = (one.line, one.operator, one.holds)
            if one.distance < self._nearest.get(branch, 2.0):
                self._nearest[branch] = one.distance
                found.append(one)
        return tuple(found)


def _not_run(key: str) -> dict[str, Any]:
    return {"key": key, "outcome": "not run", "new": False}


def _in_short(key: str, came: Came, steady: bool, nearer: tuple[Compared, ...]) -> dict[str, Any]:
    """Return an `Observation` that is no news, encoded: without what has its default, as there are many."""
    message = {"key": key, "outcome": came.outcome, "digest": came.digest(), "new": False}
    if not steady:
        message["steady"] = False
    if came.reads:
        message["reads"] = came.reads
    if nearer:
        message["compared"] = encode(nearer)
    return message
