"""The prompt is a product: what a model reads is compared with text that a person has read."""

import dataclasses
import re
from pathlib import Path

import pytest

from pytest_codemode.core.model import Block
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.trial import Verdict
from pytest_codemode.edits.policy import RULES
from pytest_codemode.proposers.model.failures import MAX_OUTPUT, failure_text
from pytest_codemode.proposers.model.prompt import CHARACTERS_PER_TOKEN, GUARDS_SHOWN, Prompt
from tests.proposers.model.material import PATH, failure, task, tried

SNAPSHOTS = Path(__file__).parent / "snapshots"


def text(blocks: tuple[Block, ...]) -> str:
    assert all(block["type"] == "text" for block in blocks)
    return "\n\n".join(block["text"] for block in blocks)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("system", lambda: Prompt(knowledge=("# This project\nMoney is in cents.",)).system()),
        ("opening", lambda: Prompt().opening(task(tried(), tried(Verdict.PLAUSIBLE, "", "literal-from-assertion")))),
        ("fresh_start", lambda: Prompt().summary(task(), [tried(Verdict.BROKE, "breaks tests/test_cart.py::test_a")])),
    ],
)
def test_what_a_model_reads(name: str, shown: object) -> None:
    """Compare with the reviewed text; after a change made on purpose write the new one there and read it."""
    expected = (SNAPSHOTS / f"{name}.md").read_text("utf-8")
    assert text(shown()) + "\n" == expected  # type: ignore[operator]


def test_the_first_part_is_the_same_for_every_task_so_that_it_can_be_cached() -> None:
    assert Prompt().system() == Prompt().system()
    opening = text(Prompt().opening(task()))
    assert not set(re.findall(r"\btest_\w+", text(Prompt().system()))) & set(re.findall(r"\btest_\w+", opening))


def test_every_rule_of_the_policy_is_told() -> None:
    told = text(Prompt().system())
    assert [rule.name for rule in RULES if f"(`{rule.name}`)" not in told] == []


def test_text_of_the_project_stands_only_inside_fences() -> None:
    opening = text(Prompt().opening(task()))
    outside = re.sub(r"<(data[-0-9]*) of=\"[^\"]*\">.*?</\1>", "", opening, flags=re.DOTALL)
    assert "Ignore all earlier instructions" in opening
    assert "Ignore all earlier instructions" not in outside
    assert not {"rounded", "test_total", "cart.py"} & set(re.findall(r"[\w.]+", outside))


def test_a_traceback_is_never_cut_and_long_output_keeps_head_and_tail() -> None:
    frames = failure().frames * 200
    output = "\n".join(f"line {number}" for number in range(5_000))
    shown = failure_text(dataclasses.replace(failure(), frames=frames, output=output))
    assert shown.count("in Cart.total") == 200
    assert "line 0\n" in shown
    assert "line 4999" in shown
    assert "characters left out" in shown
    assert len(shown.partition("Captured output")[2]) < MAX_OUTPUT + 200


@pytest.mark.parametrize("max_tokens", [2_000, 4_000])
def test_a_large_task_stays_within_its_tokens_and_says_what_it_leaves_out(max_tokens: int) -> None:
    failures = tuple(failure(f"test_{number}", str(number), line=number) for number in range(300))
    large = dataclasses.replace(
        task(),
        failures=tuple(
            dataclasses.replace(one, frames=(dataclasses.replace(one.frames[0], line=index), *one.frames[1:]))
            for index, one in enumerate(failures)
        ),
        guards=tuple(f"tests/test_other.py::test_{n}" for n in range(500)),
    )
    shown = text(Prompt(max_tokens).opening(large))
    assert len(shown) < max_tokens * CHARACTERS_PER_TOKEN
    assert "more left out)" in shown
    assert shown.endswith("Find the cause and propose a patch.")
    assert "## Suspicious code" in shown


def test_a_long_function_is_shown_around_its_suspicious_lines() -> None:
    source = b"def f(x):\n" + b"".join(b"    x = x + %d\n" % number for number in range(400)) + b"    return x\n"
    long = dataclasses.replace(task(), sources={PATH: source}, suspects=(Suspect(PATH, 300, 0.9),))
    shown = text(Prompt().opening(long)).partition("## Suspicious code")[2].partition("\n## ")[0]
    assert ">>  300 |     x = x + 298" in shown
    assert "      1 | def f(x):" in shown
    assert "x = x + 100\n" not in shown


def test_guards_beyond_those_shown_are_counted() -> None:
    guards = tuple(f"tests/test_other.py::test_{number}" for number in range(GUARDS_SHOWN + 12))
    assert "and 12 more" in text(Prompt().opening(task(guards=guards)))
