"""What is proposed, in which order, and how it reads."""

from __future__ import annotations

from pytest_codemode.core.exploring import Described, Import, Observation, Parameter, Shape
from pytest_codemode.testgen.inputs.generator import Target, propose
from pytest_codemode.testgen.recorded import RecordedCall

_STR, _INT, _BOOL = Shape("str"), Shape("int"), Shape("bool")
_ARC = frozenset({(1, 2)})


def _target(source, qualname="slugify", *, parameters=(), recorded=(), siblings=(), callers=(), **more):
    name = qualname.rpartition(".")[2]
    line = next((at for at, text in enumerate(source.splitlines(), 1) if f"def {name}(" in text), 0)
    described = Described("shop/text.py", "shop.text", qualname, line, parameters=parameters, **more)
    return Target(described, source, siblings, recorded, callers)


def _all(target, wanted=frozenset(), most=60, **more):
    """Return the recipes of up to so many batches; nothing is ever new."""
    inputs, recipes, sent = propose(target, lambda: wanted, **more), [], None
    for _ in range(most):
        try:
            batch = inputs.send(sent)
        except StopIteration:
            break
        recipes.extend(batch)
        sent = tuple(Observation(recipe.key, "returned", new=False) for recipe in batch)
    return recipes


_SLUGIFY = '''
"""Texts.

>>> slugify("From the module")
'from-the-module'
"""
def slugify(text, max_length=0, separator="-"):
    """Make a slug.

    >>> slugify("Hello World")
    'hello-world'
    >>> long = "a b c"
    >>> slugify(long, max_length=3)
    'a-b'
    >>> slugify(None)
    Traceback (most recent call last):
        ...
    TypeError: a text is wanted
    """
    if text is None:
        raise TypeError("a text is wanted")
    return separator.join(text.lower().split())[:max_length or None]
'''
_PARAMETERS = (Parameter("text"), Parameter("max_length", default="0"), Parameter("separator", default="'-'"))


def test_docstring_examples_come_first_as_they_stand_with_what_they_need():
    first = _all(_target(_SLUGIFY, parameters=_PARAMETERS))[:4]
    assert [(recipe.call, recipe.expected) for recipe in first] == [
        ('slugify("Hello World")', "'hello-world'"),
        ("slugify(long, max_length=3)", "'a-b'"),
        ("slugify(None)", "TypeError: a text is wanted"),
        ('slugify("From the module")', "'from-the-module'"),
    ]
    assert first[1].setup == (("long", '"a b c"'),)
    assert all(recipe.origin == "docstring" for recipe in first)
    assert first[0].imports == (Import("shop.text", "slugify"),)


def test_an_example_that_needs_a_statement_no_setup_can_repeat_is_left_out():
    source = _SLUGIFY.replace('>>> long = "a b c"', ">>> for long in ['a b c']: pass")
    calls = [recipe.call for recipe in _all(_target(source, parameters=_PARAMETERS)) if recipe.origin == "docstring"]
    assert calls == ['slugify("Hello World")', "slugify(None)", 'slugify("From the module")']


def test_examples_that_print_or_stand_in_a_statement_are_taken_as_well():
    doc = """
    >>> print(slugify("One"))
    one
    >>> print("slug:", slugify("Two"))
    slug: two
    >>> for part in slugify("Three").split("-"):
    ...     print(part)
    three
    """
    target = _target("def slugify(text):\n    return text\n", parameters=_PARAMETERS[:1], doc=doc)
    assert [(recipe.call, recipe.expected) for recipe in _all(target)[:3]] == [
        ('slugify("One")', "one"),
        ('slugify("Two")', ""),
        ('slugify("Three")', ""),
    ]


def test_recorded_calls_follow_the_examples():
    recorded = (
        RecordedCall("slugify", (("text", "'Seen'"), ("separator", "'_'")), "tests/test_text.py::test_it"),
        RecordedCall("other", (("text", "'no'"),), "tests/test_text.py::test_it"),
    )
    recipes = _all(_target(_SLUGIFY, parameters=_PARAMETERS, recorded=recorded))
    assert recipes[4].call == 'slugify("Seen", separator="_")'
    assert recipes[4].origin == "recorded"
    assert not any('"no"' in recipe.call for recipe in recipes)


def test_a_recorded_method_is_called_on_the_object_that_was_seen():
    cart = _cart("Cart.total")
    seen = RecordedCall(
        "Cart.total",
        (("factor", "Decimal('2')"),),
        "t.py::t",
        "Cart([9])",
        (Import("decimal", "Decimal"), Import("shop.text", "Cart")),
    )
    recipe = _all(Target(cart.described, cart.source, cart.siblings, (seen,)))[1]
    assert recipe.setup == (("cart", "Cart([9])"),)
    assert recipe.call == 'cart.total(factor=Decimal("2"))'
    assert set(recipe.imports) == {Import("decimal", "Decimal"), Import("shop.text", "Cart")}


def test_arguments_with_which_calls_never_come_back_are_left_out():
    source = "def wait(n, text):\n    return n\n"
    target = _target(source, "wait", parameters=(Parameter("n", shape=_INT), Parameter("text", shape=_STR)))
    inputs, sent, slow = propose(target, lambda: _ARC), None, 0
    for _ in range(12):
        batch = inputs.send(sent)
        over = [recipe.call.startswith("wait(100,") for recipe in batch]
        slow += sum(over)
        sent = tuple(
            Observation(r.key, "timeout" if late else "returned", new=not late)
            for r, late in zip(batch, over, strict=True)
        )
    assert 0 < slow < 12


def test_required_arguments_are_passed_by_position_and_optional_ones_by_name():
    calls = [recipe.call for recipe in _all(_target(_SLUGIFY, parameters=_PARAMETERS))]
    assert 'slugify("hello world")' in calls
    assert any(call.startswith('slugify("Hello World", max_length=') for call in calls)
    assert any(call.startswith('slugify("Hello World", separator=') for call in calls)


def test_recipes_are_unique_and_the_same_for_the_same_seed():
    target = _target(_SLUGIFY, parameters=_PARAMETERS)
    one, other = _all(target, _ARC, 12, seed=3), _all(target, _ARC, 12, seed=3)
    assert one == other
    assert len({(recipe.call, recipe.setup) for recipe in one}) == len(one)
    assert len({recipe.key for recipe in one}) == len(one)
    assert [r.call for r in _all(target, _ARC, 12, seed=4)] != [r.call for r in one]


def test_only_plain_kinds_of_input_are_given_once_nothing_is_missing():
    target = _target(_SLUGIFY, parameters=_PARAMETERS)
    plain, more = _all(target), _all(target, _ARC, 20)
    assert 20 < len(plain) < 150
    assert len(more) > 3 * len(plain)
    assert more[: len(plain)] == plain


def test_batches_grow():
    inputs = propose(_target(_SLUGIFY, parameters=_PARAMETERS), lambda: _ARC)
    sizes, sent = [], None
    for _ in range(6):
        batch = inputs.send(sent)
        sizes.append(len(batch))
        sent = tuple(Observation(recipe.key, "returned", new=False) for recipe in batch)
    assert sizes[0] == 4
    assert sizes[1] == 24
    assert max(sizes) <= 300


def test_a_project_fixture_is_passed_by_its_name():
    source = "def total(cart):\n    return cart.sum()\n"
    recipe = _all(_target(source, "total", parameters=(Parameter("cart"),), fixtures=("cart",)))[0]
    assert (recipe.call, recipe.fixtures, recipe.setup) == ("total(cart)", ("cart",), ())


def test_changeable_arguments_are_made_in_the_setup():
    source = "def drop_first(items):\n    for item in items:\n        pass\n    items.pop(0)\n"
    recipe = _all(_target(source, "drop_first", parameters=(Parameter("items"),)))[0]
    assert recipe.call == "drop_first(items)"
    assert recipe.setup == (("items", "[1, 2, 3]"),)


def test_a_name_of_a_builtin_is_not_rebound():
    source = "def first(list):\n    return list.append(1)\n"
    recipe = _all(_target(source, "first", parameters=(Parameter("list"),)))[0]
    assert recipe.setup[0][0] == "list_"
    assert recipe.call == "first(list_)"


_CART = '''
class Cart:
    """Holds prices.

    >>> cart = Cart([3])
    >>> cart.add(2)
    >>> cart.total(2)
    10
    """

    def __init__(self, prices):
        self.prices = prices

    def add(self, price):
        self.prices.append(price)

    def total(self, factor=1):
        if not self.prices:
            return 0
        return sum(self.prices) * factor

    @classmethod
    def from_text(cls, text):
        return cls([int(part) for part in text.split(",")])

    def __len__(self):
        return len(self.prices)

    def __add__(self, other):
        return Cart(self.prices + other.prices)
'''


def _cart(qualname, parameters=(), kind="method"):
    owner = Shape("class", "shop.text:Cart", parameters=(Parameter("prices"),))

    def one(name, taken, kind):
        line = next(at for at, text in enumerate(_CART.splitlines(), 1) if f"def {name}(" in text)
        return Described("shop/text.py", "shop.text", f"Cart.{name}", line, kind, parameters=taken, owner=owner)

    everything = (
        one("__init__", (Parameter("prices"),), "constructor"),
        one("add", (Parameter("price"),), "method"),
        one("total", (Parameter("factor", default="1"),), "method"),
        one("from_text", (Parameter("text"),), "classmethod"),
        one("__len__", (), "method"),
        one("__add__", (Parameter("other"),), "method"),
    )
    described = next(one for one in everything if one.qualname == qualname)
    return Target(described, _CART, tuple(one for one in everything if one is not described), ())


def test_a_docstring_of_the_class_gives_examples_of_its_methods():
    recipe = _all(_cart("Cart.total"))[0]
    assert recipe.call == "cart.total(2)"
    assert recipe.setup == (("cart", "Cart([3])"), ("_", "cart.add(2)"))
    assert recipe.expected == "10"


def test_methods_are_called_on_objects_made_before_with_steps_between():
    recipes = _all(_cart("Cart.total"))
    receivers = {dict(recipe.setup)["cart"] for recipe in recipes if "cart" in dict(recipe.setup)}
    assert {"Cart([1, 2, 3])", "Cart([])"} <= receivers
    assert any("Cart.from_text(" in receiver for receiver in receivers)
    assert any(name == "_" and text.startswith("cart.add(") for recipe in recipes[5:] for name, text in recipe.setup)
    assert any(recipe.call == "cart.total()" for recipe in recipes)


def test_special_methods_are_written_as_their_syntax():
    assert _all(_cart("Cart.__len__"))[0].call == "len(cart)"
    add = _all(_cart("Cart.__add__"))[0]
    assert add.call == "cart + other"
    assert dict(add.setup)["other"].startswith("Cart(")


def test_constructors_are_called_by_the_class():
    recipe = _all(_cart("Cart.__init__"))[1]
    assert recipe.call.startswith("Cart(")
    assert recipe.imports == (Import("shop.text", "Cart"),)


def test_what_an_inverse_function_gives_is_fed_to_the_target():
    source = "def format_price(value):\n    return f'{value} EUR'\n\ndef parse_price(text):\n    return text.split()\n"
    format_price = Described(
        "shop/text.py", "shop.text", "format_price", 1, parameters=(Parameter("value", shape=_INT),)
    )
    target = _target(source, "parse_price", parameters=(Parameter("text", shape=_STR),), siblings=(format_price,))
    pairs = [recipe for recipe in _all(target) if recipe.origin == "pair"]
    assert pairs[0].call == "parse_price(format_price(3))"
    assert Import("shop.text", "format_price") in pairs[0].imports


def test_files_are_written_under_tmp_path():
    source = "def words(path):\n    with open(path) as stream:\n        return stream.read().split()\n"
    recipes = _all(_target(source, "words", parameters=(Parameter("path", shape=_STR),)))
    assert recipes
    assert all("tmp_path" in recipe.fixtures for recipe in recipes if recipe.origin != "mutation")
    assert recipes[0].call == 'words(str(tmp_path / "a.txt"))'
    assert recipes[0].setup[0][1].startswith('(tmp_path / "a.txt").write_text(')


def test_constants_of_callers_and_tables_are_tried():
    source = 'MONTHS = {"jan": 1, "feb": 2}\ndef month(name):\n    return MONTHS[name]\n'
    target = _target(source, "month", parameters=(Parameter("name"),), callers=('month("sept")',))
    calls = {recipe.call for recipe in _all(target, _ARC, 8)}
    assert {'month("jan")', 'month("feb")', 'month("sept")'} <= calls


def test_operands_of_comparisons_are_put_where_they_came_from():
    source = "def level(text):\n    if text.strip() == chr(113):\n        return 1\n    return 0\n"
    inputs = propose(_target(source, "level", parameters=(Parameter("text", shape=_STR),)), lambda: frozenset({(2, 3)}))
    sent, calls = None, set()
    for _ in range(12):
        from pytest_codemode.core.exploring import Compared

        batch = inputs.send(sent)
        calls |= {recipe.call for recipe in batch}
        told = (Compared(2, "==", '"hello world"', '"q"', holds=False, distance=0.9),)
        sent = tuple(
            Observation(r.key, "returned", arcs=((1, 2), (2, 4)), compared=told if "hello" in r.call else (), new=False)
            for r in batch
        )
    assert 'level("q")' in calls


def test_a_target_that_is_unfit_gets_no_calls():
    assert _all(_target("def ask(text):\n    return input(text)\n", "ask", parameters=(Parameter("text"),))) == []


def test_a_source_that_does_not_parse_is_no_obstacle():
    recipes = _all(
        _target("def slugify(text:\n", parameters=(Parameter("text", shape=_STR), Parameter("loud", shape=_BOOL)))
    )
    assert recipes[0].call == 'slugify("hello world", True)'
