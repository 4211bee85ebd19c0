"""Where is the fault? Ochiai over the statements, sharpened by the traceback, by values, by what the test looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.observed import ObservedFunction
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.repair.localisation.evidence import WATCHED, Evidence, Files, gather, with_values
from pytest_codemode.repair.localisation.scoring import ranked
from pytest_codemode.repair.localisation.weights import Weights
from pytest_codemode.repair.testmap import TestMap


@dataclass(frozen=True, slots=True)
class Localised:
    """What is known of the place of one cause."""

    suspects: tuple[Suspect, ...]
    """Lines of editable files, most suspicious first."""
    observed: tuple[ObservedFunction, ...] = ()
    """What the most suspicious functions were given and returned, in the order of their suspicion."""


def localise(
    sandbox: Sandbox,
    failures: tuple[Failure, ...],
    tests: TestMap,
    read: Callable[[str], bytes | None],
    editable: Callable[[str], bool],
) -> Localised:
    """Run what it takes and return the suspects for failures that share a cause."""
    evidence = examine(sandbox, failures, tests, read, editable)
    order = {name: position for position, name in enumerate(suspicious_functions(evidence))}
    last = len(order)
    observed = sorted(evidence.observed(), key=lambda one: order.get(f"{one.path}::{one.qualname}", last))
    return Localised(ranked(evidence, Weights()), tuple(observed))


def examine(
    sandbox: Sandbox,
    failures: tuple[Failure, ...],
    tests: TestMap,
    read: Callable[[str], bytes | None],
    editable: Callable[[str], bool],
) -> Evidence:
    """Return all the evidence: lines first, then the values of the functions that these make suspicious."""
    evidence = gather(sandbox, failures, tests, Files(read), editable)
    return with_values(evidence, sandbox, tests, suspicious_functions(evidence))


def suspicious_functions(evidence: Evidence) -> tuple[str, ...]:
    """Return `path::qualname` of the functions that hold the most suspicious lines, by lines and traceback alone."""
    bare = replace(evidence, values={})
    functions: dict[str, None] = {}
    for suspect in ranked(bare, Weights()):
        name = evidence.code(suspect.path).function_at(suspect.line)
        if name:
            functions[f"{suspect.path}::{name}"] = None
        if len(functions) == WATCHED:
            break
    return tuple(functions)
