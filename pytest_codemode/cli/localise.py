"""`codemode localise`: run the tests in the sandbox and print where the cause of each failure may be."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_codemode.cli.project import describe
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.observed import Held, ObservedFunction
from pytest_codemode.core.project import Project
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.launch.arguments import for_sandbox
from pytest_codemode.launch.places import Places
from pytest_codemode.proposers.model.quoting import redact
from pytest_codemode.repair.localisation.code import Code
from pytest_codemode.repair.session import Survey
from pytest_codemode.report.phrases import count
from pytest_codemode.report.writer import PlainWriter, Writer, columns, harmless, one_line, paragraph
from pytest_codemode.wiring.serving import Repairs

LINES = 10
"""Lines of the ranking that are shown of each cause."""
TESTS = 5
"""Failing tests that are named of each cause."""
_BAR = 5
_TEST_S = 60.0

_MORE_HELP = """\
Everything else is handed to pytest: files, node ids, -k, -m, -p and so on; behind -- it is pytest's in any case. The
tests run in the sandbox alone. Lines are ranked by what failing and passing tests run, by tracebacks, by the values
that tell failing from passing runs, and by what the failing statement of the test looks at. Exit status: 0, or 1 if a
test fails for which no line is suspicious, 2 if the tests cannot be run."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to tell."""

    survey: Survey
    level: str
    """Of the sandbox."""
    seconds: float

    @property
    def failing(self) -> tuple[str, ...]:
        """Node ids of what fails, collectors included."""
        return tuple(dict.fromkeys(failure.nodeid for failure in self.survey.failures))


def read(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments behind `codemode localise`; `pytest_args` holds what is pytest's, in its order."""
    parser = argparse.ArgumentParser(
        prog="codemode localise",
        usage="codemode localise [options] [PYTEST ARGS ...]",
        description=__doc__.partition("\n")[0].partition(": ")[2].capitalize(),
        epilog=_MORE_HELP,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--limit", type=int, default=LINES, metavar="N", dest="lines", help="lines shown of each cause")
    parser.add_argument("--rootdir", type=Path, metavar="DIR", help="root of the project (default: found from here)")
    parser.add_argument("--python", metavar="PATH", help="the project's interpreter (default: the one of codemode)")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL", help="as --codemode-sandbox (default: auto)")
    parser.add_argument("--network", action="store_true", help="let the code use the network")
    parser.add_argument("--test-timeout", type=float, default=_TEST_S, metavar="SECONDS", help="wall clock per test")
    before, after = _split(words)
    arguments, rest = parser.parse_known_args(before)
    arguments.pytest_args = (*rest, *after)
    arguments.limit = []  # of what the code may use, as `describe` reads it
    return arguments


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in words:
        return list(words), []
    at = list(words).index("--")
    return list(words[:at]), list(words[at + 1 :])


def run(rootdir: Path, arguments: argparse.Namespace) -> int:
    """Print the ranking and return the exit status."""
    if arguments.lines < 1:
        raise ConfigError("--limit: give a number of lines above 0")
    if not arguments.test_timeout > 0:
        raise ConfigError("--test-timeout: give a number of seconds above 0")
    started = time.perf_counter()
    if sys.stderr.isatty():
        print("running the tests in the sandbox ...", file=sys.stderr)
    repairs = Repairs(_project(rootdir, arguments))
    try:
        survey = repairs.survey()
        found = Found(survey, repairs.level(), time.perf_counter() - started)
    finally:
        repairs.close()
    if arguments.json:
        print(json.dumps(as_json(found, arguments.lines), indent=2))
    else:
        render(found, arguments.lines, PlainWriter())
    return 0 if all(task.suspects for task in survey.tasks) else 1


def _project(rootdir: Path, arguments: argparse.Namespace) -> Project:
    project = describe(rootdir, arguments)
    places = Places(project.rootdir, project.invocation_dir)
    try:
        words = for_sandbox(arguments.pytest_args, Path(project.invocation_dir))
    except OSError as problem:
        raise ConfigError(f"{problem.filename} cannot be read: {problem.strerror}") from problem
    named = [word for word in words if not word.startswith("-")]
    limits = replace(project.limits, test_s=arguments.test_timeout)
    return replace(project, pytest_args=places.arguments(words, named), limits=limits)


def as_json(found: Found, lines: int) -> dict[str, Any]:
    """Return the ranking as JSON types."""
    return {
        "tests": len(found.survey.selected),
        "failing": list(found.failing),
        "sandbox": found.level,
        "seconds": round(found.seconds, 3),
        "causes": [_cause(task, lines) for task in found.survey.tasks],
    }


def _cause(task: RepairTask, lines: int) -> dict[str, Any]:
    return {
        "cause": redact(task.cause),
        "nodeids": list(task.nodeids),
        "suspects": [
            {
                "path": one.path,
                "line": one.line,
                "function": name,
                "score": round(one.score, 4),
                "source": redact(text),
                "why": one.why,
            }
            for one, name, text in _shown(task, lines)
        ],
        "observed": [_observed(function) for function in task.observed],
    }


def _observed(function: ObservedFunction) -> dict[str, Any]:
    return {
        "function": f"{function.path}::{function.qualname}",
        "calls": {"failing": function.failing_calls, "passing": function.passing_calls},
        "raised": {"failing": function.failing_raised, "passing": function.passing_raised},
        "names": [
            {
                "name": one.name,
                "role": one.role,
                "failing": _held(one.name, one.failing),
                "passing": _held(one.name, one.passing),
            }
            for one in function.names
        ],
    }


def _held(name: str, held: Held) -> dict[str, Any]:
    texts = (redact(f"{name} = {text}").partition(" = ")[2] for text in held.literals)
    return {"kinds": held.kinds, "values": list(texts)}


def render(found: Found, lines: int, writer: Writer) -> None:
    """Write the ranking; readable at 60 columns."""
    paragraph(writer, _summary(found))
    for number, task in enumerate(found.survey.tasks, 1):
        writer.line()
        causes = len(found.survey.tasks)
        title = f"cause {number} of {causes}: " if causes > 1 else "cause: "
        writer.line(title + one_line(task.cause, max(writer.fullwidth - columns(title) - 1, 20)))
        for nodeid in task.nodeids[:TESTS]:
            writer.line(f"  {harmless(nodeid)}")
        if len(task.nodeids) > TESTS:
            writer.line(f"  and {len(task.nodeids) - TESTS} more")
        writer.line()
        _ranking(task, lines, writer)


def _summary(found: Found) -> str:
    red, all_of_them = len(found.failing), len(found.survey.selected)
    ran = f"ran in the sandbox (level {found.level}) in {found.seconds:.1f} s"
    if not red:
        return f"no test fails: {count(all_of_them, 'test')}, {ran}"
    causes = count(len(found.survey.tasks), "cause")
    return f"{red} failing of {count(all_of_them, 'test')}, {causes}; {ran}"


def _ranking(task: RepairTask, lines: int, writer: Writer) -> None:
    if not task.suspects:
        paragraph(writer, "no line of the project's own files is known to have a part in it", indent="  ")
    for one, name, text in _shown(task, lines):
        bar = ("#" * max(1, round(one.score * _BAR))).ljust(_BAR)
        writer.line(f"{one.score:.2f} {bar} {harmless(one.path)}:{one.line}{f' {name}' if name else ''}")
        writer.line(f"     {one_line(text, max(writer.fullwidth - 6, 20))}")
        if one.why:
            paragraph(writer, one.why, indent="       ", first="     - ")
    rest = len(task.suspects) - lines
    if rest > 0:
        writer.line(f"     and {count(rest, 'line')} more")


def _shown(task: RepairTask, lines: int) -> Iterator[tuple[Suspect, str, str]]:
    """Yield (suspect, qualname of the function around it, its text) of the first suspects."""
    parsed = {path: Code(task.sources.get(path)) for path in {one.path for one in task.suspects[:lines]}}
    for one in task.suspects[:lines]:
        text = task.sources.get(one.path, b"").decode("utf-8", "replace").splitlines()
        line = text[one.line - 1].strip() if 0 < one.line <= len(text) else ""
        yield one, parsed[one.path].function_at(one.line), line
