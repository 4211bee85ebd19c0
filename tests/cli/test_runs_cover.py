"""`codemode runs` with a run that wrote tests."""

import datetime
from dataclasses import replace

import pytest

from pytest_codemode.cli.main import main
from pytest_codemode.core.events import RunDone, RunStarted
from pytest_codemode.worktree.store import RunStore
from tests.report.samples import COVERED, TESTS

PATH = "tests/test_cart.py"
STARTED = "2026-11-25T07:55:00+00:00"


@pytest.fixture(autouse=True)
def own_key(monkeypatch, tmp_path_factory):
    """Keep the key out of the state folder of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / PATH).parent.mkdir()
    (tmp_path / PATH).write_bytes(b"import pytest\n")
    return tmp_path


@pytest.fixture
def store(project):
    store = RunStore.create(project, datetime.datetime.fromisoformat(STARTED))
    store.append(RunStarted(store.run_id, STARTED, (), ("search",), "tests"))
    store.save_patch({PATH: b"import pytest\n"}, {PATH: TESTS})
    store.save_diff(b"the diff\n")
    return store


def runs(project, *words):
    return main(["runs", "--rootdir", str(project), *words])


def test_the_tests_are_put_into_the_tree_and_taken_back(project, store, capsys):
    store.append(RunDone(replace(COVERED, run_id=store.run_id, written=())))
    assert runs(project, "apply", "last") == 0
    assert (project / PATH).read_bytes() == TESTS
    assert runs(project, "revert", "last") == 0
    assert (project / PATH).read_bytes() == b"import pytest\n"
    assert "+def test_total_of_empty_prices():" in capsys.readouterr().out


def test_tests_that_were_edited_since_are_not_taken_back(project, store, capsys):
    store.append(RunDone(COVERED))
    (project / PATH).write_bytes(TESTS + b"# mine\n")
    assert runs(project, "revert", "last") == 2
    assert f"{PATH} changed since run" in capsys.readouterr().err
    assert (project / PATH).read_bytes().endswith(b"# mine\n")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ((PATH,), "3 tests written, 13.9% -> 52.8% covered, 2 possible bugs: no further test"),
        ((), "3 tests proven, 13.9% -> 52.8% covered, 2 possible bugs, kept as a patch: no further test"),
    ],
)
def test_the_list_says_what_came_of_it(project, store, capsys, written, said):
    store.append(RunDone(replace(COVERED, written=written)))
    assert runs(project, "list") == 0
    assert said in capsys.readouterr().out


def test_it_is_shown_with_its_possible_bugs_and_its_diff(project, store, capfd):
    store.append(RunDone(COVERED))
    assert runs(project, "show", "last") == 0
    assert "POSSIBLE BUG shop/cart.py:6 mean" in capfd.readouterr().out
    assert runs(project, "diff", "last") == 0
    assert capfd.readouterr().out == "the diff\n"
    assert runs(project, "report", "last", "--output", str(project / "r.md")) == 0
    assert "## Possible bug: `mean`" in (project / "r.md").read_text()


def test_it_is_not_resumed_and_says_what_to_do_instead(project, store, capsys):
    assert runs(project, "resume", "last") == 2
    assert "wrote tests, which is not resumed; a new run with pytest --codemode-cover begins" in capsys.readouterr().err
