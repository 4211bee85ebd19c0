"""The environment of a user who has a key for the local server, and one project for all dialogues."""

from collections.abc import Iterator

import pytest

from pytest_codemode.sandbox.client import SandboxClient
from tests.proposers.model.conftest import key  # noqa: F401  # a fixture
from tests.sandbox.toys import project_at, write_project
from tests.testgen.asking.driving import FILES, Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("shop")
    write_project(root, FILES)
    with SandboxClient(project_at(root, workers=1)) as client:
        yield Shop(root, client)
