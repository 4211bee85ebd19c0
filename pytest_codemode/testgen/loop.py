"""Tests for uncovered lines: measure, try inputs, keep what holds, wave by wave; what one wave has proven stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Notice, Progress, SandboxReady
from pytest_codemode.core.exploring import Measured, MeasureResult
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest
from pytest_codemode.core.ports import EventSink, Sandbox
from pytest_codemode.core.request import CoverOptions, EngineRequest
from pytest_codemode.core.written import PossibleBug
from pytest_codemode.testgen import symbolic
from pytest_codemode.testgen.asking.rest import Ask, Together
from pytest_codemode.testgen.callers import Callers
from pytest_codemode.testgen.gaps import FunctionGap, Target, gaps
from pytest_codemode.testgen.holding import held
from pytest_codemode.testgen.preparing import Settings, prepare
from pytest_codemode.testgen.proving import RUNS, prove_with_suite
from pytest_codemode.testgen.recorded import RecordedCall
from pytest_codemode.testgen.survey import survey
from pytest_codemode.testgen.wave import REWRITES, Wave, run
from pytest_codemode.testgen.writing.layout import Style
from pytest_codemode.worktree.sources import SourceTree

WAVE = 12
"""Functions of one wave, unless one file has more: what a wave has accepted survives an interruption of the next."""
EXPLORE, KILL = 0.5, 0.75
"""Shares of a wave's time after which no further input, and no further mutant, is tried."""
MARGIN_S = 1.0
FLAKY_RUNS = 8
"""Of a test that fails with the new tests, to see whether it does without them."""
SUITE_RUNS = 2
"""Of each wave: collected and shuffled."""


@dataclass
class Result:
    """What a run has found out; `summary` turns it into the report."""

    targets: tuple[Target, ...] = ()
    changed: Mapping[str, frozenset[int]] | None = None
    """Path -> lines that count; None: all."""
    gaps: tuple[FunctionGap, ...] = ()
    """Before."""
    before: dict[str, Measured] = field(default_factory=dict)
    now: dict[str, Measured] = field(default_factory=dict)
    waves: list[Wave] = field(default_factory=list)
    """Those that came to their end."""
    under_way: Wave | None = None
    """The one that an interruption has hit: nothing of it is kept but its possible bugs."""
    bugs: list[PossibleBug] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    failing: bool = False
    """Whether a test of the suite fails."""
    stop: StopReason = StopReason.NO_MORE
    notices: list[str] = field(default_factory=list)
    mutants: tuple[int, int] = (0, 0)
    """Those that an accepted test fails on, and those that tests were run on."""


class CoverLoop:
    """One run; every collaborator is handed in.

    Args:
        asked: what tests are wanted for.
        recorded: returns what the suite calls the functions of gaps with.
        ask: makes a dialogue with a model about what the search leaves open; None: no model is asked.
        together: where several dialogues are carried on at a time.
    """

    def __init__(
        self,
        request: EngineRequest,
        *,
        sandbox: Sandbox,
        tree: SourceTree,
        style: Style,
        asked: CoverOptions,
        callers: Callers,
        recorded: Callable[[Sequence[FunctionGap], MeasureResult], Mapping[str, tuple[RecordedCall, ...]]],
        budget: Budget,
        emit: EventSink,
        seed: int = 0,
        ask: Ask | None = None,
        together: Together | None = None,
    ) -> None:
        self._request = request
        self._sandbox = sandbox
        self._tree = tree
        self._asked = asked
        self._budget = budget
        self._emit = emit
        self._baseline: MeasureResult | None = None
        self._settings = Settings(
            sandbox=sandbox,
            budget=budget,
            style=style,
            callers=callers,
            recorded=lambda some: recorded(some, self._base()),
            workers=max(request.project.workers, 1),
            seed=seed,
            say=self._say,
            ask=ask,
            together=together,
        )
        self._flaky: set[str] = set()
        self.result = Result()

    def run(self) -> Result:
        """Write tests in memory, and return what is to be written. Nothing is written here.

        Raises:
            ConfigError: the suite cannot be measured.
            SandboxError: the sandbox died.
        """
        result = self.result
        try:
            self._emit(SandboxReady(self._sandbox.info()))
            self._measure()
            self._settings = replace(self._settings, symbolic=bool(result.gaps) and symbolic.is_there(self._sandbox))
            if not result.gaps:
                result.stop = StopReason.NO_GAPS
                return result
            self._waves()
            self._hold()
        except KeyboardInterrupt:
            result.stop = StopReason.CUT_SHORT
        return result

    def _base(self) -> MeasureResult:
        assert self._baseline is not None
        return self._baseline

    def _measure(self) -> None:
        """Measure the suite as it is."""
        self._say("measure", "the suite, with branch coverage")
        found = survey(
            self._request.project, self._sandbox, self._tree, self._asked.targets, self._asked.since, contexts=True
        )
        base = self._baseline = found.result
        if base.status != "finished" and not base.files:
            raise ConfigError(f"the suite cannot be measured: {base.reason}")
        result = self.result
        result.notices += base.notes
        failing = [nodeid for nodeid, outcome in base.outcomes.items() if outcome in _RED]
        result.failing = bool(failing)
        if failing:
            one = len(failing) == 1
            tests, they = ("1 test fails", "it executes") if one else (f"{len(failing)} tests fail", "they execute")
            result.notices.append(f"{tests} before anything was written; what {they} counts as covered")
        result.before = {file.path: file for file in found.measured}
        result.now = dict(result.before)
        result.targets, result.changed, result.gaps = found.targets, found.changed, found.gaps

    def _gaps(self) -> tuple[FunctionGap, ...]:
        files = [file for file in self.result.now.values() if self._tree.read(file.path) is not None]
        sources = {file.path: self._tree.read(file.path) or b"" for file in files}
        return gaps(files, sources, self.result.targets, self.result.changed)

    # -- waves ---------------------------------------------------------------------------------------------------

    def _waves(self) -> None:
        waves = list(_grouped(self.result.gaps))
        functions = sum(map(len, waves))
        for some in waves:
            if stop := self._budget.exceeded():
                self.result.stop = stop
                return
            still = {(gap.path, gap.qualname, gap.line): gap for gap in self._gaps()}
            left = [still[key] for gap in some if (key := (gap.path, gap.qualname, gap.line)) in still]
            share_s = self._budget.remaining_s() * len(some) / max(functions, 1)
            functions -= len(some)
            if left:
                self._wave(left, share_s)
        if not self._gaps():
            self.result.stop = StopReason.COVERED
        elif stop := self._budget.exceeded():
            self.result.stop = stop

    def _wave(self, some: Sequence[FunctionGap], share_s: float) -> None:
        budget, settings = self._budget, self._settings
        proof_s = SUITE_RUNS * self._base().duration_s + RUNS * MARGIN_S
        own_s = max(share_s - proof_s, 0.3 * share_s)
        began_s = budget.spent.time_s
        read = self._tree.read
        wave = self.result.under_way = Wave(prepare(some, self.result.now, read, settings, self._tree.overlay))
        run(
            wave,
            self._tree.overlay,
            read,
            settings,
            explore_s=lambda: min(began_s + EXPLORE * own_s - budget.spent.time_s, budget.remaining_s()),
            kill_s=lambda: min(began_s + KILL * own_s - budget.spent.time_s, budget.remaining_s()),
        )
        if wave.files:
            self._with_suite(wave)
        self.result.under_way = None
        self.result.waves.append(wave)
        self.result.bugs += wave.bugs
        self.result.dropped.update(wave.dropped)

    def _with_suite(self, wave: Wave) -> None:
        """Accept what holds with the suite; what makes a test of the suite fail is no good, whichever it is."""
        for _ in range(REWRITES):
            self._settings.say("accept", f"{wave.number} tests with the suite")
            broken = self._broken_by(wave)
            if broken and not self._fail_without(broken):
                self._reject(wave, f"with them {broken[0]} fails")
                return
            lost = wave.drop_what_failed(self._tree.read, self._settings.style)
            if not broken and not lost:
                self._accept(wave)
                return
        self._reject(wave, "they do not hold with the suite")

    def _broken_by(self, wave: Wave) -> tuple[str, ...]:
        base = self._base()
        return prove_with_suite(
            wave.proof,
            wave.files,
            {**self._tree.overlay, **wave.overlay()},
            self._sandbox,
            before=base.outcomes,
            flaky=self._flaky,
            paths=tuple(self.result.before),
            enough_time=lambda: self._budget.remaining_s() > base.duration_s,
            workers=self._settings.workers,
        )

    def _reject(self, wave: Wave, why: str) -> None:
        if wave.files:
            wave.dropped[why] += wave.number
        wave.files = ()

    def _accept(self, wave: Wave) -> None:
        if not wave.files:
            return
        self._tree.accept(wave.overlay())
        wave.accepted = True
        what = "1 test holds" if wave.number == 1 else f"{wave.number} tests hold"
        self._emit(Notice("info", f"{what}: {', '.join(file.path for file in wave.files)}"))
        if wave.proof.measured is not None:
            self.result.now.update({file.path: file for file in wave.proof.measured.files})

    def _hold(self) -> None:
        """Run what was accepted on mutants of what it covers."""
        tests = [
            (made.mutants, nodeids)
            for wave in self.result.waves
            for made in wave.drafts
            if made.mutants and (nodeids := wave.nodeids_of(made))
        ]
        if tests and self._budget.remaining_s() > 0:
            self._say("mutate", "the written tests on mutants of what they cover")
            self.result.mutants = held(tests, self._tree.overlay, self._sandbox, self._budget.remaining_s)

    def _fail_without(self, broken: Sequence[str]) -> bool:
        """Return whether all of these tests fail now and then without the wave's tests too; they do not count then."""
        for seed in range(FLAKY_RUNS):
            asked = RunRequest(tuple(broken), dict(self._tree.overlay), Mode.COLD, order_seed=None, hash_seed=seed)
            results = self._sandbox.run_tests(asked).results
            passed = {one.nodeid for one in results if one.outcome is Outcome.PASSED}
            self._flaky |= {nodeid for nodeid in broken if nodeid not in passed}
            if self._flaky >= {*broken}:
                return True
        return False

    def _say(self, stage: str, text: str) -> None:
        spent = self._budget.spent
        self._emit(Progress(stage, text, spent.candidates, spent.time_s, spent.usd))  # type: ignore[arg-type]


_RED = frozenset(outcome.value for outcome in (Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED))


def _grouped(found: Sequence[FunctionGap]) -> list[list[FunctionGap]]:
    """Return the gaps by file, small files together, those that lack most first."""
    by_file: dict[str, list[FunctionGap]] = {}
    for gap in found:
        by_file.setdefault(gap.path, []).append(gap)
    waves: list[list[FunctionGap]] = []
    for some in sorted(by_file.values(), key=lambda some: -sum(gap.missing for gap in some)):
        if waves and len(waves[-1]) + len(some) <= WAVE:
            waves[-1] += some
        else:
            waves.append(list(some))
    return waves
