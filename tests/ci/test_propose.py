"""The action's inputs as ci/propose.py takes them: what cannot be used is an error for every step that comes after."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.runner import ROOT, commands, environment_file


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BUDGET", "foo", "--budget: unknown limit 'foo'"),
        ("ARGS", "-k 'open", "an input cannot be used: No closing quotation"),
        ("OPTIONS", "--label", "an option cannot be read"),
        ("WORKING_DIRECTORY", "nowhere", "an input cannot be used: [Errno 2] No such file or directory: 'nowhere'"),
    ],
)
def test_an_input_that_cannot_be_used_sets_the_state(tmp_path: Path, name: str, value: str, said: str) -> None:
    kept = {one: told for one, told in os.environ.items() if not one.startswith(("GITHUB_", "CI_"))}
    files = {one: str(tmp_path / one) for one in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "ci" / "propose.py")], cwd=tmp_path,
        env={**kept, **files, "GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(tmp_path), f"INPUT_{name}": value},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    outputs = environment_file(tmp_path / "GITHUB_OUTPUT")
    assert {one: outputs[one] for one in ("state", "patch", "patch-file", "report")} == {
        "state": "error",
        "patch": "",
        "patch-file": "",
        "report": "",
    }
    (error,) = commands(done.stdout)
    assert (error.name, error.properties) == ("error", {"title": "codemode"})
    assert error.message.startswith(said)
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text().startswith("# codemode: ")
