import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.core.request import EngineRequest, from_json

pytest_plugins = ["pytester"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the files, begin with the dearest: the last file to end keeps all others waiting."""
    if hasattr(config, "workerinput"):
        items.sort(key=_cheapness)


def _cheapness(item: pytest.Item) -> int:
    """Return 0 for a file that starts whole repair runs, 1 for one that starts sandboxes, 2 for all else."""
    place = item.path.relative_to(Path(__file__).parent)
    if (
        "Workspace" in vars(getattr(item, "module", None) or object)
        or place.parts[0] == "ci"
        or place.name == "test_ci.py"
    ):
        return 0
    return 1 if place.parts[0] in ("sandbox", "attacks", "browser") else 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start twice as many processes as there are processors: most tests wait for processes, or for a limit."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let processes that tests start be interrupted: a background job of a script inherits SIGINT as ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def private_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the key of sealed files out of the home folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@dataclass(frozen=True)
class ScriptedEngine:
    """A real process that plays a script instead of repairing; see scripted_engine.py."""

    script: Path

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-S", "-E", str(Path(__file__).parent / "scripted_engine.py"), str(self.script)]

    @property
    def started(self) -> bool:
        return self.script.with_suffix(".start").exists()

    @property
    def start(self) -> dict[str, Any]:
        return json.loads(self.script.with_suffix(".start").read_text())

    @property
    def request(self) -> EngineRequest:
        return from_json(self.script.with_suffix(".request").read_text())


@pytest.fixture
def scripted_engine(tmp_path: Path) -> Callable[..., ScriptedEngine]:
    """Return a function that takes steps, as `{"say": "..."}`, and returns the engine that plays them."""

    def make(*steps: dict[str, Any]) -> ScriptedEngine:
        script = tmp_path / f"script-{len(list(tmp_path.glob('script-*.json')))}.json"
        script.write_text(json.dumps(steps))
        return ScriptedEngine(script)

    return make


@pytest.fixture
def only_our_plugin(monkeypatch: pytest.MonkeyPatch):
    """Keep the inner runs quick and free of whatever else is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_codemode.plugin")
