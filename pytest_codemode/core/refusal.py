"""Was a test refused something by the system? The signs that its sandbox, not its code, may be the reason."""

from __future__ import annotations

import re

from pytest_codemode.core.failure import Failure

# The errno texts also catch what wraps them or says them elsewhere: sqlite3, dbm, a subprocess on its stderr.
_SIGNS = re.compile(
    r"PermissionError|\[Errno (?:1|13|30)\]|permission denied|read-only file ?system|operation not permitted"
    r"|readonly database|unable to open database file",
    re.IGNORECASE,
)


def is_refusal(failure: Failure) -> bool:
    """Whether the exception, what it came from or what was printed speaks of EACCES, EPERM or EROFS.

    Code may raise the same by itself: a run where the tree is writable tells them apart.
    """
    texts = (failure.exception, failure.message, *failure.causes, failure.output)
    return any(_SIGNS.search(text) for text in texts)
