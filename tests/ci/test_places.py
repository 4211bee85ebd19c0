"""Where a published patch may change and make files."""

import pytest

from pytest_codemode.cli.ci.places import Tree, unusual
from pytest_codemode.worktree.diff import unified_diff
from tests.ci.conftest import CLAMP, Repository
from tests.ci.test_publish import publish

BASE = frozenset(
    (
        "conftest.py",
        "docs/conf.py",
        "docs/ext/conf.py",
        "hatch_build.py",
        "tasks.py",
        "build.py",
        "ci/propose.py",
        "tool",
        "helper.py",
        "src/pkg/__init__.py",
        "src/pkg/x.py",
        "src/pkg/café.py",
        "src/pkg/aux.py",
        "src/pkg/conf.py",
        "src/pkg/tasks.py",
        "src/pkg/ci/run.py",
        "src/pkg/Data/a.txt",
        "src/pkg/testing/tools.py",
        "src/pkg/ab_test/cohort.py",
        "src/pkg/ab_test/tests/test_cohort.py",
        "src/loose/part.py",
        "src/single.py",
        "test/test_all.py",
        "test/helpers.py",
        "unit_tests/test_one.py",
        "unit_tests/helpers.py",
        "integration-tests/deep/test_two.py",
        "integration-tests/make.py",
        "src/pkg/test/client.py",
        "tests/test_x.py",
    )
)


def why(path: str, *more: str, folder: str = ".", base: frozenset[str] = BASE) -> str:
    return Tree(base, folder).why_not(path, frozenset((path, *more)) - base)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("json.py", "in the place of the module `json`"),
        ("src/json.py", "in the place of the module `json`"),
        ("src/json/__init__.py", "in the place of the module `json`"),
        ("src/loose/json.py", "in the place of the module `json`"),
        ("pytest.py", "in the place of the module `pytest`"),
        ("src/pytest_timeout.py", "in the place of the module `pytest_timeout`"),
        ("src/pip/__main__.py", ""),
        ("src/pip/__init__.py", "in the place of the module `pip`"),
        ("src/pkg/json.py", ""),
        ("src/pkg/json/__init__.py", ""),
        ("helper.py", ""),
        ("src/helper.py", "an import might find it in the place of helper.py"),
        ("pkg.py", "an import might find it in the place of src/pkg/__init__.py"),
        ("pkg/__init__.py", "an import might find it in the place of src/pkg/__init__.py"),
        ("single.py", "an import might find it in the place of src/single.py"),
        ("src/pkg/single.py", ""),
        ("src/pkg.py", "the folder 'src/pkg' would be imported no more"),
        ("src/loose.py", "the folder 'src/loose' would be imported no more"),
        ("src/pkg/x/__init__.py", "in the place of src/pkg/x.py"),
        ("tool.py", ""),
        ("src/new/__init__.py", ""),
        ("src/pkg/new.py", ""),
    ],
)
def test_a_new_module_takes_no_other_s_place(path: str, reason: str) -> None:
    found = why(path)
    assert (reason in found) if reason else found == ""


def test_a_new_module_in_a_new_package_takes_nobody_s_place() -> None:
    assert why("src/fresh/json.py", "src/fresh/__init__.py") == ""
    assert "in the place of the module `json`" in why("src/fresh/json.py")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("test/helpers.py", "it is a test file"),
        ("test/new.py", "it is a test file"),
        ("unit_tests/helpers.py", "unit_tests holds tests"),
        ("unit_tests/sub/new.py", "unit_tests holds tests"),
        ("integration-tests/make.py", "integration-tests holds tests"),
        ("src/pkg/testing/tools.py", ""),
        ("src/pkg/ab_test/cohort.py", ""),
        ("src/pkg/test/client.py", ""),
        ("src/pkg/contest/new.py", ""),
        ("hatch_build.py", "it is a configuration file"),
        ("docs/conf.py", "it is a configuration file"),
        ("docs/ext/conf.py", "it is a configuration file"),
        ("tasks.py", "it is a configuration file"),
        ("build.py", "it is a configuration file"),
        ("Dodo.py", "it is a configuration file"),
        ("ci/propose.py", "it is a continuous integration file"),
        ("CI/new.py", "it is a continuous integration file"),
        ("src/pkg/conf.py", ""),
        ("src/pkg/tasks.py", ""),
        ("src/pkg/ci/run.py", ""),
    ],
)
def test_tests_builds_and_ci_are_left_alone_and_modules_of_such_names_are_not(path: str, reason: str) -> None:
    assert why(path) == reason


def test_a_project_in_a_folder_has_roots_of_its_own() -> None:
    base = frozenset(f"libs/one/{path}" for path in BASE) | {"libs/two/src/other.py"}
    for path, reason in (
        ("libs/one/ci/new.py", "it is a continuous integration file"),
        ("libs/one/tasks.py", "it is a configuration file"),
        ("libs/one/pkg.py", "an import might find it in the place of libs/one/src/pkg/__init__.py"),
        ("libs/one/src/other.py", ""),
        ("libs/two/src/ci/new.py", ""),
    ):
        assert why(path, folder="libs/one", base=base) == reason
    assert why("libs/one/tasks.py", base=base) == ""


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("src/pkg/X.py", "many file systems take it for the same name as 'src/pkg/x.py'"),
        ("src/PKG/new.py", "many file systems take it for the same name as 'src/pkg'"),
        ("Src/new.py", "many file systems take it for the same name as 'src'"),
        ("src/pkg/data/new.py", "many file systems take it for the same name as 'src/pkg/Data'"),
        ("src/pkg/cafe\u0301.py", "many file systems take it for the same name as 'src/pkg/café.py'"),
        ("src/pkg/Data/new.py", ""),
        ("src/pkg/con.py", "'con.py' is a device to Windows"),
        ("src/NUL/new.py", "'NUL' is a device to Windows"),
        ("src/pkg/com1.old.py", "'com1.old.py' is a device to Windows"),
        ("src/pkg/LPT\u00b9.py", "'LPT\u00b9.py' is a device to Windows"),
        ("src/pkg/console.py", ""),
        ("src/pkg/aux.py", ""),
    ],
)
def test_a_new_name_is_the_same_file_on_every_system(path: str, reason: str) -> None:
    assert why(path) == reason


def test_two_new_names_are_not_one_file_on_some_systems() -> None:
    reasons = [why("src/pkg/new.py", "src/pkg/New.py"), why("src/pkg/New.py", "src/pkg/new.py")]
    assert sum("many file systems" in reason for reason in reasons) >= 1


@pytest.mark.parametrize("part", [*"\u200b\u200f\u3164\u2028\ue000\x1b\U000e0041\ufe0f"])
def test_a_name_holds_nothing_that_nobody_sees(part: str) -> None:
    assert "holds a character that nobody sees" in unusual(f"src/a{part}/x.py")


@pytest.mark.parametrize("path", ["src/`x`.py", "src/.x.py", "x. /y.py", ".GIT/x.py", "src//x.py", 'a"b.py', "a:b.py"])
def test_a_name_is_one_that_a_source_file_is_given(path: str) -> None:
    assert "is no name of a source file" in unusual(path)
    assert unusual("src/grün/with blank.py") == ""


@pytest.mark.parametrize("path", ["json.py", "ci/x.py", "src/pkg/Clamp.py", "nul.py", "hatch_build.py", "pkg.py"])
def test_such_a_patch_is_not_published(repository: Repository, path: str) -> None:
    tested = repository.change("feature", {"src/pkg/clamp.py": CLAMP})
    before = repository.at_remote()
    done = publish(repository, unified_diff(path, None, b"x = 1\n"), f"--base={tested}")
    assert (done.returncode, done.stdout.startswith(f"codemode: the patch is refused: {path}: ")) == (1, True)
    assert repository.at_remote() == before
