"""Operators for calls, their arguments, and values wrapped in calls."""

from __future__ import annotations

from pytest_codemode.proposers.search.operator import Operator, raised, wrong
from pytest_codemode.proposers.search.operators import calls, definitions, exceptions, wraps

_MORE = "more arguments (TSSB-3M, 150k)"
_WRAP = "wrapped in a call (TSSB-3M, 117k)"
_METHOD = "method call added (TSSB-3M, 60k)"

OPERATORS = (
    Operator(
        "calls.callee",
        0.9,
        calls.callee,
        "other function called (TSSB-3M, 134k)",
        wrong("def f(items):\n    return max(items)\n", ("max", "min"), left="3", right="1"),
    ),
    Operator(
        "calls.swapped",
        0.6,
        calls.swapped,
        "swapped arguments (TSSB-3M, 8k)",
        wrong(
            "def share(part, whole):\n    return part / whole\n\n\ndef f(a, b):\n    return share(b, a)\n",
            ("share(b, a)", "share(a, b)"),
            left="2.0",
            right="0.5",
        ),
    ),
    Operator(
        "calls.fewer",
        0.45,
        calls.fewer,
        "fewer arguments (TSSB-3M, 50k)",
        wrong("def f(n):\n    return round(n, 2)\n", ("round(n, 2)", "round(n)"), left="2.04", right="2"),
    ),
    Operator(
        "calls.arguments",
        0.7,
        calls.more,
        _MORE,
        wrong(
            "def f(text, most):\n    return text.split(',')\n",
            ("split(',')", "split(',', most)"),
            left="['a', 'b', 'c']",
            right="['a', 'b,c']",
        ),
    ),
    Operator(
        "calls.keyword",
        0.7,
        calls.keyword,
        _MORE,
        wrong(
            "def f(items):\n    return sorted(items)\n",
            ("sorted(items)", "sorted(items, reverse=True)"),
            left="[1, 2]",
            right="[2, 1]",
        ),
    ),
    Operator(
        "calls.starred",
        0.3,
        calls.starred,
        "changed argument (TSSB-3M, identifier 237k)",
        wrong("def f(rows):\n    return list(zip(rows))\n", ("zip(rows)", "zip(*rows)")),
    ),
    Operator(
        "calls.wrap",
        0.7,
        wraps.wrapped,
        _WRAP,
        wrong(
            "def f(items):\n    return set(items)\n",
            ("set(items)", "sorted(set(items))"),
            left="{2, 1}",
            right="[1, 2]",
        ),
    ),
    Operator(
        "calls.unwrap",
        0.4,
        wraps.unwrapped,
        "call taken away (the reverse of TSSB-3M's wrap in a call, 117k)",
        wrong("def f(n):\n    return str(n)\n", ("str(n)", "n"), left="'1'", right="1"),
    ),
    Operator(
        "calls.method",
        0.6,
        wraps.method,
        _METHOD,
        wrong("def f(text):\n    return text\n", ("return text", "return text.strip()"), left="' a'", right="'a'"),
    ),
    Operator(
        "calls.copy",
        0.3,
        wraps.copied,
        "shared reference copied (TSSB-3M, wrap in a call 117k)",
        wrong(
            "def f(rows, row):\n    rows.append(row)\n    return rows\n",
            ("append(row)", "append(row.copy())"),
            left="[[], []]",
            right="[[1], []]",
        ),
    ),
    Operator(
        "exceptions.caught",
        0.7,
        exceptions.caught,
        "changed exception (real_bugs: exception, 3 of 70; Pan et al. 2009, TY-ARCB)",
        raised(
            "def f(text):\n    try:\n        return int(text)\n    except ValueError:\n        return 0\n",
            ("except ValueError", "except (ValueError, TypeError)"),
            error="TypeError: int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
            at="int(text)",
        ),
    ),
    Operator(
        "exceptions.raised",
        0.6,
        exceptions.raised,
        "changed exception (real_bugs: exception, 3 of 70)",
        raised(
            "def f(text):\n    raise KeyError(text)\n",
            ("KeyError", "ValueError"),
            error="KeyError: 'a'",
            tests="import pytest\n\n\ndef test():\n    with pytest.raises(ValueError):\n        f('a')\n",
        ),
    ),
    Operator(
        "exceptions.translated",
        1.2,
        exceptions.translated,
        "added handler (Pan et al. 2009, TY-ARTC)",
        raised(
            "def f(text):\n    return int(text)\n",
            (
                "    return int(text)",
                "    try:\n        return int(text)\n    except TypeError as error:\n"
                "        raise ValueError(str(error)) from error",
            ),
            error="TypeError: not a number",
            at="int(text)",
            tests="import pytest\n\n\ndef test():\n    with pytest.raises(ValueError):\n        f(None)\n",
        ),
    ),
    Operator(
        "definitions.called",
        1.5,
        definitions.called,
        "call added or removed (TSSB-3M, 60k)",
        raised(
            "class Cart:\n    def total(self):\n        return 3\n\n    def f(self):\n        return self.total + 1\n",
            ("self.total +", "self.total() +"),
            error="TypeError: unsupported operand type(s) for +: 'method' and 'int'",
        ),
    ),
    Operator(
        "definitions.decorated",
        1.5,
        definitions.decorated,
        "changed declaration (Pan et al. 2009, MD-CHG)",
        raised(
            "class Tools:\n    def f(text):\n        return text.strip()\n",
            ("    def f", "    @staticmethod\n    def f"),
            error="TypeError: f() takes 1 positional argument but 2 were given",
            at="def f",
        ),
    ),
    Operator(
        "definitions.undecorated",
        1.5,
        definitions.undecorated,
        "changed declaration (Pan et al. 2009, MD-CHG)",
        raised(
            "class Cart:\n    @property\n    def f(self):\n        return 3\n",
            ("    @property\n", ""),
            error="TypeError: 'int' object is not callable",
            at="return 3",
        ),
    ),
    Operator(
        "definitions.parameter",
        1.5,
        definitions.parameter,
        "changed declaration (Pan et al. 2009, MD-APC); missing self",
        raised(
            "class Cart:\n    def f():\n        return 3\n",
            ("f()", "f(self)"),
            error="TypeError: f() takes 0 positional arguments but 1 was given",
            at="def f",
        ),
    ),
)
