import os
import sys

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.options.given import wanted
from pytest_codemode.options.reading import Options, read, read_test_timeout

pytestmark = pytest.mark.usefixtures("only_our_plugin")

USABLE_CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.fixture
def options(pytester: pytest.Pytester):
    """Return the options of a command line in the pytester folder."""
    return lambda *arguments: read(pytester.parseconfig(*arguments))


def test_without_any_flag_nothing_is_wanted_and_everything_is_default(pytester: pytest.Pytester):
    config = pytester.parseconfig()

    assert not wanted(config)
    assert read(config) == Options(workers=USABLE_CPUS)


def test_fix_is_wanted(pytester: pytest.Pytester):
    assert wanted(pytester.parseconfig("--codemode-fix"))


def test_diff_implies_fix(pytester: pytest.Pytester, options):
    assert wanted(pytester.parseconfig("--codemode-diff"))
    assert (options("--codemode-diff").fix, options("--codemode-diff").diff) == (True, True)


def test_every_option_is_read_from_the_command_line(options, pytester: pytest.Pytester):
    pytester.path.joinpath("edits.json").write_text("[]")

    found = options(
        *("--codemode-fix", "--codemode-proposer", "search,replay:edits.json"),
        *("--codemode-budget", "time=2m,usd=0", "--codemode-sandbox", "landlock", "--codemode-workers", "3"),
        *("--codemode-editable", "src/**/*.py", "--codemode-editable", "lib/*.py", "--codemode-confirm", "affected"),
        *(
            "--codemode-test-timeout",
            "2.5",
            f"--codemode-python={sys.executable}",
            "--codemode-env",
            "API_KEY,DB_TOKEN",
        ),
        *("--codemode-mount", "edits.json", "--codemode-network", "--codemode-report", "out/report.json"),
        *("--codemode-limit", "memory=1g,cpu=30", "--codemode-limit", "disk=2g"),
    )

    here = str(pytester.path)
    assert found == Options(
        fix=True,
        proposers=("search", f"replay:{here}/edits.json"),
        budget="time=2m,usd=0",
        sandbox="landlock",
        workers=3,
        editable=("src/**/*.py", "lib/*.py"),
        confirm="affected",
        test_timeout_s=2.5,
        python=sys.executable,
        env=("API_KEY", "DB_TOKEN"),
        mounts=(f"{here}/edits.json",),
        limits=("memory=1g", "cpu=30", "disk=2g"),
        network=True,
        reports=(f"{here}/out/report.json",),
    )


def test_a_value_that_pytest_took_for_a_test_must_not_move_the_rootdir(pytester: pytest.Pytester):
    outside = pytester.mkdir("outside")
    project = pytester.mkdir("project")
    project.joinpath("pytest.ini").write_text("[pytest]")
    project.joinpath("test_one.py").write_text("def test_one():\n    assert 0\n")
    os.chdir(project)

    moved = pytester.runpytest("--codemode-fix", "--codemode-mount", str(outside))

    assert moved.ret == pytest.ExitCode.USAGE_ERROR
    moved.stderr.fnmatch_lines([f"*--codemode-mount={outside}"])


INI = """
[pytest]
codemode_fix = true
codemode_proposer = search,auto
codemode_workers = 2
codemode_test_timeout = 7
codemode_editable = src/*.py lib/*.py
codemode_confirm = affected
codemode_report = out.md
"""
INI_IN_TOML = """
[tool.pytest.ini_options]
codemode_fix = true
codemode_proposer = ["search", "auto"]
codemode_workers = "2"
codemode_test_timeout = "7"
codemode_editable = ["src/*.py", "lib/*.py"]
codemode_confirm = "affected"
codemode_report = ["out.md"]
"""
NATIVE_TOML = """
[tool.pytest]
codemode_fix = true
codemode_proposer = ["search", "auto"]
codemode_workers = 2
codemode_test_timeout = 7
codemode_editable = ["src/*.py", "lib/*.py"]
codemode_confirm = "affected"
codemode_report = ["out.md"]
"""


@pytest.mark.parametrize(
    ("file", "text"),
    [("pytest.ini", INI), ("pyproject.toml", INI_IN_TOML), ("pyproject.toml", NATIVE_TOML)],
    ids=["ini", "ini in toml", "native toml"],
)
def test_every_kind_of_configuration_file_says_the_same(pytester: pytest.Pytester, options, file: str, text: str):
    pytester.path.joinpath(file).write_text(text)

    assert options() == Options(
        fix=True,
        proposers=("search", "auto"),
        workers=2,
        test_timeout_s=7.0,
        editable=("src/*.py", "lib/*.py"),
        confirm="affected",
        reports=(str(pytester.path / "out.md"),),
    )


def test_the_command_line_wins_over_the_configuration_file(pytester: pytest.Pytester, options):
    pytester.path.joinpath("pytest.ini").write_text(INI)

    found = options("--codemode-workers=5", "--codemode-editable=app/*.py", "--codemode-confirm=suite")

    assert (found.workers, found.editable, found.confirm) == (5, ("app/*.py",), "suite")
    assert found.test_timeout_s == 7.0


def test_an_ini_flag_can_be_taken_back_on_the_command_line(pytester: pytest.Pytester):
    pytester.path.joinpath("pytest.ini").write_text(INI)

    assert not wanted(pytester.parseconfig("-o", "codemode_fix=false"))


def test_paths_in_the_configuration_file_are_relative_to_it(pytester: pytest.Pytester):
    pytester.path.joinpath("pytest.ini").write_text(INI)
    below = pytester.mkdir("below")
    os.chdir(below)

    assert read(pytester.parseconfig()).reports == (str(pytester.path / "out.md"),)
    assert read(pytester.parseconfig("--codemode-report", "x.md")).reports == (str(below / "x.md"),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "--codemode-workers x",
            "--codemode-workers: 'x' is not a whole number from 1 to 256; write for example 2",
        ),
        ("--codemode-workers 0", "--codemode-workers: '0' is not a whole number from 1 to 256; write for example 2"),
        ("--codemode-workers 1.5", "--codemode-workers: '1.5' is not a whole number"),
        ("--codemode-test-timeout nan", "--codemode-test-timeout: 'nan' is not a number of seconds above 0"),
        ("--codemode-test-timeout 0", "--codemode-test-timeout: '0' is not a number of seconds above 0"),
        ("--codemode-budget money=1", "--codemode-budget: unknown limit 'money'; use time, usd"),
        ("--codemode-budget time=soon", "--codemode-budget: time='soon' is not an amount; write for example time=10m"),
        (
            "--codemode-sandbox jail",
            "--codemode-sandbox: 'jail' is unknown; use one of auto, namespaces, landlock, none",
        ),
        ("--codemode-confirm all", "--codemode-confirm: 'all' is unknown; use one of suite, affected"),
        ("--codemode-proposer gpt", "--codemode-proposer: 'gpt' is unknown; use auto, search, claude or replay:FILE"),
        ("--codemode-proposer ,", "--codemode-proposer: '' names no proposer; use auto"),
        ("--codemode-proposer replay:none.json", "--codemode-proposer: 'replay:none.json' names no readable file"),
        ("--codemode-proposer replay:", "--codemode-proposer: 'replay:' names no readable file"),
        ("--codemode-editable ../x.py", "--codemode-editable: '../x.py' is not a pattern of paths below rootdir"),
        ("--codemode-editable /x.py", "--codemode-editable: '/x.py' is not a pattern of paths below rootdir"),
        ("--codemode-python /no/python", "--codemode-python: '/no/python' is not an executable"),
        ("--codemode-env A=1", "--codemode-env: 'A=1' is not the name of an environment variable"),
        ("--codemode-limit ram=1g", "--codemode-limit: 'ram=1g' names no limit; use NAME=VALUE with one of test-time"),
        ("--codemode-limit memory", "--codemode-limit: 'memory' has no amount that can be read; write for example"),
        ("--codemode-limit cpu=1,disk=1k", "--codemode-limit: 'disk=1k' is not between 1 MiB and"),
        ("--codemode-mount none", "does not exist; mount a file or folder that does"),
        ("--codemode-report out.pdf", "--codemode-report: 'out.pdf' has no known suffix; end it in .json, .md,"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name_with_a_remedy(options, arguments: str, message: str):
    with pytest.raises(ConfigError) as refusal:
        options(*arguments.split())

    assert message in str(refusal.value)


def test_a_report_that_is_a_folder_is_refused(pytester: pytest.Pytester, options):
    pytester.mkdir("reports.md")

    with pytest.raises(ConfigError, match=r"--codemode-report: 'reports.md' is a folder; name a file"):
        options("--codemode-report", "reports.md")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "pytest.ini",
            "[pytest]\ncodemode_workers = many",
            r"codemode_workers \(pytest.ini\): not a value of type int",
        ),
        ("pyproject.toml", "[tool.pytest]\ncodemode_workers = 0", r"codemode_workers \(pyproject.toml\): 0 is not a"),
        ("pytest.ini", "[pytest]\ncodemode_sandbox = jail", r"codemode_sandbox \(pytest.ini\): 'jail' is unknown"),
        ("pytest.ini", "[pytest]\ncodemode_budget = x=1", r"codemode_budget \(pytest.ini\): unknown limit 'x'"),
        (
            "pytest.ini",
            "[pytest]\ncodemode_network = perhaps",
            r"codemode_network \(pytest.ini\): not a value of type b",
        ),
    ],
)
def test_a_message_names_the_configuration_file(pytester: pytest.Pytester, options, file: str, text: str, message: str):
    pytester.path.joinpath(file).write_text(text)

    with pytest.raises(ConfigError, match=message):
        options()


def test_the_link_of_a_virtual_environment_is_not_followed(pytester: pytest.Pytester, options):
    link = pytester.path / "python"
    link.symlink_to(sys.executable)

    assert options("--codemode-python", "./python").python == str(link)


def test_the_time_limit_can_be_read_alone(pytester: pytest.Pytester):
    assert read_test_timeout(pytester.parseconfig("--codemode-test-timeout", "3", "--codemode-workers", "x")) == 3.0


def test_every_option_is_in_the_help_with_its_ini_value(pytester: pytest.Pytester):
    text = pytester.runpytest("--help").stdout.str()

    flags = [word for word in text.split() if word.startswith("--codemode-")]
    assert len(set(flags)) >= 14
    for flag in ("fix", "diff", "test-timeout"):
        assert f"codemode_{flag.replace('-', '_')}" in text
