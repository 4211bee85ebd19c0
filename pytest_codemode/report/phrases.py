"""Pieces of the sentences that every report is made of, and how a text is shortened that is too long for one."""

from __future__ import annotations


def count(number: int, noun: str, plural: str = "s") -> str:
    """Return as `1 test`, `1,200 tests`, `2 matches` (for the plural `es`)."""
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def sentence(text: str) -> str:
    """Return `text` with the mark that ends a sentence."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def capitalised(text: str) -> str:
    """Return `text` as a sentence begins; the rest of it stays as it is, names and all."""
    return text[:1].upper() + text[1:]


def clipped(text: str, most: int) -> str:
    """Return at most about `most` characters of `text`: head and tail, with what is left out counted between them."""
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail]}\n[... {len(text) - most:,} characters left out ...]\n{text[len(text) - tail :]}"
