"""What the standard library's functions and classes say about a value: passed to `int`, asked for by `isinstance`."""

from __future__ import annotations

import ast

CALLS: dict[str, tuple[tuple[str, float], ...]] = {
    "len": (("list", 1.0), ("str", 1.0)),
    "int": (("str", 1.0), ("int", 1.0), ("float", 0.5)),
    "float": (("str", 1.0), ("float", 1.0), ("int", 0.5)),
    "str": (("int", 0.5), ("str", 0.5)),
    **dict.fromkeys(("abs", "round", "divmod", "pow", "floor", "ceil", "trunc", "isnan", "isinf", "sqrt", "log",
                     "log10",                     "exp", "fabs", "copysign", "modf"), (("float", 1.5), ("int", 1.0))),
    **dict.fromkeys(("range", "chr", "hex", "bin", "oct", "factorial", "gcd", "comb", "isqrt", "sleep"),
                    (("int", 3.0),)),
    **dict.fromkeys(("ord", "unescape", "literal_eval", "strptime", "loads", "escape", "fromisoformat", "fromstring",
                     "normalize", "urlparse", "urlsplit", "quote", "unquote", "StringIO", "dedent", "indent"),
                    (("str", 2.0),)),
    **dict.fromkeys(("sorted", "sum", "min", "max", "any", "all", "enumerate", "zip", "map", "filter", "list", "tuple",
                     "set", "frozenset", "iter", "reversed", "chain", "Counter", "islice", "deque", "tee", "cycle",
                     "from_iterable", "accumulate", "groupby", "heapify", "combinations", "permutations"),
                    (("list", 2.0),)),
    "next": (("iterator", 3.0),),
    "dict": (("dict", 1.5), ("pairs", 0.7)),
    "callable": (("callable", 1.5),),
    **dict.fromkeys(("open", "Path", "splitext", "basename", "exists", "isfile", "isdir", "abspath", "listdir"),
                    (("path", 3.0),)),
}  # fmt: skip
"""Function -> kinds of what it is given, and how much that says."""
MATCHING = frozenset(["match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split"])
"""Functions of regular expressions; they take a text."""
ISINSTANCE = {
    "str": "str", "bytes": "bytes", "int": "int", "float": "float", "dict": "dict", "list": "list", "tuple": "tuple",
    "set": "set", "bool": "bool", "frozenset": "frozenset", "Mapping": "dict", "Iterable": "list", "Sequence": "list",
    "MutableMapping": "dict", "Callable": "callable", "Number": "float", "Real": "float", "Integral": "int",
    "datetime": "datetime:datetime", "date": "datetime:date", "timedelta": "datetime:timedelta",
    "time": "datetime:time",
    "Decimal": "decimal:Decimal", "Fraction": "fractions:Fraction", "Path": "pathlib:Path", "Pattern": "re:Pattern",
    "Iterator": "iterator", "bytearray": "builtins:bytearray", "complex": "complex", "type": "type", "range":
    "builtins:range", "slice": "builtins:slice", "Hashable": "str", "Set": "set", "Enum": "enum:Enum",
}  # fmt: skip
"""Class -> kind, or `module:qualname`."""


def by_operator(  # noqa: PLR0911  # a table in code
    operator: ast.operator, other: ast.expr, *, left: bool
) -> tuple[tuple[str, float], ...]:
    """Return what an operation says about an operand, `left` or right of the other one: kinds, and how much."""
    match operator, other:
        case ast.Mod(), ast.Constant(value=str()) if not left:
            return (("str", 1.0), ("int", 1.0))
        case (ast.Mod(), ast.Tuple()) if left:
            return (("str", 3.0),)
        case _, ast.Constant(value=str()) | ast.JoinedStr():
            return (("int" if isinstance(operator, ast.Mult) else "str", 3.0),)
        case _, ast.Constant(value=bytes()):
            return (("bytes", 3.0),)
        case ast.Add(), ast.List() | ast.ListComp():
            return (("list", 3.0),)
        case _, ast.Constant(value=float()):
            return (("float", 2.5), ("int", 1.0))
        case ast.Add(), ast.Name():
            return (("int", 1.0), ("str", 0.5))
        case ast.BitOr() | ast.BitAnd(), _:
            return (("int", 1.0), ("set", 0.8))
    return (("int", 2.0), ("float", 1.5))
