import importlib.util
import sys
from types import SimpleNamespace

import pytest

from pytest_codemode.core.exploring import Described, Parameter
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen import symbolic

PARAMETERS = (Parameter("code"), Parameter("n"), Parameter("strict", "keyword", default="False"))
CHECK = Described("src/shop/codes.py", "shop.codes", "check", 1, parameters=PARAMETERS)


class Saying:
    """A sandbox whose programs print `text`."""

    def __init__(self, text):
        self.text = text
        self.programs = []

    def execute(self, code, *, stdin="", timeout_s=None):
        self.programs.append(code)
        return Execution("finished", 0, self.text, "")


class Open(SimpleNamespace):
    """A function with something left to take."""

    def begin(self, inputs):
        self.recipes = next(inputs)


def solved(text, described=CHECK, left_s=10.0):
    sandbox = Saying(text)
    subject = Open(described=described, open=frozenset({(3, 0)}), unfit="", recipes=())
    symbolic.solve([subject], sandbox, 2, lambda: left_s)
    return [recipe.call for recipe in subject.recipes], sandbox


def test_each_dictionary_of_literals_is_a_call():
    calls, _ = solved("""{"code": 'xK9', "n": 0}\n{"code": '', "n": -3, "strict": True}\n""")
    assert calls == ["check('xK9', 0)", "check('', -3, strict=True)"]


@pytest.mark.parametrize(
    "line",
    [
        '{"code": __import__("os").system("true"), "n": 1}',
        '{"code": "a", "n": Decimal("1")}',
        '{"code": "a", "n": 1, "other": 2}',
        '{"code": "a"}',
        "[1, 2]",
        "Traceback (most recent call last):",
        "(" * 5_000,
        '{"code": "' + "a" * 1_000 + '", "n": 1}',
    ],
)
def test_whatever_else_the_program_says_counts_nothing(line):
    assert solved(line)[0] == []


def test_the_same_call_comes_once_and_there_is_an_end():
    same = '{"code": "a", "n": 1}\n' * 3
    assert solved(same)[0] == ["check('a', 1)"]
    many = "\n".join(f'{{"code": "a", "n": {number}}}' for number in range(500))
    assert len(solved(many)[0]) == symbolic.MOST_RECIPES


def test_the_program_knows_where_the_module_is_imported_from():
    _, sandbox = solved("")
    assert '"src"' in sandbox.programs[0]
    assert '"shop.codes.check"' in sandbox.programs[0]


def test_without_time_nothing_is_started():
    assert solved("", left_s=0.5)[1].programs == []


def test_methods_and_generators_are_left_alone():
    method = Described("a.py", "a", "C.f", 1, kind="method", parameters=PARAMETERS)
    generator = Described("a.py", "a", "g", 1, flavour="generator", parameters=PARAMETERS)
    assert solved('{"code": "a", "n": 1}', method)[1].programs == []
    assert solved('{"code": "a", "n": 1}', generator)[1].programs == []


@pytest.mark.skipif(importlib.util.find_spec("crosshair") is None, reason="CrossHair is not installed")
def test_a_solver_passes_a_guard_that_no_constant_passes(tmp_path):
    source = "def check(code: str, n: int) -> str:\n    return 'yes' if n * 7 + 3 == 73_860 else 'no'\n"
    (tmp_path / "codes.py").write_text(source)
    described = Described("codes.py", "codes", "check", 1, parameters=PARAMETERS[:2])
    subject = Open(described=described, open=frozenset({(2, 0)}), unfit="", recipes=())
    root = str(tmp_path)
    paths = tuple(entry for entry in sys.path if entry.startswith("/"))
    with SandboxClient(Project(root, root, sys.executable, sys_path=paths)) as sandbox:
        assert symbolic.is_there(sandbox)
        symbolic.solve([subject], sandbox, 1, lambda: 15.0)
    assert any(recipe.call.endswith("10551)") for recipe in subject.recipes)
