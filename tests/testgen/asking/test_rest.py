"""Which functions are asked about after the search, and in which order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.exploring import Import, Recipe
from pytest_codemode.core.model import Price
from pytest_codemode.proposers.model.gateway import ClaudeModel
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.side_by_side import SideBySide
from pytest_codemode.testgen.asking.asker import Asker
from pytest_codemode.testgen.asking.rest import ask_about_rest
from pytest_codemode.testgen.exploration import explore
from pytest_codemode.testgen.inputs.generator import Inputs
from pytest_codemode.testgen.subject import Subject
from tests.messages_api import MessagesServer, Reply
from tests.testgen.asking.driving import MODEL, PATH, Shop, calls, give_up

RECIPES = tuple(
    Recipe(str(number), "Order.close", call, (Import("orders", "Order"),), origin="model")
    for number, call in enumerate(('Order([1], "draft").close("key")', 'Order([1], "draft").close("x")'))
)


def play(shop: Shop, subjects: Sequence[Subject], budget: Budget) -> None:
    explore(subjects, shop.client, budget, workers=1, left_s=lambda: 60.0, say=lambda text: None)


def test_what_the_calls_of_one_function_reach_is_not_asked_for_again(shop: Shop) -> None:
    one, other = shop.subject("Order.close"), shop.subject("Order.close")
    asked: list[Subject] = []

    def ask(subject: Subject) -> Inputs:
        asked.append(subject)
        yield RECIPES

    budget = Budget(Allowance())
    ask_about_rest([one, other], ask, lambda some: play(shop, some, budget), left_s=lambda: 60.0)
    assert asked == [one]
    assert other.open == frozenset()


def test_what_cannot_be_called_or_is_covered_is_not_asked_about(shop: Shop) -> None:
    unfit, covered, broken = (shop.subject("fetched") for _ in range(3))
    unfit.unfit = "deletes files"
    covered.reached(covered.open)
    broken.trouble = "its file cannot be imported"
    asked: list[Subject] = []

    def ask(subject: Subject) -> Inputs:
        asked.append(subject)
        yield from ()

    ask_about_rest([unfit, covered, broken], ask, lambda some: None, left_s=lambda: 60.0)
    assert asked == []


def test_a_function_that_the_search_has_given_up_is_tried_again_with_other_inputs(shop: Shop) -> None:
    subject = shop.subject("Order.close")
    subject.calls = 50_000
    ask_about_rest(
        [subject],
        lambda one: (_ for _ in (RECIPES,)),
        lambda some: play(shop, some, Budget(Allowance(candidates=None))),
        left_s=lambda: 60.0,
    )
    assert subject.open == frozenset()


def test_functions_are_asked_about_side_by_side(shop: Shop) -> None:
    subjects = [shop.subject("Order.close"), shop.subject("fetched")]

    def answer(request: dict[str, Any]) -> Reply:
        if len(request["messages"]) > 1:
            return give_up()
        if "orders.py" in str(request) and "Order.close, module" in str(request):
            return calls('Order([1], "draft").close("key")', 'Order([1], "draft").close("x")')
        return calls('fetched("key")', 'fetched("x")')

    budget = Budget(Allowance(usd=None))
    with (
        MessagesServer(answer) as server,
        SideBySide([ClaudeModel(MODEL, base_url=server.url, retries=0) for _ in range(2)]) as several,
    ):
        model = MeteredModel(several, budget, Price(1.0, 1.0))
        asker = Asker(model, paths=(PATH,), read=shop.read, emit=lambda event: None)
        ask_about_rest(
            subjects, asker.ask, lambda some: play(shop, some, budget), left_s=lambda: 60.0, together=several.run
        )
    assert [subject.open for subject in subjects] == [frozenset(), frozenset()]
    assert len(server.prompts) == 2
    assert json.dumps(server.prompts[0]["system"]) == json.dumps(server.prompts[1]["system"])
