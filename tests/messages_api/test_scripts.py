"""The server as a program with a script in a file."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anthropic
import pytest

from .asking import TIMEOUT_S, request, tool, user
from .conftest import Connect
from .scripts import BadScript, load

ROOT = Path(__file__).parents[2]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    def write_script(script: Any) -> Path:
        path = tmp_path / "script.json"
        path.write_text(script if isinstance(script, str) else json.dumps(script))
        return path

    return write_script


def test_a_file_says_every_kind_of_step(connect: Connect, write: Callable[[Any], Path]) -> None:
    steps = [
        {
            "reply": {
                "content": [
                    {"thinking": "hm"},
                    {"text": "a"},
                    {"tool_use": {"name": "read_file", "input": {"path": "x"}}},
                ]
            }
        },
        {"error": {"status": 429, "headers": {"retry-after": "3"}}},
        {
            "choose": [
                {"contains": 'say "two"', "then": {"reply": {"content": [{"text": "2"}]}}},
                {"then": {"drop": {}}},
            ]
        },
        {"choose": [{"contains": "never said", "then": {"drop": {}}}]},
        {"html": {"status": 502}},
        {"raw": {"status": 503, "body": "busy"}},
        {"reply": {"content": [{"text": "a"}], "error_after": {"status": 529}}},
    ]
    with load(write({"steps": steps, "api_key": "k", "batch_polls": 0}), port=0) as server:
        client = connect(server, api_key="k")
        assert [b.type for b in client.messages.create(**request(tools=[tool()])).content] == [
            "thinking",
            "text",
            "tool_use",
        ]
        with pytest.raises(anthropic.RateLimitError):
            client.messages.create(**request())
        assert client.messages.create(**request(user('please say "two"'))).content[0].text == "2"
        with pytest.raises(anthropic.InternalServerError, match="proxy"):
            client.messages.create(**request())
        with pytest.raises(anthropic.InternalServerError, match="busy"):
            client.messages.create(**request())
        with pytest.raises(anthropic.APIStatusError):
            list(client.messages.create(**request(), stream=True))


@pytest.mark.parametrize(
    "script",
    [
        "{",
        {"steps": [{"reply": {"contents": []}}]},
        {"steps": [{"answer": {}}]},
        {"steps": [{"reply": {"content": [{"image": "x"}]}}]},
        {"steps": ["hello"]},
        {"no": "steps"},
        {"steps": [], "unknown_option": 1},
        {"steps": [], "models": {"claude-opus-5-5": {"max": 3}}},
    ],
)
def test_a_file_that_is_wrong_is_named(write: Callable[[Any], Path], script: Any) -> None:
    path = write(script)
    with pytest.raises(BadScript, match=r"script\.json"):
        load(path, port=0)


def test_the_program_serves_until_it_is_interrupted_and_reports(connect: Connect, write: Callable[[Any], Path]) -> None:
    script = write({"steps": [{"reply": {"content": [{"text": "from a file"}]}}]})
    command = [sys.executable, "-W", "error", "-m", "tests.messages_api", "--script", str(script)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        guard = threading.Timer(30, program.kill)
        guard.start()
        assert program.stdout is not None
        there = SimpleNamespace(url=program.stdout.readline().strip())
        assert connect(there).messages.create(**request()).content[0].text == "from a file"
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=TIMEOUT_S)
        guard.cancel()
        guard.join()
    assert (program.returncode, err) == (0, "")
    first, last = map(json.loads, out.splitlines())
    assert first == {"method": "POST", "path": "/v1/messages", "status": 200, "error": None}
    assert last == {"steps_left": 0, "cache_share": 0.0}


def test_the_program_refuses_a_script_it_cannot_read(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.messages_api", "--script", str(tmp_path / "missing.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "missing.json" in done.stderr
