"""One recipe: bind its names, call, look at what came of it."""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Literal

from pytest_codemode.core.exploring import Arc, Compared, Import, Observation, Raised, Recipe, Shown
from pytest_codemode.worker.explore.alarm import Alarm, Overdue
from pytest_codemode.worker.explore.arcs import Arcs
from pytest_codemode.worker.explore.consuming import consume
from pytest_codemode.worker.explore.fixtures import Fixtures
from pytest_codemode.worker.explore.outside import Outside, refused
from pytest_codemode.worker.explore.raising import Raising
from pytest_codemode.worker.explore.reading import Reads
from pytest_codemode.worker.explore.showing import Show, canonical, public
from pytest_codemode.worker.explore.streams import Streams
from pytest_codemode.worker.explore.surroundings import Kept
from pytest_codemode.worker.explore.variants import NONE
from pytest_codemode.worker.explore.warned import Given, kinds, noticed

Outcome = Literal["returned", "raised", "exited", "timeout", "refused", "invalid"]


class Invalid(Exception):
    """Nothing was called; why is in `__cause__`."""


@dataclass(slots=True)
class Came:
    """What came of one call."""

    outcome: Outcome = "invalid"
    value: Shown | None = None
    raised: Raised | None = None
    after: tuple[tuple[str, Shown], ...] = ()
    arcs: tuple[Arc, ...] = ()
    compared: tuple[Compared, ...] = ()
    stdout: str = ""
    warned: tuple[str, ...] = ()
    reads: str = ""
    """What it read that is another thing the next time."""
    untidy: bool = False
    """Whether it left a thread or a process behind."""
    spoils: bool = False
    """Whether it has changed a fixture that other tests get too."""
    duration_s: float = 0.0

    def digest(self) -> str:
        """Return what tells it from all that a test could tell it from."""
        parts: list[str] = [self.outcome]
        if self.value is not None:
            parts.append(canonical(self.value))
        if self.raised is not None:
            parts += [self.raised.type, self.raised.message]
        parts += [f"{name} {canonical(shown)}" for name, shown in self.after]
        parts += [f"warned {kind}" for kind in self.warned]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A recipe's expressions."""

    call: CodeType
    setup: tuple[tuple[str, CodeType], ...]


def compiled(recipe: Recipe) -> Compiled:
    """Compile the expressions of a recipe.

    Raises:
        Invalid: one is no expression.
    """
    try:
        setup = tuple((name, compile(text, "<recipe>", "eval")) for name, text in recipe.setup)
        return Compiled(compile(recipe.call, "<recipe>", "eval"), setup)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as problem:
        raise Invalid from problem


@dataclass
class Kitchen:
    """What every call needs."""

    alarm: Alarm
    arcs: Arcs
    outside: Outside
    raising: Raising
    places: tuple[str, ...]
    call_s: float
    fixtures: Callable[[Recipe], Fixtures | None]
    """Returns the fixtures of a recipe, ready to be set up; None if it needs none."""
    compared: Callable[[], tuple[Compared, ...]] = tuple
    """Returns the comparisons made since it was asked last."""
    keeps: bool = False
    """Whether to keep what a call used and returned until the next one ends: what is new then has other addresses."""
    reads: Reads = field(default_factory=Reads)
    streams: Streams = field(init=False)
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        """Look at the process as it is."""
        self.streams = Streams(self._asked)
        self.kept = Kept()
        self._kept_alive: object = None
        self._fixtures: Fixtures | None = None
        self._show = Show(self.places)
        self._state = Show(self.places, deep=True)

    def cook(self, recipe: Recipe) -> Came:
        """Carry out one recipe; leaves the process as it found it, as far as that is cheap."""
        came = Came()
        started = time.perf_counter()
        self.streams.put()
        self.arcs.begin()
        self.arcs.quiet = recipe.variant != NONE
        self.reads.begin()
        self.compared()
        self.outside.asked = False
        self._fixtures = None
        self.alarm.set(self.call_s)
        try:
            self._attempt(recipe, came)
        except Overdue:
            pass
        finally:
            self.alarm.off()
            self._look_away()
        if self.alarm.rang:  # whatever the code has made of it
            came = Came("timeout")
        if self.outside.asked and came.outcome != "invalid":
            came = Came("refused", raised=came.raised)
        came.stdout = self.streams.printed()
        self._tidy()
        came.arcs = tuple(sorted(self.arcs.seen))
        came.compared = self.compared()
        came.reads = self.reads.what
        came.duration_s = round(time.perf_counter() - started, 6)
        came.untidy = self.kept.more_runs()
        return came

    def _asked(self) -> None:
        self.outside.asked = True

    def _attempt(self, recipe: Recipe, came: Came) -> None:
        """Fill in what came of it.

        Raises:
            Overdue: it took too long.
        """
        try:
            code = compiled(recipe)
            self._fixtures = self.fixtures(recipe)
            self._call(recipe, code, came)
        except Overdue:
            raise
        except Invalid as problem:
            came.raised = self.raising(problem.__cause__ or problem)
        except BaseException as problem:  # noqa: BLE001  # of foreign code, at a place that nobody foresaw
            came.raised = self.raising(problem)

    def _call(self, recipe: Recipe, code: Compiled, came: Came) -> None:
        """Fill in what came of it.

        Raises:
            Overdue: it took too long.
            Invalid: nothing was called.
        """
        with noticed() as early:
            names = self._bound(recipe, code)
        changing = [name for name, _ in recipe.setup] + list(recipe.fixtures)
        before = [self._state(names[name]) for name in changing]
        late: Given = []
        try:
            self._watch()
            try:
                with noticed() as late:
                    thing = eval(code.call, names)  # what this process is for
                    self._kept_alive = (names, thing) if self.keeps else None
                    came.value = consume(thing, recipe.flavour, self._shown)
            finally:
                self._look_away()
            came.outcome = "returned"
        except Overdue:
            raise
        except (SystemExit, KeyboardInterrupt) as problem:
            came.outcome, came.raised = "exited", self.raising(problem)
        except BaseException as problem:  # noqa: BLE001  # whatever foreign code raises
            came.outcome = "refused" if refused(problem) else "raised"
            came.raised = self.raising(problem)
        came.after = tuple(self._changed(changing, before, names))
        shared = self._fixtures.shared() if came.after and self._fixtures is not None else ()
        came.spoils = any(name in shared for name, _ in came.after)
        came.warned = kinds(early, late)

    def _bound(self, recipe: Recipe, code: Compiled) -> dict[str, Any]:
        """Return the names that the call uses."""
        names: dict[str, Any] = {"__builtins__": builtins, "__name__": "explored"}
        try:
            for one in recipe.imports:
                names[one.bound] = _imported(one)
            self.arcs.start()
            try:
                if self._fixtures is not None:
                    names.update(self._fixtures.set_up())
                for name, expression in code.setup:
                    names[name] = eval(expression, names)  # see `_call`
            finally:
                self.arcs.stop()
        except Overdue:
            raise
        except BaseException as problem:
            raise Invalid from problem
        return names

    def _shown(self, value: Any) -> Shown:
        """Show a value in the middle of a call: what its properties execute is not the call's."""
        self._look_away()
        try:
            return self._show(value)
        finally:
            self._watch()

    def _watch(self) -> None:
        self.arcs.start()
        self.reads.start()

    def _look_away(self) -> None:
        self.reads.stop()
        self.arcs.stop()

    def _changed(self, changing: list[str], before: list[Shown], names: Mapping[str, Any]) -> list[tuple[str, Shown]]:
        found = []
        for name, old in zip(changing, before, strict=True):
            new = self._state(names[name])
            if new != old:
                shown = self._show(names[name])
                worked_out = {field for field, _ in shown.fields} - {field for field, _ in new.fields}
                if shown.kind != "opaque" and (worked_out or public(new) != public(old)):
                    found.append((name, shown))
        return found

    def _tidy(self) -> None:
        """Take down the fixtures, whose end says nothing about the call, and put back what is around."""
        if self._fixtures is not None:
            try:
                self.alarm.set(self.call_s)
                self._fixtures.tear_down()
            except BaseException:  # noqa: BLE001  # of foreign code
                pass
            finally:
                self.alarm.off()
        self.kept.put_back()


def _imported(one: Import) -> Any:
    module = sys.modules.get(one.module) or importlib.import_module(one.module)
    if not one.name:
        return sys.modules[one.bound]
    try:
        return getattr(module, one.name)
    except AttributeError:
        within = f"{one.module}.{one.name}"  # `from package import module`
        if not hasattr(module, "__path__") or importlib.util.find_spec(within) is None:
            raise
        return importlib.import_module(within)


def observed(key: str, came: Came, *, new: bool, steady: bool) -> Observation:
    """Return all that there is to tell of a call."""
    return Observation(
        key,
        came.outcome,
        value=came.value,
        raised=came.raised,
        after=came.after,
        arcs=came.arcs,
        compared=came.compared,
        stdout=came.stdout,
        warned=came.warned,
        digest=came.digest(),
        steady=steady,
        reads=came.reads,  # type: ignore[arg-type]  # one of its words
        new=new,
        duration_s=came.duration_s,
    )
