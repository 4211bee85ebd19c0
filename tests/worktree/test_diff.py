import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_codemode.worktree.diff import unified_diff

LINES = st.lists(
    st.sampled_from([b"", b"a", b"b", b"\tc", b"\xff\xfe", b"d\r", b"- x", b"+++ y", b"\x0cform", b"a\x00z"])
)
CONTENT = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))
TEXT = CONTENT.filter(lambda data: b"\0" not in data)  # patch(1) takes a NUL for the end of a line


def git_apply(root, diff):
    # Without a ceiling git would find a repository above and skip what lies outside of it.
    env = {"GIT_CEILING_DIRECTORIES": str(root.parent), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(command, cwd=root, input=diff, env=env, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def patch_p1(root, diff):
    command = ["patch", "-p1", "--batch", "--fuzz=0"]
    done = subprocess.run(command, cwd=root, input=diff, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout


def applied(apply, root: Path, path, old, new):
    target = root / path
    if old is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(old)
    apply(root, unified_diff(path, old, new))
    return target.read_bytes() if target.exists() else None


@pytest.mark.parametrize("apply", [git_apply, patch_p1])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\r\nb\r\n", b"a\r\nB\r\n"),
        (b"a\nb", b"a\nB"),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n", b"a\nb"),
        (b"caf\xe9\n", b"caf\xe9s\n"),
        (b"x\ry\n", b"x\rz\n"),
        (b"a\n" * 400, b"a\n" * 200 + b"b\n" + b"a\n" * 200),
        (None, b"new\n"),
        (None, b"new without newline"),
        (b"old\n", None),
        (b"", b"first\n"),
        (b"only\n", b""),
    ],
)
def test_git_and_patch_make_the_new_bytes_of_the_old(tmp_path, apply, old, new):
    result = applied(apply, tmp_path, "pkg/mod.py", old, new)
    if new == b"" and apply is patch_p1:
        assert result in (b"", None)  # patch(1) removes a file that becomes empty
    else:
        assert result == new


@pytest.mark.parametrize("path", ["with blank.py", "dir with blank/a.py", "grün.py", 'quo"te.py', "back\\slash.py"])
def test_git_finds_a_file_whatever_its_name(tmp_path, path):
    assert applied(git_apply, tmp_path, path, b"a\n", b"b\n") == b"b\n"


def test_patch_finds_a_file_with_a_blank_in_its_name(tmp_path):
    assert applied(patch_p1, tmp_path, "with blank.py", b"a\n", b"b\n") == b"b\n"


def test_a_new_empty_file_is_made_by_git(tmp_path):
    assert applied(git_apply, tmp_path, "pkg/__init__.py", None, b"") == b""


def test_only_the_lines_that_changed_stand_in_the_diff():
    old = b"".join(b"line %d\n" % number for number in range(1000))
    diff = unified_diff("a.py", old, old.replace(b"line 500\n", b"line five hundred\n"))
    assert diff.decode() == (
        "--- a/a.py\n+++ b/a.py\n@@ -498,7 +498,7 @@\n"
        " line 497\n line 498\n line 499\n-line 500\n+line five hundred\n line 501\n line 502\n line 503\n"
    )


def test_equal_files_have_no_diff():
    assert unified_diff("a.py", b"a", b"a") == b""


@given(old=TEXT, new=TEXT)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_two_files_are_told_apart_exactly(tmp_path_factory, old, new):
    for apply in (git_apply, patch_p1):
        if old == new or (apply is patch_p1 and b"" in (old, new)):
            continue
        root = tmp_path_factory.mktemp("diff")
        assert applied(apply, root, "a.py", old, new) == new


@pytest.mark.slow
@given(old=CONTENT, new=CONTENT)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_two_files_are_told_apart_exactly_by_git(tmp_path_factory, old, new):
    if old != new:
        assert applied(git_apply, tmp_path_factory.mktemp("diff"), "a.py", old, new) == new


def test_below_the_root_of_a_repository_git_still_applies_it(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_bytes(b"a\n")
    diff = unified_diff("a.py", b"a\n", b"b\n") + unified_diff("new.py", None, b"new\n")
    subprocess.run(["git", "apply", "-"], input=diff, cwd=project, check=True)
    assert (project / "a.py").read_bytes() == b"b\n"
    assert (project / "new.py").read_bytes() == b"new\n"
