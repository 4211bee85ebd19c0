import json

import pytest

from pytest_codemode.core.failure import Phase
from pytest_codemode.core.outcome import Outcome, PhaseResult, RunResult, TestResult
from pytest_codemode.repair.choosing.behaviour import behaviour, difference
from pytest_codemode.repair.choosing.instrument import MAX_SAID, Instrument, Records, Seen, changed_functions
from pytest_codemode.worker.noting.notes import MAX_ROWS, PART_CHARS, PARTS

OLD = b"""\
LIMIT = 1

def f(a):
    return a

class C:
    size = 1

    def g(self):
        return 1

    def h(self):
        return 2
"""


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        (b"    return a\n", b"    return a + 1\n", ("f",)),
        (b"        return 2\n", b"        return 3\n", ("C.h",)),
        (b"def f(a):\n", b"def f(a, b=1):\n", ("f",)),
        (b"LIMIT = 1", b"LIMIT = 2", ("C.g", "f")),
        (b"    size = 1", b"    size = 2", ("C.g", "f")),
        (b"    return a\n", b"    return a  # why\n", ()),
        (b"    return a\n", b"    return (\n", ()),
    ],
)
def test_the_functions_to_watch_are_those_that_differ(before: bytes, after: bytes, names: tuple[str, ...]) -> None:
    assert changed_functions(OLD, OLD.replace(before, after), ("C.g", "f", "gone")) == names


INSTRUMENT = Instrument("abc", {"m.py": ("f",)}, ("t/test_m.py::red",), "t/test_m.py")
ROW = ["k", "f(1)", "2", True, False, False, True]
SEEN = {"k": Seen("k", "f(1)", "2", True, False, False, True)}


def records(*outputs: str, whole_run: str = "") -> Records | None:
    results = tuple(
        TestResult(
            f"{INSTRUMENT.probe}[{number}]",
            Outcome.PASSED,
            phases=(PhaseResult(Phase.SETUP, "passed"), PhaseResult(Phase.CALL, "passed", output=output)),
        )
        for number, output in enumerate(outputs)
    )
    return INSTRUMENT.records(RunResult("finished", results[::-1], output=whole_run))


def test_the_report_is_found_among_what_tests_print_and_put_together_of_its_parts() -> None:
    text = json.dumps([ROW])
    assert records(f"something\nabc {text}\nelse") == SEEN
    assert records(f"out:\n\nabc {text[:9]}\n", f"out:\n\nabc {text[9:]}\n", "out:\n\nabc \n") == SEEN
    assert records("", whole_run=f"x\nabc {text[:9]}\nx\nabc {text[9:]}\n") == SEEN


@pytest.mark.parametrize(
    "line",
    [
        "",
        "abc [",
        "abc {}",
        "abc null",
        "other []",
        f"abc {json.dumps([[*ROW, 'more']])}",
        f"abc {json.dumps([[*ROW[:-1], 'yes']])}",
        "abc " + "[" * 100_000,
    ],
)
def test_what_is_no_report_is_none(line: str) -> None:
    assert records(f"\n{line}\n") is None


def test_whoever_prints_the_report_tells_no_more_than_the_notes_do() -> None:
    long = [["k" * 900, "f" * 900, "2" * 900, *ROW[3:]]]
    (cut,) = (records(f"\nabc {json.dumps(long)}\n") or {}).values()
    assert (len(cut.key), len(cut.call), len(cut.result)) == (MAX_SAID,) * 3
    many = [[str(number), *ROW[1:]] for number in range(2 * MAX_ROWS)]
    assert len(records(f"\nabc {json.dumps(many)}\n") or {}) == MAX_ROWS
    assert records(f"\nabc {json.dumps([ROW])}{' ' * PARTS * PART_CHARS}\n") is None


def test_watching_adds_a_line_behind_the_code_and_changes_none() -> None:
    files = INSTRUMENT.files({"m.py": b"def f(): return 1", "n.py": b"x"})
    assert files["m.py"].startswith(b"def f(): return 1\n")
    assert files["n.py"] == b"x"
    compile(files["m.py"], "m.py", "exec")
    compile(files[INSTRUMENT.probe_path], "probe.py", "exec")
    assert INSTRUMENT.probe == "t/test_codemode_abc.py::test_codemode_abc"


def seen(call: str, result: str, *, passing: bool = True, near: bool = False, steady: bool = True) -> Seen:
    return Seen(call, call, result, passing, near, result.startswith("raises"), steady)


def of(*rows: Seen) -> Records:
    return {row.key: row for row in rows}


def test_what_a_patch_changes_is_counted_apart_for_calls_of_tests_and_inputs_near_them() -> None:
    original = of(
        seen("a", "1"),
        seen("b", "1"),
        seen("near a", "1", near=True),
        seen("near b", "raises X", near=True),
        seen("red", "1", passing=False),
        seen("near red", "1", passing=False, near=True),
        seen("unsteady", "1", steady=False),
        seen("gone", "1"),
    )
    patched = of(
        seen("a", "2"),
        seen("b", "1"),
        seen("near a", "raises X", near=True),
        seen("near b", "raises X", near=True),
        seen("red", "3", passing=False),
        seen("near red", "raises X", passing=False, near=True),
        seen("unsteady", "2"),
    )
    found = behaviour(original, patched)
    assert (found.observed, found.changed, found.near, found.near_changed, found.raising) == (2, 1, 2, 1, 2)


def test_two_patches_differ_by_what_a_test_did_before_anything_else() -> None:
    here = of(seen("a(1)", "1", near=True), seen("long(1, 2)", "1"), seen("same", "1"))
    there = of(seen("a(1)", "2", near=True), seen("long(1, 2)", "raises X"), seen("same", "1"))
    found = difference(here, there)
    assert (found.count, found.of, found.call, found.chosen, found.other) == (2, 3, "long(1, 2)", "1", "raises X")
    assert difference(here, here).count == 0


def test_inputs_near_that_raise_what_the_failing_test_raised_are_no_behaviour_to_keep() -> None:
    original = of(
        seen("near 1", "raises KeyError", near=True),
        seen("near 2", "raises KeyError, leaving ([1])", near=True),
        seen("near 3", "raises ValueError", near=True),
        seen("by a test", "raises KeyError"),
    )
    patched = of(*(seen(one.call, "None", near=one.near) for one in original.values()))
    for bug, near in ((frozenset(["KeyError"]), 1), (frozenset[str](), 3)):
        found = behaviour(original, patched, bug)
        assert (found.observed, found.changed, found.near, found.near_changed) == (1, 1, near, near)
