from dataclasses import replace

import pytest

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.failure import Failure, Frame, Phase, SampledFrame, Samples
from pytest_codemode.core.observed import CalledUnder, FunctionSeen, Held, NameSeen, Values
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.repair.localisation.asserted import failing_lines
from pytest_codemode.repair.localisation.code import Code
from pytest_codemode.repair.localisation.evidence import GREEN_VALUES, PASSING_TESTS
from pytest_codemode.repair.localisation.texts import REASON
from pytest_codemode.repair.localise import Localised, localise
from pytest_codemode.repair.testmap import TestMap
from tests.repair.sandbox import ScriptedSandbox, failure, uncollectable

SOURCE = b"""\
LIMIT = 3
UNUSED = 4
def f(x, y=1):
    if x > LIMIT:
        return y
    return x
def g(*, key):
    return key
class C:
    size = 2
    def h(self):
        return self.size
"""


def world(lines: dict[str, tuple[int, ...]], *failing: str) -> tuple[ScriptedSandbox, TestMap]:
    """Return a sandbox in which each test executes the given lines of m.py, and the map of its tests."""
    sandbox = ScriptedSandbox(
        tuple(lines),
        lambda nodeid, files: failure(nodeid) if nodeid in failing else Outcome.PASSED,
        functions=dict.fromkeys(lines, ("m.py::f",)),
        lines={nodeid: {"m.py": numbers, "lib.py": (1,)} for nodeid, numbers in lines.items()},
    )
    tests = TestMap()
    tests.add(sandbox.run_tests(RunRequest(record="functions")))
    sandbox.runs.clear()
    return sandbox, tests


def suspects(sandbox: ScriptedSandbox, tests: TestMap, *failures: Failure) -> dict[int, Suspect]:
    found = localise(sandbox, failures, tests, {"m.py": SOURCE}.get, {"m.py"}.__contains__).suspects
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert {s.path for s in found} <= {"m.py"}
    return {s.line: s for s in found}


def test_the_line_that_only_the_failing_test_runs_is_most_suspicious() -> None:
    sandbox, tests = world({"t.py::a": (4, 5), "t.py::b": (4, 6), "t.py::c": (4, 6), "t.py::d": (4, 6)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a"))
    assert found[5].score == 1.0
    assert found[4].score < 0.95  # a condition that only failing runs find true: 0.9 of its branch
    assert found[5].why == "only failing tests run it"
    assert 6 not in found


def test_the_line_that_raised_outranks_the_callers_in_the_traceback() -> None:
    sandbox, tests = world({"t.py::a": (4, 5, 12)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a", "x", ("t.py", 1), ("m.py", 12), ("m.py", 5), ("lib.py", 3)))
    assert (found[5].score, found[5].why) == (1.0, "innermost frame")
    assert (found[12].why, found[4].why) == ("in the traceback", "")
    assert found[5].score > found[12].score > found[4].score > 0


def test_constants_attributes_and_defaults_that_suspects_use_share_their_suspicion() -> None:
    sandbox, tests = world({"t.py::a": (4, 5, 8, 12)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a"))
    assert [found[line].why for line in (1, 10, 3)] == [
        "defines LIMIT",
        "defines size",
        "default of a suspicious function",
    ]
    assert 0 < found[3].score <= found[1].score == found[10].score < found[4].score
    assert 2 not in found


def test_a_keyword_only_parameter_without_default_is_no_default() -> None:
    sandbox, tests = world({"t.py::a": (8,)}, "t.py::a")
    assert 7 not in suspects(sandbox, tests, failure("t.py::a"))


@pytest.mark.parametrize("fields", [{"timed_out": True}, {}])
def test_frames_alone_are_enough_where_no_lines_can_be_recorded(fields: dict[str, bool]) -> None:
    sandbox, tests = world({"t.py::a": (4,)})
    one = failure("t.py::a", "x", ("m.py", 5), **fields) if fields else uncollectable("t.py", "x", ("m.py", 5))
    why = "on the stack when its time was up" if fields else "innermost frame"
    assert suspects(sandbox, tests, one)[5].why == why
    assert sandbox.runs == []


def test_a_line_of_the_traceback_that_no_run_recorded_outranks_the_lines_that_were() -> None:
    sandbox, tests = world({"t.py::a": (4,)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a", "x", ("m.py", 12), ("m.py", 5)))
    assert found[5].score == 1.0
    assert found[4].score < 1.0
    assert found[12].score > 0


def test_a_def_line_that_fails_at_import_says_nothing_of_what_its_body_uses() -> None:
    sandbox, tests = world({})
    assert suspects(sandbox, tests, uncollectable("t.py", "x", ("m.py", 3))).keys() == {3}


def test_a_constant_that_the_hanging_line_uses_is_suspect_although_no_line_was_recorded() -> None:
    sandbox, tests = world({})
    found = suspects(sandbox, tests, failure("t.py::a", "x", ("m.py", 4), timed_out=True))
    assert found[1].why == "defines LIMIT"


def test_nothing_known_means_no_suspects() -> None:
    sandbox, tests = world({})
    assert suspects(sandbox, tests, failure("t.py::a", "x", ("t.py", 1))) == {}


def test_lines_are_recorded_once_for_the_failing_tests_and_a_bounded_number_of_others() -> None:
    lines = {"t.py::a": (5,), **{f"t.py::p{n}": (4,) for n in range(PASSING_TESTS + 9)}}
    sandbox, tests = world(lines, "t.py::a")
    suspects(sandbox, tests, failure("t.py::a"), failure("t.py::a"))
    request, again = sandbox.runs
    assert (again.record, again.watch, again.mode) == ("values", ("m.py::f",), Mode.WARM)
    assert again.nodeids is not None
    assert len(again.nodeids) <= 1 + GREEN_VALUES
    assert (request.mode, request.record, request.line_paths) == (Mode.WARM, "lines", ("m.py",))
    assert request.nodeids is not None
    assert request.nodeids[0] == "t.py::a"
    assert len(request.nodeids) == 1 + PASSING_TESTS


def test_a_file_that_is_no_python_any_more_keeps_the_suspects_of_its_traceback() -> None:
    sandbox, tests = world({})
    one = uncollectable("t.py", "invalid syntax", ("m.py", 2))
    found = localise(sandbox, (one,), tests, {"m.py": b"def (:\n"}.get, {"m.py"}.__contains__).suspects
    assert [(s.line, s.score) for s in found] == [(2, 1.0)]


LOOPS = b"""\
def count(n):
    total = 0
    for i in range(n):
        total += i
    while n > 0:
        n = n + 1
        total += 1
    return total
"""


def test_every_line_of_the_loop_that_did_not_end_is_suspect_and_no_other_loop() -> None:
    sandbox, tests = world({"t.py::a": ()}, "t.py::a")
    hung = failure("t.py::a", "x", ("m.py", 5), timed_out=True)
    found = localise(sandbox, (hung,), tests, {"m.py": LOOPS}.get, {"m.py"}.__contains__).suspects
    assert {suspect.line for suspect in found} == {5, 6, 7}


def test_a_failure_that_ended_by_itself_makes_no_loop_suspect() -> None:
    sandbox, tests = world({"t.py::a": ()}, "t.py::a")
    raised = failure("t.py::a", "x", ("m.py", 5))
    found = localise(sandbox, (raised,), tests, {"m.py": LOOPS}.get, {"m.py"}.__contains__).suspects
    assert {suspect.line for suspect in found} == {5}


# -- what the test looks at ------------------------------------------------------------

TEST = b"""\
def test_a(cart):
    other = cart.fill(3)
    told = cart.show()
    cart.tidy()
    value = told.strip()
    assert value == cart.total()
"""
METHODS = b"""\
class Cart:
    def fill(self, n):
        return n
    def show(self):
        return ""
    def tidy(self):
        return 1
    def total(self):
        return 2
    def unseen(self):
        return 3
"""


def looked_at(*called: CalledUnder) -> dict[int, float]:
    """Return line -> score where every method ran in the one failing test, and the test's lines called `called`."""
    numbers = (3, 5, 7, 9, 11)
    names = tuple(f"m.py::Cart.{name}" for name in ("fill", "show", "tidy", "total", "unseen"))
    sandbox = ScriptedSandbox(
        ("t.py::test_a",),
        lambda nodeid, files: Outcome.FAILED,
        functions={"t.py::test_a": names},
        lines={"t.py::test_a": {"m.py": numbers}},
        values={"t.py::test_a": Values((), called)},
    )
    tests = TestMap()
    tests.add(sandbox.run_tests(RunRequest(record="functions")))
    failed = Failure("t.py::test_a", Phase.CALL, "AssertionError", "", (Frame("t.py", 6, "test_a", {}),))
    read = {"m.py": METHODS, "t.py": TEST}.get
    return {one.line: one.score for one in localise(sandbox, (failed,), tests, read, {"m.py"}.__contains__).suspects}


def under(line: int, *names: str) -> CalledUnder:
    return CalledUnder(line, tuple(f"m.py::Cart.{name}" for name in names))


def test_what_the_assertion_calls_outranks_what_it_depends_on_and_that_the_set_up() -> None:
    found = looked_at(under(0, "unseen"), under(2, "fill"), under(3, "show"), under(6, "total"))
    assert found[9] > found[5] == found[3] > found[11]  # `cart.fill` may change what the assertion looks at


def test_what_changes_an_object_of_the_assertion_is_what_it_depends_on() -> None:
    found = looked_at(under(0, "unseen"), under(4, "tidy"), under(6, "total"))
    assert found[9] > found[7] > found[11]


def test_without_knowledge_of_the_calls_all_functions_are_equal() -> None:
    assert len(set(looked_at().values())) == 1


def test_a_block_that_did_not_raise_is_the_failing_statement() -> None:
    text = b"def test_x():\n    with raises(E):\n        a = 1\n        f(a)\n"
    frame = Frame("t.py", 2, "test_x", {})
    failed = Failure("t.py::test_x", Phase.CALL, "Failed", "DID NOT RAISE", (frame,))
    found = failing_lines(failed, Code(text))
    assert found is not None
    assert found[0] == {2, 3, 4}


def test_a_failure_in_a_fixture_has_no_failing_statement_in_the_test() -> None:
    failed = Failure("t.py::test_a", Phase.SETUP, "E", "", (Frame("conftest.py", 2, "cart", {}),))
    assert failing_lines(failed, Code(TEST)) is None


# -- values ------------------------------------------------------------

JOIN = b"""\
def join(parts, sep):
    text = ""
    for part in parts:
        text += part
    return text + sep
def other():
    return None
"""


def seen(sep: str, result: str, function: str = "m.py::join") -> Values:
    """Return one call of `join` with a `sep` and a result of these kinds."""
    names = (
        NameSeen("parts", "argument", Held({"list": 1})),
        NameSeen("sep", "argument", Held({sep: 1})),
        NameSeen("return", "result", Held({result: 1})),
    )
    return Values((FunctionSeen(function, 1, names),))


def with_kinds(**kinds: tuple[str, str]) -> tuple[dict[int, Suspect], Localised]:
    """Return what is found where test `a` fails, and all tests run all of `join` with values of these kinds."""
    nodeids = tuple(f"t.py::{name}" for name in kinds)
    sandbox = ScriptedSandbox(
        nodeids,
        lambda nodeid, files: failure(nodeid) if nodeid == "t.py::a" else Outcome.PASSED,
        functions=dict.fromkeys(nodeids, ("m.py::join",)),
        lines={nodeid: {"m.py": (2, 3, 4, 5)} for nodeid in nodeids},
        values={f"t.py::{name}": seen(*pair) for name, pair in kinds.items()},
    )
    tests = TestMap()
    tests.add(sandbox.run_tests(RunRequest(record="functions")))
    found = localise(sandbox, (failure("t.py::a"),), tests, {"m.py": JOIN}.get, {"m.py"}.__contains__)
    return {one.line: one for one in found.suspects}, found


def test_an_argument_that_only_the_failing_run_passes_raises_the_lines_that_use_it() -> None:
    found, told = with_kinds(a=("NoneType", "str"), b=("str", "str"), c=("str", "str"))
    assert found[5].score == 1.0 > found[4].score
    assert found[5].why == "only failing runs pass None as `sep`"
    (function,) = told.observed
    assert (function.qualname, function.failing_calls, function.passing_calls) == ("join", 1, 2)
    sep = function.name("sep")
    assert sep is not None
    assert (sep.failing.types, sep.passing.types, sep.only_failing) == (("NoneType",), ("str",), ("NoneType",))


def test_a_new_type_says_more_than_a_new_shape() -> None:
    new_type, _ = with_kinds(a=("NoneType", "str"), b=("str", "str"))
    new_shape, _ = with_kinds(a=("str empty", "str"), b=("str", "str"))
    assert new_type[4].score < new_shape[4].score < 1.0
    assert new_shape[5].why == "only failing runs pass an empty str as `sep`"


def test_a_result_of_another_kind_raises_the_whole_function_and_is_told_at_its_return() -> None:
    found, _ = with_kinds(a=("str", "NoneType"), b=("str", "str"))
    assert found[5].why == "only failing runs return None"
    assert found[4].score > 0.9


def test_values_that_passing_runs_show_too_say_nothing() -> None:
    found, _ = with_kinds(a=("NoneType", "str"), b=("NoneType", "str"), c=("str", "str"))
    assert {one.why for one in found.values()} == {""}


def test_values_without_a_passing_run_say_nothing() -> None:
    found, told = with_kinds(a=("NoneType", "str"))
    assert {one.why for one in found.values()} == {""}
    assert told.observed[0].passing_calls == 0


# -- spectra ------------------------------------------------------------


def test_passing_cases_of_the_same_test_tell_more_than_others() -> None:
    lines = {"t.py::a[1]": (8, 5), "t.py::a[2]": (8,), "t.py::b": (8, 5), "t.py::c": (8, 5), "t.py::d": (8, 5)}
    sandbox, tests = world(lines, "t.py::a[1]")
    near = suspects(sandbox, tests, failure("t.py::a[1]"))
    assert sandbox.runs[0].nodeids == ("t.py::a[1]", "t.py::a[2]", "t.py::b", "t.py::c", "t.py::d")
    sandbox, tests = world({name.replace("a[2]", "e"): numbers for name, numbers in lines.items()}, "t.py::a[1]")
    far = suspects(sandbox, tests, failure("t.py::a[1]"))
    assert near[5].score - near[8].score > far[5].score - far[8].score


BRANCHES = b"""\
def f(x):
    y = 1
    if x:
        y = 2
    return y
"""


@pytest.mark.parametrize(
    ("failing", "passing", "way"), [((2, 3, 5), (2, 3, 4, 5), "false"), ((2, 3, 4, 5), (2, 3, 5), "true")]
)
def test_a_condition_that_goes_another_way_in_failing_runs_is_suspect(
    failing: tuple[int, ...], passing: tuple[int, ...], way: str
) -> None:
    sandbox, tests = world({"t.py::a": failing, **{f"t.py::{n}": passing for n in "bcdefgh"}}, "t.py::a")
    found = localise(sandbox, (failure("t.py::a"),), tests, {"m.py": BRANCHES}.get, {"m.py"}.__contains__).suspects
    scores = {one.line: one for one in found}
    assert scores[3].why == f"{way} in failing runs above all"
    assert scores[3].score > scores[5].score
    assert scores[3].score > scores[2].score


CLASSES = b"""\
class A:
    size = 1
class B:
    size = 2
class User:
    def f(self):
        return self.size
"""


def test_an_attribute_of_the_class_that_ran_outranks_that_of_another_class() -> None:
    names = (NameSeen("self", "argument", Held({"B": 1})),)
    sandbox = ScriptedSandbox(
        ("t.py::a",),
        lambda nodeid, files: Outcome.FAILED,
        functions={"t.py::a": ("m.py::User.f",)},
        lines={"t.py::a": {"m.py": (7,)}},
        values={"t.py::a": Values((FunctionSeen("m.py::User.f", 1, names),))},
    )
    tests = TestMap()
    tests.add(sandbox.run_tests(RunRequest(record="functions")))
    found = localise(sandbox, (failure("t.py::a"),), tests, {"m.py": CLASSES}.get, {"m.py"}.__contains__).suspects
    scores = {one.line: one.score for one in found}
    assert scores[7] > scores[4] > scores[2] > 0


def test_lines_of_one_statement_are_one_suspect() -> None:
    text = b"def f(x):\n    return g(\n        x,\n        1,\n    )\n"
    sandbox, tests = world({"t.py::a": (2, 3, 4)}, "t.py::a")
    one = failure("t.py::a", "x", ("m.py", 3))
    found = localise(sandbox, (one,), tests, {"m.py": text}.get, {"m.py"}.__contains__).suspects
    assert [(suspect.line, suspect.why) for suspect in found] == [(2, "innermost frame")]


def test_what_a_module_used_when_it_could_not_be_imported_is_suspect() -> None:
    text = b"SIZES = {}\nOTHER = 1\nFIRST = SIZES['a']\n"
    sandbox, tests = world({})
    found = localise(
        sandbox, (uncollectable("t.py", "x", ("m.py", 3)),), tests, {"m.py": text}.get, {"m.py"}.__contains__
    )
    assert [(one.line, one.why) for one in found.suspects] == [(3, "innermost frame"), (1, "defines SIZES")]


TABLES = b"""\
TABLE = []
def register(name):
    TABLE.append(name)
register("a")
TABLE.append("b")
print("c")
def find(name):
    return name in TABLE
"""


def test_calls_that_fill_a_table_at_module_level_are_suspect_with_what_reads_it() -> None:
    sandbox, tests = world({"t.py::a": (8,)}, "t.py::a")
    one = failure("t.py::a")
    found = localise(sandbox, (one,), tests, {"m.py": TABLES}.get, {"m.py"}.__contains__).suspects
    assert {suspect.line: suspect.why for suspect in found} == {8: "", **dict.fromkeys((1, 4, 5), "defines TABLE")}


# -- hangs ------------------------------------------------------------

NESTED = b"""\
def outer(n):
    for i in range(n):
        inner(i)

def inner(n):
    m = 0
    while n >= 0:
        m += n
        n = n + m
    return m
"""


def hung(*frames: tuple[str, int, str, int, int], strikes: int = 9) -> dict[int, Suspect]:
    """Return the suspects of a hang with sampled frames (path, line, function, depth, count) of 10 samples."""
    sandbox, tests = world({"t.py::a": ()}, "t.py::a")
    samples = Samples(10, tuple(SampledFrame(*frame) for frame in frames))
    stack = (("t.py", 1), ("m.py", 3), ("m.py", strikes))
    failed = failure("t.py::a", "x", *stack, timed_out=True, samples=samples)
    found = localise(sandbox, (failed,), tests, {"m.py": NESTED}.get, {"m.py"}.__contains__).suspects
    return {one.line: one for one in found}


def test_samples_tell_the_loop_that_does_not_end_from_those_around_it() -> None:
    found = hung(
        ("t.py", 1, "a", 0, 10), ("m.py", 3, "outer", 1, 10), ("m.py", 7, "inner", 2, 4), ("m.py", 8, "inner", 2, 6)
    )
    assert {7, 8, 9} <= found.keys()
    assert 2 not in found  # the outer loop waits in one line
    assert found[7].why == "decides whether the loop goes on"
    assert found[7].score == 1.0 > found[9].score > found[8].score


def test_where_the_clock_struck_in_a_loop_is_chance() -> None:
    samples = (("m.py", 7, "inner", 0, 4), ("m.py", 8, "inner", 0, 6))
    assert [hung(*samples, strikes=line)[7].score for line in (7, 8, 9)] == [1.0] * 3


def test_an_outer_loop_that_moves_is_the_one_that_does_not_end() -> None:
    found = hung(("t.py", 1, "a", 0, 10), ("m.py", 2, "outer", 1, 4), ("m.py", 3, "outer", 1, 6), strikes=3)
    assert found.keys() == {2, 3}


def test_samples_are_no_more_than_a_sampler_takes() -> None:
    for frames in (
        [SampledFrame("m.py", 7, "inner", 0, 1)] * 201,
        [SampledFrame("m.py", 7, "inner", 60, 1)],
        [SampledFrame("m.py", 7, "inner", -1, 1)],
    ):
        told = {"taken": 10, "frames": encode(tuple(frames))}
        with pytest.raises(ValueError, match="at most 200 frames"):
            decode(Samples, told)


def test_without_samples_every_loop_on_the_stack_is_suspect() -> None:
    sandbox, tests = world({"t.py::a": ()}, "t.py::a")
    failed = failure("t.py::a", "x", ("m.py", 3), ("m.py", 9), timed_out=True)
    found = localise(sandbox, (failed,), tests, {"m.py": NESTED}.get, {"m.py"}.__contains__).suspects
    assert {one.line for one in found} == {2, 3, 7, 8, 9}


# -- texts ------------------------------------------------------------

MESSAGES = b"""\
SMALL = "must be greater or equal to {min}"
LARGE = "must be less or equal to {max}"
def check(x):
    a = SMALL
    return LARGE
"""


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"left": "'must be less or equal to 3'", "operator": "==", "right": "'must be at most 3'"}, 2),
        ({"left": "'must be less or equal to 3'", "operator": "==", "right": "'must be less or equal to 4'"}, 0),
        ({"left": "'must be less or equal to 3'", "operator": "in", "right": "''"}, 0),
        ({"exception": "ValueError", "left": "'must be less or equal to 3'", "operator": "==", "right": "''"}, 0),
        (
            {
                "exception": "Failed",
                "message": "x\n  Expected regex: 'at most'\n  Actual message: 'must be less or equal to 3'",
            },
            2,
        ),
    ],
)
def test_a_text_that_came_out_unexpectedly_leads_to_where_it_stands(fields: dict[str, str], line: int) -> None:
    sandbox, tests = world({"t.py::a": (4, 5)}, "t.py::a")
    failed = replace(failure("t.py::a"), **fields)
    found = localise(sandbox, (failed,), tests, {"m.py": MESSAGES}.get, {"m.py"}.__contains__).suspects
    assert [one.line for one in found if REASON in one.why] == ([line] if line else [])
    if line:
        scores = {one.line: one.score for one in found}
        assert scores[2] > scores[1]


# -- what only the report runs --------------------------------------------------------------


def test_what_no_test_was_seen_to_call_is_behind_what_the_set_up_calls() -> None:
    found = looked_at(under(0, "unseen"), under(6, "total"))
    assert found[9] > found[11] > found[3] == found[5]
