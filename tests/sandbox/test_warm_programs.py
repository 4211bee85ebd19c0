"""A program that is forked from an interpreter held ready behaves as one that `python program.py` starts."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import uuid
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.toys import LIMITS, Sandboxed, processes_with, project_at, sandboxed, write_project

HELD = "import sys; print('selectors' in sys.modules)"
"""Prints whether the interpreter had been held: no fresh one has imported that."""

PROGRAMS = {
    "names": """
        import os, sys
        print(__name__, os.path.basename(__file__), __spec__, __package__, __doc__, type(__loader__).__name__)
        print(sorted(globals()), [os.path.basename(word) for word in sys.argv], len(sys.orig_argv))
        print(os.path.samefile(sys.path[0], os.path.dirname(__file__)), sys.flags)
        import __main__
        print(__main__.os is os, sys._getframe().f_back)
    """,
    "main guard": """
        class Point:
            pass
        if __name__ == "__main__":
            print(Point, Point.__module__)
    """,
    "traceback": """
        def outer(count):
            # a comment
            return inner(
                count)
        def inner(count):
            return 1 / count
        try:
            outer(0)
        except ZeroDivisionError as problem:
            raise ValueError("chained") from problem
    """,
    "group": "raise ExceptionGroup('several', [ValueError(1), KeyError('two')])",
    "syntax error": "print(1)\ndef broken(:\n    pass\n",
    "null byte": "print(1)\n\0\n",
    "exit": "import sys\nsys.exit()",
    "exit 0": "import sys\nprint('x')\nsys.exit(0)",
    "exit 3": "raise SystemExit(3)",
    "exit text": "import sys\nprint('out')\nsys.exit('a reason')",
    "exit true": "import sys\nsys.exit(True)",
    "exit float": "import sys\nsys.exit(2.5)",
    "exit tuple": "raise SystemExit((1, 2))",
    "exit large": "raise SystemExit(263)",
    "exit negative": "raise SystemExit(-1)",
    "exit in thread": "import sys, threading\nthreading.Thread(target=sys.exit, args=(4,)).start()",
    "hard exit": "import os\nprint('lost', end='')\nos._exit(5)",
    "interrupted": "raise KeyboardInterrupt",
    "killed": "import os, signal\nprint('lost')\nos.kill(os.getpid(), signal.SIGTERM)",
    "aborted": "import os\nos.abort()",
    "hook": "import sys\nsys.excepthook = lambda *_: print('hooked')\n1 / 0",
    "atexit": """
        import atexit
        atexit.register(print, "first in, last out")
        atexit.register(print, "last in, first out")
        @atexit.register
        def breaks():
            raise ValueError("at the end")
        print("body")
    """,
    "finalizers": """
        import json, weakref
        class Held:
            def __init__(self, name):
                self.name = name
            def __del__(self):
                print("gone:", self.name, json.dumps({"still": 1}))
        one = Held("global")
        Held("at once")
        kept = Held("finalized")
        weakref.finalize(kept, print, "finalize")
    """,
    "buffers": "import sys\nprint('no newline', end='')\nsys.stderr.write('error')\nsys.stdout.buffer.write(b'!')",
    "closed": "import sys\nprint('said')\nsys.stdout.close()",
    "streams": """
        import sys
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            print(stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering, stream.isatty(),
                  stream.seekable(), stream.fileno(), stream is getattr(sys, "__" + stream.name[1:-1] + "__"))
    """,
    "input": "print(input('? ').upper(), input())\ntry:\n    input()\nexcept EOFError:\n    print('end')",
    "stdin": "import sys\nprint(list(sys.stdin))\nsys.stdin.seek(0)\nprint(sys.stdin.buffer.read())",
    "stdin descriptor": "import os\nprint(os.read(0, 5), os.lseek(0, 0, os.SEEK_CUR))",
    "recursion": """
        def deeper(count=0):
            global deepest
            deepest = count
            deeper(count + 1)
        try:
            deeper()
        except RecursionError:
            print(deepest)
    """,
    "stack": "import inspect, traceback\nprint(len(inspect.stack()))\ntraceback.print_stack()",
    "warning": "import warnings\nwarnings.warn('here')\nwarnings.warn('above', stacklevel=2)",
    "logging": "import logging\nlogging.warning('careful')\nlogging.getLogger('x').error('broken', exc_info=True)",
    "pickle": """
        import dataclasses, pickle
        @dataclasses.dataclass
        class Point:
            x: int
            def __reduce_ex__(self, protocol):
                return Point, (self.x + 1,)
        print(pickle.loads(pickle.dumps(Point(1))), pickle.dumps(Point)[-30:])
    """,
    "processes": """
        import multiprocessing, os, sys
        class Job:
            def __init__(self, number):
                self.number = number
            def run(self):
                return self.number * 2
        def work(job):
            return job.run(), __name__
        if __name__ == "__main__":
            for method in ("fork", "spawn", "forkserver"):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    print(method, pool.map(work, [Job(1), Job(2)]))
    """,
    "asyncio": """
        import asyncio, sys
        async def main():
            code = "import os, sys; print(sys.path[0] == '', 'PYTHONPATH' in os.environ)"
            child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
            out, _ = await child.communicate()
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            async with server, asyncio.timeout(20):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                print(out, await reader.read())
        asyncio.run(main())
    """,
    "threads": """
        import threading, time
        def late():
            time.sleep(0.1)
            print("late", threading.current_thread().name)
        threading.Thread(target=late).start()
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        print(threading.main_thread() is threading.current_thread(), threading.active_count())
    """,
    "thread breaks": "import threading\nthreading.Thread(target=lambda: 1 / 0, name='worker').start()",
    "signals": """
        import signal
        print([(number.name, signal.getsignal(number)) for number in sorted(signal.valid_signals())
               if isinstance(number, signal.Signals) and signal.getsignal(number) is not signal.SIG_DFL])
    """,
    "startup": "import sys\nprint(sys.warnoptions, sys._xoptions, sys.dont_write_bytecode, sys.getrecursionlimit())",
    "module states": """
        import decimal, locale, random, re, sys, time
        print(decimal.getcontext(), locale.getlocale(), re.compile("a").flags, time.tzname, sys.getswitchinterval())
        random.seed(7)
        print(random.random())
    """,
    "import by hand": """
        import importlib, json, sys
        print(importlib.reload(json).loads("[1]"), "pytest_codemode" in sys.modules, "sitecustomize" in sys.modules)
        print([name for name in sys.modules if "codemode" in name])
    """,
    "text": "print('päivää \\u2603', 'ünï')\nraise ValueError('ä')",
    "empty": "",
}
STDIN = "one\ntwo\n"


@pytest.fixture(scope="module", params=["auto", pytest.param("landlock", marks=pytest.mark.slow)])
def warm(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("programs")
    write_project(root, {"mine.py": "state = []\n"})
    with sandboxed(project_at(root, level=request.param)) as box:
        box.portal.call(box.service.warm_up)
        assert held(box)
        yield box


def held(box: Sandboxed) -> bool:
    """Whether the next program will find itself in an interpreter that was held."""
    done = box.execute(HELD)
    assert done.exit_code == 0, done
    return done.stdout == "True\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_python_would_make_it_do(warm: Sandboxed, tmp_path: Path, name: str) -> None:
    if name in ("processes", "asyncio") and warm.info().level == "landlock":
        pytest.skip("no sockets and no shared memory at this level, for a fresh interpreter either")
    code = textwrap.dedent(PROGRAMS[name])
    program = tmp_path / "program.py"
    program.write_text(code)
    (tmp_path / "stdin").write_text(STDIN)
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | {"PYTHONPATH": "/nowhere"}
    with (tmp_path / "stdin").open() as stdin:
        plain = subprocess.run(
            [sys.executable, str(program)], stdin=stdin, capture_output=True, env=env, check=False, timeout=60
        )

    done = warm.execute(code, stdin=STDIN)

    assert done.status == "finished"
    assert done.exit_code == plain.returncode
    assert done.stdout == plain.stdout.decode()
    assert without_places(done.stderr) == without_places(plain.stderr.decode())


def without_places(stderr: str) -> str:
    """Leave out what is different wherever and whenever a program runs."""
    return re.sub(r"0x[0-9a-f]{8,}", "0x", re.sub(r"/[\w./-]*/program\.py", "PROGRAM", stderr))


def test_one_program_sees_nothing_of_another(warm: Sandboxed) -> None:
    first = """
        import builtins, json, os, sys, tempfile, threading, time, mine
        mine.state.append(1)
        json.loads = builtins.taint = sys.taint = None
        sys.modules["planted"] = json
        os.environ["TAINT"] = "1"
        os.umask(0)
        os.chdir("/")
        for place in (os.environ["TMPDIR"], os.environ["HOME"], "/dev/shm"):
            try:
                open(os.path.join(place, "left"), "w").close()
                os.makedirs(os.path.join(place, "json"), exist_ok=True)
            except PermissionError:
                assert place == "/dev/shm"
        os.makedirs(os.path.join(os.path.dirname(__file__), "random"), exist_ok=True)
        open(os.path.join(os.path.dirname(__file__), "re.py"), "w").close()
        sys.path.insert(0, "/planted")
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(60)
            os._exit(0)
    """
    second = """
        import builtins, json, os, random, re, sys, threading, mine
        print(mine.state, json.loads("[1]"), hasattr(builtins, "taint"), hasattr(sys, "taint"))
        print("planted" in sys.modules, "TAINT" in os.environ, os.umask(0o77) == 0, "/planted" in sys.path)
        print(threading.active_count())
        print(os.path.samefile(os.getcwd(), os.environ["PYTHONPATH"]), bool(re.match("a", "a")), random.random() < 1)
        left = [name for place in (os.environ["TMPDIR"], os.environ["HOME"]) for name in sorted(os.listdir(place))]
        print(left, os.path.exists("/dev/shm/left"))
    """
    expected = "[] [1] False False\nFalse False False False\n1\nTrue True True\n['home', 'program.py', 'stdin'] False\n"
    assert warm.execute(second).stdout == expected
    assert warm.execute(first).exit_code == 0
    assert warm.execute(second).stdout == expected


def test_nothing_is_open_but_the_three_streams(warm: Sandboxed) -> None:
    done = warm.execute("""
        import os
        print(sorted(map(int, os.listdir("/proc/self/fd"))))
        for fd in range(3, 4096):
            try:
                print(fd, os.fstat(fd))
            except OSError:
                continue
    """)
    assert done.stdout == "[0, 1, 2, 3]\n"  # 3 was the listing itself


def test_the_environment_is_the_allow_list_everywhere(tmp_path: Path) -> None:
    write_project(tmp_path, {"a.py": ""})
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "SECRET_PLACE": "hidden-7f3", "PYTHONHASHSEED": "1"}
    code = """
        import os, subprocess
        print(sorted(os.environ), subprocess.run(["env"], capture_output=True, text=True).stdout.count("\\n"))
        for line in open("/proc/self/maps"):
            place, rights, *_ = line.split()
            start, end = (int(word, 16) for word in place.split("-"))
            with open("/proc/self/mem", "rb", buffering=0) as memory:
                memory.seek(start)
                data = memory.read(end - start) if rights[0] == "r" and "[v" not in line else b""
            at = data.find(b"hidden")
            while at >= 0:
                if data[at + 6 : at + 10][::-1] == b"3f7-":
                    print("found at", start + at)
                at = data.find(b"hidden", at + 1)
    """
    with sandboxed(project_at(tmp_path, env=env)) as box:
        fresh = box.execute(code)
        assert held(box)
        forked = box.execute(code)

    assert forked.stdout == fresh.stdout
    assert fresh.stdout == "['HOME', 'LANG', 'PATH', 'PYTHONPATH', 'TMPDIR'] 5\n"


def test_what_is_random_differs_from_call_to_call(warm: Sandboxed) -> None:
    code = "import os, random, secrets, tempfile, uuid\nprint(random.random(), uuid.uuid4(), tempfile.mktemp())"
    assert len({warm.execute(code).stdout for _ in range(4)}) == 4


def test_a_module_of_the_project_wins_over_a_standard_one_that_was_imported_ahead(tmp_path: Path) -> None:
    write_project(tmp_path, {"random.py": "print('the project has this one')\n"})
    with sandboxed(project_at(tmp_path)) as box:
        box.portal.call(box.service.warm_up)

        assert box.execute("import random").stdout == "the project has this one\n"
        assert not held(box)


def test_the_users_own_sitecustomize_runs_for_every_program(tmp_path: Path) -> None:
    write_project(tmp_path, {"sitecustomize.py": "import sys\nsys.started = [*getattr(sys, 'started', ()), 1]\n"})
    with sandboxed(project_at(tmp_path)) as box:
        outputs = [box.execute("import sys; print(sys.started, sys.modules['sitecustomize'].__file__)") for _ in "123"]
        assert held(box)

    assert {done.stdout.split()[0] for done in outputs} == {"[1]"}
    assert {Path(done.stdout.split()[1]).name for done in outputs} == {"sitecustomize.py"}
    assert {Path(done.stdout.split()[1]).parent.name for done in outputs} == {tmp_path.name}


def test_an_interpreter_that_starts_threads_is_not_forked(tmp_path: Path) -> None:
    root, place = tmp_path / "project", tmp_path / "venv"
    write_project(root, {"a.py": ""})
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "all.pth").write_text("\n".join(entry for entry in sys.path if Path(entry).is_dir()))
    starts = "import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
    (packages / "thread.pth").write_text(starts)
    sys_path = (*project_at(root).sys_path, str(packages))
    with sandboxed(project_at(root, python=str(place / "bin" / "python"), sys_path=sys_path)) as box:
        outputs = [box.execute("import threading; print(threading.active_count())").stdout for _ in range(3)]
        assert not held(box)

    assert int(outputs[0]) > 1
    assert len(set(outputs)) == 1


def test_an_interpreter_that_was_killed_is_replaced(tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    write_project(tmp_path, {"a.py": ""})
    # TERM is let through to programs, and so is in the environment of the interpreter that is held for them.
    with sandboxed(project_at(tmp_path, env={"PATH": os.environ["PATH"], "TERM": mark})) as box:
        box.portal.call(box.service.warm_up)
        assert held(box)
        for _ in range(3):
            os.kill(held_interpreter(mark), signal.SIGKILL)
            assert box.execute("print(1)").stdout == "1\n"
            assert held(box)
    assert processes_with(mark) == []


def held_interpreter(mark: str) -> int:
    """The oldest process that was started with the folder for held interpreters; its spare fork is younger."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
            if mark.encode() in environ and b"worker/startup" in environ:
                found.append((int((folder / "stat").read_text().rpartition(")")[2].split()[19]), int(folder.name)))
        except OSError:
            continue
    return min(found)[1]


def test_a_program_that_breaks_a_limit_costs_the_next_one_nothing(tmp_path: Path) -> None:
    write_project(tmp_path, {"a.py": ""})
    with sandboxed(project_at(tmp_path, limits=LIMITS)) as box:
        box.portal.call(box.service.warm_up)
        hangs = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('so far', flush=True)\n"
        done = box.execute(hangs + "while True: time.sleep(1)", timeout_s=0.5)
        assert (done.status, done.exit_code, done.stdout) == ("killed", None, "so far\n")
        assert held(box)
        assert box.execute("import os; os.kill(os.getppid(), 9)").exit_code != 0
        assert box.execute("print(2)").stdout == "2\n"
        assert held(box)


def test_a_fork_waits_for_the_next_program_whatever_came_before(warm: Sandboxed) -> None:
    made = "import os; print(open('/proc/self/stat').read().rpartition(')')[2].split()[19], os.sysconf('SC_CLK_TCK'))"
    for request in (lambda: warm.execute("print(1)"), warm.run):
        request()
        time.sleep(1.0)  # what is done when nobody waits
        asked_at = time.clock_gettime(time.CLOCK_BOOTTIME)
        ticks, a_second = map(int, warm.execute(made).stdout.split())
        assert ticks / a_second < asked_at - 0.2
