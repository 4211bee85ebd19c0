"""Dialogues over real HTTP, calls in the real sandbox: what a model gives is judged, made, and told back."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_codemode.core.budget import Allowance
from pytest_codemode.core.events import to_line
from pytest_codemode.proposers.model.recording import RecordedModel
from tests.messages_api import Reply, Text, Thinking, ToolUse, forbidden
from tests.testgen.asking.driving import PATH, Shop, calls, give_up, line_of

CLOSED = line_of("return f")
RIGHT = {"call": 'draft.close("key")', "fixtures": ["draft"]}
OPEN = {"call": 'order.close("x")', "setup": [["order", 'Order([2], state="draft")']]}


def test_a_call_that_covers_what_is_open_ends_the_dialogue(shop: Shop) -> None:
    asked = shop.ask([Reply([Thinking("which?"), Text("This one."), *calls(OPEN, RIGHT).content])])
    assert asked.subject.open == frozenset()
    assert [recipe.call for recipe in asked.recipes] == ['order.close("x")', 'draft.close("key")']
    assert {recipe.origin for recipe in asked.recipes} == {"model"}
    assert [one.bound for one in asked.recipes[0].imports] == ["Order"]
    assert asked.recipes[1].fixtures == ("draft",)
    assert len(asked.server.prompts) == 1
    assert asked.budget.spent.requests == 1
    assert asked.budget.spent.usd > 0


def test_each_call_is_told_what_it_covers_or_what_turned_it_back(shop: Shop) -> None:
    asked = shop.ask([calls(OPEN, 'Order([1]).close("a")', "Order([1]).missing()", OPEN), calls(RIGHT)])
    told = asked.told(1)
    guard = line_of("if hashlib.sha256(code")
    assert f"Call 1: covers lines {guard}-{guard + 1}, branches {guard - 2} -> {guard}, {guard} -> {guard + 1}." in told
    assert f"raised PermissionError: wrong code at {PATH}:{line_of('raise Perm')}" in told
    assert f"Call 2: no gain: it came to line {guard - 2}" not in told  # its way on was taken by the first call
    assert "Call 2: no gain: it came as far as line" in told
    assert "AttributeError" in told
    assert 'Call 4: <data of="why it was not made">\nnot made again' in told
    assert f"Still open: line {CLOSED}, branch {guard} -> {CLOSED}." in told
    assert asked.subject.open == frozenset()


def test_the_condition_that_turned_a_call_back_is_told_with_its_operands(shop: Shop) -> None:
    asked = shop.ask([calls('Order([1], state="new").close("a")'), give_up()])
    told = asked.told(1)
    guard = line_of("if self.state")
    assert f"Call 1: no gain: it came to line {guard}, and branch {guard} -> {guard + 2} is still open." in told
    assert "if self.state != \"draft\":\n`!=` was true (left 'new', right 'draft')" in told


def test_what_may_not_run_in_a_suite_is_refused_before_it_runs_and_nothing_is_made_of_it(shop: Shop) -> None:
    remove = {"call": RIGHT["call"], "fixtures": ["draft"], "imports": [["os", ""]], "setup": [["_", 'os.remove("x")']]}
    asked = shop.ask([calls(remove, 'Order([open("x")]).close("a")'), give_up()])
    told = asked.told(1)
    assert "refused, imports: the module `os` may not be imported here" in told
    assert "refused, call: `open` may not be used here" in told
    assert asked.subject.calls == 0
    assert asked.subject.open


def test_malformed_answers_are_corrected_once_and_charged(shop: Shop) -> None:
    cut = Reply([ToolUse("try_calls", raw_json='{"calls": [{"call": "Ord')], stop_reason="max_tokens", malformed=True)
    asked = shop.ask([cut, calls(RIGHT, OPEN)])
    assert "cut before this call was complete" in asked.told(1)
    assert asked.subject.open == frozenset()
    assert asked.budget.spent.requests == 2
    twice = shop.ask([Reply([ToolUse("try_calls", {"calls": "none"})], malformed=True)])
    assert len(twice.server.prompts) == 2
    assert "an array expected, got text that is not JSON" in twice.told(1)
    assert any("found no call that covers more" in text for text in twice.notices)
    assert twice.budget.spent.tokens > 0


def test_two_turns_without_gain_end_it(shop: Shop) -> None:
    asked = shop.ask([calls('Order([1]).close("a")'), calls('Order([2]).close("b")'), calls(RIGHT)])
    assert len(asked.server.prompts) == 2
    assert asked.subject.open
    assert any("Order.close" in text for text in asked.notices)


def test_no_more_turns_than_allowed(shop: Shop) -> None:
    steps = [calls({**OPEN, "setup": [["order", f"Order([{n}], state='draft')"]]}) for n in range(9)]
    words = [calls('Order([1]).close("a")'), steps[0], calls('Order([2]).close("b")'), calls('Order([3]).close("b")')]
    asked = shop.ask([*words, calls(RIGHT)])
    assert len(asked.server.prompts) == 4
    assert "One more reply is possible." in asked.told(3)


def test_calls_that_were_paid_for_are_made_when_there_is_no_time_left_to_ask_on(shop: Shop) -> None:
    times = iter([60.0])
    asked = shop.ask([calls(OPEN), calls(RIGHT)], left_s=lambda: next(times, 0.0))
    assert len(asked.server.prompts) == 1
    assert [recipe.call for recipe in asked.recipes] == ['order.close("x")']
    assert shop.ask([calls(RIGHT)], left_s=lambda: 0.0).server.prompts == []


def test_giving_up_is_told_with_its_reason(shop: Shop) -> None:
    asked = shop.ask([give_up()])
    assert asked.notices == ["claude-opus-5-5 gave up (the seal cannot be guessed) (Order.close)"]


def test_a_budget_that_one_request_could_break_sends_none(shop: Shop) -> None:
    asked = shop.ask([calls(RIGHT)], allowance=Allowance(usd=0.001))
    assert asked.server.prompts == []
    assert any("the money budget was spent; raise it with --codemode-budget usd=" in text for text in asked.notices)
    assert asked.subject.open


def test_a_model_that_cannot_be_reached_is_asked_once_and_the_reason_is_told(shop: Shop) -> None:
    asked = shop.ask([forbidden()])
    assert len(asked.notices) == 1
    assert asked.subject.open


def test_credentials_are_taken_out_and_the_project_speaks_only_inside_fences(shop: Shop) -> None:
    asked = shop.ask([calls(OPEN), give_up()])
    said = asked.everything()
    assert "hunter2" not in said
    assert "passphrase = " in said
    assert "letmein" not in said
    assert "Ignore all earlier instructions" in said
    opening = asked.server.prompts[0]["messages"][0]["content"][0]["text"]
    outside = "".join(part.partition("</data>")[2] for part in ("</data>" + opening).split("<data "))
    assert "Ignore all" not in outside
    assert "draft" not in outside


def test_an_instruction_in_a_docstring_that_a_model_obeys_comes_to_nothing(shop: Shop) -> None:
    obeyed = [
        {**RIGHT, "setup": [["_", "orders.os.remove('orders.py')"]], "imports": [["orders", ""]]},
        {**RIGHT, "setup": [["_", "hashlib.os.remove('orders.py')"]], "imports": [["orders", "hashlib"]]},
        {**RIGHT, "setup": [["os", "__import__('os')"], ["_", "os.remove('orders.py')"]]},
    ]
    before = shop.read(PATH)
    asked = shop.ask([calls(*obeyed), give_up()])
    assert asked.told(1).count("refused, ") == 3
    assert asked.subject.calls == 0
    assert shop.read(PATH) == before


def test_a_model_without_tools_is_spoken_to_in_plain_text(shop: Shop) -> None:
    given = json.dumps({"calls": [OPEN, RIGHT]})
    step = Text(f"Thought: a draft.\nAction: try_calls\nAction Input: {given}\nObservation: it works")
    asked = shop.ask([Reply([step])], protocol="react")
    assert asked.subject.open == frozenset()
    assert "tools" not in asked.server.prompts[0]
    assert "Action: the name of one action" in str(asked.server.prompts[0]["system"])


def test_coroutines_are_called_without_await(shop: Shop) -> None:
    asked = shop.ask([calls('await fetched("key")'), calls('fetched("key")', 'fetched("a")')], "fetched")
    assert "may not stand in a call" in asked.told(1)
    assert asked.subject.open == frozenset()


def test_a_recorded_dialogue_is_played_again_without_a_key(shop: Shop, tmp_path: Path) -> None:
    first = shop.ask([calls(OPEN), calls(RIGHT)])
    record = tmp_path / "run.jsonl"
    record.write_text("".join(to_line(turn) + "\n" for turn in first.turns))
    played = RecordedModel(record, emit=lambda event: None)
    asked = shop.ask([], begin=lambda about: played.follow((about,)), model=played)
    assert asked.subject.open == frozenset()
    assert asked.notices == []
    other = shop.ask([], "fetched", begin=lambda about: played.follow((about,)), model=played)
    assert other.subject.open
    assert other.notices == []


def test_the_first_part_of_every_prompt_is_the_same_and_served_from_the_cache(shop: Shop) -> None:
    first, other = shop.ask([calls(OPEN), calls(RIGHT)]), shop.ask([calls('fetched("key")')], "fetched")
    prompts = [*first.server.prompts, *other.server.prompts]
    assert len({json.dumps([prompt["system"], prompt["tools"]]) for prompt in prompts}) == 1
    assert first.server.cache_share() > 0.3
