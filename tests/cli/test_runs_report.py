import datetime
import json
import os
import subprocess
import sys

import pytest

from pytest_codemode.cli.main import main
from pytest_codemode.core.codec import decode
from pytest_codemode.core.events import RunDone, RunStarted
from pytest_codemode.core.report import RunReport
from pytest_codemode.report.page import render
from pytest_codemode.worktree.store import RunStore
from tests.report.rich import RICH

NOW = datetime.datetime(2026, 11, 25, 7, 55, tzinfo=datetime.UTC)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return tmp_path


@pytest.fixture
def store(project):
    store = RunStore.create(project, NOW)
    store.append(RunStarted(store.run_id, "2026-11-25T07:55:00+00:00", ("test_a.py::test_one",), ("search",)))
    store.append(RunDone(RICH))
    return store


def report(project, *words):
    return main(["runs", "--rootdir", str(project), "report", "last", *words])


def test_the_page_is_written_beside_the_run_and_its_place_printed(project, store, capsys):
    assert report(project) == 0
    path = store.folder / "report.html"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_text("utf-8") == render(RICH)
    assert report(project) == 0, "it is written again"


def test_the_suffix_of_the_output_says_the_format(project, store, capsys):
    path = project / "new" / "report.json"
    assert report(project, "--output", str(path)) == 0
    assert decode(RunReport, json.loads(path.read_text())) == RICH
    assert not (store.folder / "report.html").exists()


def test_an_output_that_cannot_be_written_names_its_option(project, store, capsys):
    assert report(project, "--output", str(project / "report.docx")) == 2
    assert "--output: " in capsys.readouterr().err
    assert report(project, "--output", str(project / "pyproject.toml" / "report.html")) == 2
    assert "--output: " in capsys.readouterr().err


def test_a_run_that_did_not_end_has_no_report(project, capsys):
    RunStore.create(project, NOW)
    assert report(project) == 2
    assert "did not come to its end, so that there is no report" in capsys.readouterr().err


def test_nothing_is_written_into_the_folder_of_a_run_that_came_with_the_checkout(project, store, capsys):
    (store.folder / "origin.json").unlink()
    assert report(project) == 2
    assert "name a place for its report with --output" in capsys.readouterr().err
    assert not (store.folder / "report.html").exists()
    assert report(project, "--output", str(project / "report.html")) == 0


def test_a_link_in_the_way_is_replaced_and_not_followed(project, store, capsys):
    treasure = project / "treasure.txt"
    treasure.write_text("mine")
    (store.folder / "report.html").symlink_to(treasure)
    (store.folder / f".report.html.{os.getpid()}.tmp").symlink_to(treasure)
    report(project)
    assert report(project) == 0
    assert treasure.read_text() == "mine"
    assert not (store.folder / "report.html").is_symlink()


def opened(project, browser):
    command = [sys.executable, "-m", "pytest_codemode.cli.main", "runs", "report", "last", "--open"]
    environment = {**os.environ, "BROWSER": browser, "PATH": str(project), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_open_gives_the_page_to_the_browser(project, store):
    browser = project / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {project / "asked"}\n')
    browser.chmod(0o755)
    ended = opened(project, f"{browser} %s")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (project / "asked").read_text() == (store.folder / "report.html").as_uri() + "\n"


def test_without_a_browser_the_place_is_printed_and_a_sentence_says_what_to_do(project, store):
    ended = opened(project, "")
    assert ended.returncode == 0
    assert ended.stdout == f"{store.folder / 'report.html'}\n"
    assert "no browser was found; open the file yourself" in ended.stderr
