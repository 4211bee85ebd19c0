from pytest_codemode.edits.policy import undefined_names


def test_a_name_that_nothing_defines_is_refused_with_its_line():
    (found,) = undefined_names("a.py", b"def f(x):\n    return x\n", b"def f(x):\n    return y + y\n")
    assert (found.rule, found.severity, found.line) == ("undefined-name", "refused", 2)
    assert "`y`" in found.sentence


def test_a_name_that_was_undefined_before_is_no_finding():
    assert undefined_names("a.py", b"_('a')\n", b"_('a')\n_('b')\n") == ()


def test_a_new_file_is_checked_as_a_whole():
    assert [item.line for item in undefined_names("a.py", b"", b"import os\nx = 1\nprint(os, x, z)\n")] == [3]


def test_builtins_and_star_imports_are_defined():
    assert undefined_names("a.py", b"", b"from os import *\nprint(getcwd(), __file__)\n") == ()


def test_a_noqa_comment_hides_nothing():
    assert undefined_names("a.py", b"", b"print(z)  # noqa\n") != ()


def test_other_files_are_not_python():
    assert undefined_names("a.txt", b"", b"print(z)\n") == ()
