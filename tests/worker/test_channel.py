import fcntl
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.worker.channel import MOST_READS, LineBuffer, LineReader, Malformed, Tap, write_line

JSON = st.dictionaries(st.text(), st.none() | st.integers() | st.text(), max_size=4)


@given(st.lists(JSON, max_size=5), st.integers(1, 50))
def test_messages_survive_any_fragmentation(messages: list[dict[str, object]], size: int) -> None:
    data = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    buffer = LineBuffer()
    received = [one for i in range(0, len(data), size) for one in buffer.feed(data[i : i + size])]

    assert received == json.loads(json.dumps(messages))


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b"[1]\n",
        b"[" * 100_000 + b"\n",
        b"\xff\n",
        b"{} {}\n",
        b'{"a": NaN}\n',
        b'{"a": [-Infinity]}\n',
        b'{"a": "\xed\xa0\x80"}\n',
    ],
)
def test_anything_but_one_object_a_line_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        LineBuffer().feed(line)


def test_line_that_never_ends_is_malformed() -> None:
    buffer = LineBuffer(max_line=1000)

    buffer.feed(b"x" * 900)
    with pytest.raises(Malformed, match="longer than 1000"):
        buffer.feed(b"x" * 200)


def test_lone_surrogates_never_come_through() -> None:
    (message,) = LineBuffer().feed(b'{"text": "a\\udc80b"}\n')
    assert message == {"text": "a?b"}

    read_end, write_end = os.pipe()
    write_line(write_end, {"text": "a\udc80b"})
    os.close(write_end)
    reader = LineReader(read_end)
    assert reader.next() == {"text": "a?b"}
    assert reader.next() is None
    os.close(read_end)


def test_what_arrives_is_handed_on_as_it_is_read_and_is_no_more_than_a_pipe_holds() -> None:
    read_end, write_end = os.pipe()
    reader = LineReader(read_end)

    def refill() -> None:
        os.write(write_end, b'{"say": "again"}\n')

    refill()
    taken = 0
    for _ in reader.arriving():
        taken += 1
        assert taken <= MOST_READS
        refill()

    assert taken == MOST_READS
    os.close(write_end)
    assert [message["say"] for message in reader.arriving()] == ["again"]
    assert reader.closed
    os.close(read_end)


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="the size of a pipe is fixed")
def test_all_that_the_largest_pipe_holds_arrives_at_once() -> None:
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 2**20)
    line = b'{"text": "' + b"x" * 1000 + b'"}\n'
    for _ in range(900):
        os.write(write_end, line)

    assert len(list(LineReader(read_end).arriving())) == 900
    os.close(write_end)
    os.close(read_end)


def test_tap_keeps_head_and_tail_of_any_amount() -> None:
    read_end, write_end = os.pipe()
    tap = Tap(read_end, limit=300)
    os.write(write_end, b"head")
    tap.read_available()
    for _ in range(50):
        os.write(write_end, b"x" * 1000)
        tap.read_available()
    os.write(write_end, b"tail")
    os.close(write_end)
    tap.drain()
    os.close(read_end)

    assert tap.closed
    assert tap.text().startswith("headxxx")
    assert tap.text().endswith("xxxtail")
    assert "[... 49708 bytes cut ...]" in tap.text()


def test_short_output_is_whole() -> None:
    read_end, write_end = os.pipe()
    tap = Tap(read_end, limit=300)
    os.write(write_end, b"a" * 250)
    os.close(write_end)
    tap.drain()
    os.close(read_end)

    assert tap.text() == "a" * 250
