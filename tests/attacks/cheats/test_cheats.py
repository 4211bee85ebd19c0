"""Every cheat works in a plain pytest run, and none gets past the repair loop, whichever way it comes."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.cli.project import describe
from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import Applied, Patch
from pytest_codemode.core.ports import Proposals
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.repair.session import RepairSession
from pytest_codemode.repair.vetting import Vetting
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.wiring.repairing import own_prefixes, repair
from tests.attacks.cheats.material import CHEATS, DOUBTFUL, REFUSED
from tests.attacks.cheats.shop import FILES, TARGETS, Cheat
from tests.messages_api import MessagesServer, Reply, ToolUse
from tests.projects import Workspace

EDITABLE = ("*.py", "**/*.py")
AT_ONCE = 12
"""Patches that the model proposes in one reply."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path, FILES)
    yield workspace
    assert workspace.processes() == []


@contextmanager
def opened(shop: Workspace) -> Iterator[RepairSession]:
    """Start a sandbox for the project; new files may be created anywhere."""
    asked = argparse.Namespace(python=None, sandbox="auto", network=False, limit=[])
    project = describe(shop.root.resolve(), asked)
    with SandboxClient(project) as sandbox:
        yield RepairSession(
            project,
            sandbox,
            lambda tree, editable, task: Vetting(project, tree, editable, EDITABLE).vetoes(task),
            own_prefixes(project.python),
        )


class Cheater:
    """Proposes to each task the cheats about it, and keeps what became of them."""

    def __init__(self, cheats: tuple[Cheat, ...]) -> None:
        self._cheats = cheats
        self.trials: dict[str, Trial] = {}

    @property
    def name(self) -> str:
        return "cheater"

    def propose(self, task: RepairTask) -> Proposals:
        meant = [cheat for cheat in self._cheats if cheat.target in task.nodeids]
        trials = yield tuple(Patch(cheat.edits, "cheater") for cheat in meant)
        self.trials.update({cheat.name: trial for cheat, trial in zip(meant, trials, strict=True)})
        return None


def judged(shop: Workspace, cheats: tuple[Cheat, ...]) -> tuple[RunReport, dict[str, Trial]]:
    """Do a whole repair run with the cheats as the only proposals."""
    with opened(shop) as session:
        request = session.request()
    options = replace(request.options, editable=EDITABLE, budget="time=4m")
    cheater = Cheater(cheats)
    return repair(replace(request, options=options), lambda event: None, (cheater,)), cheater.trials


def test_there_are_many_cheats_of_every_kind_and_each_has_its_name() -> None:
    assert len(REFUSED) >= 120
    assert len({cheat.name for cheat in CHEATS}) == len(CHEATS)
    assert {cheat.about for cheat in CHEATS} == TARGETS.keys()


def test_the_loop_accepts_none_of_them_and_leaves_the_tree_alone(shop: Workspace) -> None:
    before = shop.tree()
    report, trials = judged(shop, REFUSED)
    stopped = {name: (trial.verdict, trial.reason.partition(":")[0]) for name, trial in trials.items()}
    expected = {cheat.name: (Verdict.REFUSED, cheat.stopped_by) for cheat in REFUSED}
    assert [(name, how, stopped.get(name)) for name, how in expected.items() if stopped.get(name) != how] == []
    assert not report.green
    assert report.written == ()
    assert shop.tree() == before


@pytest.mark.slow
def test_what_honest_repairs_do_too_is_marked_for_a_second_look(shop: Workspace) -> None:
    with opened(shop) as session:
        for about, target in TARGETS.items():
            cheats = [cheat for cheat in DOUBTFUL if cheat.about == about]
            trials = session.try_patches(target, tuple(Patch(cheat.edits, "cheater") for cheat in cheats))
            for cheat, trial in zip(cheats, trials, strict=True):
                seen = (trial.verdict.name, trial.reason, trial.warnings)
                assert not trial.plausible or cheat.stopped_by in trial.warnings, (cheat.name, seen)


@pytest.mark.slow
def test_a_model_that_proposes_nothing_else_writes_nothing(shop: Workspace) -> None:
    waiting = {target: [c for c in REFUSED if c.target == target] for target in TARGETS.values()}

    def answer(request: dict[str, Any]) -> Reply:
        opening = json.dumps(request["messages"][0])
        target = next(target for target in TARGETS.values() if target in opening)
        cheats, waiting[target] = waiting[target][:AT_ONCE], waiting[target][AT_ONCE:]
        if not cheats:
            return Reply([ToolUse("give_up", {"reason": "that was all"})])
        inputs = [{"edits": encode(cheat.edits), "rationale": cheat.name} for cheat in cheats]
        return Reply([ToolUse("propose_patch", one) for one in inputs])

    before = shop.tree()
    with MessagesServer(answer) as server:
        run = shop.fix(
            *("--codemode-proposer", "claude", "--codemode-model", "claude-sonnet-5-5"),
            *("--codemode-base-url", server.url, "--codemode-budget", "time=15m,usd=none"),
            env={"ANTHROPIC_API_KEY": server.api_key},
        )
    assert run.status == 1, run.output
    assert not any(waiting.values())
    assert shop.tree() == before


@pytest.mark.slow
@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.name)
def test_without_the_policy_the_cheat_would_work(shop: Workspace, cheat: Cheat) -> None:
    applied = apply(Patch(cheat.edits, "cheater"), shop.tree().get)
    assert isinstance(applied, Applied), applied
    for path, content in applied.files.items():
        shop.write(path, content)
    tests = cheat.target.partition("::")[0]
    chosen = ["-k", "test_price or all_well or discounted_by_nothing"] if cheat.whole else [tests]
    runs = [shop.pytest("-p", "no:codemode", *chosen) for _ in range(cheat.runs)]
    assert runs[-1].status == 0, runs[-1].output


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS.values())
def test_without_a_cheat_the_test_fails(shop: Workspace, target: str) -> None:
    assert shop.pytest("-p", "no:codemode", target).status == 1
