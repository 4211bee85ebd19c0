"""Holds an interpreter that is about to run a program; each fork of it goes on as if this file had never been there.

Python imports a module of this name at the end of its start. What this one returns to is the interpreter's own way to
its program: `__main__`, tracebacks, `sys.exit`, threads, `atexit` and the exit status are not imitated.
"""
# ruff: noqa: PTH120  # as few imports as possible: the program would find them done

import os
import sys


def _held() -> bool:
    """Whether this interpreter was started to be held: descriptor 3 is the line of the one who forks it."""
    try:
        return (os.fstat(3).st_mode & 0o170000) == 0o140000
    except OSError:
        return False


def _hold() -> None:
    """Wait to be forked; returns in each fork."""
    here = os.path.dirname(__file__)
    library = os.path.dirname(os.path.dirname(os.path.dirname(here)))
    sys.path_importer_cache.pop(here, None)
    of_program = [entry for entry in sys.path if entry != here]
    from_environment = set(os.environ["PYTHONPATH"].split(os.pathsep))
    # What the project has in the place of a standard module must not be imported here.
    sys.path[:] = [*(entry for entry in sys.path if entry not in from_environment), library]
    before = frozenset(sys.modules)
    from pytest_codemode.worker import interpreter  # noqa: PLC0415  # found on the path that was just set

    sys.path[:] = of_program
    interpreter.hold(before, here)


if _held():
    _hold()
del sys.modules["sitecustomize"]
__import__("sitecustomize")  # the user's own; that there is none is what `site` expects to hear
