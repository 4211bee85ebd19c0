"""A function that tells its comparisons does what it did: the same values, errors, lines and order of evaluation."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.worker.explore.arcs import Arcs
from pytest_codemode.worker.explore.comparing import Comparing

SOURCE = textwrap.dedent(
    """
    LOG = []

    def noted(value):
        LOG.append(value)
        return value

    def order(a, b):
        return noted(a) < noted(b), noted(a) in [noted(b)], noted(a) is not noted(b)

    def spread(a, b):
        if (a ==
                b):
            return [x
                    for x in (a, b)
                    if x !=
                    b]
        while a < b: a += 1
        if (
            a == 4
            and not (b > 7
                     or b < 0)
            or (a if a == 1 else
                b == 2)
        ):
            assert (
                a !=
                b
            ) or a == 4
        match a:
            case 4 if (b
                       == 4):
                a = str(a).endswith("1")
        return str(a).startswith(
            "1")

    def walrus(a):
        return (b := a) > 3 and b != 5

    class Vague:
        def __eq__(self, other):
            return noted([])
        def __lt__(self, other):
            return noted([1])

    def vague(a):
        thing = Vague()
        return "yes" if thing == a else "no", "yes" if thing < a else "no", thing == a, not thing == a

    class A:
        __hidden = 3
        def method(self, a):
            return a == self.__hidden
        def inherits(self, a):
            return super().__eq__(self) is NotImplemented, a == 1

    class B(A):
        def method(self, a):
            return super().method(a) == True

    def closure(a):
        def inner(b):
            nonlocal a
            a += 1
            return a == b
        return inner(a), inner(a)

    def generated(a):
        for i in range(3):
            if i == a:
                yield i

    def run(a, b):
        LOG.clear()
        found = []
        for work in (lambda: order(a, b), lambda: spread(a, b), lambda: walrus(a), lambda: vague(a),
                     lambda: A().method(a), lambda: A().inherits(a), lambda: B().method(a), lambda: closure(a),
                     lambda: list(generated(a))):
            try:
                found.append(work())
            except Exception as problem:
                found.append((type(problem), str(problem), problem.__traceback__.tb_next.tb_lineno))
        return found, list(LOG)
    """
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    path = tmp_path_factory.mktemp("told") / "told.py"
    path.write_text(SOURCE)

    def made():
        names = {"__name__": "told"}
        exec(compile(SOURCE, str(path), "exec"), names)
        return names

    plain = made()
    # Those that are there before are the plain ones: only what `known` and the young heap hold is exchanged.
    keep = {name: value.__code__ for name, value in plain.items() if hasattr(value, "__code__")}
    told = made()
    comparing = Comparing(str(path), [])
    for name, code in keep.items():
        plain[name].__code__ = code
    plain["A"].method.__code__ = _code(path, "A.method")
    plain["A"].inherits.__code__ = _code(path, "A.inherits")
    plain["B"].method.__code__ = _code(path, "B.method")
    arcs = Arcs(str(path))

    def run(names, *arguments):
        arcs.begin()
        arcs.start()
        try:
            found = names["run"](*arguments)
        finally:
            arcs.stop()
        return found, set(arcs.seen)

    return run, plain, told, comparing


def _code(path, qualname):
    code = compile(SOURCE, str(path), "exec")
    for part in qualname.split("."):
        code = next(const for const in code.co_consts if getattr(const, "co_name", "") == part)
    return code


values = st.integers(-3, 12) | st.floats(-2, 2) | st.text(max_size=2) | st.none()


@given(values, values)
def test_values_errors_lines_and_order_stay(runs, a, b):
    run, plain, told, comparing = runs
    assert run(told, a, b) == run(plain, a, b)
    comparing.take()


def test_what_is_told(runs):
    run, plain, told, comparing = runs
    comparing.take()
    run(plain, 3, 4)
    assert comparing.take() == ()
    run(told, 3, 4)
    found = {(one.operator, one.left, one.right) for one in comparing.take()}
    assert {
        ("<", "3", "4"),
        ("in", "3", "[4]"),
        (">", "3", "3"),
        ("==", "3", "3"),
    } <= found


def test_only_the_last_of_each_is_told_and_a_bounded_number(runs):
    run, _plain, told, comparing = runs
    comparing.take()
    run(told, 0, 10)
    ways = [(one.line, one.operator) for one in comparing.take()]
    assert len(ways) <= 50
    assert len([way for way in ways if way[1] == "<"]) == 2
