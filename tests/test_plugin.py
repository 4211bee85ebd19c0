import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pytest_codemode.core.events import Notice, Progress, RunDone, to_line
from pytest_codemode.core.failure import Phase
from pytest_codemode.core.outcome import Capabilities, SandboxInfo
from pytest_codemode.core.report import RunReport, TaskReport

pytestmark = pytest.mark.usefixtures("only_our_plugin")

GREEN = RunReport(
    run_id="r1",
    stop="all selected tests pass",
    green=True,
    written=("shop.py",),
    tasks=(
        TaskReport("t1", "assert 1 == 2", ("test_shop.py::test_bad",), True, turned_green=("test_shop.py::test_bad",)),
    ),
    sandbox=SandboxInfo("namespaces", Capabilities()),
)
RED = RunReport(run_id="r2", stop="no proposer had another patch", green=False)
FAILING = """
    def test_good():
        assert True

    def test_bad():
        found = 1
        assert found == 2
"""


@pytest.fixture
def engine(pytester: pytest.Pytester, scripted_engine):
    """Return a function that takes steps and puts the engine that plays them into the pytester project."""

    def put(*steps):
        scripted = scripted_engine(*steps)
        pytester.makeconftest(f"""
            import pytest

            @pytest.hookimpl(trylast=True)
            def pytest_configure(config):
                repair = config.pluginmanager.get_plugin("codemode-repair")
                if repair is not None:
                    repair.engine_command = {scripted.command!r}
        """)
        return scripted

    return put


def done(report: RunReport) -> dict[str, str]:
    return {"say": to_line(RunDone(report))}


def fix(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("--codemode-fix", *arguments)


def test_without_a_flag_of_ours_the_engine_is_not_started(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    result = pytester.runpytest_inprocess()

    assert result.ret == 1
    assert not scripted.started
    assert "codemode" not in result.stdout.str().split("test session starts")[1].split("plugins:")[0]


LIGHT = {
    "pytest_codemode",
    *(
        f"pytest_codemode.{name}"
        for name in ("core", "core.errors", "options", "options.given", "options.table", "plugin")
    ),
}
HEAVY = ("mcp", "anthropic", "libcst", "coverage", "anyio")


def test_without_a_flag_of_ours_nothing_heavy_is_imported(pytester: pytest.Pytester):
    pytester.makepyfile(f"""
        import sys

        def test_imports():
            assert [name for name in sys.modules if name.partition(".")[0] in {HEAVY}] == []
            assert {{name for name in sys.modules if name.startswith("pytest_codemode")}} == {LIGHT}
    """)

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=1)


def test_inert_in_a_worker_even_with_flags_in_addopts(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makeini("[pytest]\naddopts = --codemode-fix --codemode-workers=2\ncodemode_fix = true")
    pytester.makepyfile(test_shop=FAILING)
    environment = {**os.environ, "PYTEST_CODEMODE_INERT": "1"}

    result = subprocess.run(
        [sys.executable, "-m", "pytest"], env=environment, check=False, capture_output=True, timeout=60
    )

    assert result.returncode == 1
    assert not scripted.started


def test_a_repaired_tree_ends_with_status_0_and_the_report_comes_last(pytester, engine):
    engine({"say": to_line(Notice("info", "half way"))}, done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    result = fix(pytester)

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*1 failed, 1 passed*",
            "*= codemode =*",
            "info: half way",
            "FIXED assert 1 == 2",
            "sandbox: namespaces",
            "*= fixed 1 of 1 failing test in *=",
        ]
    )


def test_a_tree_that_is_not_green_ends_with_status_1(pytester, engine):
    engine(done(RED))
    pytester.makepyfile(test_shop=FAILING)

    assert fix(pytester).ret == 1


def test_with_diff_the_status_is_1_even_if_a_patch_was_found(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    result = pytester.runpytest_subprocess("--codemode-diff", timeout=60)

    assert result.ret == 1
    assert scripted.request.options.diff_only


def test_nothing_to_fix_is_one_line_and_pytest_s_own_status(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile("def test_good(): pass")

    result = fix(pytester)

    assert result.ret == 0
    assert result.outlines[-1] == "codemode: nothing to fix"
    assert not scripted.started


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (("-k", "nothing_like_it"), 5, "codemode: no tests were collected; nothing to fix"),
        (("--collect-only",), 0, "codemode: no test ran (--collect-only); nothing to fix"),
    ],
)
def test_a_run_without_tests_says_so(pytester, engine, arguments, status, line):
    engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    result = fix(pytester, *arguments)

    assert (result.ret, result.outlines[-1]) == (status, line)


def test_a_collection_error_under_collect_only_is_not_repaired(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile("import no_such_module")

    result = fix(pytester, "--collect-only")

    assert result.outlines[-1] == "codemode: no test ran (--collect-only); nothing to fix"
    assert not scripted.started


def test_arguments_through_a_link_are_given_by_their_real_names(pytester, engine, tmp_path_factory):
    scripted = engine(done(GREEN))
    pytester.makeini("[pytest]")
    pytester.makepyfile(test_shop=FAILING)
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(pytester.path)

    fix(pytester, f"{link}/test_shop.py::test_bad", f"--rootdir={link}", "--ignore", f"{link}/slow")

    root = os.path.realpath(pytester.path)
    project = scripted.request.project
    assert [argument for argument in project.pytest_args if not argument.startswith("--basetemp")] == [
        *(f"{root}/test_shop.py::test_bad", f"--rootdir={root}", "--ignore", f"{root}/slow")
    ]
    assert (project.rootdir, project.inifile) == (root, f"{root}/tox.ini")


def test_a_repository_that_opens_its_own_fence_is_refused(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makeini("[pytest]\naddopts = --codemode-network")
    pytester.makepyfile(test_shop=FAILING)

    result = fix(pytester)

    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: codemode: --codemode-network (addopts) loosens*give --codemode-network on*"])
    assert not scripted.started


def test_a_selection_that_does_not_exist_says_that_nothing_ran(pytester, engine):
    engine(done(GREEN))

    result = fix(pytester, "no_such_test.py")

    assert result.ret == 4
    assert "file or directory not found" in result.stderr.str() + result.stdout.str()
    assert not result.outlines[-1].startswith("codemode: nothing to fix")


def test_an_option_that_cannot_be_used_is_a_usage_error(pytester):
    result = fix(pytester, "--codemode-workers", "none")

    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: codemode: --codemode-workers: 'none' is not a whole number from 1 to 256*"])
    assert "Traceback" not in result.stderr.str()


def test_the_request_describes_the_run(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)
    inifile = pytester.makeini("[pytest]")

    fix(pytester, "-xvk", "good or bad", "--codemode-budget=time=1m,usd=0", "--codemode-workers", "2", "--maxfail=3")

    request = scripted.request
    assert request.selected == ("test_shop.py::test_good", "test_shop.py::test_bad")
    assert request.passed == ("test_shop.py::test_good",)
    assert [(failure.nodeid, failure.when) for failure in request.failures] == [("test_shop.py::test_bad", Phase.CALL)]
    assert (request.failures[0].left, request.failures[0].operator, request.failures[0].right) == ("1", "==", "2")
    assert request.failures[0].frames[-1].locals == {"found": "1"}
    assert request.options.budget == "time=1m,usd=0"
    project = request.project
    assert project.rootdir == project.invocation_dir == os.path.realpath(pytester.path)
    assert project.python == sys.executable
    assert [argument for argument in project.pytest_args if not argument.startswith("--basetemp")] == [
        *("-v", "-k", "good or bad")
    ]
    assert project.inifile == str(inifile)
    assert project.workers == 2
    assert set(project.sys_path) >= {path for path in sys.path if path.endswith("site-packages")}


def test_secrets_go_to_the_engine_but_not_into_the_environment_of_tests(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)
    environment = {**os.environ, "ANTHROPIC_API_KEY": "sk-secret", "DB_PASSWORD": "p", "SHOP_MODE": "x"}

    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "pytest_codemode.plugin",
            "--codemode-fix",
            "--codemode-env=DB_PASSWORD",
        ],
        env=environment,
        check=False,
        capture_output=True,
        timeout=60,
    )

    env = scripted.request.project.env
    assert "ANTHROPIC_API_KEY" not in env
    assert (env["SHOP_MODE"], env["DB_PASSWORD"]) == ("x", "p")
    assert scripted.start["env"]["ANTHROPIC_API_KEY"] == "sk-secret"
    assert "PYTEST_VERSION" not in env


def test_setup_teardown_parametrised_and_subtest_failures_are_recorded(pytester, engine):
    scripted = engine(done(RED))
    pytester.makepyfile(
        test_kinds="""
        import pytest

        @pytest.fixture
        def broken():
            raise KeyError("k")

        @pytest.fixture
        def torn():
            yield
            raise OSError("gone")

        def test_setup(broken): pass
        def test_teardown(torn): pass

        @pytest.mark.parametrize("x", [1, 2])
        def test_param(x):
            assert x == 1

        def test_sub(subtests):
            for i in range(2):
                with subtests.test("case", i=i):
                    assert i == 0

        @pytest.mark.xfail(strict=True)
        def test_strict(): pass

        @pytest.mark.xfail
        def test_expected(): assert 0
        """
    )

    fix(pytester)

    found = {
        (failure.nodeid.partition("::")[2], failure.when, failure.exception) for failure in scripted.request.failures
    }
    assert found >= {
        ("test_setup", Phase.SETUP, "KeyError"),
        ("test_teardown", Phase.TEARDOWN, "OSError"),
        ("test_param[2]", Phase.CALL, "AssertionError"),
        ("test_sub", Phase.CALL, "AssertionError"),
        ("test_strict", Phase.CALL, "Failed"),
    }
    assert "case i=1" in {failure.subtest for failure in scripted.request.failures}
    assert scripted.request.passed == ("test_kinds.py::test_param[1]",)


def test_collection_errors_are_failures_too(pytester, engine):
    scripted = engine(done(RED))
    pytester.makepyfile(test_shop=FAILING, test_import="import no_such_module_anywhere")

    result = fix(pytester)

    assert result.ret == 1
    assert [(failure.nodeid, failure.when, failure.exception) for failure in scripted.request.failures] == [
        ("test_import.py", Phase.COLLECT, "ModuleNotFoundError")
    ]


def test_a_hanging_test_is_ended_and_recorded_with_the_place(pytester, engine):
    scripted = engine(done(RED))
    pytester.makepyfile(
        test_endless="""
        import time

        def wait_for_ever():
            while True:
                time.sleep(0.01)

        def test_hang():
            wait_for_ever()

        def test_next():
            pass
        """
    )

    result = fix(pytester, "--codemode-test-timeout", "0.5")

    result.assert_outcomes(failed=1, passed=1)
    failure = scripted.request.failures[0]
    assert (failure.exception, failure.timed_out) == ("Timeout", True)
    assert "took longer than 0.5 s (--codemode-test-timeout)" in failure.message
    assert [frame.function for frame in failure.frames] == ["test_hang", "wait_for_ever"]
    assert scripted.request.project.limits.test_s == 0.5


def test_a_module_that_hangs_while_it_is_imported_is_a_collection_error(pytester, engine):
    scripted = engine(done(RED))
    pytester.makepyfile(test_endless="import time\nwhile True: time.sleep(0.01)")

    fix(pytester, "--codemode-test-timeout", "0.5")

    failure = scripted.request.failures[0]
    assert (failure.when, failure.exception) == (Phase.COLLECT, "Timeout")
    assert failure.frames[-1].path == "test_endless.py"


def test_pytest_timeout_goes_first_where_it_is_in_use(pytester, engine):
    scripted = engine(done(RED))
    pytester.makepyfile("import time\ndef test_slow(): time.sleep(0.6)\ndef test_hang(): time.sleep(30)")

    fix(pytester, "--codemode-test-timeout", "0.3", "-p", "pytest_timeout", "--timeout", "1.5")

    assert [failure.nodeid.partition("::")[2] for failure in scripted.request.failures] == ["test_hang"]


def test_failures_of_xdist_workers_arrive(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING, test_more="def test_worse(): {}['k']")

    result = fix(pytester, "-p", "xdist", "-n", "2")

    assert result.ret == 0
    request = scripted.request
    assert sorted(request.selected) == ["test_more.py::test_worse", "test_shop.py::test_bad", "test_shop.py::test_good"]
    assert {failure.nodeid: failure.exception for failure in request.failures} == {
        "test_more.py::test_worse": "KeyError",
        "test_shop.py::test_bad": "AssertionError",
    }
    assert all(failure.frames for failure in request.failures)
    assert request.passed == ("test_shop.py::test_good",)


def test_a_crashed_xdist_worker_is_a_failure(pytester, engine):
    scripted = engine(done(RED))
    pytester.makepyfile("import os\ndef test_crash(): os._exit(3)")

    fix(pytester, "-p", "xdist", "-n", "1")

    failure = scripted.request.failures[0]
    assert failure.nodeid.endswith("::test_crash")
    assert "crashed" in failure.message


@pytest.mark.parametrize(
    "arguments", [("-q",), ("-p", "no:terminal"), ("-p", "no:cacheprovider"), ("-vv",), ("--no-summary",), ("-s",)]
)
def test_it_works_with_other_options_of_pytest(pytester, engine, arguments):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    result = fix(pytester, *arguments)

    assert result.ret == 0
    assert scripted.started
    assert "fixed 1 of 1 failing test" in result.stdout.str()


def test_it_works_from_a_subdirectory(pytester, engine):
    scripted = engine(done(replace(RED, diff="+x", diff_path=".codemode/r2.diff")))
    pytester.makeini("[pytest]")
    tests = pytester.mkdir("tests")
    pytester.makepyfile(**{"tests/test_shop": FAILING})
    os.chdir(tests)

    result = fix(pytester)

    assert result.ret == 1
    project = scripted.request.project
    assert project.invocation_dir == os.path.realpath(tests)
    assert project.rootdir == os.path.realpath(pytester.path)
    assert scripted.request.failures[0].nodeid == "tests/test_shop.py::test_bad"
    assert scripted.request.failures[0].frames[-1].path == "tests/test_shop.py"
    assert "apply:   git -C .. apply .codemode/r2.diff or codemode runs --rootdir .. apply" in result.outlines


def test_flags_of_ours_in_addopts_work_like_on_the_command_line(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makeini("[pytest]\naddopts = --codemode-fix --codemode-confirm affected")
    pytester.makepyfile(test_shop=FAILING)

    assert pytester.runpytest_subprocess(timeout=60).ret == 0
    assert scripted.request.options.confirm == "affected"


def test_an_engine_that_dies_is_reported_with_its_last_words_and_status_1(pytester, engine):
    engine({"complain": "no space left on device\x1b[2J"}, {"exit": 7})
    pytester.makepyfile(test_shop=FAILING)

    result = fix(pytester)

    assert result.ret == 1
    result.stdout.fnmatch_lines(["codemode: the engine ended with status 7 before*", "  no space left on device*"])
    assert "\x1b[2J" not in result.stdout.str()


def test_ctrl_c_ends_the_engine_in_order_and_the_status_is_2(pytester, engine, tmp_path):
    ready = tmp_path / "ready"
    engine({"touch": str(ready)}, {"wait for interrupt": None}, done(RED))
    pytester.makepyfile(test_shop=FAILING)
    # With all plugins that are installed: this one finds ours by its entry point.
    command, environment = [sys.executable, "-m", "pytest", "--codemode-fix"], dict(os.environ)
    del environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"], environment["PYTEST_PLUGINS"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        give_up = time.monotonic() + 30
        while not ready.exists():
            assert time.monotonic() < give_up
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)

    assert run.returncode == 2
    assert b"Traceback" not in out.split(b"short test summary")[1] + err
    assert b"nothing was fixed" in out


def test_an_interrupted_test_run_is_not_repaired(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile("def test_bad(): assert 0\ndef test_stop(): raise KeyboardInterrupt")

    result = pytester.runpytest_subprocess("--codemode-fix", timeout=60)

    assert result.ret == 2
    assert result.outlines[-1] == "codemode: the test run was interrupted; nothing was repaired"
    assert not scripted.started


def test_a_run_cut_short_by_x_is_repaired_and_knows_the_whole_selection(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile("def test_a(): assert 0\ndef test_b(): assert 0")

    assert fix(pytester, "-x").ret == 0
    assert len(scripted.request.failures) == 1
    assert len(scripted.request.selected) == 2
    assert scripted.request.not_run == scripted.request.selected[1:]


def test_a_skipped_test_has_run(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile("import pytest\ndef test_a(): pytest.skip()\ndef test_b(): assert 0")

    fix(pytester)

    assert (scripted.request.not_run, scripted.request.passed) == ((), ())


def test_the_request_is_plain_json(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(
        "class Odd:\n    def __repr__(self): return 'odd'\ndef test_odd():\n    odd = Odd()\n    assert not odd"
    )

    fix(pytester)

    data = json.loads(scripted.script.with_suffix(".request").read_text())
    assert data["failures"][0]["frames"][-1]["locals"] == {"odd": "odd"}


def test_interpreter_flags_are_passed_on(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile("def test_bad(): raise KeyError")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    subprocess.run(
        [sys.executable, "-O", "-B", "-X", "utf8", "-W", "ignore::ImportWarning", "-m", "pytest", "--codemode-fix"],
        env=environment | {"PYTHONWARNINGS": "ignore::BytesWarning"},
        check=False,
        capture_output=True,
        timeout=60,
    )

    assert scripted.request.project.python_flags == ("-O", "-B", "-Xutf8", "-Wignore::ImportWarning")
    assert scripted.request.project.cwd_on_path


def test_the_pytest_script_does_not_put_the_working_directory_on_the_path(pytester, engine):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    subprocess.run(
        [sys.executable, "-c", "import sys, pytest; sys.exit(pytest.main())", "--codemode-fix"],
        check=False,
        capture_output=True,
        timeout=60,
    )

    assert not scripted.request.project.cwd_on_path


@pytest.mark.parametrize(
    ("arguments", "narrowed"),
    [
        ((), False),
        (("-q", "--tb", "short"), False),
        (("test_shop.py",), True),
        (("-k", "bad"), True),
        (("-m", ""), False),
    ],
)
def test_a_selection_by_the_user_is_told_from_the_whole_suite(pytester, engine, arguments, narrowed):
    scripted = engine(done(GREEN))
    pytester.makepyfile(test_shop=FAILING)

    fix(pytester, *arguments)

    assert scripted.request.narrowed is narrowed


def test_on_a_terminal_there_is_colour_and_one_progress_line_and_none_of_it_in_a_pipe(pytester, engine):
    engine({"say": to_line(Progress("search", "shop.py:3 compare.boundary", candidates=7))}, done(GREEN))
    pytester.makepyfile(test_shop=FAILING)
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "PY_COLORS")}
    command = [sys.executable, "-m", "pytest", "--codemode-fix"]

    piped = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=60).stdout
    shown = run_in_terminal(command, environment | {"TERM": "xterm"})

    assert b"\rcodemode: search [0 s, 7 candidates] shop.py:3 compare.boundary\x1b[K\r\x1b[K" in shown
    assert b"\x1b[1m\x1b[32mFIXED\x1b[0m assert 1 == 2" in shown
    assert b"\ncodemode: search [0 s, 7 candidates] shop.py:3 compare.boundary\n" in piped
    assert b"\x1b" not in piped


def run_in_terminal(command: list[str], environment: dict[str, str]) -> bytes:
    controller, terminal = os.openpty()
    with subprocess.Popen(command, env=environment, stdin=terminal, stdout=terminal, stderr=terminal) as run:
        os.close(terminal)
        output = b""
        try:
            while chunk := os.read(controller, 65536):
                output += chunk
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(controller)
            run.wait(30)
    return output
