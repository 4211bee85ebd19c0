from contextlib import ExitStack
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Event, Turn, to_line
from pytest_codemode.core.model import ModelReply, Usage
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Proposer, Toolbox
from pytest_codemode.core.request import EngineOptions, ModelOptions
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.proposers.model.calling import NoTools
from pytest_codemode.wiring.proposing import Proposing, named
from pytest_codemode.worktree.sources import SourceTree
from tests.proposers.model.material import MINUS, task

MODEL = ModelOptions("claude-opus-5-5")
EDIT = {
    "kind": "replace_expression",
    "path": MINUS.path,
    "line": MINUS.line,
    "column": MINUS.column,
    "old": MINUS.old,
    "new": MINUS.new,
}


class WithoutTools(Proposing):
    """Needs no sandbox."""

    def _toolbox(self, _: RepairTask) -> Toolbox:
        return NoTools()


def proposers(root: Path, *names: str, **options: object) -> tuple[Proposer, ...]:
    events: list[Event] = []
    with ExitStack() as resources:
        made = WithoutTools(
            EngineOptions(proposers=names, **options),  # type: ignore[arg-type]
            tree=SourceTree(root),
            budget=Budget(Allowance()),
            emit=events.append,
            sandbox=lambda: pytest.fail("nothing is asked for patches"),
            resources=resources,
        )
        return made.all()


def turn(number: int, model: str, tool: str, arguments: dict[str, object]) -> str:
    call = {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": arguments}
    reply = ModelReply((call,), "tool_use", Usage(10, 0, 0, 5), model)
    return to_line(Turn("t1", task().nodeids, number, "tools", model, "digest", (), reply, 0.01))


def proposed(proposer: Proposer) -> list[Patch]:
    """Return what it proposes, each patch judged as one that helps."""
    patches: list[Patch] = []
    dialogue = proposer.propose(task())
    try:
        batch = next(dialogue)
        while True:
            patches += batch
            batch = dialogue.send(tuple(Trial(patch, Verdict.PLAUSIBLE, passed=task().nodeids) for patch in batch))
    except StopIteration:
        return patches


def test_auto_asks_a_model_only_if_one_is_named_and_each_proposer_comes_once() -> None:
    assert named(EngineOptions()) == ("search",)
    assert named(EngineOptions(model=MODEL)) == ("search", "claude")
    assert named(EngineOptions(proposers=("claude", "auto", "search"), model=MODEL)) == ("claude", "search")


def test_an_unknown_name_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no proposer 'gpt'; use auto, search, claude or replay:FILE"):
        proposers(tmp_path, "gpt")


def test_a_recorded_dialogue_that_went_to_the_stronger_model_goes_there_again(tmp_path: Path) -> None:
    record = tmp_path / "run.jsonl"
    first = turn(1, "claude-haiku-5-5", "give_up", {"reason": "too hard"})
    second = turn(2, "claude-opus-5-5", "propose_patch", {"edits": [EDIT], "rationale": "the discount goes"})
    record.write_text(f"{first}\n{second}\n")
    (proposer,) = proposers(tmp_path, f"replay:{record}")
    assert [patch.edits for patch in proposed(proposer)] == [(MINUS,)]
