"""What an operator is: one small, named, documented way to change a statement, with an example that is its test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.observed import ObservedFunction
from pytest_codemode.core.patch import Files
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.search.hints import Hints
from pytest_codemode.proposers.search.site import Draft, Site

PATH = "pkg/subject.py"
"""Where the source of an example stands."""
TEST_PATH = "tests/test_subject.py"


@dataclass(frozen=True, slots=True)
class Example:
    """A small broken module, the failure that shows it, and the change that mends it."""

    before: str
    changes: tuple[tuple[str, str], ...]
    """`(old, new)` texts; `old` occurs once in `before`, unless it is to be changed everywhere."""
    failure: Failure
    tests: str = ""
    """The test file, where the operator reads it."""
    others: tuple[tuple[str, str], ...] = ()
    """`(path, source)` of further editable files."""
    observed: tuple[ObservedFunction, ...] = ()
    """What was recorded of failing and passing runs."""

    @property
    def after(self) -> str:
        """The module with every change made."""
        text = self.before
        for old, new in self.changes:
            text = text.replace(old, new)
        return text

    def task(self) -> RepairTask:
        """Return the task whose every line is equally suspicious."""
        lines = range(1, self.before.count("\n") + 1)
        sources: Files = {PATH: self.before.encode(), **{path: text.encode() for path, text in self.others}}
        suspects = tuple(Suspect(PATH, line, 1.0) for line in lines)
        tests = {TEST_PATH: self.tests.encode()}
        return RepairTask("t1", (self.failure,), suspects, sources, tests, observed=self.observed)

    def seen(self, observed: tuple[ObservedFunction, ...]) -> Example:
        """Return the example with a recording of what its functions held."""
        return replace(self, observed=observed)


def wrong(
    before: str, *changes: tuple[str, str], left: str = "", right: str = "", tests: str = "", **others: str
) -> Example:
    """Return an example whose test compares `left`, the actual value, with `right`; others are `stem=source`."""
    operator = "==" if left else ""
    failure = Failure(f"{TEST_PATH}::test", Phase.CALL, "AssertionError", "", left=left, operator=operator, right=right)
    return Example(before, changes, failure, tests, _paths(others))


def raised(
    before: str,
    *changes: tuple[str, str],
    error: str,
    at: str = "",
    local: dict[str, str] | None = None,
    tests: str = "",
    **others: str,
) -> Example:
    """Return an example whose test ends by `error`, as `KeyError: 'a'`, in the line that holds `at`."""
    exception, _, message = error.partition(": ")
    text = at or changes[0][0].split("\n", 1)[0]
    line = before[: before.index(text)].count("\n") + 1
    frame = Frame(PATH, line, "f", local or {})
    failure = Failure(f"{TEST_PATH}::test", Phase.CALL, exception, message, (frame,))
    return Example(before, changes, failure, tests, _paths(others))


def _paths(others: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((f"pkg/{stem}.py", source) for stem, source in others.items())


def _always(_: Hints) -> object:
    return True


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to change a statement."""

    name: str
    """Family and rule, as `compare.operator`; the patch's `template`."""
    prior: float
    """Positive; only compared with other priors."""
    draft: Callable[[Site], Iterable[Draft]]
    """Ideas for a site, in any order; the first line of its docstring says what it matches."""
    serves: str
    """The class of real fixes that it is there for, and the source of that."""
    example: Example
    needs: Callable[[Hints], object] = _always
    """Whether the failures call for it at all."""

    @property
    def family(self) -> str:
        """What stands before the point of the name."""
        return self.name.partition(".")[0]

    @property
    def matches(self) -> str:
        """What it matches and what becomes of it, in one sentence or two."""
        return " ".join((inspect.getdoc(self.draft) or "").split("\n\n", 1)[0].split())
