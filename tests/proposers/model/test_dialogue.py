"""Dialogues in function calling: what is proposed, called, answered, repeated, and how each reply can end."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_codemode.core.budget import Allowance, Budget, StopReason
from pytest_codemode.core.errors import ContextExceeded, ProposerError
from pytest_codemode.core.events import Progress, from_line, to_line
from pytest_codemode.core.model import ModelLimits, ToolAnswer, ToolSpec
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.proposers.model.calling import Calling
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from tests.proposers.model.rules import check_thinking
from tests.proposers.model.scripted import (
    SOURCE,
    Loop,
    ScriptedModel,
    call,
    failing,
    give_up,
    play,
    plus,
    propose,
    reply,
    said,
    subject,
    text,
    thinking,
)

READ = ToolSpec("read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


class Reading:
    """One tool that answers with long text."""

    def __init__(self, length: int = 10) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._length = length

    def specs(self) -> tuple[ToolSpec, ...]:
        return (READ,)

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        self.calls.append((name, arguments))
        return ToolAnswer(f"text {len(self.calls)}: " + "x " * (self._length // 2))


class Trying(Reading):
    """A tool that has patches judged while it runs."""

    def __init__(self, *batches: tuple[Patch, ...]) -> None:
        super().__init__()
        self._batches = batches
        self.heard: list[tuple[Trial, ...]] = []

    def start(self, name: str, arguments: dict[str, Any]) -> Calling:
        for batch in self._batches:
            self.heard.append((yield batch))
        return ToolAnswer(" ".join(trial.verdict.value for trials in self.heard for trial in trials) or "none")


# -- patches ---------------------------------------------------------------------------------------------------------


def test_patch_that_passes_ends_the_dialogue() -> None:
    model, played = play(reply(thinking(), text("I see."), propose(plus("-"))), reply(text("never said")))
    ((patch,),) = played.batches
    assert patch == Patch((plus("-"),), "claude", rationale="It is the wrong operator.")
    assert (played.stop, played.error, model.left) == (None, "", 1)


def test_rejected_patch_is_answered_with_what_differs_now() -> None:
    model, played = play(reply(propose(plus("*"), call_id="c1")), reply(propose(plus("-"))))
    assert [trial.verdict for trial in played.trials] == [Verdict.FAILED, Verdict.PLAUSIBLE]
    answer = model.requests[1].messages[-1].content[0]
    assert (answer["type"], answer["tool_use_id"]) == ("tool_result", "c1")
    assert "was: AssertionError: assert 4 == 2" in answer["content"]
    assert "is:  AssertionError: assert 3 == 2" in answer["content"]


def test_patches_of_one_reply_are_judged_together_and_answered_each() -> None:
    model, played = play(
        reply(propose(plus("*"), call_id="c1"), text("or"), propose(plus("**"), call_id="c2")), reply(give_up())
    )
    assert [len(batch) for batch in played.batches] == [2]
    first, second = model.requests[1].messages[-1].content[:2]
    assert (first["tool_use_id"], second["tool_use_id"]) == ("c1", "c2")
    assert "assert 3 == 2" in first["content"]
    assert "A test passed before and does not now:" in second["content"]
    assert "tests/test_subject.py::test_other" in second["content"]


def test_patch_beside_other_calls_is_judged_and_all_are_answered_in_order() -> None:
    tools = Reading()
    model, played = play(
        reply(call("read", {"path": "a"}, "c1"), propose(plus("*"), call_id="c2"), call("read", {"path": "b"}, "c3")),
        reply(propose(plus("-"))),
        toolbox=tools,
    )
    assert tools.calls == [("read", {"path": "a"}), ("read", {"path": "b"})]
    answers = model.requests[1].messages[-1].content
    assert [block["tool_use_id"] for block in answers] == ["c1", "c2", "c3"]
    assert "text 1: x x" in answers[0]["content"]
    assert len(played.batches) == 2


def test_calls_beside_a_patch_that_passes_are_not_made() -> None:
    tools = Reading()
    _, played = play(reply(call("read", {"path": "a"}), propose(plus("-"))), toolbox=tools)
    assert tools.calls == []
    assert played.trials[-1].plausible


def test_miscounted_column_is_set_right_where_the_text_stands_once() -> None:
    _, played = play(reply(propose(plus("-", column=3))))
    assert played.batches == [(Patch((plus("-"),), "claude", rationale="It is the wrong operator."),)]


def test_column_is_left_alone_where_the_text_stands_more_than_once() -> None:
    model, played = play(reply(propose(plus("b", old="a"), plus("x", old="r", column=0))), reply(give_up()))
    assert played.batches[0][0].edits == (plus("b", old="a", column=11), plus("x", old="r", column=0))
    assert "edits[1]: <data" in model.heard()


def test_edit_that_does_not_fit_is_named_with_what_stands_there() -> None:
    edits = (plus("-"), plus("1", line=1, column=0, old="def g"))
    model, played = play(reply(propose(*edits)), reply(give_up()))
    assert played.trials[0].verdict is Verdict.UNAPPLICABLE
    assert "edits[1]: <data" in model.heard()
    assert "def g" in model.heard()


@pytest.mark.parametrize("again", [plus("*"), plus(" * ", column=12, old=" + ")])
def test_same_patch_again_is_answered_without_judging(again: Any) -> None:
    model, played = play(reply(propose(plus("*"))), reply(propose(again)), reply(give_up()))
    assert len(played.batches) == 1
    assert "does the same as your patch 1, of which is known: the failing test still fails" in model.heard()


def test_patch_that_another_proposer_tried_is_answered_without_judging() -> None:
    tried = Trial(Patch((plus("*"),), "search"), Verdict.REFUSED, "the rule and its sentence")
    model, played = play(reply(propose(plus("*"))), reply(give_up()), task=subject(tried))
    assert played.batches == []
    assert "tried before this conversation" in model.heard()
    assert "the rule and its sentence" in model.heard()


def test_patch_that_nobody_had_time_to_try_is_new() -> None:
    tried = Trial(Patch((plus("-"),), "search"), Verdict.NOT_TRIED)
    _, played = play(reply(propose(plus("-"))), task=subject(tried))
    assert played.trials[-1].plausible


def test_same_patch_twice_in_one_reply_is_judged_once() -> None:
    model, played = play(reply(propose(plus("*")), propose(plus("*"))), reply(give_up()))
    assert [len(batch) for batch in played.batches] == [1]
    assert "another call of the same reply" in model.heard()


def test_what_the_project_says_is_quoted() -> None:
    model, _ = play(reply(propose(plus("exec(a)", column=11, old="a + 1"))), reply(give_up()))
    answer = model.heard()
    assert answer.index('<data of="reason">') < answer.index("calls.exec") < answer.index("</data>")


# -- tools -----------------------------------------------------------------------------------------------------------


def test_unknown_tool_is_answered_with_those_there_are() -> None:
    model, _ = play(reply(call("reed", {"path": "a"})), reply(give_up()), toolbox=Reading())
    answer = model.requests[1].messages[-1].content[0]
    assert answer["is_error"] is True
    assert answer["content"] == "There is no tool 'reed'; there are propose_patch, give_up, read."


def test_tools_of_the_toolbox_cannot_take_the_place_of_the_proposers_own() -> None:
    class Imposing(Reading):
        def specs(self) -> tuple[ToolSpec, ...]:
            return (ToolSpec("propose_patch", "Mine.", {"type": "object"}), READ)

    model, _ = play(reply(give_up()), toolbox=Imposing())
    assert [tool.name for tool in model.requests[0].tools] == ["propose_patch", "give_up", "read"]
    assert model.requests[0].tools[0].strict


def test_tool_may_have_patches_judged_while_it_runs() -> None:
    tools = Trying((Patch((plus("*"),), "code"), Patch((plus("%"),), "code")), (), (Patch((plus("**"),), "code"),))
    model, played = play(reply(call("read", {})), reply(propose(plus("*"))), reply(give_up()), toolbox=tools)
    assert [len(batch) for batch in played.batches] == [2, 1]
    assert [len(trials) for trials in tools.heard] == [2, 0, 1]
    assert "still fails the failing test still fails breaks a passing test" in said(model.requests[1].messages[-1])
    assert "does the same as your patch 1" in model.heard()


def test_patch_that_passes_within_a_tool_ends_the_dialogue() -> None:
    _, played = play(reply(call("read", {})), toolbox=Trying((Patch((plus("-"),), "code"),)))
    assert played.trials[-1].plausible
    assert (played.stop, played.error) == (None, "")


# -- more than one repair ----------------------------------------------------------------------------------------------


def test_alternative_is_asked_for_once_by_option() -> None:
    other = plus("a - True", column=11, old="a + 1")
    model, played = play(
        reply(propose(plus("-"))), reply(propose(other)), reply(), options=DialogueOptions(alternatives=True)
    )
    assert [trial.plausible for trial in played.trials] == [True, True]
    assert "another repair that a maintainer could prefer" in model.requests[1].messages[-1].content[-1]["text"]
    assert model.left == 1


def test_alternative_that_fails_or_is_not_offered_ends_the_dialogue() -> None:
    options = DialogueOptions(alternatives=True)
    for last in (reply(propose(plus("*"))), reply(text("None.")), reply(give_up()), reply(ending="refusal")):
        model, played = play(reply(propose(plus("-"))), last, reply(), options=options)
        assert (model.left, played.error, played.notices) == (1, "", [])


def test_model_may_look_at_things_before_it_offers_an_alternative() -> None:
    tools = Reading()
    _, played = play(
        reply(propose(plus("-"))),
        reply(call("read", {"path": "a"})),
        reply(propose(plus("*"))),
        toolbox=tools,
        options=DialogueOptions(alternatives=True),
    )
    assert len(tools.calls) == 1
    assert len(played.trials) == 2


def test_doubtful_patch_is_kept_and_a_better_one_asked_for() -> None:
    doubtful = plus("-1 + a", column=11, old="a + 1")
    model, played = play(reply(propose(doubtful)), reply(propose(plus("-"))))
    assert [trial.warnings for trial in played.trials] == [("literal.copied",), ()]
    assert "The policy finds it doubtful: literal.copied" in model.heard()


# -- how a reply ends ------------------------------------------------------------------------------------------------


def test_reply_without_a_call_is_corrected() -> None:
    model, played = play(reply(text("The operator is wrong.")), reply(propose(plus("-"))))
    assert "holds no tool call" in model.heard()
    assert played.trials[-1].plausible


@pytest.mark.parametrize("ending", ["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn"])
def test_empty_reply_is_corrected(ending: Any) -> None:
    model, played = play(reply(ending=ending), reply(propose(plus("-"))))
    assert len(model.requests[1].messages) == 1
    assert "called" in model.heard() or "empty" in model.heard()
    assert played.trials[-1].plausible


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"rationale": "x"}, "edits: an array of at least one edit expected"),
        ({"edits": []}, "edits: an array of at least one edit expected"),
        ({"edits": "[{"}, "edits: an array of edits expected, got text that is not JSON"),
        ({"edits": [{"kind": "explode"}]}, "edits[0]: kind 'explode' is none of"),
        ({"edits": [{"kind": "add_import", "path": "x.py"}]}, "edits[0]: field 'statement' of AddImport is missing"),
        ({"edits": [{"kind": "delete_statement", "path": "x", "line": "2", "old": ""}]}, "edits[0].line: an integer"),
        ({"edits": [{"kind": "remove_import", "path": "x", "name": "y", "why": ""}]}, "edits[0]: unknown field 'why'"),
        ({"edits": [{}], "patch": ""}, "unknown field 'patch'"),
        ("nothing", "the input of propose_patch must be a JSON object"),
    ],
)
def test_malformed_patch_gets_one_precise_correction(arguments: Any, problem: str) -> None:
    model, played = play(reply(call("propose_patch", arguments)), reply(propose(plus("-"))))
    answer = model.requests[1].messages[-1].content[0]
    assert answer["is_error"] is True
    assert problem in answer["content"]
    assert len(played.batches) == 1


def test_edits_written_as_text_or_without_their_list_are_understood() -> None:
    for edits in (
        '[{"kind": "replace_expression", "path": "pkg/subject.py", "line": 2, "column": 13, "old": "+", "new": "-"}]',
        {"kind": "replace_expression", "path": "pkg/subject.py", "line": 2, "column": 13, "old": "+", "new": "-"},
    ):
        _, played = play(reply(call("propose_patch", {"rationale": "x", "edits": edits})))
        assert played.trials[-1].plausible


def test_second_malformed_reply_in_a_row_starts_afresh_and_the_fourth_ends_in_a_sentence() -> None:
    bad = call("propose_patch", {"edits": []})
    model, played = play(*(reply({**bad, "id": f"c{number}"}) for number in range(9)))
    assert [len(request.messages) for request in model.requests] == [1, 3, 1, 3]
    assert said(model.requests[2].messages[0]) == "summary of 0 trials of t1"
    assert played.error.startswith("claude-test answered twice in a row in a way that cannot be carried out")
    assert "edits: an array of at least one edit expected" in played.error
    assert "--codemode-model" in played.error


def test_readable_reply_between_malformed_ones_is_what_counts() -> None:
    bad, good = call("propose_patch", {"edits": []}), [plus("*"), plus("%"), plus("**"), plus("/")]
    script = [
        one
        for edit in good
        for one in (reply({**bad, "id": f"c{ord(edit.new[-1])}{len(edit.new)}"}), reply(propose(edit)))
    ]
    model, played = play(*script, options=DialogueOptions(turns=8, patience=9))
    assert len(played.batches) == 4
    assert len(model.requests[-1].messages) == 15


def test_failed_conversations_count_only_in_a_row() -> None:
    bad = [reply(text("hm")), reply(text("hm"))]
    model, played = play(*bad, reply(propose(plus("*"))), *bad, reply(propose(plus("-"))))
    assert [len(request.messages) for request in model.requests] == [1, 3, 1, 3, 5, 1]
    assert played.trials[-1].plausible


@pytest.mark.parametrize("name", ["", "no name", 3])
def test_call_without_a_valid_name_is_corrected_in_words(name: Any) -> None:
    model, _ = play(reply(text("Now."), call(name, {})), reply(give_up()))
    assert model.requests[1].messages[1].content == (text("Now."),)
    assert "no valid id or name" in model.heard()


def test_call_whose_id_was_there_before_is_left_out() -> None:
    tools = Reading()
    first = call("read", {"path": "a"}, "c1")
    model, _ = play(reply(first, {**first, "input": {}}), reply(text("so"), first), reply(give_up()), toolbox=tools)
    assert len(tools.calls) == 1
    assert model.requests[1].messages[1].content == (first,)
    assert model.requests[2].messages[3].content == (text("so"),)


def test_call_that_was_cut_is_not_carried_out_even_if_it_looks_complete() -> None:
    model, played = play(reply(propose(plus("-")), ending="max_tokens"), reply(propose(plus("*"))), reply(give_up()))
    assert played.batches[0][0].edits == (plus("*"),)
    assert "answer shorter" in said(model.requests[1].messages[-1])
    assert model.requests[1].max_tokens > 0


def test_complete_calls_of_a_reply_that_was_cut_are_carried_out() -> None:
    _, played = play(reply(propose(plus("-")), propose(plus("*")), ending="max_tokens"))
    assert played.batches[0][0].edits == (plus("-"),)


def test_reply_that_was_cut_is_given_more_room() -> None:
    model = ScriptedModel(
        reply(thinking(), ending="max_tokens"), reply(propose(plus("-"))), limits=ModelLimits(output_tokens=12_000)
    )
    Loop().play(model)
    assert [request.max_tokens for request in model.requests] == [8_000, 12_000]
    assert "cut at the greatest length" in model.heard()


def test_paused_turn_is_sent_back_as_it_is() -> None:
    model, played = play(reply(text("Let me see"), ending="pause_turn"), reply(text("now"), propose(plus("-"))))
    assert [message.role for message in model.requests[1].messages] == ["user", "assistant"]
    assert played.trials[-1].plausible


def test_turn_that_pauses_for_ever_ends_in_a_sentence() -> None:
    model, played = play(*(reply(text("wait"), ending="pause_turn") for _ in range(12)))
    assert "paused 4 times in a row" in played.error
    assert len(model.requests) == 8


def test_pauses_count_only_in_a_row() -> None:
    pauses = [reply(text("wait"), ending="pause_turn") for _ in range(3)]
    _, played = play(*pauses, reply(propose(plus("*"))), *pauses, reply(propose(plus("-"))))
    assert played.error == ""
    assert played.trials[-1].plausible


def test_refusal_starts_afresh_once_and_then_ends_in_a_sentence() -> None:
    model, played = play(*(reply(ending="refusal", detail="it looks like malware") for _ in range(3)))
    assert len(model.requests) == 2
    assert played.error.startswith("claude-test declined to answer (it looks like malware); try another model")


def test_nothing_of_a_refused_reply_is_carried_out() -> None:
    _, played = play(reply(propose(plus("*")), ending="refusal"), reply(propose(plus("-"))))
    assert [batch[0].edits for batch in played.batches] == [(plus("-"),)]


def test_window_that_is_full_in_mid_reply_starts_afresh_with_what_is_known() -> None:
    model, played = play(
        reply(propose(plus("*"))),
        reply(text("so"), ending="model_context_window_exceeded"),
        reply(propose(plus("-"))),
    )
    assert said(model.requests[2].messages[0]) == "summary of 1 trials of t1"
    assert played.trials[-1].plausible


def test_window_that_the_opening_fills_ends_in_a_sentence() -> None:
    _, played = play(*(reply(ending="model_context_window_exceeded") for _ in range(3)))
    assert "no room for a reply" in played.error


def test_prompt_that_is_too_long_is_shortened_then_begun_afresh_then_an_error() -> None:
    too_long = ContextExceeded("the prompt is too long; choose a model with a larger context")
    tools = Reading(5_000)
    model, played = play(
        reply(call("read", {})),
        reply(call("read", {})),
        too_long,  # the first result is left out
        too_long,  # nothing else can be: afresh
        too_long,  # nothing can be left out of an opening
        toolbox=tools,
    )
    results = [message.content[0]["content"] for message in model.requests[3].messages[2::2]]
    assert "characters left out to save room" in results[0]
    assert "x " * 2_500 in results[1]
    assert said(model.requests[4].messages[0]).startswith("summary")
    assert played.error == str(too_long)


def test_limit_of_the_budget_ends_the_dialogue_with_its_reason() -> None:
    budget = Budget(Allowance(usd=None, requests=2))
    _, played = play(*(reply(propose(plus(op))) for op in "*%/"), budget=budget)
    assert played.stop is StopReason.REQUESTS
    assert len(played.batches) == 2


def test_limit_behind_a_patch_that_passes_is_no_reason() -> None:
    budget = Budget(Allowance(usd=None, requests=1))
    _, played = play(reply(propose(plus("-"))), budget=budget, options=DialogueOptions(alternatives=True))
    assert played.stop is None


def test_model_that_cannot_be_reached_ends_the_dialogue_in_its_sentence() -> None:
    _, played = play(reply(propose(plus("*"))), ProposerError("no answer from claude-test; check the network"))
    assert played.error == "no answer from claude-test; check the network"


def test_giving_up_ends_the_dialogue_and_the_user_reads_why() -> None:
    model, played = play(reply(give_up("Both tests\ncannot hold.")), reply())
    assert played.notices == ["claude-test gave up: Both tests cannot hold. (tests/test_subject.py::test_it)"]
    assert model.left == 1


def test_giving_up_beside_a_patch_waits_for_its_result() -> None:
    model, _ = play(reply(propose(plus("*")), give_up()), reply(propose(plus("-"))))
    assert "Not taken up" in model.heard()


# -- a conversation that leads nowhere -------------------------------------------------------------------------------


def test_turns_without_progress_start_a_fresh_conversation_with_a_summary() -> None:
    operators = ["*", "%", "/", "//", "@", "|", "&"]
    model, played = play(*(reply(propose(plus(op))) for op in operators), options=DialogueOptions(turns=7, patience=3))
    assert [len(request.messages) for request in model.requests] == [1, 3, 5, 1, 3, 5, 1]
    assert said(model.requests[3].messages[0]) == "summary of 3 trials of t1"
    assert played.notices == ["claude-test found no patch in 7 turns (tests/test_subject.py::test_it)"]


def test_progress_keeps_the_conversation() -> None:
    def judged(patch: Patch, task: Any) -> Trial:
        line = {"*": 5, "%": 6, "/": 7, "//": 8}[patch.edits[0].new]  # type: ignore[union-attr]
        return Trial(patch, Verdict.FAILED, failures=(failing("3", line=line),))

    script = [reply(propose(plus(op))) for op in ("*", "%", "/", "//")]
    model, _ = play(*script, reply(give_up()), judge=judged, options=DialogueOptions(patience=2))
    assert len(model.requests[-1].messages) == 9


def test_looking_at_things_is_no_turn_without_progress() -> None:
    script = [reply(call("read", {"path": str(number)})) for number in range(6)]
    model, _ = play(*script, reply(give_up()), toolbox=Reading(), options=DialogueOptions(patience=2))
    assert len(model.requests[-1].messages) == 13


def test_stronger_model_takes_every_second_conversation() -> None:
    loop = Loop()
    strong = ScriptedModel(reply(propose(plus("/"))), reply(propose(plus("//"))), name="strong")
    weak = ScriptedModel(*(reply(propose(plus(op))) for op in ("*", "%", "@")), reply(propose(plus("-"))), name="weak")
    loop.options = DialogueOptions(patience=2, escalate_to=loop.metered(strong))
    played = loop.play(weak)
    assert [len(model.requests) for model in (weak, strong)] == [4, 2]
    assert [len(request.messages) for request in strong.requests] == [1, 3]
    assert played.trials[-1].plausible


def test_stronger_model_is_asked_before_giving_up() -> None:
    loop = Loop()
    strong = ScriptedModel(reply(propose(plus("-"))), name="strong")
    loop.options = DialogueOptions(escalate_to=loop.metered(strong))
    assert loop.play(ScriptedModel(reply(give_up()))).trials[-1].plausible


def test_model_is_told_when_few_replies_are_left() -> None:
    script = [reply(propose(plus(op))) for op in ("*", "%", "/")]
    model, _ = play(*script, options=DialogueOptions(turns=3))
    assert [("possible" in said(request.messages[-1])) for request in model.requests] == [False, True, True]
    assert "1 more reply is possible" in model.heard()


# -- the history -----------------------------------------------------------------------------------------------------


def test_old_results_are_left_out_when_the_history_is_too_long() -> None:
    script = [reply(call("read", {"path": str(number)})) for number in range(5)]
    options = DialogueOptions(history_tokens=4_000)
    model, _ = play(*script, reply(give_up()), toolbox=Reading(3_000), options=options)
    results = [message.content[0]["content"] for message in model.requests[-1].messages[2::2]]
    assert ["left out" in result for result in results] == [True, True, True, False, False]
    assert len(model.requests[-1].messages) == 11


def test_history_with_thinking_is_never_changed() -> None:
    script = [reply(thinking(str(number)), call("read", {"path": str(number)})) for number in range(5)]
    options = DialogueOptions(history_tokens=4_000)
    model, played = play(*script, reply(give_up()), toolbox=Reading(3_000), options=options)
    for number, request in enumerate(model.requests[:5]):
        for later in model.requests[number + 1 :]:
            check_thinking(request, later, script[number].content[0])
    assert any(said(request.messages[0]).startswith("summary") for request in model.requests)
    assert played.error == ""


def test_thinking_comes_back_unchanged() -> None:
    blocks = (thinking("a"), text("b"), {"type": "redacted_thinking", "data": "xyz"}, propose(plus("*")))
    model, _ = play(reply(*blocks), reply(give_up()))
    assert model.requests[1].messages[1].content == blocks


def test_opening_and_end_are_marked_for_the_cache() -> None:
    model, _ = play(reply(propose(plus("*"))), reply(propose(plus("%"))), reply(give_up()))
    marked = [bool(message.content[-1].get("cache_control")) for message in model.requests[2].messages]
    assert marked == [True, False, False, False, True]
    assert model.requests[0].system[-1]["cache_control"] == {"type": "ephemeral"}


# -- what is told ----------------------------------------------------------------------------------------------------


def test_each_exchange_is_an_event_that_survives_its_file() -> None:
    _, played = play(reply(propose(plus("*"))), reply(propose(plus("-"))))
    first, second = played.turns
    assert (first.number, second.number, first.nodeids) == (1, 2, ("tests/test_subject.py::test_it",))
    assert [len(turn.said) for turn in played.turns] == [1, 1]
    assert "cache_control" not in to_line(first)
    assert said(first.said[0]) == "opening of t1"
    assert "assert 3 == 2" in said(second.said[0])
    assert first.usd == pytest.approx(150e-6)
    assert [from_line(to_line(turn)) for turn in played.turns] == played.turns
    progress = [event.text for event in played.events if isinstance(event, Progress)]
    assert progress == ["claude-test: turn 1 of 12", "claude-test: turn 2 of 12"]


def test_source_is_what_the_judge_knows() -> None:
    assert subject().sources == {"pkg/subject.py": SOURCE.encode()}
