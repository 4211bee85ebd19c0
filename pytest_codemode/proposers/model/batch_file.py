"""Open batches in a file, from one run to the next.

The file may come with a checkout. All it can do is to name batches of the user's own account, whose results count only
for requests with the very same text.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.proposers.model.batches import OpenBatch

MAX_BYTES = 16 * 2**20
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class BatchFile:
    """Implements `BatchStore`; the folder of `path` must exist."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[OpenBatch, ...]:
        """Return what was saved last; a file that is damaged, or none of ours, holds nothing."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:  # noqa: PTH123  # the descriptor is not followed through a link
                batches: tuple[OpenBatch, ...] = decode(tuple[OpenBatch, ...], json.loads(file.read(MAX_BYTES)))
        except (OSError, ValueError, RecursionError):
            return ()
        return tuple(batch for batch in batches if _ID.fullmatch(batch.id))

    def save(self, batches: tuple[OpenBatch, ...]) -> None:
        """Keep `batches` in place of what was saved before; without any the file is removed.

        Raises:
            ProposerError: the file cannot be written: a run that is cut off now would pay for its batches twice.
        """
        try:
            if batches:
                self._put(json.dumps(encode(batches)).encode("ascii"))
            else:
                self._path.unlink(missing_ok=True)
        except OSError as problem:
            raise ProposerError(
                f"{self._path} cannot be written ({problem.strerror}), and without it --codemode-batch would pay twice"
                " after an interruption; make room for it"
            ) from None

    def _put(self, data: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123  # see above
                file.write(data)
            Path(name).replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
