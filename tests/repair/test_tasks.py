from collections.abc import Mapping
from pathlib import Path

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Outcome, RunRequest
from pytest_codemode.core.project import Project
from pytest_codemode.core.task import RepairTask
from pytest_codemode.repair.tasks import TaskBuilder
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.sandbox.sources import source_roots
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.sources import SourceTree
from tests.repair.sandbox import ScriptedSandbox, failure, uncollectable

FILES = {
    "src/pkg/__init__.py": "",
    "src/pkg/m.py": "import pkg.n\n\ndef f():\n    return 1\n",
    "src/pkg/n.py": "import pkg.o\n\n@staticmethod\ndef g(): ...\n\n_X = 1\nif _X:\n    Y = 2\n",
    "src/pkg/o.py": "",
    "src/pkg/other.py": "",
    "tests/test_m.py": "from pkg.m import f\n",
    "tests/test_n.py": "import pkg.n\n",
}


def built(
    root: Path, functions: Mapping[str, tuple[str, ...]], *failures: Failure, timed: bool = True, **seconds: float
) -> list[RepairTask]:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    nodeids = tuple(dict.fromkeys(f.nodeid for f in failures if "::" in f.nodeid))
    sandbox = ScriptedSandbox(
        nodeids,
        lambda nodeid, files: Outcome.FAILED,
        functions=functions,
        durations_s={f"tests/test_m.py::{name}": value for name, value in seconds.items()},
    )
    tests = TestMap()
    tests.add(sandbox.run_tests(RunRequest(record="functions")))
    project = Project(str(root), str(root), "/usr/bin/python3", sys_path=(str(root / "src"),))
    builder = TaskBuilder(project, sandbox, SourceTree(root), EditableSet(root, (), frozenset()), timed=timed)
    return builder.tasks(failures, tests)


def test_a_task_holds_what_its_tests_execute_and_what_that_imports(tmp_path: Path) -> None:
    functions = {"tests/test_m.py::a": ("src/pkg/m.py::f", "tests/test_m.py::a", "src/pkg/gone.py::g")}
    (task,) = built(tmp_path, functions, failure("tests/test_m.py::a", "x", ("tests/test_m.py", 1)))
    assert task.sources.keys() == {"src/pkg/__init__.py", "src/pkg/m.py", "src/pkg/n.py"}
    assert task.test_sources == {"tests/test_m.py": FILES["tests/test_m.py"].encode()}
    assert task.functions == ("src/pkg/m.py::f",)
    assert task.key == "t1"


def test_the_quickest_failing_test_of_a_task_comes_first(tmp_path: Path) -> None:
    a, b = (failure(f"tests/test_m.py::{name}", "x", ("src/pkg/m.py", 4)) for name in "ab")
    (task,) = built(tmp_path, {}, a, b, a=3.0, b=0.5)
    assert task.nodeids == ("tests/test_m.py::b", "tests/test_m.py::a")
    assert task.durations_s == {"tests/test_m.py::a": 3.0, "tests/test_m.py::b": 0.5}


def test_each_cause_is_a_task_of_its_own(tmp_path: Path) -> None:
    a, b = (failure(f"tests/test_m.py::{name}", "x", ("src/pkg/m.py", line)) for name, line in (("a", 3), ("b", 4)))
    assert [(t.key, t.nodeids) for t in built(tmp_path, {}, a, b)] == [
        ("t1", ("tests/test_m.py::a",)),
        ("t2", ("tests/test_m.py::b",)),
    ]


def test_a_file_that_cannot_be_collected_is_followed_through_all_its_imports(tmp_path: Path) -> None:
    (task,) = built(tmp_path, {}, uncollectable("tests/test_m.py"))
    assert task.sources.keys() == {f"src/pkg/{name}.py" for name in ("__init__", "m", "n", "o", "other")}


def test_without_a_trace_the_module_level_of_imported_files_is_suspect_but_no_blank_line(tmp_path: Path) -> None:
    (task,) = built(tmp_path, {}, uncollectable("tests/test_n.py"))
    lines = FILES["src/pkg/n.py"].splitlines()
    suspected = [lines[s.line - 1] for s in task.suspects if s.path == "src/pkg/n.py"]
    assert suspected == ["import pkg.o", "@staticmethod", "def g(): ...", "_X = 1", "if _X:"]


def test_source_roots_are_the_folders_of_the_tree_on_the_path_and_no_installed_ones() -> None:
    project = Project(
        "/p",
        "/p",
        "/p/.venv/bin/python",
        sys_path=("/p", "/p/lib", "/elsewhere", "/p/.venv/lib/python3.11/site-packages", "/pp"),
    )
    assert source_roots(project) == ("", "lib", "src")


def test_without_a_limit_in_time_tests_come_in_collected_order(tmp_path: Path) -> None:
    failures = [failure(f"tests/test_m.py::{name}", "x") for name in ("a[1]", "a[2]", "a[3]")]
    functions = {one.nodeid: ("src/pkg/m.py::f",) for one in failures}
    seconds = {"a[1]": 1.5, "a[2]": 0.02, "a[3]": 0.09}
    for timed, order in ((True, ["2", "3", "1"]), (False, ["1", "2", "3"])):
        (task,) = built(tmp_path, functions, *failures, failure("tests/test_m.py::a[2]", "y"), timed=timed, **seconds)
        assert [nodeid[-2] for nodeid in task.nodeids] == order
