from pytest_codemode.core.exploring import Compared, Described, Explored, Observation, Recipe, Shown
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.reasons import untested
from pytest_codemode.testgen.subject import STALE, Subject, items_of

GAP = FunctionGap("a.py", "f", 1, 1, 9, (2, 3, 5), ((2, 3), (2, 5)), (3, 5), ((2, 3), (2, 5)))
LINES = ["def f(x):", "    if x == 77:", "        return 1", "", "    return 2"]
RETURNED = Shown("literal", "1", "builtins:int")


def subject(batches):
    def inputs():
        for batch in batches:  # noqa: UP028  # a list's iterator takes nothing by `send`
            yield batch

    made = Subject(Described("a.py", "a", "f", 1), GAP, items_of((3, 5), ((2, 3), (2, 5))), frozenset, "tests")
    made.begin(inputs())
    return made


def recipes(*calls):
    return tuple(Recipe(str(number), "f", call) for number, call in enumerate(calls))


def came(key, arcs, *, new=True, outcome="returned", compared=()):
    return Observation(key, outcome, RETURNED, arcs=arcs, digest=f"d{key}", new=new, compared=compared)


def test_what_a_call_takes_is_not_open_any_more():
    one = subject([recipes("f(1)"), recipes("f(2)")])
    one.take(Explored("finished", (came("0", ((-1, 2), (2, 5), (5, -1))),)))
    assert one.open == {(3, 0), (2, 3)}
    assert one.pool[0].takes == {(5, 0), (2, 5)}
    assert one.active


def test_arcs_that_are_known_are_not_asked_for_again():
    one = subject([recipes("f(1)"), recipes("f(2)")])
    one.take(Explored("finished", (came("0", ((2, 5),)),)))
    assert one.request(1.0).known == ((2, 5),)


def test_a_generator_that_is_out_of_ideas_ends_it():
    one = subject([recipes("f(1)")])
    one.take(Explored("finished", (came("0", ((2, 5),)),)))
    assert not one.active


def test_a_function_that_brings_nothing_new_for_long_is_given_up():
    one = subject([recipes(*(f"f({number})" for number in range(STALE + 2))), recipes("f()")])
    one.take(Explored("finished", tuple(came(str(n), (), new=False) for n in range(STALE + 2))))
    assert not one.active


def test_a_file_that_cannot_be_explored_is_trouble():
    one = subject([recipes("f(1)")])
    one.take(Explored("failed", (), reason="import calls sys.exit(2)"))
    assert not one.active
    assert untested(one, one.own, {}, LINES).reason == "import calls sys.exit(2)"


def test_the_reason_names_the_guard_and_the_call_that_came_nearest():
    one = subject([recipes("f(1)", "f(70)")])
    far = Compared(2, "==", "1", "77", False, 0.99)
    near = Compared(2, "==", "70", "77", False, 0.875)
    arcs = ((-1, 2), (2, 5), (5, -1))
    one.take(Explored("finished", (came("0", arcs, compared=(far,)), came("1", arcs, new=False, compared=(near,)))))
    told = untested(one, one.open, {}, LINES)
    assert told.reason == "no input came past line 2: `if x == 77:` (70 == 77)"
    assert told.nearest == "f(70)"
    assert (told.missing, told.branches) == ((3,), 1)


def test_the_reason_is_why_calls_made_no_tests_where_calls_reach_it():
    one = subject([recipes("f(1)")])
    one.take(Explored("finished", (came("0", ((2, 5), (2, 3))),)))
    told = untested(one, frozenset({(2, 5)}), {"it reads the clock": 3}, LINES)
    assert told.reason == "calls reach it, but none makes a test: it reads the clock"


def test_finalists_are_all_that_took_something_and_the_most_readable_others():
    one = subject([recipes("f(1)", "f('a long text that nobody wants to read at all, really')", "f(2)")])
    observations = (came("0", ((2, 5),)), came("1", (), new=False), came("2", (), new=False))
    one.take(Explored("finished", observations))
    assert [recipe.call for recipe in one.finalists()][:2] == ["f(1)", "f(2)"]


def test_what_is_reached_elsewhere_is_not_looked_for():
    one = subject([recipes("f(1)")])
    one.reached(frozenset({(3, 0), (2, 3)}))
    assert one.open == {(5, 0), (2, 5)}
