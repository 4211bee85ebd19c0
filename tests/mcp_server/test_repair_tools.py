"""An agent drives the repair through MCP tools; everything behind them is real."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult

from pytest_codemode.cli.project import describe
from pytest_codemode.mcp_server.repair_tools import RepairTools
from pytest_codemode.wiring.serving import Repairs
from tests.projects import Workspace

FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop.py": """\
        def total(prices):
            return sum(prices) + 1


        def tax(price):
            return price // 5
        """,
    "test_shop.py": """\
        from shop import tax, total


        def test_total():
            assert total([1, 2]) == 3


        def test_total_of_nothing():
            assert total([]) == 0


        def test_tax():
            assert tax(10) == 2
        """,
}
RED = "test_shop.py::test_total"
RIGHT = {
    "rationale": "nothing is added",
    "edits": [
        {
            "kind": "replace_expression",
            "path": "shop.py",
            "line": 2,
            "column": 11,
            "old": "sum(prices) + 1",
            "new": "sum(prices)",
        }
    ],
}
WRONG = {"rationale": "", "edits": [{**RIGHT["edits"][0], "new": "sum(prices) - 1"}]}  # type: ignore[dict-item]
CHEAT = {
    "rationale": "",
    "edits": [{"kind": "delete_definition", "path": "test_shop.py", "qualname": "test_total", "occurrence": 0}],
}


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, FILES)


@asynccontextmanager
async def agent(shop: Workspace, *, allow_write: bool = False) -> AsyncIterator[Client]:
    arguments = argparse.Namespace(python=None, sandbox="auto", network=False, limit=[])
    tools = RepairTools(Repairs(describe(shop.root.resolve(), arguments)), allow_write=allow_write)
    try:
        async with Client(MCPServer("repair", tools=tools.all(), log_level="CRITICAL")) as client:
            yield client
    finally:
        tools.close()


def text(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if block.type == "text")


async def call(client: Client, name: str, **arguments: Any) -> CallToolResult:
    return await client.call_tool(name, arguments)


def test_an_agent_finds_the_failure_tries_patches_and_has_the_right_one_written(shop: Workspace) -> None:
    async def drive() -> None:
        async with agent(shop, allow_write=True) as client:
            listed = await call(client, "list_failures")
            assert [one["nodeid"] for one in listed.structured_content["failures"]] == [RED, f"{RED}_of_nothing"]
            looked = await call(client, "suspicious_code", nodeid=RED)
            assert looked.structured_content["suspects"][0]["path"] == "shop.py"
            assert "return sum(prices) + 1" in text(looked)
            tried = await call(client, "try_patches", nodeid=RED, patches=[WRONG, CHEAT, RIGHT])
            verdicts = [one["verdict"] for one in tried.structured_content["results"]]
            assert verdicts == [
                "the failing test still fails",
                "refused by policy",
                "passes every test it was tried on",
            ]
            assert "sum(prices) + 1" in shop.read("shop.py")
            accepted = await call(client, "accept_patch", patch=RIGHT)
            assert text(accepted).startswith("written: shop.py; turned green: ")
            assert "sum(prices) + 1" not in shop.read("shop.py")
            assert text(await call(client, "list_failures")) == "No test fails."

    anyio.run(drive)
    assert shop.pytest("-q").status == 0


def test_a_cheat_is_not_written_even_where_writing_is_allowed(shop: Workspace) -> None:
    async def drive() -> None:
        async with agent(shop, allow_write=True) as client:
            accepted = await call(client, "accept_patch", patch=CHEAT)
            assert text(accepted).startswith("not written: ")
            assert "protected-file" in text(accepted)

    before = shop.tree()
    anyio.run(drive)
    assert shop.tree() == before


def test_without_leave_to_write_there_is_no_tool_for_it(shop: Workspace) -> None:
    async def drive() -> None:
        async with agent(shop) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            assert names == ["list_failures", "suspicious_code", "try_patches"]

    anyio.run(drive)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"nodeid": "test_shop.py::test_tax", "patches": [RIGHT]}, "is none of the failing tests"),
        ({"nodeid": RED, "patches": [{"edits": []}]}, "patches[0]: edits: an array of at least one edit expected"),
        ({"nodeid": RED, "patches": [RIGHT, {"edits": "x"}]}, "patches[1]: edits: an array of edits expected"),
        ({"nodeid": RED, "patches": [{"edits": [{"kind": "x"}] * 101}]}, "patches[0]: edits: 101 edits in one patch"),
        ({"nodeid": RED, "patches": []}, "at least 1 item"),
        ({"nodeid": RED, "patch": [RIGHT]}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_tried_is_an_error_with_the_reason(
    shop: Workspace, arguments: dict[str, Any], problem: str
) -> None:
    async def drive() -> None:
        async with agent(shop) as client:
            result = await call(client, "try_patches", **arguments)
            assert result.is_error
            assert problem in text(result)

    anyio.run(drive)


def test_patches_are_described_by_the_schema_of_the_edits(shop: Workspace) -> None:
    async def drive() -> None:
        async with agent(shop) as client:
            (tool,) = [one for one in (await client.list_tools()).tools if one.name == "try_patches"]
            edits = tool.input_schema["properties"]["patches"]["items"]["properties"]["edits"]
            kinds = [kind["properties"]["kind"]["const"] for kind in edits["items"]["anyOf"]]
            assert "replace_expression" in kinds

    anyio.run(drive)
