"""Bounded `repr`s of foreign objects: they may raise, never return, or be huge."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MAX_DEPTH = 6
"""Nested containers shown; a deeper or recursive one is `...`."""


class _TooSlow(BaseException):
    """A foreign `__repr__` took too long; not an `Exception`, so that foreign code does not catch it by accident."""


def cut(text: str, limit: int) -> str:
    """Return `text` in at most about `limit` characters, head and tail kept, the cut marked."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]} [... {len(text) - limit} characters cut ...] {text[-tail:] if tail else ''}"


def bounded_repr(value: Any, limit: int) -> str:
    """Return `repr(value)`, exact where it is short, else its head and `...`; never raises."""
    parts: list[str] = []
    room = limit
    for part in _pieces(value, 0, limit):
        parts.append(part)
        room -= len(part)
        if room < 0:
            break
    text = "".join(parts)
    return text if len(text) <= limit else text[: max(limit - 3, 0)] + "..."


def _pieces(value: Any, depth: int, limit: int) -> Iterator[str]:
    """Yield the text of `value` piece by piece, so that a huge container is never shown as a whole."""
    kind = type(value)
    if kind is str or kind is bytes:
        yield repr(value[: limit + 1])
    elif kind in _BRACKETS and depth > MAX_DEPTH:
        yield "..."
    elif kind is dict and value:
        yield from _items(_pairs(value, depth, limit), "{", "}")
    elif kind in _BRACKETS and value:
        opening, closing = _BRACKETS[kind]
        if kind is tuple and len(value) == 1:
            closing = ",)"
        yield from _items((_pieces(item, depth + 1, limit) for item in value), opening, closing)
    else:
        yield _guarded(value, limit)


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def _pairs(value: dict[Any, Any], depth: int, limit: int) -> Iterator[Iterator[str]]:
    for key, item in value.items():
        yield _pair(key, item, depth, limit)


def _pair(key: Any, item: Any, depth: int, limit: int) -> Iterator[str]:
    yield from _pieces(key, depth + 1, limit)
    yield ": "
    yield from _pieces(item, depth + 1, limit)


def _items(items: Iterator[Iterator[str]], opening: str, closing: str) -> Iterator[str]:
    yield opening
    for index, item in enumerate(items):
        if index:
            yield ", "
        yield from item
    yield closing


def _guarded(value: Any, limit: int) -> str:
    try:
        text = repr(value)
    except Exception as problem:  # noqa: BLE001  # a foreign __repr__ may raise anything
        return f"<{type(value).__name__} whose repr raised {type(problem).__name__}>"
    return text[: limit + 1] if type(text) is str else f"<{type(value).__name__}>"


def guarded_text(value: BaseException, limit: int) -> str:
    """Return `str(value)`, bounded; never raises."""
    try:
        return cut(str(value), limit)
    except Exception as problem:  # noqa: BLE001  # a foreign __str__ may raise anything
        return f"<{type(value).__name__} whose str raised {type(problem).__name__}>"


def within(seconds: float, work: Callable[[], None]) -> bool:
    """Run `work` for at most `seconds`; return whether it finished.

    Only the main thread can interrupt itself (SIGALRM); elsewhere `work` runs unguarded.
    """
    if threading.current_thread() is not threading.main_thread():
        work()
        return True
    try:
        with _alarm(seconds):
            work()
    except _TooSlow:
        return False
    return True


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Borrow the real-time interval timer; what was left on it goes on afterwards."""

    def give_up(_signum: int, _frame: object) -> None:
        raise _TooSlow

    handler = signal.getsignal(signal.SIGALRM)
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, left) if left else seconds)
    try:
        yield
    finally:
        spent = seconds - signal.setitimer(signal.ITIMER_REAL, 0)[0]
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - spent, 0.001), interval)
