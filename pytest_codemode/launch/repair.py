"""From the plain run to the engine and back: what `--codemode-fix` and `--codemode-cover` do after the tests."""

from __future__ import annotations

import os
import sys

import pytest

from pytest_codemode.core.budget import parse_allowance
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.request import EngineOptions, EngineRequest, to_json
from pytest_codemode.launch.consent import check_consent
from pytest_codemode.launch.engine import Ending, Engine, engine_command
from pytest_codemode.launch.hang import HangGuard
from pytest_codemode.launch.junit import JunitFile
from pytest_codemode.launch.places import Places
from pytest_codemode.launch.plain_run import PlainRun
from pytest_codemode.launch.project import describe, environment_before_tests
from pytest_codemode.options.reading import Options, read, read_test_timeout
from pytest_codemode.report import terminal
from pytest_codemode.report.live import LiveReport
from pytest_codemode.report.progress import ProgressLine
from pytest_codemode.report.writer import PlainWriter, Writer, harmless, is_interactive, paragraph
from pytest_codemode.worker.recorder import FailureRecorder

NAME = "codemode-repair"
"""The registered object's name: `config.pluginmanager.get_plugin(NAME)`."""

_BROKEN_RUNS: dict[int, str] = {
    pytest.ExitCode.USAGE_ERROR: "no test ran, see the error above",
    pytest.ExitCode.INTERNAL_ERROR: "pytest ended with an internal error, see above",
}
_CLEAN_RUNS: dict[int, str] = {
    pytest.ExitCode.OK: "nothing to fix",
    pytest.ExitCode.NO_TESTS_COLLECTED: "no tests were collected; nothing to fix",
}


def register(config: pytest.Config) -> None:
    """Register what records failures here, and in the controlling process what repairs them.

    Raises:
        ConfigError: an option cannot be used.
    """
    if hasattr(config, "workerinput"):  # an xdist worker: its reports travel to the controlling process
        seconds = read_test_timeout(config)
    else:
        options = read(config)
        check_consent(config, options)
        seconds = options.test_timeout_s
        config.pluginmanager.register(Repair(config, options), NAME)
    config.pluginmanager.register(FailureRecorder(os.path.realpath(config.rootpath)), "codemode-recorder")
    config.pluginmanager.register(HangGuard(seconds), "codemode-hang-guard")


class Repair:
    """The repair of one pytest run.

    `engine_command` is what starts the engine; whoever embeds pytest may replace it before the tests have run.
    """

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.engine_command = engine_command(options.python or sys.executable)
        self._config = config
        self._options = options
        self._environment = environment_before_tests()
        self._plain = PlainRun()
        self._junit = JunitFile.of(config)
        config.pluginmanager.register(self._plain, "codemode-plain-run")

    def finish(self, status: int) -> int:
        """Repair what failed, say what came of it, and return the exit status.

        Args:
            status: pytest's own exit status; its summary is printed already.
        """
        writer = _writer(self._config)
        nothing = self._nothing_to_do(status)
        if nothing:
            paragraph(writer, f"codemode: {nothing}")
            return status
        try:
            return self._conclude(self._run(writer), writer, status)
        except CodemodeError as problem:
            paragraph(writer, f"codemode: {problem}", red=True)
            return int(pytest.ExitCode.TESTS_FAILED)
        except KeyboardInterrupt:  # before or after the engine ran: while it runs, Ctrl-C is its own
            paragraph(writer, "codemode: interrupted")
            return int(pytest.ExitCode.INTERRUPTED)

    def _nothing_to_do(self, status: int) -> str:
        """Return why there is nothing to repair, or an empty text."""
        undone = "nothing was repaired" if self._options.cover is None else "no test was written"
        if self._plain.interrupted:
            return f"the test run was interrupted; {undone}"
        if status in _BROKEN_RUNS:
            return f"{_BROKEN_RUNS[status]}; {undone}"
        if self._config.getoption("collectonly"):
            return "no test ran (--collect-only); nothing to fix"
        if self._plain.failures or self._options.cover is not None:
            return ""  # tests can be written for what passes, and where there is none yet
        return _CLEAN_RUNS.get(status, f"no test failed, but pytest ended with status {int(status)}")

    def _run(self, writer: Writer) -> Ending:
        request = self._request()
        limit_s = parse_allowance(self._options.budget).time_s
        engine = Engine(
            self.engine_command,
            cwd=request.project.invocation_dir,
            env=Places(request.project.rootdir, request.project.invocation_dir).environment_outside(self._environment),
            # The engine keeps its own time; this is the backstop that ends a run whose engine does not.
            limit_s=None if limit_s is None else limit_s * 1.25 + 60,
        )
        progress = ProgressLine(writer, interactive=is_interactive(sys.stdout))
        live = LiveReport(writer, progress, verbose=self._config.getoption("verbose", 0) > 0)
        writer.sep("=", "codemode", bold=True)
        try:
            return engine.run(to_json(request), live)
        finally:
            live.close()

    def _request(self) -> EngineRequest:
        options = self._options
        return EngineRequest(
            project=describe(self._config, options, self._environment),
            failures=tuple(self._plain.failures),
            selected=self._plain.selected,
            passed=self._plain.passed,
            not_run=self._plain.not_run,
            narrowed=_is_narrowed(self._config),
            options=EngineOptions(
                cover=options.cover,
                diff_only=options.diff,
                proposers=options.proposers,
                model=options.model,
                budget=options.budget,
                confirm=options.confirm,
                allow=options.allow,
                operators=options.operators,
                editable=options.editable,
                reports=options.reports,
            ),
        )

    def _conclude(self, ending: Ending, writer: Writer, status: int) -> int:
        if ending.report is not None:
            if self._junit and (warning := self._junit.annotate(ending.report)):
                paragraph(writer, f"warning: {warning}", yellow=True)
            here = self._config.invocation_params.dir
            root, resumable = os.path.relpath(self._config.rootpath, here), self._options.cover is None
            terminal.render(ending.report, writer, root=root, resumable=resumable)
        else:
            paragraph(writer, f"codemode: {ending.trouble}", red=True)
            for line in harmless(ending.log).splitlines():
                writer.line(f"  {line}")
        return int(self._exit_status(ending.report, status, interrupted=ending.interrupted))

    def _exit_status(self, report: RunReport | None, status: int, *, interrupted: bool) -> int:
        if interrupted:
            return pytest.ExitCode.INTERRUPTED
        if report is not None and report.cover is not None and not report.error:
            return pytest.ExitCode.OK if status == pytest.ExitCode.NO_TESTS_COLLECTED else status
        if report is not None and report.green and not self._options.diff:
            return pytest.ExitCode.OK
        return pytest.ExitCode.TESTS_FAILED


def _is_narrowed(config: pytest.Config) -> bool:
    choices = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob")
    return config.args_source is pytest.Config.ArgsSource.ARGS or any(map(config.getoption, choices))


def _writer(config: pytest.Config) -> Writer:
    if config.pluginmanager.hasplugin("terminalreporter"):
        return config.get_terminal_writer()
    return PlainWriter()
