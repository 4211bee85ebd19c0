"""What was tried for a task, so that the same patch is recognised before it is judged again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import Applied, Edit, Patch
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply


@dataclass(frozen=True, slots=True)
class Earlier:
    """A patch of before."""

    number: int
    """Which of this dialogue's patches, counted from 1; 0 if it was another proposer's."""
    trial: Trial


class Tried:
    """The patches of one task: those it came with, and those of the dialogue as they are judged."""

    def __init__(self, task: RepairTask) -> None:
        self._files = task.sources
        self._known: dict[str, Earlier] = {}
        self._fingerprints: dict[Patch, str] = {}
        self.trials: list[Trial] = []
        """Of this dialogue, in order."""
        for trial in task.tried:
            self._note(Earlier(0, trial))

    def earlier(self, fingerprint: str) -> Earlier | None:
        """Return the patch of before that does the same."""
        return self._known.get(fingerprint)

    def add(self, trial: Trial) -> int:
        """Note a judged patch of the dialogue and return its number."""
        self.trials.append(trial)
        self._note(Earlier(len(self.trials), trial))
        return len(self.trials)

    def _note(self, earlier: Earlier) -> None:
        if earlier.trial.verdict is not Verdict.NOT_TRIED:
            for key in filter(None, (earlier.trial.fingerprint, self.fingerprint(earlier.trial.patch))):
                self._known.setdefault(key, earlier)

    def fingerprint(self, patch: Patch) -> str:
        """Return what is equal for patches that give the same tree, or failing that for edits that say the same."""
        if patch not in self._fingerprints:
            self._fingerprints[patch] = self._computed(patch)
        return self._fingerprints[patch]

    def _computed(self, patch: Patch) -> str:
        if all(path in self._files for path in patch.paths):
            applied = apply(patch, self._files.get)
            if isinstance(applied, Applied):
                return applied.fingerprint
        edits = sorted(json.dumps(_normal(edit), sort_keys=True) for edit in patch.edits)
        return hashlib.sha256("\n".join(edits).encode("ascii")).hexdigest()


def _normal(edit: Edit) -> dict[str, Any]:
    """Return an edit's fields without the white space that means nothing."""
    body: dict[str, Any] = encode(edit)
    texts: dict[str, Callable[[str], str]] = {
        "old": str.strip,
        "source": _without_margin,
        "statement": lambda text: " ".join(text.split()),
    }
    return {key: texts[key](value) if key in texts else value for key, value in body.items()}


def _without_margin(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").rstrip().splitlines())
