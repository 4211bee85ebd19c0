import datetime
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_codemode.cli.main import main
from pytest_codemode.core.events import Notice, RunDone, RunStarted
from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.report.terminal import render
from pytest_codemode.report.writer import PlainWriter
from pytest_codemode.worktree.store import KeptPatch, RunStore

OLD = {"a.py": b"old \xff\r\n", "new.py": None}
NEW = {"a.py": b"new \xff\r\n", "new.py": b"fresh"}


@pytest.fixture(autouse=True)
def own_key(monkeypatch, tmp_path_factory):
    """Keep the key out of the state folder of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "a.py").write_bytes(OLD["a.py"])
    return tmp_path


@pytest.fixture
def store(project):
    store = RunStore.create(project, datetime.datetime(2026, 11, 25, 7, 55, tzinfo=datetime.UTC))
    store.append(RunStarted(store.run_id, "2026-11-25T07:55:00+00:00", ("test_a.py::test_one",), ("search",)))
    store.append(Notice("warning", "mind the gap\x1b[31m"))
    task = TaskReport("t1", "assert 1 == 2", ("test_a.py::test_one",), fixed=True, diff="-old\n+new\n")
    report = RunReport(store.run_id, "all selected tests pass", green=True, written=("a.py",), tasks=(task,), diff="d")
    store.append(RunDone(report))
    store.save_patch(OLD, NEW)
    store.save_diff(KeptPatch(OLD, NEW).diff())
    return store


def runs(project, *words):
    return main(["runs", "--rootdir", str(project), *words])


def test_runs_are_listed_with_their_outcome(project, store, capsys):
    assert runs(project, "list") == 0
    assert capsys.readouterr().out == f"{store.run_id}  1 of 1 fixed, written: all selected tests pass\n"


def test_a_project_without_runs_says_so(project, capsys):
    assert runs(project, "list") == 0
    assert capsys.readouterr().out == f"no runs are kept in {project}\n"


def test_show_renders_the_report_without_control_characters(project, store, capsys):
    assert runs(project, "show", "last") == 0
    output = capsys.readouterr().out
    assert "assert 1 == 2" in output
    assert r"mind the gap\x1b[31m" in output


def test_a_run_that_was_killed_can_be_shown(project, capsys):
    store = RunStore.create(project, datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC))
    (store.folder / "run.jsonl").write_bytes(b'{"kind":"run_st')
    assert runs(project, "show", "last") == 0
    output = capsys.readouterr()
    assert "did not come to its end" in output.out
    assert "damaged record skipped: run.jsonl:1:" in output.err


def test_diff_prints_the_patch_byte_for_byte(project, store, capfdbinary):
    assert runs(project, "diff", "last") == 0
    assert capfdbinary.readouterr().out == KeptPatch(OLD, NEW).diff()


def test_apply_and_revert_are_exact_inverses(project, store, capsys):
    assert runs(project, "apply", store.run_id) == 0
    assert (project / "a.py").read_bytes() == NEW["a.py"]
    assert (project / "new.py").read_bytes() == NEW["new.py"]
    output = capsys.readouterr().out
    assert output.endswith("written: a.py\nwritten: new.py\n")
    diff = output.removesuffix("written: a.py\nwritten: new.py\n")
    assert r"-old \udcff" in diff
    assert "+fresh" in diff
    assert runs(project, "revert", store.run_id) == 0
    assert (project / "a.py").read_bytes() == OLD["a.py"]
    assert not (project / "new.py").exists()


@pytest.mark.parametrize("action", ["apply", "revert"])
def test_a_patch_is_not_written_over_later_edits(project, store, capsys, action):
    if action == "revert":
        runs(project, "apply", "last")
    (project / "a.py").write_bytes(b"edited since")
    assert runs(project, action, "last") == 2
    assert "a.py changed since run" in capsys.readouterr().err
    assert (project / "a.py").read_bytes() == b"edited since"


def test_the_hint_in_a_report_works_where_it_was_printed(project, store, monkeypatch):
    assert runs(project, "apply", "last") == 0
    monkeypatch.chdir(project.parent)
    shown = io.StringIO()
    report = RunReport(store.run_id, "all selected tests pass", green=True, written=("a.py",))
    render(report, PlainWriter(shown, 1000), root=project.name)
    (hint,) = (line for line in shown.getvalue().splitlines() if line.startswith("revert:"))
    program, *words = shlex.split(hint.partition(":")[2])
    assert program == "codemode"
    assert main(words) == 0
    assert (project / "a.py").read_bytes() == OLD["a.py"]


def test_an_unknown_run_is_one_sentence_and_exit_2(project, capsys):
    assert runs(project, "show", "nothing") == 2
    assert capsys.readouterr().err == f"codemode: there is no run 'nothing' in {project}; see `codemode runs list`\n"


def test_any_command_first_settles_an_interrupted_write(project, capsys):
    code = (
        "import os, sys, signal, pathlib; from pytest_codemode.worktree.tree import write_steps\n"
        f"for step in write_steps(pathlib.Path(sys.argv[1]), {OLD!r}, {NEW!r}):\n"
        "    if step == 'written a.py': os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(project)], timeout=30, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert runs(project, "list") == 0
    assert "An interrupted write was completed: a.py, new.py" in capsys.readouterr().err
    assert (project / "new.py").read_bytes() == b"fresh"


def test_what_only_looks_at_the_machine_settles_nothing(project, capsys, monkeypatch):
    monkeypatch.chdir(project)
    folder = project / ".codemode" / "journal"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    for words in (["doctor", "--json"], ["version"]):
        main(words)
    with pytest.raises(SystemExit):
        main(["runs", "--help"])
    assert [path.name for path in folder.iterdir()] == ["a.json"]
    assert capsys.readouterr().err == ""


def test_a_sentence_has_no_power_over_the_terminal(project, capsys):
    assert runs(project, "show", "\x1b[2J") == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_diff_on_a_terminal_has_no_power_over_it(project, store):
    store.save_diff(b"+\x1b[2J caf\xe9\n")
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "pytest_codemode.cli.main", "runs", "--rootdir", str(project), "diff", "last"]
    with subprocess.Popen(words, stdout=theirs, stdin=subprocess.DEVNULL) as process:
        process.wait(timeout=30)
    shown = os.read(ours, 1000)
    os.close(ours)
    os.close(theirs)
    assert shown.splitlines() == [rb"+\x1b[2J caf\udce9"]


def command(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "pytest_codemode.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_version_and_wrong_words():
    assert command("version").stdout.startswith("pytest-codemode ")
    wrong = command("fly")
    assert wrong.returncode == 2
    assert "invalid choice: 'fly'" in wrong.stderr


def test_help_and_runs_load_nothing_heavy(project, store):
    code = (
        "import sys, contextlib, json\nfrom pytest_codemode.cli.main import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        f"main(['runs', '--rootdir', {str(project)!r}, 'list'])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & {"mcp", "libcst", "anthropic", "anyio", "pydantic", "coverage", "pytest"}


def test_a_reader_that_leaves_early_is_no_error(project, store):
    script = f"{sys.executable} -m pytest_codemode.cli.main runs --rootdir {project} list | true"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""


def test_a_program_runs_in_the_sandbox_and_its_output_comes_back(project):
    code = (
        "import sys, contextlib; print(sys.stdin.read().upper(), end=''); print('err', file=sys.stderr)\n"
        "with contextlib.suppress(OSError): open('a.py', 'w')"
    )
    done = command("exec", "-c", code, cwd=project, input="hello\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "HELLO\n", "err\n")
    assert (project / "a.py").read_bytes() == OLD["a.py"]


def test_a_program_from_standard_input_that_fails_ends_with_1(project):
    done = command("exec", cwd=project, input="print('from stdin')\nraise SystemExit(7)")
    assert (done.returncode, done.stdout) == (1, "from stdin\n")


def test_a_program_from_a_file_that_takes_too_long_ends_with_124(project):
    (project / "program.py").write_text("print('so far', flush=True)\nwhile True: pass")
    late = command("exec", "--timeout", "1", "program.py", cwd=project)
    assert (late.returncode, late.stdout) == (124, "so far\n")
    assert "time" in late.stderr


def test_a_program_that_runs_into_a_limit_of_the_user_s_is_told_which(project):
    code = "import os; open(os.environ['TMPDIR'] + '/a', 'wb').write(b'x' * 2**20)"
    done = command("exec", "--limit", "file-size=512k", "-c", code, cwd=project)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "codemode: most likely the file size limit of 512 KiB"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["missing.py"], "missing.py cannot be read"),
        (["--timeout", "0", "-c", ""], "give a number of seconds above 0"),
        (["--limit", "cpu=1", "--limit", "memory=much", "-c", ""], "--limit: 'memory=much' has no amount"),
        (["--python", "no-such-python", "-c", ""], "no-such-python: there is no such program"),
        (["--python", "false", "-c", ""], "cannot be used"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_and_exit_2(project, capsys, words, sentence):
    assert main(["exec", "--rootdir", str(project), *words]) == 2
    assert sentence in capsys.readouterr().err


def children(pid):
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in lists for child in listed.read_text().split()]


def test_ctrl_c_ends_the_program_and_exits_130(project):
    words = [sys.executable, "-m", "pytest_codemode.cli.main", "exec", "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(
        words, cwd=project, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 30
        while not any(map(children, children(process.pid))) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == ""
