"""What a measured run says is what coverage.py itself says of a plain run, whichever way the project is set up."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.core.exploring import Measured, MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import Mode, Outcome
from pytest_codemode.core.project import Limits
from pytest_codemode.sandbox.client import SandboxClient
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

SHOP = {
    "src/shop/__init__.py": "from shop.cart import Cart\n",
    "src/shop/cart.py": '''
        """A cart."""
        import functools
        import sys

        RATES = {
            "a": 1,
            "b": 2,
        }
        if sys.version_info < (3, 0):
            raise SystemExit
        else:
            KIND = "new"


        def cached(function):
            @functools.wraps(function)
            def inner(*args):
                return function(
                    *args
                )
            return inner


        class Cart:
            """Holds prices."""

            limit = 3

            def __init__(self, prices=None):
                self.prices = list(prices or [])

            @cached
            def total(self):
                amount = 0
                for price in self.prices:
                    if price < 0:
                        raise ValueError(
                            f"{price}"
                        )
                    elif price == 0:
                        continue
                    amount += price
                else:
                    amount += 0
                return amount

            def kind(self, name):
                match name:
                    case "a" | "b":
                        return RATES[name]
                    case [x, y] if x == y:
                        return x
                    case _:
                        return None

            def save(self, file):
                try:
                    with open(file) as handle:
                        return [line for line in handle if line.strip()]
                except OSError:
                    return None
                finally:
                    self.prices = []

            async def later(self):
                while True:
                    if self.prices:
                        return [n async for n in self.prices]
                    break

            def debug(self):  # pragma: no cover
                print(self)

            def other(self):
                if KIND: return 1; return 2
                return (lambda: 3)()
    ''',
    "src/shop/never.py": """
        def never(x):
            if x:
                return 1
            return 2
    """,
    "src/shop/left.py": "def left():\n    return 1\n",
    "tests/test_cart.py": """
        import pytest
        from shop import Cart

        def test_total():
            assert Cart([1, 0]).total() == 1

        def test_negative():
            with pytest.raises(ValueError):
                Cart([-1]).total()

        def test_kind():
            assert Cart().kind("a") == 1
            assert Cart().kind("c") is None

        def test_save():
            assert Cart().save("/no/such/file") is None

        def test_fails():
            assert Cart().other() == 2
    """,
}
PYTEST = '[tool.pytest.ini_options]\npythonpath = ["src"]\n'
CONFIGURED = {
    "pyproject": {
        "pyproject.toml": f"""{PYTEST}
[tool.coverage.run]
source = ["src"]
parallel = true
dynamic_context = "test_function"
data_file = "somewhere/.coverage"
omit = ["src/shop/left.py"]
[tool.coverage.report]
fail_under = 100
exclude_also = ["raise ValueError"]
partial_branches = ["pragma: no branch", "for price in"]
"""
    },
    "coveragerc": {
        "pyproject.toml": PYTEST,
        ".coveragerc": "[run]\ninclude = src/shop/c*\n[report]\nexclude_lines =\n    def save\n",
    },
    "setup.cfg": {
        "pyproject.toml": PYTEST,
        "setup.cfg": "[coverage:run]\nsource_pkgs = shop\nconcurrency = multiprocessing\n"
        "[coverage:report]\nomit = */never.py\n",
    },
    "tox.ini": {"pyproject.toml": PYTEST, "tox.ini": "[coverage:run]\nsource = shop\nrelative_files = true\n"},
}


def plain(root: Path, *words: str) -> dict[str, dict[str, Any]]:
    """What coverage's own command says of the project: path -> summary of `coverage json`."""
    scratch = root.parent / f"{root.name}-plain"
    scratch.mkdir()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COV")},
        "COVERAGE_FILE": str(scratch / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = [sys.executable, "-m", "coverage"]
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
    subprocess.run([*python, "run", "--branch", *words, *tests], cwd=root, env=env, timeout=100, check=False)
    if not (scratch / "data").exists():
        subprocess.run([*python, "combine"], cwd=root, env=env, timeout=60, check=True)
    told = scratch / "told.json"
    subprocess.run([*python, "json", "-o", str(told), "--fail-under=0"], cwd=root, env=env, timeout=60, check=True)
    return json.loads(told.read_text())["files"]


def agree(measured: Measured, file: Mapping[str, Any]) -> None:
    summary = file["summary"]
    assert len(measured.statements) == summary["num_statements"]
    assert list(measured.missing) == file["missing_lines"]
    assert sorted(measured.missing_branches) == sorted(map(tuple, file["missing_branches"]))
    assert len(measured.branches) == summary["num_branches"]
    assert measured.percent == pytest.approx(summary["percent_covered"])


def measured(
    root: Path, *, args: tuple[str, ...] = (), inifile: str = "pyproject.toml", **fields: Any
) -> MeasureResult:
    changes = fields.pop("project", {})
    ini = str(root / inifile) if (root / inifile).exists() else ""
    with sandboxed(project_at(root, pytest_args=args, inifile=ini, **changes)) as box:
        return measure(box, **fields)


def measure(box: Sandboxed, **fields: Any) -> MeasureResult:
    return box.portal.call(box.service.measure, MeasureRequest(**fields))


def by_path(result: MeasureResult) -> dict[str, Measured]:
    return {file.path: file for file in result.files}


@pytest.mark.parametrize("name", CONFIGURED)
def test_numbers_are_those_of_a_plain_run_with_the_projects_configuration(tmp_path: Path, name: str) -> None:
    root = tmp_path / "shop"
    write_project(root, SHOP | CONFIGURED[name])
    before = sorted(root.rglob("*"))
    result = measured(root)
    assert (result.status, result.reason) == ("finished", "")
    assert {nodeid.partition("::")[2]: outcome for nodeid, outcome in result.outcomes.items()} == {
        "test_total": "passed",
        "test_negative": "passed",
        "test_kind": "passed",
        "test_save": "passed",
        "test_fails": "failed",
    }
    assert sorted(root.rglob("*")) == before
    # `sources` that are names of packages are imported by plain coverage when the run is over: they must be found then
    told = plain(root, *(["--concurrency=thread"] if name == "setup.cfg" else []))
    files = by_path(result)
    assert set(files) == set(told)
    for path, file in told.items():
        agree(files[path], file)
    assert 0 < files["src/shop/cart.py"].percent < 100


def test_without_configuration_the_own_code_is_measured_imported_or_not(tmp_path: Path) -> None:
    root = tmp_path / "flat"
    write_project(
        root,
        {
            "pyproject.toml": "[tool.pytest.ini_options]\n",
            "shop/__init__.py": "",
            "shop/cart.py": "def total(prices):\n    if prices:\n        return sum(prices)\n    return 0\n",
            "shop/deep/unused.py": "def unused():\n    pass\n",
            "shop/tests/test_inside.py": "def test_inside():\n    pass\n",
            "single.py": "VALUE = 1\n",
            "setup.py": "raise SystemExit\n",
            "docs/conf.py": "raise SystemExit\n",
            "conftest.py": "import shop.cart\nshop.cart.total([])\n",
            "check/check_cart.py": "import shop.cart\ndef test_total():\n    assert shop.cart.total([2]) == 2\n",
            "pytest.ini": "[pytest]\npython_files = check_*.py test_*.py\n",
        },
    )
    result = measured(root, inifile="pytest.ini", project={"cwd_on_path": True})
    assert result.status == "finished", result.reason
    files = by_path(result)
    assert set(files) == {"shop/__init__.py", "shop/cart.py", "shop/deep/unused.py", "single.py"}
    assert files["shop/cart.py"].missing == ()
    assert files["shop/deep/unused.py"].missing == (1, 2)
    assert files["single.py"].missing == (1,)
    assert not result.notes


def test_code_that_plugins_and_conftest_import_counts_from_its_first_line(tmp_path: Path) -> None:
    root = tmp_path / "plugin"
    write_project(
        root,
        {
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
            "plugged/__init__.py": "STARTED = True\n",
            "plugged/hooks.py": "import plugged\n\ndef pytest_configure(config):\n"
            "    config.plugged = plugged.STARTED\n",
            "tests/test_it.py": "def test_it(pytestconfig):\n    assert pytestconfig.plugged\n",
        },
    )
    result = measured(root, args=("-p", "plugged.hooks"), project={"cwd_on_path": True})
    assert set(result.outcomes.values()) == {"passed"}, result
    assert {path: file.missing for path, file in by_path(result).items()} == {
        "plugged/__init__.py": (),
        "plugged/hooks.py": (),
    }


def test_options_of_pytest_cov_say_what_the_source_is(tmp_path: Path) -> None:
    root = tmp_path / "options"
    write_project(
        root,
        {
            "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--cov=one --cov-config=ci/cover.ini"\n',
            "ci/cover.ini": "[run]\nsource = two\n[report]\nexclude_also = def spare\n",
            # As pytest-cov would have them, which need not be installed where these tests run.
            "conftest.py": """
                def pytest_addoption(parser):
                    parser.addoption("--cov", action="append", nargs="?", const=True, dest="cov_source")
                    parser.addoption("--cov-config")
            """,
            "one/__init__.py": "def used():\n    return 1\n\ndef spare():\n    return 2\n",
            "two/__init__.py": "def used():\n    return 1\n",
            "tests/test_it.py": "import one, two\n\ndef test_it():\n    assert one.used() == two.used()\n",
        },
    )
    both = measured(root, args=("--cov", "two", "tests"), project={"cwd_on_path": True})
    assert set(by_path(both)) == {"one/__init__.py", "two/__init__.py"}, both
    assert by_path(both)["one/__init__.py"].statements == (1, 2)
    bare = measured(root, args=("tests", "--cov"), project={"cwd_on_path": True})
    assert set(by_path(bare)) == {"two/__init__.py"}, bare


def test_plugins_that_are_missing_or_fail_are_noted_and_left_out(tmp_path: Path) -> None:
    root = tmp_path / "plugins"
    write_project(
        root,
        {
            "pyproject.toml": PYTEST
            + '[tool.coverage.run]\nsource = ["src"]\nplugins = ["no_such_plugin", "bad_plugin", "good_plugin"]\n',
            "src/bad_plugin.py": "def coverage_init(reg, options):\n    raise LookupError('no licence')\n",
            "src/good_plugin.py": """
                from coverage import CoveragePlugin

                class Excludes(CoveragePlugin):
                    def configure(self, config):
                        config.set_option("report:exclude_lines", ["not me"])

                def coverage_init(reg, options):
                    reg.add_configurer(Excludes())
            """,
            "src/a.py": "def f():\n    return 1\n\nif f() == 2:  # not me\n    f()\n",
            "tests/test_a.py": "import a\n\ndef test_a():\n    assert a.f() == 1\n",
        },
    )
    result = measured(root, args=("tests",), project={"env": {**os.environ, "PYTHONPATH": str(root / "src")}})
    assert result.status == "finished", result.reason
    assert by_path(result)["src/a.py"].statements == (1, 2)
    assert [note for note in result.notes if "no_such_plugin" in note and "not installed" in note]
    assert [note for note in result.notes if "bad_plugin" in note and "no licence" in note]


def test_what_cannot_be_parsed_or_read_is_a_note(tmp_path: Path) -> None:
    root = tmp_path / "notes"
    write_project(
        root,
        {
            "pyproject.toml": PYTEST,
            ".coveragerc": "[run]\nconcurrency = no-such-thing\n",
            "src/good.py": "VALUE = 1\n",
            "src/future.py": "def broken(:\n",
            "tests/test_a.py": "import good\n\ndef test_a():\n    assert good.VALUE\n",
            "tests/test_b.py": "import no_such_module\n",
        },
    )
    result = measured(root)
    assert result.status == "finished", result.reason
    assert set(by_path(result)) == {"src/good.py"}
    assert [note for note in result.notes if note.startswith("src/future.py is left out")]
    assert [note for note in result.notes if "no-such-thing" in note]
    assert [note for note in result.notes if "tests/test_b.py cannot be collected" in note]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    write_project(root, SHOP | CONFIGURED["pyproject"])
    return root


def test_contexts_tell_what_each_test_executes_setup_and_teardown_included(tmp_path: Path) -> None:
    root = tmp_path / "contexts"
    write_project(
        root,
        {
            "pyproject.toml": PYTEST,
            "src/parts.py": """
                def setup():
                    return (
                        1
                    )

                def call(x):
                    if x:
                        return 1
                    return 2

                def teardown():
                    return 3
            """,
            "tests/test_parts.py": """
                import parts
                import pytest

                @pytest.fixture
                def part():
                    yield parts.setup()
                    parts.teardown()

                def test_one(part):
                    assert parts.call(part) == 1

                def test_two():
                    assert parts.call(0) == 2

                def test_none():
                    pass
            """,
        },
    )
    result = measured(root, contexts=True)
    told = {nodeid.partition("::")[2]: arcs for nodeid, arcs in result.contexts.items()}
    assert set(told) == {"test_one", "test_two", "test_none"}
    one, two = set(told["test_one"]["src/parts.py"]), set(told["test_two"]["src/parts.py"])
    assert told["test_none"] == {}
    assert {line for arc in one for line in arc if line > 0} == {3, 8, 9, 13}
    assert (8, 9) in one
    assert (8, 10) in two
    assert not one & two - {(-7, 8)}
    file = by_path(result)["src/parts.py"]
    assert file.missing_branches == ()
    assert set(file.branches) <= one | two


def test_extra_files_run_beside_the_selection_or_alone(shop: Path) -> None:
    extra = {"tests/test_new.py": b"from shop.never import never\n\ndef test_never():\n    assert never(1) == 1\n"}
    alone = measured(shop, nodeids=(), extra=("tests/test_new.py",), files=extra, contexts=True)
    assert alone.outcomes == {"tests/test_new.py::test_never": "passed"}
    assert by_path(alone)["src/shop/never.py"].missing == (5,)
    assert {line for arc in alone.contexts["tests/test_new.py::test_never"]["src/shop/never.py"] for line in arc} == {
        *(-2, 3, 4)
    }
    beside = measured(shop, extra=("tests/test_new.py",), files=extra, order_seed=3, hash_seed=7)
    assert len(beside.outcomes) == 6
    assert by_path(beside)["src/shop/cart.py"] == by_path(measured(shop))["src/shop/cart.py"]
    some = measured(shop, nodeids=("tests/test_cart.py::test_total",), extra=("tests/test_new.py",), files=extra)
    assert set(some.outcomes) == {"tests/test_cart.py::test_total", "tests/test_new.py::test_never"}
    assert not (shop / "tests/test_new.py").exists()


def test_new_tests_run_whatever_the_users_options_select(shop: Path) -> None:
    new = "from shop.never import never\n\ndef test_never():\n    assert never(1) == 1\n"
    extra = {"tests/test_new.py": new.encode()}
    args = ("-k", "kind", "-m", "not test_never")
    beside = measured(shop, args=args, extra=("tests/test_new.py",), files=extra)
    assert set(beside.outcomes) == {"tests/test_cart.py::test_kind", "tests/test_new.py::test_never"}
    alone = measured(shop, args=args, nodeids=(), extra=("tests/test_new.py",), files=extra)
    assert set(alone.outcomes) == {"tests/test_new.py::test_never"}
    nodeid = "tests/test_new.py::test_never"
    with sandboxed(project_at(shop, pytest_args=args, inifile=str(shop / "pyproject.toml"))) as box:
        for mode in (Mode.COLD, Mode.RELOAD):
            assert [one.outcome for one in box.run(nodeid, files=extra, mode=mode).results] == [Outcome.PASSED]


def test_paths_are_measured_whatever_the_configuration_says(shop: Path) -> None:
    result = measured(shop, paths=("src/shop/left.py", "src/shop/cart.py"))
    assert set(by_path(result)) == {"src/shop/left.py", "src/shop/cart.py"}
    assert by_path(result)["src/shop/left.py"].missing == (1, 2)
    assert by_path(result)["src/shop/cart.py"] == by_path(measured(shop))["src/shop/cart.py"]


def test_a_test_that_ends_its_process_costs_the_others_nothing(shop: Path) -> None:
    (shop / "tests" / "test_a_crash.py").write_text(
        "import os, shop.never\n\ndef test_before():\n    assert shop.never.never(0)\n\n"
        "def test_crash():\n    shop.never.never(1)\n    os._exit(3)\n"
    )
    result = measured(shop)
    assert result.status == "finished", result.reason
    assert result.outcomes["tests/test_a_crash.py::test_crash"] == "crashed"
    assert result.outcomes["tests/test_cart.py::test_total"] == "passed"
    assert [note for note in result.notes if "tests/test_a_crash.py::test_crash" in note]
    assert by_path(result)["src/shop/never.py"].missing == (4,)
    assert by_path(result)["src/shop/cart.py"].missing


def test_a_run_that_cannot_start_or_does_not_end_says_why(shop: Path) -> None:
    (shop / "conftest.py").write_text("import no_such_module\n")
    broken = measured(shop)
    assert broken.status == "failed"
    assert "no_such_module" in broken.reason
    (shop / "conftest.py").write_text("")
    (shop / "tests" / "test_slow.py").write_text("import time\n\ndef test_slow():\n    time.sleep(60)\n")
    slow = measured(shop, timeout_s=3.0, project={"limits": Limits(test_s=30.0, run_s=60.0)})
    assert slow.status == "killed"
    assert "time" in slow.reason


def test_hundreds_of_tests_come_with_their_contexts(tmp_path: Path) -> None:
    root = tmp_path / "many"
    functions = "".join(f"def f{n}(x):\n    if x:\n        return {n}\n    return -{n}\n" for n in range(40))
    tests = "import pytest, big\n\n@pytest.mark.parametrize('n', range(600))\ndef test_f(n):\n"
    body = "    for name in range(40):\n        getattr(big, f'f{name}')(n % 2)\n"
    write_project(root, {"pyproject.toml": PYTEST, "src/big.py": functions, "tests/test_big.py": tests + body})
    result = measured(root, contexts=True, project={"limits": Limits(test_s=30.0, run_s=100.0)})
    assert result.status == "finished", result.reason
    assert len(result.contexts) == len(result.outcomes) == 600
    assert by_path(result)["src/big.py"].percent == 100.0
    assert all(len(arcs["src/big.py"]) == 120 for arcs in result.contexts.values())


def test_the_client_measures_over_mcp_and_hears_how_far_it_is(shop: Path) -> None:
    heard: list[int] = []
    with SandboxClient(project_at(shop, inifile=str(shop / "pyproject.toml"))) as client:
        result = client.measure(MeasureRequest(contexts=True), heard.append)
    assert heard == [1, 2, 3, 4, 5]
    assert result.sandbox is not None
    direct = measured(shop, contexts=True)
    assert (result.files, result.outcomes, result.contexts) == (direct.files, direct.outcomes, direct.contexts)


def test_a_run_that_begins_in_a_folder_below_is_measured_by_the_configuration_at_the_root(shop: Path) -> None:
    below = measured(shop, project={"invocation_dir": str(shop / "tests")})
    assert below.files == measured(shop).files
