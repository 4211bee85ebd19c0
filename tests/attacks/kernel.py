"""Parts of the kernel that tests have no use for, and ways around the filter that refuses them."""

from tests.attacks.attack import Attack


def refused(name: str, x86_64: int | None, aarch64: int, *arguments: str) -> Attack:
    words = ", ".join((str(x86_64), str(aarch64), *arguments))
    return Attack(name, f"import ctypes, os, kit\nkit.syscall({words})")


PAGE = "ctypes.create_string_buffer(4096)"
ATTACKS = [
    *(
        Attack(f"unshares {name}", f"import kit; kit.call('unshare', {flag:#x})")
        for name, flag in {
            "users": 0x10000000,
            "mounts": 0x00020000,
            "network": 0x40000000,
            "process ids": 0x20000000,
            "ipc": 0x08000000,
            "host name": 0x04000000,
            "cgroups": 0x02000000,
            "time": 0x00000080,
            "users and mounts": 0x10020000,
        }.items()
    ),
    Attack(
        "clones into a user namespace",
        """
        import os, kit
        pid = kit.syscall(56, 220, 0x10000000 | 17, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        """,
    ),
    Attack(
        "clones into a user namespace by clone3",
        """
        import ctypes, os, kit
        arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
        pid = kit.syscall(435, 435, arguments, 88)
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        """,
    ),
    Attack(
        "asks a program for a namespace",
        """
        import shutil, subprocess, kit
        tool = shutil.which("unshare", path="/usr/bin:/bin:/usr/sbin:/sbin")
        if not tool:
            raise kit.Missing("unshare")
        assert subprocess.run([tool, "-Ur", "true"], capture_output=True).returncode == 0
        """,
    ),
    Attack(
        "becomes another user by a program that may",
        """
        import os, shutil, subprocess, kit
        tools = [shutil.which(name, path="/usr/bin:/bin:/usr/sbin") for name in ("sudo", "su", "pkexec", "newgrp")]
        if not any(tools):
            raise kit.Missing("sudo, su")
        run = [subprocess.run([t, "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL) for t in tools if t]
        assert any(done.returncode == 0 for done in run) and os.getuid() != 0
        assert not any("NoNewPrivs:\\t1" in line for line in open("/proc/self/status"))
        """,
    ),
    Attack("may gain privileges", "assert 'NoNewPrivs:\\t1' not in open('/proc/self/status').read()"),
    Attack(
        "has a capability",
        """
        lines = [line.split() for line in open("/proc/self/status") if line.startswith("Cap")]
        assert any(int(value, 16) for name, value in lines if name in ("CapPrm:", "CapEff:", "CapInh:", "CapAmb:"))
        """,
    ),
    Attack(
        "takes another user's id",
        """
        import os
        for uid in (0, 1, 65534):
            if uid != os.getuid():
                try:
                    os.setuid(uid)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
    ),
    Attack("changes the root", "import os, tempfile; os.chroot(tempfile.mkdtemp())"),
    Attack(
        "mounts",
        "import kit, tempfile; d = tempfile.mkdtemp().encode(); kit.call('mount', b'none', d, b'tmpfs', 0, None)",
    ),
    Attack(
        "mounts by the newer calls",
        """
        import kit, os
        for numbers, arguments in (((430, 430), (b"tmpfs", 0)), ((428, 428), (-100, b"/", 1))):
            try:
                kit.syscall(*numbers, *arguments)
                return
            except OSError:
                pass
        raise PermissionError
        """,
    ),
    Attack("mounts again for writing", "import kit; kit.call('mount', b'none', b'/', None, 32 | 4096, None)"),
    Attack("unmounts", "import kit; kit.call('umount2', b'/proc', 2)"),
    refused("opens a ring for i/o", 425, 425, "8", PAGE),
    refused("loads a program into the kernel", 321, 280, "5", PAGE, "72"),
    refused("creates a map in the kernel", 321, 280, "0", PAGE, "72"),
    refused("adds a key", 248, 217, "b'user'", "b'attack'", "b'x'", "1", "-3"),
    refused("joins a keyring", 250, 219, "1", "b'attack'"),
    refused("asks for a key", 249, 218, "b'user'", "b'attack'", "None", "-3"),
    refused("handles page faults", 323, 282, "1"),
    refused("counts events of the processor", 298, 241, PAGE, "0", "-1", "-1", "0"),
    refused("writes the kernel's log", 103, 116, "5", "None", "0"),
    refused("reads the kernel's log", 103, 116, "3", PAGE, "4096"),
    refused("loads another kernel", 246, 104, "0", "0", "None", "0"),
    refused("loads another kernel from a file", 320, 294, "0", "0", "0", "b''", "0"),
    refused("reboots", 169, 142, "0", "0", "0", "None"),
    refused("loads a module", 175, 105, PAGE, "4096", "b''"),
    refused("sets the clock", 227, 112, "0", "(ctypes.c_long * 2)(0, 0)"),
    refused("sets the host's name", 170, 161, "b'attack'", "6"),
    refused("switches swap on", 167, 224, "b'/dev/null'", "0"),
    refused("accounts for processes", 163, 89, "b'/dev/null'"),
    refused("watches the whole file system", 300, 262, "0", "0"),
    refused("takes another personality", 135, 92, "0x0040000"),
    refused("makes memory executable for good", 135, 92, "0x0400000"),
    refused("makes shared memory that stays", 29, 194, "4711", "4096", "0o1600"),
    refused("makes semaphores that stay", 64, 190, "4711", "1", "0o1600"),
    refused("makes a queue that stays", 68, 186, "4711", "0o1600"),
    refused("makes a queue with a name", 240, 180, "b'attack'", "0o102", "0o600", "None"),
    refused("makes a file of memory that nobody is seen to hold", 319, 279, "b'attack'", "0"),
    refused("makes memory that even the kernel does not see", 447, 447, "0"),
    Attack(
        "types into the terminal",
        """
        import fcntl, os, pty
        reached = []
        for fd in (*pty.openpty(), 0, 1, 2):
            for command in (0x5412, 0x100005412):
                try:
                    fcntl.ioctl(fd, command & 0xFFFFFFFF, b"x")
                    reached.append(fd)
                except OSError:
                    pass
        try:
            fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), 0x5412, b"x")
            reached.append("tty")
        except OSError:
            pass
        assert reached
        """,
    ),
    Attack(
        "calls with the numbers of x32",
        """
        import platform, kit
        if platform.machine() != "x86_64":
            raise kit.Missing("x86_64 only")
        kit.syscall(0x40000000 | 425, 0, 8, 0)
        """,
    ),
    Attack(
        "calls as a program of 32 bits",
        """
        import ctypes, mmap, os, platform, kit
        if platform.machine() != "x86_64":
            raise kit.Missing("x86_64 only")
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\\x53\\xb8\\x14\\0\\0\\0\\xcd\\x80\\x5b\\xc3")  # push rbx; mov eax, getpid; int 0x80; pop rbx; ret
        called = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
        assert called == os.getpid()
        """,
    ),
    Attack(
        "lifts a limit again",
        """
        import resource
        reached = []
        for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CPU,
                      resource.RLIMIT_CORE):
            soft, hard = resource.getrlimit(which)
            if hard == resource.RLIM_INFINITY:
                reached.append(("unlimited", which))
                continue
            try:
                resource.setrlimit(which, (hard + 1, hard + 1))
                reached.append(which)
            except (OSError, ValueError):
                pass
        assert reached
        """,
    ),
    Attack(
        "takes a filter off",
        """
        import ctypes, kit
        ctypes.CDLL(None, use_errno=True).prctl(22, 0, 0, 0, 0)
        kit.call("unshare", 0x10000000)
        """,
    ),
]
