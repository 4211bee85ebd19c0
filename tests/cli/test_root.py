import os

import pytest

from pytest_codemode.cli.root import find_root
from pytest_codemode.core.errors import ConfigError


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    return tmp_path


def found_from(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return find_root()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", ""),
        ("pytest.toml", ""),
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("pyproject.toml", "[tool.pytest]\n"),
        ("tox.ini", "[pytest]\n"),
        ("setup.cfg", "[tool:pytest]\n"),
    ],
)
def test_the_configuration_of_pytest_marks_the_root(tree, monkeypatch, name, text):
    (tree / name).write_text(text)
    (tree / "sub" / "pyproject.toml").write_text("[project]\n")
    assert found_from(tree / "sub" / "deep", monkeypatch) == tree


def test_a_project_file_marks_the_root_where_pytest_has_no_configuration(tree, monkeypatch):
    (tree / "sub" / "pyproject.toml").write_text("[project]\n")
    assert found_from(tree / "sub" / "deep", monkeypatch) == tree / "sub"


def test_the_folder_where_codemode_worked_comes_before_a_configuration_above_it(tree, monkeypatch):
    (tree / "pytest.ini").write_text("")
    (tree / "sub" / ".codemode").mkdir()
    (tree / "sub" / "deep" / "setup.py").write_text("")
    assert found_from(tree / "sub" / "deep", monkeypatch) == tree / "sub"


def test_a_configuration_comes_before_a_state_folder_above_it(tree, monkeypatch):
    (tree / ".codemode").mkdir()
    (tree / "sub" / "pytest.ini").write_text("")
    assert found_from(tree / "sub" / "deep", monkeypatch) == tree / "sub"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_somebody_else_marks_no_root(tree, monkeypatch):
    (tree / ".codemode").mkdir()
    os.chown(tree / ".codemode", 12345, 12345)
    (tree / "sub" / "setup.py").write_text("")
    assert found_from(tree / "sub" / "deep", monkeypatch) == tree / "sub"


def test_a_state_folder_that_is_a_link_marks_no_root(tree, monkeypatch):
    (tree / "elsewhere").mkdir()
    (tree / ".codemode").symlink_to(tree / "elsewhere")
    (tree / "sub" / "setup.py").write_text("")
    assert found_from(tree / "sub" / "deep", monkeypatch) == tree / "sub"


def test_a_broken_configuration_is_named(tree, monkeypatch):
    (tree / "pyproject.toml").write_text("[tool")
    with pytest.raises(ConfigError, match=r"pyproject\.toml is not TOML"):
        found_from(tree, monkeypatch)


def test_a_given_root_must_be_a_folder(tree):
    assert find_root(tree / "sub") == tree / "sub"
    with pytest.raises(ConfigError, match="missing is no folder"):
        find_root(tree / "missing")
