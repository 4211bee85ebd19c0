import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult
from pytest_codemode.core.patch import Files
from pytest_codemode.repair.confirm import CONFIRM_PAIRS, Confirmation, Confirmer
from tests.repair.sandbox import Behaviour, ScriptedSandbox, failure, uncollectable

OLD, NEW = {"m.py": b"old"}, {"m.py": b"new"}
RED, GREEN = "t.py::red", "t.py::green"


def repaired(nodeid: str, files: Files) -> Outcome | Failure | None:
    """RED is repaired by the patch, everything else passes."""
    return failure(nodeid) if nodeid == RED and files["m.py"] == b"old" else Outcome.PASSED


def patched_only(nodeid: str, end: Outcome | Failure | None) -> Behaviour:
    """Like `repaired`, but with the patch `nodeid` ends as `end`."""
    return lambda n, files: end if n == nodeid and files["m.py"] == b"new" else repaired(n, files)


def sandbox(behaves: Behaviour, *nodeids: str, **more: object) -> ScriptedSandbox:
    return ScriptedSandbox((RED, GREEN, *nodeids), behaves, files=OLD, **more)  # type: ignore[arg-type]


def confirmer(world: ScriptedSandbox, *flaky: str) -> Confirmer:
    return Confirmer(world, CONFIRM_PAIRS, lambda text: None, random.Random(0), frozenset(flaky))


def confirmed(world: ScriptedSandbox, *targets: str) -> Confirmation:
    return confirmer(world).confirm(NEW, targets or (RED,), None)


def test_a_patch_that_turns_its_test_green_and_breaks_nothing_is_confirmed() -> None:
    proof = confirmed(sandbox(repaired))
    assert proof.ok
    assert proof.passed == {RED, GREEN}
    assert (proof.guards, proof.collected, proof.failed) == (1, 2, {})


def test_both_trees_run_cold_under_the_same_orders_and_seeds_with_a_new_canary_each() -> None:
    world = sandbox(repaired)
    confirmed(world)
    seen = [(r.mode, bool(r.files), r.order_seed, r.hash_seed, r.nodeids) for r in world.runs]
    pairs = [(pair.order_seed, pair.hash_seed) for pair in CONFIRM_PAIRS]
    expected = [(Mode.COLD, patched, *pair, None) for pair in pairs for patched in (False, True)]
    assert sorted(seen, key=repr) == sorted(expected, key=repr)
    canaries = {r.canary for r in world.runs}
    assert len(canaries) == 4
    assert all(name.startswith("test_canary_") for name in canaries)


def test_the_unpatched_tree_is_run_once_for_several_proofs() -> None:
    world = sandbox(repaired)
    prover = confirmer(world)
    prover.confirm(NEW, (RED,), None)
    prover.confirm({"m.py": b"newer"}, (RED,), None)
    assert sum(not request.files for request in world.runs) == len(CONFIRM_PAIRS)
    prover.confirm(NEW, (RED,), (RED,))
    assert sum(not request.files for request in world.runs) == 2 * len(CONFIRM_PAIRS)


@pytest.mark.parametrize(
    "end",
    [
        failure(GREEN),
        Outcome.SKIPPED,
        Outcome.XFAILED,
        Outcome.XPASSED,
        Outcome.TIMEOUT,
        Outcome.CRASHED,
        Outcome.MISSING,
        None,
    ],
    ids=str,
)
def test_a_test_that_passed_and_does_not_pass_any_more_is_broken(end: Outcome | Failure | None) -> None:
    proof = confirmed(sandbox(patched_only(GREEN, end)))
    assert not proof.ok
    assert proof.broke == (GREEN,)


def test_a_target_that_is_skipped_is_not_green() -> None:
    proof = confirmed(sandbox(patched_only(RED, Outcome.SKIPPED)))
    assert not proof.ok
    assert (proof.not_green, proof.broke) == ((RED,), ())


def test_a_test_that_breaks_only_in_shuffled_order_is_found() -> None:
    def shuffled(request: RunRequest, result: RunResult) -> RunResult:
        if request.order_seed is None or not request.files:
            return result
        spoilt = (replace(r, outcome=Outcome.FAILED) if r.nodeid == GREEN else r for r in result.results)
        return replace(result, results=tuple(spoilt))

    proof = confirmed(sandbox(repaired, interferes=shuffled))
    assert proof.broke == (GREEN,)
    assert GREEN not in proof.passed


def test_a_patch_is_not_blamed_for_what_failed_before() -> None:
    proof = confirmed(sandbox(lambda n, files: failure(n) if n == "t.py::x" else repaired(n, files), "t.py::x"))
    assert proof.ok
    assert proof.failed == {"t.py::x": (failure("t.py::x"),)}
    assert proof.guards == 1


def by_turns(*mode_outcomes: tuple[Mode, list[Outcome]]) -> Callable[[RunRequest, RunResult], RunResult]:
    """Let GREEN end by turns: with the patch, and unpatched by mode."""
    turns = {mode: list(outcomes) for mode, outcomes in mode_outcomes}

    def interfere(request: RunRequest, result: RunResult) -> RunResult:
        if request.files:
            end = Outcome.FAILED
        else:
            left = turns.get(request.mode, [Outcome.PASSED])
            end = left.pop(0) if len(left) > 1 else left[0]
        return replace(
            result, results=tuple(replace(r, outcome=end) if r.nodeid == GREEN else r for r in result.results)
        )

    return interfere


def test_a_patch_is_not_blamed_for_a_test_that_is_flaky_without_it() -> None:
    world = sandbox(repaired, interferes=by_turns((Mode.WARM, [Outcome.PASSED, Outcome.FAILED, Outcome.PASSED])))
    proof = confirmed(world)
    assert proof.ok
    assert proof.flaky == {GREEN}
    assert [r.nodeids for r in world.runs if r.mode is Mode.WARM] == [(GREEN,)] * 10


def test_a_test_that_passes_only_in_a_fresh_process_is_not_taken_for_flaky() -> None:
    proof = confirmed(sandbox(repaired, interferes=by_turns((Mode.WARM, [Outcome.FAILED]))))
    assert proof.broke == (GREEN,)
    assert proof.flaky == frozenset()


def test_a_known_flaky_test_guards_nothing() -> None:
    world = sandbox(patched_only(GREEN, failure(GREEN)))
    proof = confirmer(world, GREEN).confirm(NEW, (RED,), None)
    assert proof.ok
    assert proof.guards == 0
    assert all(request.mode is Mode.COLD for request in world.runs)


def renamed(end: Outcome, *, patched: bool = True) -> Callable[[RunRequest, RunResult], RunResult]:
    """Give `t.py::p[0]` another id in every run, ending as `end` with the patch."""
    numbers = iter(range(1, 1000))

    def interfere(request: RunRequest, result: RunResult) -> RunResult:
        def renumber(nodeid: str) -> str:
            return nodeid.replace("p[0]", f"p[{next(numbers)}]")

        results = tuple(
            replace(r, nodeid=renumber(r.nodeid), outcome=end if request.files and "::p[" in r.nodeid else r.outcome)
            for r in result.results
        )
        return replace(result, results=results)

    return interfere


def test_ids_that_change_from_run_to_run_are_matched_without_their_parameters() -> None:
    assert confirmed(sandbox(repaired, "t.py::p[0]", interferes=renamed(Outcome.PASSED))).ok


def test_a_test_whose_id_changes_must_still_pass() -> None:
    proof = confirmed(sandbox(repaired, "t.py::p[0]", interferes=renamed(Outcome.FAILED)))
    assert not proof.ok
    assert {nodeid.partition("[")[0] for nodeid in proof.broke} == {"t.py::p"}


def test_a_parameter_that_vanishes_with_the_patch_is_broken_although_its_siblings_pass() -> None:
    proof = confirmed(sandbox(patched_only("t.py::p[2]", None), "t.py::p[1]", "t.py::p[2]", "t.py::p[3]"))
    assert proof.broke == ("t.py::p[2]",)


def test_a_parameter_that_the_patch_replaces_by_another_is_broken() -> None:
    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        gone = "t.py::p[easy]" if files["m.py"] == b"old" else "t.py::p[hard]"
        return None if nodeid == gone else repaired(nodeid, files)

    assert confirmed(sandbox(behaves, "t.py::p[hard]", "t.py::p[easy]")).broke == ("t.py::p[hard]",)


def test_a_test_that_passes_unpatched_in_one_order_only_guards_in_that_order() -> None:
    def interfere(request: RunRequest, result: RunResult) -> RunResult:
        end = Outcome.PASSED if request.order_seed is None and not request.files else Outcome.FAILED
        spoilt = (replace(r, outcome=end) if r.nodeid == GREEN else r for r in result.results)
        return replace(result, results=tuple(spoilt)) if request.order_seed is not None else result

    proof = confirmed(sandbox(repaired, interferes=interfere))
    assert proof.ok
    assert proof.guards == 1


@pytest.mark.parametrize("patched", [True, False])
def test_a_run_whose_canary_passes_is_no_proof(patched: bool) -> None:
    def cheat(request: RunRequest, result: RunResult) -> RunResult:
        return replace(result, canary_failed=bool(request.files) is not patched)

    proof = confirmed(sandbox(repaired, interferes=cheat))
    assert not proof.ok
    assert proof.problem.startswith(f"the {'patched' if patched else 'unpatched'} run reported a test as passed")


def test_a_run_without_its_canary_is_a_defect_of_ours() -> None:
    world = sandbox(repaired, interferes=lambda request, result: replace(result, canary_failed=None))
    with pytest.raises(SandboxError, match="without its canary"):
        confirmed(world)


def test_a_run_that_was_killed_is_no_proof_and_says_why() -> None:
    def kill(request: RunRequest, result: RunResult) -> RunResult:
        return replace(result, status="killed", reason="disk limit of 1 GiB") if request.files else result

    proof = confirmed(sandbox(repaired, interferes=kill))
    assert not proof.ok
    assert proof.problem == "the patched run did not finish: disk limit of 1 GiB"


def test_a_file_that_must_be_collected_must_be_and_have_a_test_that_passes() -> None:
    broken = (uncollectable("t.py"),)

    def proof(new_errors: tuple[Failure, ...], behaves: Behaviour) -> Confirmation:
        return confirmed(
            sandbox(behaves, cannot_collect=lambda files: broken if files["m.py"] == b"old" else new_errors), "t.py"
        )

    assert proof((), lambda n, files: Outcome.PASSED).ok
    assert proof((), lambda n, files: Outcome.SKIPPED).not_green == ("t.py",)
    still = proof(broken, lambda n, files: Outcome.PASSED)
    assert still.not_green == ("t.py",)
    assert still.collection_errors == broken
