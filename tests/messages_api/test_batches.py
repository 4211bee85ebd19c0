"""Message Batches through the SDK."""

from typing import Any

import anthropic
import pytest

from . import Drop, Expired, MessagesServer, Reply, Text, overloaded
from .asking import request, send, user
from .conftest import Connect


def entries(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"custom_id": name, "params": request(user(name), **more)} for name in names]


def test_a_batch_goes_from_in_progress_to_results(connect: Connect) -> None:
    with MessagesServer(lambda asked: f"re: {asked['messages'][0]['content']}", batch_polls=2) as server:
        batches = connect(server).messages.batches
        created = batches.create(requests=entries("a", "b"))
        seen = [batches.retrieve(created.id).processing_status for _ in range(3)]
        ended = batches.retrieve(created.id)
        results = {line.custom_id: line.result for line in batches.results(created.id)}
    assert (created.processing_status, created.request_counts.processing) == ("in_progress", 2)
    assert created.results_url is None
    assert seen == ["in_progress", "in_progress", "ended"]
    assert (ended.request_counts.processing, ended.request_counts.succeeded) == (0, 2)
    assert {name: result.message.content[0].text for name, result in results.items()} == {"a": "re: a", "b": "re: b"}
    assert results["a"].message.usage.service_tier == "batch"


def test_each_request_of_a_batch_ends_in_its_own_way(connect: Connect) -> None:
    steps = [Reply([Text("fine")]), overloaded(), Expired(), Drop()]
    bad = {"custom_id": "bad", "params": {**request(), "temperature": 1}}
    streamed = {"custom_id": "streamed", "params": request(stream=True)}
    with MessagesServer(steps, batch_polls=0) as server:
        batches = connect(server).messages.batches
        batch = batches.create(requests=[*entries("fine", "busy", "late", "lost"), bad, streamed])
        counts = batches.retrieve(batch.id).request_counts
        results = {line.custom_id: line.result for line in batches.results(batch.id)}
    assert {name: result.type for name, result in results.items()} == {
        "fine": "succeeded",
        "busy": "errored",
        "late": "expired",
        "lost": "errored",
        "bad": "errored",
        "streamed": "errored",
    }
    assert (counts.succeeded, counts.errored, counts.expired, counts.processing) == (1, 4, 1, 0)
    assert results["busy"].error.error.type == "overloaded_error"
    assert results["bad"].error.error.message == "temperature: Extra inputs are not permitted"
    assert server.steps_left == 0


def test_results_come_in_another_order_than_the_requests(connect: Connect) -> None:
    with MessagesServer(lambda _: "x", batch_polls=0) as server:
        batches = connect(server).messages.batches
        batch = batches.create(requests=entries("a", "b", "c"))
        batches.retrieve(batch.id)
        assert [line.custom_id for line in batches.results(batch.id)] == ["c", "b", "a"]


def test_a_canceled_batch_ends_without_taking_steps(connect: Connect) -> None:
    with MessagesServer([Reply([Text("kept")])]) as server:
        batches = connect(server).messages.batches
        batch = batches.create(requests=entries("a", "b"))
        assert batches.cancel(batch.id).processing_status == "canceling"
        batches.retrieve(batch.id)
        ended = batches.retrieve(batch.id)
        results = [line.result.type for line in batches.results(batch.id)]
        with pytest.raises(anthropic.BadRequestError, match="has ended"):
            batches.cancel(batch.id)
    assert (ended.processing_status, ended.request_counts.canceled, results) == ("ended", 2, ["canceled"] * 2)
    assert ended.cancel_initiated_at is not None
    assert server.steps_left == 1


def test_batches_are_listed_newest_first_and_deleted_when_ended(connect: Connect) -> None:
    with MessagesServer(lambda _: "x") as server:
        batches = connect(server).messages.batches
        first, second, third = (batches.create(requests=entries(name)).id for name in "abc")
        assert [batch.id for batch in batches.list(limit=2)] == [third, second, first]
        with pytest.raises(anthropic.BadRequestError, match="still processing"):
            batches.delete(first)
        while batches.retrieve(first).processing_status != "ended":
            pass
        assert batches.delete(first).id == first
        with pytest.raises(anthropic.NotFoundError, match=first):
            batches.retrieve(first)


def test_results_before_the_end_are_not_there(connect: Connect) -> None:
    with MessagesServer(lambda _: "x") as server:
        batch = connect(server).messages.batches.create(requests=entries("a"))
        status, answer = send(server, b"", path=f"/v1/messages/batches/{batch.id}/results", method="GET")
    assert (status, answer["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        ([], "requests: List should have between"),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
        ([{"params": {}}], "requests.0.custom_id: Field required"),
        ([{"custom_id": "a b", "params": {}}], "requests.0.custom_id: String should match"),
        ([{"custom_id": "a" * 65, "params": {}}], "requests.0.custom_id: String should match"),
        ([{"custom_id": "a", "params": {}}] * 2, "custom_id must be unique"),
        ([{"custom_id": "a", "params": {}, "priority": 1}], "requests.0.priority: Extra inputs"),
    ],
)
def test_a_batch_that_is_malformed_is_refused(connect: Connect, requests: list, told: str) -> None:
    with MessagesServer() as server, pytest.raises(anthropic.BadRequestError, match=told):
        connect(server).messages.batches.create(requests=requests)


def test_prompts_of_a_batch_share_the_cache(connect: Connect) -> None:
    from .test_cache import LONG, MARK

    system = [{"type": "text", "text": LONG, **MARK}]
    with MessagesServer(lambda _: "x", batch_polls=0) as server:
        batches = connect(server).messages.batches
        batches.retrieve(batches.create(requests=entries("a", "b", system=system)).id)
    assert [usage["cache_read_input_tokens"] > 0 for usage in server.usages] == [False, True]
