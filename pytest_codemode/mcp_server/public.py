"""The server for any client: the repair of the project, what its tests lack, and its sandbox."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

from pytest_codemode.mcp_server.gap_tools import GapTools
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.repair_tools import RepairTools
from pytest_codemode.mcp_server.server import INSTRUCTIONS, served
from pytest_codemode.mcp_server.tools import SandboxTools

REPAIR_INSTRUCTIONS = (
    "Helps to repair the failing tests of one Python project. Begin with `list_failures`, look at `suspicious_code` of "
    "a failing test, and try patches with `try_patches` until one passes: each is judged in a sandbox. Repair the "
    "cause in the code under test; tests and configuration cannot be changed. For code without tests ask "
    "`coverage_gaps`: it names the lines and branches that no test executes."
)


def build_public(lease: Lease, repairs: RepairTools, gaps: GapTools) -> MCPServer[Lease]:
    """Return the server for any client: the sandbox, gaps, and the repair in the place of raw candidates."""
    sandbox = [tool for tool in SandboxTools(lease).all() if tool.name != "try_patches"]

    def close() -> None:
        repairs.close()
        gaps.close()

    return served(lease, [*repairs.all(), *gaps.all(), *sandbox], f"{REPAIR_INSTRUCTIONS} {INSTRUCTIONS}", close)
