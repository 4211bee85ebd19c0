"""The patches a run has settled on, as one state of the tree that can be rebuilt without any of them."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_codemode.core.patch import Applied, Files, Patch, Unapplicable
from pytest_codemode.edits.apply import apply
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.worktree.sources import SourceTree


@dataclass(slots=True)
class Accepted:
    """One task's patch, made for the tree as it was at the start of `round_number`."""

    solution: Solution
    patch: Patch
    targets: tuple[str, ...]
    """Tests and files that the patch turned green."""
    round_number: int
    before: Files
    after: Files
    """The touched files before and after this patch alone."""
    unsteady: frozenset[str] = frozenset()
    """Guards that failed once and passed once with a patch of this task."""


def combine(patches: list[Patch], tree: SourceTree) -> Applied | Unapplicable:
    """Return all patches, made for the same tree, as one."""
    edits = tuple(edit for patch in patches for edit in patch.edits)
    return apply(Patch(edits, proposer="combined"), tree.read)


def rebuild(kept: list[Accepted], tree: SourceTree) -> Files:
    """Lay the kept patches over the original tree, round by round, and return the changed files.

    A patch that does not fit any more (it was made for the result of one that is gone) is left out.
    """
    tree.reset({})
    for number in sorted({one.round_number for one in kept}):
        fitting: list[Patch] = []
        for one in (a for a in kept if a.round_number == number):
            if isinstance(combine([*fitting, one.patch], tree), Applied):
                fitting.append(one.patch)
        applied = combine(fitting, tree)
        if isinstance(applied, Applied):
            tree.accept(applied.files)
    return tree.overlay
