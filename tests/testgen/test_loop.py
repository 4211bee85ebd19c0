"""The engine over the real sandbox, with one thing going wrong at one moment."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, Budget, StopReason
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.project import Project
from pytest_codemode.core.request import CoverOptions, EngineRequest
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen.callers import Callers
from pytest_codemode.testgen.loop import WAVE, CoverLoop
from pytest_codemode.testgen.writing.layout import read_style
from pytest_codemode.worktree.sources import SourceTree

MANY = "\n\n".join(f"def f{number}(x: int) -> int:\n    return x + {number}\n" for number in range(WAVE))
PRICES = "def label(count: int) -> str:\n    if count == 0:\n        return 'none'\n    return 'some'\n"
OLD = "tests/test_old.py::test_old"
FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n',
    "src/many.py": MANY,
    "src/prices.py": PRICES,
    "tests/test_old.py": "def test_old():\n    pass\n",
}


@dataclass
class Meddling:
    """The real sandbox, but for what `meddle` makes of a call of `measure`."""

    real: SandboxClient
    meddle: object
    calls: list[object] = field(default_factory=list)

    def measure(self, request, on_progress=None):
        self.calls.append(request)
        result = self.real.measure(request)
        return self.meddle(request, result)

    def __getattr__(self, name):
        return getattr(self.real, name)


@pytest.fixture
def written(tmp_path):
    """Return what writes tests for a small project, with some meddling."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    def write(meddle, *targets):
        root = str(tmp_path.resolve())
        paths = tuple(entry for entry in sys.path if entry.startswith("/"))
        project = Project(root, root, sys.executable, sys_path=paths, inifile=f"{root}/pyproject.toml", workers=2)
        tree = SourceTree(Path(root))
        kept = []
        with SandboxClient(project) as real:
            loop = CoverLoop(
                EngineRequest(project, (), (), ()),
                sandbox=Meddling(real, meddle),
                tree=tree,
                style=read_style(tree.read, sorted(FILES), ["tests/test_old.py"], "pyproject.toml"),
                asked=CoverOptions(targets),
                callers=Callers({}),
                recorded=lambda gaps, base: {},
                budget=Budget(Allowance(time_s=120.0, candidates=None)),
                emit=lambda event: None,
                keep=lambda: kept.append(set(tree.overlay)),
            )
            return loop.run(), tree, kept

    return write


def is_with_suite(request) -> bool:
    return request.nodeids is None and bool(request.extra)


def in_second_wave(problem):
    seen = []

    def meddle(request, result):
        if is_with_suite(request):
            seen.append(request.extra)
            if "tests/test_prices.py" in request.extra:
                raise problem
        return result

    return meddle


@pytest.mark.parametrize(
    ("problem", "stop", "trouble"),
    [
        (SandboxError("the sandbox server ended"), StopReason.NO_MORE, "the sandbox server ended"),
        (KeyboardInterrupt(), StopReason.CUT_SHORT, ""),
    ],
)
def test_whatever_ends_a_later_wave_what_was_accepted_before_is_kept(written, problem, stop, trouble):
    result, tree, kept = written(in_second_wave(problem))
    assert set(tree.overlay) == {"tests/test_many.py"}
    assert (result.stop, result.trouble) == (stop, trouble)
    assert kept == [{"tests/test_many.py"}]
    assert [wave.accepted for wave in result.waves] == [True]


def test_an_error_before_anything_was_accepted_is_the_runs_error(written):
    def meddle(request, result):
        if is_with_suite(request):
            raise SandboxError("gone")
        return result

    with pytest.raises(SandboxError, match="gone"):
        written(meddle, "src/prices.py")


def failing(result):
    return replace(result, outcomes={**result.outcomes, OLD: "failed"})


def test_a_test_that_fails_without_the_new_ones_too_blames_nobody(written):
    baseline = []

    def meddle(request, result):
        if not baseline:
            baseline.append(request)
            return result
        return failing(result) if request.nodeids is None else result

    result, tree, _ = written(meddle, "src/prices.py")
    assert set(tree.overlay) == {"tests/test_prices.py"}
    assert result.stop is StopReason.COVERED


def test_what_makes_a_test_of_the_suite_fail_is_dropped(written):
    result, tree, kept = written(
        lambda request, result: failing(result) if is_with_suite(request) else result, "src/prices.py"
    )
    assert (tree.overlay, kept) == ({}, [])
    (wave,) = result.waves
    assert list(wave.dropped) == [f"with them {OLD} fails"]


def test_a_suite_that_is_cut_off_with_the_new_tests_accepts_nothing(written):
    def meddle(request, result):
        return replace(result, status="killed", reason="killed: time limit") if is_with_suite(request) else result

    result, tree, _ = written(meddle, "src/prices.py")
    assert tree.overlay == {}
    assert any("did not come to its end" in why for why in result.waves[0].dropped)
