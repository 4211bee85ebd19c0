from collections.abc import Callable, Iterator

import anthropic
import pytest

from . import MessagesServer
from .asking import TIMEOUT_S

Connect = Callable[..., anthropic.Anthropic]


@pytest.fixture(scope="session")
def sdk() -> Iterator[anthropic.Anthropic]:
    """One client for all: making one costs a TLS context, a quarter of a second."""
    with anthropic.Anthropic(base_url="http://127.0.0.1:9", api_key="test") as client:
        yield client


@pytest.fixture
def connect(sdk: anthropic.Anthropic) -> Connect:
    """Point the real SDK at a server; it waits for no more than a few seconds and retries only when asked to."""

    def make(
        server: MessagesServer, api_key: str = "test", timeout: float = TIMEOUT_S, max_retries: int = 0
    ) -> anthropic.Anthropic:
        return sdk.with_options(base_url=server.url, api_key=api_key, timeout=timeout, max_retries=max_retries)

    return make
