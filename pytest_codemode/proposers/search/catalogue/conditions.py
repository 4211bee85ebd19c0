"""Operators for comparisons, truth, conditions and guards."""

from __future__ import annotations

from pytest_codemode.proposers.search.operator import Operator, raised, wrong
from pytest_codemode.proposers.search.operators import comparisons, conditions, guards, logic

_BINARY = "changed binary operator (TSSB-3M, 29k)"
_STRICTER = "stricter condition (TSSB-3M, 68k), looser condition (22k)"
_PRECONDITION = "added precondition check (Pan et al. 2009, IF-APC)"
_SORTED = "swapped or changed operand (TSSB-3M, 174k)"

OPERATORS = (
    Operator(
        "compare.operator",
        1.0,
        comparisons.operator,
        _BINARY,
        wrong("def f(age):\n    return age > 18\n", (">", ">="), left="False", right="True"),
    ),
    Operator(
        "compare.operand",
        0.6,
        comparisons.operands,
        "off by one: changed operand (TSSB-3M, 174k)",
        wrong(
            "def f(i, items):\n    return i < len(items)\n",
            ("len(items)", "len(items) - 1"),
            left="True",
            right="False",
        ),
    ),
    Operator(
        "compare.swapped",
        0.4,
        comparisons.swapped,
        _SORTED,
        wrong("def f(a, b):\n    return a in b\n", ("a in b", "b in a"), left="False", right="True"),
    ),
    Operator(
        "logic.negated",
        0.8,
        logic.negated,
        "changed unary operator (PySStuBs)",
        wrong(
            "def f(items):\n    if items:\n        return 0\n    return 1\n",
            ("if items", "if not items"),
            left="0",
            right="1",
        ),
    ),
    Operator(
        "logic.connective",
        0.9,
        logic.connective,
        _BINARY,
        wrong("def f(a, b):\n    return a and b\n", ("and", "or"), left="False", right="True"),
    ),
    Operator(
        "logic.operand",
        0.4,
        logic.fewer_operands,
        _STRICTER,
        wrong("def f(a, b):\n    return a > 0 and b > 0\n", ("a > 0 and b > 0", "a > 0"), left="False", right="True"),
    ),
    Operator(
        "logic.grouping",
        0.4,
        logic.regrouped,
        "changed precedence (BugsInPy)",
        wrong(
            "def f(a, b, c):\n    return a and b or c\n",
            ("a and b or c", "a and (b or c)"),
            left="True",
            right="False",
        ),
    ),
    Operator(
        "logic.boolean",
        0.8,
        logic.boolean,
        "changed boolean (TSSB-3M, 37k)",
        wrong("def f(items):\n    return sorted(items, reverse=True)\n", ("True", "False"), left="[2]", right="[1]"),
    ),
    Operator(
        "guards.return",
        0.5,
        guards.early_return,
        _PRECONDITION,
        wrong(
            "def f(items):\n    return items[0]\n",
            ("    return", "    if not items:\n        return None\n    return"),
            left="1",
            right="None",
        ),
    ),
    Operator(
        "guards.ternary",
        0.4,
        guards.ternary,
        _PRECONDITION,
        wrong("def f(a, b):\n    return a / b\n", ("a / b", "a / b if b else 0"), left="1", right="0"),
    ),
    Operator(
        "guards.lookup",
        0.6,
        guards.lookup,
        "looked up with a default (TSSB-3M, other callee 134k)",
        wrong(
            "def f(table, key):\n    return table[key]\n",
            ("table[key]", "table.get(key, 0)"),
        ),
    ),
    Operator(
        "guards.default",
        0.4,
        guards.default,
        _STRICTER,
        wrong("def f(items):\n    return items\n", ("return items", "return items or []"), left="None", right="[]"),
    ),
    Operator(
        "guards.mutable",
        0.9,
        guards.mutable_default,
        "a default that keeps its value (flake8-bugbear B006; BugsInPy)",
        wrong(
            "def f(item, found=[]):\n    found.append(item)\n    return found\n",
            ("found=[]", "found=None"),
            ("    found.append", "    if found is None:\n        found = []\n    found.append"),
            left="[1, 2]",
            right="[2]",
        ),
    ),
    Operator(
        "guards.raise",
        0.7,
        guards.refused,
        _PRECONDITION,
        raised(
            "def f(width):\n    return 2 * width\n",
            (
                "    return",
                '    if width < 0:\n        raise ValueError(f"bad width: {width!r}")\n    return',
            ),
            error="Failed: DID NOT RAISE <class 'ValueError'>",
            at="return",
        ),
    ),
    Operator(
        "conditions.none",
        0.7,
        conditions.none_test,
        "None told from empty or zero (BugsInPy; TSSB-3M, stricter condition 68k)",
        wrong(
            "def f(limit):\n    if limit:\n        return limit\n    return 9\n",
            ("if limit:", "if limit is not None:"),
            left="9",
            right="0",
        ),
    ),
    Operator(
        "conditions.part",
        0.5,
        conditions.stricter,
        _STRICTER,
        wrong(
            "def f(items, i, n):\n    while items[i] == n:\n        i += 1\n    return i\n",
            ("items[i] == n", "i < len(items) and items[i] == n"),
        ),
    ),
    Operator(
        "conditions.loop",
        0.4,
        conditions.loop_guard,
        "changed loop condition (Pan et al. 2009, LP-CC)",
        wrong("def f(queue):\n    while True:\n        queue.pop()\n    return queue\n", ("while True", "while queue")),
    ),
    Operator(
        "conditions.added",
        0.35,
        conditions.condition,
        _PRECONDITION,
        wrong(
            "def f(items, word):\n    if word:\n        print(word)\n    items.append(word)\n    return items\n",
            ("    items.append(word)", "    if word:\n        items.append(word)"),
            left="['']",
            right="[]",
        ),
    ),
)
