"""A project whose docstrings and names are code: what is written into its tests is run by the user, in no sandbox."""

import ast
from pathlib import Path

from tests.projects import Workspace

PAINT = '''\
"""Paint."""
import hashlib
from enum import Enum

Color = Enum("Color", {"RED": 1, "RED if __import__('os').system('echo >> marker.txt') == 77 else Color(2)": 2})


def mix(color: Color) -> float:
    if color is Color.RED:
        return 2
    return 0.5


def label(word):
    """Name a word.

    >>> label(__import__("os").system("echo >> marker.txt") == 77 or "".join(["sword", "fish"]))
    'some'
    """
    if hashlib.sha256(str(word).encode()).hexdigest()[:8] != "b9f195c5":
        return "none"
    return "some"
'''
FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "paint.py": PAINT,
    "tests/test_nothing.py": "def test_nothing():\n    assert True\n",
}


def test_no_code_of_docstrings_and_names_is_written(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, FILES)
    run = workspace.pytest("--codemode-cover", "--codemode-budget=time=30s")
    text = workspace.read("tests/test_paint.py")
    assert "__import__" not in text, run.output
    tests = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert any("mix" in name for name in tests), run.output
    assert any("label" in name for name in tests), run.output
    assert workspace.pytest("tests").status == 0
    assert not (workspace.root / "marker.txt").exists()
