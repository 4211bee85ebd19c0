"""Every result says how well what ran was fenced in, to an MCP client too, and foreign code has no say in it."""

import base64
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from pytest_codemode.core.codec import encode
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.server import build
from pytest_codemode.sandbox.isolation.choose import choose
from pytest_codemode.sandbox.service import SandboxService
from tests.sandbox.toys import LIMITS, project_at, write_project

TEST = "test_a.py::test_a"
PATCH = base64.b64encode(b"def test_a(): pass\n").decode()
CALLS: dict[str, dict[str, Any]] = {
    "collect_tests": {},
    "run_tests": {"nodeids": [TEST]},
    "try_patches": {"nodeids": [TEST], "candidates": [{"key": "k", "files": {"test_a.py": PATCH}}]},
    "execute_code": {"code": "print(1)"},
    "affected_tests": {},
}


@pytest.mark.parametrize("level", ["auto", pytest.param("landlock", marks=pytest.mark.slow)])
def test_every_result_carries_the_level_and_its_capabilities(tmp_path: Path, level: str) -> None:
    write_project(tmp_path, {"test_a.py": "def test_a():\n    pass\n"})
    project = project_at(tmp_path, level=level)
    isolation = choose(project)
    found: dict[str, Any] = {}

    async def ask() -> None:
        service = SandboxService(project, isolation)

        async def opened() -> SandboxService:
            return service

        try:
            async with Client(build(Lease(opened, LIMITS))) as client:
                for tool, arguments in CALLS.items():
                    found[tool] = await client.call_tool(tool, arguments)
        finally:
            await service.aclose()

    anyio.run(ask)
    assert {tool: result.content for tool, result in found.items() if result.is_error} == {}
    expected = {"level": isolation.level, "capabilities": encode(isolation.capabilities)}
    assert {tool: result.structured_content["sandbox"] for tool, result in found.items()} == dict.fromkeys(
        CALLS, expected
    )
    assert expected["capabilities"]["private_writes"] is True
