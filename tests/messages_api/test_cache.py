"""What the prompt cache saves, and what spoils it."""

from typing import Any

from . import MessagesServer, Reply, Text
from .asking import assistant, request, send, text, tool, user

MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
LONG = "stable words " * 400
SIZE = -(-len(LONG) * 2 // 7)


def usages(*asks: dict[str, Any], pause_s: float = 0.0) -> list[tuple[int, int, int]]:
    """Send requests to one server; list (read, created, uncached) tokens of each."""
    with MessagesServer([Reply([Text("ok")])], repeat_last=True) as server:
        for index, ask in enumerate(asks):
            if index:
                server.advance(pause_s)
            status, answer = send(server, ask)
            assert status == 200, answer
    names = ("cache_read_input_tokens", "cache_creation_input_tokens", "input_tokens")
    return [(usage[names[0]], usage[names[1]], usage[names[2]]) for usage in server.usages]


def test_a_marked_prefix_is_created_once_and_then_read() -> None:
    ask = request(user("a"), system=[text(LONG, **MARK)])
    first, second = usages(ask, request(user("b"), system=[text(LONG, **MARK)]))
    assert first[0] == 0
    assert SIZE <= first[1] <= SIZE + 10
    assert second[:2] == (first[1], 0)
    assert first[2] == second[2] < 20


def test_without_a_breakpoint_nothing_is_cached() -> None:
    ask = request(user("a"), system=[text(LONG)])
    assert [use[:2] for use in usages(ask, ask)] == [(0, 0), (0, 0)]


def test_a_prefix_below_1024_tokens_is_not_cached() -> None:
    ask = request(user("a"), system=[text("x" * 3500, **MARK)])
    longer = request(user("a"), system=[text("x" * 3600, **MARK)])
    assert [use[:2] for use in usages(ask, ask)] == [(0, 0), (0, 0)]
    assert usages(longer, longer)[1][0] > 1024


def test_an_unstable_prefix_is_never_read() -> None:
    asks = [request(user("a"), system=[text(f"at {second} s: {LONG}", **MARK)]) for second in range(3)]
    assert [use[0] for use in usages(*asks)] == [0, 0, 0]


def test_another_model_or_other_tools_spoil_everything() -> None:
    ask = request(user("a"), system=[text(LONG, **MARK)], tools=[tool()])
    for other in ({**ask, "model": "claude-sonnet-5-5"}, {**ask, "tools": [tool("other")]}):
        assert usages(ask, other)[1][0] == 0


def test_another_tool_choice_spares_system_and_spoils_messages() -> None:
    ask = request(user([text(LONG, **MARK)]), system=[text(LONG, **MARK)], tools=[tool()])
    first, second = usages(ask, {**ask, "tool_choice": {"type": "none"}})
    assert SIZE < second[0] < SIZE + 60
    assert second[1] < first[1]


def test_a_growing_conversation_reads_what_the_last_turn_wrote() -> None:
    one = request(user([text(LONG, **MARK)]))
    two = request(user([text(LONG)]), assistant("ok"), user([text("more", **MARK)]))
    first, second = usages(one, two)
    assert second[0] == first[1]
    assert 0 < second[1] < 30


def test_a_breakpoint_looks_back_over_twenty_blocks_and_no_further() -> None:
    start = [text(LONG, **MARK)]

    def later(blocks: int) -> dict[str, Any]:
        more = [text(f"block {n}") for n in range(blocks)]
        return request(user([text(LONG), *more[:-1], {**more[-1], **MARK}]))

    assert usages(request(user(start)), later(19))[1][0] > 0
    assert usages(request(user(start)), later(20))[1][0] == 0


def test_an_entry_lives_five_minutes_and_a_read_renews_it() -> None:
    ask = request(user("a"), system=[text(LONG, **MARK)])
    assert [use[0] > 0 for use in usages(ask, ask, ask, pause_s=200)] == [False, True, True]
    assert [use[0] > 0 for use in usages(ask, ask, pause_s=301)] == [False, False]


def test_an_hour_can_be_asked_for_and_is_counted_apart() -> None:
    ask = request(user("a"), system=[text(LONG, **HOUR)])
    assert [use[0] > 0 for use in usages(ask, ask, pause_s=3000)] == [False, True]
    with MessagesServer([Reply([Text("ok")])]) as server:
        send(server, ask)
    created = server.usages[0]["cache_creation"]
    assert created["ephemeral_1h_input_tokens"] == server.usages[0]["cache_creation_input_tokens"] > 0
    assert created["ephemeral_5m_input_tokens"] == 0


def test_reading_for_five_minutes_does_not_shorten_an_hour() -> None:
    hour = request(user("a"), system=[text(LONG, **HOUR)])
    short = request(user("a"), system=[text(LONG, **MARK)])
    assert [use[0] > 0 for use in usages(hour, short, short, pause_s=1000)] == [False, True, True]


def test_automatic_caching_marks_the_last_block() -> None:
    ask = request(user([text(LONG), text("last")]), **MARK)
    first, second = usages(ask, ask)
    assert first[2] == 0
    assert second == (first[1], 0, 0)


def test_the_share_of_cached_tokens_is_measured() -> None:
    ask = request(user("a"), system=[text(LONG, **MARK)])
    with MessagesServer([Reply([Text("ok")])], repeat_last=True) as server:
        assert server.cache_share() == 0.0
        for _ in range(4):
            send(server, ask)
    assert 0.74 < server.cache_share() < 0.75


def test_refused_and_failed_requests_leave_no_entry() -> None:
    from . import overloaded

    ask = request(user("a"), system=[text(LONG, **MARK)])
    with MessagesServer([overloaded(), Reply([Text("ok")])]) as server:
        assert send(server, ask)[0] == 529
        assert send(server, ask)[0] == 200
    assert server.usages[0]["cache_read_input_tokens"] == 0
