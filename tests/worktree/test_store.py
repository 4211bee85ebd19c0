import datetime
import os
import subprocess

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Notice, Progress, RunDone, RunStarted
from pytest_codemode.core.report import RunReport
from pytest_codemode.edits.unified import changes
from pytest_codemode.worktree.seal import seal
from pytest_codemode.worktree.store import KeptPatch, RunStore, find, list_runs

NOW = datetime.datetime(2026, 11, 25, 7, 55, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def own_key(monkeypatch, tmp_path_factory):
    """Keep the key out of the state folder of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path, NOW)


def started(store):
    return RunStarted(store.run_id, NOW.isoformat(), ("test_a.py::test_one",), ("search",))


def done(store, **values):
    return RunDone(RunReport(run_id=store.run_id, stop="all selected tests pass", green=True, **values))


def test_a_run_is_named_after_its_time(store, tmp_path):
    assert store.run_id.startswith("20261125-075500-")
    assert store.folder == tmp_path / ".codemode" / "runs" / store.run_id


def test_two_runs_of_the_same_second_do_not_meet(tmp_path):
    assert len({RunStore.create(tmp_path, NOW).run_id for _ in range(20)}) == 20


def test_every_event_is_on_disk_at_once_except_progress(store, tmp_path):
    store.append(started(store))
    store.append(Progress("search", "trying"))
    store.append(Notice("warning", "na\u00efve \udcff"))
    (run,) = list_runs(tmp_path)
    assert run.events == (started(store), Notice("warning", "na\u00efve \udcff"))
    assert run.started == NOW.isoformat()
    assert run.report is None
    store.append(done(store))
    assert list_runs(tmp_path)[0].report.green


def test_a_damaged_record_is_skipped_and_named(store, tmp_path):
    store.append(started(store))
    with (store.folder / "run.jsonl").open("ab") as file:
        file.write(b'\xff\xfe\n{"kind":"future"}\n')
    store.append(done(store))
    with (store.folder / "run.jsonl").open("ab") as file:
        file.write(b'{"kind":"not')  # the crash that cut the last line
    (run,) = list_runs(tmp_path)
    assert [type(event) for event in run.events] == [RunStarted, RunDone]
    assert [text.split(" ")[0] for text in run.damaged] == ["run.jsonl:2:", "run.jsonl:3:", "run.jsonl:5:"]


def test_a_run_without_a_record_is_listed_and_named(store, tmp_path):
    (run,) = list_runs(tmp_path)
    assert run.damaged == ("run.jsonl is missing",)


def test_a_diff_keeps_every_byte(store, tmp_path):
    diff = b"-caf\xe9\r\n+caf\xc3\xa9\r\n"
    assert store.save_diff(diff) == f".codemode/runs/{store.run_id}/patch.diff"
    assert list_runs(tmp_path)[0].diff() == diff
    store.save_diff(diff.decode("utf-8", "surrogateescape"))
    assert list_runs(tmp_path)[0].diff() == diff


def test_a_patch_keeps_every_byte_of_both_sides(store, tmp_path):
    store.save_patch({"a.py": b"\xff\r\n", "unrelated.py": b""}, {"a.py": b"\xfe", "new.py": b"x"})
    patch = list_runs(tmp_path)[0].patch()
    assert patch.old == {"a.py": b"\xff\r\n", "new.py": None}
    assert patch.new == {"a.py": b"\xfe", "new.py": b"x"}
    assert patch.diff().startswith(b"--- a/a.py\n+++ b/a.py\n")


def test_git_makes_of_a_kept_patch_s_diff_what_was_kept(tmp_path):
    (tmp_path / "pkg").mkdir()
    for name in ("empty.py", "mod.py"):
        (tmp_path / "pkg" / name).write_bytes(b"")
    (tmp_path / "pkg" / "mod.py").write_bytes(b"a\n")
    old = {"pkg/mod.py": b"a\n", "pkg/empty.py": b""}
    new = {"a/__init__.py": b"", "pkg/__init__.py": b"", "pkg/mod.py": b"b\n", "pkg/empty.py": b"c\n", "z.py": b"d\n"}
    diff = KeptPatch({path: old.get(path) for path in new}, new).diff()
    assert {change.path for change in changes(diff)} == set(new)
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, env=environment, input=diff, check=True, timeout=60)
    assert {path: (tmp_path / path).read_bytes() for path in new} == new


def test_a_run_that_kept_no_patch_says_so(store, tmp_path):
    with pytest.raises(ConfigError, match=f"{store.run_id} kept no patch"):
        list_runs(tmp_path)[0].patch()


def test_a_damaged_patch_is_named(store, tmp_path):
    sealed = seal(tmp_path, f"patch.json of {store.run_id}", b'{"old": {}}')
    (store.folder / "patch.json").write_bytes(sealed)
    with pytest.raises(ConfigError, match=r"patch\.json is damaged.*'new'"):
        list_runs(tmp_path)[0].patch()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"old":{},"new":{}}', b"[" * 200_000])
def test_a_patch_without_a_seal_is_refused(store, tmp_path, data):
    (store.folder / "patch.json").write_bytes(data)
    with pytest.raises(ConfigError, match="was not written by your own codemode"):
        list_runs(tmp_path)[0].patch()


def test_a_patch_does_not_count_in_the_folder_of_another_run(tmp_path):
    store, other = RunStore.create(tmp_path, NOW), RunStore.create(tmp_path, NOW)
    store.save_patch({}, {"a.py": b"x"})
    (other.folder / "patch.json").write_bytes((store.folder / "patch.json").read_bytes())
    assert find(tmp_path, store.run_id).patch().new == {"a.py": b"x"}
    with pytest.raises(ConfigError, match="was not written by your own codemode"):
        find(tmp_path, other.run_id).patch()


def test_the_last_run_is_the_user_s_own_though_a_planted_one_has_a_later_id(store, tmp_path):
    planted = store.folder.with_name("29991231-235959-ffff")
    planted.mkdir()
    (planted / "origin.json").write_bytes((store.folder / "origin.json").read_bytes())
    assert find(tmp_path, "last").run_id == store.run_id
    assert [run.own for run in list_runs(tmp_path)] == [True, False]


def test_where_no_run_is_the_user_s_own_the_last_is_the_one_that_came_last(tmp_path):
    for number, name in enumerate(["29991231-235959-ffff", "20261125-075500-a1b2"]):
        folder = tmp_path / ".codemode" / "runs" / name
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
    assert find(tmp_path, "last").run_id == "20261125-075500-a1b2"


def test_a_record_that_cannot_be_written_is_a_sentence(store):
    store.folder.joinpath("run.jsonl").mkdir()
    with pytest.raises(ConfigError, match=r"run\.jsonl cannot be written \(Is a directory\)"):
        store.append(started(store))


def test_runs_are_listed_by_time_and_found_by_a_part_of_their_name(tmp_path):
    second = RunStore.create(tmp_path, NOW + datetime.timedelta(days=1))
    first = RunStore.create(tmp_path, NOW)
    assert [run.run_id for run in list_runs(tmp_path)] == [first.run_id, second.run_id]
    assert find(tmp_path, "last").run_id == second.run_id
    assert find(tmp_path, "20261125").run_id == first.run_id
    with pytest.raises(ConfigError, match=r"2 runs match '2026'.*codemode runs list"):
        find(tmp_path, "2026")
    for name in ("nothing", "", "../.."):
        with pytest.raises(ConfigError, match="there is no run"):
            find(tmp_path, name)


def test_a_project_without_runs_has_an_empty_list_and_stays_clean(tmp_path):
    assert list_runs(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []
