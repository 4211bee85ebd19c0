"""Which lines have changed since a git revision, uncommitted and untracked ones included."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.edits.unified import changes
from pytest_codemode.workbench import git
from pytest_codemode.worktree.untrusted import read_file

OPTION = "--codemode-since"
_LIMIT_S = 60.0
_MAX_BYTES = 2 * 2**20
"""Of an untracked file."""
_DIFF = (
    *("--literal-pathspecs", "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--text", "--relative"),
    *("--find-renames", "--ignore-submodules=all"),
)
_NAMES = ("--name-status", "-z", "--diff-filter=AMR")
_LINES = ("--unified=0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")


def changed_since(rootdir: Path, revision: str) -> dict[str, frozenset[int]]:
    """Return path relative to rootdir -> 1-based lines, for each Python file with lines that are new or different.

    What counts is the difference between the files as they are and the commit at which the current branch left
    `revision`: what others have done there since is none of it.

    Raises:
        ConfigError: that cannot be told; the text names the remedy.
    """
    base = _base(rootdir, revision)
    found = {}
    for old, new in _tracked(rootdir, base):
        diff = _git(rootdir, *_DIFF, *_LINES, base, "--", old, new)
        if lines := _lines(diff):
            found[new] = lines
    for path in _split(_git(rootdir, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.py")):
        if count := _count(rootdir / path):
            found[path] = frozenset(range(1, count + 1))
    return found


def _base(rootdir: Path, revision: str) -> str:
    """Return the commit to compare with."""
    inside = _run(rootdir, "rev-parse", "--is-inside-work-tree")
    if inside.returncode or inside.stdout.strip() != b"true":
        why = _said(inside) or "not a git repository"
        raise ConfigError(f"{OPTION} needs git: {rootdir} is in no work tree ({why}); leave the option out")
    shallow = _run(rootdir, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    fetch = "; this clone is shallow: fetch its history first (`git fetch --unshallow`; in CI `fetch-depth: 0`)"
    commit = _run(rootdir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit.returncode:
        remedy = fetch if shallow else "; fetch it first, or name a branch, tag or commit that `git log` knows"
        raise ConfigError(f"{OPTION}: git knows no revision {revision!r}{remedy}")
    base = _run(rootdir, "merge-base", commit.stdout.decode().strip(), "HEAD")
    if base.returncode:
        remedy = fetch if shallow else "; name one that it was made from"
        raise ConfigError(f"{OPTION}: {revision!r} and the current commit have no history in common{remedy}")
    return base.stdout.decode().strip().splitlines()[0]


def _tracked(rootdir: Path, base: str) -> list[tuple[str, str]]:
    """Return (old name, name) of tracked Python files that have changed."""
    fields = _split(_git(rootdir, *_DIFF, *_NAMES, base, "--", "."))
    found = []
    while fields:
        status, old = fields.pop(0), fields.pop(0)
        new = fields.pop(0) if status.startswith("R") else old
        found.append((old, new))
    return [(old, new) for old, new in found if new.endswith(".py")]


def _lines(diff: bytes) -> frozenset[int]:
    """Return the lines that come in the diff of one file; git's own header, which the reader refuses, is cut off."""
    start = diff.find(b"\n--- ") + 1
    if not start:
        return frozenset()  # another mode, or empty
    # Of a file that has moved the old name says nothing: the reader accepts no renaming.
    head, _, rest = diff[start:].partition(b"\n")
    name, _, _ = rest.partition(b"\n")
    if head != b"--- /dev/null":
        head = b"--- " + name.removeprefix(b"+++ ").replace(b"b/", b"a/", 1)
    try:
        return frozenset(
            line.new
            for change in changes(head + b"\n" + rest)
            for hunk in change.hunks
            for line in hunk.lines
            if line.mark == "+"
        )
    except ValueError:
        return frozenset()  # no text, whatever its name is


def _count(path: Path) -> int:
    """Return how many lines a file has; none of what is no regular file, or larger than any source."""
    try:
        data = read_file(path, max_bytes=_MAX_BYTES)
    except (OSError, ValueError):
        return 0
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def _split(data: bytes) -> list[str]:
    return [part.decode("utf-8", "surrogateescape") for part in data.split(b"\0") if part]


def _git(rootdir: Path, *words: str) -> bytes:
    done = _run(rootdir, *words)
    if done.returncode:
        raise ConfigError(f"{OPTION}: git cannot tell what has changed: {_said(done)}")
    return done.stdout


def _run(rootdir: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return git.run(rootdir, *words, limit_s=_LIMIT_S)
    except OSError as problem:
        raise ConfigError(f"{OPTION} needs git, which cannot be started ({problem.strerror}); install it") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{OPTION}: git did not answer within {_LIMIT_S:g} s") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else ""
