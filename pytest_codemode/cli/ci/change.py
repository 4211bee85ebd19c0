"""The change that a CI job is about, as its runner tells it, and whether there is anything to do for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_codemode.cli.ci.git import Git, GitError
from pytest_codemode.cli.ci.globs import matches
from pytest_codemode.cli.ci.own import PREFIX, is_own_commit
from pytest_codemode.core.credentials import SECRET_VALUE
from pytest_codemode.core.errors import ConfigError

_MAX_EVENT_BYTES = 16 * 2**20
_MAY_HOLD_CREDENTIAL = (
    r"^(http\.(.*\.)?extraheader|remote\..*\.(push)?url|url\..*\.(push)?insteadof|credential\.(.*\.)?helper)$"
)
_LONG_USER = re.compile(r"://[^/@\s:]{20,}@")
"""A token without a password is the user's name in an address; people have shorter ones."""
_PRIVILEGED_EVENTS = frozenset({"pull_request_target", "workflow_run"})


@dataclass(frozen=True, slots=True)
class Change:
    """A push, a pull request or a merge request; every text in it is foreign."""

    branch: str = ""
    """The branch that was changed; empty where no runner tells."""
    base: str = ""
    """Commit that it is compared with; empty if unknown, as for a new branch."""
    labels: tuple[str, ...] = ()
    """Of the pull request."""


def of_environment(environment: Mapping[str, str]) -> Change:
    """Return the change as the environment of a GitHub or GitLab job tells it.

    Raises:
        ConfigError: the file with the event cannot be read.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _of_github(environment)
    if environment.get("GITLAB_CI") == "true":
        return Change(
            branch=environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or environment.get("CI_COMMIT_REF_NAME", ""),
            base=environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or _known(environment.get("CI_COMMIT_BEFORE_SHA")),
            labels=tuple(filter(None, environment.get("CI_MERGE_REQUEST_LABELS", "").split(","))),
        )
    return Change()


def _of_github(environment: Mapping[str, str]) -> Change:
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    pull = event.get("pull_request")
    if not isinstance(pull, dict):
        return Change(branch=environment.get("GITHUB_REF_NAME", ""), base=_known(event.get("before")))
    labels = pull.get("labels")
    names = [label.get("name") for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
    return Change(
        branch=environment.get("GITHUB_HEAD_REF", "") or _text(pull, "head", "ref"),
        base=_text(pull, "base", "sha"),
        labels=tuple(name for name in names if isinstance(name, str)),
    )


def _event(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            event = json.loads(file.read(_MAX_EVENT_BYTES))
    except (OSError, ValueError, RecursionError) as problem:
        raise ConfigError(f"the event in {path} (GITHUB_EVENT_PATH) cannot be read: {problem}") from problem
    return event if isinstance(event, dict) else {}


def _text(pull: dict[str, Any], side: str, name: str) -> str:
    found = pull.get(side)
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _known(commit: object) -> str:
    """Return the commit; runners write zeros for one that does not exist."""
    return commit if isinstance(commit, str) and commit.strip("0") else ""


@dataclass(frozen=True, slots=True)
class Filter:
    """For which changes something is done at all."""

    since: str = ""
    """Revision in the place of the change's base."""
    only: tuple[str, ...] = ()
    """Globs of paths relative to the root of the project; empty for all."""
    labels: tuple[str, ...] = ()
    """One of them is enough; empty for none needed."""


def nothing_to_do(change: Change, wanted: Filter, git: Git) -> str:
    """Return why nothing is to be done, or an empty text.

    Raises:
        ConfigError: git cannot tell what has changed.
    """
    if change.branch.startswith(PREFIX):
        return f"{change.branch} is a branch of codemode's own"
    with suppress(GitError):  # no repository: then nobody has committed there
        if is_own_commit(git, "HEAD"):
            return "the last commit is codemode's own"
    if wanted.labels and not set(wanted.labels) & set(change.labels):
        return f"the pull request does not have the label {' or '.join(wanted.labels)}"
    if not wanted.since and not wanted.only:
        return ""
    return _untouched(wanted.since or change.base, wanted.only, git)


def exposed(git: Git) -> str:
    """Return a warning if the checkout holds a credential: it is a file like all others, and tests can read those."""
    try:
        listed = git.run("config", "--local", "--includes", "--null", "--get-regexp", _MAY_HOLD_CREDENTIAL)
    except GitError:  # none is there, or no repository
        return ""
    if not any(_is_credential(setting) for setting in listed.decode("utf-8", "replace").split("\0")):
        return ""
    return (
        "git's configuration in the checkout holds a credential, which the tests can read; leave it out, as with "
        "persist-credentials: false for actions/checkout, or FF_GIT_URLS_WITHOUT_TOKENS on GitLab"
    )


def _is_credential(setting: str) -> bool:
    name, _, value = setting.partition("\n")
    if name.startswith(("http.", "credential.")):
        return bool(value)
    return SECRET_VALUE.search(setting) is not None or _LONG_USER.search(setting) is not None


def privileged(environment: Mapping[str, str]) -> str:
    """Return a warning if the event is one that gives code of a change the rights of the repository."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event not in _PRIVILEGED_EVENTS:
        return ""
    return (
        f"{event} runs with the secrets and the token of the default branch; what a step runs of a change there has "
        "both. Run the tests of a change on pull_request"
    )


def _untouched(since: str, only: tuple[str, ...], git: Git) -> str:
    if not since:
        if only:
            raise ConfigError("--only: nobody tells what the change is compared with; name it with --since")
        return ""
    try:
        base = git.commit(since)
        listed = git.run(
            *("diff", "--name-only", "-z", "--relative", "--no-renames", "--no-ext-diff", "--no-textconv"),
            *("--ignore-submodules", f"{base}...HEAD", "--", "."),
        )
    except GitError as problem:
        raise ConfigError(
            f"what has changed since {since} cannot be told ({problem}); fetch it, as with fetch-depth: 0 (GitHub) or "
            "GIT_DEPTH: 0 (GitLab)"
        ) from None
    paths = [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name]
    if not paths:
        return f"nothing has changed since {since}"
    if only and not any(matches(path, only) for path in paths):
        return f"no file has changed that matches {' or '.join(only)}"
    return ""
