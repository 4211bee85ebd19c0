"""Branches and commits of codemode's own: every head has one, and they are known again."""

import subprocess

import pytest

from pytest_codemode.cli.ci import own
from pytest_codemode.cli.ci.git import Git
from pytest_codemode.worktree.diff import unified_diff
from tests.ci.conftest import CLAMP, PROJECT, Repository
from tests.ci.test_publish import publish

CODE = "src/pkg/clamp.py"
HEADS = ("feature", "a/b", "a-b", "$(touch pwned)", "x\ny::set-output", "ü", "-", "", "a" * 300, "x.lock", "..", "@{u}")


@pytest.mark.parametrize("head", HEADS)
def test_every_head_has_a_plain_branch_of_its_own(head: str) -> None:
    name = own.branch_for(head)
    assert own.is_branch(name), name
    others = ("feature2", "a-b-", "a/b/", "x-y")
    assert all(own.branch_for(other) != name for other in others)
    subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=True, timeout=60)


@pytest.mark.parametrize("head", HEADS)
def test_no_head_takes_the_branch_of_another_by_looking_like_it(head: str) -> None:
    name = own.branch_for(head)
    alike = name.removeprefix("codemode/fix-")
    assert alike == head or own.branch_for(alike) != name
    assert own.branch_for(alike.replace(".", "-")) != name or alike == head


def test_a_commit_of_its_own_is_known_whatever_files_are_there(repository: Repository) -> None:
    tested = repository.change("feature", {CODE: CLAMP, "HEAD": "", "main": "", "FETCH_HEAD": ""})
    patch = unified_diff(CODE, CLAMP.encode(), PROJECT[CODE].encode())
    assert publish(repository, patch, "--head=feature").returncode == 0
    repository.git("fetch", "-q", "origin", "codemode/fix-feature")
    repository.git("reset", "-q", "--hard", "FETCH_HEAD", "--")
    (repository.root / tested).write_text("")
    git = Git(repository.root)
    assert own.is_own_commit(git, "HEAD")
    assert not own.is_own_commit(git, tested)
    back = unified_diff(CODE, PROJECT[CODE].encode(), CLAMP.encode())
    assert publish(repository, back, "--head=other").stdout == "codemode: own\n"
    assert publish(repository, patch, "--head=third", f"--base={tested}").returncode == 0
