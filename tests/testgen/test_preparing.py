"""Functions that Python calls itself are reached the way a test reaches them: tried out in the real sandbox."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.exploring import Described, Measured
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen.callers import Callers
from pytest_codemode.testgen.exploration import explore
from pytest_codemode.testgen.gaps import FunctionGap, functions
from pytest_codemode.testgen.implicit import never_called, through
from pytest_codemode.testgen.preparing import Settings, prepare
from pytest_codemode.testgen.subject import Subject
from pytest_codemode.testgen.writing.layout import Style
from tests.sandbox.toys import project_at, write_project

CODE = textwrap.dedent(
    """
    from dataclasses import dataclass


    @dataclass
    class Range:
        low: int
        high: int

        def __post_init__(self):
            if self.low > self.high:
                raise ValueError("low must not be above high")


    class Box:
        def __new__(cls, name, width=1):
            if not name:
                raise ValueError("a box has a name")
            return super().__new__(cls)

        def __init__(self, name, width=1):
            if width <= 0:
                raise ValueError("width must be positive")
            self.name = name
            self.width = width

        def __enter__(self):
            if self.width == 7:
                return None
            return self

        def __exit__(self, *problem):
            self.width = 0

        def __del__(self):
            self.width = 0


    def __getattr__(name):
        if name == "OLD":
            return 3
        raise AttributeError(name)


    def _(text):
        return text
    """
)
PATH = "shapes.py"


def measured() -> Measured:
    lines = tuple(number for number, line in enumerate(CODE.splitlines(), 1) if line.strip())
    return Measured(PATH, lines, lines)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    root: Path = tmp_path_factory.mktemp("prepared")
    write_project(root, {PATH: CODE})
    file = measured()
    gaps = [gap for gap in functions(file, CODE.encode()) if gap.qualname != "<module>"]
    with SandboxClient(project_at(root, workers=1)) as client:
        settings = Settings(client, Budget(Allowance()), Style(), Callers({}), lambda _: {}, 1, 1, lambda *_: None)
        found = prepare(gaps, {PATH: file}, lambda path: (root / path).read_bytes(), settings)
        explore(found, client, settings.budget, workers=1, left_s=lambda: 30.0, say=lambda _: None)
    return {subject.gap.qualname: subject for subject in found}


def calls(subject: Subject, outcome: str) -> list[str]:
    return [tried.recipe.call for tried in subject.pool if tried.observation.outcome == outcome]


def test_what_runs_after_a_dataclass_is_made_is_reached_by_making_one(subjects):
    subject = subjects["Range.__post_init__"]
    assert all(call.startswith("Range(") for call in (*calls(subject, "returned"), *calls(subject, "raised")))
    [raised] = [tried.observation.raised for tried in subject.pool if tried.observation.outcome == "raised"]
    assert raised.message == "low must not be above high"
    assert not subject.open


def test_a_constructor_is_tried_once_for_all_that_makes_an_object(subjects):
    made, initialised = sorted((subjects["Box.__new__"], subjects["Box.__init__"]), key=lambda one: not one.calls)
    assert made.described.qualname == "Box.__init__"
    assert not made.open  # of both
    messages = {one.observation.raised.message for one in made.pool if one.observation.raised}
    assert messages == {"a box has a name", "width must be positive"}
    assert not initialised.calls
    assert "make no test" in initialised.unfit


def test_what_with_calls_is_reached_by_with(subjects):
    entered, left = sorted((subjects["Box.__enter__"], subjects["Box.__exit__"]), key=lambda one: not one.calls)
    assert entered.described.flavour == "context manager"
    assert {recipe.flavour for recipe in entered.finalists()} == {"context manager"}
    assert all(call.startswith("Box(") for call in calls(entered, "returned"))
    assert not entered.open
    assert not left.calls


@pytest.mark.parametrize("name", ["__getattr__", "_", "Box.__del__"])
def test_what_nobody_calls_by_its_name_is_not_tried(subjects, name):
    assert subjects[name].unfit
    assert not subjects[name].calls


def test_what_runs_on_entering_an_object_that_cannot_be_made_is_not_called_by_its_name():
    gap = FunctionGap(PATH, "Base.__enter__", 3, 3, 4, (4,), (), (4,), ())
    method = Described(PATH, "shapes", "Base.__enter__", 3, kind="method")
    assert through(gap, (method,)) is None
    assert "no test can make one" in never_called(method)
    assert not never_called(Described(PATH, "shapes", "Base.__len__", 3, kind="method"))
