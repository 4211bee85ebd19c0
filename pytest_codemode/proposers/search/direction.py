"""How the failure points at operators: factors on their priors."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pytest_codemode.proposers.search.hints import Hints

_BOOSTS: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = (
    (
        "off_by_one",
        (
            ("compare.operator", 1.5),
            ("compare.operand", 1.5),
            ("arithmetic.shift", 1.8),
            ("constants.bounds", 1.8),
            ("constants.number", 1.4),
            ("statements.copied", 1.2),
        ),
    ),
    (
        "sign",
        (("arithmetic.sign", 3.0), ("arithmetic.operator", 1.4), ("arithmetic.operand", 1.6), ("calls.wrap", 1.4)),
    ),
    ("negated", (("logic.*", 1.6), ("compare.*", 1.5), ("calls.callee", 1.2))),
    ("number", (("arithmetic.*", 1.3), ("constants.number", 1.3))),
    ("factor", (("constants.number", 1.6), ("arithmetic.operator", 1.4))),
    ("rounding", (("calls.wrap", 1.8), ("arithmetic.operator", 1.6), ("calls.arguments", 1.2))),
    ("number_type", (("calls.wrap", 2.0), ("calls.unwrap", 1.6), ("arithmetic.operator", 1.6))),
    ("case", (("calls.method", 2.5), ("calls.callee", 1.6), ("constants.text", 1.6))),
    ("space", (("calls.method", 2.5), ("calls.callee", 1.6), ("constants.text", 1.8))),
    ("text", (("constants.text", 1.4), ("calls.method", 1.2), ("patterns.*", 1.3), ("texts.separator", 1.3))),
    ("reversed", (("calls.keyword", 2.5), ("calls.wrap", 1.6), ("calls.swapped", 1.4), ("arithmetic.operand", 1.6))),
    ("order", (("calls.keyword", 2.5), ("calls.swapped", 1.4), ("calls.wrap", 1.8), ("calls.callee", 1.3))),
    (
        "cut",
        (
            ("compare.*", 1.2),
            ("constants.bounds", 1.5),
            ("statements.*", 1.3),
            ("calls.callee", 1.2),
            ("patterns.*", 1.3),
            ("arithmetic.joined", 2.0),
        ),
    ),
    (
        "surplus",
        (
            ("compare.*", 1.2),
            ("constants.bounds", 1.5),
            ("guards.*", 1.3),
            ("conditions.*", 1.2),
            ("outcome.filtered", 1.4),
            ("patterns.*", 1.2),
        ),
    ),
    ("duplicates", (("guards.*", 1.3), ("calls.wrap", 1.5))),
    ("none_for_value", (("statements.return", 4.0), ("guards.default", 1.3), ("statements.copied", 1.3))),
    ("value_for_none", (("guards.*", 1.5),)),
    (
        "type_changed",
        (("arithmetic.operand", 1.8), ("calls.wrap", 2.0), ("calls.unwrap", 2.0), ("variables.access", 1.4)),
    ),
    ("text_or_number", (("calls.wrap", 1.6),)),
    (
        "IndexError",
        (
            ("conditions.loop", 3.0),
            ("compare.*", 1.5),
            ("constants.bounds", 1.8),
            ("guards.*", 1.2),
            ("arithmetic.shift", 2.5),
        ),
    ),
    ("ZeroDivisionError", (("guards.*", 2.5), ("variables.*", 1.1))),
    ("KeyError", (("guards.lookup", 2.0), ("guards.*", 1.3), ("calls.callee", 1.4), ("constants.text", 1.3))),
    ("TypeError", (("calls.*", 1.4), ("guards.*", 1.3), ("variables.access", 1.3))),
    ("AttributeError", (("guards.*", 1.4), ("calls.*", 1.1))),
    ("ValueError", (("guards.*", 1.3), ("calls.*", 1.1), ("exceptions.*", 1.5))),
    ("RecursionError", (("guards.*", 1.5), ("compare.*", 1.4), ("arithmetic.*", 1.4), ("calls.arguments", 1.3))),
    ("Timeout", (("arithmetic.augmented", 1.5), ("compare.*", 1.3), ("conditions.*", 1.3), ("statements.*", 1.2))),
    ("UnboundLocalError", (("branches.otherwise", 3.0),)),
    ("StopIteration", (("guards.*", 1.5),)),
    ("RuntimeError", (("calls.wrap", 1.5),)),
)


def boost(hints: Hints, template: str) -> float:
    """Return the factor that the failures put on the operator `template`; 1 is none, bounded to 4."""
    signs = hints.relations | hints.exceptions
    factor = 1.0
    for sign, changes in _BOOSTS:
        if sign in signs:
            factor *= next((value for pattern, value in changes if fnmatchcase(template, pattern)), 1.0)
    if hints.none_used and template in ("statements.return", "guards.default", "guards.return", "guards.lookup"):
        factor *= 2.0
    return min(factor, 4.0)
