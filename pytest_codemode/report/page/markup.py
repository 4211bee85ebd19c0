"""HTML and SVG from Python calls: text is escaped unless it came from here, so that forgetting is harmless."""

from __future__ import annotations

import html
from collections.abc import Iterable

from pytest_codemode.report.phrases import clipped
from pytest_codemode.report.writer import harmless

LONGEST = 5_000
"""Characters of one text, however long it is: nothing foreign makes the page large."""
_VOID = frozenset({"br", "col", "meta"})

Value = str | int | float | bool | None
"""Of an attribute; None and False leave it out, True writes its name alone."""


class Html(str):
    """Text that is markup already; what Python makes of it by `+` or `format` is plain text again."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Return foreign text as markup that shows it: control, format and surrogate characters as visible escapes."""
    return text if isinstance(text, Html) else Html(html.escape(harmless(clipped(text, LONGEST))))


def join(*parts: str | None, by: str = "") -> Html:
    """Return the parts one after the other, each escaped that is not markup; empty ones are left out."""
    return Html(escaped(by).join(escaped(part) for part in parts if part))


def tag(name: str, /, *children: str | None, **attributes: Value) -> Html:
    """Return an element.

    Args:
        name: of the element.
        children: markup, or text that gets escaped.
        attributes: with `_` for `-`, and a `_` behind what is a word of Python's: `class_`, `stroke_width`.
    """
    opening = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{opening}>")
    return Html(f"<{name}{opening}>{join(*children)}</{name}>")


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{escaped(text)}"'


def shortened(text: str, most: int) -> str:
    """Return one line of at most `most` characters, cut in the middle, where names differ least."""
    flat = " ".join(text[: 10 * most].split())
    if len(flat) <= most:
        return flat
    tail = (most - 1) // 2
    return f"{flat[: most - 1 - tail]}…{flat[len(flat) - tail :]}"


def code(text: str, most: int = 1_000) -> Html:
    """Return foreign text as inline code; it wraps anywhere."""
    return tag("code", clipped(text, most))


def prose(text: str, most: int = 3_000) -> Html:
    """Return foreign sentences, with what stands between backticks as code."""
    parts = clipped(text, most).split("`")
    closed = len(parts) % 2 == 1
    return join(*(tag("code", part) if at % 2 and closed else part for at, part in enumerate(parts)))


def items(parts: Iterable[str], **attributes: Value) -> Html:
    """Return a list, nothing if it has no items."""
    found = [tag("li", part) for part in parts]
    return tag("ul", *found, **attributes) if found else Html()


def folded(summary: str, *content: str | None, open_: bool = False) -> Html:
    """Return content that a reader folds in and out, without a script."""
    return tag("details", tag("summary", summary), *content, open=open_)


def scrolled(label: str, *content: str) -> Html:
    """Return content that may be wider than the screen; the keyboard reaches and scrolls it."""
    return tag("div", *content, class_="scroll", tabindex=0, role="group", aria_label=label)


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]], *, numeric: frozenset[int]) -> Html:
    """Return a table whose first column names its rows.

    Args:
        caption: what it shows.
        heads: of the columns.
        rows: cells, as many as there are heads.
        numeric: indices of the columns that hold numbers.
    """
    head = tag("tr", *(tag("th", text, scope="col", class_=_kind(at, numeric)) for at, text in enumerate(heads)))
    body = (tag("tr", *(_cell(at, text, numeric) for at, text in enumerate(row))) for row in rows)
    parts = tag("caption", caption), tag("thead", head), tag("tbody", *body)
    return scrolled(caption, tag("table", *parts, class_="data"))


def _cell(at: int, text: str, numeric: frozenset[int]) -> Html:
    if at == 0:
        return tag("th", text, scope="row", class_=_kind(at, numeric))
    return tag("td", text, class_=_kind(at, numeric))


def _kind(at: int, numeric: frozenset[int]) -> str | None:
    return "number" if at in numeric else None


def left_out(number: int, noun: str, plural: str = "s", *, of: str = "page") -> Html:
    """Return a sentence on what the page, or a part of it, does not show; nothing if it shows all."""
    if number <= 0:
        return Html()
    what = f"1 more {noun} is" if number == 1 else f"{number:,} more {noun}{plural} are"
    return tag("p", f"{what} left out of this {of}.", class_="rest")
