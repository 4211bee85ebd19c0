"""What the failing comparison and recorded values steer, and what is never made of them."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.observed import Held, ObservedFunction, ObservedName
from pytest_codemode.core.patch import Applied, Patch
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.search.contrast import counterparts, offsets, roundings, scales, small_changes
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.hints import read_hints
from tests.proposers.material import PATH, failure, task


def patches(of: RepairTask, limit: int = 3000) -> list[Patch]:
    proposals = SearchProposer(max_candidates=limit).propose(of)
    found: list[Patch] = []
    trials: tuple[Trial, ...] | None = None
    while True:
        try:
            batch = next(proposals) if trials is None else proposals.send(trials)
        except StopIteration:
            return found
        found += batch
        trials = tuple(Trial(patch, Verdict.FAILED) for patch in batch)


def sources(of: RepairTask, family: str, limit: int = 3000) -> list[str]:
    """Return the module as each patch of a family makes it."""
    found = []
    for patch in patches(of, limit):
        if patch.template.startswith(family):
            result = apply(patch, of.sources.get)
            assert isinstance(result, Applied), (patch, result)
            found.append(result.files.get(PATH, b"").decode())
    return found


# -- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("piece", "actual", "wanted", "new"),
    [
        (" some seconds", "44 some seconds", "44 seconds", " seconds"),
        ("less or equal", "must be less or equal to 3", "must be less than or equal to 3", "less than or equal"),
        ("receved", "2 items receved!", "2 items received!", "received"),
        ("second", "in second", "in one second", "one second"),
    ],
)
def test_piece_of_a_text_becomes_what_the_expected_value_has_there(
    piece: str, actual: str, wanted: str, new: str
) -> None:
    assert new in set(counterparts(piece, actual, wanted))


@pytest.mark.parametrize(("piece", "actual", "wanted"), [("ab", "xaby", "xqrsty"), ("ab", "xy", "xz"), ("a", "a", "b")])
def test_piece_that_is_another_text_altogether_is_not_corrected(piece: str, actual: str, wanted: str) -> None:
    assert not list(counterparts(piece, actual, wanted))


@given(st.text("ab ", max_size=8), st.text("ab ,", max_size=12), st.text("ab ,", max_size=12))
def test_counterpart_comes_from_the_expected_value_or_is_kept(piece: str, actual: str, wanted: str) -> None:
    for new in counterparts(piece, actual, wanted):
        assert new != piece
        assert set(new) <= set(wanted) | set(actual)


def test_marks_that_are_missing_are_read_off_the_texts() -> None:
    assert small_changes(frozenset({("a,b", "a, b"), ("x", "x!"), ("p", "pq")})) == (" ", "!")


@pytest.mark.parametrize(
    "of",
    [
        failure(
            message="Regex pattern did not match.\n  Expected regex: 'less than or equal to 1'\n"
            "  Actual message: 'Must be 0 or more and less or equal to 1.'"
        ),
        replace(
            failure(left="'less than or equal to 1'", right="'Must be 0 or more and less or equal to 1.'"),
            operator="in",
        ),
    ],
)
def test_part_that_was_looked_for_in_a_text_corrects_it_and_texts_worded_alike(of: Failure) -> None:
    subject = task(
        "LOW = 'greater or equal to {}'\nHIGH = 'less or equal to {}'\n\n\n"
        "def f(most):\n    return HIGH.format(most), LOW\n",
        of,
    )
    first = [apply(patch, subject.sources.get) for patch in patches(subject, 20)]
    texts = [result.files[PATH].decode() for result in first if isinstance(result, Applied)]
    assert any("less than or equal" in text and "greater or equal" in text for text in texts)
    assert any("less than or equal" in text and "greater than or equal" in text for text in texts)


def test_text_is_found_where_it_stands_though_no_suspicious_line_names_it() -> None:
    of = task(
        "class Base:\n    def say(self, n):\n        return self.words['s'].format(n)\n\n\n"
        "class Bulgarian(Base):\n    words = {'s': '{} some seconds'}\n",
        failure(left="'3 some seconds'", right="'3 seconds'"),
        lines=(3,),
    )
    first = [(patch.template, getattr(patch.edits[0], "line", 0)) for patch in patches(of, 10)]
    assert ("texts.aligned", 7) in first


def test_entry_of_a_table_that_the_failing_test_mentions_is_changed_before_the_others() -> None:
    rows = "".join(f"    '%{char}': r'[0-9]{{{n}}}',\n" for n, char in enumerate("abcdefgh", 2))
    of = task(
        f"TABLE = {{\n{rows}}}\n\n\ndef f(key):\n    return TABLE[key]\n",
        failure(left="None", right="3", nodeid="tests/test_subject.py::test_it"),
        tests="def test_it():\n    assert parse('%f') == 3\n\n\ndef test_other():\n    assert parse('%b') == 3\n",
    )
    lines = [getattr(p.edits[0], "line", 0) for p in patches(of) if p.template == "patterns.quantifier"]
    assert lines[:3] == [7, 7, 7]


def test_expected_value_is_not_taken_over_as_a_whole() -> None:
    of = task(
        "NAMES = {'a': 'alpha beta gamma'}\n\n\ndef f(key):\n    return NAMES[key]\n",
        failure(left="'alpha beta gamma'", right="'one two three'"),
    )
    assert not [text for text in sources(of, "") if "one two" in text]


# -- numbers -------------------------------------------------------------------------------------------------------


def test_how_actual_and_expected_numbers_differ_is_worked_out() -> None:
    assert roundings(frozenset({(0.666666, 0.67), (0.333333, 0.33)}))[0] == 2
    assert scales(frozenset({(2.0, 120.0), (3.0, 180.0)})) == [60.0]
    assert scales(frozenset({(100, 1)})) == [0.01]
    assert offsets(frozenset({(1, 3), (5, 7)})) == [2]


def test_one_comparison_alone_shows_no_offset_and_unlike_ones_no_scale() -> None:
    assert offsets(frozenset({(1, 9)})) == []
    assert offsets(frozenset({(1, 3), (1, 4)})) == []
    assert scales(frozenset({(2, 120), (3, 170)})) == []
    assert roundings(frozenset()) == []


def test_numbers_and_texts_at_the_same_places_of_nested_values_are_paired() -> None:
    hints = read_hints([failure(left="{'a': [1, 'x'], 'b': True}", right="{'a': [2, 'y'], 'b': False}")])
    assert hints.number_pairs == {(1, 2)}
    assert hints.text_pairs == {("x", "y")}


# -- regular expressions -------------------------------------------------------------------------------------------

PATTERN = r"""
import re

FIELD = re.compile(r"^(\w+)=([a-z]*)\.(?:x|y){2}$")


def f(text):
    return FIELD.match(text) is not None
"""


def test_every_new_regular_expression_can_be_compiled_and_differs() -> None:
    of = task(PATTERN, failure(left="False", right="True"))
    found = sources(of, "patterns.")
    assert len(found) > 60
    new = [re.search(r're.compile\(r"(.*?)"(?:, re\.\w+)?\)', text) for text in found]
    for match in new:
        assert match is not None
        re.compile(match[1])
    assert len(set(found)) == len(found)


def test_text_that_is_no_regular_expression_is_left_alone() -> None:
    of = task('def f():\n    return "Is it so (or not)?"\n', failure(left="1", right="2"))
    assert not sources(of, "patterns.")


# -- what was seen in failing runs only ------------------------------------------------------------------------------


def seen_task(source: str, name: str, failing: str, passing: str, *failures: Failure) -> RepairTask:
    of = task(source, *failures)
    one = ObservedName(name, "argument", Held({failing: 1}), Held({passing: 3}))
    observed = (ObservedFunction(PATH, "f", 1, 3, (one,)),)
    return RepairTask("t1", of.failures, of.suspects, of.sources, of.test_sources, observed=observed)


@pytest.mark.parametrize(
    ("failing", "passing", "guard"),
    [
        ("NoneType", "int", "if x is None:"),
        ("str empty", "str", "if not x:"),
        ("str blank", "str", "if not x.strip():"),
        ("int negative", "int", "if x < 0:"),
        ("int zero", "int", "if x == 0:"),
        ("list one", "list", "if len(x) == 1:"),
        ("str", "int", "if isinstance(x, str):"),
    ],
)
def test_value_that_only_failing_runs_held_is_met_by_a_guard_at_once(failing: str, passing: str, guard: str) -> None:
    of = seen_task("def f(x):\n    y = x * 2\n    return y\n", "x", failing, passing, failure(left="1", right="0"))
    first = [apply(patch, of.sources.get) for patch in patches(of, 40)]
    assert any(guard in result.files[PATH].decode() for result in first if isinstance(result, Applied))


@pytest.mark.parametrize(
    ("failing", "passing", "form"),
    [("str", "int", "int(x)"), ("int", "str", "str(x)"), ("str", "list", "[x]"), ("bytes", "str", "x.decode()")],
)
def test_other_type_in_failing_runs_is_converted_at_once(failing: str, passing: str, form: str) -> None:
    of = seen_task("def f(x):\n    y = x * 2\n    return y\n", "x", failing, passing, failure(left="1", right="0"))
    first = [apply(patch, of.sources.get) for patch in patches(of, 40)]
    assert any(form in result.files[PATH].decode() for result in first if isinstance(result, Applied))


def test_nothing_is_made_of_kinds_that_passing_runs_showed_too() -> None:
    of = seen_task("def f(x):\n    return x * 2\n", "x", "int", "int", failure(left="1", right="0"))
    assert not sources(of, "seen.")


def test_without_a_recording_there_is_no_such_patch() -> None:
    assert not sources(task("def f(x):\n    return x * 2\n", failure(left="1", right="0")), "seen.")


# -- several places, other files, weak conditions --------------------------------------------------------------------


def test_same_edit_is_made_at_every_place_of_the_function_and_nowhere_else() -> None:
    of = task(
        "def f(a, b):\n    if a.find(b) > 1:\n        return a.find(b)\n    return 0\n\n\n"
        "def g(a, b):\n    return a.find(b)\n",
        failure(left="0", right="1"),
        lines=(2, 3, 4),
    )
    texts = sources(of, "places.repeated")
    assert any(text.count("a.index(b)") == 2 and text.count("a.find(b)") == 1 for text in texts)
    assert any(text.count("a.index(b)") == 3 for text in texts)


def test_code_of_like_functions_in_other_files_is_an_ingredient() -> None:
    of = task(
        "class Csv:\n    def read(self, line):\n        cells = line.split(',')\n        return cells\n",
        failure(left="['a ']", right="['a']"),
        others={
            "pkg/tsv.py": "class Tsv:\n    def read(self, line):\n"
            "        line = line.rstrip()\n        return line.split('\\t')\n"
        },
        lines=(3,),
    )
    assert any("line = line.rstrip()\n        cells" in text for text in sources(of, "statements.copied"))


def test_condition_that_becomes_a_constant_is_tried_behind_all_others() -> None:
    of = task(
        "def f(a, b):\n    if a > b:\n        return a\n    else:\n        return b\n", failure(left="1", right="2")
    )
    found = patches(of)
    blunt = [at for at, patch in enumerate(found) if getattr(patch.edits[0], "new", "") in ("True", "False")]
    assert blunt
    assert min(blunt) > 0.9 * len(found)


def test_all_patches_of_the_new_families_parse_on_odd_source() -> None:
    of = task(
        '''
        import re
        ODD = {"ä": 'über', f"{1}": r"\\d+"}
        class Shop:
            def f(self, rows, *more, key=None, **rest):
                """Text"""
                total = 0; seen = []
                for row in rows:
                    if row not in seen: seen.append(row)
                    elif isinstance(row, str):
                        total += int(row, 10)
                    if total > 3 and row not in seen:
                        yield re.sub("^a+", f"{row!r}", "ä") ; continue
                print(total); return self.g(sorted(rows, key=key), key=key)
            def g(self, rows, key=None, wide=False): return Shop(), ODD["ä"], rows[0:1], (rows, key)
        ''',
        failure(left="['a, b', 1.234]", right="['a,b', 1.23]"),
        failure("TypeError", "f() got an unexpected keyword argument 'wide'", line=5),
    )
    for patch in patches(of, 4000):
        result = apply(patch, of.sources.get)
        assert isinstance(result, Applied), (patch, result)
        ast.parse(result.files.get(PATH, b""))
