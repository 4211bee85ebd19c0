import os
from dataclasses import replace

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation.choose import choose
from pytest_codemode.sandbox.isolation.ownership import stranger

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NOBODY = 65534


@pytest.fixture
def tree(tmp_path):
    for path in ("pkg/mod.py", "data/table.csv", ".venv/lib/installed.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return tmp_path


def test_a_tree_of_ones_own_has_no_stranger(tree):
    assert stranger(str(tree)) == ""


@as_root
@pytest.mark.parametrize(("uid", "gid"), [(NOBODY, -1), (-1, NOBODY)])
@pytest.mark.parametrize("path", [".", "pkg", "pkg/mod.py"])
def test_a_source_of_another_user_or_group_is_named(tree, path, uid, gid):
    os.chown(tree / path, uid, gid)
    assert stranger(str(tree)) == str(tree / path)


@as_root
@pytest.mark.parametrize("path", ["data", "data/table.csv", ".venv", ".venv/lib/installed.py"])
def test_data_and_environments_may_belong_to_anybody(tree, path):
    os.chown(tree / path, NOBODY, NOBODY)
    assert stranger(str(tree)) == ""


@as_root
def test_a_tree_of_another_user_is_copied_instead_and_the_reason_and_the_remedy_are_told(tree, project, namespaces):
    os.chown(tree / "pkg/mod.py", NOBODY, NOBODY)
    strange = replace(project, rootdir=str(tree), level="auto")
    isolation = choose(strange)
    assert isolation.level == "landlock"
    assert f"{tree}/pkg/mod.py belongs to another user or group" in isolation.notes[0]
    assert f"chown -R {os.geteuid()}:{os.getegid()} {tree}" in isolation.notes[0]
    with pytest.raises(SandboxError, match=r"--codemode-sandbox=namespaces: .*belongs to another user"):
        choose(replace(strange, level="namespaces"))
