"""Operators for variables, arithmetic, literals and texts."""

from __future__ import annotations

from pytest_codemode.proposers.search.operator import Operator, wrong
from pytest_codemode.proposers.search.operators import arithmetic, constants, literals, variables

_IDENTIFIER = "changed identifier (TSSB-3M, 237k)"
_ATTRIBUTE = "changed attribute (TSSB-3M, 104k)"
_ACCESS = "attribute access added or removed (TSSB-3M, 32k)"
_BINARY = "changed binary operator (TSSB-3M, 29k)"
_OPERAND = "changed operand of a binary operator (TSSB-3M, 174k)"
_NUMBER = "changed number (TSSB-3M, 97k)"
_ELEMENT = "element added to a literal (TSSB-3M, 57k)"
_SPAN = (
    "class Span:\n    def __init__(self, start, stop):\n        self.start = start\n        self.stop = stop\n\n"
    "    def f(self):\n        return self.stop - self.stop\n"
)

OPERATORS = (
    Operator(
        "variables.name",
        0.8,
        variables.name,
        _IDENTIFIER,
        wrong("def f(width, height):\n    return width * width\n", ("* width", "* height"), left="4", right="6"),
    ),
    Operator(
        "variables.exchanged",
        0.5,
        variables.exchanged,
        "swapped operands or targets (TSSB-3M, swapped arguments 8k)",
        wrong(
            "def f(pairs):\n    found = {}\n    for key, value in pairs:\n        found[key] = value\n"
            "    return found\n",
            ("found[key] = value", "found[value] = key"),
            left="{1: 2}",
            right="{2: 1}",
        ),
    ),
    Operator(
        "variables.global",
        0.5,
        variables.global_name,
        _IDENTIFIER,
        wrong(
            "LOW = 1\nHIGH = 9\n\n\ndef f(n):\n    return n > LOW\n", ("> LOW", "> HIGH"), left="True", right="False"
        ),
    ),
    Operator(
        "variables.attribute", 0.7, variables.attribute, _ATTRIBUTE, wrong(_SPAN, ("- self.stop", "- self.start"))
    ),
    Operator(
        "variables.access",
        0.6,
        variables.access,
        _ACCESS,
        wrong(
            "class Tax:\n    def __init__(self, rate):\n        self.rate = rate\n\n"
            "    def f(self, amount, rate=0):\n        return amount * rate\n",
            ("amount * rate", "amount * self.rate"),
            left="0",
            right="4",
        ),
    ),
    Operator(
        "variables.result",
        0.5,
        variables.result_attribute,
        _ACCESS,
        wrong(
            "class Line:\n    def __init__(self, text):\n        self.text = text\n\n\n"
            "def f(lines):\n    return max(lines, key=len)\n",
            ("max(lines, key=len)", "max(lines, key=len).text"),
            left="<Line object at 0x1>",
            right="'ab'",
        ),
    ),
    Operator(
        "variables.index",
        0.3,
        variables.index,
        _ACCESS,
        wrong("def f(pair):\n    return pair\n", ("return pair", "return pair[0]"), left="(1, 2)", right="1"),
    ),
    Operator(
        "variables.part",
        0.4,
        variables.part,
        "changed operand: a part of a sequence (TSSB-3M, identifier 237k)",
        wrong(
            "def f(rows):\n    for row in rows:\n        print(row)\n", ("in rows", "in rows[1:]"), left="3", right="2"
        ),
    ),
    Operator(
        "arithmetic.operator",
        0.9,
        arithmetic.operator,
        _BINARY,
        wrong("def f(a, b):\n    return a / b\n", ("a / b", "a // b"), left="1.5", right="1"),
    ),
    Operator(
        "arithmetic.augmented",
        0.8,
        arithmetic.augmented,
        _BINARY,
        wrong(
            "def f(items):\n    total = 0\n    for item in items:\n        total = item\n    return total\n",
            ("total = item", "total += item"),
            left="3",
            right="6",
        ),
    ),
    Operator(
        "arithmetic.operand",
        0.5,
        arithmetic.operands,
        _OPERAND,
        wrong("def f(a, b):\n    return a - b\n", ("a - b", "b - a"), left="-1", right="1"),
    ),
    Operator(
        "arithmetic.grouping",
        0.6,
        arithmetic.regrouped,
        "changed precedence (BugsInPy; PySStuBs, more specific expression)",
        wrong("def f(a, b):\n    return a + b / 2\n", ("a + b / 2", "(a + b) / 2"), left="3.0", right="2.0"),
    ),
    Operator(
        "arithmetic.sign",
        0.4,
        arithmetic.sign,
        "changed unary operator (PySStuBs)",
        wrong("def f(a):\n    return -a\n", ("-a", "a"), left="-1", right="1"),
    ),
    Operator(
        "arithmetic.shift",
        0.5,
        arithmetic.shift,
        "off by one: changed operand (TSSB-3M, 174k)",
        wrong("def f(items):\n    return len(items)\n", ("len(items)", "len(items) - 1"), left="3", right="2"),
    ),
    Operator(
        "arithmetic.joined",
        0.25,
        arithmetic.joined,
        _OPERAND,
        wrong("def f(a, b):\n    return a * 2\n", ("a * 2", "a * 2 + b"), left="4", right="7"),
    ),
    Operator(
        "arithmetic.extreme",
        0.4,
        arithmetic.extreme,
        "wrapped in a call (TSSB-3M, 117k)",
        wrong(
            "def f(items):\n    best = 0\n    for item in items:\n        best = item\n    return best\n",
            ("best = item", "best = max(best, item)"),
            left="1",
            right="3",
        ),
    ),
    Operator(
        "constants.number",
        0.8,
        constants.number,
        _NUMBER,
        wrong("def f(n):\n    return n * 59\n", ("59", "60"), left="59", right="60"),
    ),
    Operator(
        "constants.text",
        0.7,
        constants.text,
        "changed string literal (PySStuBs)",
        wrong(
            "def f(name):\n    return 'Welcom, ' + name\n",
            ("Welcom", "Welcome"),
            left="'Welcom, Ann'",
            right="'Welcome, Ann'",
        ),
    ),
    Operator(
        "constants.bounds",
        0.8,
        constants.bounds,
        "off by one: changed number or operand (TSSB-3M, 97k and 174k)",
        wrong("def f(n):\n    return sum(range(n))\n", ("range(n)", "range(n + 1)"), left="3", right="6"),
    ),
    Operator(
        "literals.element",
        0.5,
        literals.element,
        _ELEMENT,
        wrong(
            "ENDS = ('.', '!', '?')\n\n\ndef f(c):\n    return c in ('.', '!')\n",
            ("in ('.', '!')", "in ('.', '!', '?')"),
            left="False",
            right="True",
        ),
    ),
    Operator(
        "literals.start",
        0.5,
        literals.start,
        "changed number (TSSB-3M, 97k): the start of a search for the largest",
        wrong(
            "def f(items):\n    best = 0\n    for item in items:\n        if item > best:\n            best = item\n"
            "    return best\n",
            ("best = 0", "best = items[0]"),
            left="0",
            right="-1",
        ),
    ),
    Operator(
        "literals.format",
        0.4,
        literals.format_spec,
        "changed format (real_bugs: string_or_regex, 9 of 70)",
        wrong(
            "def f(minutes):\n    return f'0:{minutes}'\n",
            ("{minutes}", "{minutes:02d}"),
            left="'0:5'",
            right="'0:05'",
        ),
    ),
)
