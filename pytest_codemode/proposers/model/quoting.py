"""Text of the project's on its way to a model: fenced as data, without credentials.

An instruction in a comment or in a test's output must not become an action. The fence says what is data; what keeps an
action from doing harm is the judge, whatever the model was talked into.
"""

from __future__ import annotations

import re
from itertools import count

from pytest_codemode.core.credentials import SECRET_VALUE, is_secret_name

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)
_ASSIGNED = re.compile(
    r"""(?<![A-Za-z0-9_.-])(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,100})(?P<quote>\\?['"]|)"""
    r"""(?P<sign>[ \t]{0,8}(?:=>|[=!]=|=|:)[ \t]{0,8})(?P<open>\\?['"])(?P<value>[^'"\n]{8,400})(?P=open)"""
)
_SETTING = re.compile(
    r"""(?:(?P<before>\\[nrt])|(?<![A-Za-z0-9_.-]))(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,100})="""
    r"""(?P<value>[^\s'"\\,;<>()\[\]{}]{8,400})"""
)
"""A line of settings, as `API_TOKEN=abc123`, also where it stands in a text that is written with its quotes."""
_HEADER = re.compile(
    r"(?i)\b(authorization|x-api-key|cookie|set-cookie)(['\"]?[ \t]*[:=][ \t]*['\"]?)"
    r"(?:(?:bearer|basic)[ \t]+)?[^\s'\",;]{8,}"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]")
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_=.!@#$%^&*~-]{8,}")
"""A value with letters and digits and no space: `hunter2-prod` is a password, `Enter your password` is none."""


def quote(text: str, label: str) -> str:
    """Return `text` as data for a model, in a fence that does not occur in it.

    Args:
        text: what the project or a tool said; credentials are taken out, terminal colours dropped.
        label: what it is, as `output of tests/test_cart.py::test_total`.
    """
    clean = redact(printable(text))
    tag = next(tag for number in count(1) if f"</{(tag := 'data' if number == 1 else f'data-{number}')}" not in clean)
    return f'<{tag} of="{_attribute(label)}">\n{clean}\n</{tag}>'


def printable(text: str) -> str:
    """Return `text` without terminal sequences and control characters; tabs and line ends stay."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _TERMINAL.sub("", text.replace("\r\n", "\n")))


def redact(text: str) -> str:
    """Return `text` with what looks like a credential replaced by `[redacted]`; its lines keep their numbers."""
    text = _PRIVATE_KEY.sub(lambda found: "[redacted]" + "\n" * found.group().count("\n"), text)
    text = _HEADER.sub(r"\1\2[redacted]", text)
    text = _ASSIGNED.sub(_without_value, text)
    text = _SETTING.sub(_without_setting, text)
    return _values_out(text)


def _values_out(text: str) -> str:
    """Replace values of known formats; a match can end before the secret does (a web token has three parts)."""

    def whole(found: re.Match[str]) -> str:
        if "://" in found.group():
            return re.sub(r"://[^/@]*@", "://[redacted]@", found.group())
        return "[redacted]"

    replaced = SECRET_VALUE.sub(whole, text)
    return re.sub(r"\[redacted\][A-Za-z0-9_./+=-]*", "[redacted]", replaced)


def _without_value(found: re.Match[str]) -> str:
    if not _is_secret(found, found["name"]) or not _RANDOM.fullmatch(found["value"]):
        return found.group()
    return f"{found['name']}{found['quote']}{found['sign']}{found['open']}[redacted]{found['open']}"


def _without_setting(found: re.Match[str]) -> str:
    # In code `token=token_v2` hands a variable on: a small name counts only where a text or its line begins.
    told = bool(found["before"]) or found["name"].isupper() or _before(found) in ("'", '"')
    if not told or not _is_secret(found, found["name"]) or not _RANDOM.fullmatch(found["value"]):
        return found.group()
    return f"{found['before'] or ''}{found['name']}=[redacted]"


def _is_secret(found: re.Match[str], name: str) -> bool:
    """Return whether a name is one of a credential; what stands behind a backslash may be a line end's `n`."""
    last = name.rpartition(".")[2]
    escaped = _before(found) == "\\" and name[0] in "nrt"
    return is_secret_name(last) or (escaped and is_secret_name(last[1:]))


def _before(found: re.Match[str]) -> str:
    return found.string[max(found.start() - 1, 0) : found.start()]


def _attribute(label: str) -> str:
    return re.sub(r"\s+", " ", printable(label)).replace('"', "'").replace("<", "(").replace(">", ")")
