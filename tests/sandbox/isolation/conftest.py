"""Real enclosures for the tests; a level that does not work on this machine is skipped with its reason."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pytest_codemode.core.project import Limits, Project
from pytest_codemode.sandbox.isolation.choose import examine
from pytest_codemode.sandbox.isolation.port import Enclosure, Isolation

PATIENCE_S = 30.0
ATTEMPT = """
import sys
try:
{}
except BaseException as problem:
    print(type(problem).__name__)
else:
    print("done")
"""


@dataclass
class Ended:
    status: int
    out: str
    err: str


@dataclass
class Place:
    """An enclosure around a small project, and programs to run in it."""

    level: str
    isolation: Isolation
    project: Project
    opened: list[Enclosure] = field(default_factory=list)

    @property
    def enclosure(self) -> Enclosure:
        if not self.opened:
            self.opened.append(self.isolation.enclose(self.project))
        return self.opened[-1]

    def having(self, **changes: object) -> "Place":
        """The same with another project; to be called before anything is run."""
        self.project = replace(self.project, **changes)
        return self

    def limited(self, **limits: int) -> "Place":
        return self.having(limits=replace(self.project.limits, **limits))

    def start(self, code: str, *arguments: str, out: int = subprocess.DEVNULL, err: int = subprocess.DEVNULL):
        env = {"PATH": "/usr/bin:/bin", "TMPDIR": self.enclosure.scratch, "SECRET_OF_TEST": "in-the-environment"}
        argv = [self.project.python, "-I", "-S", "-c", code, *arguments]
        with Path(os.devnull).open("rb") as nothing, Path(os.devnull).open("wb") as sink:
            outputs = [sink.fileno() if stream == subprocess.DEVNULL else stream for stream in (out, err)]
            return self.enclosure.start(argv, env=env, stdin=nothing.fileno(), stdout=outputs[0], stderr=outputs[1])

    def run(self, code: str, *arguments: str) -> Ended:
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            process = self.start(code, *arguments, out=out.fileno(), err=err.fileno())
            status = process.wait(PATIENCE_S)
            out.seek(0)
            err.seek(0)
            return Ended(status, out.read().strip(), err.read())

    def attempt(self, code: str, *arguments: str) -> str:
        """Run `code` and return `done`, or the name of the exception that ended it."""
        indented = "\n".join(f"    {line}" for line in code.splitlines())
        ended = self.run(ATTEMPT.format(indented), *arguments)
        return ended.out or ended.err


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "kept.txt").write_text("as it was")
    return root


@pytest.fixture
def project(tree: Path) -> Project:
    limits = Limits(memory_bytes=256 << 20, processes=32, file_bytes=2 << 20, disk_bytes=8 << 20)
    return Project(str(tree), str(tree), sys.executable, limits=limits)


@pytest.fixture
def place_at(project: Project) -> Iterator[Callable[[str], Place]]:
    """Make a place at a level, or skip the test where the level does not work."""
    places: list[Place] = []

    def make(level: str) -> Place:
        finding = examine(level)
        if finding.isolation is None:
            pytest.skip(f"{level} does not work here: {finding.reason}")
        places.append(Place(level, finding.isolation, project))
        return places[-1]

    yield make
    for place in places:
        for enclosure in place.opened:
            enclosure.close()


@pytest.fixture(params=["namespaces", "landlock"])
def place(request: pytest.FixtureRequest, place_at: Callable[[str], Place]) -> Place:
    return place_at(request.param)


@pytest.fixture
def namespaces(place_at: Callable[[str], Place]) -> Place:
    return place_at("namespaces")


@pytest.fixture
def landlock(place_at: Callable[[str], Place]) -> Place:
    return place_at("landlock")


@pytest.fixture
def is_running() -> Callable[[str], bool]:
    """Whether some process of the machine has this word among its arguments."""

    def look(marker: str) -> bool:
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if marker.encode() in words:
                return True
        return False

    return look


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Whether a condition comes true within some seconds."""

    def wait(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait
