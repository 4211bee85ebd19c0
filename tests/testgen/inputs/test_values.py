"""From types, uses, names and patterns to expressions."""

from __future__ import annotations

import ast
import re

import pytest

from pytest_codemode.core.exploring import Compared, Described, Import, Parameter, Shape
from pytest_codemode.testgen.inputs.expressions import literal, normalised, snake_case
from pytest_codemode.testgen.inputs.patterns import matching
from pytest_codemode.testgen.inputs.reading import uses_of
from pytest_codemode.testgen.inputs.scope import scope_of
from pytest_codemode.testgen.inputs.shapes import values
from pytest_codemode.testgen.inputs.substitution import flipping

_STR, _INT = Shape("str"), Shape("int")


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        (Shape("bool"), {"True", "False"}),
        (Shape("none"), {"None"}),
        (_INT, {"0", "1", "-1", "10"}),
        (_STR, {'"hello world"', '""', '"Ünïcode"'}),
        (Shape("literal", members=("'a'", "2")), {"'a'", "2"}),
        (Shape("enum", "shop.kinds:Kind", members=("ONE", "TWO")), {"Kind.ONE", "Kind.TWO"}),
        (Shape("union", items=(Shape("none"), _INT)), {"3", "None"}),
        (Shape("list", items=(_INT,)), {"[]", "[1, 2, 3]"}),
        (Shape("tuple", items=(_STR, _INT)), {'("hello world", 3)'}),
        (Shape("tuple", items=(_INT,), variadic=True), {"()", "(3,)", "(1, 2, 3)"}),
        (Shape("set", items=(_INT,)), {"set()", "{1, 2, 3}"}),
        (Shape("frozenset", items=(_INT,)), {"frozenset()", "frozenset({1, 2, 3})"}),
        (Shape("dict", items=(_STR, _INT)), {"{}", '{"a": 1}', '{"a": 1, "b": 2}'}),
        (Shape("iterator", items=(_INT,)), {"[1, 2, 3]", "iter([1, 2, 3])", "iter([])"}),
        (Shape("callable", parameters=(Parameter("a"), Parameter("b"))), {"lambda a, b: a + b"}),
        (Shape("type", items=(Shape("class", "shop.kinds:Kind"),)), {"Kind"}),
        (Shape("class", "datetime:date"), {"datetime.date(2024, 2, 29)"}),
        (Shape("class", "decimal:Decimal"), {'decimal.Decimal("1.50")'}),
        (Shape("protocol", "a:P", parameters=(Parameter("size", shape=_INT),)), {"types.SimpleNamespace(size=3)"}),
    ],
)  # fmt: skip
def test_every_kind_of_type_has_its_values(shape, wanted):
    assert wanted <= {value.text for value in values(shape)}


def test_classes_are_made_by_their_constructors_recursively():
    point = Shape(
        "dataclass", "geo:Point", parameters=(Parameter("x", shape=_INT), Parameter("y", shape=_INT, default="0"))
    )
    line = Shape("dataclass", "geo:Line", parameters=(Parameter("start", shape=point), Parameter("end", shape=point)))
    found = values(line)
    assert found[0].text == "Line(Point(3), Point(3))"
    assert set(found[0].imports) == {Import("geo", "Line"), Import("geo", "Point")}
    assert any("y=" in value.text for value in values(point))


def test_a_typed_dict_is_given_with_and_without_its_optional_keys():
    keys = (Parameter("name", shape=_STR), Parameter("age", shape=_INT, default="..."))
    found = [value.text for value in values(Shape("typeddict", "shop:User", parameters=keys))]
    assert found[0].startswith('{"name": ')
    assert '"age": 3' in found[0]
    assert any('"name"' in text and '"age"' not in text for text in found)


def test_an_abstract_class_has_no_values():
    assert values(Shape("class", "shop:Base", abstract=True)) == ()


def _shape(body, name="x"):
    source = f"def f({name}):\n    {body}\n"
    scope = scope_of(Described("a.py", "a", "f", 1), source)
    shapes = uses_of(name, scope.function, scope).shapes()
    return shapes[0] if shapes else None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return x.lower()", "str"),
        ("return x.items()", "dict"),
        ("x.append(1)", "list"),
        ("return x(1)", "callable"),
        ("return x * 2 - 1", "int"),
        ("return x == 'a'", "str"),
        ("return x in ('a', 'b')", "str"),
        ("return sum(x)", "list"),
        ("return next(x)", "iterator"),
        ("return isinstance(x, bytes)", "bytes"),
        ("return range(x)", "int"),
        ("return '%d' % x + f'{x:,d}'", "int"),
        ("return x / 2.5", "float"),
        ("return {**x}", "dict"),
        ("return {x: 1}[x + 1]", "int"),
        ("return x['name'], x['age']", "typeddict"),
        ("return x.left.value, x.right", "protocol"),
    ],
)
def test_the_use_of_a_parameter_tells_its_type(body, kind):
    assert _shape(body).kind == kind


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("return x.total_seconds()", "datetime:timedelta"),
        ("return x.isocalendar(), x.hour", "datetime:datetime"),
        ("return x.as_tuple()", "decimal:Decimal"),
        ("return x.read_text()", "pathlib:Path"),
        ("return x.groupdict()", "re:Match"),
    ],
)
def test_attributes_tell_standard_classes(body, name):
    assert _shape(body).name == name


def test_the_use_in_a_loop_tells_the_type_of_the_elements():
    shape = _shape("return [one.strip() for one in x]")
    assert (shape.kind, shape.items) == ("list", (_STR,))


def test_the_use_in_a_helper_of_the_file_counts():
    source = "def f(x):\n    return g(x)\n\ndef g(value):\n    return value.lower()\n"
    scope = scope_of(Described("a.py", "a", "f", 1), source)
    assert uses_of("x", scope.function, scope).shapes()[0] == _STR


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(\d{4})-(\d\d)-(\d\d)$",
        r"[a-z]+(?:_[a-z]+)*",
        r"(?P<user>[\w.]+)@(?P<host>[\w-]+\.)+com",
        r"(\w)\1+",
        r"#(?:[0-9a-f]{3}){1,2}\b",
        r"\s*(yes|no|maybe)\s*",
        r"[^\d\s]{2,}",
        r"(a)?(?(1)b|c)",
    ],
)
def test_texts_derived_from_a_pattern_match_it(pattern):
    found = matching(pattern)
    assert found
    assert all(re.search(pattern, text) for text in found)


def test_every_alternative_of_a_pattern_gets_a_text():
    assert {"yes", "no", "maybe"} <= set(matching("yes|no|maybe"))


def test_no_pattern_gives_no_texts():
    assert matching("(") == ()


@pytest.mark.parametrize(
    ("text", "compared", "wanted"),
    [
        ("f(3)", Compared(1, "==", "3", "41", holds=False), "f(41)"),
        ('"hello"', Compared(1, "==", "5", "8", holds=False), '"hellohel"'),
        ("[1, 2]", Compared(1, ">", "2", "4", holds=False), "[1, 2, 1, 2, 1]"),
        ('"2024-02-29"', Compared(1, ">", "2", "12", holds=False), '"13024-02-29"'),
        ('"Alpha beta"', Compared(1, "==", '"alpha"', '"gamma"', holds=False), '"gamma beta"'),
        ('"abc"', Compared(1, "startswith", '"abc"', '"--"', holds=False), '"--abc"'),
        ('"key"', Compared(1, "in", '"key"', '{"a": 1, "b": 2}', holds=False), '"b"'),
        ('"x1"', Compared(1, "isdigit", '"x1"', "None", holds=False), '"12"'),
    ],
)
def test_operands_stand_where_the_other_one_came_from(text, compared, wanted):
    assert wanted in set(flipping(text, compared))


@pytest.mark.parametrize("value", ["a", "it's", 'say "a"', "both ' and \"", "\\", "\n", "", ["a", "it's"], {"k": b"v"}])
def test_source_text_of_a_literal_gives_it_back(value):
    text = literal(value)
    assert ast.literal_eval(text) == value


def test_expressions_are_written_with_double_quotes():
    assert normalised("f('a', [ 'b' ],k = {'c':  1})") == 'f("a", ["b"], k={"c": 1})'
    assert normalised("f(") == ""


def test_a_class_name_becomes_a_variable():
    assert [snake_case(name) for name in ("Cart", "HTTPServer", "_Private", "Class")] == [
        "cart",
        "http_server",
        "private",
        "class_",
    ]
