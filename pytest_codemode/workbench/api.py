"""The project as an agent sees it: read, look up, run. Nothing here changes a file.

One definition, three offers: MCP tools (`workbench.tools`), a model's function calling, and the `project` object of
code mode. Names, signatures and docstrings of `Workbench` are what the agent is told.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import RunRequest, RunResult, SandboxInfo
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.trial import Trial
from pytest_codemode.workbench.excerpt import lines_of
from pytest_codemode.workbench.files import ProjectFiles
from pytest_codemode.workbench.index import CodeIndex, Place
from pytest_codemode.workbench.patches import decode_patch

MAX_LINES = 400
"""Lines of one excerpt."""
MAX_HITS = 200
MAX_TESTS = 200


class WorkbenchError(ValueError):
    """A call that cannot be answered; the text is for the agent and says what to do instead."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file."""

    path: str
    start: int
    """1-based number of the first line."""
    lines: tuple[str, ...]
    total: int
    """Lines of the whole file."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that holds what was looked for."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class TestReport:
    """How one test ended."""

    nodeid: str
    outcome: str
    """`passed`, `failed`, `skipped`, `xfailed`, `xpassed`, `timeout`, `crashed` or `missing`."""
    failures: tuple[Failure, ...] = ()

    __test__ = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a patch."""

    verdict: str
    """As `passes every test it was tried on`, `the failing test still fails` or `refused by policy`."""
    reason: str
    passed: tuple[str, ...]
    """Failing tests that pass with the patch."""
    broke: tuple[str, ...]
    """Tests that passed before and do not now."""
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]

    @staticmethod
    def of(trial: Trial) -> Judged:
        """Return what an agent is told of `trial`."""
        return Judged(
            trial.verdict.value, trial.reason, trial.passed, trial.broke, trial.failures, warnings=trial.warnings
        )


Judge = Callable[[Patch], Trial]
"""Who tries a patch; see `Workbench.try_patch`."""


def refuse_patches(_: Patch) -> Trial:
    """Refuse: the judge of a workbench that only looks."""
    raise WorkbenchError("no patch can be tried here")


class Workbench:
    """The project under repair. Paths are posix and relative to its root; lines are 1-based."""

    def __init__(
        self, files: ProjectFiles, sandbox: Sandbox, judge: Judge = refuse_patches, proposer: str = "agent"
    ) -> None:
        self._files = files
        self._sandbox = sandbox
        self._judge = judge
        self._proposer = proposer
        self._index: CodeIndex | None = None

    def read(self, path: str, start: int = 1, end: int | None = None) -> Excerpt:
        """Read lines `start` to `end` (both included) of a text file of the project, at most 400 at a time."""
        lines = lines_of(self._bytes(path))
        first = max(start, 1)
        last = min(len(lines) if end is None else end, len(lines), first + MAX_LINES - 1)
        return Excerpt(path, first, tuple(lines[first - 1 : last]), len(lines))

    def search(self, text: str, files: str = "*", limit: int = 50) -> tuple[Hit, ...]:
        """Find the lines that hold `text`, case and all; `files` is a pattern of paths, as `src/*.py`."""
        if not text:
            raise WorkbenchError("search: the text is empty; say what to look for")
        hits: list[Hit] = []
        most = min(max(limit, 1), MAX_HITS)
        for path in self._files.paths():
            data = self._files.read(path) if fnmatch.fnmatch(path, files) else None
            if data is None or text not in data.decode("utf-8", "replace"):
                continue
            numbered = enumerate(lines_of(data), 1)
            hits += [Hit(path, number, line.strip()[:300]) for number, line in numbered if text in line]
            if len(hits) >= most:
                break
        return tuple(hits[:most])

    def definition(self, name: str) -> tuple[Excerpt, ...]:
        """Show where a function, class or module-level name is defined: `total`, `Cart.total` or `cart.py::total`."""
        places = self._code().definitions(name)
        if not places:
            raise WorkbenchError(
                f"definition: nothing in the project defines {name!r}; `search` finds other uses of it"
            )
        return tuple(self.read(place.path, place.line, place.end_line) for place in places[:10])

    def callers(self, name: str) -> tuple[Place, ...]:
        """Find the calls of a function or method, by its last name, with the definition each one stands in."""
        return self._code().callers(name)[:MAX_HITS]

    def run_tests(self, nodeids: list[str]) -> tuple[TestReport, ...]:
        """Run tests on the project as it stands, without any patch of yours; node ids as pytest writes them."""
        result = self._run(RunRequest(self._few(nodeids)))
        found = result.by_nodeid()
        reports = [TestReport(one.nodeid, one.outcome.value, one.failures) for one in found.values()]
        errors = [TestReport(error.nodeid, "failed", (error,)) for error in result.collection_errors]
        return (*reports, *errors)

    def coverage(self, nodeid: str) -> dict[str, tuple[int, ...]]:
        """Return the lines of each project file that one test executes (path -> lines)."""
        functions = self._run(RunRequest((nodeid,), record="functions")).by_nodeid()
        ran = {name.partition("::")[0] for one in functions.values() for name in one.functions}
        paths = tuple(sorted(path for path in ran if self._files.read(path) is not None))
        lines = self._run(RunRequest((nodeid,), record="lines", line_paths=paths)).by_nodeid()
        if nodeid not in lines:
            raise WorkbenchError(f"coverage: there is no test {nodeid!r}")
        return lines[nodeid].lines

    def environment(self) -> SandboxInfo:
        """Tell which Python runs the tests, and what the sandbox keeps code from doing."""
        return self._sandbox.info()

    def try_patch(self, edits: list[dict[str, Any]], rationale: str = "") -> Judged:
        """Try a patch on the failing tests and on the passing ones it may affect; nothing is written.

        `edits` is a list of objects as described for patches, each with its `kind` and `path`.
        """
        return Judged.of(self._judge(self.patch(edits, rationale)))

    def patch(self, edits: Any, rationale: Any = "") -> Patch:
        """Return the patch that `try_patch` was given, whatever that was.

        Raises:
            WorkbenchError: it has not the form of a patch; the text names the place.
        """
        try:
            return decode_patch({"edits": edits, "rationale": rationale}, self._proposer)
        except ValueError as problem:
            raise WorkbenchError(str(problem)) from None

    def _run(self, request: RunRequest) -> RunResult:
        result = self._sandbox.run_tests(request)
        if result.status == "failed":
            raise WorkbenchError(f"the tests could not be run: {result.reason}")
        return result

    @staticmethod
    def _few(nodeids: list[str]) -> tuple[str, ...]:
        if not 0 < len(nodeids) <= MAX_TESTS:
            raise WorkbenchError(f"nodeids: 1 to {MAX_TESTS} node ids expected, got {len(nodeids)}")
        return tuple(nodeids)

    def _bytes(self, path: str) -> bytes:
        data = self._files.read(path)
        if data is None:
            name = path.rpartition("/")[2]
            near = [other for other in self._files.paths() if other.rpartition("/")[2] == name][:3]
            hint = f"; there is {', '.join(near)}" if near else "; `search` lists files that hold a text"
            raise WorkbenchError(f"there is no readable text file {path!r} in the project{hint}")
        return data

    def _code(self) -> CodeIndex:
        if self._index is None:
            python = (path for path in self._files.paths() if path.endswith(".py"))
            self._index = CodeIndex({path: data for path in python if (data := self._files.read(path)) is not None})
        return self._index


LOOKING = ("read", "search", "definition", "callers", "run_tests", "coverage", "environment")
"""Names of the methods that only look, in the order an agent is told."""
TRYING = "try_patch"
