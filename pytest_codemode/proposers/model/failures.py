"""A failing test as a model reads it: every frame of the traceback, the operands, what was printed."""

from __future__ import annotations

from pytest_codemode.core.failure import Failure, Frame
from pytest_codemode.proposers.model.quoting import quote

MAX_OUTPUT = 4_000
"""Characters of captured output that are kept, head and tail; a traceback is never cut."""
MAX_LOCALS = 12
"""Local variables shown of one frame."""
MAX_VALUE = 300
"""Characters of one value."""


def failure_text(failure: Failure, *, with_locals: bool = True) -> str:
    """Return one failure, fenced as data."""
    parts = [f"{failure.nodeid} (subtest {failure.subtest})" if failure.subtest else failure.nodeid]
    parts.append(f"{failure.exception}: {failure.message}" if failure.message else failure.exception)
    parts += [f"caused by {cause}" for cause in failure.causes]
    if failure.operator:
        parts.append(f"left side of `{failure.operator}`: {failure.left}\nright side: {failure.right}")
    if failure.frames:
        parts.append("Traceback, outermost call first:")
        parts.extend(_frame(frame, with_locals) for frame in failure.frames)
    if failure.output.strip():
        parts.append(f"Captured output:\n{middle_cut(failure.output.strip(), MAX_OUTPUT)}")
    return quote("\n".join(parts), f"failure in {failure.when.value}")


def _frame(frame: Frame, with_locals: bool) -> str:
    lines = [f"  {frame.path}:{frame.line} in {frame.function}"]
    if frame.source:
        lines.append(f"      {frame.source}")
    if with_locals:
        shown = list(frame.locals.items())[:MAX_LOCALS]
        lines += [f"        {name} = {middle_cut(value, MAX_VALUE)}" for name, value in shown]
    return "\n".join(lines)


def middle_cut(text: str, most: int) -> str:
    """Return `text` with its middle left out if it has more than `most` characters; whole lines where it has lines."""
    if len(text) <= most:
        return text
    head, tail = text[: most // 2], text[-most // 2 :]
    if "\n" in head and "\n" in tail:
        head, tail = head[: head.rindex("\n")], tail[tail.index("\n") + 1 :]
        return f"{head}\n[... {len(text) - len(head) - len(tail)} characters left out ...]\n{tail}"
    return f"{head}[... {len(text) - most} characters left out ...]{tail}"
