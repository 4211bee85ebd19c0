"""Other processes: what they know, and what can be done to them. The host's, the supervisor, the zygote, a sibling."""

from tests.attacks.attack import Attack

ATTACKS = [
    Attack(
        "sees processes of the host",
        """
        for pid in BAIT["host_pids"]:
            try:
                assert b"secret" in open(f"/proc/{pid}/cmdline", "rb").read()
                return
            except (OSError, AssertionError):
                pass
        raise FileNotFoundError
        """,
        "hidden_proc",
    ),
    Attack(
        "finds a credential in any environment",
        """
        import os
        hits = [name for name, value in os.environ.items() if BAIT["secret"] in value]
        for pid in ["self", *(name for name in os.listdir("/proc") if name.isdigit())]:
            try:
                if BAIT["secret"].encode() in open(f"/proc/{pid}/environ", "rb").read():
                    hits.append(pid)
            except OSError:
                pass
        assert hits
        """,
    ),
    Attack(
        "asks a shell for its environment",
        """
        import os, shutil, subprocess
        import kit
        if not shutil.which("env"):
            raise kit.Missing("env")
        assert BAIT["secret"] in subprocess.run(["env"], capture_output=True, text=True).stdout
        """,
    ),
    *(
        Attack(
            f"opens /proc/PID/{name} of every other process",
            f"""
            import os, kit
            for pid in kit.processes():
                try:
                    {opening}
                except (OSError, AssertionError):
                    continue
                return
            raise PermissionError
            """,
        )
        for name, opening in {
            "environ": "assert open(f'/proc/{pid}/environ', 'rb').read()",
            "mem": "os.open(f'/proc/{pid}/mem', os.O_RDONLY)",
            "mem for writing": "os.open(f'/proc/{pid}/mem', os.O_RDWR)",
            "maps": "assert open(f'/proc/{pid}/maps').read()",
            "auxv and stack": "assert open(f'/proc/{pid}/auxv', 'rb').read(1)",
            "fd": "assert [os.readlink(f'/proc/{pid}/fd/{n}') for n in os.listdir(f'/proc/{pid}/fd')]",
            "fd/N": "[os.open(f'/proc/{pid}/fd/{n}', os.O_RDONLY | os.O_NONBLOCK) for n in (*range(12), 100, 101)]",
            "map_files": "assert os.listdir(f'/proc/{pid}/map_files')",
            "root": "assert os.listdir(f'/proc/{pid}/root')",
            "cwd": "assert os.readlink(f'/proc/{pid}/cwd')",
            "exe": "assert open(f'/proc/{pid}/exe', 'rb').read(1)",
            "oom_score_adj": "open(f'/proc/{pid}/oom_score_adj', 'w').write('1000')",
            "clear_refs": "open(f'/proc/{pid}/clear_refs', 'w').write('1')",
            "comm": "open(f'/proc/{pid}/comm', 'w').write('pwned')",
            "uid_map": "open(f'/proc/{pid}/uid_map', 'w').write('0 0 1')",
            "timerslack_ns": "open(f'/proc/{pid}/timerslack_ns', 'w').write('999')",
        }.items()
    ),
    Attack(
        "looks into a secret file that a process keeps open",
        """
        import glob, os, kit
        for path in [path for pid in kit.processes() for path in glob.glob(f"/proc/{pid}/fd/*")]:
            try:
                assert BAIT["secret"].encode() in os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 1000)
                return
            except (OSError, AssertionError):
                pass
        raise PermissionError
        """,
    ),
    Attack("kills a process of the host", "import os; [os.kill(pid, 9) for pid in [BAIT['pid']]]", "no_signals_out"),
    Attack(
        "stops a process of the host",
        "import os, signal; os.kill(BAIT['pid'], signal.SIGSTOP)",
        "no_signals_out",
        by_effect=True,
    ),
    Attack(
        "signals the host by every way there is",
        """
        import ctypes, os, kit
        pid = BAIT["pid"]
        info = ctypes.create_string_buffer(128)
        ctypes.memmove(info, (ctypes.c_int * 3)(9, 0, -1), 12)
        ways = {
            "kill": lambda: os.kill(pid, 15),
            "killpg": lambda: os.killpg(pid, 15),
            "tkill": lambda: kit.syscall(200, 130, pid, 15),
            "tgkill": lambda: kit.syscall(234, 131, pid, pid, 15),
            "sigqueue": lambda: kit.syscall(129, 138, pid, 15, info),
            "pidfd": lambda: __import__("signal").pidfd_send_signal(os.pidfd_open(pid), 15),
        }
        through = []
        for name, way in ways.items():
            try:
                way()
                through.append(name)
            except OSError:
                pass
        assert through
        """,
        "no_signals_out",
    ),
    Attack(
        "lets the kernel send the signal, for a file's owner",
        """
        import fcntl, os, signal
        reading, writing = os.pipe()
        fcntl.fcntl(reading, fcntl.F_SETOWN, BAIT["pid"])
        fcntl.fcntl(reading, 10, int(signal.SIGKILL))
        fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        os.write(writing, b"x")
        """,
        "no_signals_out",
        by_effect=True,
    ),
    Attack("signals everybody", "import os; os.kill(-1, 15)"),
    Attack(
        "kills the supervisor, or what forked this process",
        """
        import os, kit
        reached = []
        for pid in kit.parents():
            for number in (0, 19, 9):
                try:
                    os.kill(pid, number)
                    reached.append((pid, number))
                except OSError:
                    pass
        assert reached
        """,
        "no_signals_out",
    ),
    Attack(
        "gives other processes limits that kill them",
        """
        import resource, kit
        reached = []
        for pid in {*kit.processes(), BAIT["pid"], *kit.parents()}:
            for which in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
                try:
                    resource.prlimit(pid, which, (1, 1))
                    reached.append(pid)
                except OSError:
                    pass
        assert reached
        """,
    ),
    Attack(
        "puts other processes last in the queue for the processor",
        """
        import os, kit
        reached = []
        for pid in {*kit.processes(), BAIT["pid"]}:
            try:
                os.setpriority(os.PRIO_PROCESS, pid, 19)
                reached.append(pid)
            except OSError:
                pass
        try:
            os.setpriority(os.PRIO_USER, os.getuid(), 19)
            reached.append("all")
        except OSError:
            pass
        assert reached
        """,
    ),
    Attack(
        "ties a process of the host to one processor",
        "import os; os.sched_setaffinity(BAIT['pid'], {0})",
        by_effect=True,
    ),
    Attack(
        "traces another process",
        """
        import kit
        for pid in kit.processes():
            for request in (16, 0x4206):  # attach, seize
                try:
                    kit.syscall(101, 117, request, pid, 0, 0)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
    ),
    Attack(
        "reads and writes the memory of another process",
        """
        import ctypes, kit
        data = ctypes.create_string_buffer(8)
        local = (ctypes.c_size_t * 2)(ctypes.addressof(data), 8)
        for pid in kit.processes():
            for numbers in ((310, 270), (311, 271)):
                try:
                    kit.syscall(*numbers, pid, local, 1, local, 1, 0)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
    ),
    Attack(
        "takes a descriptor of another process",
        """
        import os, kit
        for pid in kit.processes():
            try:
                handle = os.pidfd_open(pid)
            except OSError:
                continue
            for number in (0, 1, 2, 3, 4, 5, 100, 101):
                try:
                    kit.syscall(438, 438, handle, number, 0)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
    ),
    Attack(
        "enters the namespaces of another process",
        """
        import os, kit
        for pid in kit.processes():
            for name in ("mnt", "net", "pid", "user"):
                try:
                    kit.call("setns", os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), 0)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
    ),
    Attack(
        "finds a descriptor that it should not have",
        """
        import os, stat
        suspicious = []
        for number in map(int, os.listdir("/proc/self/fd")):
            try:
                target, kind = os.readlink(f"/proc/self/fd/{number}"), stat.S_IFMT(os.fstat(number).st_mode)
            except OSError:
                continue
            if kind == stat.S_IFSOCK or target.startswith(("/memfd:plan", "/memfd:arguments", "/memfd:seccomp")):
                suspicious.append((number, target))
            elif target.startswith("/") and number > 2 and BAIT["above_root"] in target and "codemode" not in target:
                suspicious.append((number, target))
            elif kind == stat.S_IFDIR and target in ("/", BAIT["above_root"]):
                suspicious.append((number, target))
        assert suspicious
        """,
    ),
]
