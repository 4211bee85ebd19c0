import pytest

from pytest_codemode.core.model import ModelReply, Price, Usage


def test_usages_add_up_by_kind() -> None:
    total = Usage(1, 2, 3, 4) + Usage(10, 20, 30, 40)
    assert total == Usage(11, 22, 33, 44)
    assert (total.prompt, total.total) == (66, 110)


def test_cached_share_is_of_the_prompt() -> None:
    assert Usage(10, 10, 60, 500).cached_share == 0.75
    assert Usage(output_tokens=5).cached_share == 0.0


def test_text_of_a_reply_is_its_text_blocks_only() -> None:
    a, b = {"type": "text", "text": "a"}, {"type": "text", "text": "b"}
    other = ({"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "text": "no"})
    assert ModelReply((*other, a, *other, b), "end_turn", Usage()).text == "ab"


def test_worst_case_is_that_the_whole_prompt_costs_what_its_dearest_kind_does() -> None:
    assert Price(2.0, 10.0).worst(1_000_000, 100_000) == pytest.approx(2.5 + 1.0)
    assert Price(2.0, 10.0, cache_write=2.0, cache_read=3.0).worst(1_000_000, 0) == pytest.approx(3.0)
    tiered = Price(1.0, 1.0, 1.0, 0.1, Price(5.0, 0.5, 5.0, 0.5), 100)
    assert tiered.worst(100, 1_000_000) == pytest.approx(1.0 + 1e-4)
    assert tiered.worst(101, 1_000_000) == pytest.approx(1.0 + 1.01e-4)  # it may turn out to be short


def test_affordable_output_is_what_is_left_after_the_prompt() -> None:
    assert Price(2.0, 10.0).affordable_output(1.0, 200_000) == pytest.approx(50_000)
    assert Price(2.0, 10.0).affordable_output(0.1, 200_000) < 0
    assert Price(0.0, 0.0).affordable_output(0.0, 200_000) == float("inf")
