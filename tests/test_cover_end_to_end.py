"""`pytest --codemode-cover` as a user starts it, on what is good and on what is strange; everything is real."""

import ast
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.projects import Run, Workspace, flat

CONFIGURATION = '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n'
PRICES = '''\
"""Prices of a shop."""


def discount(price: float, rate: float) -> float:
    """Return the price with a discount.

    >>> discount(100.0, 0.25)
    75.0
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"no rate: {rate}")
    return price * (1 - rate)


def label(count: int) -> str:
    if count == 0:
        return "none"
    if count > 7:
        return "many"
    return "some"
'''
TESTS = """\
# Größer als null
from shop.prices import label


def test_label():
    assert label(3) == "some"
"""
SHOP = {
    "pyproject.toml": CONFIGURATION,
    "src/shop/__init__.py": "",
    "src/shop/prices.py": PRICES,
    "tests/test_prices.py": TESTS,
}
STRANGE = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "exits.py": "import sys\n\ndef f(x):\n    return x\n\nsys.exit(3)\n",
    "argv.py": "import sys\n\nWHICH = sys.argv[7]\n\ndef f(x):\n    return x\n",
    "effects.py": """\
        import pathlib

        pathlib.Path("left-behind.txt").write_text("x")

        def double(number: int) -> int:
            return number * 2
    """,
    "endless.py": """\
        def deep(number: int) -> int:
            return deep(number + 1)

        def numbers(start: int):
            while True:
                yield start
                start += 1

        def spin(flag: bool) -> int:
            while flag:
                pass
            return 1

        def huge(count: int) -> str:
            return "x" * 50_000_000
    """,
    "chance.py": """\
        import random
        import time

        def roll(sides: int) -> float:
            return random.random() + sides

        def now(zone: str) -> float:
            return time.time()

        def fine(text: str) -> str:
            return text.upper()
    """,
    "danger.py": """\
        import os
        import shutil

        def wipe(path: str) -> None:
            shutil.rmtree(path)

        def drop(path: str) -> bool:
            os.remove(path)
            return True

        def main() -> int:
            return 3

        def ask(question: str) -> str:
            return input(question)
    """,
    "newer.py": "type Pair[T] = tuple[T, T]\n\ndef f(x):\n    return x\n",
    "broken.py": "def f(:\n",
    "precious/keep.txt": "keep me",
    "test_red.py": "def test_red():\n    assert 1 == 2\n",
}


def covered(workspace: Workspace, *args: str, budget: str = "time=40s") -> Run:
    return workspace.pytest("--codemode-cover", f"--codemode-budget={budget}", "--codemode-report=cover.json", *args)


def told(workspace: Workspace) -> dict:
    report = json.loads(workspace.read("cover.json"))
    return report.get("run", report)["cover"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    workspace = Workspace(tmp_path_factory.mktemp("shop"), SHOP)
    return workspace, covered(workspace)


@pytest.mark.smoke
def test_what_is_uncovered_gets_tests_beside_the_existing_ones(shop):
    workspace, run = shop
    assert run.status == 0, run.output
    cover = told(workspace)
    (file,) = cover["files"]
    assert (file["path"], file["after"], file["missing_after"]) == ("src/shop/prices.py", 100.0, 0)
    assert (file["statements"], file["branches"], file["missing_before"]) == (10, 6, 9)
    assert {test["function"] for test in cover["tests"]} == {
        "src/shop/prices.py::discount",
        "src/shop/prices.py::label",
    }
    assert all(test["path"] == "tests/test_prices.py" for test in cover["tests"])
    assert cover["killed"] > 0


def test_every_byte_that_was_there_stays(shop):
    workspace, _ = shop
    text = workspace.read("tests/test_prices.py")
    assert text.startswith("# Größer als null\n")
    assert '\n\n\ndef test_label():\n    assert label(3) == "some"\n' in text
    assert "from shop.prices import discount, label\n" in text  # the one line that had to change
    tree = workspace.tree()
    assert {path for path in tree if path != "cover.json"} == set(SHOP)
    assert tree["src/shop/prices.py"].decode() == PRICES


def test_the_example_of_the_docstring_is_a_test_as_a_human_wrote_it(shop):
    workspace, _ = shop
    text = workspace.read("tests/test_prices.py")
    assert "discount(100.0, 0.25)" in text or "(100.0, 0.25" in text
    assert "75.0" in text


def test_the_tests_are_green_by_themselves_in_any_order(shop):
    workspace, _ = shop
    for seed in ("1", "2"):
        run = workspace.pytest("-p", "no:codemode", env={"PYTHONHASHSEED": seed})
        assert run.status == 0, run.output


def test_names_say_what_is_tested(shop):
    workspace, _ = shop
    names = [node.name for node in ast.parse(workspace.read("tests/test_prices.py")).body if hasattr(node, "name")]
    assert all(name.startswith(("test_discount", "test_label")) for name in names)
    assert len(names) == len(set(names))


def test_the_second_run_finds_nothing_to_do(shop):
    workspace, _ = shop
    before = workspace.tree()
    run = covered(workspace)
    assert run.status == 0
    assert "nothing uncovered" in flat(run.output)
    assert {path: raw for path, raw in workspace.tree().items() if path != "cover.json"} == {
        path: raw for path, raw in before.items() if path != "cover.json"
    }


def test_with_diff_nothing_is_written_and_the_diff_applies(tmp_path):
    workspace = Workspace(tmp_path, SHOP)
    run = covered(workspace, "--codemode-diff")
    assert run.status == 0
    assert set(workspace.tree()) == {*SHOP, "cover.json"}
    assert "nothing written" in flat(run.output)
    (diff,) = workspace.root.glob(".codemode/runs/*/patch.diff")
    done = subprocess.run(["git", "apply", str(diff)], cwd=workspace.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert workspace.pytest("-p", "no:codemode").status == 0


def test_a_target_narrows_what_is_looked_at(tmp_path):
    workspace = Workspace(tmp_path, SHOP)
    covered(workspace, "--codemode-target=shop.prices:discount")
    assert {test["function"] for test in told(workspace)["tests"]} == {"src/shop/prices.py::discount"}


def test_only_what_changed_since_a_revision_counts(tmp_path):
    workspace = Workspace(tmp_path, SHOP)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], cwd=workspace.root, check=True)
    workspace.write("src/shop/prices.py", PRICES.replace('"many"', '"a lot"'))
    covered(workspace, "--codemode-since=HEAD")
    assert {test["function"] for test in told(workspace)["tests"]} == {"src/shop/prices.py::label"}


def test_a_target_that_is_not_there_is_named_with_what_comes_nearest(tmp_path):
    workspace = Workspace(tmp_path, SHOP)
    run = covered(workspace, "--codemode-target=shop.prises")
    assert run.status == 1
    assert "shop.prices" in flat(run.output)


def test_fix_and_cover_in_one_run_are_refused(tmp_path):
    run = Workspace(tmp_path, SHOP).pytest("--codemode-cover", "--codemode-fix")
    assert run.status == 4
    assert "repair first, then write tests" in flat(run.output)


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory):
    workspace = Workspace(tmp_path_factory.mktemp("strange"), STRANGE)
    return workspace, covered(workspace, budget="time=90s")


def reasons(workspace):
    return {(one["path"], one["function"]): one["reason"] for one in told(workspace)["untested"]}


def test_nothing_is_lost_and_nothing_is_written_but_tests(strange):
    workspace, run = strange
    tree = workspace.tree()
    assert workspace.read("precious/keep.txt") == "keep me"
    new = set(tree) - set(STRANGE) - {"cover.json"}
    assert new
    assert all(Path(path).name.startswith("test_") for path in new), new
    assert run.status == 1  # the red test is still red


def test_a_suite_that_fails_is_said_so_and_worked_on(strange):
    _, run = strange
    assert "1 test fails before anything was written" in flat(run.output)


def test_modules_that_cannot_be_imported_are_named_with_the_reason(strange):
    found = reasons(strange[0])
    assert "sys.exit" in found["exits.py", "f"] or "SystemExit" in found["exits.py", "f"]
    assert "IndexError" in found["argv.py", "f"]
    assert "left-behind.txt" in found["effects.py", "double"]


def test_functions_that_do_harm_are_not_called(strange):
    found = reasons(strange[0])
    assert {found["danger.py", name] for name in ("main", "ask")}
    written = strange[0].read("test_danger.py")
    assert all("tmp_path" in line for line in written.splitlines() if re.search(r"\b(?:wipe|drop)\(", line))
    tests = {test["function"] for test in told(strange[0])["tests"]}
    assert not tests & {"danger.py::ask", "danger.py::main"}


def test_what_comes_out_otherwise_each_time_gets_no_test(strange):
    tests = {test["function"] for test in told(strange[0])["tests"]}
    assert "chance.py::fine" in tests
    assert not tests & {"chance.py::roll", "chance.py::now"}
    assert reasons(strange[0])["chance.py", "roll"]


def test_what_does_not_end_is_survived(strange):
    tests = {test["function"] for test in told(strange[0])["tests"]}
    assert "endless.py::deep" not in tests
    assert "endless.py::spin" in tests
    assert not any("x" * 300 in raw.decode() for path, raw in strange[0].tree().items() if path.startswith("test_"))


def test_files_that_cannot_be_parsed_do_not_keep_the_others_from_being_tested(strange):
    workspace, run = strange
    assert told(workspace)["tests"]
    assert "broken.py" in flat(run.output) + json.dumps(told(workspace))


def test_what_was_written_is_green(strange):
    workspace, _ = strange
    run = workspace.pytest("-p", "no:codemode", "--deselect=test_red.py::test_red")
    assert run.status == 0, run.output


def test_an_interrupted_run_keeps_what_was_proven_and_leaves_nothing_behind(tmp_path):
    """There are two waves; the first one has ended when the interruption comes."""
    function = "def f{0}(x: int) -> int:\n    return x + {0}\n"
    many = "\n\n".join(function.format(number) for number in range(16))
    workspace = Workspace(tmp_path, SHOP | {"src/shop/many.py": many})
    process = workspace.start("--codemode-cover", "--codemode-budget=time=3m", "--codemode-report=cover.json")
    assert process.stdout is not None
    for line in process.stdout:
        if "tests hold: tests/test_many.py" in flat(line):
            process.send_signal(signal.SIGINT)
            break
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2, output
    assert {test["path"] for test in told(workspace)["tests"]} == {"tests/test_many.py"}
    assert set(workspace.tree()) == {*SHOP, "src/shop/many.py", "tests/test_many.py", "cover.json"}
    assert "tests that were proven by then are kept" in flat(output)
    assert workspace.processes() == []
    assert workspace.leftovers() == []


def test_without_a_limit_of_time_private_functions_are_reached_too(tmp_path):
    private = (
        "def _half(number: int) -> int:\n    if number % 2:\n        raise ValueError(number)\n    return number // 2\n"
    )
    workspace = Workspace(tmp_path, SHOP | {"src/shop/halves.py": private})
    run = covered(workspace, "--codemode-target=src/shop/halves.py", budget="time=none")
    assert run.status == 0, run.output
    assert told(workspace)["files"][0]["after"] == 100.0


@pytest.mark.slow
def test_an_interruption_in_the_proof_of_one_wave_keeps_those_before(tmp_path):
    """The suite takes three seconds; the second wave is with the suite when the interruption comes."""
    function = "def f{0}(x: int) -> int:\n    return x + {0}\n"
    many = "\n\n".join(function.format(number) for number in range(16))
    slow = "import time\n\ndef test_slow():\n    time.sleep(3)\n"
    workspace = Workspace(tmp_path, SHOP | {"src/shop/many.py": many, "tests/test_slow.py": slow})
    process = workspace.start("--codemode-cover", "--codemode-budget=time=5m", "--codemode-report=cover.json", "-s")
    assert process.stdout is not None
    held = False
    for line in process.stdout:
        held = held or "tests hold: tests/test_many.py" in flat(line)
        if held and "accept" in line:
            break
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    output, _ = process.communicate(timeout=120)
    assert time.monotonic() - began < 8
    assert process.returncode == 2, output
    assert {test["path"] for test in told(workspace)["tests"]} == {"tests/test_many.py"}
    assert "tests/test_many.py" in workspace.tree()
    assert workspace.processes() == []
