"""Texts that documentation shows without being a doctest: samples in quotes, literal blocks, templates filled in."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Collection, Iterable, Iterator

from pytest_codemode.testgen.inputs.expressions import evaluated
from pytest_codemode.testgen.inputs.names import INT, guessed, samples

_LONGEST = 60
_MOST, _MOST_OF_ONE = 40, 20
"""Texts of all docstrings together, and of one."""
_QUOTED = re.compile(
    r"(?<![:\w`])(?P<ticks>`{1,2})(?P<code>[^`\n]{1,60})(?P=ticks)(?![\w`])"
    r"|(?<![\w\"])\"(?P<double>[^\"\n]{1,60})\"(?!\w)|(?<![\w'])'(?P<single>[^'\n]{1,60})'(?!\w)"
)
_INTRODUCED = re.compile(
    r"(?:\be\.g\.|\bfor example|\bfor instance|\bsuch as|\bexamples?:)[,:]?\s+(.{1,80})", re.I | re.S
)
_BETWEEN = re.compile(r",\s+|\s+(?:or|and)\s+")
_HEADINGS = frozenset(
    ["args", "arguments", "parameters", "params", "returns", "return", "raises", "yields", "attributes", "note",
     "notes", "warning", "see also", "todo", "keyword args", "keyword arguments"]
)  # fmt: skip
"""What stands under these is prose."""
_TOKEN = re.compile(r"(?<![A-Za-z0-9±+\-\[\]:/.,])[A-Za-z0-9±+\-\[\]:/.,]*[A-Za-z0-9\]]")
_DATE_LETTERS = frozenset("YyMmDdHhSsfWwTPZn")
_PLACEHOLDER = re.compile(r"<(\w+)>|\{(\w+)\}")
_DOCTEST = re.compile(r"^[ ]*>>> .*(?:\n[ ]*\S.*)*", re.MULTILINE)
_NOTHING = str.maketrans("YM", "00")
_DATA = re.compile(r"[\d=;/]")
"""What tells a line of data from prose."""
_CODE = re.compile(r"[A-Za-z_][\w.]*(\(.*\))?|[*@].*|.*[^=]=[^=].*\(.*")


def shown(docstrings: Iterable[str], names: Collection[str]) -> Iterator[str]:
    """Yield the texts that docstrings show, each once, those first that are most likely samples of an input.

    Args:
        docstrings: The function's own first.
        names: What parameters and functions are called: such a word in backquotes is no sample.
    """
    found: dict[str, None] = {}
    for docstring in docstrings:
        text = inspect.cleandoc(docstring)
        own = dict.fromkeys(one for sample in _samples(text, names) for one in _filled(sample) if len(one) <= _LONGEST)
        found.update(dict.fromkeys(list(own)[:_MOST_OF_ONE]))
    yield from list(found)[:_MOST]


def _samples(text: str, names: Collection[str]) -> Iterator[str]:
    """Yield samples as they stand; words that may be names of code last."""
    prose = _DOCTEST.sub("", text)
    weak: list[str] = []
    for match in _QUOTED.finditer(prose):
        sample = (match["code"] or match["double"] or match["single"]).strip()
        known, value = evaluated(sample)
        if match["code"] and known and isinstance(value, str):
            yield value
        elif match["code"] and _CODE.fullmatch(sample) and not is_template(sample):
            weak += [sample] if sample not in names and sample.isidentifier() else []
        elif sample:
            yield sample
    yield from (token for token in _TOKEN.findall(prose) if is_template(token))
    yield from _introduced(prose)
    yield from _blocks(prose)
    yield from (word for word in weak if not keyword.iskeyword(word))


def _introduced(prose: str) -> Iterator[str]:
    """Yield what follows `e.g.` and the like, as long as it does not look like prose."""
    for match in _INTRODUCED.finditer(prose):
        for part in _BETWEEN.split(match[1])[:4]:
            word = (part.split() or [""])[0].strip("\"'`(),;:").rstrip(".\"'`)")
            if not re.search(r"\d|\w[^\w\s]\w", word):
                break
            yield word


def _blocks(prose: str) -> Iterator[str]:
    """Yield the lines that stand indented after a line that ends with a colon, and the first column of such lines."""
    announced = False
    for line in prose.splitlines():
        stripped = line.strip()
        if not stripped:
            continue
        if line[0] != " ":
            announced = stripped.endswith(":") and stripped.rstrip(":").strip().lower() not in _HEADINGS
        elif announced and len(stripped) <= _LONGEST and (len(stripped.split()) <= 4 or _DATA.search(stripped)):
            columns = re.split(r"\s{2,}", stripped.removeprefix("- ").removeprefix("* "))
            yield from columns[:1]
            if len(columns) > 1 and not is_template(columns[0]):
                yield stripped


def is_template(token: str) -> bool:
    """Whether a word is a template of a date or time: `YYYY-MM-DD`, `hhmm`, `PnYnMnD`."""
    token = token.lstrip("+-±")
    letters = {one for one in token if one.isalpha()}
    if not letters or not letters <= _DATE_LETTERS:
        return False
    runs = {run[0] for run in re.findall(r"([A-Za-z])\1+", token)}
    counted = token.startswith("P") and token.count("n") > 1
    return counted or bool(runs & set("Yy") and len(letters) > 1) or (bool(runs & set("Hh")) and bool(runs & set("Mm")))


def _filled(sample: str) -> Iterator[str]:
    """Yield a sample with its placeholders filled in; with what is optional and without."""
    plain = sample.rstrip("… ").removesuffix("...") or sample
    if is_template(plain):
        shortest = plain.lstrip("-")
        while (shorter := re.sub(r"\[[^\[\]]*\]", "", shortest)) != shortest:
            shortest = shorter
        whole = re.sub(r"[\[\]]", "", plain.lstrip("-"))
        yield from dict.fromkeys((_dated(whole), _dated(shortest)))
        if whole.startswith("P") and "Y" in whole and "n" not in whole:
            yield _dated(re.sub(r"^PY+(-?)M+", lambda match: match[0].translate(_NOTHING), whole))
    elif _PLACEHOLDER.search(plain):
        yield _PLACEHOLDER.sub(lambda match: _typical(match[1] or match[2]), plain)
    else:
        yield plain


def _typical(name: str) -> str:
    for text in samples(name)[:1]:
        known, value = evaluated(text)
        if known:
            return str(value)
    return "3" if INT in guessed(name)[:1] else name


def _dated(template: str) -> str:
    """Return a template of a date or time filled in; of a duration, which begins with P, with small numbers."""
    lasting = template.startswith("P")
    if lasting and "n" in template:
        return re.sub("n+", "3", template)
    text, clock = "", False
    for match in re.finditer(r"([A-Za-z])\1*|.", template):
        run = match[0]
        clock = clock or run[0] in "HhT"
        text += _digits(run, clock=clock, fraction=text[-1:] in (".", ","), lasting=lasting)
    return text


def _digits(run: str, *, clock: bool, fraction: bool, lasting: bool) -> str:  # noqa: PLR0911  # a table in code
    size = len(run)
    match run[0]:
        case "Y" | "y":
            return ("0001" if lasting else "2024")[-size:].rjust(size, "0")
        case "M" | "m":
            return ("05" if clock else "02")[-size:]
        case "D" | "d":
            return {1: "3", 2: "03" if lasting else "28"}.get(size, "123")
        case "H" | "h":
            return ("04" if lasting else "13")[-size:]
        case "S" | "s" | "f":
            return "123456"[:size] if fraction or size > 2 else "09"[-size:]
        case "w":
            return "09"[-size:]
        case "n":
            return "3" * size
        case "±":
            return "+"
    return run
