"""Patches read from a file: recorded ones, and those written by hand.

The file is JSON: a list of patches, or an object with `patches` (such a list) or `files` (one patch). A patch is an
object with `edits` (a list of edits as `core.codec.encode` writes them, each with its `kind`) or `files` (path -> the
full new text, turned into edits by comparison with the file as it stands), and optionally `for` (a node id or a glob:
only tasks with such a failing test get the patch), `rationale`, `template` and `prior`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.patch import CreateModule, Edit, Patch
from pytest_codemode.core.ports import Proposals
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.difference import edits_between

__all__ = ["ReplayProposer", "edits_between"]

_FIELDS = frozenset({"edits", "files", "for", "rationale", "template", "prior", "proposer"})


class ReplayProposer:
    """Yields the patches of a file that are meant for a task, all in one batch.

    `read` gives the bytes of a file of the tree that the task does not hold (path relative to rootdir), or None where
    there is none; without it such a file counts as new.
    """

    def __init__(self, path: Path, read: Callable[[str], bytes | None] | None = None) -> None:
        self._path = path
        self._read_file = read

    @property
    def name(self) -> str:
        """As the user selects it."""
        return f"replay:{self._path}"

    def propose(self, task: RepairTask) -> Proposals:
        """Yield one batch.

        Raises:
            ProposerError: the file cannot be read or does not have the form; the text names the place.
        """
        batch = tuple(
            self._patch(item, f"patches[{index}]", task)
            for index, item in enumerate(self._read())
            if self._meant_for(item, f"patches[{index}]", task)
        )
        if batch:
            yield batch
        return None

    def _read(self) -> list[Any]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ProposerError(f"{self._path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise ProposerError(f"{self._path}: not JSON: {error}") from None
        if isinstance(data, dict):
            data = data.get("patches", [data])
        if not isinstance(data, list):
            raise self._malformed("patches", "an array of patches expected")
        return data

    def _malformed(self, where: str, problem: str) -> ProposerError:
        return ProposerError(f"{self._path}: {where}: {problem}")

    def _meant_for(self, item: Any, where: str, task: RepairTask) -> bool:
        if not isinstance(item, dict):
            raise self._malformed(where, "an object with `edits` or `files` expected")
        pattern = item.get("for", "*")
        if not isinstance(pattern, str):
            raise self._malformed(f"{where}.for", "a node id or a glob expected")
        return any(nodeid == pattern or fnmatchcase(nodeid, pattern) for nodeid in task.nodeids)

    def _patch(self, item: Mapping[str, Any], where: str, task: RepairTask) -> Patch:
        if unknown := sorted(item.keys() - _FIELDS):
            raise self._malformed(where, f"unknown field {unknown[0]!r}; use {', '.join(sorted(_FIELDS))}")
        if "edits" not in item and "files" not in item:
            raise self._malformed(where, "neither `edits` nor `files` is there")
        try:
            edits: tuple[Edit, ...] = decode(tuple[Edit, ...], item.get("edits", []), f"{where}.edits")
            rationale: str = decode(str, item.get("rationale", ""), f"{where}.rationale")
            template: str = decode(str, item.get("template", ""), f"{where}.template")
            prior: float = decode(float, item.get("prior", 0.0), f"{where}.prior")
            texts: dict[str, str] = decode(dict[str, str], item.get("files", {}), f"{where}.files")
        except ValueError as error:
            raise ProposerError(f"{self._path}: {error}") from None
        edits = (*edits, *self._from_texts(texts, f"{where}.files", task))
        return Patch(edits, "replay", template, rationale, prior)

    def _from_texts(self, texts: Mapping[str, str], where: str, task: RepairTask) -> Iterator[Edit]:
        for path, text in texts.items():
            old = task.sources.get(path, task.test_sources.get(path))
            if old is None and self._read_file is not None:
                old = self._read_file(path)
            if old is None:
                yield CreateModule(path, text)
                continue
            try:
                yield from edits_between(path, old, text.encode())
            except ValueError as error:
                raise self._malformed(f"{where}[{path!r}]", str(error)) from None
