"""What tests did to the tree, told by the process that watches them; and the test that must fail, where a run lies."""

import os
from pathlib import Path

from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.worker.touched import MOST_TOLD, stamps, touched
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

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
    "cache/data.txt": "kept",
    "old/keep.txt": "kept",
    "test_new.py": """
        from shop.files import forget, purge

        def test_purge():
            assert purge("cache") == 0

        def test_forget():
            assert forget("old", "keep.txt") is None

        def test_scratch(tmp_path):
            (tmp_path / "here").write_text("x")
            assert purge(tmp_path) == 0

        def test_nothing():
            assert True
    """,
}


def measure(box: Sandboxed, **fields: object) -> MeasureResult:
    return box.portal.call(box.service.measure, MeasureRequest(**fields))  # type: ignore[arg-type]


def test_the_watching_process_tells_which_files_of_the_tree_a_test_has_removed(tmp_path: Path) -> None:
    write_project(tmp_path, SHOP)
    with sandboxed(project_at(tmp_path)) as box:
        told = {
            name: measure(box, nodeids=(f"test_new.py::{name}",)).touched
            for name in ("test_purge", "test_forget", "test_scratch", "test_nothing")
        }
    assert told == {
        "test_purge": ("cache", "cache/data.txt"),
        "test_forget": ("old/keep.txt",),
        "test_scratch": (),
        "test_nothing": (),
    }
    assert (tmp_path / "cache/data.txt").exists()
    assert (tmp_path / "old/keep.txt").exists()


def test_a_conftest_that_turns_everything_green_does_not_let_the_canary_fail(tmp_path: Path) -> None:
    write_project(tmp_path, SHOP)
    with sandboxed(project_at(tmp_path)) as box:
        one = {"nodeids": ("test_new.py::test_nothing",), "canary": "test_canary"}
        assert measure(box, **one).canary_failed is True
        assert measure(box, nodeids=one["nodeids"]).canary_failed is None
        green = b"""
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    return report
"""
        lied = measure(box, **one, files={"conftest.py": green})
    assert lied.outcomes == {"test_new.py::test_nothing": "passed"}
    assert lied.canary_failed is False


def test_what_came_went_changed_or_gave_way_to_another_kind_is_told(tmp_path: Path) -> None:
    for name in ("same", "gone", "longer", "touched", "mode", "kind"):
        (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to("same")
    before = stamps(str(tmp_path))
    assert touched(before, str(tmp_path)) == ()
    (tmp_path / "gone").unlink()
    (tmp_path / "longer").write_text("xy")
    os.utime(tmp_path / "touched", ns=(1, 1))
    (tmp_path / "mode").chmod(0o600)
    (tmp_path / "kind").unlink()
    os.mkfifo(tmp_path / "kind")
    (tmp_path / "new/inner").mkdir(parents=True)
    assert touched(before, str(tmp_path)) == ("gone", "kind", "longer", "mode", "new", "new/inner", "touched")


def test_caches_do_not_count_and_what_is_told_is_bounded(tmp_path: Path) -> None:
    before = stamps(str(tmp_path))
    for name in ("pkg/__pycache__/a.pyc", ".pytest_cache/v", ".coverage.host.1", ".coverage"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "pkg").rename(tmp_path / "moved")
    assert touched(before, str(tmp_path)) == ("moved",)
    for number in range(100):
        (tmp_path / f"n{number}").write_text("x")
    (tmp_path / ".coveragerc").write_text("x")
    assert len(touched(before, str(tmp_path))) == MOST_TOLD
    assert touched(before, str(tmp_path))[0] == ".coveragerc"
