"""What a client of the tools may say: paths, node ids and options that would reach outside, and the server's answer."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from pytest_codemode.mcp_server.__main__ import lease_of
from pytest_codemode.mcp_server.server import build
from tests.attacks.attack import LEVELS, works
from tests.sandbox.toys import project_at, write_project

EVIL = base64.b64encode(b"raise SystemExit('planted')\n").decode()
SECRET = "only-outside-the-project"
OUTSIDE = (
    *("../planted.py", "a/../../planted.py", "/tmp/planted.py", "/etc/planted", "./x.py", "a//b.py", "", ".", ".."),
    *("a\0b.py", "..\\planted.py", "a/./b.py", "a/", "\0"),
)
REFUSED: list[tuple[str, dict[str, Any]]] = [
    *(("run_tests", {"files": {path: EVIL}, "mode": "reload"}) for path in OUTSIDE),
    *(("refresh", {"files": {path: EVIL}}) for path in OUTSIDE),
    *(("run_tests", {"record": "lines", "line_paths": [path]}) for path in OUTSIDE),
    *(
        ("try_patches", {"nodeids": ["test_a.py::test_a"], "candidates": [{"key": "k", "files": {p: EVIL}}]})
        for p in OUTSIDE
    ),
    ("run_tests", {"nodeids": ["test_a.py::test_a"], "rootdir": "/"}),
    ("run_tests", {"nodeids": ["test_a.py::test_a"], "args": ["-p", "evil"]}),
    ("run_tests", {"nodeids": ["test_a.py::test_a"], "limits": {"run_s": 1e9}}),
    ("execute_code", {"code": "print(1)", "env": {"LD_PRELOAD": "/x"}}),
    ("execute_code", {"code": "print(1)", "network": True}),
    ("execute_code", {"code": "print(1)", "timeout_s": -1}),
]
NODEIDS = (
    *(
        "/etc/passwd::x",
        "/etc/passwd",
        "../outside/test_o.py::test_o",
        "/OUTSIDE/test_o.py::test_o",
        "-p evil",
        "-pevil",
    ),
    *("--rootdir=/", "--collect-only", "-c /dev/null", "@arguments", "@/etc/passwd", "--basetemp=/", "-h", "--version"),
    *("test_a.py::test_a\n--rootdir=/", "test_a.py::\0", "a\0b", "::", "x" * 5000, "test_a.py::test_a;id", "$(id)"),
    *(
        "--override-ini=addopts=-pevil",
        "--import-mode=importlib",
        "/proc/self/environ::x",
    ),
)


@pytest.fixture(scope="module", params=LEVELS)
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not works(request.param):
        pytest.skip(f"{request.param} does not work here")
    folder = tmp_path_factory.mktemp("arguments") / request.param
    write_project(
        folder,
        {
            "test_a.py": "import sys\n\ndef test_a():\n    assert 'evil' not in sys.modules\n",
            "evil.py": "raise SystemExit('loaded')\n",
            "arguments": "-pevil\n",
            "pytest.ini": "[pytest]\n",
        },
    )
    write_project(folder.parent / "outside", {"test_o.py": f"def test_o():\n    raise AssertionError({SECRET!r})\n"})
    return folder


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    def seen() -> dict[str, bytes | None]:
        return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}

    before = seen()
    yield
    assert seen() == before
    assert not Path("/tmp/planted.py").exists()


def asked(root: Path, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    async def ask() -> list[Any]:
        project = project_at(root, level=root.name)
        async with Client(build(lease_of(project))) as client:
            return [await client.call_tool(tool, arguments) for tool, arguments in calls]

    return anyio.run(ask)


def text_of(result: Any) -> str:
    return " ".join(getattr(block, "text", "") for block in result.content)


def test_paths_that_lead_outside_and_options_that_loosen_are_refused_before_anything_runs(root: Path) -> None:
    with unchanged(root.parent):
        *answers, after = asked(root, [*REFUSED, ("execute_code", {"code": "print('alive')"})])
    let_in = [call for call, answer in zip(REFUSED, answers, strict=True) if not answer.is_error]
    assert let_in == []
    assert "alive" in text_of(after)


def test_a_node_id_is_never_taken_for_an_option_or_a_file_elsewhere(root: Path) -> None:
    fine = "test_a.py::test_a"
    nodeids = [nodeid.replace("/OUTSIDE", str(root.parent / "outside")) for nodeid in NODEIDS]
    with unchanged(root.parent):
        answers = asked(
            root, [("run_tests", {"nodeids": [*nodeids, fine], "mode": mode}) for mode in ("warm", "reload")]
        )
    for answer in answers:
        outcomes = {result["nodeid"]: result["outcome"] for result in answer.structured_content["results"]}
        assert outcomes.pop(fine) == "passed", answer
        assert set(outcomes.values()) == {"missing"}, outcomes
        assert SECRET not in str(answer), answer
        assert "root:x:0" not in str(answer), answer


def test_odd_names_of_files_stay_in_the_sandbox_and_leave_the_server_alive(root: Path) -> None:
    names = [
        "new\nline.py",
        "-pevil",
        "@x",
        "é\u202e.py",
        "conftest.py",
        ".git/hooks/pre-commit",
        "n" * 300,
        "test_a.py/x.py",
    ]
    calls = [
        ("run_tests", {"files": {name: EVIL}, "nodeids": ["test_a.py::test_a"], "mode": "reload"}) for name in names
    ]
    with unchanged(root.parent):
        *_, after = asked(root, [*calls, ("run_tests", {"nodeids": ["test_a.py::test_a"]})])
    assert not after.is_error
    assert after.structured_content["results"][0]["outcome"] == "passed"


def test_a_client_cannot_buy_more_time_than_the_user_gave(root: Path) -> None:
    from dataclasses import replace

    from pytest_codemode.mcp_server.lease import Lease

    lease = lease_of(project_at(root, level=root.name))
    short = Lease(lease._opener, replace(lease.limits, run_s=1.0))

    async def ask() -> Any:
        async with Client(build(short)) as client:
            hang = "import time\nwhile True:\n    time.sleep(60)\n"
            return await client.call_tool("execute_code", {"code": hang, "timeout_s": 10_000.0})

    assert anyio.run(ask).structured_content["status"] == "killed"
