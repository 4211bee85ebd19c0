"""Every repair operator with its name and prior.

A prior is the worth of one idea of the operator at one site: how often real fixes are of its kind (TSSB-3M, three
million single-statement fixes of Python projects: identifier 237k, binary operand 174k, more arguments 150k, other
callee 134k, wrapped in a call 117k, attribute 104k, number 97k, stricter condition 68k, method call added 60k, fewer
arguments 50k, boolean 37k, attribute access 32k, operator 29k, looser condition 22k, keyword 20k, swapped arguments 8k)
over how many ideas it has there. An exception that names what is wrong (`names`), or of which expression it complains
(`culprits`), beats all of it; deletion comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pytest_codemode.proposers.search.hints import Hints
from pytest_codemode.proposers.search.operators import (
    absent,
    arithmetic,
    calls,
    comparisons,
    conditions,
    constants,
    conversions,
    definitions,
    exceptions,
    guards,
    literals,
    logic,
    names,
    statements,
    variables,
    wraps,
)
from pytest_codemode.proposers.search.site import Draft, Site


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to change a statement."""

    name: str
    """Family and rule, as `compare.boundary`; the patch's `template`."""
    prior: float
    """Positive; only compared with other priors."""
    draft: Callable[[Site], Iterable[Draft]]
    """Ideas for a site, in any order."""
    needs: Callable[[Hints], object] = lambda hints: True
    """Whether the failures call for it at all."""


def _raised(hints: Hints) -> bool:
    return bool(hints.exceptions - {"AssertionError", "Timeout"})


OPERATORS: tuple[Operator, ...] = (
    Operator("names.undefined", 3.0, names.undefined, lambda hints: hints.unknown_names),
    Operator("names.module", 2.0, names.module_name, lambda hints: hints.unknown_names),
    Operator("names.attribute", 3.0, names.attribute, lambda hints: hints.unknown_attributes),
    Operator("names.import", 3.0, names.imported, lambda hints: hints.unknown_imports),
    Operator("names.keyword", 3.0, names.keyword, lambda hints: hints.unknown_keywords),
    Operator("names.key", 3.0, names.key, lambda hints: hints.unknown_keys),
    Operator("names.unbound", 2.0, names.unbound, lambda hints: hints.unknown_names),
    Operator("culprits.condition", 2.0, absent.condition, _raised),
    Operator("culprits.lookup", 1.9, absent.lookup, _raised),
    Operator("culprits.type", 1.9, conversions.converted, _raised),
    Operator("culprits.otherwise", 1.7, absent.otherwise, _raised),
    Operator("culprits.leave", 1.8, absent.leave, _raised),
    Operator("culprits.default", 1.7, absent.default, _raised),
    Operator("culprits.only_if", 1.7, absent.only_if, _raised),
    Operator("variables.name", 0.8, variables.name),
    Operator("variables.exchanged", 0.5, variables.exchanged),
    Operator("variables.global", 0.5, variables.global_name),
    Operator("variables.attribute", 0.7, variables.attribute),
    Operator("variables.access", 0.6, variables.access),
    Operator("variables.result", 0.5, variables.result_attribute),
    Operator("variables.index", 0.3, variables.index),
    Operator("variables.part", 0.4, variables.part),
    Operator("compare.operator", 1.0, comparisons.operator),
    Operator("compare.operand", 0.6, comparisons.operands),
    Operator("compare.swapped", 0.4, comparisons.swapped),
    Operator("logic.negated", 0.8, logic.negated),
    Operator("logic.connective", 0.9, logic.connective),
    Operator("logic.operand", 0.4, logic.fewer_operands),
    Operator("logic.grouping", 0.4, logic.regrouped),
    Operator("logic.boolean", 0.8, logic.boolean),
    Operator("arithmetic.operator", 0.9, arithmetic.operator),
    Operator("arithmetic.augmented", 0.8, arithmetic.augmented),
    Operator("arithmetic.operand", 0.5, arithmetic.operands),
    Operator("arithmetic.grouping", 0.6, arithmetic.regrouped),
    Operator("arithmetic.sign", 0.4, arithmetic.sign),
    Operator("arithmetic.shift", 0.5, arithmetic.shift),
    Operator("arithmetic.joined", 0.25, arithmetic.joined),
    Operator("arithmetic.extreme", 0.4, arithmetic.extreme),
    Operator("constants.number", 0.8, constants.number),
    Operator("constants.text", 0.7, constants.text),
    Operator("constants.bounds", 0.8, constants.bounds),
    Operator("literals.element", 0.5, literals.element),
    Operator("literals.start", 0.5, literals.start),
    Operator("literals.format", 0.4, literals.format_spec),
    Operator("calls.callee", 0.9, calls.callee),
    Operator("calls.swapped", 0.6, calls.swapped),
    Operator("calls.fewer", 0.45, calls.fewer),
    Operator("calls.arguments", 0.7, calls.more),
    Operator("calls.keyword", 0.7, calls.keyword),
    Operator("calls.starred", 0.3, calls.starred),
    Operator("calls.wrap", 0.7, wraps.wrapped),
    Operator("calls.unwrap", 0.4, wraps.unwrapped),
    Operator("calls.method", 0.6, wraps.method),
    Operator("calls.copy", 0.3, wraps.copied),
    Operator("guards.return", 0.5, guards.early_return),
    Operator("guards.ternary", 0.4, guards.ternary),
    Operator("guards.lookup", 0.6, guards.lookup),
    Operator("guards.default", 0.4, guards.default),
    Operator("guards.mutable", 0.9, guards.mutable_default),
    Operator("guards.raise", 0.7, guards.refused),
    Operator("conditions.none", 0.7, conditions.none_test),
    Operator("conditions.part", 0.5, conditions.stricter),
    Operator("conditions.loop", 0.4, conditions.loop_guard),
    Operator("conditions.added", 0.35, conditions.condition),
    Operator("statements.return", 0.5, statements.missing_return),
    Operator("statements.result", 0.3, statements.changed_return),
    Operator("statements.field", 0.8, statements.field),
    Operator("statements.control", 0.5, statements.loop_control),
    Operator("statements.step", 0.5, statements.step),
    Operator("statements.copied", 0.35, statements.copied),
    Operator("statements.filled", 0.6, statements.filled),
    Operator("statements.moved_out", 0.9, statements.moved_out),
    Operator("statements.moved_in", 0.45, statements.moved_in),
    Operator("statements.swapped", 0.5, statements.swapped),
    Operator("exceptions.caught", 0.7, exceptions.caught),
    Operator("exceptions.raised", 0.6, exceptions.raised),
    Operator("exceptions.translated", 1.2, exceptions.translated),
    Operator("definitions.called", 1.5, definitions.called),
    Operator("definitions.decorated", 1.5, definitions.decorated),
    Operator("definitions.undecorated", 1.5, definitions.undecorated),
    Operator("definitions.parameter", 1.5, definitions.parameter),
    Operator("statements.deleted", 0.08, statements.deleted),
)
