import datetime
from pathlib import Path

import pytest

from pytest_codemode.cli.main import main
from pytest_codemode.cli.resume import _with_budget
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.project import Project
from pytest_codemode.core.report import Cost
from pytest_codemode.core.request import EngineOptions, EngineRequest
from pytest_codemode.repair.record.resume import FILE, Resumption, keep
from pytest_codemode.worktree.store import RunStore, StoredRun

ROOT = Path("/p")


def resumption(used: Cost, budget: str = "time=60s,usd=2") -> Resumption:
    request = EngineRequest(Project("/p", "/p", "/usr/bin/python3"), (), (), (), options=EngineOptions(budget=budget))
    return Resumption(StoredRun("20261125-075500-a1b2", ROOT, ROOT, ()), request, used)


def test_a_run_goes_on_with_what_is_left_of_its_budget() -> None:
    assert _with_budget(resumption(Cost(time_s=59.0)), "").request.options.budget == "time=60s,usd=2"


def test_a_run_that_has_used_its_time_needs_more() -> None:
    with pytest.raises(ConfigError, match=r"has used its time \(61 s of 60 s\); give it more with --budget time="):
        _with_budget(resumption(Cost(time_s=61.0)), "")
    more = _with_budget(resumption(Cost(time_s=61.0)), "time=5m")
    assert more.request.options.budget == "time=5m"


def test_a_budget_that_cannot_be_read_is_said_so() -> None:
    with pytest.raises(ConfigError, match="unknown limit 'tim'"):
        _with_budget(resumption(Cost()), "tim=5m")


def test_a_run_that_is_not_there_is_no_run_to_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--rootdir", str(tmp_path), "resume", "last"]) == 2
    assert "there is no run 'last'" in capsys.readouterr().err


def test_only_of_a_run_that_can_be_resumed_the_list_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = RunStore.create(tmp_path, datetime.datetime(2026, 11, 25, 7, 55, tzinfo=datetime.UTC))
    project = Project(str(tmp_path), str(tmp_path), "/usr/bin/python3")
    keep(store, EngineRequest(project, (), (), ()))
    assert main(["runs", "--rootdir", str(tmp_path), "list"]) == 0
    goes_on = f"did not come to its end; `codemode runs resume {store.run_id}` goes on\n"
    assert capsys.readouterr().out == f"{store.run_id}  {goes_on}"
    (store.folder / FILE).unlink()
    assert main(["runs", "--rootdir", str(tmp_path), "list"]) == 0
    assert capsys.readouterr().out == f"{store.run_id}  did not come to its end\n"
