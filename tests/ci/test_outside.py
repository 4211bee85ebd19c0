"""No code of a change runs outside the sandbox: not before the first test, nor later, nor by what it installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_codemode.cli.ci.ours import environment_for_ours
from tests.ci.conftest import CLAMP, PROJECT, Repository
from tests.ci.runner import ROOT, load
from tests.ci.test_scripts import Pushing

ROOTS = ("sitecustomize.py", "usercustomize.py")


def trap(pwned: Path) -> str:
    """Return a module that leaves a trace where it can: in the sandbox that place is hidden or cannot be written."""
    return f"try:\n    open({str(pwned)!r}, 'a').write('x')\nexcept OSError:\n    pass\n"


@pytest.fixture
def pwned(tmp_path: Path) -> Path:
    return tmp_path / "pwned"


def started(python: Path, root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_"))}
    return subprocess.run(
        [str(python), "-I", "-m", "pytest_codemode.cli.main", "ci", *words], cwd=root, env={**kept, **variables},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("folder", "value"), [(".", "."), (".", "lib"), ("backend", "../lib")])
def test_a_path_that_leads_into_the_checkout_runs_nothing_outside(
    tmp_path: Path, engine: Path, pwned: Path, folder: str, value: str
) -> None:
    checkout = Repository(tmp_path, {f"{folder}/{path}": text for path, text in PROJECT.items()}).root
    root = checkout / folder
    (checkout / "lib").mkdir()
    for name in ROOTS:
        (root / name).write_text(trap(pwned))
        (checkout / "lib" / name).write_text(trap(pwned))
    (root / "src/pkg/clamp.py").write_text(CLAMP)
    python = engine / "bin" / "python"
    subprocess.run([python, "-c", ""], cwd=root, env={**os.environ, "PYTHONPATH": value}, check=True, timeout=60)
    assert pwned.exists(), "the trap works"
    pwned.unlink()

    # Codemode's own Python and the project's are two, as in CI; the engine and its sandboxes start for the repair.
    done = started(Path(sys.executable), root, f"--python={python}", "--budget=time=60s", PYTHONPATH=value)
    assert "patch proposed for 3 of 3 failing tests" in done.stdout, done.stdout + done.stderr
    assert "warning: PYTHONPATH" not in done.stdout
    assert not pwned.exists()


@pytest.mark.parametrize("inside", [True, False], ids=["in the checkout", "elsewhere"])
def test_what_the_change_installed_for_the_project_s_interpreter_runs_in_the_sandbox_alone(
    repository: Repository, engine: Path, pwned: Path, tmp_path: Path, inside: bool
) -> None:
    folder = (repository.root if inside else tmp_path) / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    (site,) = folder.glob("lib/python*/site-packages")
    (own,) = engine.glob("lib/python*/site-packages/tests.pth")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    # What is installed can also name folders; it must not choose what the sandbox shows.
    code = f"import sys; exec({trap(pwned)!r}); sys.path.append({str(hidden)!r})\n"
    (site / "installed.pth").write_text(own.read_text() + code)
    python = folder / "bin" / "python"
    subprocess.run([python, "-I", "-c", ""], check=True, timeout=60)
    assert pwned.exists(), "the trap works"
    pwned.unlink()

    (repository.root / "tests/test_hidden.py").write_text(
        f"import os, sys\n\ndef test_hidden():\n    assert not os.path.exists({str(hidden)!r})\n"
        f"    assert sys.prefix == {str(folder)!r}\n"
    )
    done = started(Path(sys.executable), repository.root, f"--python={python}")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "no test fails: 8 tests ran in the sandbox" in done.stdout
    assert not pwned.exists()


def test_what_the_change_installed_for_the_engine_s_interpreter_does_not_run_in_its_installation(
    pwned: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True, timeout=120)
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (site / "installed.pth").write_text(f"import sys; exec({trap(pwned)!r})\n")
    (tmp_path / "temp").mkdir()
    variables = {
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "INPUT_ENGINE_PYTHON": str(tmp_path / "env" / "bin" / "python"),
        "PIP_NO_INDEX": "1",  # nothing is found there, but all that comes before has run
    }
    done = subprocess.run(
        ["bash", str(ROOT / "ci" / "install.sh")], cwd=tmp_path, env={**os.environ, **variables}, capture_output=True,
        text=True, timeout=240, check=False,
    )  # fmt: skip
    assert "install build dependencies did not run successfully" in done.stdout + done.stderr
    assert not pwned.exists()


def installing(template: str, opt: Path) -> str:
    """Return the part of a template's script that installs what the tests need."""
    if template == "github":
        steps = load(ROOT / "ci" / "github" / "codemode.yml")["jobs"]["propose"]["steps"]
        (script,) = [step["run"] for step in steps if "requirements.txt" in step.get("run", "")]
        return script
    lines = load(ROOT / "ci" / "gitlab" / "codemode.yml")["codemode-propose"]["script"]
    wanted = [line for line in lines if "requirements.txt" in line or line.endswith("/opt/project")]
    return "\n".join(wanted).replace("/opt/", f"{opt}/")


@pytest.mark.parametrize("template", ["github", "gitlab"])
def test_installing_what_the_tests_need_runs_nothing_of_the_change(
    repository: Repository, pwned: Path, tmp_path: Path, template: str
) -> None:
    base = repository.commit("nothing is needed", {"requirements.txt": ""})
    code = trap(pwned)
    evil = {f"{name}.py": code for name in ("pip", "venv", "sitecustomize", "setup", "ensurepip", "encodings")}
    commit = repository.change("feature", {**evil, "requirements.txt": "-e .\n"})
    opt = tmp_path / "opt"
    opt.mkdir()
    variables = {
        "BASE": base,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "RUNNER_TEMP": str(opt),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": ".",
    }

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", installing(template, opt)], cwd=repository.root,
            env={**os.environ, **variables, **more}, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (opt / "project" / "bin" / "python").exists()
    assert not pwned.exists()
    # Without a base the change's own list is not taken in its place.
    assert run(BASE="", CI_MERGE_REQUEST_DIFF_BASE_SHA="").returncode != 0
    assert not pwned.exists()
    run(BASE=commit, CI_MERGE_REQUEST_DIFF_BASE_SHA=commit)
    assert (opt / "requirements.txt").read_text() == "-e .\n", "the list is the base's"


def test_a_push_runs_nothing_of_the_tree_outside(
    repository: Repository, pwned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ".")
    repository.commit("fine", {"src/pkg/other.py": "X = 1\n", "sitecustomize.py": trap(pwned)})
    done = Pushing(repository).push("origin", "main")
    assert done.returncode == 0, done.stderr
    assert "no test fails: 7 tests ran in the sandbox" in done.stdout + done.stderr
    assert not pwned.exists()


def test_a_start_that_could_import_from_the_change_is_warned_of(repository: Repository) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_codemode.cli.main", "ci", "-k", "elsewhere"], cwd=repository.root,
        env={**os.environ, "PYTHONPATH": "src"}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "warning: PYTHONPATH leads into the checkout" in done.stdout
    assert "PYTHONPATH leads into the checkout" in (repository.root / ".codemode/ci/report.md").read_text()


def test_the_path_of_the_tests_can_be_named_without_it(repository: Repository) -> None:
    (repository.root / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n')
    assert started(Path(sys.executable), repository.root, "--budget=candidates=0").returncode == 1
    done = started(Path(sys.executable), repository.root, "--", "-o", "pythonpath=src")
    assert done.returncode == 0, done.stdout


def test_of_python_s_variables_only_what_leads_outside_reaches_a_process_of_ours(tmp_path: Path) -> None:
    checkout, outside = tmp_path / "checkout", tmp_path / "outside"
    (checkout / "lib").mkdir(parents=True)
    outside.mkdir()
    (outside / "link").symlink_to(checkout / "lib")
    path = [str(outside), str(checkout), str(checkout / "lib"), str(outside / "link"), str(checkout / "new")]
    given = {
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUSERBASE": str(checkout / ".local"),
        "PYTHONHOME": str(outside),
        "PYTHONSTARTUP": str(outside / "x.py"),
        "PATH": "/bin",
    }
    kept = {"PYTHONPATH": str(outside), "PYTHONHOME": str(outside), "PATH": "/bin"}
    assert environment_for_ours(checkout, given) == kept
    assert environment_for_ours(Path.cwd(), {"PYTHONPATH": "tests"}) == {}
