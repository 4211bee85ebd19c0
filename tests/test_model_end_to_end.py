"""`pytest --codemode-fix` with a model, as a user starts it; a strict local server stands in for the model's API."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.messages_api import MessagesServer, Reply, Text, Thinking, ToolUse
from tests.messages_api.steps import Answer
from tests.projects import Run, Workspace, flat

FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop.py": '''\
        """Headlines."""


        def shout(words):
            """Return the words as a headline."""
            seen = []
            for word in words:
                if word not in seen:
                    seen.append(word)
            return " ".join(seen).title()
        ''',
    "test_shop.py": """\
        from shop import shout


        def test_shout():
            assert shout(["a", "ox", "a"]) == "A! OX!! A!"


        def test_nothing():
            assert shout([]) == ""
        """,
}
RIGHT = {
    "kind": "replace_definition",
    "path": "shop.py",
    "qualname": "shout",
    "source": 'def shout(words):\n    """Return the words as a headline."""\n'
    '    return " ".join(word.upper() + "!" * len(word) for word in words)\n',
    "occurrence": 0,
}
WRONG = {"kind": "replace_expression", "path": "shop.py", "line": 10, "column": 11, "old": '" "', "new": '"!"'}
CHEAT = {"kind": "delete_definition", "path": "test_shop.py", "qualname": "test_shout", "occurrence": 0}
BATCHES = ("POST", "/v1/messages/batches")
MODEL = ("--codemode-proposer", "claude", "--codemode-model", "claude-sonnet-5-5")


def propose(*edits: dict[str, Any], why: str = "each word is shouted") -> Reply:
    return Reply([ToolUse("propose_patch", {"edits": list(edits), "rationale": why})])


def give_up() -> Reply:
    return Reply([ToolUse("give_up", {"reason": "the tests contradict each other"})])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path, FILES)
    yield workspace
    assert workspace.processes() == []
    assert workspace.leftovers() == []


def repaired(shop: Workspace, steps: Sequence[Answer], *options: str) -> tuple[Run, MessagesServer]:
    with MessagesServer(steps, repeat_last=True) as server:
        key = {"ANTHROPIC_API_KEY": server.api_key}
        return shop.fix(*MODEL, "--codemode-base-url", server.url, *options, env=key), server


@pytest.mark.smoke
def test_a_model_looks_around_learns_from_a_failure_and_its_patch_is_proven_and_written(shop: Workspace) -> None:
    look = Reply([Thinking("where?"), Text("I look."), ToolUse("definition", {"name": "shout"})])
    run, server = repaired(shop, [look, propose(WRONG), propose(RIGHT), give_up()])
    assert run.status == 0, run.output
    assert 'word.upper() + "!" * len(word)' in shop.read("shop.py")
    assert "(claude)" in run.output
    assert "requests" in run.output
    assert "$0.0" in run.output
    told = json.dumps(server.prompts[2]["messages"][-1])
    assert "the failing test still fails" in told
    assert server.cache_share() > 0.5


def test_code_mode_tries_patches_within_one_turn(shop: Workspace) -> None:
    program = f"""
for edit in {[WRONG, RIGHT]!r}:
    judged = project.try_patch([edit], "from a program")
    print(judged["verdict"])
    if judged["verdict"].startswith("passes"):
        break
"""
    run, server = repaired(shop, [Reply([ToolUse("run_code", {"code": program})]), give_up()])
    assert run.status == 0, run.output
    assert 'word.upper() + "!" * len(word)' in shop.read("shop.py")
    assert len(server.prompts) <= 2


def test_cheats_malformed_and_hostile_answers_leave_the_tree_as_it_was(shop: Workspace) -> None:
    hostile = [
        propose(CHEAT),
        propose({**RIGHT, "source": "def shout(words):\n    return 'A! OX!! A!' if words else ''\n"}),
        propose({**RIGHT, "source": "def shout(words):\n    import os; os.system('touch pwned')\n    return ''\n"}),
        propose({**WRONG, "path": "../outside.py"}),
        Reply([ToolUse("propose_patch", raw_json='{"edits": [{"kind": "rep')], malformed=True),
        Reply([ToolUse("delete_everything", {"now": True})], malformed=True),
        Reply([]),
        give_up(),
    ]
    before = shop.tree()
    run, server = repaired(shop, hostile)
    assert run.status == 1, run.output
    assert shop.tree() == before
    assert len(server.prompts) >= len(hostile)


def test_a_recorded_dialogue_is_played_again_without_a_key(shop: Workspace) -> None:
    repaired(shop, [propose(WRONG), propose(RIGHT), give_up()], "--codemode-diff")
    (record,) = (shop.root / ".codemode" / "runs").glob("*/run.jsonl")
    assert "Bearer" not in record.read_text()
    before = shop.tree()
    again = shop.fix("--codemode-proposer", f"replay:{record}")
    assert again.status == 0, again.output
    assert shop.tree() != before
    assert "$" not in again.output.partition("cost:")[2].partition("\n")[0]


def test_a_model_without_tools_is_spoken_to_in_plain_text(shop: Workspace) -> None:
    action = json.dumps({"edits": [RIGHT], "rationale": "each word is shouted"})
    said = Text(f"Thought: it joins.\nAction: propose_patch\nAction Input: {action}\n")
    stop = Text('Thought: done.\nAction: give_up\nAction Input: {"reason": "no other repair"}\n')
    run, server = repaired(shop, [Reply([said]), Reply([stop])], "--codemode-protocol", "react")
    assert run.status == 0, run.output
    assert "tools" not in server.prompts[0]


def test_a_budget_that_one_request_could_break_sends_none(shop: Workspace) -> None:
    run, server = repaired(shop, [propose(RIGHT)], "--codemode-budget", "usd=0.001")
    assert run.status == 1
    assert server.prompts == []
    assert "the money budget was spent; raise it with --codemode-budget usd=" in flat(run.output)


def test_a_model_of_unknown_price_is_refused_with_the_remedy_before_anything_is_sent(shop: Workspace) -> None:
    with MessagesServer([]) as server:
        run = shop.fix(
            *("--codemode-proposer", "claude", "--codemode-model", "house-model", "--codemode-base-url", server.url),
            env={"ANTHROPIC_API_KEY": server.api_key},
        )
    assert run.status == 1
    assert "give the price with --codemode-price" in flat(run.output)
    assert server.requests == []


def test_without_credentials_the_sentence_names_the_remedy(shop: Workspace) -> None:
    home = shop.root.parent / "home"
    home.mkdir()
    run = shop.fix(*MODEL, env={"HOME": str(home)})
    assert run.status == 1
    assert "ANTHROPIC_API_KEY" in run.output


def test_a_key_alone_sends_nothing_anywhere(shop: Workspace) -> None:
    with MessagesServer([]) as server:
        env = {"ANTHROPIC_API_KEY": server.api_key, "ANTHROPIC_BASE_URL": server.url}
        run = shop.fix("--codemode-budget", "candidates=30", env=env)
    assert run.status == 1
    assert server.requests == []


def test_a_repository_cannot_name_a_model(shop: Workspace) -> None:
    shop.write("pytest.ini", "[pytest]\npythonpath = .\ncodemode_model = claude-opus-5-5\n")
    run = shop.fix()
    assert run.status == 4
    assert "give --codemode-model=... on the command line" in flat(run.output)


def test_causes_that_wait_for_the_model_wait_together_in_one_batch(shop: Workspace) -> None:
    shop.write("other.py", "def total(prices):\n    return str(sum(prices)) * 2\n")
    shop.write("test_other.py", "from other import total\n\n\ndef test_total():\n    assert total([20, 3]) == '>23<'\n")
    other = {**WRONG, "path": "other.py", "line": 2, "old": "str(sum(prices)) * 2", "new": "f'>{sum(prices)}<'"}

    def answer(request: dict[str, Any]) -> Reply:
        if len(request["messages"]) > 1:
            return give_up()
        return propose(other) if "test_other.py::test_total" in json.dumps(request["messages"]) else propose(RIGHT)

    with MessagesServer(answer) as server:
        key = {"ANTHROPIC_API_KEY": server.api_key}
        run = shop.fix(*MODEL, "--codemode-batch", "--codemode-base-url", server.url, env=key)
    assert run.status == 0, run.output
    created = [sent.body["requests"] for sent in server.requests if (sent.method, sent.path) == BATCHES]
    assert len(created[0]) == 2
