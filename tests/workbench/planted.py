"""Repositories whose settings run a program, as a change can bring them in its files."""

import os
import subprocess
from pathlib import Path


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, input=given, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().strip()


def signed(folder: Path, parent: str = "") -> str:
    """Make a commit with a signature of nobody's in the repository of `folder`, and return its id."""
    tree = git(folder, "rev-parse", f"{parent}^{{tree}}") if parent else git(folder, "mktree")
    above = [f"parent {git(folder, 'rev-parse', parent)}"] if parent else []
    lines = [f"tree {tree}", *above]
    lines += ["author A <a@example.org> 1700000000 +0000", "committer A <a@example.org> 1700000000 +0000"]
    lines += ["gpgsig -----BEGIN PGP SIGNATURE-----", " ", " x", " -----END PGP SIGNATURE-----", "", "signed", ""]
    return git(folder, "hash-object", "-t", "commit", "-w", "--stdin", given="\n".join(lines).encode())


def hostile_settings(repository: Path, trace: Path) -> None:
    """Have whatever git starts by these settings leave a file."""
    program = repository / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\nexit 1\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "gpg.program", "core.alternateRefsCommand"):
        git(repository, "config", name, str(program))
    git(repository, "config", "log.showSignature", "true")


def plant(folder: Path, trace: Path, *, bare: bool) -> None:
    """Lay out in `folder` what git takes for a repository on its way to the real one above."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--bare", "-b", "main")
    git(folder, "update-ref", "refs/heads/main", signed(folder))
    if not bare:
        git(folder, "read-tree", "main")
        git(folder, "config", "core.bare", "false")
        git(folder, "config", "core.worktree", os.fspath(folder))
    hostile_settings(folder, trace)
