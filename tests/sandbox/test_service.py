"""What a run in the sandbox says is what plain pytest would have said, whichever way the run starts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Mode, Outcome
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

FILES = {
    "pyproject.toml": """
        [tool.pytest.ini_options]
        pythonpath = ["src"]
        testpaths = ["tests"]
        filterwarnings = ["error"]
        addopts = ["-x", "--lf", "--junitxml=report.xml", "-n", "2", "--codemode-budget=time=1m"]
    """,
    "src/shop/__init__.py": "",
    "src/shop/cart.py": """
        def total(prices):
            amount = 0
            for price in prices:
                amount -= price
            return amount


        class Cart:
            def __init__(self):
                self.prices = []

            def add(self, price):
                self.prices.append(price)
                return self
    """,
    "tests/conftest.py": """
        import pytest
        from shop.cart import Cart

        @pytest.fixture
        def cart():
            return Cart().add(2)
    """,
    "tests/test_cart.py": """
        import unittest
        import pytest
        from shop.cart import total

        @pytest.mark.parametrize("prices", [[], [1, 2]], ids=["none", "two"])
        def test_total(prices):
            print("looking at", prices)
            assert total(prices) == sum(prices)

        def test_add(cart, tmp_path, monkeypatch, capsys):
            (tmp_path / "file").write_text("x")
            assert cart.add(3).prices == [2, 3]

        @pytest.fixture
        def broken():
            raise LookupError("no such thing")

        def test_setup_error(broken):
            pass

        @pytest.fixture
        def untidy():
            yield
            raise OSError("cannot tidy up")

        def test_teardown_error(untidy):
            pass

        @pytest.mark.skip(reason="not now")
        def test_skipped():
            pass

        @pytest.mark.xfail
        def test_expected():
            assert 0

        @pytest.mark.xfail(strict=False)
        def test_unexpected():
            pass

        def test_subtests(subtests):
            for number in range(3):
                with subtests.test("case", number=number):
                    assert number != 1

        def test_cache(cache):
            cache.set("codemode/x", 1)
            assert cache.get("codemode/x", None) == 1

        class TestOld(unittest.TestCase):
            def test_equal(self):
                self.assertEqual(total([1]), 1)

            def test_fine(self):
                self.assertTrue(True)
    """,
    "tests/test_broken.py": "import no_such_module\n\ndef test_never():\n    pass\n",
}
EXPECTED = {
    "test_total[none]": "passed",
    "test_total[two]": "failed",
    "test_add": "passed",
    "test_setup_error": "failed",
    "test_teardown_error": "failed",
    "test_skipped": "skipped",
    "test_expected": "xfailed",
    "test_unexpected": "xpassed",
    "test_subtests": "failed",
    "test_cache": "passed",
    "TestOld::test_equal": "failed",
    "TestOld::test_fine": "passed",
}
CART = "src/shop/cart.py"
TOTAL = "tests/test_cart.py::test_total[two]"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    write_project(root, FILES)
    return root


@pytest.fixture(scope="module", params=["auto", pytest.param("landlock", marks=pytest.mark.slow)])
def sandbox(root: Path, request: pytest.FixtureRequest) -> Iterator[Sandboxed]:
    with sandboxed(project_at(root, level=request.param)) as box:
        yield box


@pytest.fixture
def fixed(root: Path) -> dict[str, bytes]:
    return {CART: (root / CART).read_bytes().replace(b"-=", b"+=")}


def test_collection_names_every_test_and_what_could_not_be_collected(sandbox: Sandboxed) -> None:
    collection = sandbox.collect()

    assert [nodeid.partition("::")[2] for nodeid in collection.nodeids] == list(EXPECTED)
    (error,) = collection.errors
    assert (error.nodeid, error.exception) == ("tests/test_broken.py", "ModuleNotFoundError")
    assert error.frames[-1].path == "tests/test_broken.py"


@pytest.mark.smoke
@pytest.mark.parametrize("mode", Mode)
def test_every_mode_gives_the_same_outcomes(sandbox: Sandboxed, mode: Mode) -> None:
    run = sandbox.run(mode=mode)

    assert (run.status, run.reason) == ("finished", "")
    assert {result.nodeid.partition("::")[2]: result.outcome.value for result in run.results} == EXPECTED
    assert [error.nodeid for error in run.collection_errors] == ["tests/test_broken.py"]


@pytest.mark.parametrize("mode", [Mode.RELOAD, Mode.COLD])
def test_patched_files_decide_and_leave_no_trace(
    sandbox: Sandboxed, root: Path, fixed: dict[str, bytes], mode: Mode
) -> None:
    before = (root / CART).read_bytes()

    assert sandbox.outcomes(TOTAL, mode=mode, files=fixed) == {"test_total[two]": "passed"}
    assert sandbox.outcomes(TOTAL, mode=mode) == {"test_total[two]": "failed"}
    assert (root / CART).read_bytes() == before


def test_refresh_puts_files_under_every_later_run(tmp_path: Path, fixed: dict[str, bytes]) -> None:
    write_project(tmp_path, FILES)
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes(TOTAL) == {"test_total[two]": "failed"}
        box.refresh(fixed)
        assert box.outcomes(TOTAL) == {"test_total[two]": "passed"}
        box.refresh()
        assert box.outcomes(TOTAL) == {"test_total[two]": "failed"}


@pytest.mark.smoke
def test_failure_tells_operands_frames_and_output(sandbox: Sandboxed) -> None:
    (result,) = sandbox.run(TOTAL).results
    (failure,) = result.failures

    assert (failure.exception, failure.left, failure.operator, failure.right) == ("AssertionError", "-3", "==", "3")
    assert failure.frames[-1].function == "test_total"
    assert failure.frames[-1].locals["prices"] == "[1, 2]"
    assert "looking at [1, 2]" in failure.output


def test_failing_subtest_and_unittest_are_told_apart(sandbox: Sandboxed) -> None:
    run = sandbox.run("tests/test_cart.py::test_subtests", "tests/test_cart.py::TestOld::test_equal")
    (subtest,) = run.results[0].failures
    (old,) = run.results[1].failures

    assert subtest.subtest == "case number=1"
    assert (old.left, old.operator, old.right) == ("-1", "==", "1")


@pytest.mark.smoke
def test_functions_are_those_the_test_executed(sandbox: Sandboxed) -> None:
    (total, add) = sandbox.run(TOTAL, "tests/test_cart.py::test_add", record="functions").results

    assert f"{CART}::total" in total.functions
    assert f"{CART}::Cart.add" not in total.functions
    assert f"{CART}::Cart.add" in add.functions


@pytest.mark.smoke
def test_lines_are_those_the_test_executed_itself(sandbox: Sandboxed) -> None:
    run = sandbox.run("tests/test_cart.py::test_total[none]", TOTAL, record="lines", line_paths=(CART,))

    assert run.reason == ""
    # line 2 is `def total`: executed by the import, not by a test
    assert [result.lines for result in run.results] == [{CART: (3, 4, 6)}, {CART: (3, 4, 5, 6)}]


@pytest.mark.parametrize("mode", [Mode.WARM, Mode.RELOAD])
def test_unknown_test_is_missing(sandbox: Sandboxed, mode: Mode) -> None:
    gone = ("tests/test_cart.py::test_gone", "tests/test_removed.py::test_gone_too")
    assert sandbox.outcomes(*gone, TOTAL, mode=mode) == {
        "test_gone": "missing",
        "test_gone_too": "missing",
        "test_total[two]": "failed",
    }


def test_test_of_a_broken_module_is_missing_for_that_reason(sandbox: Sandboxed) -> None:
    (result,) = sandbox.run("tests/test_broken.py::test_never", mode=Mode.RELOAD).results

    assert result.outcome is Outcome.MISSING
    assert result.failures[0].exception == "ModuleNotFoundError"


def test_canary_fails_and_is_no_result(sandbox: Sandboxed) -> None:
    run = sandbox.run(mode=Mode.COLD, canary="test_canary_7d1")

    assert run.canary_failed is True
    assert len(run.results) == len(EXPECTED)


def test_canary_that_passes_shows_a_patch_that_cheats(sandbox: Sandboxed, fixed: dict[str, bytes]) -> None:
    cheat = b"\nimport _pytest.runner\n_pytest.runner.pytest_runtest_call = None\n"
    cheat += b"import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"
    run = sandbox.run(mode=Mode.COLD, canary="test_canary_7d1", files={CART: fixed[CART] + cheat})

    assert run.canary_failed is False


def test_order_follows_the_seed(sandbox: Sandboxed) -> None:
    orders = [list(sandbox.outcomes(order_seed=seed)) for seed in (1, 1, 2)]

    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert sorted(orders[0]) == sorted(EXPECTED)


def test_stop_at_failure_leaves_out_the_rest(sandbox: Sandboxed) -> None:
    assert list(sandbox.outcomes(stop_at_failure=True)) == ["test_total[none]", "test_total[two]"]


def test_results_come_one_by_one(sandbox: Sandboxed) -> None:
    seen: list[str] = []
    run = sandbox.run(on_result=lambda result: seen.append(result.nodeid))

    assert seen == [result.nodeid for result in run.results]


def test_program_runs_with_its_input_and_a_small_environment(sandbox: Sandboxed) -> None:
    done = sandbox.execute(
        """
        import os, sys
        print(sys.stdin.read().upper(), sorted(os.environ))
        sys.exit(3)
        """,
        stdin="hello",
    )

    assert (done.status, done.exit_code) == ("finished", 3)
    word, _, names = done.stdout.partition(" ")
    assert word == "HELLO"
    allowed = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "PYTHONPATH", "TERM", "TMPDIR", "TZ"}
    assert set(ast.literal_eval(names)) <= allowed


def test_info_names_level_and_interpreter(sandbox: Sandboxed) -> None:
    info = sandbox.info()

    assert info.level in ("namespaces", "landlock")
    assert info.python.startswith("3.")
