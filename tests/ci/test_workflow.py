"""The workflow that a team copies, run as a runner would: both jobs, the action's own files, a real remote."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ci.conftest import CLAMP, PROJECT, Repository, pull_request
from tests.ci.runner import ROOT, Job, Runner, load

WORKFLOW = load(ROOT / "ci" / "github" / "codemode.yml")
PROPOSE, PUBLISH = WORKFLOW["jobs"]["propose"], WORKFLOW["jobs"]["publish"]
BROKEN = {"src/pkg/clamp.py": CLAMP}


def only(job: Job, name: str) -> list[Any]:
    return [command for command in job.commands if command.name == name]


@pytest.mark.parametrize("installs", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_failing_pull_request_is_answered_by_a_branch_with_the_proven_patch(
    repository: Repository, on_github: Any, tools: Path, installs: bool
) -> None:
    branch = "feat/näh $(touch pwned)".replace(" ", "")
    commit = repository.change(branch, BROKEN)
    before = repository.at_remote()
    event = pull_request(repository, branch, commit)
    runner: Runner = on_github(repository, event, installs=installs, head_ref=branch)

    proposed = runner.job("propose", PROPOSE)
    assert proposed is not None
    assert proposed.failed
    assert proposed.outputs == {"state": "proposed"}
    step = next(step for step in proposed.steps if step.outputs)
    assert {name: step.outputs[name] for name in ("fixed", "unfixed", "cost-usd")} == {
        "fixed": "3",
        "unfixed": "0",
        "cost-usd": "0.0000",
    }
    diff = Path(step.outputs["patch-file"]).read_text()
    assert step.outputs["patch"] == diff
    assert "-        return low   # beyond the end\n+        return high   # beyond the end\n" in diff
    assert repository.at_remote() == before
    assert proposed.summary.startswith("# codemode: fixed 3 of 3 failing tests\n")
    assert "+        return high   # beyond the end" in proposed.summary

    # What tests print and raise is shown, and obeyed by nobody.
    assert {command.name for command in proposed.commands} == {"error", "notice"}
    (error,) = only(proposed, "error")
    assert error.properties["file"] == "tests/test_clamp.py"
    assert "and 2 more" in error.properties["title"]
    (notice,) = only(proposed, "notice")
    assert notice.properties == {
        "file": "src/pkg/clamp.py",
        "line": "5",
        "title": "codemode proposes a patch",
    }
    assert notice.message.endswith(diff.rstrip("\n"))

    artefact = runner.artefacts / "codemode"
    assert {"patch.diff", "report.json", "report.md", "summary.md", "junit.xml"} <= {
        path.name for path in artefact.iterdir()
    }
    assert json.loads((artefact / "report.json").read_text())["tasks"][0]["fixed"]

    published = runner.job("publish", PUBLISH, {"propose": proposed.outputs})
    assert published is not None
    assert not published.failed
    after = repository.at_remote()
    (new,) = set(after) - set(before)
    assert {name: after[name] for name in before} == before
    assert new.startswith("codemode/fix-feat-n-h")
    made = after[new]
    assert repository.git("rev-list", "--parents", "-n", "1", made, cwd=repository.remote) == f"{made} {commit}"
    assert repository.git("diff", "--name-status", commit, made, cwd=repository.remote) == "M\tsrc/pkg/clamp.py"
    fixed = repository.git("show", f"{made}:src/pkg/clamp.py", cwd=repository.remote)
    assert fixed + "\n" == PROJECT["src/pkg/clamp.py"]
    message = repository.git("log", "-1", "--format=%an %cn%n%b", made, cwd=repository.remote)
    assert message.startswith("pytest-codemode pytest-codemode\n")
    assert message.endswith(f"\nCodemode-Tested-Commit: {commit}")
    assert not list(runner.folder.rglob("pwned"))

    _check_pull_request(tools, new, branch)
    body = (runner.folder / "publish" / "temp" / "codemode-body.md").read_text()
    assert commit in body
    assert "- `src/pkg/clamp.py`" in body
    assert "fixed 3 of 3 failing tests" in body


def _check_pull_request(tools: Path, new: str, branch: str) -> None:
    listed, created, *rest = (tools / "calls").read_text().strip("\n").split("\n\n")
    assert rest == []
    assert f"--raw-field=head=team:{new}\n--raw-field=base={branch}\n" in listed
    assert created.startswith(f"pr\ncreate\n--repo=team/project\n--head={new}\n--base={branch}\n")


@pytest.mark.parametrize("branch", ["codemode/fix-feature", "codemode/"])
def test_branches_of_its_own_are_not_even_looked_at(repository: Repository, on_github: Any, branch: str) -> None:
    runner = on_github(repository, pull_request(repository, branch, repository.base), head_ref=branch)
    assert runner.job("propose", PROPOSE) is None


def test_of_a_fork_nothing_is_published(repository: Repository, on_github: Any) -> None:
    event = pull_request(repository, "feature", repository.base, fork=True)
    runner = on_github(repository, event, head_ref="feature")
    assert runner.job("publish", PUBLISH, {"propose": {"state": "proposed"}}) is None


def step_of(job: dict[str, Any], inputs: dict[str, str]) -> dict[str, Any]:
    """Return the job with other inputs for our action."""
    steps = [
        {**step, "with": {**step["with"], **inputs}} if "pytest-codemode" in step.get("uses", "") else step
        for step in job["steps"]
    ]
    return {**job, "steps": steps}


@pytest.mark.parametrize(
    ("inputs", "labels", "reason"),
    [
        ({"paths": "docs/*\n*.md"}, (), "no file has changed that matches docs/* or *.md"),
        ({"labels": "codemode\nfix me"}, ("bug",), "the pull request does not have the label codemode or fix me"),
        ({"since": "HEAD"}, (), "nothing has changed since HEAD"),
    ],
)
def test_a_filter_that_does_not_match_does_nothing(
    repository: Repository, on_github: Any, inputs: dict[str, str], labels: tuple[str, ...], reason: str
) -> None:
    commit = repository.change("feature", BROKEN)
    runner = on_github(repository, pull_request(repository, "feature", commit, *labels), head_ref="feature")
    done = runner.job("propose", step_of(PROPOSE, inputs))
    assert done is not None
    assert not done.failed
    assert done.outputs == {"state": "skipped"}
    assert f"codemode: skipped: {reason}\n" in " ".join(done.output.split(" "))
    assert done.summary.startswith("# codemode: nothing to do\n")
    assert not runner.artefacts.exists()
    assert runner.job("publish", PUBLISH, {"propose": done.outputs}) is None


def test_a_change_that_fits_every_filter_is_tested(repository: Repository, on_github: Any) -> None:
    commit = repository.change("feature", {"src/pkg/other.py": "X = 1\n"})
    runner = on_github(repository, pull_request(repository, "feature", commit, "fix me"), head_ref="feature")
    done = runner.job("propose", step_of(PROPOSE, {"labels": "fix me", "args": "-k 'clamp and not 1-5-2'"}))
    assert done is not None
    assert not done.failed
    assert done.outputs == {"state": "passed"}
    assert "no test fails: 6 tests ran in the sandbox" in done.output
    assert done.summary == "# codemode: no test fails\n\nno test fails: 6 tests ran in the sandbox\n"
    assert (runner.artefacts / "codemode" / "junit.xml").exists()


def test_a_commit_of_its_own_on_another_branch_does_nothing_either(repository: Repository, on_github: Any) -> None:
    repository.git("checkout", "-q", "-b", "merged", "main")
    repository.git("config", "user.name", "x")
    commit = repository.commit("patched", BROKEN)
    amended = ["-c", "user.email=pytest-codemode@codemode.invalid", "commit", "-q", "--amend", "--reset-author"]
    repository.git(*amended, "-m", f"x\n\nCodemode-Tested-Commit: {commit}")
    own = repository.git("rev-parse", "HEAD")
    repository.git("push", "-q", "origin", "merged")
    runner = on_github(repository, pull_request(repository, "merged", own), head_ref="merged")
    done = runner.job("propose", PROPOSE)
    assert done is not None
    assert done.outputs == {"state": "skipped"}
    assert "the last commit is codemode's own" in done.output
