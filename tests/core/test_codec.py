import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.events import Event, Notice, from_line, to_line
from pytest_codemode.core.failure import MAX_SAMPLED, MAX_SAMPLED_DEPTH, Failure, Phase, SampledFrame, Samples
from pytest_codemode.core.model import Message, ModelReply
from pytest_codemode.core.outcome import (
    Collection,
    Execution,
    Outcome,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import DeleteDefinition, Edit, Patch, ReplaceDefinition
from pytest_codemode.core.report import RunReport, Unrepaired
from pytest_codemode.core.request import EngineRequest, from_json, to_json

# What is not finite is refused: a limit of NaN seconds never ends.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4)
BLOCKS = st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=3).map(tuple)
DEPTHS = st.integers(0, MAX_SAMPLED_DEPTH - 1)
st.register_type_strategy(
    SampledFrame, st.builds(SampledFrame, st.text(), st.integers(), st.text(), DEPTHS, st.integers())
)
st.register_type_strategy(Message, st.builds(Message, content=BLOCKS))
st.register_type_strategy(ModelReply, st.builds(ModelReply, content=BLOCKS))

CROSSING = (
    Patch,
    RunRequest,
    RunResult,
    TryRequest,
    TryResult,
    Collection,
    Execution,
    SandboxInfo,
    RunReport,
    EngineRequest,
)
"""What crosses a border between processes, besides events; edits come in a Patch, failures in a RunResult."""

FAILURE = {"nodeid": "t.py::test", "when": "call", "exception": "E", "message": "m"}


@pytest.mark.parametrize("kind", CROSSING, ids=lambda kind: kind.__name__)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_what_crosses_a_border_comes_back_as_it_was(kind: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert decode(kind, json.loads(json.dumps(encode(value)))) == value


@settings(max_examples=20, deadline=None)
@given(event=st.from_type(Event))  # type: ignore[arg-type]
def test_every_event_is_one_line_and_comes_back_as_it_was(event: Event) -> None:
    line = to_line(event)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert from_line(line) == event


@settings(max_examples=20, deadline=None)
@given(edit=st.from_type(Edit))  # type: ignore[arg-type]
def test_every_edit_says_of_what_kind_it_is(edit: Edit) -> None:
    assert encode(edit)["kind"] == edit.KIND
    assert decode(Edit, encode(edit)) == edit


@settings(max_examples=6, deadline=None)
@given(request=st.from_type(EngineRequest))
def test_the_engine_reads_the_request_that_the_plugin_wrote(request: EngineRequest) -> None:
    assert from_json(to_json(request)) == request


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (Failure, {**FAILURE, "when": "later"}, "f.when: 'later' is not a Phase"),
        (Failure, {k: v for k, v in FAILURE.items() if k != "message"}, "f: field 'message' of Failure is missing"),
        (Failure, {**FAILURE, "colour": "red"}, "f: unknown field 'colour' of Failure"),
        (Failure, {**FAILURE, "kind": "failure"}, "f: unknown field 'kind' of Failure"),
        (Failure, {**FAILURE, "timed_out": 1}, "f.timed_out: bool expected, got '1'"),
        (Failure, {**FAILURE, "frames": {}}, "f.frames: an array expected"),
        (Failure, {**FAILURE, "frames": [{"path": "a"}]}, "f.frames[0]: field 'line' of Frame is missing"),
        (
            Failure,
            {**FAILURE, "frames": [{"path": "a", "line": True, "function": "f", "locals": {}}]},
            "f.frames[0].line: an integer expected, got 'True'",
        ),
        (
            Failure,
            {**FAILURE, "frames": [{"path": "a", "line": 1, "function": "f", "locals": {"x": 3}}]},
            "f.frames[0].locals['x']: str expected, got '3'",
        ),
        (Failure, [], "f: an object expected, got '[]'"),
        (Failure, {**FAILURE, "duration_s": "1"}, "f.duration_s: a number expected"),
        (Failure, {**FAILURE, "duration_s": 10**400}, "f.duration_s: a number expected"),
        (RunRequest, {"files": {"m.py": "no base64!"}}, "f.files['m.py']: not base64"),
        (RunRequest, {"files": {"m.py": 3}}, "f.files['m.py']: base64 text expected"),
        (RunRequest, {"nodeids": "t.py"}, "f.nodeids: an array expected"),
        (
            RunRequest,
            {"record": "all"},
            "f.record: one of ('nothing', 'functions', 'lines', 'values', 'calls') expected, got 'all'",
        ),
        (RunRequest, {"record": ["all"]}, "f.record: one of"),
        (Edit, {"kind": "rewrite"}, "f: kind 'rewrite' is none of ['add_import', "),
        (Edit, {"kind": ["add_import"]}, "f: kind ['add_import'] is none of "),
        (Edit, {"path": "m.py"}, "f: kind None is none of "),
        (Edit, "add_import", "f: "),
    ],
)
def test_a_value_of_the_wrong_shape_is_an_error_that_names_the_place(kind: Any, data: Any, message: str) -> None:
    with pytest.raises(ValueError) as error:
        decode(kind, data, "f")
    assert str(error.value).startswith(message)


def test_an_object_of_another_kind_is_not_taken_for_the_wanted_one() -> None:
    data = encode(DeleteDefinition("m.py", "f"))
    with pytest.raises(ValueError, match="kind 'delete_definition' is not 'replace_definition'"):
        decode(ReplaceDefinition, {**data, "source": ""})


def test_a_field_named_kind_is_an_ordinary_field() -> None:
    one = Unrepaired("t.py::test", "flaky", "failed 1 of 2 runs")
    assert decode(Unrepaired, encode(one)) == one


@pytest.mark.parametrize("line", ["", "nonsense", "[]", "3", '{"kind":"unheard"}', '{"kind":"notice","level":"info"}'])
def test_a_line_that_holds_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        from_line(line)


def test_text_that_is_no_text_of_any_encoding_survives() -> None:
    notice = Notice("info", "\udcff \u2028 \x85 \n \U0001f600")
    assert from_line(to_line(notice)) == notice


@dataclass(frozen=True)
class Shapes:
    fixed: tuple[int, str]
    some: frozenset[str]
    level: Literal["low", "high"]
    maybe: int | None = None


def test_tuples_of_fixed_length_and_sets_keep_their_types() -> None:
    shapes = Shapes((1, "a"), frozenset({"b", "a"}), "low")
    assert encode(shapes)["some"] == ["a", "b"]
    assert decode(Shapes, encode(shapes)) == shapes
    with pytest.raises(ValueError, match=r"value\.fixed: an array of 2 expected"):
        decode(Shapes, {**encode(shapes), "fixed": [1]})
    with pytest.raises(ValueError, match=r"value\.maybe: an integer expected"):
        decode(Shapes, {**encode(shapes), "maybe": "1"})


def test_an_outcome_is_green_only_if_the_test_passed_for_real() -> None:
    assert [outcome for outcome in Outcome if outcome.green] == [Outcome.PASSED]


def test_results_are_found_by_node_id() -> None:
    one, two = TestResult("t.py::a", Outcome.PASSED), TestResult("t.py::b", Outcome.FAILED)
    assert RunResult("finished", (one, two)).by_nodeid() == {"t.py::a": one, "t.py::b": two}


def test_the_innermost_frame_is_sought_only_in_the_given_files() -> None:
    frames = [{"path": p, "line": n, "function": "f", "locals": {}} for n, p in enumerate(["t.py", "m.py", "lib.py"])]
    found: Failure = decode(Failure, {**FAILURE, "frames": frames})
    innermost = found.innermost(frozenset({"m.py", "t.py"}))
    assert innermost is not None
    assert innermost.path == "m.py"
    assert found.innermost(frozenset()) is None
    assert found.when is Phase.CALL


@pytest.mark.parametrize(("count", "depth"), [(MAX_SAMPLED + 1, 0), (1, MAX_SAMPLED_DEPTH), (1, -1)])
def test_samples_of_more_than_a_sampler_tells_do_not_cross_a_border(count: int, depth: int) -> None:
    frame = {"path": "m.py", "line": 1, "function": "f", "depth": depth, "count": 1}
    with pytest.raises(ValueError, match="samples of at most"):
        decode(Samples, {"taken": 1, "frames": [frame] * count}, "samples")
