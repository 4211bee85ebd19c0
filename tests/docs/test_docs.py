import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from bench import tables
from pytest_codemode.core.codec import decode
from pytest_codemode.core.patch import Edit
from pytest_codemode.core.written import BugKind
from pytest_codemode.options.table import TABLE
from pytest_codemode.proposers.search.engine import SearchProposer

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["options", "policy", "operators"])
def test_the_tables_are_those_of_the_code(name: str) -> None:
    made = getattr(tables, name)()
    assert (DOCS / f"{name}.md").read_text() == made, f"run: python -m bench.tables {name} > docs/{name}.md"


def test_the_example_of_an_operator_of_ones_own_works() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "operators.md").read_text(), re.DOTALL)
    space: dict[str, Any] = {}
    exec(block, space)
    (operator,) = space["codemode_operators"]()
    (first, *_) = next(SearchProposer(operators=(operator,)).propose(operator.example.task()))
    assert getattr(first.edits[0], "new", "") == "in_cents(price)"


def test_the_example_of_the_replay_format_holds_real_edits() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", (DOCS / "replay.md").read_text(), re.DOTALL)
    for patch in json.loads(block):
        for edit in patch["edits"]:
            assert edit["kind"] == decode(Edit, edit).KIND


def test_the_tests_that_are_shown_pass_on_the_example_project(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "cover.md").read_text(), re.DOTALL)
    imports = "import pytest\nfrom orderdesk.labels import Label, Sheet, format_weight, sheets\n\n\n"
    (tmp_path / "test_shown.py").write_text(imports + block)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:codemode", "test_shown.py"]
    env = {**os.environ, "PYTHONPATH": str(DOCS.parent / "example_project" / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_every_kind_of_possible_bug_is_documented() -> None:
    rows = re.findall(r"^\| `([\w ]+)` \| ", (DOCS / "cover.md").read_text(), re.MULTILINE)
    assert tuple(rows) == get_args(BugKind)


def test_every_option_that_a_page_names_is_there() -> None:
    names = {option.name for option in TABLE}
    for page in [*DOCS.glob("*.md"), DOCS.parent / "README.md"]:
        named = set(re.findall(r"--codemode-([a-z]+(?:-[a-z]+)*)", page.read_text()))
        assert named <= names, page.name


def test_every_kind_of_edit_is_documented_with_its_fields() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (`.*) \|$", (DOCS / "replay.md").read_text(), re.MULTILINE))
    for kind in Edit.__args__:  # type: ignore[attr-defined]
        fields = [name for name in kind.__dataclass_fields__ if name not in ("path", "KIND")]
        documented = re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", rows[kind.KIND]))
        assert documented == fields


def test_every_page_that_is_linked_is_there() -> None:
    for page in [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
