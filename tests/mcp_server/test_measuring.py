"""The engine's own tool for measuring: limits no looser than the user's, paths that stay in the project."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from mcp import Client

from pytest_codemode.core.codec import encode
from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.core.project import Limits
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.server import build


class Measures:
    """Notes what comes to it."""

    def __init__(self) -> None:
        self.asked: list[MeasureRequest] = []

    async def measure(
        self, request: MeasureRequest, on_progress: Callable[[int, int], Awaitable[None]]
    ) -> MeasureResult:
        self.asked.append(request)
        return MeasureResult("finished")

    async def aclose(self) -> None:
        pass


def told(request: MeasureRequest) -> tuple[list[MeasureRequest], Any]:
    service = Measures()

    async def opener() -> Any:
        return service

    async def main() -> Any:
        lease = Lease(opener, Limits(run_s=60.0))
        async with Client(build(lease)) as client:
            return await client.call_tool("measure", {"request": encode(request)})

    return service.asked, anyio.run(main)


@pytest.mark.parametrize(("asked_s", "given_s"), [(10.0, 10.0), (1e9, 60.0), (None, None)])
def test_a_limit_is_no_looser_than_the_users(asked_s: float | None, given_s: float | None) -> None:
    asked, result = told(MeasureRequest(timeout_s=asked_s))
    assert not result.is_error
    assert [one.timeout_s for one in asked] == [given_s]


@pytest.mark.parametrize(
    "request_",
    [
        MeasureRequest(files={"../x.py": b""}),
        MeasureRequest(paths=("/etc/passwd",)),
        MeasureRequest(extra=("a/../../b.py",)),
        MeasureRequest(paths=("a\0.py",)),
        MeasureRequest(timeout_s=-1.0),
    ],
)
def test_what_leads_out_of_the_project_or_is_no_limit_is_refused(request_: MeasureRequest) -> None:
    asked, result = told(request_)
    assert result.is_error
    assert asked == []
