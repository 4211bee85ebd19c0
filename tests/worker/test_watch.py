"""Whoever has no end of things to say keeps the supervisor from nothing: each case is a supervisor of its own."""

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

FLOOD_S = 20
"""How long the flood goes on if nobody ends it."""
SOON_S = 10

BEFORE = f"""
    import fcntl, json, os, socket, tempfile, time
    from pytest_codemode.core.project import Limits
    from pytest_codemode.worker.channel import LineReader
    from pytest_codemode.worker.disk import Disk
    from pytest_codemode.worker.offspring import Grandchild, fork
    from pytest_codemode.worker.processes import kill_strays
    from pytest_codemode.worker.watch import Watch

    read_end, write_end = os.pipe()

    def flood(fd, line):
        began = time.monotonic()
        while time.monotonic() < began + {FLOOD_S}:
            os.write(fd, line * 1000)

    class Heard:
        def __init__(self, most, seconds):
            self.deadline = time.monotonic() + seconds
            self.most, self.messages = most, []

        def note(self, message):
            self.messages.append(message)
            if len(self.messages) > self.most:
                raise ValueError("too much")

    def watch(work, heard, **how):
        child = fork(work, (write_end,))
        os.close(write_end)
        host, theirs = socket.socketpair()
        folder = tempfile.mkdtemp()
        watch = Watch(Limits(), Disk((folder,), 2**40), lambda: False, host.fileno())
        began = time.monotonic()
        ended = watch.run(child, heard, LineReader(read_end), (), run_deadline=began + 60, **how)
        os.rmdir(folder)
        return ended, time.monotonic() - began

    def tell(**found):
        kill_strays(())
        print(json.dumps(found))
"""


def told(script: str) -> dict[str, Any]:
    """Return what `script` tells, run behind `BEFORE` in a process that may kill all it has started."""
    code = textwrap.dedent(BEFORE) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("how", ["listen_every_s=0.005", ""], ids=["at times", "at once"])
def test_process_that_says_endlessly_what_may_be_said_ends_at_its_deadline(how: str) -> None:
    found = told(f"""
        heard = Heard(10**9, 0.5)
        ended, took_s = watch(lambda: flood(write_end, b'{{"say": "on"}}\\n'), heard, {how})
        tell(timed_out=ended.timed_out, took_s=took_s)
    """)

    assert found["timed_out"]
    assert found["took_s"] < SOON_S


def test_first_lie_of_a_flood_ends_it() -> None:
    found = told("""
        heard = Heard(3, 30)
        ended, took_s = watch(lambda: flood(write_end, b'{"say": "on"}\\n'), heard, listen_every_s=0.005)
        tell(lied=ended.lied, heard=len(heard.messages), took_s=took_s)
    """)

    assert (found["lied"], found["heard"]) == (True, 4)
    assert found["took_s"] < SOON_S


@pytest.mark.parametrize("how", ["listen_every_s=5.0", ""], ids=["at times", "at once"])
def test_all_that_a_process_said_is_heard_though_one_that_it_left_goes_on(how: str) -> None:
    found = told(f"""
        heard = Heard(10**9, 30)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 2**20)

        def work():
            for number in range(600):
                line = json.dumps({{"number": number, "text": "x" * 1000}})
                os.write(write_end, line.encode() + b"\\n")
            if os.fork() == 0:
                os.setsid()
                flood(write_end, b'{{"number": -1}}\\n')
                os._exit(0)

        ended, took_s = watch(work, heard, {how})
        own = [message["number"] for message in heard.messages if message["number"] >= 0]
        tell(exit_code=ended.exit_code, whole=own == list(range(600)), took_s=took_s)
    """)

    assert (found["exit_code"], found["whole"]) == (0, True)
    assert found["took_s"] < SOON_S


@pytest.mark.parametrize("said", ['{"say": "forked", "pid": 7}', '{"say": "anything"}', "nonsense"])
def test_zygote_that_floods_its_line_loses_its_fork(said: str) -> None:
    found = told(f"""
        ours, theirs = socket.socketpair()
        zygote = fork(lambda: flood(theirs.fileno(), {said.encode()!r} + b"\\n"), (theirs.fileno(),))
        theirs.close()
        fork_of_it = Grandchild(LineReader(ours.fileno()), zygote)
        began = time.monotonic()
        while fork_of_it.exit_code() is None:
            time.sleep(0.01)
        took_s = time.monotonic() - began
        tell(code=fork_of_it.exit_code(), orphaned=fork_of_it.orphaned, zygote=zygote.exit_code(), took_s=took_s)
    """)

    assert (found["code"], found["orphaned"], found["zygote"]) == (-9, True, -9)
    assert found["took_s"] < SOON_S
