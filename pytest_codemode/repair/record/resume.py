"""What it takes to go on with a run that was interrupted or killed: its request, its tree, and what it has used.

The request says which interpreter runs what, how strictly isolated: it is acted on, and so it is sealed. Values of
environment variables are not kept; their names are, and the values come from whoever resumes. Nor is what the plain run
saw of each failure: tests there could read secrets, which no record may hold.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_codemode.core.budget import SPENT, StopReason
from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Event, RunDone, TrialsJudged, Turn
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.report import Cost
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.worktree.snapshot import snapshot
from pytest_codemode.worktree.store import RunStore, StoredRun, with_trials
from pytest_codemode.worktree.untrusted import parsed, read_file

FILE = "request.json"
_KEPT_VALUES = ("PYTHONPATH", "PYTHONHASHSEED")
"""Variables that hold no secret and that the plain run has made absolute or that decide what runs."""
_UNFINISHED = frozenset(reason.value for reason in (StopReason.INTERRUPTED, *SPENT))


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """What a run was asked, and what the tree was when it began."""

    request: EngineRequest
    """Without the values of its environment; of each failure, which test it was."""
    environment: tuple[str, ...]
    """Names of the variables that tests saw."""
    tree: dict[str, str]
    """Path -> SHA-256 of each Python and configuration file."""
    schema: int = 1


@dataclass(frozen=True, slots=True)
class Resumption:
    """The earlier parts of a run, for `wiring` to go on from."""

    stored: StoredRun
    request: EngineRequest
    used: Cost
    missing: tuple[str, ...] = field(default=())
    """Environment variables that were set then and are not now."""


def keep(store: RunStore, request: EngineRequest) -> None:
    """Keep what `resumption` needs, at the start of a run.

    Raises:
        ConfigError: it cannot be written.
    """
    env = request.project.env
    bare = replace(request.project, env={name: env[name] for name in _KEPT_VALUES if name in env})
    failures = tuple(Failure(f.nodeid, f.when, f.exception, "", timed_out=f.timed_out) for f in request.failures)
    kept = KeptRequest(
        replace(request, project=bare, failures=failures), tuple(sorted(env)), digests(Path(request.project.rootdir))
    )
    store.save_sealed(FILE, json.dumps(encode(kept)).encode("ascii"))


def resumption(stored: StoredRun, environment: Mapping[str, str]) -> Resumption:
    """Return what is needed to go on with `stored`.

    Raises:
        ConfigError: it came to its end, it is not this user's own, or the tree has changed since it began.
    """
    report = stored.report
    if report is not None and not report.error and report.stop not in _UNFINISHED:
        raise ConfigError(f"run {stored.run_id} came to its end ({report.stop}); there is nothing to resume")
    kept = _kept(stored)
    now = digests(stored.rootdir)
    if changed := sorted(path for path in kept.tree.keys() | now.keys() if kept.tree.get(path) != now.get(path)):
        if _is_own_patch(stored, changed, now):
            raise ConfigError(
                f"run {stored.run_id} has its own patch in {', '.join(changed)}, and begins at the tree before it: "
                f"`codemode runs revert {stored.run_id}` first, or start a new run with pytest --codemode-fix"
            )
        names = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        raise ConfigError(
            f"changed since run {stored.run_id} began: {names}; what it knows is about another tree. Start a new run "
            "with pytest --codemode-fix"
        )
    project = kept.request.project
    env = {name: environment[name] for name in kept.environment if name in environment} | project.env
    missing = tuple(name for name in kept.environment if name not in env)
    stored = with_trials(stored)
    return Resumption(stored, replace(kept.request, project=replace(project, env=env)), used(stored.events), missing)


def can_resume(stored: StoredRun) -> bool:
    """Return whether this user's codemode made the run and kept what it takes to go on with it; agents' runs do not."""
    try:
        stored.unsealed(FILE)
    except (FileNotFoundError, ValueError):
        return False
    return stored.own


def _is_own_patch(stored: StoredRun, paths: list[str], now: Mapping[str, str]) -> bool:
    """Return whether what has changed in the tree is what the run itself wrote."""
    try:
        patched = stored.patch().new
    except ConfigError:
        return False
    wanted = {path: hashlib.sha256(data).hexdigest() for path, data in patched.items() if data is not None}
    return all(path in patched and now.get(path) == wanted.get(path) for path in paths)


def _kept(stored: StoredRun) -> KeptRequest:
    path = stored.folder / FILE
    try:
        kept: KeptRequest = parsed(KeptRequest, stored.unsealed(FILE), FILE)
    except FileNotFoundError:
        raise ConfigError(f"run {stored.run_id} kept no request: it was no repair that can be resumed") from None
    except ValueError as problem:
        raise ConfigError(f"{path} {problem}; start a new run with pytest --codemode-fix") from problem
    if os.path.realpath(kept.request.project.rootdir) != os.path.realpath(stored.rootdir):
        raise ConfigError(f"run {stored.run_id} was about {kept.request.project.rootdir}, which is another folder")
    return kept


def digests(rootdir: Path) -> dict[str, str]:
    """Return path -> SHA-256 of every Python and configuration file outside hidden folders; of a link, its target."""
    return {path: _digest(rootdir / path) for path in snapshot(str(rootdir))}


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    try:
        return hashlib.sha256(read_file(path)).hexdigest()
    except FileNotFoundError:
        return "gone"
    except ValueError as problem:
        return str(problem)


def used(events: Iterable[Event]) -> Cost:
    """Return what the earlier parts of a run have used, as far as it was told before they ended."""
    cost = Cost()
    for event in events:
        if isinstance(event, TrialsJudged):
            cost = Cost(event.time_s, 0, event.requests, event.tokens, event.usd)
        elif isinstance(event, RunDone):
            last = event.report.cost
            cost = Cost(last.time_s, 0, last.requests, last.tokens, last.usd)
        elif isinstance(event, Turn):
            tokens = event.reply.usage.total
            cost = replace(
                cost, requests=cost.requests + 1, tokens=cost.tokens + tokens, usd=cost.usd + (event.usd or 0.0)
            )
    return cost
