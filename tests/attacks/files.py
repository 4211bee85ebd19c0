"""Reading and writing outside the workspace, by every kind of path and link."""

from tests.attacks.attack import Attack

ATTACKS = [
    Attack("reads a file beside the project", "assert BAIT['secret'] in open(BAIT['secret_file']).read()"),
    Attack(
        "reads it by a path with dots",
        """
        import os
        path = os.path.join(BAIT["root"], "..", "outside", "secret.txt")
        assert BAIT["secret"] in open(path).read()
        """,
    ),
    Attack(
        "reads it from the working folder upwards",
        """
        import os
        for depth in range(1, 12):
            path = "../" * depth + BAIT["secret_file"].lstrip("/")
            if os.path.exists(path):
                assert BAIT["secret"] in open(path).read()
                return
        raise FileNotFoundError
        """,
    ),
    Attack(
        "reads it through a symbolic link",
        """
        import os, tempfile
        link = os.path.join(tempfile.mkdtemp(), "link")
        os.symlink(BAIT["secret_file"], link)
        assert BAIT["secret"] in open(link).read()
        """,
    ),
    Attack(
        "reads it through a hard link",
        """
        import os, tempfile
        link = os.path.join(tempfile.mkdtemp(), "link")
        os.link(BAIT["secret_file"], link)
        assert BAIT["secret"] in open(link).read()
        """,
    ),
    Attack(
        "reads it through /proc/self/root and /proc/self/cwd",
        """
        for prefix in ("/proc/self/root", "/proc/thread-self/root", "/proc/self/cwd/../outside/../.."):
            try:
                assert BAIT["secret"] in open(prefix + BAIT["secret_file"]).read()
                return
            except OSError:
                pass
        raise PermissionError
        """,
    ),
    Attack(
        "reads it by a handle of the file system",
        """
        import ctypes, os, kit
        class Handle(ctypes.Structure):
            _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("handle", ctypes.c_ubyte * 128)]
        handle, mount = Handle(128), ctypes.c_int()
        kit.syscall(303, 264, -100, BAIT["secret_file"].encode(), ctypes.byref(handle), ctypes.byref(mount), 0)
        at = os.open("/", os.O_RDONLY)
        fd = kit.syscall(304, 265, at, ctypes.byref(handle), os.O_RDONLY)
        assert BAIT["secret"].encode() in os.read(fd, 100)
        """,
    ),
    Attack("lists the folder beside the project", "import os; assert 'secret.txt' in os.listdir(BAIT['outside'])"),
    Attack(
        "reads keys, passwords and histories",
        """
        import glob, os, pwd
        home, administrator = BAIT["home"], pwd.getpwuid(0).pw_dir
        names = (".ssh/*", ".aws/*", ".netrc", ".pypirc", ".git-credentials", ".bash_history", ".config/gcloud/*",
                 ".docker/config.json", ".kube/config", ".gnupg/*", ".npmrc", ".claude*", ".config/*")
        paths = [path for name in names for path in glob.glob(os.path.join(home, name))]
        paths += [f"/etc/{name}" for name in ("shadow", "sudoers", "ssh/ssh_host_rsa_key")]
        for path in [*paths, f"{administrator}/.bashrc", f"{administrator}/.profile"]:
            try:
                assert open(path, "rb").read(1)
                return
            except OSError:
                pass
        raise PermissionError
        """,
    ),
    Attack(
        "lists the home folder",
        """
        import os, kit
        if not BAIT["files_in_home"]:
            raise kit.Missing("files in the home folder")
        assert set(os.listdir(BAIT["home"])) & set(BAIT["files_in_home"])
        """,
    ),
    Attack(
        "reads devices and memory of the machine",
        """
        import glob
        for path in ("/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore", "/dev/kmsg", *glob.glob("/dev/[sv]d[a-z]*")):
            try:
                assert open(path, "rb", buffering=0).read(1)
                return
            except OSError:
                pass
        raise PermissionError
        """,
    ),
    Attack(
        "appends to a file beside the project",
        "open(BAIT['victim_file'], 'a').write('x')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "creates a file beside the project",
        "open(BAIT['outside'] + '/new.txt', 'w').write('x')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "creates a file in the folder of the project",
        "open(BAIT['above_root'] + '/new.txt', 'w').write('x')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "writes into the tree on the host",
        "open(BAIT['root'] + '/kit.py', 'a').write('x')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "plants what is run later",
        """
        import os, site, sys
        places = [*site.getsitepackages(), BAIT["home"], "/etc/cron.d", "/usr/local/bin", "/etc/profile.d", sys.prefix]
        for place in places:
            for name in ("planted.pth", "sitecustomize.py", ".bashrc", "planted"):
                try:
                    with open(os.path.join(place, name), "a") as file:
                        file.write("# planted by an attack")
                except OSError:
                    continue
                raise SystemExit(f"planted {place}/{name}")
        raise PermissionError
        """,
        "private_writes",
    ),
    Attack("truncates a file", "import os; os.truncate(BAIT['victim_file'], 0)", "private_writes", by_effect=True),
    Attack(
        "opens a file only to truncate it",
        "import os; os.open(BAIT['victim_file'], os.O_RDONLY | os.O_TRUNC)",
        "private_writes",
        by_effect=True,
    ),
    Attack("removes a file", "import os; os.unlink(BAIT['victim_file'])", "private_writes", by_effect=True),
    Attack("removes a folder", "import os; os.rmdir(BAIT['empty_folder'])", "private_writes", by_effect=True),
    Attack(
        "renames a file",
        "import os; os.rename(BAIT['victim_file'], BAIT['victim_file'] + '.gone')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "moves a file in and out",
        """
        import os, tempfile
        mine = os.path.join(tempfile.mkdtemp(), "mine")
        os.rename(BAIT["victim_file"], mine)
        """,
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "puts a link in the place of a file",
        "import os; os.symlink('/etc/passwd', BAIT['outside'] + '/link')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "makes a second name for a file",
        "import os; os.link(BAIT['victim_file'], BAIT['outside'] + '/second')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "changes the mode of a file",
        "import os; os.chmod(BAIT['victim_file'], 0o777)",
        "private_metadata",
        by_effect=True,
    ),
    Attack(
        "changes the mode of an open file",
        "import os; os.fchmod(os.open(BAIT['victim_file'], os.O_RDONLY), 0o777)",
        "private_metadata",
        by_effect=True,
    ),
    Attack(
        "changes the times of a file",
        "import os; os.utime(BAIT['victim_file'], (1, 1))",
        "private_metadata",
        by_effect=True,
    ),
    Attack(
        "changes the owner of a file",
        "import os; os.chown(BAIT['victim_file'], 65534, 65534)",
        "private_metadata",
        by_effect=True,
    ),
    Attack(
        "sets an attribute of a file",
        "import os; os.setxattr(BAIT['victim_file'], 'user.attack', b'x')",
        "private_writes",
        by_effect=True,
    ),
    Attack(
        "sets a flag of a file",
        """
        import array, fcntl, os
        fcntl.ioctl(os.open(BAIT["victim_file"], os.O_RDONLY), 0x40086602, array.array("l", [0x40]))
        """,
        "private_writes",
    ),
    Attack(
        "makes a device",
        "import os, stat, tempfile; os.mknod(tempfile.mkdtemp() + '/m', stat.S_IFCHR | 0o666, os.makedev(1, 1))",
    ),
    Attack(
        "writes to the kernel's settings",
        """
        import glob
        places = ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches",
                  "/sys/kernel/uevent_helper", "/proc/sys/kernel/hostname", "/sys/fs/cgroup/cgroup.procs",
                  *glob.glob("/sys/fs/cgroup/*/cgroup.procs"), "/proc/sys/kernel/modprobe")
        for path in places:
            try:
                open(path, "r+")
                return
            except OSError:
                pass
        raise PermissionError
        """,
    ),
]
