"""`python -m pytest_codemode.mcp_server --project FILE.json`: one project's sandbox on standard input and output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mcp.server.mcpserver import MCPServer

from pytest_codemode.core.codec import decode
from pytest_codemode.core.project import Project
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.server import build
from pytest_codemode.mcp_server.service import Service
from pytest_codemode.mcp_server.stdio import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the project that the arguments name; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pytest_codemode.mcp_server", description=__doc__)
    parser.add_argument("--project", required=True, metavar="FILE", type=Path, help="the project as JSON")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, which started it, ends")
    parser.add_argument("--warm", action="store_true", help="start the workers before the first call")
    parser.add_argument("--repair", action="store_true", help="serve the repair of the project too, for any client")
    parser.add_argument("--allow-write", action="store_true", help="with --repair: let the client write proven patches")
    arguments = parser.parse_args(argv)
    try:
        project: Project = decode(Project, json.loads(arguments.project.read_text("utf-8")), "project")
    except (OSError, ValueError) as problem:
        print(f"--project {arguments.project}: {problem}", file=sys.stderr)
        return 2
    lease = lease_of(project)
    server = _public(project, lease, arguments.allow_write) if arguments.repair else build(lease)
    return serve(server, lease, arguments.parent, warm=arguments.warm)


def _public(project: Project, lease: Lease, allow_write: bool) -> MCPServer[Lease]:
    # A second to import, and the engine's own server needs none of it.
    from pytest_codemode.mcp_server.gap_tools import GapTools  # noqa: PLC0415
    from pytest_codemode.mcp_server.public import build_public  # noqa: PLC0415
    from pytest_codemode.mcp_server.repair_tools import RepairTools  # noqa: PLC0415
    from pytest_codemode.wiring.serving import Gaps, Repairs  # noqa: PLC0415

    return build_public(lease, RepairTools(Repairs(project), allow_write=allow_write), GapTools(Gaps(project)))


def lease_of(project: Project) -> Lease:
    """Return the sandbox of `project`, opened when it is first needed."""

    async def opener() -> Service:
        from pytest_codemode.sandbox.service import SandboxService  # noqa: PLC0415  # only the server needs it
        from pytest_codemode.worktree.mapstore import MapStore  # noqa: PLC0415  # see below

        service = await SandboxService.open(project)
        service.keep_map_in(MapStore(Path(project.rootdir)))
        return service

    return Lease(opener, project.limits)


if __name__ == "__main__":
    sys.exit(main())
