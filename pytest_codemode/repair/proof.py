"""Which of the accepted patches hold: proven together, and found one by one where together they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_codemode.core.patch import Files
from pytest_codemode.repair.accepted import Accepted, rebuild
from pytest_codemode.repair.confirm import Confirmation, Confirmer
from pytest_codemode.worktree.sources import SourceTree


@dataclass(frozen=True, slots=True)
class Proof:
    """What is left of the accepted patches, and the proof of that."""

    kept: list[Accepted]
    files: Files
    """What the kept patches make of the tree: path -> whole new bytes."""
    confirmation: Confirmation | None
    """Of `kept`; None if nothing is."""
    dropped: dict[str, str]
    """Task key -> why its patch did not survive."""


class Prover:
    """Proves patches and leaves `tree` as the kept ones make it.

    Args:
        nodeids: the tests to compare; None for the whole selection.
        has_time: whether there is time left beyond what is reserved for one proof.
    """

    def __init__(
        self,
        confirmer: Confirmer,
        tree: SourceTree,
        nodeids: tuple[str, ...] | None,
        has_time: Callable[[], bool],
    ) -> None:
        self._confirmer = confirmer
        self._tree = tree
        self._nodeids = nodeids
        self._has_time = has_time
        self._dropped: dict[str, str] = {}

    def prove(self, accepted: list[Accepted]) -> Proof:
        """Confirm all patches together; as long as that fails, again without those that are to blame."""
        kept = list(accepted)
        while kept:
            files = rebuild(kept, self._tree)
            whole = self._confirmer.confirm(files, _targets(kept), self._nodeids)
            if whole.ok:
                return Proof(kept, files, whole, self._dropped)
            kept = self._survivors(kept, whole)
        rebuild([], self._tree)
        return Proof([], {}, None, self._dropped)

    def _survivors(self, kept: list[Accepted], whole: Confirmation) -> list[Accepted]:
        """Add the patches one by one and return those that hold together; at least one goes, so that this ends."""
        # A run that ends without a proof does not name the tests to look at: that takes the whole suite for each patch.
        if len(kept) == 1 or (whole.problem and not self._has_time()):
            self._drop(kept, whole)
            return []
        alive: list[Accepted] = []
        for one in kept:
            proof = self._added(one, alive, whole)
            if proof.ok:
                alive.append(one)
            else:
                self._drop([one], proof)
        if len(alive) == len(kept):
            # Each holds without the others, or a test is flaky: one of them has to go.
            suspect = next((one for one in reversed(alive) if one.unsteady & set(whole.broke)), alive[-1])
            self._drop([suspect], whole)
            alive.remove(suspect)
        return alive

    def _added(self, one: Accepted, alive: list[Accepted], whole: Confirmation) -> Confirmation:
        without = rebuild(alive, self._tree)
        files = rebuild([*alive, one], self._tree)
        if files == without:
            return Confirmation(problem="the patch was made on top of another one that did not hold")
        targets = _targets([*alive, one])
        wanted = self._nodeids if whole.problem else tuple(dict.fromkeys((*targets, *whole.broke)))
        return self._confirmer.confirm(files, targets, wanted)

    def _drop(self, dropped: list[Accepted], proof: Confirmation) -> None:
        if proof.problem:
            reason = proof.problem
        elif proof.broke:
            reason = f"the patch breaks {proof.broke[0]} in the confirmation"
        else:
            reason = f"{', '.join(proof.not_green[:1])} does not pass in a fresh process with the patch"
        for one in dropped:
            self._dropped[one.solution.task.key] = reason


def _targets(patches: list[Accepted]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target for one in patches for target in one.targets))
