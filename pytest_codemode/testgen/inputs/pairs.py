"""Inverse functions by their names: what one gives is what the other takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_codemode.core.exploring import Described
from pytest_codemode.testgen.inputs.calls import target_import
from pytest_codemode.testgen.inputs.parameters import Pools
from pytest_codemode.testgen.inputs.plans import Plan, Value

_INVERSE: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (frozenset(["parse", "read", "load", "loads", "deserialize", "from", "scan"]),
     frozenset(["format", "build", "unparse", "render", "dump", "dumps", "serialize", "write", "to", "print",
                "compose"])),
    (frozenset(["decode"]), frozenset(["encode"])),
    (frozenset(["unpack"]), frozenset(["pack"])),
    (frozenset(["decompress"]), frozenset(["compress"])),
    (frozenset(["decrypt"]), frozenset(["encrypt"])),
    (frozenset(["singularize", "singular"]), frozenset(["pluralize", "plural"])),
    (frozenset(["camelize", "camel"]), frozenset(["underscore", "snake"])),
    (frozenset(["join", "merge"]), frozenset(["split", "partition"])),
    (frozenset(["inflate", "expand", "unflatten"]), frozenset(["deflate", "collapse", "flatten"])),
    (frozenset(["revert", "undo"]), frozenset(["apply", "do"])),
)  # fmt: skip
_FUNCTIONS = ("function", "staticmethod", "classmethod")
_MOST = 40


def inverses(described: Described, siblings: tuple[Described, ...]) -> list[Described]:
    """Return the functions whose results a target takes, by their names."""
    own = described.qualname.rpartition(".")[2]
    if described.kind not in _FUNCTIONS:
        return []
    return [
        s
        for s in siblings
        if s.kind in _FUNCTIONS and s.flavour == "plain" and _match(own, s.qualname.rpartition(".")[2])
    ]


def nested(described: Described, siblings: tuple[Described, ...], pools: Pools) -> Iterator[Plan]:
    """Yield calls of a target with what its inverse gives: `parse(format(3))`."""
    required = [p for p in described.parameters if p.default is None and p.kind not in ("args", "kwargs", "keyword")]
    if not required:
        return
    rest = [(p.name, pools.of(p, described)[:1]) for p in required[1:]]
    if any(not values for _, values in rest):
        return
    for sibling in inverses(described, siblings)[:4]:
        for arguments in pools.calls(sibling.parameters, sibling)[:_MOST]:
            inner = Value(
                f"{sibling.qualname}({arguments.text})",
                (target_import(sibling), *arguments.imports),
                arguments.setup,
                arguments.fixtures,
            )
            others = tuple((name, values[0]) for name, values in rest)
            yield Plan(((required[0].name, inner), *others), origin="pair")


def _match(one: str, other: str) -> bool:
    first, second = _words(one), _words(other)
    if one == other or not first or not second:
        return False
    if f"un{other}" == one or f"un{one}" == other:
        return True
    if "to" in first and "to" in second:  # `hex_to_rgb`, `rgb_to_hex`
        at, there = first.index("to"), second.index("to")
        return bool(first[:at]) and first[:at] == second[there + 1 :] and first[at + 1 :] == second[:there]
    for left, right in _INVERSE:
        for these, those in ((left, right), (right, left)):
            for word in these.intersection(first):
                rest = [w for w in first if w != word]
                for opposite in those.intersection(second):
                    if rest == [w for w in second if w != opposite]:
                        return True
    return False


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"_+|(?<=[a-z])(?=[A-Z])", name) if word]
