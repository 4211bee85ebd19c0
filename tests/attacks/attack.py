"""What an attack is, the doors it comes in by, and how its end is judged.

An attack is the body of a Python function. It proves that it got through, by `assert`, and ends; an OSError or a failed
assertion means that it was refused, `kit.Missing` that this machine lacks what it needs. What it did to the host counts
as well, whatever it says itself: see `bait`.
"""

import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from pytest_codemode.core.outcome import Candidate, Capabilities, Mode, Outcome, Swap, TestResult
from pytest_codemode.sandbox.isolation.choose import examine
from tests.attacks.bait import Bait
from tests.sandbox.toys import Sandboxed

LEVELS = ("namespaces", "landlock")
DOORS = ("program", "test", "patch")
"""execute_code, run_tests on a hostile test, try_patches with a hostile patch."""
SLOW_DOORS = ("reload", "cold")
"""try_patches with a patch that cannot be swapped; run_tests in a fresh interpreter."""
ANYWHERE = ""
"""Not covered by a capability of its own: refused wherever code is fenced in at all."""


@dataclass(frozen=True)
class Attack:
    name: str
    program: str
    capability: str = ANYWHERE
    """Name in `Capabilities` that promises its failure."""
    by_effect: bool = False
    """Whether the program's own success is no breach: it may have reached something private. Only the host counts."""


@dataclass(frozen=True)
class Ended:
    """How an attack ended."""

    how: str
    """`through`, `refused`, `missing`, `killed` or `broken`."""
    told: str = ""
    touched: frozenset[str] = frozenset()
    """What it did to the host."""


@dataclass
class Range:
    """A toy project with every attack in it, behind one kind of fence, and bait around it.

    All attacks of a table go by one door in one request, as each alone would cost more than it takes. Where the host
    was touched, each is tried again alone, so that the one that did it is named.
    """

    level: str
    box: Sandboxed
    bait: Bait
    claimed: Capabilities = field(init=False)
    _ended: dict[tuple[str, ...], dict[str, Ended]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.claimed = self.box.info().capabilities

    def ended(self, attack: Attack, door: str, table: Sequence[Attack]) -> Ended:
        """Return how `attack` of `table` ends by `door`."""
        key = (door, *(each.name for each in table))
        if key not in self._ended:
            together, touched = self.let_in(table, door)
            alone = {each.name: self._alone(each, door) for each in table} if touched else together
            self._ended[key] = alone
        return self._ended[key][attack.name]

    def _alone(self, attack: Attack, door: str) -> Ended:
        ended, touched = self.let_in([attack], door)
        return replace(ended[attack.name], touched=frozenset(touched))

    def let_in(self, attacks: Sequence[Attack], door: str) -> tuple[dict[str, Ended], set[str]]:
        """Try attacks by one door; return how each ended, and what they did to the host together."""
        self.bait.lay_out_again()
        ended: dict[str, Ended] = getattr(self, f"_by_{door}")(attacks)
        return ended, self.bait.touched()

    def execute_alone(self, attack: Attack, timeout_s: float) -> Ended:
        """Try one attack in a program of its own, which is what its limits and its end are about."""
        found = self.box.execute(f"import kit\nkit.try_one({function(attack)!r})", timeout_s=timeout_s)
        lines = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("[")]
        return Ended(*lines[-1]) if lines else Ended("killed", f"{found.status} {found.reason} {found.stderr[-300:]}")

    def _by_program(self, attacks: Sequence[Attack]) -> dict[str, Ended]:
        sources = {attack.name: function(attack) for attack in attacks}
        found = self.box.execute(f"import kit\nkit.try_all({sources!r})")
        lines = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("[")]
        told = {name: Ended(how, why) for name, how, why in lines}
        nothing = Ended("killed", f"{found.status} {found.reason} {found.stdout[-300:]} {found.stderr[-300:]}")
        return {attack.name: told.get(attack.name, nothing) for attack in attacks}

    def _by_test(self, attacks: Sequence[Attack], mode: Mode = Mode.WARM) -> dict[str, Ended]:
        nodeids = {f"test_hostile.py::test_{identifier(attack)}": attack.name for attack in attacks}
        run = self.box.run(*nodeids, mode=mode)
        told = {nodeids[result.nodeid]: judged(result) for result in run.results}
        nothing = Ended("killed", f"{run.status} {run.reason} {run.output[-300:]}")
        return {name: told.get(name, nothing) for name in nodeids.values()}

    def _by_cold(self, attacks: Sequence[Attack]) -> dict[str, Ended]:
        return self._by_test(attacks, Mode.COLD)

    def _by_patch(self, attacks: Sequence[Attack], *, swap: bool = True) -> dict[str, Ended]:
        sources = {attack.name: patched(attack) for attack in attacks}
        candidates = [
            Candidate(name, {"innocent.py": source.encode()}, (Swap("innocent.py", "work", 1, source),) * swap)
            for name, source in sources.items()
        ]
        tried = self.box.attempt(*candidates, on=("test_innocent.py::test_work",))
        return {one.key: judged(one.results[-1]) if one.results else Ended("killed", one.reason) for one in tried}

    def _by_reload(self, attacks: Sequence[Attack]) -> dict[str, Ended]:
        return self._by_patch(attacks, swap=False)


def judged(result: TestResult) -> Ended:
    how = {Outcome.PASSED: "through", Outcome.SKIPPED: "missing", Outcome.FAILED: "broken"}
    ended = how.get(result.outcome, "killed")
    if ended == "broken" and result.failures[0].exception.endswith("Refused"):
        ended = "refused"
    return Ended(ended, str(result.failures)[:2000])


def identifier(attack: Attack) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in attack.name)


def function(attack: Attack, name: str = "attack") -> str:
    return f"def {name}(BAIT):\n" + textwrap.indent(textwrap.dedent(attack.program).strip("\n"), "    ") + "\n"


def patched(attack: Attack) -> str:
    """`innocent.py` with `attack` in the place of its one function's body."""
    inner = textwrap.indent(function(attack), "    ")
    return f"def work():\n    import kit\n{inner}    kit.attempt(attack)\n"


def project_files(attacks: Iterable[Attack], targets: dict[str, object]) -> dict[str, str]:
    """Files of a project whose tests are the attacks, with one innocent function to be patched."""
    tests = "\n".join(f"{function(a, f'_{identifier(a)}')}\n\n{_calling(a)}\n" for a in attacks)
    return {
        "pytest.ini": "[pytest]\naddopts = --tb=native\n",
        "kit.py": f"BAIT = {targets!r}\n\n" + Path(__file__).with_name("kit.py").read_text("utf-8"),
        "test_hostile.py": "import kit\n\n" + tests,
        "innocent.py": "def work():\n    raise RuntimeError('unpatched')\n",
        "test_innocent.py": "import innocent\n\ndef test_work():\n    innocent.work()\n",
    }


def _calling(attack: Attack) -> str:
    name = identifier(attack)
    return f"def test_{name}():\n    kit.attempt(_{name})\n"


def by_every_door(attacks: Iterable[Attack]) -> list[ParameterSet]:
    """Every attack by every door at every level; by the slow doors only in `make test-slow`."""
    return [
        pytest.param(
            *(attack, door, level),
            id=f"{attack.name}-{door}-{level}",
            marks=pytest.mark.slow if door in SLOW_DOORS else (),
        )
        for level in LEVELS
        for door in (*DOORS, *SLOW_DOORS)
        for attack in attacks
    ]


def must_fail(place: Range, attack: Attack, door: str, table: Sequence[Attack]) -> None:
    """Judge one attack of a table."""
    if attack.capability and not getattr(place.claimed, attack.capability):
        pytest.skip(f"{place.level} does not claim {attack.capability} here")
    ended = place.ended(attack, door, table)
    assert not ended.touched, ended
    if ended.how == "missing":
        pytest.skip(ended.told)
    assert ended.how in ("refused", "killed") or (ended.how == "through" and attack.by_effect), ended


def works(level: str) -> bool:
    return examine(level).isolation is not None
