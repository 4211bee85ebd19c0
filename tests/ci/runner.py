"""A GitHub runner, as far as our action and our workflow need one: real steps, files, processes and signals.

What it does is written after actions/runner: expressions, environment files, commands on standard output, composite
actions. Actions of others (checkout, artefacts) are played by git and by copies of folders.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tests.sandbox.toys import processes_with

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|&&|\|\||==|!=|!|\(|\)|,|[A-Za-z_][\w.-]*|\s+")
_CREDENTIALS = ("ANTHROPIC_", "OPENAI_", "AWS_", "PYTEST_", "COV_", "GITHUB_", "GITLAB_", "CI_")


def load(path: Path) -> dict[str, Any]:
    """Return a YAML file; `on:` is a truth value for YAML 1.1."""
    return yaml.safe_load(path.read_text("utf-8"))


def evaluate(text: Any, context: Mapping[str, Any]) -> Any:
    """Return `text` with its expressions in the place of them; a text that is one whole expression may be any value."""
    if not isinstance(text, str):
        return text
    whole = _EXPRESSION.fullmatch(text.strip())
    if whole and whole[1].count("${{") == 0:
        return expression(whole[1], context)
    return _EXPRESSION.sub(lambda match: shown(expression(match[1], context)), text)


def shown(value: Any) -> str:
    """Return a value as an expression becomes text."""
    return {True: "true", False: "false", None: ""}.get(value, value if isinstance(value, str) else str(value))


def expression(text: str, context: Mapping[str, Any]) -> Any:
    """Return the value of an expression; unknown names have none."""
    words, at = [], 0
    for match in _TOKEN.finditer(text):
        assert match.start() == at, f"no expression: {text!r}"
        at = match.end()
        word = match[0]
        if word.startswith("'"):
            word = repr(word[1:-1].replace("''", "'"))
        elif word in ("&&", "||", "!"):
            word = {"&&": " and ", "||": " or ", "!": " not "}[word]
        elif word[0].isalpha() and word not in ("always", "cancelled", "startsWith"):
            word = f"look({word!r})"
        words.append(word)
    assert at == len(text), f"no expression: {text!r}"
    functions = {
        "look": lambda name: _look(name, context),
        "always": lambda: True,
        "cancelled": lambda: bool(context.get("cancelled")),
        "startsWith": lambda value, start: shown(value).lower().startswith(start.lower()),
    }
    return eval("".join(words).strip(), {"__builtins__": {}}, functions)


def _look(name: str, context: Mapping[str, Any]) -> Any:
    found: Any = context
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return "" if found is None else found


@dataclass(frozen=True)
class Command:
    """A command that the runner obeys."""

    name: str
    properties: dict[str, str]
    message: str


def commands(output: str) -> list[Command]:
    """Return what the runner obeys in the output of a step."""
    found: list[Command] = []
    token = ""
    for line in output.splitlines():
        text = line.lstrip()  # as the runner does; what follows is the message's
        if token:
            token = "" if text == f"::{token}::" else token
            continue
        match = re.match(r"::([^\s:]+)(?: (.*?))?::(.*)", text) or re.search(r"##\[([^\s\]]+)(?: (.*?))?\](.*)", text)
        if match is None:
            continue
        if match[1] == "stop-commands":
            token = match[3]
            continue
        pairs = [pair.partition("=") for pair in (match[2] or "").split(",") if pair]
        found.append(Command(match[1], {name: _unescaped(value) for name, _, value in pairs}, _unescaped(match[3])))
    return found


def _unescaped(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


@dataclass
class Step:
    """How a step ended."""

    name: str
    status: int
    output: str
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """How a job ended."""

    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    @property
    def output(self) -> str:
        return "".join(step.output for step in self.steps)

    @property
    def failed(self) -> bool:
        return any(step.status for step in self.steps)

    @property
    def commands(self) -> list[Command]:
        return commands(self.output)


@dataclass(frozen=True)
class Place:
    """Where a step runs."""

    machine: Path
    context: dict[str, Any]
    """What its expressions see."""
    action: Path = ROOT
    """Folder of the action that it belongs to."""


class Runner:
    """Runs the jobs of one workflow run, each on a machine of its own: a folder.

    Args:
        folder: for everything.
        remote: bare repository that stands for the one at GitHub.
        event: the payload.
        variables: added to the environment of every step.
        skip: whether a `run` step is left out, by its command.
    """

    def __init__(
        self,
        folder: Path,
        *,
        remote: Path,
        event_file: Path,
        github: dict[str, Any],
        variables: Mapping[str, str],
        skip: Callable[[str], bool] = lambda command: False,
    ) -> None:
        self.folder = folder
        self.artefacts = folder / "artefacts"
        self.remote = remote
        self.github = github
        self.mark = uuid.uuid4().hex
        self.skip = skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_CREDENTIALS)}
        self.variables = {
            **kept,
            **variables,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_HEAD_REF": github.get("head_ref", ""),
            "GITHUB_REPOSITORY": "team/project",
            "TEST_PROJECT_MARK": self.mark,
        }

    def job(self, name: str, job: Mapping[str, Any], needs: Mapping[str, Any] | None = None) -> Job | None:
        """Run a job and return how it ended; None if its condition does not hold."""
        machine = self.folder / name
        for part in ("workspace", "temp"):
            (machine / part).mkdir(parents=True, exist_ok=True)
        context: dict[str, Any] = {
            "github": self.github,
            "runner": {"temp": str(machine / "temp")},
            "needs": {name: {"outputs": done} for name, done in (needs or {}).items()},
            "steps": {},
        }
        if "if" in job and not evaluate(job["if"], context):
            return None
        done = Job()
        self._steps(job["steps"], Place(machine, context), done)
        done.outputs = {key: shown(evaluate(value, context)) for key, value in job.get("outputs", {}).items()}
        summary = machine / "summary.md"
        done.summary = summary.read_text("utf-8") if summary.exists() else ""
        return done

    def _steps(self, steps: list[Any], place: Place, done: Job) -> None:
        for step in steps:
            condition = evaluate(step["if"], place.context) if "if" in step else not done.failed
            if not condition or (done.failed and "always()" not in str(step.get("if"))):
                continue
            result = self._run(step, place) if "run" in step else self._use(step, place, done)
            if result is None:
                continue
            done.steps.append(result)
            if "id" in step:
                place.context["steps"][step["id"]] = {"outputs": result.outputs}

    def _use(self, step: Mapping[str, Any], place: Place, done: Job) -> Step | None:
        name = step["uses"].partition("@")[0]
        given = {key: evaluate(value, place.context) for key, value in step.get("with", {}).items()}
        if name == "actions/checkout":
            return self._checkout(given, place.machine)
        if name == "actions/setup-python":
            return None
        if name == "actions/upload-artifact":
            shutil.copytree(given["path"], self.artefacts / given["name"])
            return None
        if name == "actions/download-artifact":
            shutil.copytree(self.artefacts / given["name"], given["path"])
            return None
        action = ROOT.joinpath(*name.removeprefix("OWNER/pytest-codemode").strip("/").split("/"))
        return self._composite(step["uses"], given, replace(place, action=action), done)

    def _composite(self, name: str, given: Mapping[str, Any], place: Place, done: Job) -> Step:
        action = load(place.action / "action.yml")
        unknown = set(given) - set(action["inputs"])
        assert not unknown, unknown
        inputs = {
            name: shown(given.get(name, evaluate(fact.get("default", ""), place.context)))
            for name, fact in action["inputs"].items()
        }
        inner = {**place.context, "inputs": inputs, "steps": {}}
        steps = Job()
        self._steps(action["runs"]["steps"], replace(place, context=inner), steps)
        done.steps += steps.steps
        outputs = {name: shown(evaluate(fact["value"], inner)) for name, fact in action["outputs"].items()}
        return Step(name, int(steps.failed), "", outputs)

    def _checkout(self, given: Mapping[str, Any], machine: Path) -> Step:
        workspace = machine / "workspace"
        depth = [] if given.get("fetch-depth") == 0 else ["--depth=1"]
        for words in (
            ("init", "-q", "."),
            ("remote", "add", "origin", f"file://{self.remote}"),
            ("fetch", "-q", *depth, "origin", "+refs/heads/*:refs/remotes/origin/*", given["ref"]),
            ("checkout", "-q", "--detach", given["ref"]),
        ):
            subprocess.run(["git", *words], cwd=workspace, check=True, timeout=60)
        return Step("checkout", 0, "")

    def _run(self, step: Mapping[str, Any], place: Place) -> Step | None:
        command = step["run"]
        assert "${{" not in command, f"an expression in a script is run as part of it: {command!r}"
        if self.skip(command):
            return None
        files = place.machine / f"step-{uuid.uuid4().hex}"
        with self.start(command, step.get("env", {}), place, files) as process:
            try:
                output, _ = process.communicate(timeout=PATIENCE_S)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        sys.stdout.write(output)
        with (place.machine / "summary.md").open("a") as summary:
            summary.write((files / "summary").read_text("utf-8"))
        return Step(step.get("name", command), process.returncode, output, environment_file(files / "output"))

    def start(self, command: str, env: Mapping[str, Any], place: Place, files: Path) -> subprocess.Popen[str]:
        """Start a `run` step as the runner does: a script of its own for bash, files in the new folder `files`."""
        files.mkdir()
        for name in ("output", "summary", "env", "path", "state"):
            (files / name).touch()
        script = files / "script.sh"
        script.write_text(command + "\n")
        workspace = place.machine / "workspace"
        variables = {
            **self.variables,
            **{name: shown(evaluate(value, place.context)) for name, value in env.items()},
            "GITHUB_ACTION_PATH": str(place.action),
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            "GITHUB_ENV": str(files / "env"),
            "GITHUB_PATH": str(files / "path"),
            "GITHUB_STATE": str(files / "state"),
            "RUNNER_TEMP": str(place.machine / "temp"),
        }
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=workspace, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip

    def processes(self) -> list[str]:
        """Return the command lines of processes that are left."""
        return processes_with(self.mark)


def environment_file(path: Path) -> dict[str, str]:
    """Return what a step has set, as the runner reads it."""
    values: dict[str, str] = {}
    lines = iter(path.read_bytes().decode("utf-8").split("\n"))
    for line in lines:
        if not line:
            continue
        name, here, delimiter = line.partition("<<")
        assert here, line
        assert delimiter, line
        value = []
        for one in lines:
            if one == delimiter:
                break
            value.append(one)
        values[name] = "\n".join(value)
    return values
