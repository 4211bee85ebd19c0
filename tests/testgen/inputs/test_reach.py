"""Kinds of input that documentation, guards and hand-written parsers ask for: what is proposed, what it reaches."""

from __future__ import annotations

import pytest

from pytest_codemode.core.exploring import Described, Import, Observation, Parameter, Shape
from pytest_codemode.testgen.inputs.composing import composed, looked_for, reworded
from pytest_codemode.testgen.inputs.documentation import shown
from pytest_codemode.testgen.inputs.examples import examples
from pytest_codemode.testgen.inputs.generator import Target, propose
from pytest_codemode.testgen.inputs.likelihood import shapes_of
from pytest_codemode.testgen.inputs.names import said_by
from pytest_codemode.testgen.inputs.numbering import layouts, recounted, replaced_numbers
from pytest_codemode.testgen.inputs.pace import Pace
from pytest_codemode.testgen.inputs.plans import Plan, Value
from pytest_codemode.testgen.inputs.reading import uses_of
from pytest_codemode.testgen.inputs.scope import scope_of
from tests.testgen.inputs.samples import trial_of

# -- documentation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("doc", "wanted"),
    [
        ("Take YYYY-MM-DD or YYYYMMDD.", ["2024-02-28", "20240228"]),
        ("A time of day as HH:MM[:SS[.fff]].", ["13:05:09.123", "13:05"]),
        ("Formats:\n  -PnnW   weeks\n  -PYYYY-MM-DDThh:mm:ss   all", ["P3W", "P0001-02-03T04:05:09"]),
        ("Zones are ±hh:mm.", ["+13:05"]),
        ("Split a name, as `foo-1.0-py3-none-any.whl`.", ["foo-1.0-py3-none-any.whl"]),
        ('Durations, e.g. "P3D" or P1Y2M, and more.', ["P3D", "P1Y2M"]),
        ("Give ``'a b'`` or 'c d'.", ["a b", "c d"]),
        ("Take lines such as 10%, 2.5h or nothing.", ["10%", "2.5h"]),
        ("The header::\n\n    key=value; other=x\n\nIt ends.", ["key=value; other=x"]),
        ("Files are called `<name>-<version>.zip`.", ["HTMLParser-1.2.3.zip"]),
        ("Either ``strict`` or ``lax``.", ["strict", "lax"]),
    ],
)
def test_documentation_shows_samples_and_templates(doc, wanted):
    found = list(shown([doc], ()))
    assert [text for text in found if text in wanted] == wanted


@pytest.mark.parametrize(
    "doc",
    [
        "See :func:`parse`, :class:`Thing` and `parse_it`.",
        "Don't pass a user's name; it isn't read by `other.module.function` or ``call(x)``.",
        "Args:\n    text: what is read\n    other: some more of it\n",
        "COMMAND and SSH and WWW are words; MS too.",
        ">>> parse('nothing')\n'x'",
    ],
)
def test_names_of_code_and_prose_are_no_samples(doc):
    assert list(shown([doc], {"parse_it"})) == []


def test_a_documented_sample_is_called_as_a_constant_soon(tmp_path):
    source = 'def level(code):\n    """Read a code, e.g. "qx-77/B"."""\n    return hash(code) == hash("qx-" + "77/B")\n'
    trial = trial_of(tmp_path, source, "level", calls=40)
    found = [(at, recipe) for at, (recipe, _) in enumerate(trial.log) if recipe.call == 'level("qx-77/B")']
    assert found
    assert found[0][0] < 10
    assert found[0][1].origin == "constant"


def _examples(doc, name="parse", kind="function"):
    described = Described("a.py", "shop.a", name, 1, kind, parameters=(Parameter("text"),))
    known = {"parse": Import("shop.a", "parse")}
    return [(one.call, one.setup, one.imports) for one in examples(described, [doc], known)]


@pytest.mark.parametrize(
    "line",
    [
        'name, version = parse("foo-1.0.zip")',
        'total += parse("foo-1.0.zip")',
        'with parse("foo-1.0.zip") as it: it.go()',
        'x = parse("foo-1.0.zip"); x.y',
        'x: int = parse("foo-1.0.zip")',
    ],
)
def test_the_call_in_a_statement_of_an_example_is_taken(line):
    assert ('parse("foo-1.0.zip")', (), (Import("shop.a", "parse"),)) in _examples(f">>> {line}\n")


def test_names_that_an_example_unpacks_can_be_used_later():
    calls = _examples('>>> name, version = "foo 1.0".split()\n>>> parse(version)\n')
    assert calls[0][:2] == (
        "parse(version)",
        (("name_version", 'tuple("foo 1.0".split())'), ("version", "name_version[1]")),
    )


def test_other_names_of_imports_are_written_out():
    call, _, imports = _examples('>>> import shop.a as sa\n>>> sa.parse("x")\n')[0]
    assert (call, imports) == ('shop.a.parse("x")', (Import("shop.a"),))
    assert _examples('>>> from shop.a import parse as p\n>>> p("y")\n')[0][0] == 'parse("y")'


def test_calls_without_a_prompt_are_taken_if_their_names_are_known():
    doc = 'Use `parse("a b")` or::\n\n    result = parse("c")  # 3 parts\n    parse(text)\n\n`parse()` is no example.'
    assert [call for call, _, _ in _examples(doc)] == ['parse("a b")', 'parse("c")']


def test_the_name_of_a_function_says_what_it_takes():
    assert '"2024-02-29"' in said_by("Reader.parse_date")
    assert said_by("spread") == ()


# -- texts ------------------------------------------------------------------------------------------------------------


def test_numbers_in_texts_keep_their_width_and_base():
    assert list(replaced_numbers("at 05:30", 5, 24)) == ["at 24:30", "at 18:30"]
    assert "#1f" in set(replaced_numbers("#0a", 10, 31))


def test_characters_that_a_parser_looks_for_are_combined():
    source = """
_BREAKS = "\\r\\n"
def read(text):
    for one in text:
        if one == "'":
            pass
        elif one in ("[", "]") or one in _BREAKS or one == "a":
            pass
"""
    scope = scope_of(Described("a.py", "a", "read", 3), source)
    characters = looked_for([scope.function], scope)
    assert characters == ["'", "[", "]", "\r", "\n"]
    assert {"a[b", "[a]", "[a[b]]", "'a'", "[a'b]"} <= set(composed(characters))


def test_words_of_the_code_stand_where_an_expression_has_words():
    assert {"path=a", "ab=path", "ab=a; path=a"} <= set(reworded(["ab=a"], ["path"]))


def test_texts_are_laid_out_as_the_code_cuts_them():
    source = """
def clock(text):
    hour, minute = text.split("h")
    if text[2] != "/":
        return int(text[:2]) + int(text[3:5])
"""
    scope = scope_of(Described("a.py", "a", "clock", 2), source)
    assert {"11/11", "00/00", "1h1"} <= set(layouts([scope.function]))


def test_texts_get_as_many_marks_as_the_code_counts():
    source = "def parts(name):\n    dashes = name.count('-')\n    return dashes == 3\n"
    scope = scope_of(Described("a.py", "a", "parts", 1), source)
    assert "foo-1.0-1-any" in set(recounted([scope.function], ["foo-1.0-any"]))


def test_types_that_the_code_asks_for_are_likely_whatever_the_default_is():
    source = "import datetime\ndef f(step=1):\n    _, by = 0, step\n    return isinstance(by, datetime.timedelta)\n"
    scope = scope_of(Described("a.py", "a", "f", 2), source)
    likely, _ = shapes_of(Parameter("step", default="1"), uses_of("step", scope.function, scope))
    assert Shape("class", "datetime:timedelta") in likely


# -- reached ----------------------------------------------------------------------------------------------------------

_CLOCK = """
def clock(text):
    hour, minute = int(text[:2]), int(text[3:5], 16)
    if not 0 <= hour < 24:
        if hour == 24 and minute == 0:
            return "midnight"
        raise ValueError("hour")
    if minute > 0x3B:
        raise ValueError("minute")
    if text[2] != ":":
        return "unusual"
    return hour * 60 + minute
"""
_GUARDED = """
def area(width: float, height: float, unit: str) -> float:
    if not isinstance(width, (int, float)):
        raise TypeError("width")
    if not isinstance(height, (int, float)):
        raise TypeError("height")
    if not isinstance(unit, str):
        raise TypeError("unit")
    return width * height
"""
_CALLBACKS = """
class Lost(Exception):
    pass


def attempt(action, fallback):
    try:
        return action(1)
    except LookupError:
        return fallback
    except Lost:
        return None
    except (ValueError, OSError) as error:
        return str(error)


def chosen(keep, number: int):
    if keep(number):
        return "kept"
    return "dropped"


def ready(callback):
    if not callable(callback):
        raise TypeError("callback")
    return callback
"""
_NESTED = """
def port(config):
    server = config["server"]
    if server.get("options", {}).get("secure") == "yes":
        return 443
    if config["server"]["port"] > 1024:
        return "high"
    return "low"


def title(page):
    if page.author.name.startswith("Dr"):
        return "doctor"
    return page.heading
"""
_MODES = """
_HANDLERS = {"fast": 1, "careful": 2}


def run(text, mode="fast", strict=False, level=0):
    if mode.lower() == "careful" and strict:
        if level == 3:
            return "all"
        return "careful and strict"
    return _HANDLERS[mode]


def kind(how, strict=False):
    match how:
        case "left" if strict:
            return 1
        case "right" if strict:
            return 2
    return 3
"""
_ZONE = """
import datetime


class Fixed(datetime.tzinfo):
    def __init__(self, hours=1):
        self.hours = hours

    def utcoffset(self, dt):
        return datetime.timedelta(hours=self.hours)

    def fromutc(self, dt):
        if dt.tzinfo is not self:
            raise ValueError("another zone")
        return dt + self.utcoffset(dt)


class Bag:
    def __init__(self, items=()):
        self.items = list(items)

    def merge(self, more):
        if more is self:
            return self
        if not isinstance(more, Bag):
            raise TypeError("no bag")
        return Bag(self.items + more.items)
"""
_SCANNER = """
def fields(text):
    found, current, quote, escaped = [], "", "", False
    for one in text:
        if escaped:
            current, escaped = current + one, False
        elif one == "\\\\":
            escaped = True
        elif quote:
            if one == quote:
                quote = ""
            else:
                current += one
        elif one in "'\\"":
            quote = one
        elif one == ";":
            found.append(current)
            current = ""
        else:
            current += one
    if quote:
        raise ValueError("open quote")
    if escaped:
        raise ValueError("open escape")
    return [*found, current]
"""


@pytest.mark.parametrize(
    ("source", "function", "calls"),
    [
        (_CLOCK, "clock", 1500),
        (_GUARDED, "area", 200),
        (_CALLBACKS, "chosen", 100),
        (_CALLBACKS, "ready", 100),
        (_NESTED, "port", 1500),
        (_NESTED, "title", 1500),
        (_MODES, "run", 400),
        (_MODES, "kind", 400),
        (_ZONE, "Fixed.fromutc", 100),
        (_ZONE, "Bag.merge", 100),
        (_SCANNER, "fields", 500),
    ],
)
def test_every_branch_is_reached_within_so_many_calls(tmp_path, source, function, calls):
    trial = trial_of(tmp_path, source, function, calls=calls)
    assert trial.own
    assert trial.missing == set()


def test_exceptions_that_are_caught_are_raised_by_what_is_called(tmp_path):
    trial = trial_of(tmp_path, _CALLBACKS, "attempt", calls=300)
    calls = {recipe.call for recipe, _ in trial.log}
    assert any("lambda x: [][0]" in call for call in calls)
    assert any('lambda x: (_ for _ in ()).throw(Lost("wrong"))' in call for call in calls)


def test_an_argument_refers_to_the_object_by_the_name_that_it_has():
    source = "class Bag:\n    def merge(self, bag):\n        return bag\n"
    owner = Shape("class", "shop.a:Bag")
    described = Described("a.py", "shop.a", "Bag.merge", 2, "method", parameters=(Parameter("bag"),), owner=owner)
    inputs, recipes, sent = propose(Target(described, source, (), ()), frozenset), [], None
    while True:
        try:
            batch = inputs.send(sent)
        except StopIteration:
            break
        recipes.extend(batch)
        sent = tuple(Observation(recipe.key, "returned", new=False) for recipe in batch)
    assert any(recipe.call == "bag.merge(bag)" and recipe.setup == (("bag", "Bag()"),) for recipe in recipes)


def test_what_is_done_with_parts_of_a_value_tells_their_types():
    source = "def f(x):\n    inner = x['a']\n    inner['b'].append(1)\n    return x.get('c').lower() + x['d'](2)\n"
    scope = scope_of(Described("a.py", "a", "f", 1), source)
    shape = uses_of("x", scope.function, scope).shapes()[0]
    kinds = {member.name: member.shape for member in shape.parameters}
    assert kinds["a"].kind == "typeddict"
    assert kinds["a"].parameters[0].name == "b"
    assert (kinds["c"].kind, kinds["d"].kind) == ("str", "callable")


def test_objects_and_steps_whose_setup_always_fails_are_left_out():
    pace = Pace()
    good, bad = Plan(receiver=Value("Cart()")), Plan(receiver=Value("Cart()"), steps=(("_", "cart.pop()"),))
    for _ in range(3):
        pace.note(bad, Observation("1", "invalid", new=False))
        pace.note(good, Observation("2", "returned"))
    assert pace.is_waste(bad)
    assert not pace.is_waste(good)
    pace.note(Plan(receiver=good.receiver, steps=(("_", "cart.add(1)"), *bad.steps)), Observation("3", "returned"))
    assert not pace.is_waste(bad)
