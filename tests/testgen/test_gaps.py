"""What is left out belongs to the right function, in coverage.py's own numbering."""

import subprocess
import sys
import textwrap
from pathlib import Path

import coverage
import pytest
from coverage.parser import PythonParser

from pytest_codemode.core.exploring import Measured
from pytest_codemode.testgen.gaps import FunctionGap, Target, functions, gaps
from pytest_codemode.testgen.numbering import Numbering

SOURCE = textwrap.dedent(
    '''
    """A module."""
    import os
    import functools

    if os.environ.get("NEVER"):
        LIMIT = 1
    else:
        LIMIT = (
            2
        )


    @functools.lru_cache(
        maxsize=None
    )
    def cached(
        a,
        b=LIMIT,
    ):
        """Say so."""
        if a:
            def inner():
                return [n for n in range(
                    b
                )]
            return inner()
        return (
            b
        )


    class Cart:
        size = 3 if LIMIT else 4

        class Line:
            def total(self):
                return (lambda: self)()

        @staticmethod
        def add(x): return x

        @property
        def kind(self):
            for part in (1, 2):
                if part == 3:
                    break
            else:
                return None
            return part


    async def later():
        async with cached:
            pass
    '''
).lstrip()
RUN = "import sample\nsample.cached(0)\nsample.Cart().kind\n"


def measured(tmp_path: Path, source: str = SOURCE, run: str = RUN) -> Measured:
    """The module under coverage's own command, as data."""
    (tmp_path / "sample.py").write_text(source)
    (tmp_path / "run.py").write_text(run)
    python = [sys.executable, "-m", "coverage"]
    subprocess.run([*python, "run", "--branch", "--include=sample.py", "run.py"], cwd=tmp_path, check=True, timeout=60)
    told = coverage.Coverage(data_file=tmp_path / ".coverage", config_file=False)
    told.load()
    analysis = told._analyze(str(tmp_path / "sample.py"))
    several = {line for line, count in analysis.exit_counts.items() if count > 1}
    missing = [(line, to) for line, ways in analysis.missing_branch_arcs().items() for to in ways]
    branches = [arc for arc in analysis.arc_possibilities if arc[0] in several]
    return Measured(
        "sample.py",
        tuple(sorted(analysis.statements)),
        tuple(sorted(analysis.missing)),
        tuple(sorted(branches)),
        tuple(sorted(missing)),
    )


def found(tmp_path: Path, *targets: Target, changed: frozenset[int] | None = None) -> dict[str, FunctionGap]:
    file = measured(tmp_path)
    lines = None if changed is None else {"sample.py": changed}
    return {
        gap.qualname: gap
        for gap in gaps([file], {"sample.py": SOURCE.encode()}, targets or (Target("sample.py"),), lines)
    }


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SOURCE.splitlines(), 1) if text in line)


def test_each_line_belongs_to_the_outermost_function_around_it(tmp_path: Path) -> None:
    told = found(tmp_path)
    assert set(told) == {"<module>", "cached", "Cart.Line.total", "Cart.add", "Cart.kind", "later"}
    cached = told["cached"]
    assert (cached.line, cached.first, cached.last) == (
        line_of("def cached"),
        line_of("@functools"),
        line_of("class Cart") - 3,
    )
    assert [SOURCE.splitlines()[line - 1].strip() for line in cached.missing_lines] == [
        "def inner():",
        "return [n for n in range(",
        "return inner()",
    ]
    assert cached.missing_branches == ((line_of("if a:"), line_of("def inner")),)
    assert told["Cart.Line.total"].missing_lines == (line_of("lambda"),)
    add = told["Cart.add"]  # on one line: to run it is one of two ways from its `def`
    assert (add.missing_lines, add.missing_branches) == ((), ((add.line, -add.first),))
    kind = told["Cart.kind"]
    assert kind.missing_lines == (line_of("break"), line_of("return part"))
    assert kind.missing_branches == ((line_of("if part == 3"), line_of("break")),)
    assert told["<module>"].missing_lines == (line_of("LIMIT = 1"),)


def test_a_files_functions_add_up_to_the_file(tmp_path: Path) -> None:
    file = measured(tmp_path)
    parts = functions(file, SOURCE.encode())
    assert sorted(line for part in parts for line in part.statements) == list(file.statements)
    assert sorted(line for part in parts for line in part.missing_lines) == list(file.missing)
    assert sorted(arc for part in parts for arc in part.branches) == list(file.branches)
    assert sorted(arc for part in parts for arc in part.missing_branches) == list(file.missing_branches)
    assert [part.first for part in parts] == sorted(part.first for part in parts)


def test_most_left_out_comes_first(tmp_path: Path) -> None:
    assert [(name, gap.missing) for name, gap in found(tmp_path).items()] == [
        ("cached", 4),
        ("Cart.kind", 3),
        ("<module>", 2),
        ("later", 2),
        ("Cart.Line.total", 1),
        ("Cart.add", 1),
    ]


def test_targets_narrow_to_a_function_or_to_a_class(tmp_path: Path) -> None:
    assert set(found(tmp_path, Target("sample.py", "cached"))) == {"cached"}
    assert set(found(tmp_path, Target("sample.py", "Cart"))) == {"Cart.Line.total", "Cart.add", "Cart.kind"}
    assert found(tmp_path, Target("sample.py", "Car"), Target("other.py")) == {}


def test_of_what_has_not_changed_nothing_is_told(tmp_path: Path) -> None:
    inside = line_of("return [n") + 1  # the second line of a statement
    told = found(tmp_path, changed=frozenset({inside, line_of("Say so")}))
    assert {name: (gap.missing_lines, gap.missing_branches) for name, gap in told.items()} == {
        "cached": ((inside - 1,), ())
    }
    assert found(tmp_path, changed=frozenset()) == {}
    condition = line_of("if part == 3")
    assert found(tmp_path, changed=frozenset({condition}))["Cart.kind"].missing_branches == (
        (condition, condition + 1),
    )


def test_a_file_that_cannot_be_parsed_is_all_module() -> None:
    file = Measured("new.py", (1, 2), (2,))
    (only,) = functions(file, b"def f(:\n    return 1\n")
    assert (only.qualname, only.missing_lines, only.last) == ("<module>", (2,), 3)


def test_arcs_of_the_interpreter_come_into_coverages_numbering(tmp_path: Path) -> None:
    file = measured(tmp_path, run="import sample\nsample.cached(1)\nsample.Cart().kind\n")
    data = coverage.CoverageData(str(tmp_path / ".coverage"))
    data.read()
    raw = data.arcs(str(tmp_path / "sample.py"))
    assert raw is not None
    told = Numbering(SOURCE.encode()).translated(raw)
    assert any(line not in file.statements for arc in raw for line in arc if line > 0)
    executed = {line for arc in told for line in arc if line > 0}
    assert executed & set(file.statements) == set(file.statements) - set(file.missing)
    assert set(file.branches) - told == set(file.missing_branches)


@pytest.mark.parametrize("source", ["def f(:\n", "\0", "x = 1\n" * 3])
def test_a_file_of_another_python_keeps_its_own_numbers(source: str) -> None:
    arcs = {(1, 2), (2, -1)}
    assert Numbering(source.encode()).translated(arcs) == arcs


def test_the_parser_is_coverages_own() -> None:
    parser = PythonParser(text=SOURCE)
    parser.parse_source()
    numbering = Numbering(SOURCE.encode())
    lines = range(1, SOURCE.count("\n") + 1)
    assert [numbering.first_line(line) for line in lines] == [parser.first_line(line) for line in lines]
