import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.worktree.seal import seal
from pytest_codemode.worktree.statedir import state_dir
from pytest_codemode.worktree.tree import TreeChanged, check_editable, lock, recover, write, write_steps

OLD = {"src/a.py": b"a old\r\n", "src/b.py": b"b old\xff", "c.py": b"c old\n", "new/deep/d.py": None, "gone.py": b"x"}
NEW = {"src/a.py": b"a new\r\n", "src/b.py": b"b new\xff", "c.py": b"c new\n", "new/deep/d.py": b"d", "gone.py": None}


@pytest.fixture(autouse=True)
def own_key(monkeypatch, tmp_path_factory):
    """Keep the key out of the state folder of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    for path, data in OLD.items():
        if data is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
    return root


def contents(root):
    """Every file outside .codemode, with every folder as None."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(".codemode"):
            found[name] = None if path.is_dir() else path.read_bytes()
    return found


def expected(files):
    found = {path: data for path, data in files.items() if data is not None}
    for path in list(found):
        parents = path.split("/")[:-1]
        for count in range(1, len(parents) + 1):
            found["/".join(parents[:count])] = None
    return dict(sorted(found.items()))


def test_all_files_are_written_and_named(root):
    assert write(root, OLD, NEW) == tuple(sorted(NEW))
    assert contents(root) == expected(NEW)
    assert recover(root) is None


def test_a_file_that_does_not_differ_is_not_touched(root):
    before = (root / "c.py").stat()
    assert write(root, OLD, {"c.py": OLD["c.py"]}) == ()
    assert (root / "c.py").stat() == before


def test_the_state_folder_ignores_itself(root):
    write(root, OLD, NEW)
    assert (root / ".codemode" / ".gitignore").read_text() == "*\n"


def test_mode_bits_are_kept(root):
    (root / "c.py").chmod(0o751)
    write(root, OLD, NEW)
    assert stat.S_IMODE((root / "c.py").stat().st_mode) == 0o751


def test_a_new_file_gets_the_mode_that_the_user_s_umask_gives(root):
    write(root, OLD, NEW)
    (root / "plain.py").write_bytes(b"")
    assert (root / "new/deep/d.py").stat().st_mode == (root / "plain.py").stat().st_mode


@pytest.mark.parametrize("ahead_s", [0, 1000])
def test_the_second_of_the_file_s_time_is_never_one_it_had_before(root, ahead_s):
    path = root / "c.py"
    if ahead_s:
        later = path.stat().st_mtime + ahead_s
        os.utime(path, (later, later))
    seconds = [int(path.stat().st_mtime)]
    for old, new in ((b"c old\n", b"c new\n"), (b"c new\n", b"c old\n"), (b"c old\n", b"c new\n")):
        write(root, {"c.py": old}, {"c.py": new})
        seconds.append(int(path.stat().st_mtime))
    assert seconds == sorted(set(seconds))


@pytest.mark.parametrize("path", ["c.py", "gone.py"])
def test_a_file_that_changed_meanwhile_stops_the_whole_write(root, path):
    (root / path).write_bytes(b"edited by the user")
    before = contents(root)
    with pytest.raises(TreeChanged, match=rf"{path}; nothing was written") as caught:
        write(root, OLD, NEW)
    assert caught.value.paths == (path,)
    assert contents(root) == before


def test_a_file_that_was_to_be_new_but_exists_stops_the_write(root):
    (root / "new/deep").mkdir(parents=True)
    (root / "new/deep/d.py").write_bytes(b"mine")
    with pytest.raises(TreeChanged, match=r"new/deep/d\.py"):
        write(root, OLD, NEW)


@pytest.mark.parametrize(
    "path", ["../out.py", "/etc/passwd", "a/../../out.py", "", ".", "a//b.py", ".git/hooks/x", ".codemode/x", "a\0b"]
)
def test_a_path_that_is_no_file_of_the_project_is_refused(root, path):
    with pytest.raises(ConfigError, match="does not name a file of the project"):
        write(root, {}, {path: b"x"})


def test_a_linked_file_is_refused(root):
    outside = root.parent / "outside.py"
    outside.write_bytes(b"out")
    (root / "link.py").symlink_to(outside)
    with pytest.raises(ConfigError, match=r"link\.py is no regular file"):
        write(root, {"link.py": b"out"}, {"link.py": b"evil"})
    assert outside.read_bytes() == b"out"


def test_a_file_in_a_linked_folder_is_refused(root):
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "a.py").write_bytes(b"out")
    (root / "linked").symlink_to(outside)
    with pytest.raises(ConfigError, match="linked is a symbolic link"):
        write(root, {"linked/a.py": b"out"}, {"linked/a.py": b"evil"})
    with pytest.raises(ConfigError, match="linked is a symbolic link"):
        write(root, {}, {"linked/new.py": b"evil"})
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"a.py": b"out"}


def test_a_fifo_is_refused_without_waiting_for_its_writer(root):
    os.mkfifo(root / "pipe.py")
    with pytest.raises(ConfigError, match="no regular file"):
        write(root, {}, {"pipe.py": b"x"})


def test_a_linked_state_folder_is_refused(root):
    (root / ".codemode").symlink_to(root.parent)
    with pytest.raises(ConfigError, match="symbolic link"):
        write(root, OLD, NEW)


def test_links_in_the_state_folder_are_not_followed(root):
    outside = root.parent / "outside"
    outside.mkdir()
    state = root / ".codemode"
    state.mkdir()
    (state / "journal").symlink_to(outside)
    (state / ".gitignore").symlink_to(outside / "ignore")
    with pytest.raises(ConfigError, match="journal is a symbolic link"):
        write(root, OLD, NEW)
    assert recover(root) is None
    assert list(outside.iterdir()) == []
    assert contents(root) == expected(OLD)


def test_a_failure_halfway_takes_everything_back(root):
    steps = write_steps(root, OLD, NEW)
    for step in steps:
        if step == "written gone.py":
            break
    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt)
    assert contents(root) == expected(OLD)
    assert recover(root) is None


def python(code, root, *arguments):
    """Start a Python that knows OLD, NEW and `root`."""
    script = (
        f"import os, signal, sys\nfrom pathlib import Path\nOLD, NEW = {OLD!r}, {NEW!r}\nroot = Path(sys.argv[1])\n"
        f"from pytest_codemode.worktree.statedir import state_dir\n"
        f"from pytest_codemode.worktree.tree import lock, recover, write, write_steps\n{code}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(root), *map(str, arguments)],
        env={**os.environ, "TMPDIR": str(root.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def killed_after(root, count):
    """Do `count` steps of the write in a process that is then killed; return whether it got there."""
    code = """
for number, _step in enumerate(write_steps(root, OLD, NEW), start=1):
    if number == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
"""
    with python(code, root, count) as process:
        process.communicate(timeout=30)
    return process.returncode == -signal.SIGKILL


def killed_at_once(code, root, delay_s):
    """Run `code`, which prints a line when it is about to work, and kill it `delay_s` after that."""
    with python(code, root) as process:
        process.stdout.readline()
        time.sleep(delay_s)
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("count", range(1, 3 + 2 * len(NEW)))
def test_a_write_killed_after_any_step_is_completed_or_taken_back(root, count):
    assert killed_after(root, count)
    sentence = recover(root)
    written = count > 1 + len(NEW)  # the first file has taken its place
    assert contents(root) == expected(NEW if written else OLD)
    settled = count == 2 + 2 * len(NEW)
    assert (sentence is None) == settled
    if sentence:
        assert ("completed" if written else "taken back") in sentence
        assert "src/a.py" in sentence
    assert recover(root) is None


@pytest.mark.parametrize("attempt", [*range(4), *(pytest.param(n, marks=pytest.mark.slow) for n in range(4, 50))])
def test_a_write_killed_at_any_moment_is_completed_or_taken_back(root, attempt):
    """The same from outside: the kill comes whenever it comes, also inside a step."""
    code = "print(flush=True)\nwhile True:\n    write(root, OLD, NEW)\n    write(root, NEW, OLD)"
    killed_at_once(code, root, 0.01 + 0.0007 * attempt)
    recover(root)
    found = contents(root)
    emptied = {"new": None, "new/deep": None}  # a deletion leaves the folders
    assert found in (expected(OLD), dict(sorted((expected(OLD) | emptied).items())), expected(NEW))


@pytest.mark.parametrize("attempt", [*range(3), *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 20))])
def test_a_recovery_that_is_killed_can_be_done_again(root, attempt):
    assert killed_after(root, 2 + len(NEW))
    killed_at_once("print(flush=True)\nrecover(root)", root, 0.0004 * attempt)
    recover(root)
    assert contents(root) == expected(NEW)
    assert recover(root) is None


def test_a_file_edited_after_the_kill_is_left_alone_and_the_rest_taken_back(root):
    killed_after(root, 2 + len(NEW) + 1)  # c.py and gone.py hold the new state
    (root / "src/b.py").write_bytes(b"edited by the user")
    sentence = recover(root)
    assert "src/b.py had been edited" in sentence
    assert contents(root) == expected({**OLD, "src/b.py": b"edited by the user"})


def test_a_damaged_journal_is_set_aside_and_named(root):
    folder = state_dir(root) / "journal"
    folder.mkdir()
    (folder / "0.json").write_text("{}")
    assert "0.damaged" in recover(root)
    assert recover(root) is None


def planted(root, changes, *, sealed, tests=False):
    """Plant a journal, sealed as the user's own would be or not."""
    told = [{"old": None, "new": None, "folders": (), **change} for change in changes]
    record = json.dumps({"changes": told, "tests": tests})
    folder = state_dir(root) / "journal"
    folder.mkdir(exist_ok=True)
    data = seal(root, "journal", record.encode()) if sealed else record.encode()
    (folder / "0.json").write_bytes(data)


WRITTEN = {"path": "c.py", "old": "eA==", "new": "YyBvbGQK", "temporary": ".c.py.codemode-0123456789ab"}
"""c.py stands as this change says it was to: the rest of its journal would be completed."""


def new(path, **values):
    return {"path": path, "new": "eA==", "temporary": f".{path.rpartition('/')[2]}.codemode-0123456789ab", **values}


def test_a_sealed_journal_is_acted_on_and_the_same_without_a_seal_is_not(root):
    planted(root, [WRITTEN, new("fresh.py")], sealed=False)
    assert "was not written by your own codemode" in recover(root)
    assert contents(root) == expected(OLD)
    planted(root, [WRITTEN, new("fresh.py")], sealed=True)
    assert "completed: c.py, fresh.py" in recover(root)
    assert contents(root) == expected({**OLD, "fresh.py": b"x"})


def test_a_journal_of_tests_alone_is_acted_on(root):
    (root / "tests").mkdir()
    (root / "tests" / "test_a.py").write_text("x")
    planted(root, [new("tests/test_a.py"), new("tests/test_b.py")], sealed=True, tests=True)
    assert "completed: tests/test_a.py, tests/test_b.py" in recover(root)
    assert (root / "tests" / "test_b.py").read_text() == "x"


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["tests/test_a.py", "src/a.py"], "no test file"),
        (["tests/test_a.py", "tests/conftest.py"], "a test file"),
        (["tests/data.json"], "not a Python file"),
        (["tests/setup.py"], "configuration"),
        (["tests/../test_a.py"], "does not name a file of the project"),
    ],
)
def test_who_writes_tests_writes_nothing_else(root, paths, reason):
    with pytest.raises(ConfigError, match=reason):
        check_editable(root, paths, tests=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (new("../out.py"), "does not name a file of the project"),
        (new("/out.py"), "does not name a file of the project"),
        (new("conftest.py"), "a test file"),
        (new("setup.py"), "configuration"),
        (new(".venv/lib/evil.pth"), "not a Python file"),
        (new(".venv/lib/evil.py"), "configuration"),
        (new("x.py", temporary="c.py"), "is no temporary file"),
        (new("x.py", temporary="../victim"), "is no temporary file"),
        (new("x.py", temporary=".x.py.codemode-0123456789ab/../../victim"), "is no temporary file"),
        (new("x.py", folders=["../empty"]), "is no folder above"),
        (new("x.py", folders=["src"]), "is no folder above"),
    ],
)
def test_even_a_sealed_journal_can_do_no_more_than_a_write(root, change, reason):
    (root.parent / "victim").write_text("keep")
    (root.parent / "empty").mkdir()
    planted(root, [WRITTEN, change], sealed=True)
    sentence = recover(root)
    assert reason in sentence
    assert "0.damaged" in sentence
    assert recover(root) is None
    assert contents(root) == expected(OLD)
    assert {path.name for path in root.parent.iterdir()} == {"project", "victim", "empty"}


def test_a_journal_does_not_count_for_another_project(root):
    killed_after(root, 2 + len(NEW))
    moved = root.with_name("moved")
    root.rename(moved)
    assert "was not written by your own codemode for this folder" in recover(moved)


@pytest.mark.parametrize("plant", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/etc/passwd")])
def test_what_is_no_file_is_set_aside_like_a_damaged_journal(root, plant):
    folder = state_dir(root) / "journal"
    folder.mkdir()
    (folder / "1.partial").mkdir()
    for _attempt in range(2):
        plant(folder / "0.json")
        assert "cannot be settled" in recover(root)
    assert recover(root) is None
    assert len(list(folder.glob("*.damaged"))) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_state_of_somebody_else_is_ignored_with_a_sentence(root):
    killed_after(root, 2 + len(NEW))
    (kept,) = (root / ".codemode" / "journal").iterdir()
    before = contents(root)
    os.chown(root / ".codemode", 12345, 12345)
    assert "belongs to somebody else (user 12345) and is ignored" in recover(root)
    os.chown(root / ".codemode", 0, 0)
    os.chown(kept, 12345, 12345)
    assert "belongs to somebody else (user 12345)" in recover(root)
    assert contents(root) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_new_state_does_not_go_into_the_folder_of_somebody_else(root):
    (root / ".codemode").mkdir()
    os.chown(root / ".codemode", 12345, 12345)
    with python("print(state_dir(root))", root) as process:
        output, _ = process.communicate(timeout=30)
    assert Path(output.strip()).parent == root.parent / f"codemode-{os.geteuid()}"
    assert list((root / ".codemode").iterdir()) == []


def test_what_another_process_is_just_making_into_a_journal_is_not_swept_away(root):
    folder = state_dir(root) / "journal"
    folder.mkdir()
    (folder / "0.json").write_text("{}")
    (folder / "1.partial").write_text("{")
    with lock(root):
        assert recover(root) is None
        assert (folder / "1.partial").exists()
    assert "cannot be settled" in recover(root)
    assert not (folder / "1.partial").exists()


def test_a_second_name_of_a_user_s_file_is_not_emptied_by_the_lock(root):
    (state_dir(root) / "lock").hardlink_to(root / "c.py")
    with pytest.raises(ConfigError, match="not a plain file of yours"), lock(root):
        pass
    assert (root / "c.py").read_bytes() == OLD["c.py"]


def test_a_pipe_for_a_lock_is_a_sentence(root):
    os.mkfifo(state_dir(root) / "lock")
    with pytest.raises(ConfigError, match="cannot be locked"), lock(root):
        pass


def test_the_tree_is_held_by_one_run_at_a_time(root):
    with lock(root), pytest.raises(ConfigError, match=rf"process {os.getpid()}.*kill {os.getpid()}"), lock(root):
        pass
    with lock(root):
        pass


def test_the_lock_of_a_killed_process_is_free(root):
    with python("with lock(root): os.kill(os.getpid(), signal.SIGKILL)", root) as process:
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    with lock(root):
        pass


def test_a_write_of_another_process_that_still_runs_is_not_touched(root):
    steps = write_steps(root, OLD, NEW)
    with lock(root):
        next(steps)
        assert recover(root) is None
        assert list(steps)[-1] == "settled"
    assert contents(root) == expected(NEW)


@pytest.fixture
def read_only_root():
    """A project that cannot be written by the user `nobody`, whoever runs the tests."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        root = Path(folder) / "project"
        root.mkdir()
        for path in ("c.py", "gone.py"):
            (root / path).write_bytes(OLD[path])
        root.chmod(0o555)
        yield root
        root.chmod(0o755)


# What Python imports late is out of the reach of `nobody` where Python lives in a private folder.
NOBODY = "import encodings.ascii\nif os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"


def test_a_read_only_tree_is_refused_with_the_remedy(read_only_root):
    attempt = "try: write(root, {'c.py': OLD['c.py']}, {'c.py': b'x'})\nexcept Exception as e: print(repr(e))"
    code = NOBODY + attempt
    with python(code, read_only_root) as process:
        output, _ = process.communicate(timeout=30)
    assert output.startswith("ConfigError(")
    assert "--codemode-diff" in output
    assert {path.name: path.read_bytes() for path in read_only_root.iterdir()} == {
        "c.py": OLD["c.py"],
        "gone.py": OLD["gone.py"],
    }


def test_a_folder_that_cannot_be_written_takes_the_rest_back(read_only_root):
    open_folder = read_only_root / "open"
    read_only_root.chmod(0o755)
    open_folder.mkdir()
    (open_folder / "a.py").write_bytes(b"a")
    open_folder.chmod(0o777)
    (open_folder / "a.py").chmod(0o666)
    read_only_root.chmod(0o555)
    baseline, changes = "{'open/a.py': b'a', 'c.py': OLD['c.py']}", "{'open/a.py': b'A', 'c.py': b'C'}"
    attempt = f"try: write(root, {baseline}, {changes})\nexcept Exception as e: print(repr(e))"
    with python(NOBODY + attempt, read_only_root) as process:
        output, _ = process.communicate(timeout=30)
    assert output.startswith("ConfigError(")
    assert [(path.name, path.read_bytes()) for path in open_folder.iterdir()] == [("a.py", b"a")]
    assert (read_only_root / "c.py").read_bytes() == OLD["c.py"]


def test_a_disk_that_is_full_leaves_the_tree_as_it_was(root):
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # every write beyond it fails, as on a full disk
try: write(root, {}, {"big.py": b"x" * 1000})
except Exception as problem: print(repr(problem))
"""
    with python(code, root) as process:
        output, _ = process.communicate(timeout=30)
    assert output.startswith("ConfigError(")
    assert "nothing was changed" in output
    assert contents(root) == expected(OLD)
    assert recover(root) is None


def test_a_lock_that_cannot_be_opened_is_a_sentence(root):
    (state_dir(root) / "lock").mkdir()
    with pytest.raises(ConfigError, match="cannot be locked"), lock(root):
        pass


def test_a_read_only_tree_keeps_its_state_in_a_private_folder(read_only_root):
    code = f"{NOBODY}\nwith lock(root): state = state_dir(root)\nprint(state, oct(state.stat().st_mode))"
    with python(code, read_only_root) as process:
        output, _ = process.communicate(timeout=30)
    state, mode = output.split()
    assert mode == "0o40700"
    assert not Path(state).is_relative_to(read_only_root)
