"""Which functions a patch changes in nothing but their bodies, so that it can be tried by swapping their code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pytest_codemode.core.outcome import Swap
from pytest_codemode.core.patch import Applied
from pytest_codemode.edits.apply import Read, plan
from pytest_codemode.edits.compiling import Region, function_regions
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.spans import Outline
from pytest_codemode.edits.splice import EditError
from pytest_codemode.edits.text import SourceError

_LINKS = re.compile(r"\b(?:super|__class__|global|nonlocal)\b")
"""Words that tie a function to what is around it: a code object swap keeps such ties only if they do not change."""


def swaps(applied: Applied, read: Read) -> tuple[Swap, ...]:
    """Return the outermost functions of the patch with their new source, () unless it changes only their bodies."""
    found: list[Swap] = []
    for path in sorted(applied.files):
        old = read(path)
        if old is None:
            return ()
        try:
            contents = outline(old)
            splices = plan(path, [edit for edit in applied.patch.edits if edit.path == path], contents)
        except (EditError, SourceError):  # `applied` came from other bytes than `read` gives now
            return ()
        regions = function_regions(contents, splices)
        if not regions or not all(_swappable(contents, region) for region in regions):
            return ()
        found += _swaps_of(path, contents, regions)
    return tuple(found)


def _swaps_of(path: str, contents: Outline, regions: tuple[Region, ...]) -> Iterator[Swap]:
    for region in regions:
        line = region.definition.statement.keyword_line + region.shift
        yield Swap(path, region.definition.qualname, line, region.new)


def _swappable(contents: Outline, region: Region) -> bool:
    before = contents.source.text[region.start : region.stop]
    same_links = Counter(_LINKS.findall(before)) == Counter(_LINKS.findall(region.new))
    return same_links and len(contents.occurrences(region.definition.qualname)) == 1
