"""Operators for branches, parameters handed on, several places at once, and what was seen to differ in failing runs."""

from __future__ import annotations

from pytest_codemode.core.observed import Held, ObservedFunction, ObservedName
from pytest_codemode.proposers.search.hints import Hints
from pytest_codemode.proposers.search.operator import PATH, Operator, raised, wrong
from pytest_codemode.proposers.search.operators import branches, copies, ingredients, places, seen, threaded

_BRANCH = "added or changed branch (Pan et al. 2009, IF-ABR and SW-ABP; real_bugs: missing_branch, 5 of 70)"
_PARAMETER = "changed parameters (Pan et al. 2009, MD-APC and MC-DNP; TSSB-3M, more arguments 150k)"
_EVERYWHERE = "the same change at several places (real_bugs: 16 of 70 have equal hunks)"
_TYPES = "wrong type or None only in failing runs (PyTER: 42 of 93 in TypeBugs, 18 of 57 in BugsInPy)"
_REUSED = "code that stands elsewhere already (Martinez et al. 2014; Barr et al. 2014: plastic surgery)"


def _held(name: str, failing: str, passing: str) -> tuple[ObservedFunction, ...]:
    """Return what a recording of the function `f` would say of one argument."""
    one = ObservedName(name, "argument", Held({failing: 1}), Held({passing: 2}))
    return (ObservedFunction(PATH, "f", 1, 2, (one,)),)


def _keyword(hints: Hints) -> object:
    return hints.unknown_keywords


OPERATORS = (
    Operator(
        "places.repeated",
        0.6,
        places.repeated,
        _EVERYWHERE,
        wrong(
            "def f(a, b):\n    if a.lower() > 9:\n        return a.lower()\n    return b\n",
            ("a.lower()", "a.upper()"),
            left="'a'",
            right="'A'",
        ),
    ),
    Operator(
        "places.membership",
        0.5,
        places.membership,
        _EVERYWHERE,
        raised(
            "def f(rows):\n    seen = set()\n    for row in rows:\n        if row not in seen:\n"
            "            seen.add(row)\n    return len(seen)\n",
            ("row not in", "tuple(row) not in"),
            ("add(row)", "add(tuple(row))"),
            error="TypeError: unhashable type: 'list'",
        ),
    ),
    Operator(
        "branches.reordered",
        0.6,
        branches.reordered,
        "changed order of branches (real_bugs: logic_rewrite; Pan et al. 2009, IF-CC)",
        wrong(
            "def f(n):\n    if n > 1:\n        return 'some'\n    elif n > 9:\n        return 'many'\n"
            "    return 'one'\n",
            (
                "if n > 1:\n        return 'some'\n    elif n > 9:\n        return 'many'",
                "if n > 9:\n        return 'many'\n    elif n > 1:\n        return 'some'",
            ),
            left="'some'",
            right="'many'",
        ),
    ),
    Operator(
        "branches.alternative",
        0.6,
        branches.alternative,
        _BRANCH,
        wrong(
            "def f(n):\n    kind = ''\n    if n > 9:\n        kind = 'many'\n    if n > 1:\n"
            "        kind = 'some'\n    return kind\n",
            ("    if n > 1", "    elif n > 1"),
            left="'some'",
            right="'many'",
        ),
    ),
    Operator(
        "branches.otherwise",
        0.4,
        branches.otherwise,
        _BRANCH,
        raised(
            "def f(n, usual):\n    if n > 9:\n        kind = 'many'\n    elif n > 1:\n"
            "        kind = 'some'\n    return kind\n",
            ("        kind = 'some'\n", "        kind = 'some'\n    else:\n        kind = usual\n"),
            error="UnboundLocalError: cannot access local variable 'kind' where it is not associated with a value",
            at="return kind",
        ),
    ),
    Operator(
        "branches.kind",
        0.4,
        branches.kind,
        _BRANCH,
        wrong(
            "def f(x):\n    if isinstance(x, dict):\n        return sorted(x)\n    return x\n",
            (
                "        return sorted(x)\n",
                "        return sorted(x)\n    elif isinstance(x, (list, tuple)):\n        return sorted(x)\n",
            ),
            left="[2, 1]",
            right="[1, 2]",
        ),
    ),
    Operator(
        "branches.rest",
        0.5,
        branches.rest,
        "added precondition check around several statements (Pan et al. 2009, IF-APC)",
        wrong(
            "class Queue:\n    def f(self):\n        first = self.items[0]\n        self.items = [first]\n",
            (
                "        first = self.items[0]\n        self.items = [first]\n",
                "        if self.items:\n            first = self.items[0]\n            self.items = [first]\n",
            ),
        ),
    ),
    Operator(
        "threaded.parameter",
        2.5,
        threaded.parameter,
        _PARAMETER,
        raised(
            "def parse(text, strict=False):\n    return text if strict else text.strip()\n\n\n"
            "def f(text):\n    return parse(text)\n",
            ("f(text)", "f(text, strict=False)"),
            ("return parse(text)", "return parse(text, strict=strict)"),
            error="TypeError: f() got an unexpected keyword argument 'strict'",
            at="def f",
        ),
        _keyword,
    ),
    Operator(
        "threaded.passed_on",
        0.6,
        threaded.passed_on,
        _PARAMETER,
        wrong(
            "def one(text, sep=','):\n    return text.split(sep)\n\n\n"
            "def f(a, b, sep=','):\n    return one(a) + one(b)\n",
            ("one(a) + one(b)", "one(a, sep=sep) + one(b, sep=sep)"),
            left="['a;b', 'c']",
            right="['a', 'b', 'c']",
        ),
    ),
    Operator(
        "seen.guard",
        1.4,
        seen.guard,
        _TYPES,
        wrong(
            "def f(width):\n    return 2 * width\n",
            ("    return", "    if width is None:\n        return 0\n    return"),
            left="[]",
            right="0",
        ).seen(_held("width", "NoneType", "int")),
    ),
    Operator(
        "seen.conversion",
        1.4,
        seen.conversion,
        _TYPES,
        wrong("def f(width):\n    return 2 * width\n", ("* width", "* int(width)"), left="'33'", right="6").seen(
            _held("width", "str", "int")
        ),
    ),
    Operator(
        "seen.only_where",
        1.2,
        seen.only_where,
        _TYPES,
        wrong(
            "def f(items, item):\n    items.append(item)\n    return items\n",
            ("    items.append(item)", "    if item is not None:\n        items.append(item)"),
            left="[None]",
            right="[]",
        ).seen(_held("item", "NoneType", "int")),
    ),
    Operator(
        "ingredients.expression",
        0.45,
        ingredients.expression,
        _REUSED,
        wrong(
            "class Box:\n    def area(self):\n        size = self.width * self.height\n        return size\n\n"
            "    def f(self):\n        size = self.width * self.width\n        return 2 * size\n",
            ("self.width * self.width", "self.width * self.height"),
            left="8",
            right="12",
        ),
    ),
    Operator(
        "ingredients.statement",
        0.3,
        ingredients.statement,
        _REUSED,
        wrong(
            "def one(found, name):\n    found[name.lower()] = len(name)\n    return found\n\n\n"
            "def f(found, word):\n    found[word] = word\n    return found\n",
            ("found[word] = word", "found[word.lower()] = len(word)"),
            left="{'A': 'A'}",
            right="{'a': 1}",
        ),
    ),
    Operator(
        "statements.flushed",
        0.6,
        copies.flushed,
        "added operation: the last part after a loop (Pan et al. 2009, SQ-AMO)",
        wrong(
            "def f(lines):\n    parts, part = [], []\n    for line in lines:\n        if line:\n"
            "            part.append(line)\n        else:\n            parts.append(part)\n            part = []\n"
            "    return parts\n",
            ("    return parts", "    if part:\n        parts.append(part)\n    return parts"),
            left="[]",
            right="[['a']]",
        ),
    ),
)
