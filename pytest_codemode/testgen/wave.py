"""Some files at a time, from what is left out to tests that are proven: what one wave has accepted, the next keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pytest_codemode.core.patch import Files
from pytest_codemode.core.written import PossibleBug
from pytest_codemode.edits.text import SourceError
from pytest_codemode.testgen import symbolic
from pytest_codemode.testgen.asking.rest import Ask, ask_about_rest
from pytest_codemode.testgen.drafting import Draft, choose, draft
from pytest_codemode.testgen.exploration import explore
from pytest_codemode.testgen.plausible import is_private
from pytest_codemode.testgen.preparing import Settings
from pytest_codemode.testgen.promising import broken_promises
from pytest_codemode.testgen.proving import Proof, prove_apart
from pytest_codemode.testgen.settling import SETTLE_S, settle
from pytest_codemode.testgen.subject import Item, Subject
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.layout import Style, test_file_for
from pytest_codemode.testgen.writing.module import TestFile, write
from pytest_codemode.testgen.writing.oracle import oracle

PUBLIC_SHARE = 0.75
"""Of the time for trying inputs: what only private functions' own calls can reach comes after that."""
ASK_SHARE = 0.5
"""Of that time, kept back for a model's calls where one is asked."""
LEAST_S = 5.0
"""For what was found to be made once more, however late it is."""
MOST_HELD = 20
"""Mutants of one function that the written tests are run on in the end."""
REWRITES = 3
"""Times that what was proven is written without the tests that failed."""


@dataclass
class Wave:
    """What came of some files."""

    subjects: list[Subject] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    files: tuple[TestFile, ...] = ()
    cases: dict[str, tuple[Draft, Case]] = field(default_factory=dict)
    """Recipe key -> the case that became a test, and its function's draft."""
    proof: Proof = field(default_factory=Proof)
    bugs: list[PossibleBug] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    """Why tests were dropped -> how many."""
    accepted: bool = False
    """Whether its tests hold with the suite."""

    @property
    def number(self) -> int:
        """How many test functions there are."""
        return sum(len(file.tests) for file in self.files)

    def drop_what_failed(self, read: Callable[[str], bytes | None], style: Style) -> bool:
        """Write the files without the tests that the proof has dropped; return whether there were any."""
        good = kept_keys(self.files, self.proof)
        if good >= {key for file in self.files for keys in file.cases.values() for key in keys}:
            return False
        self.dropped.update(self.proof.dropped.values())
        self.proof.dropped.clear()
        self.files = written([case for key, (_, case) in self.cases.items() if key in good], read, style)
        return True

    def forget(self) -> None:
        """Let go of what only the search needed, and of most mutants: each one is a whole file."""
        for subject in self.subjects:
            subject.forget()
        for made in self.drafts:
            made.returned.clear()
            made.mutants = made.mutants[:MOST_HELD]

    def nodeids_of(self, made: Draft) -> tuple[str, ...]:
        """Return the node ids of a function's accepted tests."""
        keys = {case.recipe.key for case in made.cases}
        names = (f"{file.path}::{name}" for file in self.files for name in file.tests if keys & set(file.cases[name]))
        return tuple(nodeid for name in names for nodeid in self.proof.nodeids.get(name, ()))

    def overlay(self) -> Files:
        """Return the new bytes of the test files."""
        return {file.path: file.after for file in self.files}


def run(
    wave: Wave,
    overlay: Files,
    read: Callable[[str], bytes | None],
    settings: Settings,
    *,
    explore_s: Callable[[], float],
    kill_s: Callable[[], float],
) -> None:
    """Take the wave's subjects from inputs to tests that hold by themselves.

    Args:
        wave: with its subjects; takes what is found.
        overlay: what stands over the tree by now.
        read: returns a file's bytes, that overlay included.
        settings: what all waves share.
        explore_s: seconds left for trying inputs.
        kill_s: seconds left for mutants.
    """
    say, sandbox = settings.say, settings.sandbox
    _search(wave, settings, explore_s)
    if settings.symbolic:
        _solve(wave, settings, explore_s)
    if settings.ask is not None:
        _ask(wave, settings.ask, settings, lambda: max(explore_s(), kill_s()))  # a solver may have used up its share
    say("mutate", "calls that may become tests, once more")
    timeout_s = min(max(kill_s(), LEAST_S), SETTLE_S)
    wave.drafts = [
        draft(one, settings.secrets)
        for one in settle([subject for subject in wave.subjects if subject.calls], sandbox, timeout_s)
    ]
    bugs = [bug for one in wave.drafts for bug in one.bugs] + broken_promises(wave.drafts, sandbox)
    wave.bugs = [settings.secrets.out_of_bug(bug) for bug in bugs]
    chosen = _chosen(wave, read, settings, kill_s)
    if chosen:
        _write_and_prove(wave, chosen, overlay, read, settings)


def _search(wave: Wave, settings: Settings, explore_s: Callable[[], float]) -> None:
    """Try the inputs of the search, those of private functions last: what others reach of them is not looked for."""
    public = [subject for subject in wave.subjects if not is_private(subject.described.qualname)]
    private = [subject for subject in wave.subjects if is_private(subject.described.qualname)]
    kept_s = ASK_SHARE * explore_s() if settings.ask is not None else 0.0
    kept_s += symbolic.SHARE * explore_s() if settings.symbolic else 0.0
    until_s = kept_s + (explore_s() * (1 - PUBLIC_SHARE) if private else 0.0)
    _try_out(public, settings, lambda: explore_s() - until_s)
    testable = {path: _testable(wave.subjects, path) for path in {subject.path for subject in private}}
    for subject in private:
        subject.reached(testable[subject.path])
    _try_out(private, settings, lambda: explore_s() - kept_s)


def _solve(wave: Wave, settings: Settings, explore_s: Callable[[], float]) -> None:
    settings.say("explore", "what a solver finds for the rest")
    kept_s = (1 - symbolic.SHARE) * explore_s() if settings.ask is not None else 0.0
    solved = symbolic.solve(wave.subjects, settings.sandbox, settings.workers, lambda: explore_s() - kept_s)
    _try_out(solved, settings, settings.budget.remaining_s)


def _ask(wave: Wave, ask: Ask, settings: Settings, left_s: Callable[[], float]) -> None:
    one_by_one = replace(settings, workers=1)
    ask_about_rest(
        sorted(wave.subjects, key=lambda subject: is_private(subject.described.qualname)),
        ask,
        lambda some: _try_out(some, one_by_one, settings.budget.remaining_s, "ask"),
        left_s=left_s,
        together=settings.together,
    )


def _try_out(
    subjects: Sequence[Subject], settings: Settings, left_s: Callable[[], float], stage: str = "explore"
) -> None:
    explore(
        [subject for subject in subjects if subject.open],
        settings.sandbox,
        settings.budget,
        workers=settings.workers,
        left_s=left_s,
        say=lambda text: settings.say(stage, text),
    )


def _testable(subjects: Sequence[Subject], path: str) -> frozenset[Item]:
    """Return what calls into a file take by now that would make a test."""
    return frozenset[Item]().union(
        *(
            tried.takes
            for subject in subjects
            if subject.path == path
            for tried in subject.pool
            if tried.takes and not isinstance(oracle(subject.described, tried.recipe, tried.observation), str)
        )
    )


def _chosen(
    wave: Wave, read: Callable[[str], bytes | None], settings: Settings, kill_s: Callable[[], float]
) -> list[Case]:
    """Return the cases to keep; those of functions that call few others first, so that each has its own tests."""
    covered: dict[str, set[Item]] = {subject.path: set() for subject in wave.subjects}
    chosen: list[Case] = []
    for made in sorted(wave.drafts, key=lambda one: (is_private(one.subject.described.qualname), _foreign(one))):
        settings.say("mutate", f"{made.subject.path}: {made.subject.described.qualname}")
        taken = covered[made.subject.path]
        made.takes = {key: takes - taken for key, takes in made.takes.items()}
        cases = choose(made, read(made.subject.path) or b"", settings.sandbox, kill_s, settings.workers)
        for case in cases:
            taken |= made.takes[case.recipe.key]
            wave.cases[case.recipe.key] = (made, case)
        chosen += cases
    return chosen


def _foreign(made: Draft) -> int:
    return len(frozenset[Item]().union(*made.takes.values()) - made.subject.own)


def _write_and_prove(
    wave: Wave,
    chosen: Sequence[Case],
    overlay: Files,
    read: Callable[[str], bytes | None],
    settings: Settings,
) -> None:
    wave.files = written(chosen, read, settings.style)
    in_some = {key for file in wave.files for keys in file.cases.values() for key in keys}
    if unwritten := {case.recipe.key for case in chosen} - in_some:
        wave.dropped["it cannot be written as a test"] += len(unwritten)
    prove(wave, overlay, read, settings)


def prove(wave: Wave, overlay: Files, read: Callable[[str], bytes | None], settings: Settings) -> None:
    """Prove a wave's tests by themselves, and write them anew without those that fail, until all that is left holds."""
    for _ in range(REWRITES):
        settings.say("accept", f"{wave.number} tests")
        if not wave.files:
            return
        sources = tuple(dict.fromkeys(subject.path for subject in wave.subjects))
        wave.proof = prove_apart(wave.files, {**overlay, **wave.overlay()}, settings.sandbox, sources, settings.workers)
        if not wave.drop_what_failed(read, settings.style):
            return
    wave.dropped["it does not hold each time"] += wave.number
    wave.files = ()


def kept_keys(files: Sequence[TestFile], proof: Proof) -> frozenset[str]:
    """Return the keys of the recipes whose tests hold."""
    return frozenset(
        key
        for file in files
        for name, keys in file.cases.items()
        if f"{file.path}::{name}" not in proof.dropped
        for key in keys
    )


def written(cases: Sequence[Case], read: Callable[[str], bytes | None], style: Style) -> tuple[TestFile, ...]:
    """Return the test modules with tests of the cases in them."""
    by_file: dict[str, list[Case]] = {}
    for case in sorted(cases, key=lambda case: (case.described.path, case.described.line)):
        by_file.setdefault(test_file_for(case.described.path, style), []).append(case)
    files = []
    for path, some in by_file.items():
        sources = ", ".join(dict.fromkeys(case.described.path for case in some))
        provenance = f"# Written by codemode from what {sources} does; nobody has said that it is right."
        try:
            files.append(write(some, read(path), path, style, provenance, read=read))
        except SourceError:
            continue  # a test module that cannot be read is left alone
    return tuple(file for file in files if file.tests)
