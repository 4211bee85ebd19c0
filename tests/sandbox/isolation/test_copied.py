from pathlib import Path

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation.copied import CopiedEnclosure


def test_closing_removes_everything_but_what_links_lead_to(landlock, tree):
    precious = tree.parent / "precious"
    precious.mkdir()
    (precious / "file").touch()
    code = """
import os
os.symlink(sys.argv[1], 'link')
os.symlink(sys.argv[1] + '/file', os.environ['TMPDIR'] + '/link')
os.makedirs('locked/inner')
open('locked/inner/file', 'w')
os.chmod('locked/inner', 0)
os.chmod('locked', 0)
"""
    assert landlock.attempt(code, str(precious)) == "done"
    folder = Path(landlock.enclosure.root).parents[1]
    assert folder.is_dir()
    landlock.enclosure.close()
    assert not folder.exists()
    assert (precious / "file").exists()
    landlock.enclosure.close()


def test_two_enclosures_do_not_see_each_other(landlock):
    first = landlock.enclosure
    assert landlock.attempt("open('mine', 'w')") == "done"
    landlock.opened.append(landlock.isolation.enclose(landlock.project))
    assert landlock.attempt("open('mine')") == "FileNotFoundError"
    assert landlock.attempt("open(sys.argv[1])", f"{first.root}/mine") == "PermissionError"


def test_a_tree_that_is_too_large_leaves_no_folder_behind(project, tree, tmp_path):
    (tree / "big").write_bytes(bytes(9 << 20))
    parent = tmp_path / "temporary"
    parent.mkdir()
    with pytest.raises(SandboxError, match="larger"):
        CopiedEnclosure(project, fenced=True, parent=str(parent))
    assert list(parent.iterdir()) == []


def test_an_environment_inside_the_tree_is_read_where_it_is(landlock, tree):
    site = tree / ".venv" / "lib" / "site-packages"
    site.mkdir(parents=True)
    (tree / ".venv" / "pyvenv.cfg").touch()
    (site / "library.py").touch()
    (tree / "src").mkdir()
    landlock.having(sys_path=(str(site), str(tree / "src")))
    assert landlock.attempt("open(sys.argv[1])", str(site / "library.py")) == "done"
    assert landlock.attempt("import os; os.listdir(sys.argv[1])", str(tree / "src")) == "PermissionError"


def test_without_a_fence_the_tree_is_still_a_copy(place_at, tree):
    place = place_at("none")
    assert place.attempt("open('kept.txt', 'w').write('changed')") == "done"
    assert (tree / "kept.txt").read_text() == "as it was"
    assert place.enclosure.root != str(tree)
    assert Path(place.enclosure.root).name == tree.name
