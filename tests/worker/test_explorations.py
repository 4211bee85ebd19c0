"""What processes say of their calls is taken only in order, from themselves, and of the call that is due."""

import pytest

from pytest_codemode.core.exploring import ExploreRequest, Recipe
from pytest_codemode.worker.explorations import CHUNK, Minutes
from pytest_codemode.worker.watch import Ended


class Talk:
    """Minutes of one request, with a process that says the right token and numbers."""

    def __init__(self, count=2, **fields):
        recipes = tuple(Recipe(f"k{place}", "f", "f()") for place in range(count))
        self.passed = []
        self.minutes = Minutes(ExploreRequest("a.py", recipes=recipes, **fields), 5.0, self.passed.append)
        self.begin()

    def begin(self):
        self.plan = self.minutes.begin()
        self.number = 0

    def say(self, said, **fields):
        self.number += 1
        message = {"say": said, "token": self.plan.token, "number": self.number, **fields}
        self.minutes.note(message)

    def get_ready(self):
        self.say("started")
        self.say("imported", arcs=[])
        self.say("ready")

    def observe(self, key, **fields):
        self.say("observed", observation={"key": key, "outcome": "returned", **fields})

    def end(self, code=0, *, over=False, **fields):
        return self.minutes.close(Ended(code, "it ended" if code else "", **fields), over=over, output="")

    @property
    def outcomes(self):
        return [(one["key"], one["outcome"]) for chunk in self.passed for one in chunk]


def test_all_that_was_observed_is_passed_on():
    talk = Talk()
    talk.get_ready()
    talk.observe("k0")
    talk.observe("k1")
    talk.say("end")
    assert talk.end().status == "finished"
    assert talk.outcomes == [("k0", "returned"), ("k1", "returned")]


def test_many_are_passed_on_before_the_end():
    talk = Talk(CHUNK + 1)
    talk.get_ready()
    for place in range(CHUNK):
        talk.observe(f"k{place}")
    assert len(talk.outcomes) == CHUNK


@pytest.mark.parametrize(
    "message",
    [
        {"token": "", "number": 4, "say": "end"},
        {"number": 3, "say": "end"},
        {"number": 5, "say": "end"},
        {"number": 4, "say": "nonsense"},
        {"number": 4, "say": "started"},
        {"number": 4, "say": "ready"},
        {"number": 4, "say": "imported", "arcs": []},
        {"number": 4, "say": "described", "callables": []},
        {"number": 4, "say": "observed", "observation": {"key": "k1", "outcome": "returned"}},
        {"number": 4, "say": "observed", "observation": {"key": "k0", "outcome": "fine"}},
        {"number": 4, "say": "observed", "observation": {"key": "k0", "outcome": "returned", "extra": 1}},
        {"number": 4, "say": "observed", "observation": []},
    ],
)
def test_what_cannot_be_is_refused(message):
    talk = Talk()
    talk.get_ready()
    with pytest.raises(ValueError):
        talk.minutes.note({"token": talk.plan.token, **message})


def test_nothing_is_observed_before_it_is_ready_or_after_the_last():
    talk = Talk(1)
    with pytest.raises(ValueError, match="nothing is to be observed now"):
        talk.observe("k0")
    talk = Talk(1)
    talk.get_ready()
    talk.observe("k0")
    with pytest.raises(ValueError, match="nothing is to be observed now"):
        talk.observe("k0")


def test_another_process_goes_on_behind_the_call_that_killed_the_first():
    talk = Talk(3, known=((1, 2),), describe=True)
    talk.get_ready()
    talk.say("described", callables=[])
    talk.observe("k0", arcs=[[3, 4]])
    assert talk.end(-11) is None
    talk.begin()
    assert [one.key for one in talk.plan.explore.recipes] == ["k2"]
    assert set(talk.plan.explore.known) == {(1, 2), (3, 4)}
    assert not talk.plan.explore.describe
    talk.get_ready()
    talk.observe("k2")
    talk.say("end")
    assert talk.end().status == "finished"
    assert talk.outcomes == [("k0", "returned"), ("k1", "crashed"), ("k2", "returned")]


def test_a_call_that_is_killed_at_its_limit_has_timed_out():
    talk = Talk(1)
    talk.get_ready()
    assert talk.end(-9, timed_out=True, limited=True).status == "finished"
    assert talk.outcomes == [("k0", "timeout")]


def test_a_process_that_dies_after_its_last_call_has_done_its_work():
    talk = Talk(1)
    talk.get_ready()
    talk.observe("k0")
    assert talk.end(-11).status == "finished"
    assert talk.outcomes == [("k0", "returned")]


def test_a_process_that_lies_ends_the_request():
    talk = Talk(2)
    talk.get_ready()
    talk.observe("k0")
    ended = talk.end(-9, limited=True, lied=True)
    assert (ended.status, talk.outcomes) == ("killed", [("k0", "returned")])


def test_time_that_is_up_ends_the_request():
    talk = Talk(2, timeout_s=7.0)
    talk.get_ready()
    ended = talk.end(-9, limited=True, timed_out=True, over=True)
    assert (ended.status, ended.reason) == ("killed", "killed: time limit of 7 s")


@pytest.mark.parametrize("said", [(), ("started",)])
def test_a_process_that_dies_before_its_file_is_imported_ends_the_request(said):
    talk = Talk(2)
    for one in said:
        talk.say(one)
    ended = talk.end(3)
    assert ended.status == "failed"
    assert ended.reason.startswith("import ends its process" if said else "it ended")
