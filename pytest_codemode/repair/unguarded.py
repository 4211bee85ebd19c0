"""Tests that fail in the sandbox whatever the patch does, although the user's own run passed them: they prove nothing.

They need another order, the network, a file or a variable that is not there. A run must not be called red because of
them, and the user must know that they did not guard the patch.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_codemode.repair.confirm import Confirmation


def unguarded(proof: Confirmation, passed: Iterable[str]) -> tuple[str, ...]:
    """Return the tests and files that are red in a patched run and not because of the patch, sorted.

    Args:
        proof: of patches that may be written: what they broke or did not turn green is not among the rest.
        passed: the tests that passed in the user's own run, on the unpatched tree.
    """
    fine = frozenset(passed)
    files = {nodeid.partition("::")[0] for nodeid in fine}
    tests = {nodeid for nodeid in proof.failed if nodeid in fine}
    return tuple(sorted(tests | {error.nodeid for error in proof.collection_errors if error.nodeid in files}))


def is_red(proof: Confirmation, passed: Iterable[str]) -> bool:
    """Return whether something fails with the patches that is not `unguarded`."""
    red = {*proof.failed, *(error.nodeid for error in proof.collection_errors)}
    return bool(red - set(unguarded(proof, passed)))


def sentence(nodeids: tuple[str, ...]) -> str:
    """Return what the user is told about tests that are `unguarded`; there is at least one."""
    if len(nodeids) == 1:
        what = f"{nodeids[0]} passed in your run and fails in the sandbox with and without the patch"
    else:
        what = f"{len(nodeids)} tests passed in your run and fail in the sandbox with and without the patch"
        what += f" (as {nodeids[0]})"
    return (
        f"{what}, so that nothing guards it there: this may come from the order of the tests, the network "
        "(--codemode-network), a variable (--codemode-env) or a file (--codemode-mount)"
    )
