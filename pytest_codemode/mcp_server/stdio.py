"""Serves on standard input and output, and makes sure that the end of this process is the end of its workers.

Three ways to end, one result: end of file on stdin (the client closed or died), a signal, or, with `parent`, the death
of the process that started this one.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys

import anyio
from mcp.server.mcpserver import MCPServer

from pytest_codemode.mcp_server.lease import Lease

PR_SET_PDEATHSIG = 1
"""Source: <linux/prctl.h>."""


def serve(server: MCPServer[Lease], lease: Lease, parent: int | None = None, *, warm: bool = False) -> int:
    """Serve until the client is gone; return the exit status.

    Args:
        server: the tools, around `lease`.
        lease: the sandbox.
        parent: process id to die with, as told by that process; None where the client's death is not this server's.
        warm: whether to get ready before the first call.
    """
    # Before the SDK does: it would draw coloured boxes of the terminal's width into what is a log file.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if parent is not None and not _die_with(parent):
        return 1
    anyio.run(_serve, server, lease, warm)
    return 0


def _die_with(parent: int) -> bool:
    """Ask the kernel for SIGTERM when the parent ends; return whether the parent is still there.

    End of file on stdin says the same, but only after the last holder of the pipe is gone: a process that the parent
    forked meanwhile may hold it too.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


async def _serve(server: MCPServer[Lease], lease: Lease, warm: bool) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal, lease)
        if warm:
            group.start_soon(lease.warm_up)
        await server.run_stdio_async()
        group.cancel_scope.cancel()


async def _end_on_signal(lease: Lease) -> None:
    """Close the sandbox and leave at once.

    The transport reads stdin in a thread that cannot be interrupted, so an orderly end would wait for the client.
    """
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as received:
        async for number in received:
            await lease.aclose()
            os._exit(128 + number)
