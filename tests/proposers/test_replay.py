"""Patches from a file: both forms, and every way a file can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.patch import AddImport, Applied, CreateModule, Patch, ReplaceExpression
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.replay import ReplayProposer
from tests.proposers.material import PATH, failure, task

SOURCE = "def f(a):\n    return a + 1\n"
EDIT = ReplaceExpression(PATH, 2, 13, "+", "-")


def replayed(tmp_path: Path, data: Any, nodeid: str = "tests/test_subject.py::test_it") -> list[tuple[Patch, ...]]:
    file = tmp_path / "patches.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return list(ReplayProposer(file).propose(task(SOURCE, failure(nodeid=nodeid))))


@pytest.mark.parametrize("wrap", [lambda patches: patches, lambda patches: {"patches": patches}])
def test_recorded_patches_come_back_as_they_were_written(tmp_path: Path, wrap: Any) -> None:
    patch = Patch((EDIT, AddImport(PATH, "import os")), "search", "arithmetic.operator", "why", 0.5)
    (batch,) = replayed(tmp_path, wrap([encode(patch)]))
    assert batch == (Patch(patch.edits, "replay", patch.template, patch.rationale, patch.prior),)


def test_new_text_of_a_file_becomes_edits(tmp_path: Path) -> None:
    new = SOURCE.replace("a + 1", "a - 1")
    (batch,) = replayed(tmp_path, {"files": {PATH: new, "pkg/other.py": "x = 1\n"}, "rationale": "turn it"})
    result = apply(batch[0], {PATH: SOURCE.encode()}.get)
    assert isinstance(result, Applied)
    assert result.files == {PATH: new.encode(), "pkg/other.py": b"x = 1\n"}
    assert CreateModule("pkg/other.py", "x = 1\n") in batch[0].edits
    assert batch[0].rationale == "turn it"


def test_new_text_of_a_file_that_no_failing_test_ran_becomes_edits_of_it(tmp_path: Path) -> None:
    old = b"RATE = 2\nNAME = 'a'\n"
    tree = {"pkg/rates.py": old}
    file = tmp_path / "patches.json"
    new = {"pkg/rates.py": "RATE = 3\nNAME = 'a'\n", "pkg/new.py": "x = 1\n"}
    file.write_text(json.dumps({"files": new}), encoding="utf-8")
    (batch,) = ReplayProposer(file, tree.get).propose(task(SOURCE))
    result = apply(batch[0], tree.get)
    assert isinstance(result, Applied)
    assert result.files == {path: text.encode() for path, text in new.items()}
    assert [edit for edit in batch[0].edits if isinstance(edit, CreateModule)] == [
        CreateModule("pkg/new.py", "x = 1\n")
    ]


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("tests/test_subject.py::test_it[1]", True),
        ("tests/test_subject.py::*", True),
        ("tests/test_other.py::*", False),
        ("*", True),
    ],
)
def test_patch_is_only_for_the_tests_it_names(tmp_path: Path, pattern: str, meant: bool) -> None:
    data = [{"for": pattern, "edits": [encode(EDIT)]}]
    batches = replayed(tmp_path, data, nodeid="tests/test_subject.py::test_it[1]")
    assert [len(batch) for batch in batches] == ([1] if meant else [])


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("{", "not JSON"),
        ("3", "patches: an array of patches expected"),
        ({"patches": {}}, "patches: an array of patches expected"),
        ([3], r"patches\[0\]: an object with `edits` or `files` expected"),
        ([{}], r"patches\[0\]: neither `edits` nor `files` is there"),
        ([{"edits": [], "forr": "x"}], r"patches\[0\]: unknown field 'forr'"),
        ([{"edits": [], "for": 3}], r"patches\[0\].for: a node id or a glob expected"),
        ([{"edits": [encode(EDIT), {"kind": "explode"}]}], r"patches\[0\].edits\[1\]: kind 'explode' is none of"),
        ([{"edits": [{**encode(EDIT), "line": "2"}]}], r"patches\[0\].edits\[0\].line: an integer expected"),
        ([{"edits": [{"kind": "add_import", "path": "x.py"}]}], r"patches\[0\].edits\[0\]: field 'statement'"),
        ([{"files": {PATH: "def f(:\n"}}], r"patches\[0\].files\['pkg/subject.py'\]: .* can be parsed after"),
    ],
)
def test_malformed_file_is_an_error_that_names_file_and_place(tmp_path: Path, data: Any, place: str) -> None:
    with pytest.raises(ProposerError, match=rf"patches\.json: {place}"):
        replayed(tmp_path, data)


def test_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match=r"none\.json: cannot be read"):
        next(ReplayProposer(tmp_path / "none.json").propose(task(SOURCE)))
