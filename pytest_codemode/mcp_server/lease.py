"""The server's one sandbox: opened by the first tool call that needs it, closed with the server."""

from __future__ import annotations

import anyio

from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.project import Limits
from pytest_codemode.mcp_server.service import OpenService, Service


class Lease:
    """Opens the service once. A failure to open is told by the call that needed it, and the next call tries again.

    `limits` are the user's; no caller can loosen them.
    """

    def __init__(self, opener: OpenService, limits: Limits) -> None:
        self.limits = limits
        self._opener = opener
        self._lock = anyio.Lock()
        self._service: Service | None = None

    async def service(self) -> Service:
        """Return the open service.

        Raises:
            CodemodeError: it cannot be opened.
        """
        async with self._lock:
            if self._service is None:
                self._service = await self._opener()
            return self._service

    async def warm_up(self) -> None:
        """Open the service before it is needed and let it get ready; what keeps it from that is told when it is."""
        try:
            await (await self.service()).warm_up()
        except* CodemodeError:
            pass

    async def aclose(self) -> None:
        """Kill everything that runs, whatever cancels the caller meanwhile."""
        with anyio.CancelScope(shield=True):
            service, self._service = self._service, None
            if service is not None:
                await service.aclose()
