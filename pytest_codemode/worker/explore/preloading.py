"""Files that a session's own tests do not import, imported once for all forks that will call their functions."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence

from pytest_codemode.worker.explore.alarm import Alarm
from pytest_codemode.worker.explore.arcs import Arcs
from pytest_codemode.worker.explore.importing import import_target
from pytest_codemode.worker.explore.streams import Streams
from pytest_codemode.worker.plan import PRELOAD_S


def import_each(filenames: Sequence[str], within_s: float = PRELOAD_S) -> None:
    """Import files in turn, as far as there is time; what they raise and print is nobody's concern.

    A module that is not there afterwards is imported by the fork that needs it, which says what came of it.
    """
    alarm, streams, end_by = Alarm(), Streams(lambda: None), time.monotonic() + within_s
    before, handler = (sys.stdin, sys.stdout, sys.stderr), signal.getsignal(signal.SIGALRM)
    try:
        for filename in filenames:
            left_s = end_by - time.monotonic()
            if left_s <= 0:
                return
            streams.put()
            try:
                import_target(filename, "", alarm, Arcs(filename), trace=False, watch=False, within_s=left_s)
            except BaseException:  # noqa: BLE001  # whatever foreign code raises, `SystemExit` too
                pass
            finally:
                alarm.off()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        signal.signal(signal.SIGALRM, handler)
