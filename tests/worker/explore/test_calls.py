"""Calls in a real worker: what is told of them is what a test would see."""

from pathlib import Path

import pytest

from pytest_codemode.core.exploring import ExploreRequest, Import
from pytest_codemode.core.project import Limits
from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import PATH, explore, observe, recipe

FILES = {
    "pyproject.toml": """
        [tool.pytest.ini_options]
        pythonpath = ["src"]
        testpaths = ["tests"]
    """,
    "src/shop/__init__.py": "",
    "src/shop/goods.py": """
        import asyncio
        import contextlib
        import dataclasses
        import datetime
        import decimal
        import enum
        import functools
        import itertools
        import os
        import random
        import socket
        import sys
        import threading
        import time
        import warnings
        from pathlib import Path


        class Size(enum.Enum):
            SMALL = 1
            LARGE = 2


        @dataclasses.dataclass
        class Item:
            name: str
            price: float = 0.0
            tags: list = dataclasses.field(default_factory=list)


        class Cart:
            def __init__(self, items=None):
                self._items = list(items or [])
                self.note = ""

            def add(self, item):
                self._items.append(item)
                return len(self._items)

            @property
            def total(self):
                return sum(item.price for item in self._items)

            @property
            def broken(self):
                raise RuntimeError("no")

            @property
            def ticking(self):
                return time.perf_counter_ns()

            @classmethod
            def of(cls, *names):
                return cls(Item(name) for name in names)

            @staticmethod
            def currency():
                return "EUR"


        def double(number):
            if number > 10:
                return number * 2
            return number + number

        def fails(number):
            raise ValueError(f"bad: {number}")

        class Obsolete(UserWarning):
            pass

        def gives_warning(number):
            warnings.warn("gone", DeprecationWarning)
            return number

        def warns_of_two_things(really):
            if really:
                warnings.warn("gone", Obsolete)
            warnings.warn("beware")

        def leaves_open():
            open(os.devnull)

        def divides(number):
            return 1 / number

        def wraps_failure(number):
            try:
                return {}[number]
            except KeyError as problem:
                raise LookupError("nothing") from problem

        def counts(limit):
            for number in range(limit):
                yield number

        def counts_for_ever():
            yield from itertools.count()

        async def waits(value):
            await asyncio.sleep(0)
            return value

        async def ticks(limit):
            for number in range(limit):
                await asyncio.sleep(0)
                yield number

        @contextlib.contextmanager
        def opens(name):
            opened = [name]
            yield opened
            opened.append("closed")

        @contextlib.asynccontextmanager
        async def opens_slowly(name):
            yield name.upper()

        def loops():
            while True:
                pass

        def loops_and_swallows():
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass

        def swallows_once():
            try:
                while True:
                    pass
            except BaseException:
                return "fine"

        def waits_in_c():
            return (0,) * 3 in itertools.repeat((1,) * 3)

        def recurses(number):
            return recurses(number + 1)

        def leaves(status):
            sys.exit(status)

        def dies():
            os._exit(3)

        def segfaults():
            import ctypes
            ctypes.string_at(0)

        def writes_outside():
            try:
                Path("left.txt").write_text("here")
            except OSError:
                return "hidden"

        def writes_into_temporary(name):
            import tempfile
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, name).write_text(name)
                return Path(folder, name).read_text()

        def connects():
            socket.create_connection(("192.0.2.1", 80), timeout=0.2)

        def asks():
            return input("name? ")

        def reads():
            return sys.stdin.read()

        def prints(text):
            print(text)
            print(text, file=sys.stderr)

        def rolls():
            return random.random()

        def starts_thread():
            threading.Thread(target=time.sleep, args=(5,), daemon=True).start()

        def changes(items, value):
            items.append(value)

        def moves():
            os.chdir("/")
            os.environ["MOVED"] = "1"
            sys.argv.append("x")
            sys.setrecursionlimit(5000)

        def where():
            return "MOVED" in os.environ, sys.argv[-1] == "x", os.getcwd() == "/"

        def later(days):
            return datetime.timedelta(days=days)

        def costs(text):
            return decimal.Decimal(text)

        def warns():
            import warnings
            warnings.warn("old", DeprecationWarning)
            return "warned"

        def spread(*names):
            return set(names), frozenset(names)

        def mixed():
            return {"sizes": [Size.SMALL], "ratio": 0.5, "none": None}

        def here():
            return __file__

        def itself():
            return object()

        class Odd:
            @property
            def __class__(self):
                raise RuntimeError("do not ask")

        def odd():
            return Odd()

        class Point:
            def __init__(self, x, y):
                self.x, self.y = x, y
            def __eq__(self, other):
                return type(other) is Point and (self.x, self.y) == (other.x, other.y)
            def __repr__(self):
                return f"Point({self.x!r}, y={self.y!r})"

        class Liar:
            def __eq__(self, other):
                return True
            def __repr__(self):
                return "__import__('os')._exit(1)"

        class Slow:
            @property
            def endless(self):
                while True:
                    pass

        class SlowError(Exception):
            def __str__(self):
                while True:
                    pass

        def tells_slowly():
            raise SlowError

        def looped():
            loop = []
            loop.append(loop)
            return loop

        def identity(thing):
            return id(thing)

        def huge():
            return list(range(10_000))

        def long():
            return "x" * 100_000
    """,
    "tests/conftest.py": """
        import pytest
        from shop.goods import Cart, Item

        @pytest.fixture
        def cart():
            cart = Cart([Item("tea", 2.0)])
            yield cart
            cart.note = "taken down"

        @pytest.fixture(scope="session")
        def names(tmp_path_factory):
            return ["tea", "milk"]

        @pytest.fixture
        def broken():
            raise OSError("cannot set up")
    """,
    "tests/test_goods.py": """
        import pytest
        from shop.goods import double

        @pytest.fixture
        def local():
            return 7

        def test_double():
            assert double(2) == 4
    """,
    "tests/strict/conftest.py": """
        import os
        import pytest

        @pytest.fixture(autouse=True)
        def strict():
            os.environ["STRICT"] = "yes"
            yield
            del os.environ["STRICT"]
    """,
    "tests/strict/test_nothing.py": "def test_nothing(): pass\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("goods")
    write_project(root, FILES)
    return root


@pytest.fixture(scope="module")
def box(project):
    with sandboxed(project_at(project, workers=2)) as box:
        yield box


def test_value_and_arcs_of_a_call(box):
    one = observe(box, "double(21)", "double")
    assert (one.outcome, one.value.kind, one.value.text, one.value.type) == (
        "returned",
        "literal",
        "42",
        "builtins:int",
    )
    lines = (Path(box.project.rootdir) / PATH).read_text().splitlines()
    first = lines.index("def double(number):") + 1
    assert one.arcs == ((-first, first + 1), (first + 1, first + 2), (first + 2, -first))


def test_an_exception_is_told_with_where_it_was_raised(box):
    one = observe(box, "fails('x')", "fails")
    assert one.outcome == "raised"
    assert (one.raised.type, one.raised.message, one.raised.path) == ("builtins:ValueError", "bad: x", PATH)
    assert one.raised.explicit
    assert one.raised.bases == ("builtins:Exception",)


def test_a_failed_operation_is_not_explicit(box):
    one = observe(box, "divides(0)", "divides")
    assert (one.raised.type, one.raised.explicit) == ("builtins:ZeroDivisionError", False)
    assert one.raised.bases == ("builtins:ArithmeticError", "builtins:Exception")


def test_an_operation_that_fails_in_what_the_project_calls_is_not_explicit(box):
    one = observe(box, "costs('x')", "costs")
    assert one.raised.type == "decimal:InvalidOperation"
    assert (one.raised.path, one.raised.explicit) == (PATH, False)


def test_generator_gives_what_it_yields(box):
    one = observe(box, "counts(3)", "counts", flavour="generator")
    assert (one.value.text, one.value.cut) == ("[0, 1, 2]", False)


def test_endless_generator_is_cut(box):
    one = observe(box, "counts_for_ever()", "counts_for_ever", flavour="generator")
    assert one.value.cut
    assert one.value.text.startswith("[0, 1, ")


def test_coroutine_is_awaited(box):
    assert observe(box, "waits([1])", "waits", flavour="coroutine").value.text == "[1]"


def test_asynchronous_generator(box):
    assert observe(box, "ticks(2)", "ticks", flavour="async generator").value.text == "[0, 1]"


def test_context_manager_is_seen_while_it_is_open(box):
    one = observe(box, "opens('a')", "opens", flavour="context manager")
    assert one.value.text == "['a']"
    ended = max(end for _, end in one.arcs)
    assert "closed" in (Path(box.project.rootdir) / PATH).read_text().splitlines()[ended - 1]


def test_asynchronous_context_manager(box):
    one = observe(box, "opens_slowly('a')", "opens_slowly", flavour="async context manager")
    assert one.value.text == "'A'"


def test_endless_loop_times_out_and_the_rest_goes_on(box):
    explored = explore(box, recipe("loops()"), recipe("double(1)"), call_s=0.2)
    assert [one.outcome for one in explored.observations] == ["timeout", "returned"]
    assert explored.observations[0].duration_s < 1


def test_interruption_that_is_swallowed_still_counts(box):
    explored = explore(box, recipe("swallows_once()"), recipe("double(1)"), call_s=0.2)
    assert [one.outcome for one in explored.observations] == ["timeout", "returned"]


def test_loop_that_swallows_every_interruption_is_killed(box):
    explored = explore(box, recipe("double(1)"), recipe("loops_and_swallows()"), recipe("double(2)"), call_s=0.2)
    assert explored.status == "finished"
    assert [one.outcome for one in explored.observations] == ["returned", "timeout", "returned"]


def test_loop_that_no_signal_interrupts_is_killed(box):
    explored = explore(box, recipe("waits_in_c()"), recipe("double(2)"), call_s=0.2)
    assert [one.outcome for one in explored.observations] == ["timeout", "returned"]


def test_what_comes_after_a_timeout_is_none(box):
    explored = explore(
        box, recipe("loops()"), recipe("double("), recipe("Slow()"), recipe("tells_slowly()"), call_s=0.2
    )
    assert [one.outcome for one in explored.observations] == ["timeout", "invalid", "timeout", "timeout"]


def test_endless_recursion_is_an_exception(box):
    assert observe(box, "recurses(0)", "recurses").raised.type == "builtins:RecursionError"


def test_sys_exit_is_told(box):
    one = observe(box, "leaves(2)", "leaves")
    assert (one.outcome, one.raised.type, one.raised.message) == ("exited", "builtins:SystemExit", "2")


@pytest.mark.parametrize("call", ["dies()", "segfaults()"])
def test_process_that_dies_is_replaced_and_what_it_knew_is_kept(box, call):
    explored = explore(box, recipe("double(1)"), recipe(call), recipe("double(1)"), recipe("double(11)"), full=False)
    assert explored.status == "finished"
    assert [one.outcome for one in explored.observations] == ["returned", "crashed", "returned", "returned"]
    assert [one.new for one in explored.observations] == [True, False, False, True]


def test_writing_outside_is_refused_even_if_the_code_hides_it(box):
    one = observe(box, "writes_outside()", "writes_outside")
    assert (one.outcome, one.value) == ("refused", None)
    assert not (Path(box.project.rootdir) / "left.txt").exists()


def test_writing_into_a_temporary_folder_is_fine(box):
    one = observe(box, "writes_into_temporary('a')", "writes_into_temporary")
    assert (one.outcome, one.value.text) == ("returned", "'a'")


def test_network_is_refused(box):
    assert observe(box, "connects()", "connects").outcome == "refused"


@pytest.mark.parametrize("name", ["asks", "reads"])
def test_who_asks_for_input_is_refused(box, name):
    assert observe(box, f"{name}()", name).outcome == "refused"


def test_what_is_printed_is_kept_up_to_a_bound(box):
    explored = explore(box, recipe("prints('hello')"), recipe("prints('x' * 10**6)"), recipe("double(1)"))
    texts = [one.stdout for one in explored.observations]
    assert texts[0] == "hello\n"
    assert 1_000 < len(texts[1]) < 20_000
    assert texts[2] == ""


def test_what_is_not_the_same_twice_is_not_steady(box):
    recipes = [recipe("rolls()"), recipe("double(1)"), recipe("spread('a', 'b', 'c')")]
    explored = explore(box, *recipes, recipe("identity(x)", setup=(("x", "{}"),)), twice=True)
    assert [one.steady for one in explored.observations] == [False, True, True, False]


def test_who_leaves_a_thread_is_not_steady(box):
    explored = explore(box, recipe("starts_thread()"), recipe("double(1)"))
    assert [one.steady for one in explored.observations] == [False, True]


def test_who_forks_does_not_go_on_twice(box):
    fork = recipe("os.fork() > 0", "double", setup=(("os", "__import__('os')"),))
    explored = explore(box, fork, recipe("double(1)"), twice=True)
    assert [one.outcome for one in explored.observations] == ["refused", "returned"]
    assert [one.steady for one in explored.observations] == [False, True]


def test_who_takes_all_memory_is_killed_and_the_rest_goes_on(project):
    limits = Limits(test_s=20.0, run_s=60.0, memory_bytes=300 * 2**20)
    with sandboxed(project_at(project, limits=limits)) as box:
        explored = explore(box, recipe("max(b'x' * (500 * 2**20))", "double"), recipe("double(1)"), call_s=5.0)
    assert [one.outcome for one in explored.observations] == ["crashed", "returned"]


def test_a_changed_argument_is_told(box):
    one = observe(box, "changes(items, 3)", "changes", setup=(("items", "[1]"), ("other", "[2]")))
    assert [(name, shown.text) for name, shown in one.after] == [("items", "[1, 3]")]


def test_a_changed_receiver_is_told_by_what_is_public(box):
    setup = (("cart", "Cart()"),)
    one = observe(box, "cart.add(Item('tea', 2.5))", "Cart", "Item", setup=setup)
    ((name, shown),) = one.after
    assert name == "cart"
    assert [(field, value.text) for field, value in shown.fields] == [("note", "''"), ("total", "2.5")]


def test_method_property_class_method_static_method_and_constructor(box):
    setup = (("cart", "Cart([Item('tea', 2)])"),)
    assert observe(box, "cart.total", "Cart", "Item", setup=setup).value.text == "2"
    assert observe(box, "Cart.of('a')", "Cart").value.type == "shop.goods:Cart"
    assert observe(box, "Cart.currency()", "Cart").value.text == "'EUR'"
    assert dict(observe(box, "Cart()", "Cart").value.fields)["note"].text == "''"


def test_a_dataclass_is_built_from_its_repr(box):
    one = observe(box, "Item('tea', 1.5)", "Item")
    assert (one.value.kind, one.value.text) == ("built", "Item(name='tea', price=1.5, tags=[])")
    assert one.value.imports == (Import("shop.goods", "Item"),)


def test_a_class_whose_repr_rebuilds_it_is_built(box):
    assert observe(box, "Point(1, 'a')", "Point").value.text == "Point(1, y='a')"


def test_no_repr_of_the_project_becomes_code_unchecked(box):
    one = observe(box, "Liar()", "Liar")
    assert (one.value.kind, one.value.text) == ("object", "")


def test_values_of_well_known_types_are_built(box):
    assert observe(box, "later(3)", "later").value.text == "datetime.timedelta(days=3)"
    one = observe(box, "costs('1.50')", "costs")
    assert (one.value.kind, one.value.text, one.value.imports) == (
        *("built", "Decimal('1.50')"),
        (Import("decimal", "Decimal"),),
    )


def test_containers_have_parts_where_they_hold_more_than_literals(box):
    one = observe(box, "mixed()", "mixed")
    texts = [(part.kind, part.text) for part in one.value.parts]
    assert texts[0] == ("literal", "'sizes'")
    assert [(part.kind, part.text, part.type) for part in one.value.parts[1].parts] == [
        ("enum", "SMALL", "shop.goods:Size")
    ]
    assert texts[3:] == [("float", "0.5"), ("literal", "'none'"), ("literal", "None")]


def test_what_names_a_place_or_an_address_is_opaque(box):
    assert observe(box, "here()", "here").value.kind == "opaque"
    assert observe(box, "itself()", "itself").value.kind == "opaque"


def test_odd_and_endless_values_are_shown_as_far_as_they_can_be(box):
    explored = explore(box, recipe("odd()"), recipe("looped()"), recipe("huge()"), recipe("long()"))
    odd, looped, huge, long = (one.value for one in explored.observations)
    assert (odd.kind, odd.type) == ("opaque", "shop.goods:Odd")
    assert looped.parts[0].cut
    assert (huge.cut, long.cut) == (True, True)
    assert len(long.text) < 10_000


def test_what_a_call_leaves_around_it_is_put_back(box):
    explored = explore(box, recipe("moves()"), recipe("where()"))
    assert explored.observations[1].value.text == "(False, False, False)"


def test_warnings_are_told_also_where_the_project_makes_them_errors(box, tmp_path):
    assert observe(box, "warns()", "warns").value.text == "'warned'"
    strict = FILES["pyproject.toml"].rstrip() + '\n        filterwarnings = ["error"]\n'
    write_project(tmp_path, {**FILES, "pyproject.toml": strict})
    with sandboxed(project_at(tmp_path)) as other:
        one = observe(other, "warns()", "warns")  # as within `pytest.warns`
        assert (one.value.text, one.warned) == ("'warned'", ("builtins:DeprecationWarning",))


@pytest.mark.parametrize("call", ["double(", "double(nobody)[", "x = 1"])
def test_what_is_no_expression_is_invalid(box, call):
    one = observe(box, call, "double")
    assert (one.outcome, one.raised.type) == ("invalid", "builtins:SyntaxError")


def test_setup_import_and_fixture_that_fail_make_a_call_invalid(box):
    assert observe(box, "double(1)", "double", setup=(("x", "1 / 0"),)).raised.type == "builtins:ZeroDivisionError"
    assert observe(box, "nobody(1)", "nobody").raised.type == "builtins:AttributeError"
    assert observe(box, "double(1)", "double", fixtures=("broken",), near="tests").raised.type == "builtins:OSError"
    missing = observe(box, "double(1)", "double", fixtures=("nowhere",), near="tests")
    assert missing.outcome == "invalid"


def test_fixtures_come_as_a_test_gets_them(box):
    one = observe(box, "cart.total", "double", fixtures=("cart",), near="tests")
    assert one.value.text == "2.0"
    assert observe(box, "len(names)", "double", fixtures=("names",), near="tests/test_goods.py").value.text == "2"
    assert observe(box, "double(local)", "double", fixtures=("local",), near="tests/test_goods.py").value.text == "14"
    assert observe(box, "double(local)", "double", fixtures=("local",), near="tests").outcome == "invalid"
    assert observe(box, "double(cart)", "double", fixtures=("cart",), near="").outcome == "invalid"
    planned = "tests/more/test_not_written_yet.py"
    assert observe(box, "cart.total", "double", fixtures=("cart",), near=planned).value.text == "2.0"


def test_a_fixture_is_set_up_for_each_call(box):
    calls = [recipe("cart.add(Item('x', 3))", "Item", fixtures=("cart",)) for _ in range(3)]
    explored = explore(box, *calls, near="tests", twice=True)
    assert [(one.value.text, one.steady) for one in explored.observations] == [("2", True)] * 3
    ((name, shown),) = explored.observations[0].after
    assert (name, dict(shown.fields)["total"].text) == ("cart", "5.0")


def test_autouse_fixtures_of_a_folder_are_in_force_there(box):
    import_os = {"setup": (("os", "__import__('os')"),)}
    assert observe(box, "os.environ.get('STRICT')", "double", near="tests/strict", **import_os).value.text == "'yes'"
    assert observe(box, "os.environ.get('STRICT')", "double", near="tests", **import_os).value.text == "None"


def test_what_is_no_news_is_told_in_short(box):
    explored = explore(box, *[recipe(f"double({number})") for number in (1, 2, 20)], full=False)
    first, second, third = explored.observations
    assert (first.new, second.new, third.new) == (True, False, True)
    assert (second.value, second.arcs, second.outcome) == (None, (), "returned")
    assert second.digest != first.digest
    known = explore(box, recipe("double(1)"), full=False, known=first.arcs)
    assert not known.observations[0].new


def test_equal_outcomes_have_equal_digests(box):
    explored = explore(box, recipe("double(2)"), recipe("double(3)"), recipe("double(2)"), recipe("fails(4)"))
    digests = [one.digest for one in explored.observations]
    assert digests[0] == digests[2]
    assert len(set(digests)) == 3


def test_hash_seed_takes_a_fresh_interpreter(box):
    seeds = {observe(box, "hash('a')", "double", hash_seed=seed).value.text for seed in (1, 2, 1)}
    assert len(seeds) == 2


def test_two_thousand_calls(box):
    recipes = tuple(recipe(f"double({number})", "double", key=f"k{number}") for number in range(2_000))
    request = ExploreRequest(PATH, recipes=recipes)
    explored = box.portal.call(box.service.explore, [request])[0]
    assert [one.key for one in explored.observations] == [one.key for one in recipes]
    assert {one.outcome for one in explored.observations} == {"returned"}


def test_time_of_all_is_limited(box):
    recipes = [recipe("waits_in_c()") for _ in range(20)]
    explored = explore(box, *recipes, call_s=0.2, timeout_s=3.0)
    assert (explored.status, explored.reason) == ("killed", "killed: time limit of 3 s")
    assert explored.observations[0].outcome == "timeout"
    assert explored.observations[-1].outcome == "not run"


def test_warnings_of_a_call_are_told_by_their_classes(box):
    one = observe(box, "gives_warning(3)", "gives_warning")
    assert (one.outcome, one.value.text, one.warned) == ("returned", "3", ("builtins:DeprecationWarning",))
    assert observe(box, "double(2)", "double").warned == ()
    two = observe(box, "warns_of_two_things(True)", "warns_of_two_things")
    assert two.warned == ("builtins:UserWarning", "shop.goods:Obsolete")
    assert two.digest != observe(box, "warns_of_two_things(False)", "warns_of_two_things").digest
    early = observe(box, "double(number)", "double", "gives_warning", setup=(("number", "gives_warning(3)"),))
    assert (early.value.text, early.warned) == ("6", ("",))


def test_file_that_is_left_open_is_no_warning_of_the_call(box):
    assert observe(box, "leaves_open()", "leaves_open").warned == ()
