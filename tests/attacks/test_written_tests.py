"""What would be written into a project: no test that harms its files, and none that a lying run calls good."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.exploring import ExploreRequest, Import, Recipe
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen.proving import UNBELIEVED, WRITES, Proof, functions, prove_apart
from pytest_codemode.testgen.writing.module import TestFile
from tests.sandbox.toys import project_at, write_project

SHOP = {
    "shop/__init__.py": "",
    "shop/files.py": """
        import contextlib
        import os
        import subprocess

        def purge(place):
            return subprocess.call(f"rm -rf {place} 2>/dev/null; true", shell=True)

        def forget(folder, name):
            fd = os.open(folder, os.O_RDONLY)
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=fd)
            os.close(fd)
    """,
    "shop/tidy.py": """
        from shop.files import forget, purge

        def clear(area):
            if area == "cache":
                purge(area)
                return "cleared"
            return "kept"

        def drop(area):
            if area == "old":
                forget(area, "keep.txt")
                return "dropped"
            return "kept"
    """,
    "cache/data.txt": "kept",
    "old/keep.txt": "kept",
}
NEW = TestFile(
    "test_tidy.py",
    None,
    b"""from shop.tidy import clear, drop


def test_clear():
    assert clear("cache") == "cleared"


def test_drop():
    assert drop("old") == "dropped"


def test_nothing():
    assert clear("here") == "kept"
""",
    ("test_clear", "test_drop", "test_nothing"),
    {"test_clear": ("1",), "test_drop": ("2",), "test_nothing": ("3",)},
)
GREEN = b"""
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    return report
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxClient]:
    root = tmp_path_factory.mktemp("shop")
    write_project(root, SHOP)
    with SandboxClient(project_at(root)) as client:
        yield client
    assert Path(root, "cache/data.txt").exists()
    assert Path(root, "old/keep.txt").exists()


def proved(sandbox: SandboxClient, **more: bytes) -> Proof:
    overlay = {NEW.path: NEW.after, **{f"{name}.py": data for name, data in more.items()}}
    return prove_apart([NEW], overlay, sandbox, ("shop/tidy.py",), 1)


@pytest.mark.parametrize("call", ["clear('cache')", "drop('old')"])
def test_a_call_that_would_remove_files_by_way_of_a_helper_is_refused(sandbox: SandboxClient, call: str) -> None:
    name = call.partition("(")[0]
    recipe = Recipe("k", name, call, (Import("shop.tidy", name),))
    [explored] = sandbox.explore([ExploreRequest("shop/tidy.py", recipes=(recipe,))])
    assert [one.outcome for one in explored.observations] == ["refused"]


def test_tests_that_remove_files_of_the_project_are_dropped_and_the_others_stay(sandbox: SandboxClient) -> None:
    proof = proved(sandbox)
    assert proof.dropped == {"test_tidy.py::test_clear": WRITES, "test_tidy.py::test_drop": WRITES}
    assert proof.nodeids == {"test_tidy.py::test_nothing": ("test_tidy.py::test_nothing",)}


def test_a_conftest_that_turns_everything_green_proves_nothing(sandbox: SandboxClient) -> None:
    proof = proved(sandbox, conftest=GREEN)
    assert proof.dropped == dict.fromkeys(functions([NEW]), UNBELIEVED)
    assert proof.nodeids == {}
