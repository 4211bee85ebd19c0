"""Which options and files a measured run goes by, read without pytest and without the project."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pytest_codemode.core.exploring import MeasureRequest
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.worker.book import Book
from pytest_codemode.worker.measuring.files import python_files
from pytest_codemode.worker.measuring.options import CoverageOptions, coverage_options
from pytest_codemode.worker.measuring.rounds import measure
from pytest_codemode.worker.plan import Measuring, Plan, Setup
from pytest_codemode.worker.running import Finish


def options(root: Path, *args: str, inifile: str = "", addopts: str = "") -> CoverageOptions:
    env = {"PYTEST_ADDOPTS": addopts} if addopts else {}
    project = Project("/home/me/project", "/home/me/project", sys.executable, args, env=env, inifile=inifile)
    return coverage_options(Setup(project, str(root), str(root / "scratch")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-q --cov=one --cov-config cover.ini"\n'),
        ("pyproject.toml", '[tool.pytest]\naddopts = ["-q", "--cov", "one", "--cov-config=cover.ini"]\n'),
        ("pytest.toml", '[pytest]\naddopts = ["--cov=one", "--cov-config=cover.ini"]\n'),
        ("pytest.ini", "[pytest]\naddopts =\n    --cov=one\n    --cov-config=cover.ini\n"),
        ("tox.ini", "[pytest]\naddopts = --cov=one --cov-config=cover.ini\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = --cov=one --cov-config=cover.ini -k 'a b'\n"),
    ],
)
def test_every_configuration_file_of_pytest_may_say_what_the_source_is(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert options(tmp_path, inifile=str(tmp_path / name)) == CoverageOptions(("one",), "cover.ini")


def test_environment_and_command_line_come_after_the_file(tmp_path: Path) -> None:
    ini = tmp_path / "pytest.ini"
    ini.write_text("[pytest]\naddopts = --cov=one --cov-config=a\n")
    found = options(tmp_path, "--cov=three", "--cov-config=c", inifile=str(ini), addopts="--cov=two --cov-config=b")
    assert found == CoverageOptions(("one", "two", "three"), "c")
    assert options(tmp_path, "-o", "addopts=--cov=other", inifile=str(ini)) == CoverageOptions(("other",), "")
    assert options(tmp_path, "tests", "--cov", inifile=str(ini)) == CoverageOptions((), "a")


def test_paths_into_the_project_lead_to_where_it_lies_here(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    assert options(tmp_path, "--cov=/home/me/project/src", "--cov=/elsewhere") == CoverageOptions(
        (str(tmp_path / "src"), "/elsewhere")
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.pytest"),
        ("pytest.ini", "[pytest\n"),
        ("pytest.ini", "[pytest]\naddopts = --cov-config\n"),
        ("pytest.ini", "[pytest]\naddopts = 'never closed\n"),
        ("tox.ini", "[other]\n"),
        ("gone.ini", None),
    ],
)
def test_what_cannot_be_read_says_nothing(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    assert options(tmp_path, inifile=str(tmp_path / name)) == CoverageOptions()


def test_environments_in_the_tree_are_none_of_the_project(tmp_path: Path) -> None:
    for path in (
        "a/b.py",
        "top.py",
        ".hidden/x.py",
        "venv3/pyvenv.cfg",
        "venv3/lib/x.py",
        "node_modules/x.py",
        "a/c.txt",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert list(python_files(str(tmp_path))) == ["top.py", "a/b.py"]


class Processes:
    """Runs plans as the supervisor would, but of each test only its outcome is given."""

    def __init__(self, *runs: dict[str, Outcome], errors: tuple[Failure, ...] = ()) -> None:
        self.runs = list(runs)
        self.errors = errors
        self.plans: list[Plan] = []

    def __call__(self, plan: Plan, emit, _run_s: float) -> Finish:  # type: ignore[no-untyped-def]
        self.plans.append(plan)
        book = Book(emit, plan, 10.0)
        book.begin()
        crashed = False
        for nodeid, outcome in self.runs.pop(0).items():
            emit(TestResult(nodeid, outcome))
            crashed = crashed or outcome is Outcome.CRASHED
        if crashed:
            book.begin()
        book.errors = self.errors
        book.finished = not self.errors
        book.measured = [f'{{"note": "run {len(self.plans)}"}}']
        return Finish("finished", "", book, "")


def told(processes: Processes, request: MeasureRequest) -> tuple[list[dict[str, object]], object]:
    said: list[dict[str, object]] = []
    return said, measure(request, Limits(), processes, said.append)


def test_where_a_process_died_the_others_are_measured_once_more_without_its_test() -> None:
    first = {"a": Outcome.PASSED, "b": Outcome.CRASHED, "c": Outcome.FAILED, "d": Outcome.MISSING}
    processes = Processes(first, {"a": Outcome.PASSED, "c": Outcome.FAILED})
    said, result = told(processes, MeasureRequest(extra=("x.py",), paths=("m.py",), contexts=True, order_seed=4))
    assert [plan.nodeids for plan in processes.plans] == [None, ("a", "c")]
    assert [plan.extra for plan in processes.plans] == [("x.py",), ()]
    assert {plan.measure for plan in processes.plans} == {Measuring(("m.py",), True)}
    assert {plan.order_seed for plan in processes.plans} == {4}
    assert [one["nodeid"] for one in said if one["say"] == "tested"] == list(first)
    assert [one["part"] for one in said if one["say"] == "part"] == ['{"note": "run 2"}']
    assert result.notes == ("what these tests execute is not counted, as they crashed or ran out of time: b",)  # type: ignore[attr-defined]


def test_extra_files_are_asked_for_beside_named_tests() -> None:
    processes = Processes({"a": Outcome.PASSED})
    told(processes, MeasureRequest(nodeids=("a",), extra=("x.py",)))
    (plan,) = processes.plans
    assert (plan.nodeids, plan.extra, plan.writable) == (("a", "x.py"), ("x.py",), True)


def test_a_session_that_never_came_to_its_tests_is_a_failure_with_its_reason() -> None:
    error = Failure("conftest.py", Phase.COLLECT, "ImportError", "no such module")
    _, result = told(Processes({}, errors=(error,)), MeasureRequest())
    assert (result.status, result.reason) == ("failed", "no such module")  # type: ignore[attr-defined]


def test_a_process_that_is_to_measure_nothing_may_not_say_that_it_did() -> None:
    book = Book(lambda _result: None, Plan(test_s=1.0), 10.0)
    token = book.begin().token
    with pytest.raises(ValueError, match="nothing was to be measured"):
        book.note({"say": "measured", "part": "{}", "token": token, "number": 1})


def test_only_a_process_that_measures_imports_coverage() -> None:
    program = """
        import sys
        import pytest_codemode.worker.supervisor, pytest_codemode.worker.session, pytest_codemode.worker.cold
        import pytest_codemode.worker.measuring.measurement
        assert "coverage" not in sys.modules
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, env=env, timeout=60)
