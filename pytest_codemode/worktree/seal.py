"""Marks what this user's codemode wrote, so that state which came with a checkout is never acted on.

A sealed file is a JSON object that holds the record and its HMAC under a key which lives outside every project:
`pytest-codemode/key` in `$XDG_STATE_HOME` or `~/.local/state`. Where neither can be written, or lies in the project
itself, the key is in the user's private folder under the system's temporary folder; that one may not survive a reboot,
and then an unfinished write is set aside instead of settled. The HMAC covers the project's path and the purpose too: a
record does not count anywhere else, nor as anything else.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.worktree.statedir import private_dir, private_path
from pytest_codemode.worktree.untrusted import read_file

_HEAD, _MIDDLE, _TAIL = b'{"seal":"', b'","record":', b"}\n"
_MAC_BYTES = 64
"""SHA-256 in hexadecimal."""
_KEY_BYTES = 32


def seal(rootdir: Path, purpose: str, record: bytes) -> bytes:
    """Return `record`, which is JSON, with its seal.

    Raises:
        ConfigError: there is no place for a key.
    """
    return _HEAD + _mac(_key(rootdir), rootdir, purpose, record) + _MIDDLE + record + _TAIL


def unseal(rootdir: Path, purpose: str, data: bytes) -> bytes:
    """Return the record in `data`.

    Raises:
        ValueError: this user has not sealed it for this project and purpose. Nothing of it has been parsed.
    """
    mac = data[len(_HEAD) :][:_MAC_BYTES]
    record = data[len(_HEAD) + _MAC_BYTES + len(_MIDDLE) : -len(_TAIL)]
    whole = data == _HEAD + mac + _MIDDLE + record + _TAIL
    # Every place is tried: the run may have had another environment than the command that reads its record.
    keys = [key for folder in _outside(rootdir, _all_folders()) if (key := _read(folder)) is not None]
    if not whole or not any(hmac.compare_digest(mac, _mac(key, rootdir, purpose, record)) for key in keys):
        raise ValueError("was not written by your own codemode for this folder")
    return record


def _mac(key: bytes, rootdir: Path, purpose: str, record: bytes) -> bytes:
    context = b"\0".join((purpose.encode(), os.fsencode(rootdir.resolve()), record))
    return hmac.new(key, context, "sha256").hexdigest().encode("ascii")


def _key(rootdir: Path) -> bytes:
    """Return the user's key, made if need be."""
    for folder in _outside(rootdir, _state_folders()):
        key = _read(folder) or (_made(folder) if _is_ours(folder) else None)
        if key is not None:
            return key
    for folder in _outside(rootdir, [private_path()]):
        key = _read(folder) or _made(private_dir())
        if key is not None:
            return key
    raise ConfigError("there is no place for codemode's key; set XDG_STATE_HOME to a folder of your own")


def _all_folders() -> Iterator[Path]:
    yield from _state_folders()
    yield private_path()


def _state_folders() -> Iterator[Path]:
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        yield given / "pytest-codemode"
    with suppress(RuntimeError):  # a user without a home
        yield Path.home() / ".local" / "state" / "pytest-codemode"


def _outside(rootdir: Path, folders: Iterator[Path] | list[Path]) -> Iterator[Path]:
    """Yield those that no checkout of the project can have brought."""
    root = os.path.realpath(rootdir)
    return (folder for folder in folders if not Path(os.path.realpath(folder)).is_relative_to(root))


def _is_ours(folder: Path) -> bool:
    """Return whether what exists of the path ends in a folder of the user: under sudo, HOME may be somebody else's."""
    # Path.exists raises where a folder above may not be entered.
    nearest = next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))  # noqa: PTH110
    return nearest.stat().st_uid == os.geteuid()


def _read(folder: Path) -> bytes | None:
    try:
        key = read_file(folder / "key", max_bytes=_KEY_BYTES, own=True, secret=True)
    except (FileNotFoundError, ValueError):
        return None  # not to be trusted is as good as not there: the next place is tried
    return key if len(key) == _KEY_BYTES else None


def _made(folder: Path) -> bytes | None:
    """Return a new key in `folder`, or the one another process was quicker to make; None if it cannot be written."""
    fresh = folder / f"key.{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            (folder / "key").hardlink_to(fresh)  # unlike a rename, it never replaces a key
    except OSError:
        return None
    finally:
        with suppress(OSError):
            fresh.unlink()
    return _read(folder)
