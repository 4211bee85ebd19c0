"""The environment of a user who has a key for the local server, and nothing else that the SDK would look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_READ_BY_SDKS = ("ANTHROPIC_", "AWS_", "GOOGLE_", "CLOUD_ML_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name in os.environ:
        if name.startswith(_READ_BY_SDKS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # where profiles would be
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    return "test"
