"""What is kept of each run: `runs/<id>/` in the state folder, written as it happens, read with damage in mind.

The record and the diff are for reading. What is acted on is sealed: the patch, and the run's id and start.
"""

from __future__ import annotations

import datetime
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Event, Progress, RunDone, RunStarted, TrialsJudged, from_line, to_line
from pytest_codemode.core.report import RunReport
from pytest_codemode.worktree.diff import unified_diff
from pytest_codemode.worktree.seal import seal, unseal
from pytest_codemode.worktree.statedir import existing_state_dirs, is_own, state_dir, subfolder
from pytest_codemode.worktree.untrusted import parsed, read_file

__all__ = ["KeptPatch", "RunStore", "StoredRun", "find", "list_runs", "unified_diff", "with_trials"]

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_EVENTS, _DIFF, _PATCH, _ORIGIN = "run.jsonl", "patch.diff", "patch.json", "origin.json"
_MAX_EVENTS_BYTES = 32 * 2**20
"""Of one record; ten thousand trials take about 5 MB."""
_TRIALS = f'{{"kind":"{TrialsJudged.KIND}",'.encode("ascii")
"""How a line begins that tells what was judged; only a resumed run has a use for it."""
_MAX_TRIALS_BYTES = 24 * 2**20
"""What was judged beyond that is not recorded any more, so that the rest of a record can always be read."""


@dataclass(frozen=True, slots=True)
class KeptPatch:
    """The confirmed patch of a run, byte for byte: what must stand on disk, and what is to."""

    old: dict[str, bytes | None]
    """Posix path relative to rootdir -> bytes before the patch; None where there was no file."""
    new: dict[str, bytes | None]
    schema: int = 1

    def diff(self) -> bytes:
        """Return the unified diff of all files, those without a line of their own last."""
        diffs: list[bytes] = [unified_diff(path, self.old.get(path), self.new[path]) for path in sorted(self.new)]
        # git takes the `---` line of the next file for a part of the header that an empty file has instead of hunks.
        diffs.sort(key=lambda diff: diff.startswith(b"diff "))
        return b"".join(diffs)


class RunStore:
    """The folder of one run. Every event is on disk when `append` returns: a crash loses at most the last line."""

    def __init__(self, rootdir: Path, folder: Path) -> None:
        self._rootdir = rootdir
        self.folder = folder
        self.max_trials_bytes = _MAX_TRIALS_BYTES
        """What was judged is recorded as long as the record is no larger than this."""
        self._bytes = 0

    @classmethod
    def reopen(cls, stored: StoredRun) -> RunStore:
        """Return the store of a run that is resumed; a line that a kill has cut is ended.

        Raises:
            ConfigError: it cannot be written.
        """
        store = cls(stored.rootdir, stored.folder)
        try:
            data = read_file(store.folder / _EVENTS, max_bytes=_MAX_EVENTS_BYTES, own=True)
        except (FileNotFoundError, ValueError) as problem:
            raise ConfigError(f"{store.folder / _EVENTS} cannot be continued: {problem}") from problem
        store._bytes = len(data)
        if data and not data.endswith(b"\n"):
            store._put(_EVENTS, b"\n", "ab")
        return store

    @classmethod
    def create(cls, rootdir: Path, now: datetime.datetime) -> RunStore:
        """Return the store of a new run that starts at `now`.

        Raises:
            ConfigError: it cannot be made.
        """
        state = state_dir(rootdir)
        try:
            runs = subfolder(state, "runs")
            while True:
                folder = runs / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
                try:
                    folder.mkdir()
                except FileExistsError:
                    continue
                store = cls(rootdir, folder)
                store.save_sealed(_ORIGIN, json.dumps(now.isoformat()).encode("ascii"))
                return store
        except OSError as problem:
            raise ConfigError(f"{state} cannot be written ({problem.strerror}); make room for it") from problem

    @property
    def run_id(self) -> str:
        """As `20261125-075500-a1b2`: sorts by time."""
        return self.folder.name

    def append(self, event: Event) -> None:
        """Add `event` to the record; progress is not kept."""
        if isinstance(event, Progress):
            return
        line = to_line(event).encode("ascii") + b"\n"
        if isinstance(event, TrialsJudged) and self._bytes + len(line) > self.max_trials_bytes:
            return
        self._bytes += len(line)
        self._put(_EVENTS, line, "ab")

    def save_diff(self, diff: bytes | str) -> str:
        """Keep the diff byte for byte and return its path, relative to rootdir where it lies in it."""
        path = self._put(_DIFF, diff.encode("utf-8", "surrogateescape") if isinstance(diff, str) else diff)
        return path.relative_to(self._rootdir).as_posix() if path.is_relative_to(self._rootdir) else str(path)

    def save_patch(self, baseline: Mapping[str, bytes | None], changes: Mapping[str, bytes | None]) -> None:
        """Keep the bytes before and after, so that the patch can be applied and reverted exactly."""
        patch = KeptPatch({path: baseline.get(path) for path in changes}, dict(changes))
        self.save_sealed(_PATCH, json.dumps(encode(patch)).encode("ascii"))

    def save_sealed(self, name: str, record: bytes) -> None:
        """Keep `record`, which is JSON, so that it counts as this run's own."""
        self._put(name, seal(self._rootdir, _purpose(name, self.run_id), record))

    def _put(self, name: str, data: bytes, mode: Literal["wb", "ab"] = "wb") -> Path:
        path = self.folder / name
        try:
            with path.open(mode) as file:
                file.write(data)
        except OSError as problem:
            raise ConfigError(f"{path} cannot be written ({problem.strerror}); make room for it") from problem
        return path


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run as it is found on disk."""

    run_id: str
    folder: Path
    rootdir: Path
    events: tuple[Event, ...]
    damaged: tuple[str, ...] = ()
    """A sentence for each record that cannot be read; the rest is complete."""

    @property
    def started(self) -> str:
        """ISO 8601 with UTC offset, empty if not recorded."""
        return next((event.started for event in self.events if isinstance(event, RunStarted)), "")

    @property
    def writes(self) -> Literal["patches", "tests"]:
        """What the run was to write."""
        return next((event.writes for event in self.events if isinstance(event, RunStarted)), "patches")

    @property
    def report(self) -> RunReport | None:
        """The run's report; None if the run did not come to its end."""
        return next((event.report for event in reversed(self.events) if isinstance(event, RunDone)), None)

    def diff(self) -> bytes:
        """Return the kept diff, empty if there is none."""
        path = self.folder / _DIFF
        try:
            return read_file(path)
        except FileNotFoundError:
            return b""
        except ValueError as problem:
            raise ConfigError(f"{path} {problem}; it cannot be shown") from problem

    @property
    def own(self) -> bool:
        """Whether this user's codemode made the run, here and under this id."""
        try:
            self.unsealed(_ORIGIN)
        except (FileNotFoundError, ValueError):
            return False
        return True

    def patch(self) -> KeptPatch:
        """Return the kept patch.

        Raises:
            ConfigError: the run kept none, it is damaged, or it is not from this user's codemode.
        """
        path = self.folder / _PATCH
        try:
            record = self.unsealed(_PATCH)
        except FileNotFoundError:
            raise ConfigError(f"run {self.run_id} kept no patch: it confirmed none") from None
        except ValueError as problem:
            raise ConfigError(
                f"{path} {problem}: it may have come with the checkout; read `codemode runs diff {self.run_id}`, and "
                "give it to `git apply` if you trust it"
            ) from problem
        try:
            patch: KeptPatch = parsed(KeptPatch, record, _PATCH)
        except ValueError as problem:
            raise ConfigError(f"{path} is damaged ({problem}); use the diff beside it") from problem
        return patch

    def unsealed(self, name: str) -> bytes:
        """Return a record that this user's codemode has sealed for this run.

        Raises:
            FileNotFoundError: there is none.
            ValueError: it was not sealed so.
        """
        data = read_file(self.folder / name, own=True)
        return unseal(self.rootdir, _purpose(name, self.run_id), data)


def list_runs(rootdir: Path) -> tuple[StoredRun, ...]:
    """Return every run kept for the project, oldest first."""
    folders = [
        folder
        for state in existing_state_dirs(rootdir)
        if is_own(state / "runs")
        for folder in (state / "runs").glob("*")
        if _ID.fullmatch(folder.name) and is_own(folder)
    ]
    return tuple(_load(rootdir, folder) for folder in sorted(folders, key=lambda folder: folder.name))


def find(rootdir: Path, name: str) -> StoredRun:
    """Return the run whose id is `name`, starts with it or ends with it; `last` is the latest of the user's own.

    Raises:
        ConfigError: there is none, or more than one.
    """
    runs = list_runs(rootdir)
    if name == "last":
        matching = _latest(runs)
    else:
        matching = [run for run in runs if name and (run.run_id.startswith(name) or run.run_id.endswith(name))]
    if len(matching) == 1:
        return matching[0]
    found = f"{len(matching)} runs match" if matching else "there is no run"
    raise ConfigError(f"{found} {name!r} in {rootdir}; see `codemode runs list`")


def _latest(runs: tuple[StoredRun, ...]) -> list[StoredRun]:
    """Return the user's own run with the latest id; where none is, whatever came to the disk last.

    A checkout may bring runs of any id, but cannot seal them.
    """
    own = next((run for run in reversed(runs) if run.own), None)
    if own is not None:
        return [own]
    return sorted(runs, key=lambda run: run.folder.lstat().st_mtime)[-1:]


def _purpose(name: str, run_id: str) -> str:
    """Return what a sealed file of a run is for: it does not count in another run's folder."""
    return f"{name} of {run_id}"


def with_trials(run: StoredRun) -> StoredRun:
    """Return the run with what it has judged among its events: twenty thousand candidates take a second to read."""
    return _load(run.rootdir, run.folder, trials=True)


def _load(rootdir: Path, folder: Path, *, trials: bool = False) -> StoredRun:
    events: list[Event] = []
    damaged: list[str] = []
    path = folder / _EVENTS
    try:
        lines = read_file(path, max_bytes=_MAX_EVENTS_BYTES, own=True).split(b"\n")
    except FileNotFoundError:
        return StoredRun(folder.name, folder, rootdir, (), (f"{path.name} is missing",))
    except ValueError as problem:
        return StoredRun(folder.name, folder, rootdir, (), (f"{path.name} {problem}",))
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (line.startswith(_TRIALS) and not trials):
            continue
        try:
            events.append(from_line(line.decode("utf-8")))
        except ValueError as problem:
            damaged.append(f"{path.name}:{number}: {problem}")
        except RecursionError:
            damaged.append(f"{path.name}:{number}: nested too deeply")
    return StoredRun(folder.name, folder, rootdir, tuple(events), tuple(damaged))
