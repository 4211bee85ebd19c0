"""`codemode serve`: becomes the MCP server of the project."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from pytest_codemode.cli.project import describe
from pytest_codemode.core.codec import encode


def run(rootdir: Path, arguments: argparse.Namespace) -> int:
    """Replace this process by the server's, which ends when its client closes stdin."""
    command = [sys.executable, "-P", "-m", "pytest_codemode.mcp_server", "--warm", "--repair"]
    command += ["--allow-write", "--project"] if arguments.allow_write else ["--project"]
    if arguments.project is not None:
        os.execv(command[0], [*command, str(arguments.project)])
    project = describe(rootdir, arguments)
    # A file without a name, handed on by its descriptor: nothing is left behind, however the server ends.
    with tempfile.TemporaryFile("w+") as file:
        json.dump(encode(project), file)
        file.flush()
        file.seek(0)
        os.set_inheritable(file.fileno(), True)  # the standard library's own
        os.execv(command[0], [*command, f"/dev/fd/{file.fileno()}"])
