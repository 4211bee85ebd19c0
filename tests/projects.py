"""Small projects on disk, and pytest on them as a user would start it; proves that nothing is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CREDENTIALS = ("ANTHROPIC_", "OPENAI_", "AWS_")
PATIENCE_S = 240


@dataclass(frozen=True)
class Run:
    """How one command ended."""

    status: int
    output: str
    """stdout and stderr together."""


def flat(output: str) -> str:
    """Return the output without its line breaks."""
    return " ".join(output.split())


class Workspace:
    """A project in a folder of its own, started with a private TMPDIR and a mark that its processes inherit."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes]) -> None:
        self.root = folder / "project"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.mark = uuid.uuid4().hex
        for path, content in files.items():
            self.write(path, content)

    def write(self, path: str, content: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def tree(self) -> dict[str, bytes]:
        """Every file but caches and our own state."""
        skipped = {"__pycache__", ".pytest_cache", ".codemode", ".git"}
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not skipped & set(path.relative_to(self.root).parts)
        }

    def start(
        self, *args: str, cwd: str = ".", env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> "subprocess.Popen[str]":
        """Start `python -m pytest ARGS` in its own session, as an argument of the command `prefix`."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith((*CREDENTIALS, "PYTEST_", "COV_"))}
        return subprocess.Popen(
            [*prefix, sys.executable, "-m", "pytest", "-p", "no:randomly", *args],
            cwd=self.root / cwd,
            env={**clean, "TMPDIR": str(self.temporary), "TEST_PROJECT_MARK": self.mark, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pytest(
        self, *args: str, cwd: str = ".", env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> Run:
        """Run `python -m pytest ARGS` to its end."""
        process = self.start(*args, cwd=cwd, env=env, prefix=prefix)
        try:
            output, _ = process.communicate(timeout=PATIENCE_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return Run(process.returncode, output)

    def fix(self, *args: str, cwd: str = ".", env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> Run:
        """Run `python -m pytest --codemode-fix ARGS`."""
        return self.pytest("--codemode-fix", *args, cwd=cwd, env=env, prefix=prefix)

    def processes(self) -> list[str]:
        """Return the command lines of processes that this workspace's runs have left."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def leftovers(self) -> list[str]:
        """Return temporary files that the runs have left (pytest's own basetemp apart)."""
        return [path.name for path in self.temporary.iterdir() if not path.name.startswith("pytest-of-")]
