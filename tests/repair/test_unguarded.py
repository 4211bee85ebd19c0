from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.repair.confirm import Confirmation
from pytest_codemode.repair.unguarded import is_red, sentence, unguarded

FAILURE = Failure("t.py::order", Phase.CALL, "AssertionError", "1 == 2")
UNREADABLE = Failure("n.py", Phase.COLLECT, "OSError", "no network")


def test_a_test_that_fails_with_and_without_the_patch_and_passed_for_the_user_does_not_make_the_tree_red() -> None:
    proof = Confirmation(failed={"t.py::order": (FAILURE,)})
    assert not is_red(proof, ["t.py::order", "t.py::other"])
    assert unguarded(proof, ["t.py::order", "t.py::other"]) == ("t.py::order",)


def test_a_test_that_failed_for_the_user_too_makes_the_tree_red() -> None:
    proof = Confirmation(failed={"t.py::order": (FAILURE,)})
    assert is_red(proof, ["t.py::other"])
    assert unguarded(proof, ["t.py::other"]) == ()


def test_a_file_that_only_the_sandbox_cannot_collect_is_no_guard_and_does_not_make_the_tree_red() -> None:
    proof = Confirmation(collection_errors=(UNREADABLE,))
    assert not is_red(proof, ["n.py::test_fetch"])
    assert is_red(proof, ["t.py::order"])
    assert unguarded(proof, ["n.py::test_fetch"]) == ("n.py",)


def test_the_user_reads_which_tests_did_not_guard_the_patch() -> None:
    assert sentence(("t.py::order",)).startswith("t.py::order passed in your run and fails")
    assert "2 tests passed in your run" in sentence(("t.py::a", "t.py::b"))
    assert "as t.py::a" in sentence(("t.py::a", "t.py::b"))
