"""The namespaces level: one bubblewrap per enclosure, the project under a temporary overlay."""
# ruff: noqa: PTH110  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation import readable
from pytest_codemode.sandbox.isolation.binary import Binary
from pytest_codemode.sandbox.isolation.launcher_namespaces import STORE
from pytest_codemode.sandbox.isolation.launching import Launched, Unexplained, in_memory, launch, resource_limits
from pytest_codemode.worker import landlock, seccomp

SCRATCH = "/tmp/codemode-scratch"
"""Not /tmp itself: a project may live under /tmp, and scratch must not contain it."""

LIBRARY = "/run/codemode"
"""Where this package is shown when the project's interpreter would not find it."""

_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "localhost"),
)
# bubblewrap protects these only from users that could write them as directories. Root outside is root's own uid inside:
# without capabilities it still owns /proc/sys/kernel/core_pattern and may write it.
_PROC_READ_ONLY = ("acpi", "asound", "bus", "driver", "fs", "irq", "mtrr", "scsi", "sys", "sysrq-trigger")
_PROC_HIDDEN = ("kcore", "keys", "key-users", "sched_debug", "timer_list")


NOT_EXAMINED = Capabilities()


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Isolation by namespaces, found to work here by its canary."""

    binary: Binary
    capabilities: Capabilities = NOT_EXAMINED
    notes: tuple[str, ...] = ()
    level: str = "namespaces"

    def enclose(self, project: Project) -> BubblewrapEnclosure:
        """Make a place for one worker on `project`.

        Raises:
            SandboxError: the project's tree or a mount cannot be shown safely.
        """
        readable.check_rootdir(project.rootdir)
        return BubblewrapEnclosure(project, self.binary, readable.view(project))


class BubblewrapEnclosure:
    """One worker's place. Nothing of it is on the host: it vanishes with its processes."""

    def __init__(self, project: Project, binary: Binary, view: readable.View) -> None:
        self._project = project
        self._binary = binary
        self._view = view
        self._launched: Launched | None = None
        self.root = project.rootdir
        self.scratch = SCRATCH
        self.library = "" if readable.importable_at_start(project) else LIBRARY
        self.inner_landlock = landlock.abi() > 0

    def start(
        self, argv: Sequence[str], *, env: dict[str, str], stdin: int, stdout: int, stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start `argv` inside, in `Project.invocation_dir`; ends what was started before.

        Raises:
            SandboxError: the fence cannot be put up.
        """
        self.kill()
        try:
            self._launched = self._launch(argv, env, stdin, stdout, stderr)
        except Unexplained as problem:
            raise SandboxError(f"{problem}: {self._reason()}") from None
        return self._launched.process

    def kill(self) -> None:
        """Kill everything inside at once; safe to call twice."""
        if self._launched is not None:
            self._launched.kill()
            self._launched = None

    def close(self) -> None:
        """`kill`; nothing else is left to remove."""
        self.kill()

    def _launch(
        self, argv: Sequence[str], env: dict[str, str], stdin: int, stdout: int, stderr: int | IO[bytes]
    ) -> Launched:
        limits = self._project.limits
        with ExitStack() as stack:
            words = self.arguments(env)
            passed = []
            if seccomp.supported():
                program = seccomp.program(seccomp.outer_rules(network=self._project.network))
                passed.append(stack.enter_context(in_memory(program, "seccomp")))
                words += ["--seccomp", str(passed[0])]
            text = b"".join(os.fsencode(word) + b"\0" for word in words)
            passed.append(stack.enter_context(in_memory(text, "arguments")))
            plan = {
                "limits": resource_limits(limits),
                "processes": limits.processes,
                "disk_bytes": limits.disk_bytes,
                "bubblewrap": self._binary.path,
                "arguments": passed[-1],
                "argv": list(argv),
            }
            return launch("launcher_namespaces", plan, pass_fds=passed, stdin=stdin, stdout=stdout, stderr=stderr)

    def _reason(self) -> str:
        """Fail once more, with nothing but bubblewrap's message to listen to."""
        with TemporaryFile() as said, Path(os.devnull).open("r+b") as nothing:
            try:
                self._launch(["true"], {}, nothing.fileno(), nothing.fileno(), said).kill()
            except SandboxError:
                said.seek(0)
                lines = said.read().decode("utf-8", "replace").strip().splitlines()
                return lines[-1][:300] if lines else f"{self._binary.path} failed without a message"
        return "it worked when it was tried again"

    def arguments(self, env: dict[str, str]) -> list[str]:
        """Return bubblewrap's arguments up to the command, in the order in which it carries them out."""
        return [
            *_NAMESPACES,
            *(() if self._project.network else ("--unshare-net",)),
            *_environment(env),
            *_kernel_file_systems(),
            *("--bind", f"{STORE}/tmp", "/tmp", "--perms", "0700", "--dir", SCRATCH, "--dir", f"{SCRATCH}/home"),
            *self._read_only(),
            *self._tree(),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
            *("--chdir", self._project.invocation_dir),
        ]

    def _read_only(self) -> list[str]:
        words: list[str] = []
        for source, place in self._view.binds:
            words += ["--ro-bind", source, place]
        for target, place in self._view.links:
            words += ["--symlink", target, place]
        if self.library:
            words += ["--ro-bind", readable.PACKAGE_FOLDER, f"{self.library}/pytest_codemode"]
        elif not any(readable.within(readable.PACKAGE_FOLDER, place) for _, place in self._view.binds):
            words += ["--ro-bind", readable.PACKAGE_FOLDER, readable.PACKAGE_FOLDER]
        return words

    def _tree(self) -> list[str]:
        """Lay the temporary overlay over the project, after everything that might contain or hide it."""
        root, state = self._project.rootdir, f"{self._project.rootdir}/.codemode"
        return [
            *("--overlay-src", root, "--overlay", f"{STORE}/upper", f"{STORE}/work", root),
            *("--perms", "0555", "--size", "4096", "--tmpfs", state, "--remount-ro", state),
            *(word for folder in readable.environments(self._project) for word in ("--ro-bind", folder, folder)),
            *("--dir", self._project.invocation_dir),
        ]


def _environment(env: dict[str, str]) -> list[str]:
    words = ["--clearenv"]
    for name, value in env.items():
        words += ["--setenv", name, value]
    return words


def _kernel_file_systems() -> list[str]:
    words = ["--proc", "/proc", "--dev", "/dev", "--bind", f"{STORE}/shm", "/dev/shm"]
    for name in _PROC_READ_ONLY:
        words += ["--ro-bind-try", f"/proc/{name}", f"/proc/{name}"]
    for name in _PROC_HIDDEN:
        if os.path.exists(f"/proc/{name}"):
            words += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    return words
