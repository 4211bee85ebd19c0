"""Each way to reach what lies outside the fence is heard, even where the code hides that it was refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEARING = """
import contextlib, json, os, signal, socket, subprocess, sys
from pytest_codemode.worker.explore.outside import Outside

scratch, tree = sys.argv[1:3]
os.chdir(tree)
inside = os.open(scratch, os.O_RDONLY)
outside = os.open(tree, os.O_RDONLY)
file = os.open(f"{tree}/file", os.O_RDONLY)
heard = Outside((scratch,))
told = {}
for statement in json.loads(sys.stdin.read()):
    heard.asked = False
    with contextlib.suppress(OSError):
        exec(statement)
    told[statement] = heard.asked
print(json.dumps(told))
"""

HEARD = (
    "subprocess.call('true', shell=True)",
    "os.system('true')",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.spawnv(os.P_WAIT, '/bin/true', ['true'])",
    "os.fork() or os._exit(0)",
    "os.kill(os.getpid(), 0)",
    "socket.socket(socket.AF_INET)",
    "socket.socket(socket.AF_UNIX).connect(f'{tree}/socket')",
    "socket.socket(socket.AF_UNIX).connect(chr(0) + 'abstract')",
    "os.unlink('gone', dir_fd=outside)",
    "os.unlink('../gone', dir_fd=inside)",
    "os.rmdir('gone', dir_fd=outside)",
    "os.mkdir('folder', dir_fd=outside)",
    "os.rename(f'{scratch}/gone', 'gone', dst_dir_fd=outside)",
    "os.rename('gone', f'{scratch}/gone', src_dir_fd=outside)",
    "os.link(f'{scratch}/gone', 'gone', dst_dir_fd=outside)",
    "os.symlink('x', 'link', dir_fd=outside)",
    "os.open('made', os.O_WRONLY | os.O_CREAT, dir_fd=outside)",
    "open(f'{tree}/file', 'a')",
    "open(f'{scratch}/leads-out/file', 'a')",
    "os.truncate('file', 0)",
    "os.chmod(file, 0o600)",
    "os.utime('file')",
    "os.remove(f'{scratch}/leads-out/gone')",
)
UNHEARD = (
    "open(f'{scratch}/made', 'w').close()",
    "os.unlink(f'{scratch}/made')",
    "os.mkdir('folder', dir_fd=inside)",
    "os.rmdir('folder', dir_fd=inside)",
    "os.symlink(tree, f'{scratch}/link')",
    "os.remove(f'{scratch}/link')",
    "open(f'{tree}/file').close()",
    "open(os.devnull, 'w').close()",
    "os.listdir(tree)",
    "socket.socketpair()",
    "os.getpid()",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    tree, scratch = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("scratch")
    (tree / "file").write_text("x")
    (scratch / "leads-out").symlink_to(tree)
    found = subprocess.run(
        [sys.executable, "-c", HEARING, str(scratch), str(tree)],
        input=json.dumps([*HEARD, *UNHEARD]),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path.cwd(),
        timeout=60,
    )
    return json.loads(found.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.mark.parametrize("statement", HEARD)
def test_it_is_heard(told: dict[str, bool], statement: str) -> None:
    assert told[statement]


@pytest.mark.parametrize("statement", UNHEARD)
def test_what_stays_in_the_scratch_or_only_reads_is_not(told: dict[str, bool], statement: str) -> None:
    assert not told[statement]
