"""Operators for whole statements: returned, stored, repeated, moved, copied, dropped."""

from __future__ import annotations

from pytest_codemode.proposers.search.operator import Operator, raised, wrong
from pytest_codemode.proposers.search.operators import copies, statements

_ADDED = "added operation (Pan et al. 2009, SQ-AMO)"
_CONTROL = "changed flow of a loop (real_bugs: missing_statement and missing_branch, 7 of 70)"
_MOVED = "statement at the wrong place or depth (QuixBugs; BugsInPy)"

OPERATORS = (
    Operator(
        "statements.return",
        0.5,
        statements.missing_return,
        _ADDED,
        wrong(
            "def f(items):\n    total = sum(items)\n",
            ("total = sum(items)\n", "total = sum(items)\n    return total\n"),
            left="None",
            right="3",
        ),
    ),
    Operator(
        "statements.result",
        0.3,
        statements.changed_return,
        "changed identifier (TSSB-3M, 237k)",
        wrong("def f(a):\n    b = a + 1\n    return a\n", ("return a", "return b"), left="1", right="2"),
    ),
    Operator(
        "statements.field",
        0.8,
        statements.field,
        _ADDED,
        raised(
            "class Box:\n    def __init__(self, size, colour):\n        self.size = size\n\n"
            "    def f(self):\n        return self.colour\n",
            ("self.size = size\n", "self.size = size\n        self.colour = colour\n"),
            error="AttributeError: 'Box' object has no attribute 'colour'",
            at="return self.colour",
        ),
    ),
    Operator(
        "statements.control",
        0.5,
        statements.loop_control,
        _CONTROL,
        wrong(
            "def f(items):\n    found = 0\n    for item in items:\n        if item > 1:\n            found = item\n"
            "    return found\n",
            ("found = item\n", "found = item\n            break\n"),
            left="3",
            right="2",
        ),
    ),
    Operator(
        "statements.step",
        0.5,
        statements.step,
        _CONTROL,
        wrong(
            "def f(items):\n    count = 0\n    for item in items:\n        print(item)\n    return count\n",
            ("print(item)\n", "print(item)\n        count += 1\n"),
            left="0",
            right="2",
        ),
    ),
    Operator(
        "statements.copied",
        0.35,
        copies.copied,
        "added operation that stands elsewhere in the file (Martinez et al. 2014: redundancy of fixes)",
        wrong(
            "def f(a, b):\n    a = a.strip()\n    return a + b\n",
            ("a = a.strip()\n", "a = a.strip()\n    b = b.strip()\n"),
            left="'a b'",
            right="'ab'",
        ),
    ),
    Operator(
        "statements.filled",
        0.6,
        statements.filled,
        _ADDED,
        wrong(
            "def f(items):\n    seen = set()\n    found = []\n    for item in items:\n"
            "        if item not in seen:\n            found.append(item)\n    return found\n",
            ("found.append(item)\n", "found.append(item)\n            seen.add(item)\n"),
            left="[1, 1]",
            right="[1]",
        ),
    ),
    Operator(
        "statements.moved_out",
        0.9,
        statements.moved_out,
        _MOVED,
        wrong(
            "def f(items):\n    total = 0\n    for item in items:\n        total += item\n        return total\n",
            ("        return total", "    return total"),
            left="1",
            right="3",
        ),
    ),
    Operator(
        "statements.moved_in",
        0.45,
        statements.moved_in,
        _MOVED,
        wrong(
            "def f(items):\n    total = 0\n    for item in items:\n        print(item)\n    total += item\n"
            "    return total\n",
            ("    total += item", "        total += item"),
            left="2",
            right="3",
        ),
    ),
    Operator(
        "statements.swapped",
        0.5,
        statements.swapped,
        _MOVED,
        wrong(
            "def f(a):\n    b = a\n    a = a + 1\n    return b\n",
            ("    b = a\n    a = a + 1\n", "    a = a + 1\n    b = a\n"),
            left="1",
            right="2",
        ),
    ),
    Operator(
        "statements.deleted",
        0.08,
        statements.deleted,
        "removed statement (rare among real fixes, the usual way to overfit: Qi et al. 2015, Kali)",
        wrong("def f(a):\n    a += 1\n    return a\n", ("    a += 1\n", ""), left="2", right="1"),
    ),
)
