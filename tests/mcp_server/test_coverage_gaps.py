"""An agent asks what the tests leave out; everything behind the tool is real."""

import argparse
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult

from pytest_codemode.cli.project import describe
from pytest_codemode.mcp_server.gap_tools import GapTools
from pytest_codemode.testgen import survey
from pytest_codemode.testgen.survey import CoverageGaps, in_words
from pytest_codemode.wiring.serving import Gaps
from tests.projects import Workspace

FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop.py": """\
        def total(prices, free=False):
            if free:
                return 0
            for price in prices:
                if price < 0:
                    raise ValueError(price)
            return sum(prices)


        class Cart:
            def kind(self):
                return "cart"
        """,
    "rest.py": """\
        VALUE = 1
        """,
    "test_shop.py": """\
        import rest
        from shop import total


        def test_total():
            assert total([1, 2]) == 3
        """,
}


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, FILES)


@asynccontextmanager
async def agent(shop: Workspace) -> AsyncIterator[Client]:
    arguments = argparse.Namespace(python=None, sandbox="auto", network=False, limit=[])
    tools = GapTools(Gaps(describe(shop.root.resolve(), arguments)))
    try:
        async with Client(MCPServer("gaps", tools=tools.all(), log_level="CRITICAL")) as client:
            yield client
    finally:
        tools.close()


def driven(shop: Workspace, drive: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with agent(shop) as client:
            await drive(client)

    anyio.run(run)


def text(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if block.type == "text")


def functions(result: CallToolResult) -> dict[str, dict[str, Any]]:
    return {one["function"]: one for one in result.structured_content["functions"]}


def test_the_gaps_of_each_function_come_with_the_lines_themselves(shop: Workspace) -> None:
    async def drive(client: Client) -> None:
        told = await client.call_tool("coverage_gaps", {})
        assert told.structured_content["status"] == "finished"
        assert {one["path"]: one["percent"] for one in told.structured_content["files"]} == {
            "rest.py": 100.0,
            "shop.py": 68.75,
        }
        assert list(functions(told)) == ["total", "Cart.kind"]
        total = functions(told)["total"]
        assert (total["line"], total["missing"]) == (1, 4)
        assert total["lines"] == [{"line": 3, "text": "return 0"}, {"line": 6, "text": "raise ValueError(price)"}]
        assert total["branches"] == [
            {"line": 2, "to": 3, "text": "if free:"},
            {"line": 5, "to": 6, "text": "if price < 0:"},
        ]
        assert "shop.py: 68.75 %" in text(told)
        assert "    5 -> 6: if price < 0:" in text(told)
        # the tree as it stands now
        shop.write("test_shop.py", "from shop import Cart\n\ndef test_kind():\n    assert Cart().kind() == 'cart'\n")
        again = await client.call_tool("coverage_gaps", {"targets": ["shop:Cart"]})
        assert functions(again) == {}

    driven(shop, drive)


def test_targets_and_revisions_narrow_what_is_told(shop: Workspace) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=shop.root, check=True, timeout=60)

    async def drive(client: Client) -> None:
        told = await client.call_tool("coverage_gaps", {"targets": ["shop:Cart.kind"]})
        assert list(functions(told)) == ["Cart.kind"]
        assert [one["path"] for one in told.structured_content["files"]] == ["shop.py"]
        unchanged = await client.call_tool("coverage_gaps", {"since": "HEAD"})
        assert unchanged.structured_content["functions"] == []
        shop.write("shop.py", shop.read("shop.py").replace('"cart"', '"a cart"'))
        changed = await client.call_tool("coverage_gaps", {"since": "HEAD"})
        assert {name: one["lines"] for name, one in functions(changed).items()} == {
            "Cart.kind": [{"line": 12, "text": 'return "a cart"'}]
        }

    driven(shop, drive)


def test_what_is_wrong_with_a_question_is_said_and_the_next_one_is_answered(shop: Workspace) -> None:
    async def drive(client: Client) -> None:
        misspelt = await client.call_tool("coverage_gaps", {"targets": ["shop:totl"]})
        assert misspelt.is_error
        assert "did you mean total?" in text(misspelt)
        option = await client.call_tool("coverage_gaps", {"since": "--output=x"})
        assert option.is_error
        no_git = await client.call_tool("coverage_gaps", {"since": "main"})
        assert no_git.is_error
        assert "is in no work tree" in text(no_git)
        shop.write("conftest.py", "import no_such_module\n")
        broken = await client.call_tool("coverage_gaps", {"targets": ["rest"]})
        assert broken.structured_content["status"] == "failed"
        assert "no_such_module" in text(broken)
        shop.write("conftest.py", "")
        right = await client.call_tool("coverage_gaps", {"targets": ["rest"]})
        assert right.structured_content["percent"] == 100.0

    driven(shop, drive)


def test_an_answer_is_bounded_and_says_what_it_leaves_out(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MAX_FUNCTIONS", 1)

    async def drive(client: Client) -> None:
        told = await client.call_tool("coverage_gaps", {})
        assert list(functions(told)) == ["total"]
        assert told.structured_content["cut"] == 1
        assert "... and 1 more functions" in text(told)

    driven(shop, drive)


def test_a_run_that_failed_is_told_in_words() -> None:
    assert in_words(CoverageGaps("killed", 0.0, (), (), reason="memory")) == "The tests could not be measured: memory"
