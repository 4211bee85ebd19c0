"""One reader of patches: of one mind with the schema, helpful where the meaning is plain, and bounded."""

from __future__ import annotations

import json
import typing
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import Edit, Patch, ReplaceStatement
from pytest_codemode.core.remote import RemoteCall
from pytest_codemode.proposers.model.moves import Malformed, Propose
from pytest_codemode.proposers.model.own_tools import move_of
from pytest_codemode.workbench.api import WorkbenchError
from pytest_codemode.workbench.patch_schema import patch_schema
from pytest_codemode.workbench.patches import MAX_CHARACTERS, MAX_EDITS, MAX_PROBLEM, MAX_RATIONALE, decode_patch
from pytest_codemode.workbench.remote import bound
from tests.workbench.bench import workbench

VALIDATOR = Draft202012Validator(patch_schema())
TEXT = st.text(max_size=20)
STATEMENT = ReplaceStatement("a.py", 1, "x", "y")
EDIT = encode(STATEMENT)
DEEP: Any = None
for _ in range(900):
    DEEP = [DEEP]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of([st.builds(kind) for kind in typing.get_args(Edit)]), min_size=1, max_size=4), TEXT)
def test_what_fits_the_schema_is_decoded_to_the_same_edits(edits: list[Edit], rationale: str) -> None:
    arguments = json.loads(json.dumps({"rationale": rationale, "edits": [encode(edit) for edit in edits]}))
    VALIDATOR.validate(arguments)
    assert decode_patch(arguments, "claude").edits == tuple(edits)


def by_function_calling(given: dict[str, Any]) -> Patch | str:
    move = move_of("c1", "propose_patch", given, "agent")
    assert isinstance(move, Propose | Malformed)
    return move.patch if isinstance(move, Propose) else move.problem


def by_a_program(given: dict[str, Any]) -> Patch | str:
    try:
        return workbench().patch(**bound(RemoteCall(1, "try_patch", (), given)))
    except WorkbenchError as problem:
        return str(problem)


WAYS = pytest.mark.parametrize("read", [by_function_calling, by_a_program])


@WAYS
@pytest.mark.parametrize(
    "edits", [[EDIT], EDIT, json.dumps([EDIT]), json.dumps(EDIT), [{**EDIT, "header_only": None}]], ids=str
)
def test_what_is_plainly_meant_is_read_whichever_way_it_comes(
    read: Callable[[dict[str, Any]], Patch | str], edits: Any
) -> None:
    assert read({"edits": edits, "rationale": None}) == Patch((STATEMENT,), "agent")


BROKEN: list[tuple[Any, str]] = [
    ([{**EDIT, "line": "3"}], "edits[0].line: an integer expected, got '3'"),
    ([{**EDIT, "line": True}], "edits[0].line: an integer expected, got 'True'"),
    ([{**EDIT, "kind": "delete_everything"}], "edits[0]: kind 'delete_everything' is none of ["),
    ([{"kind": "replace_expression"}], "edits[0]: field 'path' of ReplaceExpression is missing"),
    ([EDIT, {**EDIT, "x" * 1_000_000: 1}], "edits[1]: unknown field 'xxx"),
    ([{**EDIT, "kind": "x" * 1_000_000}], "edits[0]: kind 'xxx"),
    ([DEEP[0]], "edits[0]: an object expected"),
    ([], "edits: an array of at least one edit expected"),
    ("edits", "edits: an array of edits expected, got text that is not JSON"),
    ("[" * 100_000, "edits: an array of edits expected, got text that is not JSON"),
    (None, "edits: an array of at least one edit expected"),
    ([EDIT] * (MAX_EDITS + 1), f"edits: {MAX_EDITS + 1} edits in one patch; at most {MAX_EDITS}, of the cause only"),
    ([{**EDIT, "source": "x" * MAX_CHARACTERS}], f"edits: {MAX_CHARACTERS + 5:,} characters in one patch; at most"),
]


@WAYS
@pytest.mark.parametrize(("edits", "problem"), BROKEN, ids=[problem[:40] for _, problem in BROKEN])
def test_what_has_not_the_form_is_told_in_one_bounded_sentence_the_same_for_all(
    read: Callable[[dict[str, Any]], Patch | str], edits: Any, problem: str
) -> None:
    told = read({"edits": edits, "rationale": ""})
    assert isinstance(told, str)
    assert told.startswith(problem)
    assert len(told) <= MAX_PROBLEM


def test_text_that_no_file_can_hold_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"^edits\[1\]\.source: U\+D800 is no character of any file$"):
        decode_patch({"edits": [EDIT, {**EDIT, "source": "x = '\ud800'"}], "rationale": ""}, "agent")


def test_rationale_is_one_bounded_line_that_can_be_written() -> None:
    patch = decode_patch({"edits": [EDIT], "rationale": "why\nnot \ud800 " * 1_000}, "claude")
    assert patch.rationale.startswith("why not ? why not ?")
    assert len(patch.rationale) <= MAX_RATIONALE


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"edits": [EDIT], "files": {}}, "unknown field 'files': a patch has `rationale` and `edits`"),
        ({"edits": [EDIT], "rationale": 3}, "rationale: str expected, got '3'"),
    ],
)
def test_a_patch_has_edits_and_a_rationale(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match="^" + problem):
        decode_patch(given, "agent")
