"""The report of a run as JSON: the fields of `core.report.RunReport`, `schema` among them.

It holds all that the report holds, as long as that is no more than a program can be asked to read. Of a larger one the
long texts are shortened and the long lists cut, alike everywhere, step by step until it fits, and a notice says so: it
keeps the shape that its schema describes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.report import RunReport
from pytest_codemode.report.phrases import clipped, count

MAX_CHARACTERS = 30_000_000
"""Of a report; each is a byte."""
_LEVELS = ((20_000, 2_000), (8_000, 800), (3_000, 300), (1_000, 100), (500, 50), (250, 20), (150, 10), (100, 4))
"""Characters of a text and entries of a list, from level to level less, until the report fits."""
_DIFF = 50
"""A diff may be as many times longer than other texts. It is there whole or not at all: a part of one is none."""
_CAUSES = 10
"""As many times more entries may be in the lists at the top than in others."""
_BY_NAME = "locals"
"""An object whose keys are foreign text and no fields."""
_INNERMOST_LAST = "frames"
"""A list that is cut at its beginning."""


def render(report: RunReport, max_characters: int = MAX_CHARACTERS) -> str:
    """Return `report` as indented JSON with a line end, in at most `max_characters`, of which 10,000 always do."""
    versions = _smaller(encode(report), max_characters)
    return next(text for data in versions if (text := _written(data, max_characters - 1))) + "\n"


def _smaller(whole: dict[str, Any], most: int) -> Iterator[dict[str, Any]]:
    """Yield the report as it is, then with less and less in it."""
    yield whole
    for level in _LEVELS:
        yield _Cut(*level).report(whole, most)
    # Line numbers are not cut, and may have no end.
    run_id, stop = clipped(whole["run_id"], 100), clipped(whole["stop"], 300)
    notices = (_notice(most, ["most of it left out"]),)
    yield encode(RunReport(run_id, stop, whole["green"], error=whole["error"], notices=notices))


def _written(data: dict[str, Any], most: int) -> str:
    """Return JSON, empty if it would be too long: how long shows only as it is written."""
    parts, size = [], 0
    for part in json.JSONEncoder(indent=2, ensure_ascii=True).iterencode(data):
        parts.append(part)
        size += len(part)
        if size > most:
            return ""
    return "".join(parts)


class _Cut:
    """Makes an encoded report shorter and counts what it leaves out.

    Args:
        characters: of a text.
        entries: of a list.
    """

    def __init__(self, characters: int, entries: int) -> None:
        self._characters, self._entries = characters, entries
        self._left: Counter[str] = Counter()
        self._shortened = self._diffs = 0

    def report(self, whole: dict[str, Any], most: int) -> dict[str, Any]:
        """Return the report with a notice of what is left out to have no more than `most` characters."""
        found = {name: self._of(value, name, self._entries * _CAUSES) for name, value in whole.items()}
        return found | {"notices": [*found["notices"], _notice(most, self._said())]}

    def _of(self, value: Any, name: str, entries: int) -> Any:
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, list):
            return self._list(value, name, entries)
        if not isinstance(value, dict):
            return value
        if name == _BY_NAME:
            kept = dict(islice(value.items(), entries))
            self._left[name] += len(value) - len(kept)
            return {clipped(key, self._characters): self._text(item, name) for key, item in kept.items()}
        return {key: self._of(item, key, self._entries) for key, item in value.items()}

    def _text(self, text: str, name: str) -> str:
        if name == "diff":
            fits = len(text) <= self._characters * _DIFF
            self._diffs += not fits
            return text if fits else ""
        self._shortened += len(text) > self._characters
        return clipped(text, self._characters)

    def _list(self, values: list[Any], name: str, entries: int) -> list[Any]:
        if values and isinstance(values[0], int):  # lines: fewer of them would be other coverage
            return values
        kept = values[-entries:] if name == _INNERMOST_LAST else values[:entries]
        self._left[name] += len(values) - len(kept)
        return [self._of(value, name, self._entries) for value in kept]

    def _said(self) -> Iterator[str]:
        yield from (f"{number:,} of `{name}` left out" for name, number in self._left.items() if number)
        if self._diffs:
            yield f"{count(self._diffs, 'diff')} left out"
        if self._shortened:
            yield f"{count(self._shortened, 'text')} shortened"


def _notice(most: int, said: Iterable[str]) -> str:
    return f"This report is cut to have no more than {most:,} characters: {', '.join(said)}."
