"""What is written in the action, the templates and their page, looked at as text."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pytest_codemode.cli.ci.arguments import read
from pytest_codemode.cli.ci.delivery import STATUS
from pytest_codemode.cli.ci.own import PREFIX
from pytest_codemode.options.table import TABLE
from tests.ci.runner import ROOT, load

ACTIONS = (ROOT / "action.yml", ROOT / "ci" / "publish" / "action.yml")
WORKFLOW = ROOT / "ci" / "github" / "codemode.yml"
GITLAB = ROOT / "ci" / "gitlab" / "codemode.yml"
PAGE = ROOT / "docs" / "ci.md"


def schema(name: str) -> Any:
    """Return an official schema; `check-jsonschema` carries them."""
    return json.loads((resources.files("check_jsonschema.builtin_schemas.vendor") / f"{name}.json").read_text("utf-8"))


class Text(yaml.SafeLoader):
    """Reads `on` and the like as the words they are."""


Text.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Text.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *((path, "github-actions") for path in ACTIONS),
        (WORKFLOW, "github-workflows"),
        (GITLAB, "gitlab-ci"),
    ],
    ids=lambda value: value.parent.name if isinstance(value, Path) else value,
)
def test_the_files_are_valid_by_the_official_schemas(path: Path, name: str) -> None:
    document = yaml.load(path.read_text("utf-8"), Text)
    found = schema(name)
    jsonschema.validators.validator_for(found)(found).validate(document)
    # The schema is a real one: a file of another kind does not pass.
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"runs": 1, "jobs": 1, "x": 1, "stages": 7}, found)


def steps_of(path: Path) -> list[dict[str, Any]]:
    document = load(path)
    if "runs" in document:
        return document["runs"]["steps"]
    return [step for job in document["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", [*ACTIONS, WORKFLOW], ids=lambda path: path.parent.name)
def test_no_script_is_put_together_from_foreign_words(path: Path) -> None:
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.parent.name)
def test_every_input_is_used_and_every_script_is_there(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in load(path)["inputs"]:
        assert re.search(rf"\$\{{\{{[^}}]*inputs\.{name}\b", text), name
    for script in re.findall(r"\$GITHUB_ACTION_PATH/([\w/.]+)", text):
        assert (path.parent / script).is_file()


def test_the_inputs_of_the_action_reach_the_command() -> None:
    (step,) = [step for step in steps_of(ACTIONS[0]) if step.get("id") == "propose"]
    propose = (ROOT / "ci" / "propose.py").read_text("utf-8")
    names = [name.removeprefix("INPUT_").lower().replace("_", "-") for name in step["env"]]
    for name in names:
        assert f'"{name}"' in propose or f"INPUT_{name.upper().replace('-', '_')}" in propose, name


def test_a_signal_reaches_the_engine_s_starter_and_no_shell_in_between() -> None:
    for path in ACTIONS:
        for step in steps_of(path):
            assert step.get("run", "exec ").startswith("exec "), step


def test_the_job_that_runs_code_may_write_nothing_and_the_one_that_writes_runs_none() -> None:
    workflow = load(WORKFLOW)
    assert workflow["permissions"] == {}
    propose, publish = workflow["jobs"]["propose"], workflow["jobs"]["publish"]
    assert propose["permissions"] == {"contents": "read"}
    (checkout,) = [step for step in propose["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["persist-credentials"] is False
    assert "secrets." not in WORKFLOW.read_text("utf-8")
    assert publish["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert not [step for step in publish["steps"] if "run" in step]
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == [
        "actions/checkout",
        "actions/download-artifact",
        "OWNER/pytest-codemode/ci/publish",
    ]
    assert "head.repo.full_name == github.repository" in publish["if"]


def test_every_job_ends_by_itself_and_gives_way_to_the_next_push() -> None:
    workflow = load(WORKFLOW)
    assert all(job["timeout-minutes"] <= 30 for job in workflow["jobs"].values())
    assert workflow["concurrency"]["cancel-in-progress"] is True
    gitlab = load(GITLAB)
    assert gitlab["codemode-propose"]["interruptible"] is True
    assert all("timeout" in gitlab[name] for name in ("codemode-propose", "codemode-publish"))


def test_only_official_actions_are_used() -> None:
    used = [step["uses"] for path in (*ACTIONS, WORKFLOW) for step in steps_of(path) if "uses" in step]
    assert used
    for name in used:
        assert re.fullmatch(r"actions/[\w-]+@v\d+|OWNER/pytest-codemode(/ci/publish)?@REF", name), name


def test_the_gitlab_jobs_call_the_command_with_options_that_it_has() -> None:
    (line,) = [line for line in load(GITLAB)["codemode-propose"]["script"] if "cli.main ci" in line]
    words = [word.strip("'") for word in line.split("cli.main ci ")[1].split()]
    wanted = read(words)
    assert wanted.only == ("*.py",)
    assert wanted.time_limit_s == 1200.0
    assert wanted.pytest_args == ()
    reports = load(GITLAB)["codemode-propose"]["artifacts"]["reports"]
    assert set(reports) == {"codequality", "junit"}
    publish = load(GITLAB)["codemode-publish"]
    assert publish["environment"]["name"] == "codemode-publish"
    assert "CODEMODE_PUSH_TOKEN" not in str(load(GITLAB)["codemode-propose"])


def rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of the table below a heading of the page: name -> cells."""
    section = PAGE.read_text("utf-8").split(f"\n{heading}\n")[1].split("\n#")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:3] == "| `"
    ]
    return {row[0].strip(" `"): row[1:] for row in cells}


@pytest.mark.parametrize(
    ("path", "title"), [(ACTIONS[0], "The action"), (ACTIONS[1], "The publishing action")], ids=["propose", "publish"]
)
def test_the_page_lists_the_inputs_and_outputs_of_the_action(path: Path, title: str) -> None:
    action = load(path)
    inputs = rows(f"### {title}: inputs")
    assert list(inputs) == list(action["inputs"])
    for name, (default, text) in inputs.items():
        fact = action["inputs"][name]
        shown = "required" if fact["required"] else f"`{fact['default']}`" if fact["default"] else ""
        assert (default, text) == (shown, fact["description"]), name
    outputs = rows(f"### {title}: outputs")
    assert {name: text for name, (text,) in outputs.items()} == {
        name: fact["description"] for name, fact in action["outputs"].items()
    }


def test_the_job_of_the_page_is_a_valid_one_without_rights_and_without_foreign_words_in_scripts() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    jobs = yaml.load(block, Text)
    found = schema("github-workflows")
    jsonschema.validators.validator_for(found)(found).validate({"on": "pull_request", "jobs": jobs})
    (job,) = jobs.values()
    assert job["permissions"] == {"contents": "read"}
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    assert not [script for script in scripts if "${{" in script]
    (command,) = [script.split() for script in scripts if "--codemode-cover" in script]
    names = {option.name for option in TABLE}
    assert {word[11:].partition("=")[0] for word in command if word.startswith("--codemode-")} <= names


def test_the_page_lists_the_states_with_their_exit_status() -> None:
    assert {name: int(cells[0]) for name, cells in rows("### Exit status").items()} == STATUS


def test_the_branches_are_named_alike_everywhere() -> None:
    assert f"startsWith(github.head_ref, '{PREFIX}')" in WORKFLOW.read_text("utf-8")
    assert GITLAB.read_text("utf-8").count("^" + PREFIX.replace("/", r"\/")) == 2
