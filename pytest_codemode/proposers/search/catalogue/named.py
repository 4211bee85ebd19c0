"""Operators for what an exception names: names, attributes, imports, keywords, keys, and the value it complains of."""

from __future__ import annotations

from pytest_codemode.proposers.search.hints import Hints
from pytest_codemode.proposers.search.operator import Operator, raised
from pytest_codemode.proposers.search.operators import absent, conversions, lookups, names

_IDENTIFIER = "changed identifier (TSSB-3M, 237k)"
_NULL = "missing check for None, a key or emptiness (Pan et al. 2009, IF-APC; BugsInPy)"


def _raised(hints: Hints) -> bool:
    return bool(hints.exceptions - {"AssertionError", "Timeout"})


OPERATORS = (
    Operator(
        "names.undefined",
        3.0,
        names.undefined,
        _IDENTIFIER,
        raised(
            "def f(values):\n    return sum(vaules) / 2\n",
            ("vaules", "values"),
            error="NameError: name 'vaules' is not defined",
        ),
        lambda hints: hints.unknown_names,
    ),
    Operator(
        "names.module",
        2.0,
        names.module_name,
        "attribute access removed (TSSB-3M, add or remove attribute access 32k)",
        raised(
            "from math import sqrt\n\n\ndef f(a):\n    return math.sqrt(a)\n",
            ("math.sqrt(a)", "sqrt(a)"),
            error="NameError: name 'math' is not defined",
        ),
        lambda hints: hints.unknown_names,
    ),
    Operator(
        "names.attribute",
        3.0,
        names.attribute,
        "changed attribute (TSSB-3M, 104k)",
        raised(
            "class Stack:\n    def __init__(self):\n        self.items = []\n\n"
            "    def f(self):\n        return self.itmes[-1]\n",
            ("itmes", "items"),
            error="AttributeError: 'Stack' object has no attribute 'itmes'",
        ),
        lambda hints: hints.unknown_attributes,
    ),
    Operator(
        "names.import",
        3.0,
        names.imported,
        _IDENTIFIER,
        raised(
            "from math import sqr\n",
            ("sqr", "sqrt"),
            error="ImportError: cannot import name 'sqr' from 'math' (unknown location)",
        ),
        lambda hints: hints.unknown_imports,
    ),
    Operator(
        "names.keyword",
        3.0,
        names.keyword,
        "changed keyword argument (TSSB-3M, 20k)",
        raised(
            "def box(text, fill=' '):\n    return text.center(9, fill)\n\n\n"
            "def f(text):\n    return box(text, filler='*')\n",
            ("filler=", "fill="),
            error="TypeError: box() got an unexpected keyword argument 'filler'",
        ),
        lambda hints: hints.unknown_keywords,
    ),
    Operator(
        "names.key",
        3.0,
        names.key,
        "changed string literal (ManySStuBs, PySStuBs)",
        raised(
            "ENTRY = {'name': 1}\n\n\ndef f():\n    return ENTRY['nmae']\n",
            ("nmae", "name"),
            error="KeyError: 'nmae'",
        ),
        lambda hints: hints.unknown_keys,
    ),
    Operator(
        "names.unbound",
        2.0,
        names.unbound,
        "missing first assignment (Pan et al. 2009, SQ-AMO)",
        raised(
            "def f(items):\n    for item in items:\n        total += item\n    return total\n",
            ("    for item", "    total = 0\n    for item"),
            error="UnboundLocalError: cannot access local variable 'total' where it is not associated with a value",
            at="total += item",
        ),
        lambda hints: hints.unknown_names,
    ),
    Operator(
        "culprits.condition",
        2.0,
        absent.condition,
        _NULL,
        raised(
            "def f(job):\n    if job.ready():\n        return 1\n    return 0\n",
            ("if job.ready()", "if job is not None and job.ready()"),
            error="AttributeError: 'NoneType' object has no attribute 'ready'",
        ),
        _raised,
    ),
    Operator(
        "culprits.lookup",
        1.9,
        lookups.lookup,
        _NULL,
        raised("def f(table, key):\n    return table[key]\n", ("table[key]", "table.get(key)"), error="KeyError: 'a'"),
        _raised,
    ),
    Operator(
        "culprits.type",
        1.9,
        conversions.converted,
        "wrapped in a call (TSSB-3M, 117k); type errors (PyTER: 18 of 57 in BugsInPy)",
        raised(
            "def f(count):\n    return 'n: ' + count\n",
            ("+ count", "+ str(count)"),
            error='TypeError: can only concatenate str (not "int") to str',
        ),
        _raised,
    ),
    Operator(
        "culprits.otherwise",
        1.7,
        absent.otherwise,
        _NULL,
        raised(
            "def f(total, count):\n    return total / count\n",
            ("total / count", "total / count if count else 0"),
            error="ZeroDivisionError: division by zero",
        ),
        _raised,
    ),
    Operator(
        "culprits.leave",
        1.8,
        absent.leave,
        _NULL,
        raised(
            "def f(text):\n    return text.strip()\n",
            ("    return", "    if text is None:\n        return None\n    return"),
            error="AttributeError: 'NoneType' object has no attribute 'strip'",
            at="text.strip()",
        ),
        _raised,
    ),
    Operator(
        "culprits.default",
        1.7,
        absent.default,
        _NULL,
        raised(
            "def f(items):\n    for item in items:\n        print(item)\n",
            ("in items", "in items or []"),
            error="TypeError: 'NoneType' object is not iterable",
        ),
        _raised,
    ),
    Operator(
        "culprits.only_if",
        1.7,
        absent.only_if,
        _NULL,
        raised(
            "def f(log, line):\n    log.append(line)\n    return line\n",
            ("    log.append(line)", "    if log is not None:\n        log.append(line)"),
            error="AttributeError: 'NoneType' object has no attribute 'append'",
            at="log.append",
        ),
        _raised,
    ),
)
