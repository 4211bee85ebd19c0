"""Functions that Python calls itself: by what a test makes it call them, or why no test does. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_codemode.core.exploring import Described, Flavour
from pytest_codemode.testgen.gaps import FunctionGap

_MAKING = ("__new__", "__post_init__", "__attrs_post_init__", "__attrs_pre_init__")
"""What runs when an object is made."""
_ENTERING: dict[str, Flavour] = {
    "__enter__": "context manager",
    "__exit__": "context manager",
    "__aenter__": "async context manager",
    "__aexit__": "async context manager",
}
_BY_ITSELF = frozenset(
    {
        *("__del__", "__init_subclass__", "__set_name__", "__prepare__", "__mro_entries__", "__subclasshook__"),
        *("__instancecheck__", "__subclasscheck__", "__class_getitem__", "__getattribute__", "__get__", "__set__"),
        *("__delete__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__"),
        *("__getnewargs_ex__", "__sizeof__", "__await__", "__aiter__", "__anext__", "__buffer__", "__length_hint__"),
        *("__iadd__", "__isub__", "__imul__", "__imatmul__", "__itruediv__", "__ifloordiv__", "__imod__", "__ipow__"),
        *("__ilshift__", "__irshift__", "__iand__", "__ixor__", "__ior__"),
    }
)
"""Special methods without an expression or a plain statement that calls them."""


def through(gap: FunctionGap, callables: Sequence[Described]) -> Described | None:
    """Return the constructor by which a test reaches a special method, None if it reaches the function otherwise.

    With the line of the method: what is looked for stands there.
    """
    owner, _, name = gap.qualname.rpartition(".")
    if not owner or name not in (*_MAKING, *_ENTERING):
        return None
    made = next((one for one in callables if one.qualname == f"{owner}.__init__"), None)
    if made is None:
        return None
    if name in _ENTERING:
        # What its examples show comes of the object, not of what `with` makes of it.
        return replace(made, line=gap.line, flavour=_ENTERING[name], doc="")
    return replace(made, line=gap.line)


def never_called(described: Described) -> str:
    """Return in one phrase why no test calls a function by its name, empty if one may."""
    name = described.qualname.rpartition(".")[2]
    special = name.startswith("__") and name.endswith("__") and len(name) > 4
    if not name.strip("_"):
        return "its name says that nobody calls it"
    if special and described.kind == "function":
        return "Python calls it itself, for what the module does not have"
    if name in _MAKING or name in _ENTERING:
        return "it runs when an object is made or entered, and no test can make one"
    return "Python calls it itself" if name in _BY_ITSELF else ""
