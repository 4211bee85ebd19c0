"""What the runner of a CI job is told: by files and commands on GitHub; elsewhere the log says it all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pytest_codemode.cli.checkout import checkout_of, folder_of
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.outcome import SandboxInfo
from pytest_codemode.core.report import RunReport
from pytest_codemode.report import github
from pytest_codemode.report.joblog import JobLog

_BEST_LEVELS = frozenset({"namespaces", "container"})


class Runner:
    """The runner, if there is one that takes more than a log.

    Args:
        environment: of the job.
        log: where commands go.
    """

    def __init__(self, environment: Mapping[str, str], log: JobLog) -> None:
        self._environment = environment
        self.log = log
        self.on_github = environment.get("GITHUB_ACTIONS") == "true"
        self._token = ""
        """What ends the runner's deafness; empty where it hears."""

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Have the runner obey nothing that is printed meanwhile; the log lets no command pass in any case."""
        if not self.on_github:
            yield
            return
        self._token = secrets.token_hex(16)
        self.log.command(f"::stop-commands::{self._token}")
        self.log.flush()
        try:
            yield
        finally:
            self.hear()

    def hear(self) -> None:
        """Have the runner obey commands again, if it does not."""
        token, self._token = self._token, ""
        if token:
            self.log.command(f"::{token}::")
            self.log.flush()

    def annotate(self, report: RunReport, rootdir: Path) -> None:
        """Show what there is to say at the lines it is about."""
        if not self.on_github:
            return
        for one in (*_weaker(report.sandbox), *github.remarks(report, self.folder(rootdir))):
            self.log.command(one.command())
        self.log.flush()

    def summarise(self, text: str) -> None:
        """Add to the step's summary.

        Raises:
            ConfigError: it cannot be written.
        """
        self._append("GITHUB_STEP_SUMMARY", text)

    def output(self, values: Mapping[str, str]) -> None:
        """Set the step's outputs.

        Raises:
            ConfigError: they cannot be written.
        """
        self._append("GITHUB_OUTPUT", github.environment_file(values, f"codemode-{secrets.token_hex(16)}"))

    def checkout(self, rootdir: Path) -> Path:
        """Return the root of the checkout, all of which may come with the change."""
        return checkout_of(rootdir, self._environment)

    def folder(self, rootdir: Path) -> str:
        """Return the project's root relative to that of the checkout, which annotations and reports count from."""
        return folder_of(rootdir, self._environment)

    def _append(self, variable: str, text: str) -> None:
        path = self._environment.get(variable, "")
        if not path:
            return
        try:
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as problem:
            raise ConfigError(f"{variable}: {path} cannot be written ({problem.strerror})") from problem


def _weaker(sandbox: SandboxInfo | None) -> Iterator[github.Annotation]:
    """Yield which level the sandbox fell to, if it is not the best, and what would help."""
    if sandbox is not None and sandbox.level not in _BEST_LEVELS:
        text = "\n".join((f"sandbox: {sandbox.level}", *sandbox.notes))
        yield github.Annotation("warning", "codemode: weaker sandbox", text)
