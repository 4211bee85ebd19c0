"""`codemode ci publish`: a proposed patch, verified and put on a branch of its own. Runs no code of the project.

It is for the job that may write. The standard library and git are all it needs, so that nothing is installed there; no
file of the project is written, imported, or read but by git.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_codemode.cli.ci import own
from pytest_codemode.cli.ci.git import REMOTE_S, Git
from pytest_codemode.cli.ci.runner import Runner
from pytest_codemode.cli.ci.verify import RefusedPatchError, Verified, patched_tree, verified
from pytest_codemode.core.errors import CodemodeError, ConfigError
from pytest_codemode.report import escapes
from pytest_codemode.report.joblog import JobLog
from pytest_codemode.report.writer import harmless
from pytest_codemode.worktree.untrusted import read_file

REFUSED, ERROR = 1, 2
MAX_BODY_CHARS = 60_000
"""GitHub takes 65,536 characters for the text of a pull request."""
_LONG_FENCE = re.compile("(?<=`{8})`+")
_HEADS = "refs/heads/"
_MORE_HELP = """\
Exit status: 0 the branch holds the patch now, or there is nothing to do; 1 patch or branch is refused; 2 error."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the remote holds now."""

    state: str
    """`pushed`, `current` (it held it already), `verified` (nothing was to be pushed) or `own` (of codemode's own)."""
    branch: str = ""
    commit: str = ""
    base: str = ""
    """The tested commit."""
    paths: tuple[str, ...] = ()
    """The files that the patch changes, relative to the root of the repository."""


def main(words: Sequence[str]) -> int:
    """Run `codemode ci publish` and return the exit status."""
    wanted = _parser().parse_args(words)
    log = JobLog()
    try:
        published = publish(wanted, Git(Path.cwd()))
        Runner(os.environ, log).output(_outputs(published))
        _write_body(published, wanted)
    except CodemodeError as problem:
        for line in harmless(str(problem)).splitlines():
            log.line(f"codemode: {line}")
        log.flush()
        return REFUSED if isinstance(problem, RefusedPatchError) else ERROR
    log.line(f"codemode: {published.state} {published.branch} {published.commit}".rstrip())
    log.flush()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codemode ci publish",
        description="Verify a patch that `codemode ci` proposed, commit it on top of the tested commit, and push it.",
        epilog=_MORE_HELP,
        allow_abbrev=False,
    )
    parser.add_argument("--patch", required=True, type=Path, metavar="FILE", help="the patch.diff of `codemode ci`")
    parser.add_argument("--base", default="HEAD", metavar="REF", help="the commit it was made for (default: HEAD)")
    parser.add_argument("--branch", default="", metavar="NAME", help="branch to push to; begins with codemode/")
    parser.add_argument(
        "--head", default="", metavar="REF",
        help="branch that was tested; in the place of --branch: codemode/fix-REF (default: the tested commit)",
    )  # fmt: skip
    parser.add_argument("--remote", default="origin", metavar="NAME", help="where to push to (default: origin)")
    parser.add_argument(
        "--directory", default=".", metavar="DIR", help="root of the project in the repository (default: .)"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="GLOB",
        help="files that the patch may touch, relative to the root of the project; repeatable (default: *.py)",
    )  # fmt: skip
    parser.add_argument("--push-option", action="append", default=[], metavar="OPTION", help="for git push; repeatable")
    parser.add_argument("--dry-run", action="store_true", help="verify the patch and make the commit; push nothing")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the report.md of `codemode ci`, for --body")
    parser.add_argument("--body", type=Path, metavar="FILE", help="write the text of a pull request there")
    return parser


def publish(wanted: argparse.Namespace, git: Git) -> Published:
    """Verify, commit and push.

    Args:
        wanted: as the parser returns it.
        git: in the work tree of the repository.

    Raises:
        RefusedPatchError: the patch, or what stands in its branch, is not as it may be.
        CodemodeError: git failed, or an option cannot be used.
    """
    base = git.commit(wanted.base)
    if own.is_own_commit(git, base) or wanted.head.startswith(own.PREFIX):
        return Published("own", base=base)
    branch = wanted.branch or own.branch_for(wanted.head or base)
    if not own.is_branch(branch):
        raise ConfigError(f"--branch: {branch!r} is no plain name below {own.PREFIX}")
    folder = _folder(wanted.directory)
    patch = verified(_read(wanted.patch), folder, wanted.only)
    commit = _commit(git, base, _tree(git, patch, base, folder))
    paths = tuple(sorted(patch.paths))
    if wanted.dry_run:
        return Published("verified", branch, commit, base, paths)
    there = _there(git, wanted.remote, branch)
    if there == commit:
        return Published("current", branch, commit, base, paths)
    _push(git, wanted, branch, commit, there)
    return Published("pushed", branch, commit, base, paths)


def _folder(given: str) -> str:
    folder = os.path.normpath(given)
    if folder.startswith(os.sep) or folder.split(os.sep, 1)[0] == os.pardir:
        raise ConfigError(f"--directory: {given!r} is no folder of the repository")
    return folder


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except FileNotFoundError:
        raise ConfigError(
            f"--patch: there is no {path}; `codemode ci` writes one where it proposes something"
        ) from None
    except ValueError as problem:
        raise ConfigError(f"--patch: {path} {problem}") from None


def _tree(git: Git, patch: Verified, base: str, folder: str) -> str:
    with tempfile.TemporaryDirectory(prefix="codemode-") as scratch:
        root = Git(Path(git.line("rev-parse", "--show-toplevel")))
        return patched_tree(patch, base, folder, root, str(Path(scratch, "index")))


def _commit(git: Git, base: str, tree: str) -> str:
    """Return the commit of `tree` on top of `base`; the same patch for the same commit is the same commit."""
    when = git.line("show", "--no-patch", "--format=%ct +0000", base, "--")
    message = (
        f"Proposed patch for {base[:12]}\n\nA machine has made it, and no person has looked at it: read it before you "
        f"merge it.\n\n{own.TRAILER}: {base}\n"
    )
    who = {
        f"GIT_{role}_{fact}": value
        for role in ("AUTHOR", "COMMITTER")
        for fact, value in (("NAME", own.NAME), ("EMAIL", own.EMAIL), ("DATE", when))
    }
    return git.line("commit-tree", tree, "-p", base, "-F", "-", given=message.encode(), variables=who)


def _there(git: Git, remote: str, branch: str) -> str:
    """Return the commit that the remote's branch is at, empty if there is no such branch.

    Raises:
        RefusedPatchError: somebody else has committed there.
    """
    listed = git.run("ls-remote", "--", remote, _HEADS + branch, limit_s=REMOTE_S).decode("utf-8", "replace")
    found = [line.split("\t")[0] for line in listed.splitlines() if line.endswith(f"\t{_HEADS}{branch}")]
    if not found:
        return ""
    aside = f"refs/codemode/{secrets.token_hex(8)}"
    git.run(
        "fetch", "--no-tags", "--no-recurse-submodules", "--", remote, f"{_HEADS}{branch}:{aside}", limit_s=REMOTE_S
    )
    try:
        if not own.is_own_commit(git, aside):
            raise RefusedPatchError(f"{branch} ends in a commit that is not codemode's; merge, rename or delete it")
    finally:
        git.run("update-ref", "-d", aside)
    return found[0]


def _push(git: Git, wanted: argparse.Namespace, branch: str, commit: str, there: str) -> None:
    lease = f"--force-with-lease={_HEADS}{branch}:{there}"
    options = [f"--push-option={option}" for option in wanted.push_option]
    words = ("push", "--no-verify", "--no-recurse-submodules", lease, *options, "--", wanted.remote)
    git.run(*words, f"{commit}:{_HEADS}{branch}", limit_s=REMOTE_S)


def _outputs(published: Published) -> dict[str, str]:
    return {"state": published.state, "branch": published.branch, "commit": published.commit}


def _write_body(published: Published, wanted: argparse.Namespace) -> None:
    """Write the text of a pull request."""
    if wanted.body is None or not published.paths:
        return
    try:
        wanted.body.write_text(_body(published, _report(wanted.report)), "utf-8")
    except OSError as problem:
        raise ConfigError(f"--body: {wanted.body} cannot be written ({problem.strerror})") from problem


def _report(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return read_file(path).decode("utf-8", "replace")
    except (FileNotFoundError, ValueError):
        return ""


def _body(published: Published, report: str) -> str:
    """Return the text of a pull request: what is certain first, then the report, which the other job wrote."""
    files = "\n".join(f"- {escapes.code(path)}" for path in published.paths)
    head = (
        f"A patch for {published.base}, proposed by a machine. Whether it is right, you have to say. It changes these "
        f"Python files, and was verified to change nothing else:\n\n{files}\n"
    )
    if not report:
        return head
    # As it stands: whatever is live in Markdown, an address, a picture or a name, is text within a block of code. The
    # fence is longer than any run of backticks in it, so that these are kept short.
    text = _LONG_FENCE.sub("", harmless(report))
    shown = "\n".join(escapes.block(text[:MAX_BODY_CHARS], "markdown"))
    cut = "\n\nThe rest is cut.\n" if len(text) > MAX_BODY_CHARS else "\n"
    told = "What it does, as the job that ran the tests tells it; nobody has checked that:"
    return f"{head}\n---\n\n{told}\n\n{shown}{cut}"
