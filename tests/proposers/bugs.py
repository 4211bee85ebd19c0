"""Small broken modules of many classes, with the change that makes each right."""

from __future__ import annotations

from tests.proposers.judge import bug

BUGS = (
    # names from the exception text
    bug(
        "name_typo",
        """
        def mean(values):
            total = sum(values)
            return total / len(vaules)
        """,
        ("len(vaules)", "len(values)"),
        checks=(("mean([1, 2, 3])", "2.0"),),
    ),
    bug(
        "missing_import",
        """
        def hypotenuse(a, b):
            return math.sqrt(a * a + b * b)
        """,
        ("def hyp", "import math\n\n\ndef hyp"),
        checks=(("hypotenuse(3, 4)", "5.0"),),
    ),
    bug(
        "missing_from_import",
        """
        def group(words):
            found = defaultdict(list)
            for word in words:
                found[word[0]].append(word)
            return dict(found)
        """,
        ("def group", "from collections import defaultdict\n\n\ndef group"),
        checks=(("group(['ab', 'ac'])", "{'a': ['ab', 'ac']}"),),
    ),
    bug(
        "wrong_attribute",
        """
        class Stack:
            def __init__(self):
                self.items = []

            def push(self, item):
                self.item.append(item)
                return self

            def size(self):
                return len(self.items)
        """,
        ("self.item.append", "self.items.append"),
        checks=(("Stack().push(3).size()", "1"),),
    ),
    bug(
        "wrong_method_of_builtin",
        """
        def tags(text):
            found = set()
            for word in text.split():
                if word.startswith("#"):
                    found.append(word[1:])
            return sorted(found)
        """,
        ("found.append", "found.add"),
        checks=(("tags('a #b #c')", "['b', 'c']"),),
    ),
    bug(
        "wrong_keyword",
        """
        def box(text, width=10, fill=" "):
            return text.center(width, fill)


        def title(text):
            return box(text, filler="*", width=9)
        """,
        ("filler=", "fill="),
        checks=(("title('abc')", "'***abc***'"),),
    ),
    bug(
        "wrong_key",
        """
        def parse(line):
            name, value = line.split("=")
            return {"name": name, "value": value}


        def show(line):
            entry = parse(line)
            return entry["nmae"] + ":" + entry["value"]
        """,
        ('"nmae"', '"name"'),
        checks=(("show('a=1')", "'a:1'"),),
    ),
    bug(
        "missing_self",
        """
        class Counter:
            def __init__(self, step):
                self.step = step
                self.value = 0

            def advance(self):
                self.value += step
                return self.value
        """,
        ("+= step", "+= self.step"),
        checks=(("Counter(2).advance()", "2"),),
    ),
    bug(
        "unbound_local",
        """
        def count_vowels(text):
            for char in text:
                if char in "aeiou":
                    total += 1
            return total
        """,
        ("    for char", "    total = 0\n    for char"),
        checks=(("count_vowels('hello')", "2"), ("count_vowels('')", "0")),
    ),
    # variables and attributes
    bug(
        "wrong_variable",
        """
        def scale(values, low, high):
            span = high - low
            result = []
            for value in values:
                result.append((value - high) / span)
            return result
        """,
        ("(value - high)", "(value - low)"),
        checks=(("scale([0, 5, 10], 0, 10)", "[0.0, 0.5, 1.0]"), ("scale([3], 1, 5)", "[0.5]")),
    ),
    bug(
        "wrong_own_attribute",
        """
        class Rect:
            def __init__(self, width, height):
                self.width = width
                self.height = height

            def area(self):
                return self.width * self.width
        """,
        ("self.width * self.width", "self.width * self.height"),
        checks=(("Rect(2, 3).area()", "6"), ("Rect(5, 1).area()", "5")),
    ),
    bug(
        "missing_attribute_access",
        """
        class Item:
            def __init__(self, price):
                self.price = price


        def total(items):
            result = 0
            for item in items:
                result += item
            return result
        """,
        ("+= item", "+= item.price"),
        checks=(("total([Item(2), Item(3)])", "5"),),
    ),
    # comparison, logic, operators, constants
    bug(
        "boundary",
        """
        def grade(points):
            if points > 90:
                return "A"
            if points > 80:
                return "B"
            return "C"
        """,
        ("points > 90", "points >= 90"),
        checks=(("grade(90)", "'A'"), ("grade(85)", "'B'"), ("grade(95)", "'A'"), ("grade(10)", "'C'")),
    ),
    bug(
        "wrong_connective",
        """
        def is_leap(year):
            return year % 4 == 0 and year % 100 != 0 and year % 400 == 0
        """,
        ("!= 0 and year", "!= 0 or year"),
        checks=(
            ("is_leap(2024)", "True"),
            ("is_leap(1900)", "False"),
            ("is_leap(2000)", "True"),
            ("is_leap(2023)", "False"),
        ),
    ),
    bug(
        "missing_not",
        """
        def missing(required, given):
            found = []
            for name in required:
                if name in given:
                    found.append(name)
            return found
        """,
        ("if name in given", "if name not in given"),
        checks=(("missing(['a', 'b'], ['a'])", "['b']"), ("missing(['x'], [])", "['x']")),
    ),
    bug(
        "true_division",
        """
        def middle(values):
            ordered = sorted(values)
            return ordered[len(ordered) / 2]
        """,
        ("len(ordered) / 2", "len(ordered) // 2"),
        checks=(("middle([3, 1, 2])", "2"),),
    ),
    bug(
        "range_too_short",
        """
        def factorial(n):
            result = 1
            for i in range(1, n):
                result *= i
            return result
        """,
        ("range(1, n)", "range(1, n + 1)"),
        checks=(("factorial(5)", "120"), ("factorial(1)", "1"), ("factorial(3)", "6")),
    ),
    bug(
        "slice_bound",
        """
        def without_extension(name):
            at = name.rfind(".")
            return name[: at + 1] if at > 0 else name
        """,
        ("[: at + 1]", "[:at]"),
        checks=(("without_extension('a.txt')", "'a'"), ("without_extension('b')", "'b'")),
    ),
    bug(
        "grouping",
        """
        def celsius(fahrenheit):
            return fahrenheit - 32 * 5 / 9
        """,
        ("fahrenheit - 32 * 5 / 9", "(fahrenheit - 32) * 5 / 9"),
        checks=(("celsius(212)", "100.0"), ("celsius(32)", "0.0")),
    ),
    bug(
        "augmented_operator",
        """
        def balance(moves):
            total = 0
            for kind, amount in moves:
                if kind == "in":
                    total += amount
                else:
                    total += amount
            return total
        """,
        ("    else:\n            total += amount", "    else:\n            total -= amount"),
        checks=(("balance([('in', 5), ('out', 2)])", "3"), ("balance([('in', 1)])", "1")),
    ),
    bug(
        "wrong_constant",
        """
        SECONDS = 60


        def minutes(hours):
            return hours * 100


        def seconds(hours):
            return minutes(hours) * SECONDS
        """,
        ("hours * 100", "hours * 60"),
        ("hours * 100", "hours * SECONDS"),
        checks=(("minutes(2)", "120"), ("seconds(1)", "3600")),
    ),
    bug(
        "text_literal",
        """
        def greet(name):
            return f"Hello, {name}" + "! Welcom back"
        """,
        ("! Welcom back", "! Welcome back"),
        checks=(("greet('Ann')", "'Hello, Ann! Welcome back'"),),
    ),
    bug(
        "default_value",
        """
        def split(text, keep_empty=True):
            parts = text.split(",")
            if keep_empty:
                return parts
            return [part for part in parts if part]
        """,
        ("keep_empty=True", "keep_empty=False"),
        checks=(("split('a,,b')", "['a', 'b']"), ("split('a,,b', keep_empty=True)", "['a', '', 'b']")),
    ),
    # calls
    bug(
        "swapped_arguments",
        """
        def power(base, exponent):
            result = 1
            for _ in range(exponent):
                result *= base
            return result


        def cube(n):
            return power(3, n)
        """,
        ("power(3, n)", "power(n, 3)"),
        checks=(("cube(2)", "8"), ("cube(4)", "64")),
    ),
    bug(
        "wrong_callee",
        """
        def flatten(rows):
            result = []
            for row in rows:
                result.append(row)
            return result
        """,
        ("result.append", "result.extend"),
        checks=(("flatten([[1], [2, 3]])", "[1, 2, 3]"), ("flatten([])", "[]")),
    ),
    bug(
        "missing_wrap",
        """
        def label(name, count):
            return name + ": " + count
        """,
        ("+ count", "+ str(count)"),
        checks=(("label('a', 3)", "'a: 3'"),),
    ),
    bug(
        "missing_method_call",
        """
        def same(left, right):
            return left.strip() == right.strip().lower()
        """,
        ("left.strip() ==", "left.strip().lower() =="),
        checks=(("same(' Ab', 'aB ')", "True"), ("same('x', 'y')", "False"), ("same('a', 'a')", "True")),
    ),
    bug(
        "missing_keyword",
        """
        def best(scores):
            return sorted(scores)[:2]
        """,
        ("sorted(scores)", "sorted(scores, reverse=True)"),
        checks=(("best([1, 5, 3])", "[5, 3]"), ("best([2])", "[2]")),
    ),
    bug(
        "missing_argument",
        """
        def rounded(value, digits=0):
            return round(value, digits)


        def price(value, digits):
            return rounded(value)
        """,
        ("rounded(value)\n", "rounded(value, digits)\n"),
        checks=(("price(1.256, 2)", "1.26"), ("price(1.234, 1)", "1.2")),
    ),
    bug(
        "missing_sorted",
        """
        def unique(words):
            return list(set(words))
        """,
        ("list(set(words))", "sorted(set(words))"),
        ("list(set(words))", "sorted(list(set(words)))"),
        checks=(("unique([30, 7, 7, 121, 9, 64])", "[7, 9, 30, 64, 121]"),),
    ),
    bug(
        "shared_reference",
        """
        class Board:
            def __init__(self, cells):
                self.cells = cells

            def snapshot(self):
                return self.cells


        def changed(cells):
            board = Board(cells)
            before = board.snapshot()
            board.cells[0] = 9
            return before
        """,
        ("return self.cells", "return self.cells.copy()"),
        ("return self.cells", "return list(self.cells)"),
        ("return self.cells", "return self.cells[:]"),
        checks=(("changed([1, 2])", "[1, 2]"),),
    ),
    # guards and conditions
    bug(
        "division_guard",
        """
        def average(values):
            total = 0
            for value in values:
                total += value
            return total / len(values)
        """,
        ("    total = 0\n", "    if not values:\n        return 0\n    total = 0\n"),
        ("    return total", "    if not values:\n        return 0\n    return total"),
        ("    total = 0\n", "    if not values:\n        return 0.0\n    total = 0\n"),
        ("    return total", "    if not values:\n        return 0.0\n    return total"),
        ("return total / len(values)", "return total / len(values) if values else 0"),
        ("return total / len(values)", "return total / len(values) if len(values) else 0"),
        ("return total / len(values)", "return total / len(values) if values else 0.0"),
        checks=(("average([]) == 0", "True"), ("average([2, 4])", "3.0")),
    ),
    bug(
        "none_guard",
        """
        def shout(text):
            return text.upper() + "!"
        """,
        ("    return text", "    if text is None:\n        return None\n    return text"),
        checks=(("shout(None)", "None"), ("shout('a')", "'A!'")),
    ),
    bug(
        "get_default",
        """
        def count(words):
            found = {}
            for word in words:
                found[word] = found[word] + 1
            return found
        """,
        ("found[word] + 1", "found.get(word, 0) + 1"),
        checks=(("count(['a', 'b', 'a'])", "{'a': 2, 'b': 1}"),),
    ),
    bug(
        "mutable_default",
        """
        def collect(item, into=[]):
            into.append(item)
            return into


        def twice():
            collect(1)
            return collect(2)
        """,
        (
            "into=[]):\n",
            "into=None):\n    if into is None:\n        into = []\n",
        ),
        checks=(("twice()", "[2]"), ("collect(1, [0])", "[0, 1]")),
    ),
    bug(
        "stricter_condition",
        """
        def first_long(words, size):
            i = 0
            while len(words[i]) < size:
                i += 1
            return i
        """,
        ("while len(words[i]) < size", "while i < len(words) and len(words[i]) < size"),
        checks=(("first_long(['a', 'bbb'], 2)", "1"), ("first_long(['a'], 2)", "1")),
    ),
    # statements
    bug(
        "missing_return",
        """
        def squares(numbers):
            result = []
            for number in numbers:
                result.append(number * number)
        """,
        ("number * number)\n", "number * number)\n    return result\n"),
        checks=(("squares([1, 2])", "[1, 4]"), ("squares([])", "[]")),
    ),
    bug(
        "return_inside_loop",
        """
        def total_length(words):
            size = 0
            for word in words:
                size += len(word)
                return size
        """,
        ("        return size", "    return size"),
        checks=(("total_length(['a', 'bc'])", "3"), ("total_length([])", "0")),
    ),
    bug(
        "missing_field",
        """
        class Point:
            def __init__(self, x, y):
                self.x = x

            def shifted(self, by):
                return (self.x + by, self.y + by)
        """,
        ("self.x = x\n", "self.x = x\n        self.y = y\n"),
        checks=(("Point(1, 2).shifted(1)", "(2, 3)"),),
    ),
    bug(
        "missing_increment",
        """
        def position(items, wanted):
            i = 0
            for item in items:
                if item == wanted:
                    return i
            return -1
        """,
        ("return i\n", "return i\n        i += 1\n"),
        checks=(("position(['a', 'b'], 'b')", "1"), ("position(['a'], 'a')", "0"), ("position([], 1)", "-1")),
    ),
    bug(
        "swapped_statements",
        """
        def moving(values):
            total = 0
            sums = []
            for value in values:
                sums.append(total)
                total += value
            return sums
        """,
        (
            "sums.append(total)\n        total += value",
            "total += value\n        sums.append(total)",
        ),
        checks=(("moving([1, 2, 3])", "[1, 3, 6]"),),
    ),
    bug(
        "missing_break",
        """
        def first_match(items, wanted):
            found = None
            for index, item in enumerate(items):
                if item == wanted:
                    found = index
            return found
        """,
        ("found = index\n", "found = index\n            break\n"),
        ("found = index\n", "return index\n"),
        checks=(("first_match([1, 2, 1], 1)", "0"), ("first_match([3], 4)", "None")),
    ),
    bug(
        "narrow_except",
        """
        def number(text):
            try:
                return int(text)
            except TypeError:
                return None
        """,
        ("except TypeError", "except (TypeError, ValueError)"),
        ("except TypeError", "except ValueError"),
        checks=(("number('x')", "None"), ("number('3')", "3")),
    ),
    bug(
        "superfluous_statement",
        """
        def ordered(words):
            result = sorted(words)
            result.reverse()
            return result
        """,
        ("    result.reverse()\n", ""),
        checks=(("ordered(['b', 'a', 'c'])", "['a', 'b', 'c']"),),
    ),
    bug(
        "two_places",
        """
        def clamp(value, low, high):
            if value > low:
                return low
            if value < high:
                return high
            return value
        """,
        (
            "value > low:\n        return low\n    if value < high",
            "value < low:\n        return low\n    if value > high",
        ),
        checks=(("clamp(0, 1, 3)", "1"), ("clamp(5, 1, 3)", "3"), ("clamp(2, 1, 3)", "2"), ("clamp(3, 1, 3)", "3")),
    ),
    # what the first rows leave out
    bug(
        "missing_refusal",
        """
        def withdraw(balance, amount):
            return balance - amount
        """,
        (
            "    return balance",
            '    if amount < 0:\n        raise ValueError(f"bad amount: {amount!r}")\n    return balance',
        ),
        checks=(
            ("raises(ValueError, lambda: withdraw(5, -1))", "True"),
            ("withdraw(5, 0)", "5"),
            ("withdraw(1, 2)", "-1"),
        ),
    ),
    bug(
        "wrong_exception",
        """
        def lookup(table, name):
            if name not in table:
                raise TypeError(name)
            return table[name]
        """,
        ("TypeError", "KeyError"),
        checks=(("raises(KeyError, lambda: lookup({}, 'a'))", "True"), ("lookup({'a': 1}, 'a')", "1")),
    ),
    bug(
        "translated_exception",
        """
        def parse(text):
            parts = text.split("=")
            return parts[0], parts[1]
        """,
        (
            "    return parts[0], parts[1]",
            "    try:\n        return parts[0], parts[1]\n    except IndexError as error:\n"
            "        raise ValueError(str(error)) from error",
        ),
        checks=(("raises(ValueError, lambda: parse('a'))", "True"), ("parse('a=b')", "('a', 'b')")),
    ),
    bug(
        "missing_f_prefix",
        """
        def hello(name):
            return "Hello, {name}!"
        """,
        ('"Hello', 'f"Hello'),
        checks=(("hello('Ann')", "'Hello, Ann!'"),),
    ),
    bug(
        "zero_is_not_none",
        """
        def limit(value, most=None):
            if most and value > most:
                return most
            return value
        """,
        ("if most and", "if most is not None and"),
        checks=(("limit(5, 0)", "0"), ("limit(5)", "5"), ("limit(5, 3)", "3")),
    ),
    bug(
        "missing_property",
        """
        class Circle:
            def __init__(self, radius):
                self.radius = radius

            def diameter(self):
                return self.radius * 2


        def ratio(circle):
            return circle.diameter / circle.radius
        """,
        ("    def diameter", "    @property\n    def diameter"),
        ("circle.diameter / ", "circle.diameter() / "),
        checks=(("ratio(Circle(2))", "2.0"),),
    ),
    bug(
        "missing_self_parameter",
        """
        class Greeter:
            name = "Ann"

            def greet(greeting):
                return greeting + self.name
        """,
        ("greet(greeting)", "greet(self, greeting)"),
        checks=(("Greeter().greet('Hi ')", "'Hi Ann'"),),
    ),
    bug(
        "running_maximum",
        """
        def longest_run(bits):
            best = 0
            current = 0
            for bit in bits:
                if bit:
                    current += 1
                    best = current
                else:
                    current = 0
            return best
        """,
        ("best = current", "best = max(best, current)"),
        checks=(("longest_run([1, 1, 0, 1])", "2"), ("longest_run([])", "0"), ("longest_run([1, 0, 1, 1])", "2")),
    ),
)
