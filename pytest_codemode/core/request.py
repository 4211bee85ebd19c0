"""What the plugin hands the engine: one JSON object on the engine's standard input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.project import Project


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which model is asked, and how."""

    name: str = ""
    """What switches the model on in `auto`; empty for none."""
    base_url: str = ""
    """Of a gateway or local server; empty for the provider's own."""
    escalate: str = ""
    """The stronger model that takes over; empty for none."""
    protocol: Literal["auto", "tools", "react"] = "auto"
    alternatives: bool = False
    """Whether to ask for a second patch once one passes."""
    batch: bool = False
    """Whether to ask by Message Batches."""
    price: str = ""
    """As `proposers.model.prices.parse_price` reads it; empty for the known price."""


@dataclass(frozen=True, slots=True)
class CoverOptions:
    """What tests are to be written for."""

    targets: tuple[str, ...] = ()
    """Paths, packages, modules or `module:function`; empty for the project's own packages."""
    since: str = ""
    """Git revision: only what has changed since; empty for everything."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the user asked of the engine; everything about running tests is in `Project`."""

    cover: CoverOptions | None = None
    """Write tests for uncovered lines; None: repair what fails."""

    diff_only: bool = False
    """Write nothing to the tree: print the diff and keep the patch."""
    proposers: tuple[str, ...] = ("auto",)
    """In order: `auto`, `search`, `claude`, `replay:FILE` with FILE an absolute host path."""
    model: ModelOptions = ModelOptions()
    budget: str = ""
    """As `core.budget.parse_allowance` reads it; already validated."""
    confirm: Literal["affected", "suite"] = "suite"
    allow: tuple[str, ...] = ()
    """Names of policy rules that are switched off."""
    operators: tuple[str, ...] = ()
    """Names of installed distributions that bring repair operators."""
    editable: tuple[str, ...] = ()
    """Globs of posix paths relative to rootdir; empty for the default."""
    reports: tuple[str, ...] = ()
    """Absolute host paths of report files to write at the end (see `report.files.write`)."""


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One run, as the plain run of the user's pytest left it."""

    project: Project
    failures: tuple[Failure, ...]
    """Every failing phase in the order it was reported; at least one where something is to be repaired."""
    selected: tuple[str, ...]
    """Every node id of the plain run's collection, whether it ran or not (`-x` may have cut the run short)."""
    passed: tuple[str, ...]
    """Node ids that passed in every phase."""
    not_run: tuple[str, ...] = ()
    """Those of `selected` that never began: `-x` or `--maxfail` ended the plain run before; skipped ones have run."""
    narrowed: bool = False
    """Whether the user selected some of the tests (paths, node ids, `-k`, `-m`, `--deselect`, `--ignore`)."""
    options: EngineOptions = EngineOptions()


def to_json(request: EngineRequest) -> str:
    """Return the request as one line of JSON."""
    return json.dumps(encode(request), ensure_ascii=True, separators=(",", ":"))


def from_json(text: str) -> EngineRequest:
    """Return the request in `text`.

    Raises:
        ValueError: it is not one; the text names the place.
    """
    request: EngineRequest = decode(EngineRequest, json.loads(text), "request")
    return request
