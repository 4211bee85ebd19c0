"""The launcher of the namespaces level: limits that bubblewrap cannot set, then bubblewrap.

It makes a user, mount and process-id namespace of its own around bubblewrap's. There it may, without privilege,
- bound the number of processes for root too (`kernel.pid_max` of the outer pid namespace; RLIMIT_NPROC ignores root,
  and inside it counts only the sandbox, not everything the user runs),
- mount one sized tmpfs that takes all writing: the overlay, /tmp and /dev/shm share `disk_bytes`. bubblewrap's own
  `--tmp-overlay` may fill half of the memory.
When the first process of the outer pid namespace dies, the kernel kills everything inside, whatever it did.
"""
# ruff: noqa: PTH101, PTH102, PTH123  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import resource
import signal
from typing import Any, NoReturn

from pytest_codemode.sandbox.isolation import supervision
from pytest_codemode.worker import syscalls

STORE = "/sys"
"""Where the sized tmpfs is mounted, in the launcher's own mount namespace only: a place no project can live in."""

_FIRST_PID = 300
"""The kernel never goes back below 300 when process ids wrap around, so counting starts there."""

_REAPERS = 1
"""bubblewrap's own process inside."""


def main(plan_descriptor: int) -> NoReturn:
    """Run the plan: `limits`, `processes`, `disk_bytes`, `bubblewrap`, `arguments` (a descriptor), `argv`."""
    plan = supervision.read_plan(plan_descriptor)
    try:
        _enter_namespaces()
    except OSError as problem:
        supervision.report(plan, f"user namespaces are not available: {supervision.told(problem)}")
        supervision.end_with(127)
    supervision.end_with(supervision.run(plan, _become_bubblewrap, _destroy))


def _enter_namespaces() -> None:
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWPID)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _become_bubblewrap(plan: dict[str, Any]) -> None:
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    supervision.volunteer_for_the_oom_killer()
    nosuid = syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    inodes = max(4096, plan["disk_bytes"] // 4096)
    syscalls.mount("tmpfs", STORE, "tmpfs", nosuid, f"size={plan['disk_bytes']},nr_inodes={inodes},mode=700")
    for name, mode in (("upper", 0o755), ("work", 0o755), ("tmp", 0o1777), ("shm", 0o1777)):
        os.mkdir(f"{STORE}/{name}")
        os.chmod(f"{STORE}/{name}", mode)
    syscalls.mount("proc", "/proc", "proc", nosuid | syscalls.MS_NOEXEC)
    _bound_processes(plan["processes"])
    own = 2 + _REAPERS  # the launcher and bubblewrap's outer process are in the outer user namespace too
    supervision.set_limits([*plan["limits"], (resource.RLIMIT_NPROC, plan["processes"] + own)])
    # bubblewrap reads from `ready` and closes it when every mount is in place and its privileges are gone.
    options = ["--args", str(plan["arguments"]), "--block-fd", str(plan["ready"])]
    os.execv(plan["bubblewrap"], ["bwrap", *options, "--", *plan["argv"]])


def _bound_processes(processes: int) -> None:
    """Bound the pid namespace, where the kernel (6.14 or later) can; the canary finds out whether anything holds."""
    wanted = _FIRST_PID + _REAPERS + processes
    for bound in (wanted, 1024, 4096, 32768):  # the kernel's minimum grows with the number of processors
        if bound >= wanted and _write_kernel("pid_max", bound):
            _write_kernel("ns_last_pid", _FIRST_PID)
            return


def _write_kernel(name: str, value: int) -> bool:
    try:
        with open(f"/proc/sys/kernel/{name}", "w") as file:
            file.write(str(value))
    except OSError:
        return False
    return True


def _destroy(child: int) -> None:
    """Kill the first process of the pid namespace; the kernel kills the rest."""
    os.kill(child, signal.SIGKILL)
