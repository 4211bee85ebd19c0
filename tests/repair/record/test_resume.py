import datetime
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Event, RunDone, RunStarted, TrialsJudged
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.project import Project
from pytest_codemode.core.report import Cost, RunReport
from pytest_codemode.core.request import EngineOptions, EngineRequest
from pytest_codemode.core.trial import Judged, Verdict
from pytest_codemode.repair.record.resume import FILE, can_resume, keep, resumption, used
from pytest_codemode.worktree.seal import seal
from pytest_codemode.worktree.store import RunStore, StoredRun, find, with_trials
from tests.repair.sandbox import failure

NOW = datetime.datetime(2026, 11, 25, 7, 55, 0, tzinfo=datetime.UTC)
ENV = {"API_ROOT": "private", "LANG": "C", "PYTHONPATH": "/lib"}


def judged(fingerprint: str, time_s: float = 2.0) -> TrialsJudged:
    return TrialsJudged("s", "tried", (Judged(fingerprint, Verdict.FAILED),), (), time_s, 0.25, 300, 2)


def request(root: Path) -> EngineRequest:
    project = Project(str(root), str(root), "/usr/bin/python3", env=ENV)
    options = EngineOptions(diff_only=True, budget="candidates=9")
    seen = failure("t.py::red", "the private key", ("m.py", 1), left="'private'", output="private", timed_out=True)
    return EngineRequest(project, (seen,), ("t.py::red",), (), options=options)


def started(root: Path, *events: Event) -> StoredRun:
    """A run that has kept its request and said `events`."""
    (root / "m.py").write_text("x = 1\n")
    store = RunStore.create(root, NOW)
    store.append(RunStarted(store.run_id, NOW.isoformat(), ("t.py::red",), ("search",)))
    keep(store, request(root))
    for event in events:
        store.append(event)
    return find(root, "last")


def ended(stop: str, *, error: bool = False) -> RunDone:
    return RunDone(
        RunReport("r", stop, green=False, error=error, cost=Cost(time_s=7.5, tokens=400, requests=3, usd=0.5))
    )


def test_a_killed_run_gives_its_request_back_with_the_environment_of_now(tmp_path: Path) -> None:
    found = resumption(started(tmp_path, judged("f")), {"API_ROOT": "of now", "OTHER": "x"})
    wanted = replace(request(tmp_path).project, env={"API_ROOT": "of now", "PYTHONPATH": "/lib"})
    bare = Failure("t.py::red", Phase.CALL, "AssertionError", "", timed_out=True)
    assert found.request == replace(request(tmp_path), project=wanted, failures=(bare,))
    assert found.missing == ("LANG",)


def test_neither_values_of_the_environment_nor_what_the_plain_run_saw_is_kept(tmp_path: Path) -> None:
    run = started(tmp_path)
    for path in run.folder.iterdir():
        assert b"private" not in path.read_bytes()
    assert b"API_ROOT" in (run.folder / FILE).read_bytes()


@pytest.mark.parametrize(
    "end",
    [ended(StopReason.INTERRUPTED.value), ended(StopReason.CANDIDATES.value), ended("the sandbox died", error=True)],
)
def test_a_run_that_did_not_finish_its_work_can_be_resumed(tmp_path: Path, end: RunDone) -> None:
    assert resumption(started(tmp_path, end), {}).request.options.diff_only


@pytest.mark.parametrize("stop", [StopReason.GREEN, StopReason.EXHAUSTED, StopReason.REPAIRED, StopReason.NOTHING])
def test_a_run_that_came_to_its_end_is_not_resumed(tmp_path: Path, stop: StopReason) -> None:
    with pytest.raises(ConfigError, match="came to its end"):
        resumption(started(tmp_path, ended(stop.value)), {})


def test_files_that_changed_came_or_went_are_named(tmp_path: Path) -> None:
    (tmp_path / "gone.py").write_text("")
    run = started(tmp_path)
    (tmp_path / "gone.py").unlink()
    (tmp_path / "m.py").write_text("x = 2\n")
    (tmp_path / "new.toml").write_text("")
    with pytest.raises(ConfigError, match=r"began: gone\.py, m\.py, new\.toml; what it knows is about another tree"):
        resumption(run, {})


def patched(root: Path) -> StoredRun:
    """A run that ran out of time after it had written its patch of `m.py`."""
    run = started(root, ended(StopReason.TIME.value))
    RunStore.reopen(run).save_patch({"m.py": b"x = 1\n"}, {"m.py": b"x = 2\n"})
    (root / "m.py").write_text("x = 2\n")
    return run


def test_a_run_whose_own_patch_stands_in_the_tree_is_to_be_reverted_first(tmp_path: Path) -> None:
    run = patched(tmp_path)
    with pytest.raises(ConfigError, match=rf"its own patch in m\.py, .*`codemode runs revert {run.run_id}` first"):
        resumption(run, {})
    (tmp_path / "m.py").write_text("x = 1\n")
    assert resumption(run, {}).request.options.diff_only


@pytest.mark.parametrize("other", ["m.py", "n.py"])
def test_what_somebody_else_has_changed_as_well_is_another_tree(tmp_path: Path, other: str) -> None:
    run = patched(tmp_path)
    (tmp_path / other).write_text("x = 3\n")
    with pytest.raises(ConfigError, match="about another tree"):
        resumption(run, {})


def test_only_a_run_of_ones_own_that_kept_its_request_can_be_resumed(tmp_path: Path) -> None:
    run = started(tmp_path)
    assert can_resume(run)
    data = (run.folder / FILE).read_bytes()
    (run.folder / FILE).write_bytes(data.replace(b"/usr/bin/python3", b"/evil/python"))
    assert not can_resume(run)
    (run.folder / FILE).unlink()
    assert not can_resume(run)
    (run.folder / FILE).write_bytes(data)
    (run.folder / "origin.json").unlink()
    assert not can_resume(run)


def test_only_what_is_in_a_file_counts_and_not_when_it_was_written(tmp_path: Path) -> None:
    run = started(tmp_path)
    os.utime(tmp_path / "m.py", (1, 1))
    assert resumption(run, {}).request.selected == ("t.py::red",)


def test_a_request_that_came_with_the_checkout_is_not_acted_on(tmp_path: Path) -> None:
    run = started(tmp_path)
    forged = (run.folder / FILE).read_bytes().replace(b"/usr/bin/python3", b"/evil/python")
    (run.folder / FILE).write_bytes(forged)
    with pytest.raises(ConfigError, match="was not written by your own codemode"):
        resumption(run, {})


def test_a_request_of_another_run_does_not_count(tmp_path: Path) -> None:
    run, other = started(tmp_path), RunStore.create(tmp_path, NOW)
    record = b"{}"
    (run.folder / FILE).write_bytes(seal(tmp_path, f"{FILE} of {other.run_id}", record))
    with pytest.raises(ConfigError, match="was not written by your own codemode"):
        resumption(run, {})


def test_a_run_without_a_request_says_so(tmp_path: Path) -> None:
    run = started(tmp_path)
    (run.folder / FILE).unlink()
    with pytest.raises(ConfigError, match="kept no request"):
        resumption(run, {})


def test_what_was_judged_is_read_for_a_resumption_alone(tmp_path: Path) -> None:
    run = started(tmp_path, judged("a"))
    assert not any(isinstance(event, TrialsJudged) for event in run.events)
    assert judged("a") in resumption(run, {}).stored.events


def test_what_was_used_is_what_was_told_last(tmp_path: Path) -> None:
    assert used([judged("a", 2.0), judged("b", 3.0)]) == Cost(time_s=3.0, tokens=300, requests=2, usd=0.25)
    interrupted = ended(StopReason.INTERRUPTED.value)
    assert used([judged("a"), interrupted]) == Cost(time_s=7.5, tokens=400, requests=3, usd=0.5)
    assert used([]) == Cost()


def test_a_record_is_continued_behind_a_line_that_a_kill_has_cut(tmp_path: Path) -> None:
    run = started(tmp_path, judged("a"))
    with (run.folder / "run.jsonl").open("ab") as file:
        file.write(b'{"kind":"jud')
    RunStore.reopen(run).append(judged("b"))
    again = with_trials(find(tmp_path, "last"))
    assert [event for event in again.events if isinstance(event, TrialsJudged)] == [judged("a"), judged("b")]
    assert len(again.damaged) == 1


def test_a_record_stops_before_it_is_too_large_to_be_read(tmp_path: Path) -> None:
    run = started(tmp_path)
    store = RunStore.reopen(run)
    store.max_trials_bytes = (run.folder / "run.jsonl").stat().st_size + 400
    for number in range(20):
        store.append(judged(str(number)))
    store.append(ended(StopReason.INTERRUPTED.value))
    again = with_trials(find(tmp_path, "last"))
    assert 0 < sum(isinstance(event, TrialsJudged) for event in again.events) < 20
    assert again.report is not None
