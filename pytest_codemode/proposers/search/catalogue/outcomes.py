"""Operators for the result as the comparison shows it, and for what belongs to another call, name or class."""

from __future__ import annotations

from pytest_codemode.proposers.search.operator import Operator, raised, wrong
from pytest_codemode.proposers.search.operators import nesting, outcome

_WRAP = "wrapped in a call (TSSB-3M, 117k)"
_OPERAND = "changed operand of a binary operator (TSSB-3M, 174k)"

OPERATORS = (
    Operator(
        "outcome.rounded",
        1.2,
        outcome.rounded,
        _WRAP,
        wrong(
            "def f(a, b):\n    return a / b\n", ("a / b", "round(a / b, 2)"), left="0.6666666666666666", right="0.67"
        ),
        lambda hints: hints.number_pairs,
    ),
    Operator(
        "outcome.scaled",
        1.2,
        outcome.scaled,
        _OPERAND,
        wrong("def f(hours):\n    return hours * 60\n", ("hours * 60", "(hours * 60) * 60"), left="120", right="7200"),
        lambda hints: hints.number_pairs,
    ),
    Operator(
        "outcome.shifted",
        1.0,
        outcome.shifted,
        _OPERAND,
        wrong(
            "def f(items):\n    return len(items)\n", ("len(items)", "len(items) + 2"), left="[1, 3]", right="[3, 5]"
        ),
        lambda hints: hints.number_pairs,
    ),
    Operator(
        "outcome.filtered",
        0.45,
        outcome.filtered,
        "added precondition check (Pan et al. 2009, IF-APC), in a comprehension",
        wrong(
            "def f(text):\n    return [part.upper() for part in text.split(',')]\n",
            ("split(',')", "split(',') if part"),
            left="['A', '']",
            right="['A']",
        ),
    ),
    Operator(
        "outcome.unique",
        0.9,
        outcome.unique,
        _WRAP,
        wrong(
            "def f(items):\n    return list(items)\n",
            ("list(items)", "list(dict.fromkeys(list(items)))"),
            left="[1, 1]",
            right="[1]",
        ),
        lambda hints: "duplicates" in hints.relations,
    ),
    Operator(
        "outcome.trimmed",
        0.8,
        outcome.trimmed,
        "method call added (TSSB-3M, 60k)",
        wrong("def f(path):\n    return path\n", ("return path", 'return path.rstrip("/")'), left="'a/'", right="'a'"),
        lambda hints: hints.relations & {"surplus", "cut", "space"},
    ),
    Operator(
        "outcome.coded",
        1.2,
        outcome.coded,
        "method call added (TSSB-3M, 60k): bytes for text",
        wrong(
            "def f(stream):\n    return stream.read()\n",
            ("stream.read()", "stream.read().decode()"),
            left="b'a'",
            right="'a'",
        ),
        lambda hints: hints.relations & {"to_str", "to_bytes"},
    ),
    Operator(
        "nesting.moved",
        0.5,
        nesting.moved,
        "argument of the wrong call: fewer and more arguments (TSSB-3M, 50k and 150k)",
        wrong(
            "def f(items, start):\n    return enumerate(sorted(items, start))\n",
            ("sorted(items, start)", "sorted(items), start"),
        ),
    ),
    Operator(
        "nesting.computed",
        0.7,
        nesting.computed,
        "changed identifier (TSSB-3M, 237k): a result that is at hand",
        wrong(
            "def f(text, more):\n    parser = Parser(text, more)\n    return Parser(text).run()\n",
            ("return Parser(text).run", "return parser.run"),
        ),
    ),
    Operator(
        "nesting.roles",
        0.5,
        nesting.roles,
        "swapped arguments (TSSB-3M, 8k), over two statements",
        wrong(
            "def f(usual, given):\n    conf = dict(usual)\n    conf.update(given)\n    return conf\n",
            ("dict(usual)", "dict(given)"),
            ("update(given)", "update(usual)"),
            left="{'a': 1}",
            right="{'a': 2}",
        ),
    ),
    Operator(
        "nesting.own_class",
        0.4,
        nesting.own_class,
        "other function called (TSSB-3M, 134k): a subclass's own",
        wrong(
            "class Schema:\n    def f(self):\n        return Schema()\n",
            ("return Schema()", "return type(self)()"),
        ),
    ),
    Operator(
        "nesting.printed",
        0.5,
        nesting.printed,
        "other function called, more arguments (TSSB-3M, 134k and 150k)",
        wrong("def f(text):\n    print(text)\n", ("print(text)", 'print(text, end="")'), left="'a\\n'", right="'a'"),
    ),
    Operator(
        "nesting.fetched",
        1.2,
        nesting.fetched,
        "attribute that is not always there (Pan et al. 2009, IF-APC; BugsInPy)",
        raised(
            "class Bar:\n    def f(self):\n        return self.total\n",
            ("self.total", 'getattr(self, "total", None)'),
            error="AttributeError: 'Bar' object has no attribute 'total'",
        ),
        lambda hints: hints.unknown_attributes,
    ),
)
