"""What a measuring worker may tell: so much, so many, and lines that a file can have."""

import json
from typing import Any

import anyio
import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.exploring import Measured, MeasureResult
from pytest_codemode.core.measuring import Part
from pytest_codemode.sandbox import gathered
from pytest_codemode.sandbox.gathered import MAX_NAME, MAX_NOTE, MAX_NOTES, MAX_TOUCHED, Gathered
from pytest_codemode.sandbox.slot import SlotDied


def take(some: Gathered, *messages: dict[str, Any]) -> None:
    async def all_of_them() -> None:
        for message in messages:
            await some.take(message)

    anyio.run(all_of_them)


def part(one: Part) -> dict[str, Any]:
    return {"say": "part", "part": json.dumps(encode(one))}


def test_notes_are_cut_in_number_and_length() -> None:
    some = Gathered(None)
    take(some, *(part(Part(note=f"{number} " + "x" * 9_000)) for number in range(MAX_NOTES + 50)))
    told = some.whole(MeasureResult("finished", notes=("y" * 9_000,), touched=("z" * 90_000,) * 200))
    assert len(told.notes) == MAX_NOTES
    assert max(map(len, told.notes)) == MAX_NOTE
    assert (len(told.touched), len(told.touched[0])) == (MAX_TOUCHED, MAX_NAME)


@pytest.mark.parametrize(
    "message",
    [
        {"say": "tested", "nodeid": "n" * (MAX_NAME + 1), "outcome": "passed"},
        part(Part(file=Measured("a.py", (10**30,), ()))),
        part(Part(file=Measured("a.py", (1,), (), ((1, 10**30),)))),
        part(Part(file=Measured("a" * (MAX_NAME + 1), (1,), ()))),
        part(Part(nodeid="t", arcs={"a.py": ((1, -(10**30)),)})),
    ],
)
def test_what_no_suite_and_no_file_has_ends_the_worker(message: dict[str, Any]) -> None:
    with pytest.raises(SlotDied):
        take(Gathered(None), message)


def test_all_of_it_together_is_bounded() -> None:
    big = part(Part(note="x" * 8_000_000))
    some = Gathered(None)
    with pytest.raises(SlotDied, match="MiB"):
        take(some, *[big] * (gathered.MAX_CHARS // 8_000_000 + 1))


def test_tests_are_bounded_in_number() -> None:
    some = Gathered(None)
    tested = (
        {"say": "tested", "nodeid": f"n{number}", "outcome": "passed"} for number in range(gathered.MAX_OUTCOMES + 1)
    )
    with pytest.raises(SlotDied, match="tests"):
        take(some, *tested)
