"""Unified diffs of bytes, as `git apply` and `patch -p1` read them: any line end, any encoding, new and gone files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from pytest_codemode.edits.quoting import quoted

Opcode = tuple[str, int, int, int, int]
"""As difflib's: tag, and the lines [i1:i2] of the old file against [j1:j2] of the new."""

CONTEXT_LINES = 3
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def unified_diff(path: str, old: bytes | None, new: bytes | None) -> bytes:
    """Return the diff of one file, empty if nothing differs.

    Args:
        path: posix path relative to the root; it gets the prefixes `a/` and `b/`.
        old: the file's bytes, None if it is new.
        new: the file's bytes, None if it is deleted.
    """
    if old == new:
        return b""
    before, after = quoted(f"a/{path}"), quoted(f"b/{path}")
    body = b"".join(_hunks(_lines(old or b""), _lines(new or b"")))
    if not body:
        # An empty file that comes or goes has no hunk: only git's own header can say it. Elsewhere that header would do
        # harm: below the root of a repository `git apply` takes its paths from the root, and silently does nothing.
        mode = b"new" if old is None else b"deleted"
        return b"diff --git %s %s\n%s file mode 100644\n" % (before, after, mode)
    names = (b"/dev/null" if old is None else _ended(before), b"/dev/null" if new is None else _ended(after))
    return b"--- %s\n+++ %s\n" % names + body


def _lines(data: bytes) -> list[bytes]:
    """Split after line feeds only: a carriage return or a form feed is part of its line, as git sees it."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    for group in _grouped(_opcodes(old, new)):
        first, last = group[0], group[-1]
        yield b"@@ -%s +%s @@\n" % (_range(first[1], last[2]), _range(first[3], last[4]))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(b" ", old[i1:i2])
                continue
            yield from _marked(b"-", old[i1:i2])
            yield from _marked(b"+", new[j1:j2])


def _opcodes(old: list[bytes], new: list[bytes]) -> list[Opcode]:
    """Return difflib's opcodes; only what lies between the equal ends is compared, so that long files cost little."""
    head = _common(old, new)
    tail = min(_common(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    matcher = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    middle = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in matcher.get_opcodes()]
    ends = ("equal", 0, head, 0, head), ("equal", len(old) - tail, len(old), len(new) - tail, len(new))
    return [code for code in (ends[0], *middle, ends[1]) if code[1] < code[2] or code[3] < code[4]]


def _grouped(opcodes: list[Opcode]) -> Iterator[list[Opcode]]:
    """Yield the opcodes of each hunk; equal runs are cut to the context, and long ones part two hunks."""
    group: list[Opcode] = []
    for code in opcodes:
        tag, i1, i2, j1, j2 = code
        if tag != "equal":
            group.append(code)
            continue
        after = min(CONTEXT_LINES, i2 - i1)
        if group and i2 - i1 > 2 * CONTEXT_LINES:
            yield [*group, ("equal", i1, i1 + after, j1, j1 + after)]
            group = []
        if group:
            group.append(code)
        else:
            group = [("equal", i2 - after, i2, j2 - after, j2)]
    if any(code[0] != "equal" for code in group):
        tag, i1, i2, j1, j2 = group[-1]
        if tag == "equal":
            kept = min(CONTEXT_LINES, i2 - i1)
            group[-1] = ("equal", i1, i1 + kept, j1, j1 + kept)
        yield group


def _common(old: list[bytes], new: list[bytes]) -> int:
    """Return how many lines are equal at the start."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(old), len(new)))


def _range(start: int, stop: int) -> bytes:
    length = stop - start
    if length == 1:
        return b"%d" % (start + 1)
    # An empty range names the line before it.
    return b"%d,%d" % (start + 1 if length else start, length)


def _marked(mark: bytes, lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + (line if line.endswith(b"\n") else line + _NO_NEWLINE)


def _ended(name: bytes) -> bytes:
    """Return a name for a `---` or `+++` line: without the tab at its end, a blank in it would end it for patch(1)."""
    return name + b"\t" if b" " in name and not name.startswith(b'"') else name
