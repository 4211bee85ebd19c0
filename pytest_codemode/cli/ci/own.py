"""How codemode's own branches and commits are known again, so that it never answers itself."""

from __future__ import annotations

import hashlib
import re

from pytest_codemode.cli.ci.git import Git

PREFIX = "codemode/"
"""Of every branch that `codemode ci publish` makes."""
NAME, EMAIL = "pytest-codemode", "pytest-codemode@codemode.invalid"
TRAILER = "Codemode-Tested-Commit"
"""Names the commit that the patch was made and proven for."""
_SLUG_CHARS = 60
_BRANCH = re.compile(r"codemode/[A-Za-z0-9](?:[A-Za-z0-9_+-]|[./](?![./]))*(?<![./])")


def branch_for(head: str) -> str:
    """Return the branch for patches of `head`, a branch or a commit; no other head that anybody would find has it."""
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", head).strip("-")[:_SLUG_CHARS].strip("-")
    # What it has lost must still tell two heads apart. No slug holds a dot, so that none looks like one with a mark.
    mark = "" if slug == head else "." + hashlib.sha256(head.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{PREFIX}fix-{slug}{mark}"


def is_branch(name: str) -> bool:
    """Return whether `name` is one that we would push to: below our prefix, and of plain characters alone."""
    return len(name) <= 200 and _BRANCH.fullmatch(name) is not None and not name.endswith(".lock")


def is_own_commit(git: Git, commit: str) -> bool:
    """Return whether `codemode ci publish` has made the commit.

    Raises:
        GitError: there is no such commit.
    """
    # Behind the dashes no file can be meant: the project may have one that is called like the commit.
    told = git.run("log", "-1", f"--format=%ae%x00%ce%x00%(trailers:key={TRAILER},valueonly)", commit, "--")
    author, committer, tested = told.decode("utf-8", "replace").strip("\n").split("\0", 2)
    return author == committer == EMAIL and bool(tested.strip())
