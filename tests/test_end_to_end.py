"""`pytest --codemode-fix` as a user starts it: the plugin, the engine, the MCP server and the sandbox, all real."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.projects import Run, Workspace, flat

CLAMP = """\
# Ein Kommentar mit Umlaut: größer
def clamp(x, low, high):
    if x < low:
        return low
    if x > high:
        return low   # beyond the end
    return x
"""
CLAMP_TESTS = """\
import pytest
from pkg.clamp import clamp

@pytest.mark.parametrize("x, expected", [(1, 1), (-1, 0), (11, 10), (10, 10)])
def test_clamp(x, expected):
    assert clamp(x, 0, 10) == expected

@pytest.mark.parametrize("x, high, expected", [(9, 4, 4), (9, 5, 5), (1, 5, 2)])
def test_clamp_elsewhere(x, high, expected):
    assert clamp(x, 2, high) == expected
"""
CONFIGURATION = '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n'


CLAMPING = {
    "pyproject.toml": CONFIGURATION,
    "src/pkg/__init__.py": "",
    "src/pkg/clamp.py": CLAMP,
    "tests/test_clamp.py": CLAMP_TESTS,
}


@pytest.fixture
def clamp(tmp_path: Path) -> Iterator[Workspace]:
    """A project with one bug; nothing may be left of a run on it."""
    with tidy(Workspace(tmp_path, CLAMPING)) as workspace:
        yield workspace


@contextmanager
def tidy(workspace: Workspace) -> Iterator[Workspace]:
    yield workspace
    assert workspace.processes() == []
    assert workspace.leftovers() == []


@dataclass(frozen=True)
class Repaired:
    """A plain run with repair, which several tests look at."""

    workspace: Workspace
    before: dict[str, bytes]
    run: Run


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repaired]:
    with tidy(Workspace(tmp_path_factory.mktemp("repaired"), CLAMPING)) as workspace:
        yield Repaired(workspace, workspace.tree(), workspace.fix())


FIXED = CLAMP.replace("return low   #", "return high   #")


@pytest.mark.smoke
def test_a_bug_is_fixed_in_the_tree_and_nothing_else_changes(repaired: Repaired) -> None:
    clamp, run = repaired.workspace, repaired.run
    assert run.status == 0, run.output
    assert clamp.tree() == {**repaired.before, "src/pkg/clamp.py": FIXED.encode()}
    assert "-        return low   # beyond the end" in run.output
    assert "+        return high   # beyond the end" in run.output
    assert "fixed 3 of 3 failing tests" in run.output
    assert clamp.pytest().status == 0


def test_kept_patches_can_be_reverted_and_applied_again(repaired: Repaired) -> None:
    clamp = repaired.workspace
    (record,) = clamp.root.glob(".codemode/runs/*")
    codemode = shutil.which("codemode", path=str(Path(subprocess.sys.executable).parent))  # type: ignore[attr-defined]
    assert codemode
    subprocess.run([codemode, "runs", "revert", record.name], cwd=clamp.root, check=True)
    assert clamp.read("src/pkg/clamp.py") == CLAMP
    subprocess.run([codemode, "runs", "apply", record.name], cwd=clamp.root, check=True)
    assert clamp.read("src/pkg/clamp.py") == FIXED


def test_with_diff_the_tree_is_left_alone_and_the_kept_patch_applies_with_git(clamp: Workspace) -> None:
    before = clamp.tree()
    run = clamp.pytest("--codemode-diff", "-p", "no:cacheprovider")
    assert run.status == 1
    assert clamp.tree() == before
    (patch,) = clamp.root.glob(".codemode/runs/*/patch.diff")
    subprocess.run(["git", "apply", str(patch)], cwd=clamp.root, check=True)
    assert clamp.read("src/pkg/clamp.py") == FIXED


def test_from_a_subdirectory_with_xdist_and_a_keyword(clamp: Workspace) -> None:
    run = clamp.fix("-n", "2", "-k", "elsewhere", cwd="tests")
    assert run.status == 0, run.output
    assert clamp.read("src/pkg/clamp.py") == FIXED
    assert "tests outside your selection were not run" in flat(run.output)


def test_a_node_id_names_the_only_test_to_repair(clamp: Workspace) -> None:
    run = clamp.fix("tests/test_clamp.py::test_clamp[11-10]", "-o", "addopts=-m 'not nothing'")
    assert run.status == 0, run.output
    assert clamp.read("src/pkg/clamp.py") == FIXED


def test_a_second_run_has_nothing_to_fix(clamp: Workspace) -> None:
    clamp.write("src/pkg/clamp.py", FIXED)
    run = clamp.fix()
    assert run.status == 0
    assert "codemode: nothing to fix" in run.output


IN_ORDER = """\
import pytest

SEEN = [0]

@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
def test_each_needs_the_one_before(number):
    SEEN.append(number)
    assert SEEN[-2] == number - 1
"""


def test_tests_that_pass_in_one_order_only_are_told_and_do_not_make_the_tree_red(clamp: Workspace) -> None:
    clamp.write("tests/test_in_order.py", IN_ORDER)
    run = clamp.fix("-p", "no:randomly")
    assert clamp.read("src/pkg/clamp.py") == FIXED
    assert run.status == 0, run.output
    assert "with and without the patch" in flat(run.output)
    assert "test_each_needs_the_one_before" in run.output


def test_at_the_landlock_level_the_same_bug_is_fixed(clamp: Workspace) -> None:
    run = clamp.fix("--codemode-sandbox=landlock")
    if "landlock does not work here" in run.output:
        pytest.skip(run.output)
    assert run.status == 0, run.output
    assert clamp.read("src/pkg/clamp.py") == FIXED
    assert "landlock" in run.output


FIXTURES = {
    "pyproject.toml": CONFIGURATION,
    "src/shop/__init__.py": "",
    "src/shop/names.py": "def upper(text):\n    return text.upper()\n",
    "src/shop/stock.py": """\
        from shop.name import upper


        class Stock:
            LIMIT = 9

            def __init__(self, items=()):
                self.items = [upper(item) for item in items]

            @property
            def full(self):
                return len(self.items) > self.LIMIT

            @staticmethod
            def label(number):
                return f"no {number}"
        """,
    "src/shop/till.py": """\
        class Till:
            def __init__(self, opening):
                self.balance = openning

            def pay(self, amount):
                self.balance += amount
                return self.balance
        """,
    "tests/test_stock.py": """\
        from shop.stock import Stock

        def test_items_are_upper_case():
            assert Stock(["a", "b"]).items == ["A", "B"]

        def test_ten_items_are_not_full_yet():
            assert not Stock("abcdefghij").full
            assert Stock("abcdefghijk").full

        def test_label():
            assert Stock.label(3) == "no 3"
        """,
    "tests/test_till.py": """\
        import pytest
        from shop.till import Till

        @pytest.fixture
        def till():
            return Till(10)

        def test_paying(till):
            assert till.pay(5) == 15

        def test_paying_twice(till):
            till.pay(1)
            assert till.pay(2) == 13
        """,
}


def test_collection_and_setup_errors_are_repaired_and_what_they_hid_as_well(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, FIXTURES)
    run = workspace.fix("--continue-on-collection-errors")
    assert run.status == 0, run.output
    assert "from shop.names import upper" in workspace.read("src/shop/stock.py")
    assert "self.balance = opening\n" in workspace.read("src/shop/till.py")
    # The limit is a class attribute: no hot swap can show its effect. It failed only once its file could be imported.
    assert "LIMIT = 10" in workspace.read("src/shop/stock.py") or ">= " not in workspace.read("src/shop/stock.py")
    assert workspace.pytest().status == 0


def test_what_no_honest_patch_can_fix_is_reported_with_the_reason(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": CONFIGURATION,
        "src/pkg/__init__.py": "",
        "src/pkg/rounding.py": "def halves(n):\n    return n // 2\n",
        "tests/test_rounding.py": """\
            import os
            from pkg.rounding import halves

            def test_down():
                assert halves(3) == 1

            def test_up():
                assert halves(3) == 2

            def test_coin():
                assert os.urandom(1)[0] % 2
            """,
    }
    workspace = Workspace(tmp_path, files)
    before = workspace.tree()
    outputs = []
    for _ in range(12):  # until the coin has failed in the plain run
        run = workspace.fix("--codemode-budget", "time=60s")
        outputs.append(run.output)
        assert run.status == 1
        assert workspace.tree() == before
        if "test_coin" in run.output.partition("= codemode =")[2]:
            break
    assert "breaks tests/test_rounding.py::test_down" in flat(run.output)
    assert "flaky" in run.output.lower()


def replay(folder: Path, *patches: dict[str, object]) -> str:
    """Write a replay file and return the option's value."""
    file = folder / "edits.json"
    file.write_text(json.dumps(list(patches)))
    return f"replay:{file}"


def expression(line: int, column: int, old: str, new: str, path: str = "src/pkg/clamp.py") -> dict[str, object]:
    return {"kind": "replace_expression", "path": path, "line": line, "column": column, "old": old, "new": new}


def test_replayed_patches_are_judged_like_any_other(clamp: Workspace, tmp_path: Path) -> None:
    cheating = {"edits": [expression(6, 30, "expected", "expected or True", "tests/test_clamp.py")]}
    breaking = {"edits": [expression(3, 11, "low", "high"), expression(6, 15, "low", "high")]}
    needless = {
        "edits": [
            expression(6, 15, "low", "high"),
            {"kind": "insert_statement", "path": "src/pkg/clamp.py", "line": 3, "old": "if x < low:",
             "where": "before", "source": "low = low"},
        ]
    }  # fmt: skip
    run = clamp.fix("--codemode-proposer", replay(tmp_path, cheating, breaking, needless))
    assert run.status == 0, run.output
    assert clamp.read("src/pkg/clamp.py") == FIXED  # the needless edit is gone
    assert clamp.read("tests/test_clamp.py") == CLAMP_TESTS
    events = [json.loads(line) for line in next(clamp.root.glob(".codemode/runs/*/run.jsonl")).read_text().splitlines()]
    verdicts = [event["verdict"] for event in events if event["kind"] == "trial"]
    assert verdicts[0] == "refused by policy"


def test_every_byte_outside_the_edit_survives(tmp_path: Path) -> None:
    source = "# coding: latin-1\r\n# gr\xf6\xdfer\r\ndef add(a, b):\r\n\treturn a - b  # \xe4\r\n\r\n\r\n".encode(
        "latin-1"
    )
    workspace = Workspace(
        tmp_path,
        {
            "pyproject.toml": CONFIGURATION,
            "src/pkg/__init__.py": "",
            "src/pkg/sums.py": source,
            "tests/test_sums.py": "from pkg.sums import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"
            "    assert add(7, 0) == 7\n    assert add(0, 4) == 4\n",
        },
    )
    run = workspace.fix()
    assert run.status == 0, run.output
    assert (workspace.root / "src/pkg/sums.py").read_bytes() == source.replace(b"a - b", b"a + b")


def test_a_credential_in_the_environment_reaches_neither_tests_nor_records(clamp: Workspace) -> None:
    secret = "sk-ant-api03-" + "x1Y2" * 20
    clamp.write(
        "tests/test_secret.py",
        """\
        import os

        def test_no_secret_is_seen():
            assert "MY_SERVICE_TOKEN" not in os.environ, "seen"
        """,
    )
    run = clamp.fix(env={"MY_SERVICE_TOKEN": secret})
    # The plain run sees the variable, so that the test fails there; inside it passes: not reproducible.
    assert "not reproducible" in run.output.lower()
    recorded = b"".join(path.read_bytes() for path in clamp.root.glob(".codemode/**/*") if path.is_file())
    assert secret not in run.output
    assert secret.encode() not in recorded
