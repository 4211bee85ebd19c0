"""Standard streams of a call: nothing to read, and what it prints kept up to a bound."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

MAX_PRINTED = 10_000
"""Bytes kept of each stream."""


class _Kept(io.BufferedIOBase):
    """Keeps the first bytes that are written to it."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        room = MAX_PRINTED - len(self.content)
        if room > 0:
            self.content += bytes(data)[:room]
        return len(data)


class _Nothing(io.StringIO):
    """An empty standard input that tells when it is read."""

    def __init__(self, heard: Callable[[], None]) -> None:
        super().__init__("")
        self._heard = heard

    def read(self, size: int | None = -1, /) -> str:
        self._heard()
        return super().read(size)

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        self._heard()
        return super().readline(size)

    def __iter__(self) -> Any:
        self._heard()
        return super().__iter__()


class _Pair:
    """Both outputs."""

    def __init__(self) -> None:
        self.kept = _Kept(), _Kept()
        self.out, self.errors = map(_text, self.kept)

    @property
    def is_fresh(self) -> bool:
        return not (self.out.closed or self.errors.closed or self.kept[0].content or self.kept[1].content)


class Streams:
    """Puts itself in the place of `sys.stdin`, `sys.stdout` and `sys.stderr`."""

    def __init__(self, on_read: Callable[[], None]) -> None:
        """Call `on_read` when something asks for input."""
        self._on_read = on_read
        self._pair = _Pair()
        self._input = _Nothing(on_read)

    def put(self) -> None:
        """Stand in the place of the streams, with nothing printed yet."""
        if not self._pair.is_fresh:
            self._pair = _Pair()
        if self._input.closed:
            self._input = _Nothing(self._on_read)
        sys.stdin, sys.stdout, sys.stderr = self._input, self._pair.out, self._pair.errors

    def printed(self) -> str:
        """Return what was printed to `sys.stdout`."""
        return self._pair.kept[0].content.decode("utf-8", "replace")


def _text(kept: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(kept, "utf-8", "backslashreplace", write_through=True)
