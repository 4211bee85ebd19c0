"""The first run of the tests, which is already one in the sandbox: a change may come from anybody."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_codemode.cli.ci.arguments import Wanted
from pytest_codemode.cli.project import describe
from pytest_codemode.core.errors import ConfigError, SandboxError
from pytest_codemode.core.failure import Failure, headline
from pytest_codemode.core.outcome import Mode, RunRequest, RunResult, SandboxInfo
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.core.report import TaskReport
from pytest_codemode.core.request import EngineOptions, EngineRequest
from pytest_codemode.launch.arguments import for_sandbox
from pytest_codemode.launch.places import Places
from pytest_codemode.sandbox.client import SandboxClient

_OF_THE_RUNNER = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
_OF_THE_RUNNER_PREFIXES = ("ACTIONS_", "INPUT_")
_NARROWING = ("-k", "-m", "--deselect", "--ignore", "--ignore-glob", "--lf", "--ff")


@dataclass(frozen=True, slots=True)
class FirstRun:
    """How the tests ended on the tree as it is."""

    project: Project
    result: RunResult
    selected: tuple[str, ...]
    sandbox: SandboxInfo

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every failing phase, and what could not be collected."""
        red = (one for one in self.result.results if not one.outcome.green)
        return (*self.result.collection_errors, *(failure for one in red for failure in one.failures))

    @property
    def failing(self) -> tuple[str, ...]:
        """Node ids of what fails, collectors included."""
        return tuple(dict.fromkeys(failure.nodeid for failure in self.failures))

    @property
    def not_run(self) -> tuple[str, ...]:
        """Those of the selection that a limit has kept from running."""
        seen = {one.nodeid for one in self.result.results}
        return tuple(nodeid for nodeid in self.selected if nodeid not in seen)

    def request(self, options: EngineOptions) -> EngineRequest:
        """Return the repair of what fails."""
        return EngineRequest(
            project=self.project,
            failures=self.failures,
            selected=self.selected,
            passed=tuple(one.nodeid for one in self.result.results if one.outcome.green),
            not_run=self.not_run,
            narrowed=_narrowed(self.project),
            options=options,
        )

    def unrepaired(self, why_not: str) -> tuple[TaskReport, ...]:
        """Return what fails, each test a cause of its own, where nobody got as far as to look for one."""
        return tuple(
            TaskReport(
                key=nodeid,
                cause=headline(next(failure for failure in self.failures if failure.nodeid == nodeid)),
                nodeids=(nodeid,),
                fixed=False,
                why_not=why_not,
                failures=tuple(failure for failure in self.failures if failure.nodeid == nodeid),
            )
            for nodeid in self.failing
        )


def first_run(project: Project, limit_s: float | None) -> FirstRun:
    """Run the selection in a fresh interpreter and a fresh sandbox.

    Raises:
        SandboxError: the tests cannot be run, or not to their end while none has failed.
        ConfigError: there is no test.
    """
    run_s = project.limits.run_s if limit_s is None else min(limit_s, project.limits.run_s)
    with SandboxClient(project) as sandbox:
        result = sandbox.run_tests(RunRequest(mode=Mode.COLD, timeout_s=run_s))
        if result.status == "failed":
            raise SandboxError(f"the tests cannot be run in the sandbox: {result.reason}")
        first = FirstRun(project, _begun_and_ended(result), sandbox.collect().nodeids, sandbox.info())
    if result.status == "killed" and not first.failing:
        raise SandboxError(
            f"the tests did not come to their end ({result.reason}); more time: --limit run-time=SECONDS, --time-limit"
        )
    if not first.selected and not first.failing:
        raise ConfigError("no tests were collected; nothing is said about the change")
    return first


def _begun_and_ended(result: RunResult) -> RunResult:
    """Return the run without the test that was running when the time of the whole run was up: it did not fail."""
    if result.status != "killed":
        return result
    cut = [one for one in result.results if any(_is_cut(failure, result.reason) for failure in one.failures)]
    return replace(result, results=tuple(one for one in result.results if one not in cut))


def _is_cut(failure: Failure, reason: str) -> bool:
    return failure.timed_out and failure.message == reason


def project_of(rootdir: Path, wanted: Wanted) -> Project:
    """Return the project as the sandbox takes it.

    Raises:
        ConfigError: the interpreter or a file of arguments cannot be used.
    """
    limits = Limits(test_s=wanted.test_timeout_s)
    project = describe(rootdir, wanted.project, environment=_environment(os.environ), limits=limits)
    places = Places(project.rootdir, project.invocation_dir)
    try:
        words = for_sandbox(wanted.pytest_args, Path(project.invocation_dir))
    except OSError as problem:
        raise ConfigError(f"{problem.filename} cannot be read: {problem.strerror}") from problem
    named = [word for word in words if not word.startswith("-")]
    return replace(
        project,
        pytest_args=places.arguments(words, named),
        env=project.env | {name: os.environ[name] for name in wanted.env if name in os.environ},
        mounts=wanted.mounts,
        workers=wanted.workers,
    )


def _environment(whole: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what leads to the runner."""
    return {
        name: value
        for name, value in whole.items()
        if name not in _OF_THE_RUNNER and not name.startswith(_OF_THE_RUNNER_PREFIXES)
    }


def _narrowed(project: Project) -> bool:
    """Return whether the words for pytest choose some of the tests."""
    return any(
        word.partition("=")[0] in _NARROWING
        or word[:2] in ("-k", "-m")
        or (not word.startswith("-") and _is_there(word.partition("::")[0], project))
        for word in project.pytest_args
    )


def _is_there(path: str, project: Project) -> bool:
    return Path(project.invocation_dir, path).exists()
