"""Makes the calls that show whether functions keep what their names promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_codemode.core.exploring import ExploreRequest
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.written import PossibleBug
from pytest_codemode.testgen.drafting import Draft
from pytest_codemode.testgen.relations import Promise, broken, promises


def broken_promises(drafts: Sequence[Draft], sandbox: Sandbox) -> list[PossibleBug]:
    """Return where functions do not keep what their names promise of each other."""
    by_file: dict[tuple[str, str, str], list[Draft]] = {}
    for made in drafts:
        subject = made.subject
        by_file.setdefault((subject.path, subject.described.module, subject.near), []).append(made)
    asked: list[tuple[ExploreRequest, list[Promise]]] = []
    for (path, module, near), some in by_file.items():
        tried = {made.subject.described.qualname: made.returned for made in some}
        found = list(promises([made.subject.described for made in some], tried))
        found = [replace(one, recipe=replace(one.recipe, key=str(index))) for index, one in enumerate(found)]
        if found:
            recipes = tuple(promise.recipe for promise in found)
            asked.append((ExploreRequest(path, module, recipes, full=True, near=near), found))
    bugs: list[PossibleBug] = []
    for (_, found), explored in zip(asked, sandbox.explore([request for request, _ in asked]), strict=True):
        for promise, observation in zip(found, explored.observations, strict=False):
            bug = broken(promise, observation)
            if bug is not None:
                bugs.append(bug)
                for made in drafts:  # whichever of the two is wrong, no test asserts what the call came to
                    made.cases = [case for case in made.cases if case.recipe.key != promise.of]
    return bugs
