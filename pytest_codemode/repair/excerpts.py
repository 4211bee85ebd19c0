"""The source a report shows: a few lines around what is suspicious and around what a patch changes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from pytest_codemode.core.patch import Files
from pytest_codemode.core.report import Excerpt
from pytest_codemode.core.suspicion import Location, Suspect
from pytest_codemode.proposers.model.quoting import redact

AROUND = 3
"""Lines shown before and after each."""
MOST_SUSPECTS, MOST_LINES, LONGEST_LINE = 20, 200, 400
MOST_COMPARED = 1_000
"""Lines between the first and the last that differ; of more, only the first one counts as changed."""
_LINE_END = re.compile(r"\r\n|\r|\n")


def excerpts(sources: Files, suspects: Sequence[Suspect], changed: Iterable[Location] = ()) -> tuple[Excerpt, ...]:
    """Return the lines of `sources` around `changed` and around the most suspicious lines, by path and line.

    What looks like a credential is blanked out in the whole file first: some of them span lines.
    """
    wanted: dict[str, set[int]] = {}
    shown = 0
    for path, line in (*changed, *((one.path, one.line) for one in suspects[:MOST_SUSPECTS])):
        around = set(range(max(1, line - AROUND), line + AROUND + 1)) - wanted.get(path, set())
        if path in sources and shown + len(around) <= MOST_LINES:
            wanted.setdefault(path, set()).update(around)
            shown += len(around)
    return tuple(part for path in sorted(wanted) for part in _parts(path, sources[path], wanted[path]))


def _parts(path: str, source: bytes, wanted: set[int]) -> Iterator[Excerpt]:
    lines = _LINE_END.split(redact(source.decode("utf-8", "replace")))
    first: int | None = None
    for number in range(1, len(lines) + 2):
        inside = number in wanted and number <= len(lines)
        if inside and first is None:
            first = number
        elif not inside and first is not None:
            shown = (line[:LONGEST_LINE] for line in lines[first - 1 : number - 1])
            yield Excerpt(path, first, tuple(shown))
            first = None


def changed_lines(before: Files, after: Files) -> list[Location]:
    """Return the lines of the old files that differ in the new ones; for an insertion, the line before it."""
    found: list[Location] = []
    for path in sorted(before.keys() & after.keys()):
        old, new = before[path].split(b"\n"), after[path].split(b"\n")
        found += ((path, line) for line in _changed(old, new))
    return found


def _changed(old: list[bytes], new: list[bytes]) -> Iterator[int]:
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    pairs = zip(reversed(old[same:]), reversed(new[same:]), strict=False)
    behind = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)) - same)
    old, new = old[same : len(old) - behind], new[same : len(new) - behind]
    if len(old) > MOST_COMPARED or len(new) > MOST_COMPARED:
        yield same + 1
        return
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "insert":
            yield max(same + start, 1)
        elif tag != "equal":
            yield from range(same + start + 1, same + end + 1)
