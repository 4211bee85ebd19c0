"""What one run may leave for the next: pairs of attacks, one that leaves something and one that finds it."""

from dataclasses import dataclass

from tests.attacks.attack import Attack

MARK = "left-by-a-run"


@dataclass(frozen=True)
class Taint:
    name: str
    leaves: Attack
    finds: Attack


def taint(name: str, leaves: str, finds: str) -> Taint:
    return Taint(name, Attack(f"leaves {name}", leaves), Attack(f"finds {name}", finds))


def _file(name: str, folder: str) -> Taint:
    path = f"os.path.join({folder}, 'left.txt')"
    return taint(
        name,
        f"import os, tempfile\nopen({path}, 'w').write('{MARK}')",
        f"import os, tempfile\nassert '{MARK}' in open({path}).read()",
    )


TAINTS = [
    _file("a file in the temporary folder", "tempfile.gettempdir()"),
    _file("a file at home", "os.path.expanduser('~')"),
    _file("a file in the working folder", "os.getcwd()"),
    _file("a file in shared memory", "'/dev/shm'"),
    _file("a file in /tmp", "'/tmp'"),
    _file("a file in /var/tmp", "'/var/tmp'"),
    _file("a file above the temporary folder", "os.path.dirname(tempfile.gettempdir())"),
    taint(
        "a file in a folder that nobody may enter",
        """
        import os, tempfile
        inner = os.path.join(tempfile.gettempdir(), "closed", "inner")
        os.makedirs(inner)
        open(os.path.join(inner, "left.txt"), "w").write("left-by-a-run")
        os.chmod(inner, 0)
        os.chmod(os.path.dirname(inner), 0)
        """,
        """
        import os, tempfile
        closed = os.path.join(tempfile.gettempdir(), "closed")
        os.chmod(closed, 0o700)
        os.chmod(os.path.join(closed, "inner"), 0o700)
        assert "left-by-a-run" in open(os.path.join(closed, "inner", "left.txt")).read()
        """,
    ),
    taint(
        "a mode of a file in the tree",
        "import os; os.chmod('kit.py', 0o751)",
        "import os; assert os.stat('kit.py').st_mode & 0o777 == 0o751",
    ),
    taint(
        "a time of a file in the tree",
        "import os; os.utime('pytest.ini', (815, 4711))",
        "import os; assert os.stat('pytest.ini').st_mtime == 4711",
    ),
    taint(
        "a time of the tree itself",
        "import os; os.utime('.', (815, 4711))",
        "import os; assert os.stat('.').st_mtime == 4711",
    ),
    taint(
        "an attribute of a file in the tree",
        "import os; os.setxattr('innocent.py', 'user.left', b'left-by-a-run')",
        "import os; assert os.getxattr('innocent.py', 'user.left') == b'left-by-a-run'",
    ),
    taint(
        "bytecode beside the sources",
        """
        import os, py_compile, tempfile
        evil = os.path.join(tempfile.mkdtemp(), "kit.py")
        open(evil, "w").write("TAINTED = True")
        for name in ("kit", "innocent", "test_innocent"):
            for target in (f"__pycache__/{name}.cpython-311.pyc", f"{name}.pyc"):
                try:
                    os.makedirs("__pycache__", exist_ok=True)
                    py_compile.compile(evil, cfile=target, doraise=True)
                except OSError:
                    pass
        """,
        "import glob, kit; assert hasattr(kit, 'TAINTED') or glob.glob('**/*.pyc', recursive=True)",
    ),
    taint(
        "what the next interpreter runs when it starts",
        """
        import os, site, sys
        for folder in {*site.getsitepackages(), site.getusersitepackages(), sys.prefix, os.getcwd(), *sys.path}:
            for name in ("left.pth", "sitecustomize.py", "usercustomize.py", "conftest.py", "pytest.ini", "json.py"):
                try:
                    os.makedirs(folder, exist_ok=True)
                    with open(os.path.join(folder, name), "a") as file:
                        file.write("import os; os.environ['LEFT'] = 'x'")
                except OSError:
                    pass
        """,
        """
        import glob, os
        assert "LEFT" in os.environ or glob.glob("*customize.py") or glob.glob("conftest.py") or glob.glob("json.py")
        """,
    ),
    taint("a built-in", "import builtins; builtins.LEFT = 1", "import builtins; assert hasattr(builtins, 'LEFT')"),
    taint(
        "a module",
        "import sys, types; sys.modules['left'] = types.ModuleType('left'); import json; json.LEFT = 1",
        """
        import sys, json
        assert "left" in sys.modules or hasattr(json, "LEFT")
        """,
    ),
    taint(
        "a change of the project's module",
        "import kit; kit.LEFT = 1; kit.BAIT['left'] = 1",
        "import kit; assert hasattr(kit, 'LEFT') or 'left' in kit.BAIT or 'left' in BAIT",
    ),
    taint("a variable", "import os; os.environ['LEFT'] = '1'", "import os; assert 'LEFT' in os.environ"),
    taint("a mask for modes", "import os; os.umask(0o123)", "import os; assert os.umask(0o022) == 0o123"),
    taint(
        "a handler",
        "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "import signal; assert signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN",
    ),
    taint(
        "a limit",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (33, 33))",
        "import resource; assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 33",
    ),
    taint(
        "a thread",
        "import threading, time; threading.Thread(target=time.sleep, args=(300,), name='left', daemon=True).start()",
        "import threading; assert any(thread.name == 'left' for thread in threading.enumerate())",
    ),
    taint(
        "a process that left its session",
        """
        import os, sys
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in range(3):
                    os.close(number)
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", "left-by-a-run"])
            os._exit(0)
        os.wait()
        """,
        """
        import glob
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                if b"\\0left-by-a-run\\0" in open(path, "rb").read():
                    return
            except OSError:
                pass
        raise FileNotFoundError
        """,
    ),
    taint(
        "shared memory of System V",
        "import kit; kit.call('shmget', 815, 4096, 0o1600)",
        "import kit; kit.call('shmget', 815, 4096, 0o600)",
    ),
    # Last, as they stand in the way of others that are left in the same process.
    taint("a working folder", "import os; os.chdir('/')", "import os; assert os.getcwd() == '/'"),
    taint(
        "folders that nobody may enter in place of the temporary ones",
        """
        import os, tempfile
        for path in (os.path.expanduser("~"), tempfile.gettempdir(), os.path.dirname(tempfile.gettempdir())):
            os.chmod(path, 0)
        """,
        """
        import tempfile
        try:
            tempfile.mkdtemp(dir=tempfile.gettempdir())
        except OSError:
            return
        raise PermissionError
        """,
    ),
]
ATTACKS = [attack for each in TAINTS for attack in (each.leaves, each.finds)]
