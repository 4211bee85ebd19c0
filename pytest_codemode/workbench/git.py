"""How `git` is started in a checkout that others have filled: nothing in there has it run a program.

What the user's settings name to reach a remote (a helper for credentials, a proxy, a command for ssh) stays as it is.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

_HARMLESS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.alternateRefsCommand": "true",
    # A repository may lie in the files of the checkout, settings and all; git stops there on its way to the real one.
    "safe.bareRepository": "explicit",
    "log.showSignature": "false",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
    "protocol.ext.allow": "never",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.quotePath": "false",
}
_WORDS = tuple(word for name, value in _HARMLESS.items() for word in ("-c", f"{name}={value}"))
_OF_ANOTHER_REPOSITORY = frozenset(
    (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_NAMESPACE"),
        *("GIT_COMMON_DIR", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    )
)
"""What git sets for a hook; here the folder says which repository is meant."""
_FILTER = re.compile(rb"filter\.(.+)\.[^.]+", re.DOTALL)
_LISTS_FILTERS = ("config", "--null", "--name-only", "--get-regexp", r"^filter\.")
_OFF = ("clean=", "smudge=", "process=", "required=false")
_FAILED = 128
"""git's own status for what it cannot do."""


def run(
    folder: Path,
    *words: str,
    limit_s: float,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a git command, whatever its status.

    Args:
        folder: in the work tree.
        words: the command.
        limit_s: seconds.
        given: its standard input.
        environment: of the process; that of this one by default, in both cases without what names a repository.
        variables: added to it.

    Raises:
        OSError: there is no git.
        subprocess.TimeoutExpired: it did not end.
    """
    if planted := _planted(folder):
        said = f"{planted} looks like a repository in the files of another, whose settings could run programs"
        return _refused(words, said)
    given_by = os.environ if environment is None else environment
    known = {name: value for name, value in given_by.items() if name not in _OF_ANOTHER_REPOSITORY}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    started = partial(_started, folder, {**known, **quiet, **(variables or {})}, limit_s)
    listed = started(_LISTS_FILTERS, b"").stdout
    filters = {found[1] for name in listed.split(b"\0") if (found := _FILTER.fullmatch(name))}
    if strange := sorted(name for name in filters if b"=" in name):
        # `-c` ends a name at the first sign of equality: such a filter cannot be switched off.
        return _refused(words, f"the settings name a filter {os.fsdecode(strange[0])!r}, which could run programs")
    return started((*_switched_off(filters), *words), given)


def _started(
    folder: Path, environment: Mapping[str, str], limit_s: float, words: Sequence[str], given: bytes
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", *_WORDS, *words],
        cwd=folder,
        env=environment,
        input=given,
        capture_output=True,
        timeout=limit_s,
        check=False,
    )


def _switched_off(filters: Iterable[bytes]) -> Iterator[str]:
    """Yield the options that keep `diff` and its like from running what settings say of files."""
    for name in sorted(filters):
        for end in _OFF:
            yield from ("-c", f"filter.{os.fsdecode(name)}.{end}")


def _refused(words: Sequence[str], said: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.CompletedProcess(["git", *_WORDS, *words], _FAILED, b"", os.fsencode(f"fatal: {said}"))


def _planted(folder: Path) -> Path | None:
    """Return the folder that git would take for a bare repository; before 2.38 it knows no setting against that."""
    here = Path(os.path.realpath(folder))
    for place in (here, *here.parents):
        if os.path.lexists(place / ".git"):
            return None
        if os.path.lexists(place / "HEAD") and any(
            os.path.lexists(place / name) for name in ("objects", "refs", "commondir")
        ):
            return place
    return None
