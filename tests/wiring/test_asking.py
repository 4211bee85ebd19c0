"""Which models are asked for calls."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ConfigError, ProposerError
from pytest_codemode.core.request import EngineOptions, ModelOptions
from pytest_codemode.wiring.asking import asking
from pytest_codemode.wiring.models import Models
from pytest_codemode.worktree.sources import SourceTree

NONE, KNOWN = ModelOptions(), ModelOptions("claude-opus-5-5")


def asked(root: Path, *names: str, model: ModelOptions = NONE, usd: float | None = 1.0) -> bool:
    options = EngineOptions(proposers=names, model=model)
    with ExitStack() as resources:
        budget = Budget(Allowance(usd=usd))
        models = Models(options, rootdir=root, budget=budget, emit=lambda event: None, resources=resources)
        return asking(options, models, tree=SourceTree(root), paths=(), emit=lambda event: None) is not None


def test_a_model_is_asked_only_if_the_user_named_one(tmp_path: Path) -> None:
    assert not asked(tmp_path, "auto")
    assert not asked(tmp_path, "search", model=KNOWN)
    assert asked(tmp_path, "auto", model=KNOWN)
    assert asked(tmp_path, "claude")


def test_what_cannot_be_asked_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no proposer 'magic'"):
        asked(tmp_path, "search", "magic")
    with pytest.raises(ConfigError, match=r"patches write no tests; give the run\.jsonl"):
        asked(tmp_path, f"replay:{tmp_path}/patches.json")
    with pytest.raises(ProposerError, match="cannot be read"):
        asked(tmp_path, f"replay:{tmp_path}/run.jsonl")
    with pytest.raises(ConfigError, match="give the price with --codemode-price"):
        asked(tmp_path, "auto", model=ModelOptions("house-model"))
    assert asked(tmp_path, "auto", model=ModelOptions("house-model"), usd=None)
