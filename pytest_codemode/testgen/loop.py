"""Tests for uncovered lines: measure, try inputs, keep what holds, wave by wave; what one wave has proven stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.errors import CodemodeError, ConfigError
from pytest_codemode.core.events import Notice, Progress, SandboxReady
from pytest_codemode.core.exploring import Measured, MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import Outcome
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
from pytest_codemode.testgen.wave import REWRITES, Wave, prove, run
from pytest_codemode.testgen.withholding import NONE, Secrets
from pytest_codemode.testgen.writing.layout import Style
from pytest_codemode.worktree.sources import SourceTree

WAVE, LARGE_WAVE = 16, 48
"""Functions of one wave: what it has accepted survives an interruption of the next. Many where the suite is slow."""
QUICK_S = 4.0
"""A suite that takes no longer may run with every small wave."""
LONGEST_S = 86_400.0
"""Where there is no limit."""
EXPLORE, KILL = 0.5, 0.75
"""Shares of a wave's time after which no further input, and no further mutant, is tried."""
MARGIN_S = 1.0
FLAKY_RUNS = 3
"""Of the suite without the new tests, to see whether what fails with them does without."""
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
    trouble: str = ""
    """The error that ended it after something was accepted."""
    secrets: Secrets = NONE
    """What no test and no report may hold."""
    stop: StopReason = StopReason.NO_MORE
    notices: list[str] = field(default_factory=list)
    mutants: tuple[int, int] = (0, 0)
    """Those that an accepted test fails on, and those that tests were run on."""


class CoverLoop:
    """One run; every collaborator is handed in.

    Args:
        asked: what tests are wanted for.
        keep: called when something was accepted, so that nothing that happens later can lose it.
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
        keep: Callable[[], object],
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
        self._keep = keep
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
            if not result.gaps:
                result.stop = StopReason.NO_GAPS
                return result
            result.secrets = Secrets.of(raw for path in result.before if (raw := self._tree.read(path)) is not None)
            there = symbolic.is_there(self._sandbox)
            self._settings = replace(self._settings, symbolic=there, secrets=result.secrets)
            self._waves()
            self._hold()
        except KeyboardInterrupt:
            result.stop = StopReason.CUT_SHORT
        except CodemodeError as problem:
            if not any(wave.accepted for wave in result.waves):
                raise
            result.trouble = str(problem)  # what was proven before is worth keeping
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
        if base.status != "finished":
            result.notices.append(f"the suite was cut off ({base.reason}); what it did not come to counts as uncovered")
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

    def _gaps(self, paths: Collection[str]) -> tuple[FunctionGap, ...]:
        sources = {path: raw for path in paths if (raw := self._tree.read(path)) is not None}
        files = [self.result.now[path] for path in sources]
        return gaps(files, sources, self.result.targets, self.result.changed)

    # -- waves ---------------------------------------------------------------------------------------------------

    def _waves(self) -> None:
        waves = _grouped(self.result.gaps, WAVE if self._base().duration_s < QUICK_S else LARGE_WAVE)
        functions = sum(map(len, waves))
        for some in waves:
            proof_s = SUITE_RUNS * self._base().duration_s + RUNS * MARGIN_S
            stop = self._budget.exceeded()
            if stop or self._budget.remaining_s() < 0.5 * proof_s:
                self.result.stop = stop or StopReason.TIME  # what cannot be proven need not be looked for
                return
            still = {_key(gap): gap for gap in self._gaps({gap.path for gap in some})}
            left = [still[_key(gap)] for gap in some if _key(gap) in still]
            share_s = min(self._budget.remaining_s(), LONGEST_S) * len(some) / max(functions, 1)
            functions -= len(some)
            if left:
                self._wave(left, share_s, max(share_s - proof_s, 0.3 * share_s))
        if not self._gaps({gap.path for gap in self.result.gaps}):
            self.result.stop = StopReason.COVERED
        elif stop := self._budget.exceeded():
            self.result.stop = stop

    def _wave(self, some: Sequence[FunctionGap], share_s: float, own_s: float) -> None:
        """Take up some gaps, for `share_s` seconds altogether, `own_s` of them before the proof."""
        budget, settings, tree = self._budget, self._settings, self._tree
        began_s = budget.spent.time_s

        def left_s(share: float) -> float:
            return min(began_s + share * own_s - budget.spent.time_s, budget.remaining_s(), LONGEST_S)

        subjects = prepare(some, self.result.now, tree.read, settings, tree.overlay)
        wave = self.result.under_way = Wave(subjects)
        run(wave, tree.overlay, tree.read, settings, explore_s=lambda: left_s(EXPLORE), kill_s=lambda: left_s(KILL))
        if wave.files:
            self._with_suite(wave)
        if not wave.accepted:
            self.result.waves.append(wave)
        self.result.under_way = None
        self.result.bugs += wave.bugs
        self.result.dropped.update(wave.dropped)
        wave.forget()

    def _with_suite(self, wave: Wave) -> None:
        """Accept what holds with the suite; what makes a test of the suite fail is no good, whichever it is."""
        settings, tree = self._settings, self._tree
        for _ in range(REWRITES):
            settings.say("accept", f"{wave.number} tests with the suite")
            broken = self._broken_by(wave)
            if wave.proof.cut_off:
                self._reject(wave, f"the suite did not come to its end with them: {wave.proof.cut_off}")
                return
            if broken and not self._fail_without(broken):
                self._reject(wave, f"with them {broken[0]} fails")
                return
            if not wave.drop_what_failed(tree.read, settings.style):
                if not broken:
                    self._accept(wave)
                    return
                continue
            prove(wave, tree.overlay, tree.read, settings)  # what is written has to be what was proven
            if not wave.files:
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
        self.result.waves.append(wave)
        wave.accepted = True
        self._tree.accept(wave.overlay())
        self._keep()
        what = "1 test holds" if wave.number == 1 else f"{wave.number} tests hold"
        self._emit(Notice("info", f"{what}: {', '.join(file.path for file in wave.files)}"))
        if wave.proof.measured is not None:
            self.result.now.update({file.path: file for file in wave.proof.measured.files})

    def _hold(self) -> None:
        """Run what was accepted on mutants of what it covers."""
        if not any(wave.accepted for wave in self.result.waves) or self._budget.remaining_s() <= 0:
            return
        self._say("mutate", "the written tests on mutants of what they cover")
        self._sandbox.refresh(self._tree.overlay)
        for wave in self.result.waves:
            for made in wave.drafts:
                killed, judged = held(made.mutants, wave.nodeids_of(made), self._sandbox, self._budget.remaining_s)
                known, of = self.result.mutants
                self.result.mutants = (known + killed, of + judged)

    def _fail_without(self, broken: Sequence[str]) -> bool:
        """Return whether all of these tests fail now and then without the wave's tests too; they do not count then."""
        for _ in range(FLAKY_RUNS):
            if self._budget.remaining_s() < self._base().duration_s:
                return False
            request = MeasureRequest(None, files=dict(self._tree.overlay), paths=tuple(self.result.before))
            outcomes = self._sandbox.measure(request).outcomes
            self._flaky |= {nodeid for nodeid in broken if outcomes.get(nodeid) != Outcome.PASSED.value}
            if self._flaky >= {*broken}:
                return True
        return False

    def _say(self, stage: str, text: str) -> None:
        spent = self._budget.spent
        self._emit(Progress(stage, text, spent.candidates, spent.time_s, spent.usd))  # type: ignore[arg-type]


_RED = frozenset(outcome.value for outcome in (Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED))


def _key(gap: FunctionGap) -> tuple[str, str, int]:
    return gap.path, gap.qualname, gap.line


def _grouped(found: Sequence[FunctionGap], size: int) -> list[list[FunctionGap]]:
    """Return the gaps by file, at most `size` together, small files with others, those that lack most first."""
    by_file: dict[str, list[FunctionGap]] = {}
    for gap in found:
        by_file.setdefault(gap.path, []).append(gap)
    waves: list[list[FunctionGap]] = []
    for own in sorted(by_file.values(), key=lambda some: -sum(gap.missing for gap in some)):
        for some in (own[at : at + size] for at in range(0, len(own), size)):
            if waves and len(waves[-1]) + len(some) <= size:
                waves[-1] += some
            else:
                waves.append(list(some))
    return waves
