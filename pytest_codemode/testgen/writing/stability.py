"""What no test should hold, for it is otherwise elsewhere: addresses, clocks, hosts, temporary paths."""

from __future__ import annotations

import datetime
import os
import re
import socket
from collections.abc import Iterable

from pytest_codemode.core.exploring import Shown
from pytest_codemode.testgen.writing.shown import leaves

_ADDRESS = re.compile(r"\b(?:at )?0x[0-9a-fA-F]{6,}\b")
_PLACE = re.compile(
    # The second begins where a word does: from each of its characters would take the square of its length.
    r"(?:/private)?/(?:tmp|var/folders|var/tmp|dev/shm|proc)/[^\s'\"]*|(?<![^\s'\"])[^\s'\"]*pytest-of-[^\s'\"]*"
)
_OWN = tuple(home for home in map(os.path.expanduser, ("~root", "~")) if len(home) > 1)
"""Home folders that may stand elsewhere than those of other people: the superuser's, and that of whoever runs this."""
_HOME = re.compile(rf"(?:/(?:home|Users)|{'|'.join(map(re.escape, _OWN)) or '/home'})/[^\s'\"]+")
_SETS = re.compile(r"\{[^{}:][^{}:,]*,[^{}:]*\}")
_TIMING = re.compile(r"\b\d+\.\d+ ?(?:s|ms|sec|seconds|milliseconds)\b|\b\d+ ?(?:MB|KB|GB|bytes)\b")
_CLOCK_S = 2 * 24 * 3600.0
"""A number this near to the time of day, in seconds since 1970, is taken for a clock's; two days cover every zone."""

CHANGING = (_ADDRESS, _PLACE, _HOME, _SETS, _TIMING)
"""Parts of a message that are left out of what a test matches."""


def unstable(values: Iterable[Shown], given: str, now: datetime.datetime) -> str:
    """Return in one phrase what in the values depends on where or when they were made; empty if nothing does.

    Args:
        values: What would be asserted.
        given: Source text of the call and its setup: what stands there is no clock's.
        now: The time of day.
    """
    for value in values:
        for leaf in leaves(value):
            phrase = _of_text(leaf.text, given, now)
            if phrase:
                return phrase
    return ""


def _of_text(text: str, given: str, now: datetime.datetime) -> str:
    if _ADDRESS.search(text) and not _ADDRESS.search(given):
        return "what it returns holds an address in memory"
    for pattern in (_PLACE, _HOME):
        found = pattern.search(text)
        if found and found[0] not in given:
            return "what it returns holds a path of this machine"
    host = socket.gethostname()
    if len(host) > 3 and host not in ("localhost",) and host in text and host not in given:
        return "what it returns holds this machine's name"
    return "what it returns depends on today's date" if _clock(text, given, now) else ""


def _clock(text: str, given: str, now: datetime.datetime) -> bool:
    """Return whether the text tells the time of day, or a day next to it, which the call was not given."""
    text = text.strip("'\"")
    for days in (-1, 0, 1):
        day = now + datetime.timedelta(days=days)
        built = f"({day.year}, {day.month}, {day.day}"
        for shape in (day.strftime("%Y-%m-%d"), day.strftime("%Y%m%d"), day.strftime("%d/%m/%Y"), built):
            if shape in text and shape not in given:
                return True
    if re.fullmatch(r"\d{4}", text) and int(text) == now.year:
        return text not in given
    if re.fullmatch(r"\d{9,10}(?:\.\d+)?|\d{12,13}|\d{18,19}", text) and text not in given:
        scale = 10.0 ** (3 * ((len(text.partition(".")[0]) - 8) // 3))
        return abs(float(text) / scale - now.timestamp()) < _CLOCK_S
    return False
