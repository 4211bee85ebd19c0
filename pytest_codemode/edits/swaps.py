"""What a patch changes, where it is but function bodies or values of names, so that it can be tried by swapping."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pytest_codemode.core.outcome import Swap
from pytest_codemode.core.patch import Applied
from pytest_codemode.edits.apply import Read, plan
from pytest_codemode.edits.compiling import Region, function_regions
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.spans import Outline
from pytest_codemode.edits.splice import EditError, Splice
from pytest_codemode.edits.text import SourceError
from pytest_codemode.edits.values import new_values

_LINKS = re.compile(r"\b(?:super|__class__|global|nonlocal)\b")
"""Words that tie a function to what is around it: a code object swap keeps such ties only if they do not change."""


def swaps(applied: Applied, read: Read) -> tuple[Swap, ...]:
    """Return the outermost functions, or the names, of the patch with their new source, () if it changes more."""
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
        swaps_here = _functions(path, contents, splices) or _values(path, contents, splices)
        if not swaps_here:
            return ()
        found += swaps_here
    return tuple(found)


def _functions(path: str, contents: Outline, splices: Sequence[Splice]) -> list[Swap]:
    regions = function_regions(contents, splices)
    if not all(_swappable(contents, region) for region in regions):
        return []
    line_of = (region.definition.statement.keyword_line + region.shift for region in regions)
    return [Swap(path, one.definition.qualname, line, one.new) for one, line in zip(regions, line_of, strict=True)]


def _values(path: str, contents: Outline, splices: Sequence[Splice]) -> list[Swap]:
    return [Swap(path, one.qualname, one.line, one.source, "value") for one in new_values(contents, splices)]


def _swappable(contents: Outline, region: Region) -> bool:
    before = contents.source.text[region.start : region.stop]
    same_links = Counter(_LINKS.findall(before)) == Counter(_LINKS.findall(region.new))
    return same_links and len(contents.occurrences(region.definition.qualname)) == 1
