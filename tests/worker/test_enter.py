import dataclasses
from pathlib import Path

from pytest_codemode.worker.enter import moved
from pytest_codemode.worker.plan import Setup
from tests.sandbox.toys import project_at


def test_what_a_copy_of_the_tree_leaves_out_stays_where_it_is(tmp_path: Path) -> None:
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    for folder in (tree / "src", tree / ".venv" / "lib", copy / "src"):
        folder.mkdir(parents=True)
    project = dataclasses.replace(project_at(tree), rootdir=str(tree))
    setup = Setup(project=project, root=str(copy), scratch=str(tmp_path), deny_unix=False, private_shm=False)

    assert moved(setup, str(tree / "src")) == str(copy / "src")
    assert moved(setup, str(tree / ".venv" / "lib")) == str(tree / ".venv" / "lib")
    assert moved(setup, str(tmp_path / "treetop")) == str(tmp_path / "treetop")
