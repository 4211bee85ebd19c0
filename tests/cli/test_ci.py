"""`codemode ci` as a job calls it; what a runner makes of it is in tests/ci."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_codemode.cli.ci.arguments import read
from pytest_codemode.cli.ci.change import Change, exposed, of_environment, privileged
from pytest_codemode.cli.ci.delivery import Conclusion, deliver
from pytest_codemode.cli.ci.git import Git
from pytest_codemode.cli.ci.globs import matches
from pytest_codemode.cli.ci.output import Output, safe_place
from pytest_codemode.cli.ci.runner import Runner
from pytest_codemode.cli.main import main
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.report import RunReport
from pytest_codemode.report.files import SUFFIXES
from pytest_codemode.report.joblog import JobLog
from tests.ci.runner import environment_file
from tests.example.bugs import BUGS, seeded_tree
from tests.example.verdict import judge, plain_environment
from tests.sandbox.toys import write_project

CONFIGURATION = '[tool.pytest.ini_options]\npythonpath = ["."]\n'
GREEN = {"pyproject.toml": CONFIGURATION, "test_green.py": "def test_green():\n    assert True\n"}
CONTRADICTION = {
    "pyproject.toml": CONFIGURATION,
    "half.py": "def half(n):\n    return n // 2\n",
    "test_half.py": """
        import pytest
        from half import half

        @pytest.mark.parametrize("n, expected", [(4, 2), (4, 3)])
        def test_half(n, expected):
            assert half(n) == expected
    """,
}


def ci(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GITLAB_", "CI_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest_codemode.cli.main", "ci", *words],
        cwd=project, env={**kept, **variables}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
SKIPPED = {".codemode", ".pytest_cache", "__pycache__", ".git"}


def tree(project: Path) -> dict[str, bytes]:
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and not SKIPPED & set(path.relative_to(project).parts)
    }


@pytest.mark.smoke
def test_a_green_project_ends_with_0_and_says_what_ran(tmp_path: Path) -> None:
    write_project(tmp_path, GREEN)
    before = tree(tmp_path)
    done = ci(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 failing of 1 tests in the sandbox (" in done.stdout
    assert "codemode: passed: no test fails: 1 test ran in the sandbox\n" in done.stdout
    assert "::" not in done.stdout
    folder = tmp_path / ".codemode" / "ci"
    assert {path.name for path in folder.iterdir()} == {
        *("summary.md", "junit.xml", "state", "gl-code-quality.json"),
        *("report.json", "report.md", "report.html", "report.sarif"),
    }
    assert tree(tmp_path) == before


def test_every_format_there_is_can_be_written() -> None:
    assert {".json", ".md", ".html", ".sarif", ".codequality.json"} <= set(SUFFIXES)


def test_what_cannot_be_fixed_ends_with_1_and_why_or_with_0_on_request(tmp_path: Path) -> None:
    write_project(tmp_path, CONTRADICTION)
    before = tree(tmp_path)
    report = tmp_path.parent / f"{tmp_path.name}.json"
    done = ci(tmp_path, "--budget=time=60s,candidates=300", f"--report={report}", "--exit-zero")
    assert done.returncode == 0, done.stdout
    assert "codemode: 1 failing, no patch; nothing was written to the tree\n" in done.stdout
    assert tree(tmp_path) == before
    (task,) = json.loads(report.read_text())["tasks"]
    assert not task["fixed"]
    assert task["why_not"] in " ".join(done.stdout.split())
    assert not (tmp_path / ".codemode" / "ci" / "patch.diff").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-k", "nothing"], "no tests were collected"),
        (["--no-such-option-of-pytest"], "the tests cannot be run in the sandbox"),
        (["--python=/nowhere"], "--python /nowhere: there is no such program"),
        (["--rootdir", "nowhere"], "--rootdir nowhere is no folder"),
        (["--only=*.py"], "--only: nobody tells what the change is compared with"),
        (["--since=HEAD"], "what has changed since HEAD cannot be told"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_2(tmp_path: Path, words: list[str], sentence: str) -> None:
    write_project(tmp_path, GREEN)
    done = ci(tmp_path, *words, "--exit-zero")
    assert done.returncode == 2
    assert f"codemode: error: {sentence}" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--budget=time=x"], "--budget: time='x' is not an amount"),
        (["--time-limit=0"], "--time-limit: '0' is no length of time"),
        (["--time-limit=soon"], "--time-limit: 'soon' is no length of time"),
        (["--since=--output=x"], "--since: '--output=x' is no revision"),
        (["--sandbox=maybe"], "--sandbox: 'maybe' is unknown"),
        (["--report=x.docx"], "has no known suffix"),
        (["--only=../x"], "is not a pattern of paths below rootdir"),
        (["--proposer=guess"], "--proposer: 'guess' is unknown"),
        (["--limit=memory=much"], "--limit: 'memory=much'"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_option(words: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        read(words)


def test_everything_it_does_not_know_is_pytest_s_in_its_order() -> None:
    wanted = read(["-k", "a and b", "--budget", "time=1m", "tests/test_x.py::test_y", "--maxfail=2", "--", "--model=x"])
    assert wanted.pytest_args == ("-k", "a and b", "tests/test_x.py::test_y", "--maxfail=2", "--model=x")
    assert wanted.options.diff_only
    assert wanted.options.model.name == ""
    assert wanted.options.budget == "time=1m"


@pytest.mark.parametrize(("words", "status"), [([], "130 interrupted"), (["publish"], "1 patch or branch is refused")])
def test_help_tells_what_it_does_and_how_it_ends(
    words: list[str], status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ci", *words, "--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0" in told
    assert status in told


def test_settings_of_the_project_do_not_count(tmp_path: Path) -> None:
    settings = (
        'codemode_budget = "time=1s,candidates=0"\ncodemode_proposer = ["claude"]\ncodemode_report = ["own.md"]\n'
    )
    write_project(tmp_path, {**CONTRADICTION, "pyproject.toml": CONFIGURATION + settings})
    done = ci(tmp_path, "--budget=time=60s,candidates=50")
    assert done.returncode == 1
    assert "patches by search\n" in done.stdout
    assert ", 50 candidates" in done.stdout
    assert not (tmp_path / "own.md").exists()


def test_tests_see_nothing_that_leads_to_the_runner(tmp_path: Path) -> None:
    names = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY", "INPUT_TOKEN_X", "ACTIONS_RUNTIME_URL", "API_TOKEN"]
    check = f"import os\n\ndef test_env():\n    assert [n for n in {names} if n in os.environ] == []\n"
    let_in = "\ndef test_let_in():\n    assert (os.environ['DB_PASSWORD'], os.environ['GITHUB_SHA']) == ('x', 'abc')\n"
    write_project(tmp_path, {"pyproject.toml": CONFIGURATION, "test_env.py": check + let_in})
    files = {name: str(tmp_path / f"{name}.file") for name in names[:3]}
    done = ci(
        tmp_path, "--env=DB_PASSWORD", DB_PASSWORD="x", GITHUB_SHA="abc", **dict.fromkeys(names[3:], "x"), **files
    )
    assert done.returncode == 0, done.stdout


def test_a_run_that_takes_too_long_ends_at_the_time_limit(tmp_path: Path) -> None:
    write_project(tmp_path, {**GREEN, "test_slow.py": "import time\n\ndef test_slow():\n    time.sleep(50)\n"})
    done = ci(tmp_path, "--time-limit=3s")
    assert done.returncode == 2
    assert "the tests did not come to their end (killed: time limit of the run (3 s))" in " ".join(done.stdout.split())


def test_the_repair_gets_what_is_left_of_the_time_limit(tmp_path: Path) -> None:
    write_project(tmp_path, CONTRADICTION)
    done = ci(tmp_path, "--budget=time=10m,candidates=none", "--time-limit=20s")
    assert done.returncode == 1
    used = json.loads((tmp_path / ".codemode" / "ci" / "report.json").read_text())["cost"]["time_s"]
    assert used < 40


class TestOutput:
    @pytest.fixture
    def elsewhere(self, tmp_path: Path) -> Path:
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        (folder / "kept").write_text("kept")
        return folder

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        write_project(tmp_path / "project", GREEN)
        return tmp_path / "project"

    def test_a_link_that_came_with_the_checkout_is_not_followed(self, project: Path, elsewhere: Path) -> None:
        folder = project / ".codemode" / "ci"
        folder.mkdir(parents=True)
        for name in ("report.json", "summary.md", "patch.diff"):
            (folder / name).symlink_to(elsewhere / "kept")
        done = ci(project)
        assert done.returncode == 0, done.stdout
        assert (elsewhere / "kept").read_text() == "kept"
        assert not (folder / "report.json").is_symlink()
        assert json.loads((folder / "report.json").read_text())["green"]
        assert not os.path.lexists(folder / "patch.diff")

    @pytest.mark.parametrize("words", [["--output=out"], ["--output=out/deeper"], ["--report=out/report.json"]])
    def test_a_place_behind_a_link_of_the_checkout_is_refused(
        self, project: Path, elsewhere: Path, words: list[str]
    ) -> None:
        (project / "out").symlink_to(elsewhere)
        done = ci(project, *words)
        assert done.returncode == 2, done.stdout
        assert "is a symbolic link, which may have come with the change" in " ".join(done.stdout.split())
        assert [path.name for path in elsewhere.iterdir()] == ["kept"]

    def test_a_link_in_the_place_of_the_state_is_refused(self, project: Path, elsewhere: Path) -> None:
        (project / ".codemode").symlink_to(elsewhere)
        done = ci(project)
        assert done.returncode == 2
        assert "is a symbolic link" in " ".join(done.stdout.split())
        assert [path.name for path in elsewhere.iterdir()] == ["kept"]

    def test_what_an_earlier_run_left_goes_and_all_else_stays(self, project: Path, elsewhere: Path) -> None:
        (elsewhere / "patch.diff").write_text("old")
        done = ci(project, f"--output={elsewhere}")
        assert done.returncode == 0, done.stdout
        assert not (elsewhere / "patch.diff").exists()
        assert (elsewhere / "kept").read_text() == "kept"
        assert (elsewhere / "report.json").exists()

    @pytest.mark.parametrize("told", [False, True], ids=["git", "the runner"])
    @pytest.mark.parametrize("option", ["--output=../reports/out", "--report=../reports/report.json"])
    def test_so_is_one_beside_the_project_in_the_same_checkout(
        self, project: Path, elsewhere: Path, option: str, told: bool
    ) -> None:
        (project.parent / "reports").symlink_to(elsewhere)
        if not told:
            (project.parent / ".git").mkdir()
        done = ci(project, option, **({"GITHUB_WORKSPACE": str(project.parent)} if told else {}))
        assert done.returncode == 2, done.stdout
        assert "is a symbolic link, which may have come with the change" in " ".join(done.stdout.split())
        assert [path.name for path in elsewhere.iterdir()] == ["kept"]

    def test_a_link_from_outside_is_followed_until_it_comes_to_the_checkout(self, tmp_path: Path) -> None:
        checkout = tmp_path / "checkout"
        (checkout / "in").mkdir(parents=True)
        (checkout / "link").symlink_to(tmp_path)
        (tmp_path / "alias").symlink_to(checkout)
        assert safe_place(checkout, tmp_path / "alias" / "in" / "x.md") == tmp_path / "alias" / "in" / "x.md"
        with pytest.raises(ConfigError, match="is a symbolic link"):
            safe_place(checkout, tmp_path / "alias" / "link" / "x.md")


class TestNobodyIsToldWhatDoesNotHold:
    def test_options_that_cannot_be_used_set_the_state_too(self, tmp_path: Path) -> None:
        write_project(tmp_path, GREEN)
        for word, said in (("--budget=foo", "--budget: "), ("--rootdir", "an option cannot be read")):
            files = {name: str(tmp_path / f"{name}-{word}") for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
            done = ci(tmp_path, word, GITHUB_ACTIONS="true", **files)
            assert done.returncode == 2
            assert environment_file(Path(files["GITHUB_OUTPUT"]))["state"] == "error"
            assert said.partition(" ")[0] in Path(files["GITHUB_STEP_SUMMARY"]).read_text()
            assert f"codemode: error: {said}" in done.stdout
            assert "::error title=codemode::" in done.stdout

    def test_a_report_that_cannot_be_written_is_an_error_and_named_by_its_option(self, tmp_path: Path) -> None:
        write_project(tmp_path, GREEN)
        done = ci(tmp_path, "--report=/proc/x/report.md", "--exit-zero", GITHUB_OUTPUT=str(tmp_path / "output"))
        assert done.returncode == 2, done.stdout
        assert "error: --report: /proc/x/report.md cannot be written" in " ".join(done.stdout.split())
        assert environment_file(tmp_path / "output")["state"] == "error"
        assert (tmp_path / ".codemode" / "ci" / "state").read_text() == "error\n"

    def test_nothing_is_proposed_where_the_patch_could_not_be_left(self, tmp_path: Path) -> None:
        output = Output(tmp_path, tmp_path, tmp_path / "out")
        output.folder.rmdir()
        report = RunReport("r", "done", green=False, diff=DIFF, diff_path="d")
        log = io.StringIO()
        runner = Runner({"GITHUB_OUTPUT": str(tmp_path / "output")}, JobLog(log, width=1000))
        assert deliver(Conclusion("proposed", report, tmp_path), output, (), runner) == "error"
        outputs = environment_file(tmp_path / "output")
        assert (outputs["state"], outputs["patch-file"], outputs["report"]) == ("error", "", "")
        assert f"error: --output: {tmp_path / 'out'} cannot be written" in log.getvalue()


@pytest.mark.parametrize(
    ("name", "value", "warned"),
    [
        ("http.extraheader", "AUTHORIZATION: basic x", True),
        ("remote.origin.url", "https://gitlab-ci-token:tok@gitlab.example/a.git", True),
        ("remote.origin.pushurl", f"https://{'t' * 40}@github.com/a/b.git", True),
        ("url.https://x:tok@host.example/.insteadOf", "https://host.example/", True),
        ("url.https://x:tok@host.example/.pushInsteadOf", "https://host.example/", True),
        ("credential.helper", "!echo password=x", True),
        ("credential.https://host.example.helper", "store --file=.creds", True),
        ("credential.helper", "", False),
        ("remote.origin.url", "ssh://git@github.com/a/b.git", False),
        ("remote.origin.url", "git@github.com:a/b.git", False),
        ("remote.origin.url", "https://team@host.example/a/b.git", False),
        ("url.git@host.example:.insteadOf", "https://host.example/", False),
    ],
)
def test_a_credential_is_known_wherever_git_keeps_one(tmp_path: Path, name: str, value: str, warned: bool) -> None:
    for words in (["init", "-q"], ["config", name, value]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, timeout=60)
    assert bool(exposed(Git(tmp_path))) is warned


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run"])
def test_an_event_with_the_rights_of_the_repository_is_warned_of(tmp_path: Path, event: str) -> None:
    assert privileged({"GITHUB_EVENT_NAME": "pull_request"}) == ""
    write_project(tmp_path, GREEN)
    done = ci(tmp_path, GITHUB_EVENT_NAME=event)
    assert f"warning: {event} runs with the secrets and the token of the default branch" in " ".join(
        done.stdout.split()
    )


def test_a_credential_in_the_checkout_is_warned_of(tmp_path: Path) -> None:
    write_project(tmp_path, GREEN)
    for words in (["init", "-q"], ["config", "http.https://github.com/.extraheader", "AUTHORIZATION: basic c2VjcmV0"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, timeout=60)
    done = ci(tmp_path)
    assert done.returncode == 0
    told = "git's configuration in the checkout holds a credential, which the tests can read"
    assert told in " ".join(done.stdout.split())
    assert "c2VjcmV0" not in done.stdout
    assert told in json.loads((tmp_path / ".codemode" / "ci" / "report.json").read_text())["notices"][0]


@pytest.mark.parametrize(
    ("path", "globs", "holds"),
    [
        ("src/a/b.py", ("src/*.py",), True),
        ("src/a/b.py", ("src",), True),
        ("src/a/b.py", ("src/",), True),
        ("srcs/b.py", ("src",), False),
        ("docs/x.md", ("*.py", "*.md"), True),
        ("SRC/a.py", ("src",), False),
        ("a.py", (), False),
    ],
)
def test_a_glob_stands_for_files_and_a_folder_for_all_in_it(path: str, globs: tuple[str, ...], holds: bool) -> None:
    assert matches(path, globs) is holds


ZEROS = "0" * 40


@pytest.mark.parametrize(
    ("event", "variables", "change"),
    [
        (
            {"pull_request": {"head": {"ref": "a"}, "base": {"sha": "b"}, "labels": [{"name": "x"}, {"name": 1}, 7]}},
            {},
            Change("a", "b", ("x",)),
        ),
        ({"before": "c"}, {"GITHUB_REF_NAME": "main"}, Change("main", "c")),
        ({"before": ZEROS}, {"GITHUB_REF_NAME": "new"}, Change("new", "")),
        ({"pull_request": {"head": 1, "base": None, "labels": {}}}, {"GITHUB_HEAD_REF": "h"}, Change("h")),
        ([], {}, Change()),
    ],
)
def test_a_github_event_is_read_whatever_it_holds(
    tmp_path: Path, event: object, variables: Mapping[str, str], change: Change
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    assert of_environment({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(file), **variables}) == change


def test_an_event_that_cannot_be_read_is_an_error_and_no_run(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{")
    with pytest.raises(ConfigError, match="GITHUB_EVENT_PATH"):
        of_environment({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")})


def test_gitlab_tells_by_variables() -> None:
    request = {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "a",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "b",
        "CI_MERGE_REQUEST_LABELS": "x,y z",
    }
    assert of_environment(request) == Change("a", "b", ("x", "y z"))
    assert of_environment({"GITLAB_CI": "true", "CI_COMMIT_REF_NAME": "m", "CI_COMMIT_BEFORE_SHA": ZEROS}) == Change(
        "m"
    )


@pytest.mark.slow
def test_on_the_example_it_proposes_what_the_main_job_writes(tmp_path: Path) -> None:
    project, written = seeded_tree(tmp_path / "tree"), seeded_tree(tmp_path / "written")
    before = tree(project)
    done = ci(project, "--budget=time=15m,candidates=none")
    assert done.returncode == 1, done.stdout
    assert tree(project) == before
    patch = project / ".codemode" / "ci" / "patch.diff"
    subprocess.run(["git", "apply", str(patch)], cwd=project, check=True, timeout=60)
    verdict = judge(project)
    assert verdict.problems == ()
    assert set(verdict.fixed) == {bug.id for bug in BUGS if bug.by_search}
    main_job = [sys.executable, "-m", "pytest", "-p", "no:randomly", "--codemode-fix"]
    budget = "--codemode-budget=time=15m,candidates=none"
    subprocess.run([*main_job, budget], cwd=written, env=plain_environment(), check=False, timeout=1200)
    assert tree(project) == tree(written)
