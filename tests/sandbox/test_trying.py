"""How the candidates of one request are shared out among workers."""

from typing import Literal

import anyio
import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Candidate, Outcome, Swap, TestResult, TryRequest, TryResult
from pytest_codemode.sandbox.needs import Needs
from pytest_codemode.sandbox.trying import BATCH_S, FIRST_BATCH, MAX_BATCH, Trying

SWAPS = (Swap("m.py", "f", 1, "def f(): pass"),)


def trying(count: int, workers: int = 2, swaps: tuple[Swap, ...] = SWAPS) -> Trying:
    candidates = tuple(Candidate(str(number), {"m.py": b""}, swaps) for number in range(count))
    return Trying(TryRequest(candidates, ("t",)), Needs(), workers, None)


def test_first_batch_is_small_as_nobody_knows_how_long_a_candidate_takes() -> None:
    assert len(trying(5_000).next_batch()) == FIRST_BATCH


@pytest.mark.parametrize(("each_s", "size"), [(1e-5, MAX_BATCH), (BATCH_S / 100, 100), (BATCH_S, 1), (60.0, 1)])
def test_next_batch_is_as_large_as_the_last_was_quick(each_s: float, size: int) -> None:
    now = [100.0]
    candidates = tuple(Candidate(str(number), {}, SWAPS) for number in range(5_000))
    one = Trying(TryRequest(candidates, ("t",)), Needs(), 2, None, lambda: now[0])
    batch = one.next_batch()
    with one.at_work(batch):
        now[0] += each_s * len(batch)

    assert len(one.next_batch()) == pytest.approx(size, abs=1)


def test_workers_get_equal_shares_and_small_ones_of_what_starts_from_disk() -> None:
    assert len(trying(12, workers=3).next_batch()) == 4
    assert len(trying(12, workers=3, swaps=()).next_batch()) == 2


def test_what_can_be_swapped_comes_first_unless_the_first_that_passes_is_wanted() -> None:
    mixed = tuple(Candidate(str(number), {}, SWAPS * (number % 2)) for number in range(6))
    together = Trying(TryRequest(mixed, ("t",)), Needs(), 1, None)
    in_turn = Trying(TryRequest(mixed, ("t",), stop_at_pass=True), Needs(), 1, None)

    assert [one.key for one in together.next_batch()] == ["1", "3", "5", "0", "2", "4"]
    assert in_turn.next_batch()[0].key == "0"


def test_candidate_that_kills_its_worker_is_tried_alone_once_more_and_then_out() -> None:
    one = trying(40, workers=1)
    batch = one.next_batch()
    anyio.run(one.take, {"say": "tried", "result": encode(TryResult("0", "failed", "swap"))})
    one.give_back(batch, "it ended")
    again = one.next_batch()
    assert [candidate.key for candidate in again] == ["1"]

    one.give_back(again, "it ended")
    assert [candidate.key for candidate in one.next_batch()] == ["2"]
    assert [result.status for result in one.in_order()][:3] == ["failed", "crashed", "not tried"]


def test_each_candidate_of_a_batch_that_killed_its_worker_is_tried_in_a_request_of_its_own() -> None:
    one = trying(40, workers=1)
    batch = one.next_batch()
    one.give_back(batch, "it ended")

    assert [[candidate.key for candidate in one.next_batch()] for _ in batch] == [[key.key] for key in batch]
    assert len(one.next_batch()) > 1


def test_failure_that_is_the_same_in_a_place_of_its_own_costs_the_next_candidate_none() -> None:
    async def work() -> None:
        for key in "012":
            await one.take({"say": "tried", "result": encode(refused(key, "swap", "1" if key != "2" else "13"))})
        first = await one.next_apart()
        assert first is not None
        await one.take_last({"say": "tried", "result": encode(refused(first.key, "cold", "1"))})
        following = await one.next_apart()
        assert (first.key, following and following.key) == ("0", "2")

    def refused(key: str, strategy: Literal["swap", "cold"], number: str) -> TryResult:
        failure = Failure("t", Phase.CALL, "PermissionError", f"[Errno {number}] not permitted")
        return TryResult(key, "failed", strategy, (TestResult("t", Outcome.FAILED, failures=(failure,)),))

    one = trying(3)
    one.next_batch()
    anyio.run(work)
    assert [(result.status, result.strategy) for result in one.in_order()] == [
        ("failed", "cold"),
        ("failed", "swap"),
        ("not tried", "swap"),
    ]
