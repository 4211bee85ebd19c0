"""Explorations as the engine asks for them: checked on the way, spread over the workers, never repeated."""

import json
from dataclasses import replace

import anyio
import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.exploring import Explored, ExploreRequest, Import, Observation, Recipe, Shown
from pytest_codemode.core.outcome import Swap
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.sandbox.exploring import MAX_TEXT, Gathering
from pytest_codemode.sandbox.slot import SlotDied
from tests.sandbox.toys import project_at, sandboxed, write_project

CALC = """
    import os

    def double(number):
        return number * 2

    def kills_the_supervisor():
        for pid in range(os.getppid(), 0, -1):
            try:
                os.kill(pid, 9)
            except OSError:
                pass
"""


def double(number, key="k"):
    return Recipe(key, "double", f"double({number})", (Import("calc", "double"),))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("explored")
    write_project(root, {"calc.py": CALC})
    return root


@pytest.fixture(scope="module")
def client(root):
    with SandboxClient(project_at(root, workers=2)) as client:
        yield client


def test_through_the_client_in_the_order_of_the_requests(client):
    requests = [ExploreRequest("calc.py", recipes=(double(number),), describe=number == 1) for number in range(5)]
    explored = client.explore(requests)
    assert [one.observations[0].value.text for one in explored] == ["0", "2", "4", "6", "8"]
    assert [one.status for one in explored] == ["finished"] * 5
    assert explored[0].sandbox.level == client.info().level
    assert [len(one.callables) for one in explored] == [0, 2, 0, 0, 0]
    assert client.explore([]) == ()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (ExploreRequest("calc.py", recipes=(double(1), double(2))), "the key 'k' occurs twice"),
        (ExploreRequest("../calc.py"), "is not a posix path"),
        (ExploreRequest("calc.py", near="/etc"), "is not a posix path"),
        (ExploreRequest("calc.py", call_s=0.0), "must be more than 0"),
        (ExploreRequest("calc.py", recipes=(replace(double(1), variant=0),)), "variant: must be -1 or an index"),
        (ExploreRequest("calc.py", recipes=(replace(double(1), variant=-2),)), "variant: must be -1 or an index"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_server(client, request_, message):
    with pytest.raises(SandboxError, match=message):
        client.explore([request_])


def test_variants_come_through_the_client(client):
    triple = Swap("calc.py", "double", 4, "def double(number):\n    return number * 3\n")
    calls = (double(2, "a"), replace(double(2, "b"), variant=0))
    explored = client.explore([ExploreRequest("calc.py", recipes=calls, variants=((triple,),), full=True)])
    assert [one.value.text for one in explored[0].observations] == ["4", "6"]


def test_what_is_imported_ahead_comes_through_the_client_and_goes_with_the_next_refresh(root):
    def import_s(client):
        return client.explore([ExploreRequest("calc.py", describe=True)])[0].import_s

    with SandboxClient(project_at(root)) as client:
        assert import_s(client) > 0
        client.refresh({}, preload=("calc.py",))
        assert import_s(client) == 0
        client.refresh({"calc.py": b"def double(number):\n    return 'laid over'\n"}, preload=["calc.py"])
        explored = client.explore([ExploreRequest("calc.py", recipes=(double(1),), describe=True)])[0]
        assert (explored.observations[0].value.text, explored.import_s) == ("'laid over'", 0)
        client.refresh()
        assert import_s(client) > 0
        with pytest.raises(SandboxError, match="is not a posix path"):
            client.refresh({}, preload=("../calc.py",))


def test_a_call_cannot_take_the_others_with_it(root):
    calls = (
        double(1, "a"),
        Recipe("b", "f", "kills_the_supervisor()", (Import("calc", "kills_the_supervisor"),)),
        double(2, "c"),
    )
    with sandboxed(project_at(root, workers=2)) as box:
        requests = [ExploreRequest("calc.py", recipes=calls), ExploreRequest("calc.py", recipes=(double(3),))]
        first, second = box.portal.call(box.service.explore, requests)
    assert [one.key for one in first.observations] == ["a", "b", "c"]
    assert first.observations[0].outcome == "returned"
    assert second.observations[0].value.text == "6"


def test_a_cancelled_request_leaves_a_usable_sandbox(root):
    forever = Recipe("k", "f", "[0 for _ in __import__('itertools').repeat(1)]")

    async def cancelled(service):
        with anyio.move_on_after(1.0):
            await service.explore([ExploreRequest("calc.py", recipes=(forever,), call_s=30.0, timeout_s=30.0)])
        return await service.explore([ExploreRequest("calc.py", recipes=(double(4),))])

    with sandboxed(project_at(root)) as box:
        assert box.portal.call(cancelled, box.service)[0].observations[0].value.text == "8"


def gathering(*keys):
    return Gathering(ExploreRequest("a.py", recipes=tuple(Recipe(key, "f", "f()") for key in keys)))


def take(gathered, *observations):
    anyio.run(gathered.take, {"observations": [encode(one) for one in observations]})


def test_what_is_missing_was_not_run():
    gathered = gathering("a", "b", "c")
    take(gathered, Observation("a", "returned"))
    explored = gathered.killed("the worker died")
    assert [one.outcome for one in explored.observations] == ["returned", "not run", "not run"]
    assert (explored.status, explored.reason) == ("killed", "the worker died")


def deep(levels):
    shown = Shown("list")
    for _ in range(levels):
        shown = Shown("list", parts=(shown,))
    return shown


@pytest.mark.parametrize(
    "observation",
    [
        Observation("b", "returned"),
        Observation("a", "returned", stdout="x" * (MAX_TEXT + 1)),
        Observation("a", "returned", value=Shown("literal", "x" * (MAX_TEXT + 1))),
        Observation("a", "returned", value=Shown("list", parts=(Shown("literal", "1"),) * 6_000)),
        Observation("a", "returned", after=(("x", Shown("object", fields=(("f" * (MAX_TEXT + 1), deep(1)),))),)),
        Observation("a", "returned", value=deep(60)),
        Observation("a", "returned", value=Shown("built", "x", imports=(Import("m" * (MAX_TEXT + 1)),))),
        Observation("a", "returned", value=Shown("built", "x", imports=(Import("m"),) * 6_000)),
        Observation("a", "returned", after=(("x" * (MAX_TEXT + 1), deep(1)),)),
        Observation("a", "returned", arcs=((1, 10**400),)),
        Observation("a", "returned", warned=("w" * (MAX_TEXT + 1),)),
    ],
    ids=[
        *("another key", "long output", "long text", "many parts", "long name", "deep"),
        *("long import", "many imports", "long name of what changed", "no line", "long warning"),
    ],
)
def test_what_is_too_much_or_not_asked_for_ends_the_worker(observation):
    with pytest.raises(SlotDied):
        take(gathering("a"), observation)


def test_more_than_was_asked_for_ends_the_worker():
    with pytest.raises(SlotDied):
        take(gathering("a"), Observation("a", "returned"), Observation("a", "returned"))


@pytest.mark.parametrize(
    "answer",
    [
        {"say": "done"},
        {"explored": encode(Explored("finished", observations=(Observation("a", "returned"),)))},
        {"explored": {"status": "fine"}},
        {"explored": encode(Explored("finished", reason="x" * 3_000))},
    ],
)
def test_a_last_word_that_makes_no_sense(answer):
    with pytest.raises(SlotDied):
        gathering("a").explored(json.loads(json.dumps(answer)))
