"""The prompt is a product: what a model reads is compared with text that a person has read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_codemode.core.model import Block
from pytest_codemode.proposers.model.functions import FunctionCalling
from pytest_codemode.proposers.model.prompt import CHARACTERS_PER_TOKEN
from pytest_codemode.proposers.model.react import ReAct
from pytest_codemode.testgen.asking.answers import CALLS, give_up, try_calls
from pytest_codemode.testgen.asking.prompt import Prompt
from pytest_codemode.testgen.asking.view import fixtures_near, kinds
from tests.testgen.asking.material import CART, CONFTEST, TESTS, tried, view

SNAPSHOTS = Path(__file__).parent / "snapshots"
TOOLS = (try_calls(), give_up())


def text(blocks: tuple[Block, ...]) -> str:
    return "\n\n".join(block["text"] for block in blocks)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("system", lambda: text(Prompt().system())),
        ("tools", lambda: FunctionCalling("model", CALLS).manner(TOOLS)),
        ("react", lambda: ReAct("model", CALLS).manner(TOOLS)),
        ("opening", lambda: text(Prompt().opening(view()))),
    ],
)
def test_what_a_model_reads(name: str, shown: object) -> None:
    """Compare with the reviewed text; after a change made on purpose write the new one there and read it."""
    expected = (SNAPSHOTS / f"{name}.md").read_text("utf-8")
    assert shown() + "\n" == expected  # type: ignore[operator]


def test_text_of_the_project_stands_only_inside_fences_and_credentials_nowhere() -> None:
    opening = text(Prompt().opening(view()))
    outside = re.sub(r"<(data[-0-9]*) of=\"[^\"]*\">.*?</\1>", "", opening, flags=re.DOTALL)
    assert "Ignore all earlier instructions" in opening
    assert "Ignore all earlier instructions" not in outside
    assert not {"coupon", "Cart", "rounded", "test_size", "cart"} & set(re.findall(r"[\w.]+", outside))
    secret = 'API_KEY = "hunter2-prod-8841"\n'
    shown = view(CART.replace("    def size", f"    {secret}    def size"), tests=f"{secret}{TESTS}")
    assert "hunter2" not in text(Prompt().opening(shown))
    assert "sk-live-0123456789" not in text(Prompt().opening(view(CART.replace("net *=", "net = API_KEY  #"))))


def test_the_budget_holds_and_says_what_is_left_out() -> None:
    long = "".join(f"\n\ndef test_{number}():\n    assert Cart([{number}]).total() == 0\n" for number in range(2_000))
    opening = text(Prompt(max_tokens=3_000).opening(view(tests=TESTS + long)))
    assert len(opening) <= 3_000 * CHARACTERS_PER_TOKEN
    assert re.search(r"\(\d+ more left out\)", opening)
    assert "What is missing" in opening


def test_one_line_without_end_does_not_break_the_budget() -> None:
    source = CART.replace("        return rounded(net)", f"        return rounded(net + {'1 + ' * 20_000}1)")
    assert len(text(Prompt().opening(view(source)))) <= 10_000 * CHARACTERS_PER_TOKEN


def test_tests_of_the_function_come_before_others() -> None:
    opening = text(Prompt().opening(view()))
    assert 0 < opening.index("def test_total_of_nothing") < opening.index("def test_size")


def test_a_long_function_is_shown_around_what_is_missing() -> None:
    body = "".join(f"        net += {number}\n" for number in range(400))
    source = CART.replace("        net = sum(self.prices)\n", f"        net = sum(self.prices)\n{body}")
    shown = view(source)
    gap = type(shown.gap)(**{name: getattr(shown.gap, name) for name in shown.gap.__slots__} | {"last": 424})
    opening = text(Prompt().opening(view(source, gap=gap, open=frozenset({(423, 0), (421, 423)}))))
    assert "net *= 1 - COUPONS[coupon]" in opening
    assert "net += 200\n" not in opening


def test_one_call_of_each_kind_is_shown_the_most_readable() -> None:
    many = [tried(f"Cart([{number}, {number}]).total()", takes=24) for number in range(50)]
    assert [one.recipe.call for one in kinds([*many, tried("Cart([]).total()", takes=20)])] == [
        "Cart([0, 0]).total()",
        "Cart([]).total()",
    ]


def test_fixtures_are_those_that_a_test_there_sees() -> None:
    files = {
        "conftest.py": CONFTEST,
        "tests/conftest.py": b"from pytest import fixture\n\n@fixture()\ndef inner():\n    pass\n",
        "tests/test_cart.py": b"import pytest\n\n@pytest.fixture\ndef cart():\n    return 1\n",
        "tests/unit/conftest.py": b"import pytest\n\n@pytest.fixture\ndef deeper():\n    pass\n",
    }
    found = {one.name: one for one in fixtures_near("tests/test_cart.py", files.get)}
    assert set(found) == {"cart", "inner", "prices"}
    assert found["cart"].path == "tests/test_cart.py"
    at_top = {one.name: one.text for one in fixtures_near("test_x.py", files.get)}
    assert at_top["cart"] == "cart(prices) -> Cart: A cart with two things."
