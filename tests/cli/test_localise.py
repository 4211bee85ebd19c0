"""`codemode localise` as a user starts it, on a project whose faults are known."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_codemode.cli.localise import read
from pytest_codemode.cli.main import main
from pytest_codemode.report.writer import columns
from tests.sandbox.toys import write_project

FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "shop/__init__.py": "",
    "shop/text.py": """
        def join(parts, sep):
            if not parts:
                return None
            return sep.join(parts)


        def shorten(text, width):
            if len(text) < width:
                return text
            return text[: width - 3] + "..."


        def count(n):
            total = 0
            while n > 0:
                total += n
            return total
    """,
    "test_text.py": """
        import pytest
        from shop.text import join, shorten

        @pytest.mark.parametrize("parts", [[], ["a"], ["a", "b"]], ids=["none", "one", "two"])
        def test_join(parts):
            assert join(parts, "-") == "-".join(parts)

        @pytest.mark.parametrize("text", ["ab", "abc"])
        def test_shorten(text):
            assert shorten(text, 3) == text[:3]
    """,
    "test_hang.py": """
        from shop.text import count

        def test_count():
            assert count(2) == 3
    """,
    "test_green.py": """
        def test_green(tmp_path):
            assert True
    """,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    write_project(root, FILES)
    return root


def localise(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_codemode.cli.main", "localise", *words],
        cwd=project, env={**os.environ, **variables}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.smoke
def test_the_ranking_is_readable_at_60_columns_in_a_pipe_and_changes_nothing(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    done = localise(project, "test_text.py", "--limit", "3", COLUMNS="60")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert all(columns(line) <= 60 for line in done.stdout.splitlines())
    first, *_ = done.stdout.split("\n\n")
    assert first.replace("\n", " ").startswith("2 failing of 5 tests, 2 causes; ran in the sandbox (level ")
    assert "cause 1 of 2: AssertionError: assert None == ''" in done.stdout
    assert ("1.00 ##### shop/text.py:4 join\n     return None\n") in done.stdout
    why = "- true in failing runs above all; only failing runs pass an empty list as `parts`"
    assert why in " ".join(done.stdout.split())
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file() and path in before} == before


def test_json_holds_the_ranking_and_what_was_observed(project: Path) -> None:
    done = localise(project, "-k", "join", "--json", "--limit", "2")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["tests"], found["failing"]) == (3, ["test_text.py::test_join[none]"])
    (cause,) = found["causes"]
    assert cause["cause"] == "AssertionError: assert None == ''"
    first, second = cause["suspects"]
    assert (first["path"], first["line"], first["function"], first["score"]) == ("shop/text.py", 4, "join", 1.0)
    assert (first["source"], second["line"]) == ("return None", 3)
    (function,) = (one for one in cause["observed"] if one["function"] == "shop/text.py::join")
    assert function["calls"] == {"failing": 1, "passing": 2}
    (parts,) = (one for one in function["names"] if (one["name"], one["role"]) == ("parts", "argument"))
    assert parts["failing"] == {"kinds": {"list empty": 1}, "values": ["[]"]}
    assert sorted(parts["passing"]["values"]) == ["['a', 'b']", "['a']"]


@pytest.mark.smoke
def test_a_test_that_hangs_leads_to_its_loop(project: Path) -> None:
    done = localise(project, "--test-timeout", "2", "test_hang.py")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("1.00"))
    assert lines[at] == "1.00 ##### shop/text.py:16 count"
    assert lines[at + 1].strip() == "while n > 0:"
    assert "decides whether the loop goes on" in done.stdout


def test_a_file_that_cannot_be_imported_leads_to_the_line_that_raised(project: Path, tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
            "table.py": "SIZES = {'b': 1}\nFIRST = SIZES['a']\n",
            "test_table.py": "import table\n\ndef test_a():\n    assert table\n",
        },
    )
    done = localise(tmp_path)
    assert done.returncode == 0
    assert "1.00 ##### table.py:2\n     FIRST = SIZES['a']\n     - innermost frame\n" in done.stdout
    assert "table.py:1\n     SIZES = {'b': 1}\n     - defines SIZES\n" in done.stdout


def test_without_a_failure_it_says_so_and_ends_with_0(project: Path) -> None:
    done = localise(project, "test_green.py")
    assert done.returncode == 0
    assert done.stdout.startswith("no test fails: 1 test, ran in the sandbox (level ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--limit", "0"], "--limit: give a number of lines above 0"),
        (["--test-timeout", "-1"], "--test-timeout: give a number of seconds above 0"),
        (["--rootdir", "nowhere"], "--rootdir nowhere is no folder"),
        (["@nowhere.txt"], "nowhere.txt cannot be read"),
        (["--no-such-option-of-pytest"], "the tests cannot be run in the sandbox"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_and_exit_2(
    project: Path,
    words: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project)
    assert main(["localise", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err


def test_everything_it_does_not_know_is_pytest_s_in_its_order() -> None:
    arguments = read(["-k", "a and b", "--limit", "4", "tests/test_x.py::test_y", "--maxfail=2", "--", "--json"])
    assert (arguments.lines, arguments.json) == (4, False)
    assert arguments.pytest_args == ("-k", "a and b", "tests/test_x.py::test_y", "--maxfail=2", "--json")


def test_help_tells_what_it_does_and_how_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read(["--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "[PYTEST ARGS ...]" in told
    assert "Exit status: 0" in told
