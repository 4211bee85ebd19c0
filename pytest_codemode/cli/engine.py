"""The engine's process: a request on standard input, events on standard output, one a line.

Started by the plugin, never by hand. It is the only process that holds mcp, libcst and credentials.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

from pytest_codemode.cli.checkout import folder_of
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.events import Event, Notice, RunDone, to_line
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.request import from_json
from pytest_codemode.report.files import write as write_report
from pytest_codemode.wiring.covering import cover
from pytest_codemode.wiring.repairing import repair

GRACE_S = 10.0
"""After the plugin is gone the engine has this long to kill its workers before it ends hard."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do one run and return 0, or 1 if it ended by an error (which the last event carries)."""
    parser = argparse.ArgumentParser(prog="python -m pytest_codemode.cli.engine")
    parser.add_argument("--lifeline", type=int, metavar="FD", help="end when this descriptor reaches its end")
    options = parser.parse_args(argv)
    request = from_json(sys.stdin.read())
    warnings.filterwarnings("ignore", category=SyntaxWarning)  # of the user's code, which is only parsed here
    # Explicitly for SIGINT too: where a script starts pytest in the background it is inherited as ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.lifeline is not None:
        threading.Thread(target=_watch, args=(options.lifeline,), daemon=True).start()
    try:
        report = (repair if request.options.cover is None else cover)(request, _emit)
    except CodemodeError as problem:
        report = RunReport(run_id="", stop=str(problem), green=False, error=True)
    except KeyboardInterrupt:
        report = RunReport(run_id="", stop="interrupted before anything was finished", green=False, error=True)
    folder = folder_of(Path(request.project.rootdir), os.environ)
    for path in request.options.reports:
        try:
            write_report(report, path, folder=folder)
        except (CodemodeError, OSError) as problem:
            _emit(Notice("error", f"the report {path} cannot be written: {problem}"))
    _emit(RunDone(report))
    return 1 if report.error else 0


def _emit(event: Event) -> None:
    sys.stdout.write(to_line(event) + "\n")
    sys.stdout.flush()


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(GRACE_S)
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
