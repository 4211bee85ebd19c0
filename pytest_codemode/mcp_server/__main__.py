"""`python -m pytest_codemode.mcp_server --project FILE.json`: one project's sandbox on standard input and output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_codemode.core.codec import decode
from pytest_codemode.core.project import Project
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.service import Service
from pytest_codemode.mcp_server.stdio import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the project that the arguments name; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pytest_codemode.mcp_server", description=__doc__)
    parser.add_argument("--project", required=True, metavar="FILE", type=Path, help="the project as JSON")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, which started it, ends")
    arguments = parser.parse_args(argv)
    try:
        project: Project = decode(Project, json.loads(arguments.project.read_text("utf-8")), "project")
    except (OSError, ValueError) as problem:
        print(f"--project {arguments.project}: {problem}", file=sys.stderr)
        return 2
    return serve(lease_of(project), arguments.parent)


def lease_of(project: Project) -> Lease:
    """Return the sandbox of `project`, opened when it is first needed."""

    async def opener() -> Service:
        from pytest_codemode.sandbox.service import SandboxService  # noqa: PLC0415  # only the server needs it

        return await SandboxService.open(project)

    return Lease(opener, project.limits)


if __name__ == "__main__":
    sys.exit(main())
