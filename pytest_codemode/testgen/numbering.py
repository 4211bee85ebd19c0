"""Lines as coverage.py counts them, by the first line of each statement: the one module here that imports coverage."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable

from coverage.exceptions import NotPython
from coverage.parser import PythonParser

from pytest_codemode.core.exploring import Arc
from pytest_codemode.edits.text import SourceError, decode_source


class Numbering:
    """One file's numbering; the file is parsed and compiled, and never run.

    Args:
        raw: bytes of the file. Where this interpreter cannot parse them, every line stands for itself.
    """

    def __init__(self, raw: bytes) -> None:
        self._parser = _parsed(raw)
        ways: defaultdict[int, set[int]] = defaultdict(set)
        for line, to in self._parser.arcs() if self._parser is not None else ():
            ways[line].add(to)
        self._single = {line: next(iter(to)) for line, to in ways.items() if len(to) == 1}

    def first_line(self, line: int) -> int:
        """Return the first line of the statement that `line` belongs to; of a negative one likewise."""
        return self._parser.first_line(line) if self._parser is not None else line

    def translated(self, arcs: Iterable[Arc]) -> frozenset[Arc]:
        """Return arcs as the interpreter names them in the numbering of `core.exploring.Measured`.

        The steps are those of `coverage.results.analysis_from_file_reporter`: an arc within one statement is the one
        way out of it, if it has one.
        """
        if self._parser is None:
            return frozenset(arcs)
        # Sets: coverage.py goes through them twice.
        first = self._parser.translate_arcs(set(arcs))
        ways = ((line, self._single.get(line, to) if line == to else to) for line, to in first)
        return frozenset(self._parser.translate_arcs({(line, to) for line, to in ways if line != to}))


def _parsed(raw: bytes) -> PythonParser | None:
    try:
        parser = PythonParser(text=decode_source(raw).text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the compiler warns of is none of our business
            parser.parse_source()
            parser.arcs()
    except (NotPython, SourceError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return parser
