"""Whatever the project around it is like, a file is imported as a test would; if not, one sentence says why."""

import pytest

from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import explore, recipe

CALC = """
    def double(number):
        return number * 2
"""


def explored_in(root, files, path, *recipes, **fields):
    write_project(root, files)
    with sandboxed(project_at(root)) as box:
        return explore(box, *recipes, path=path, **fields)


def one(call, module):
    return recipe(call, call.partition("(")[0], module=module)


def test_a_project_without_tests(tmp_path):
    explored = explored_in(tmp_path, {"calc.py": CALC}, "calc.py", one("double(2)", "calc"), describe=True)
    assert explored.observations[0].value.text == "4"
    assert [(described.module, described.qualname) for described in explored.callables] == [("calc", "double")]
    assert explored.imported == ((-1, 2), (2, -1))


def test_a_package_below_a_folder_that_nothing_names(tmp_path):
    files = {"lib/shop/__init__.py": "", "lib/shop/calc.py": CALC}
    explored = explored_in(tmp_path, files, "lib/shop/calc.py", one("double(2)", "shop.calc"), describe=True)
    assert explored.callables[0].module == "shop.calc"
    assert explored.observations[0].value.text == "4"


def test_a_file_of_a_namespace_package(tmp_path):
    files = {"pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\n', "src/shop/calc.py": CALC}
    explored = explored_in(tmp_path, files, "src/shop/calc.py", one("double(2)", "shop.calc"), describe=True)
    assert explored.callables[0].module == "shop.calc"


def test_the_init_file_of_a_package(tmp_path):
    explored = explored_in(tmp_path, {"shop/__init__.py": CALC}, "shop/__init__.py", describe=True)
    assert explored.callables[0].module == "shop"


def test_some_test_modules_that_cannot_be_collected(tmp_path):
    files = {"calc.py": CALC, "test_bad.py": "import nowhere\n", "test_good.py": "def test_good(): pass\n"}
    explored = explored_in(tmp_path, files, "calc.py", one("double(2)", "calc"), near="test_bad.py")
    assert explored.observations[0].value.text == "4"


def test_a_session_that_cannot_be_forked(tmp_path):
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    fixture = "import pytest\n@pytest.fixture\ndef five():\n    return 5\n"
    files = {"calc.py": CALC, "conftest.py": thread + fixture, "test_good.py": "import calc\ndef test_good(): pass\n"}
    call = recipe("double(five)", "double", module="calc", fixtures=("five",))
    explored = explored_in(tmp_path, files, "calc.py", call, recipe("double(1)", "double", module="calc"), twice=True)
    assert [observed.value.text for observed in explored.observations] == ["10", "2"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import sys\nsys.exit(2)\n", "import calls sys.exit(2)"),
        ("1 / 0\n", "import raises ZeroDivisionError: division by zero"),
        ("import nowhere\n", "import raises ModuleNotFoundError: No module named 'nowhere'"),
        ("def f(:\n", "import raises SyntaxError: "),
        ("import pytest\npytest.skip('not here', allow_module_level=True)\n", "import skips the tests: not here"),
        ("while True: pass\n", "import does not end within 1 s"),
        ("while True:\n  try:\n    while True: pass\n  except BaseException: pass\n", "import does not end within 1 s"),
        ("import os\nos._exit(0)\n", "import ends its process"),
        ("import os\nos._exit(5)\n", "import ends its process: ended with exit status 5"),
        ("import ctypes\nctypes.string_at(0)\n", "import ends its process: was killed by SIGSEGV"),
        ("input()\n", "import raises EOFError"),
    ],
)
def test_an_import_that_does_not_come_to_its_end(tmp_path, source, reason):
    explored = explored_in(tmp_path, {"calc.py": source}, "calc.py", one("f()", "calc"), timeout_s=1.0)
    assert explored.status == "failed"
    assert explored.reason.startswith(reason)
    assert [observed.outcome for observed in explored.observations] == ["not run"]


def test_a_package_whose_import_fails(tmp_path):
    files = {"shop/__init__.py": "raise RuntimeError('closed')\n", "shop/calc.py": CALC}
    explored = explored_in(tmp_path, files, "shop/calc.py", describe=True)
    assert (explored.status, explored.reason) == ("failed", "import raises RuntimeError: closed")


def test_a_script_does_not_run_as_main(tmp_path):
    source = f"{CALC}\n    if __name__ == '__main__':\n        raise SystemExit\n"
    explored = explored_in(tmp_path, {"calc.py": source}, "calc.py", describe=True)
    assert [described.qualname for described in explored.callables] == ["double"]


def test_a_broken_conftest_is_named(tmp_path):
    files = {"calc.py": CALC, "conftest.py": "raise RuntimeError('broken')\n"}
    explored = explored_in(tmp_path, files, "calc.py", one("double(2)", "calc"))
    assert explored.status == "failed"
    assert "broken" in explored.reason


def test_a_name_that_belongs_to_another_file(tmp_path):
    explored = explored_in(tmp_path, {"calc.py": CALC}, "calc.py", describe=True, module="json")
    assert (explored.status, explored.reason) == ("failed", "the name json belongs to another file")


def test_a_module_that_is_named_is_found_in_an_interpreter_that_has_collected_no_test(tmp_path):
    files = {"lib/shop/__init__.py": "", "lib/shop/calc.py": CALC, "test_none.py": "def test_none(): pass\n"}
    call = one("double(2)", "shop.calc")
    explored = explored_in(tmp_path, files, "lib/shop/calc.py", call, module="shop.calc", hash_seed=3)
    assert explored.observations[0].value.text == "4"
