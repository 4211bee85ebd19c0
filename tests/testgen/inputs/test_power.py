"""What the generator reaches in small modules of the usual kinds, its calls really made."""

from __future__ import annotations

import pytest

from tests.testgen.inputs.samples import trial_of

_WORDS = '''
import re

_UNCOUNTABLE = {"fish", "sheep"}
_IRREGULAR = {"person": "people", "child": "children"}
_RULES = [(re.compile(r"(?i)(s|x|ch)$"), r"\\1es"), (re.compile(r"(?i)([^aeiou])y$"), r"\\1ies")]


def plural(word):
    """
    >>> plural("post")
    'posts'
    """
    if not word or word.lower() in _UNCOUNTABLE:
        return word
    for singular, many in _IRREGULAR.items():
        if word.lower() == singular:
            return many if word[0].islower() else many.capitalize()
    for pattern, new in _RULES:
        if pattern.search(word):
            return pattern.sub(new, word)
    return word + "s"


def camelize(string, uppercase_first_letter=True):
    if uppercase_first_letter:
        return re.sub(r"(?:^|_)(.)", lambda m: m.group(1).upper(), string)
    return string[0].lower() + camelize(string)[1:]
'''

_NUMBERS = """
def ordinal(value):
    try:
        value = int(value)
    except (TypeError, ValueError):
        return str(value)
    if value % 100 in (11, 12, 13):
        return f"{value}th"
    if value < 0:
        return f"minus {ordinal(-value)}"
    return f"{value}{['th', 'st', 'nd', 'rd', 'th', 'th', 'th', 'th', 'th', 'th'][value % 10]}"


def size(value: float, binary: bool = False, digits: int | None = None) -> str:
    base = 1024 if binary else 1000
    if digits is not None and digits > 6:
        raise ValueError("too many digits")
    if abs(value) < base:
        return f"{value} B"
    for unit in ("K", "M", "G"):
        value /= base
        if abs(value) < base:
            break
    else:
        unit = "T"
    if value == 1:
        return f"exactly one {unit}"
    return f"{value:.{digits or 1}f} {unit}"


def magic(a: int, b: int) -> str:
    if a * 3 == 4821:
        if b > a + 1000:
            return "both"
        return "first"
    return "none"
"""

_DICTS = """
def update_in(d, keys, func, default=None):
    k, *rest = keys
    inner = dict(d)
    if rest:
        inner[k] = update_in(d[k] if k in d else {}, rest, func, default)
    else:
        inner[k] = func(d[k]) if k in d else func(default)
    return inner


def key_filter(predicate, d, factory=dict):
    rv = factory()
    for k, v in d.items():
        if predicate(k):
            rv[k] = v
    return rv


def settings(config):
    if config.get("debug"):
        level = 10
    elif "level" in config:
        level = config["level"]
        if not isinstance(level, int):
            raise TypeError("level must be a number")
    else:
        level = 20
    if config["name"] == "quiet":
        level += 30
    return level
"""

_STATE = '''
class Stack:
    """Holds values up to a limit."""

    def __init__(self, limit=3):
        if limit < 1:
            raise ValueError("limit must be positive")
        self._items = []
        self.limit = limit

    @property
    def state(self):
        if not self._items:
            return "empty"
        return "full" if len(self._items) >= self.limit else "open"

    def push(self, item):
        if len(self._items) >= self.limit:
            raise OverflowError("full")
        self._items.append(item)
        return self

    def pop(self):
        if not self._items:
            raise IndexError("empty")
        return self._items.pop()

    def __contains__(self, item):
        for known in self._items:
            if known == item:
                return True
        return False

    def __eq__(self, other):
        if not isinstance(other, Stack):
            return NotImplemented
        return self._items == other._items
'''

_PARSING = """
import re
import datetime

_DURATION = re.compile(
    r"^(?P<sign>-)?P(?:(?P<days>\\\\d+)D)?(?:T(?:(?P<hours>\\\\d+)H)?(?:(?P<minutes>\\\\d+)M)?)?$"
)


def parse_duration(text):
    match = _DURATION.match(text)
    if match is None:
        raise ValueError(f"no duration: {text}")
    parts = {k: int(v) for k, v in match.groupdict(default="0").items() if k != "sign" and v}
    if not any(parts.values()):
        raise ValueError("empty")
    delta = datetime.timedelta(**parts)
    return -delta if match["sign"] else delta


def parse_version(version):
    head, sep, rest = version.partition("!")
    if sep:
        if not head.isdigit():
            raise ValueError("epoch")
        version = rest
    if version.startswith("v"):
        version = version[1:]
    numbers = re.match(r"\\\\d+(\\\\.\\\\d+)*", version)
    if not numbers:
        return None
    tail = version[numbers.end():]
    if tail in ("a", "b", "rc"):
        return numbers.group(), tail
    if tail:
        raise ValueError(tail)
    return numbers.group(), "final"
""".replace("\\\\", "\\")

_DATES = """
import datetime


def age(dt, now=None):
    if now is None:
        now = datetime.datetime(2024, 3, 1)
    delta = now - dt
    if delta < datetime.timedelta(0):
        return "in the future"
    if delta.days == 0:
        return "today"
    if delta.days < 31:
        return f"{delta.days} days"
    years = delta.days // 365
    if years >= 20:
        return "long ago"
    return f"{years} years" if years else "months"


def next_workday(day: datetime.date) -> datetime.date:
    if day.weekday() == 4:
        return day + datetime.timedelta(days=3)
    if day.weekday() == 5:
        return day + datetime.timedelta(days=2)
    return day + datetime.timedelta(days=1)
"""


@pytest.mark.parametrize(
    ("source", "function"),
    [
        (_WORDS, "plural"),
        (_WORDS, "camelize"),
        (_NUMBERS, "ordinal"),
        (_NUMBERS, "size"),
        (_NUMBERS, "magic"),
        (_DICTS, "update_in"),
        (_DICTS, "key_filter"),
        (_DICTS, "settings"),
        (_STATE, "Stack.__init__"),
        (_STATE, "Stack.state"),
        (_STATE, "Stack.push"),
        (_STATE, "Stack.pop"),
        (_STATE, "Stack.__contains__"),
        (_STATE, "Stack.__eq__"),
        (_PARSING, "parse_duration"),
        (_PARSING, "parse_version"),
        (_DATES, "age"),
        (_DATES, "next_workday"),
    ],
)
def test_every_branch_is_reached(tmp_path, source, function):
    trial = trial_of(tmp_path, source, function)
    assert trial.own
    assert trial.missing == set()
