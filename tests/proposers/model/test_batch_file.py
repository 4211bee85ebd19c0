"""What is kept of batches from one run to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytest_codemode.core.errors import ProposerError
from pytest_codemode.proposers.model.batch_file import BatchFile
from pytest_codemode.proposers.model.batches import OpenBatch

BATCH = OpenBatch("msgbatch_01", "claude-sonnet-5-5", ("a" * 64, "b" * 64), 1_780_000_000.0)


def test_what_is_saved_is_loaded_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "batches.json"
    BatchFile(path).save((BATCH,))
    assert BatchFile(path).load() == (BATCH,)
    assert [one.name for one in tmp_path.iterdir()] == ["batches.json"]
    BatchFile(path).save(())
    assert BatchFile(path).load() == ()
    assert list(tmp_path.iterdir()) == []
    BatchFile(path).save(())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '[{"id": 1}]',
        '[{"id": "x"}]',
        "[" * 100_000,
        '[{"id":"../../v1/files","model":"m","custom_ids":[],"submitted_s":1.0}]',
    ],
)
def test_damaged_or_hostile_file_holds_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "batches.json"
    path.write_text(text)
    assert BatchFile(path).load() == ()


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    BatchFile(elsewhere).save((BATCH,))
    kept = elsewhere.read_bytes()
    link = tmp_path / "batches.json"
    link.symlink_to(elsewhere)
    assert BatchFile(link).load() == ()
    BatchFile(link).save((BATCH, BATCH))
    assert elsewhere.read_bytes() == kept
    assert not link.is_symlink()
    assert len(json.loads(link.read_text())) == 2
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert BatchFile(pipe).load() == ()


def test_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match="pay twice"):
        BatchFile(tmp_path / "none" / "batches.json").save((BATCH,))
