"""Patches that have not the form, do not fit, or would do harm; each can be given in every dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.proposers.model.hostile.project import edits


@dataclass(frozen=True)
class Hostile:
    """One patch, as a model writes it, and what it is told about it."""

    name: str
    given: str
    """JSON, or what should be JSON."""
    told: str
    """Stands in the correction."""


def expression(new: str, **changes: Any) -> dict[str, Any]:
    """Return the edit that puts something in the place of `price` in line 8, where the repair belongs."""
    edit = {"kind": "replace_expression", "path": "shop.py", "line": 8, "column": 17, "old": "price", "new": new}
    return {**edit, **changes}


def statement(source: str, **changes: Any) -> dict[str, Any]:
    """Return the edit that puts something in the place of line 8."""
    old = "result = price"
    edit = {"kind": "replace_statement", "path": "shop.py", "line": 8, "old": old, "source": source}
    return {**edit, "header_only": False, **changes}


def definition(source: str, **changes: Any) -> dict[str, Any]:
    """Return the edit that puts something in the place of the function."""
    edit = {"kind": "replace_definition", "path": "shop.py", "qualname": "total", "source": source, "occurrence": 0}
    return {**edit, **changes}


def module(path: str, source: str = "X = 1\n") -> dict[str, Any]:
    """Return the edit that creates a file."""
    return {"kind": "create_module", "path": path, "source": source}


def body(source: str) -> str:
    """Return a patch that gives the function another body."""
    return edits(definition("def total(prices):\n" + "".join(f"    {line}\n" for line in source.split("\n"))))


RIGHT = expression("result + price")
"""What would repair it."""
FORM = (
    Hostile("no edits", json.dumps({"rationale": ""}), "edits: an array of at least one edit expected"),
    Hostile("null for edits", json.dumps({"edits": None}), "edits: an array of at least one edit expected"),
    Hostile("a number for edits", json.dumps({"edits": 3}), "edits: an array of at least one edit expected"),
    Hostile("texts for edits", edits("fix it"), "edits[0]: an object expected"),
    Hostile("diff for edits", json.dumps({"edits": "--- a/shop.py\n+++ b/shop.py"}), "got text that is not JSON"),
    Hostile("lists in edits", edits([RIGHT]), "edits[0]: an object expected"),
    Hostile("unknown kind", edits({**RIGHT, "kind": "run_shell"}), "kind 'run_shell' is none of"),
    Hostile("kind that is a list", edits({**RIGHT, "kind": ["create_module"]}), "is none of"),
    Hostile("missing field", edits({"kind": "delete_statement", "path": "shop.py"}), "field 'line' of DeleteStatement"),
    Hostile("field of another kind", edits({**RIGHT, "source": "x"}), "unknown field 'source' of ReplaceExpression"),
    Hostile("text for a line", edits({**RIGHT, "line": "8"}), "edits[0].line: an integer expected, got '8'"),
    Hostile("true for a line", edits({**RIGHT, "line": True}), "edits[0].line: an integer expected, got 'True'"),
    Hostile("fraction for a column", edits({**RIGHT, "column": 17.5}), "edits[0].column: an integer expected"),
    Hostile("object for a path", edits({**RIGHT, "path": {"name": "shop.py"}}), "edits[0].path: str expected"),
    Hostile("list for a source", edits({**statement("x"), "source": ["x = 1"]}), "edits[0].source: str expected"),
    Hostile("number for the rationale", edits(RIGHT, rationale=7), "rationale: str expected, got '7'"),
    Hostile("instruction beside edits", edits(RIGHT, accept=True), "'accept'"),
    Hostile("thousands of edits", edits(*[{"kind": "x"}] * 5_000), "5000 edits in one patch; at most 100"),
    Hostile("long name of a field", edits({**RIGHT, "x" * 20_000: 1}), "unknown field 'xxx"),
    Hostile("long kind", edits({**RIGHT, "kind": "x" * 20_000}), "kind 'xxx"),
    Hostile("lists in lists", edits(json.loads("[" * 20 + "]" * 20)), "edits[0]: an object expected"),
)
PLACES = (
    Hostile("overlapping edits", edits(statement("x = 1"), expression("x")), "two of its edits overlap"),
    Hostile("the same edit twice", edits(RIGHT, RIGHT), "two of its edits overlap"),
    Hostile("old that is not there", edits({**RIGHT, "old": "cost"}), "cost"),
    Hostile("old that is empty", edits({**RIGHT, "old": ""}), "`old` is empty"),
    Hostile("old twice in its line", edits(expression("x", line=13, column=0, old="total(prices)")), "line 13"),
    Hostile("line that is not there", edits(statement("x = 1", line=999)), "999"),
    Hostile("line below one", edits(statement("x = 1", line=-1)), "-1"),
    Hostile("line beyond all bounds", edits(statement("x = 1", line=10**18)), "1000000000000000000"),
    Hostile("occurrence beyond all bounds", edits(definition("def total(p): pass", occurrence=10**18)), "total"),
    Hostile("definition that is not there", edits(definition("def t(p): pass", qualname="a." * 5_000)), "a.a."),
    Hostile("edit of a new file", edits(module("a.py"), statement("x = 1", path="a.py")), "created and edited"),
    Hostile("nothing changed", edits({**RIGHT, "new": "price"}), "changes nothing"),
)
PATHS = (
    Hostile("absolute path", edits(module("/etc/cron.d/a.py")), "not a plain path below the root"),
    Hostile("path that climbs", edits(module("../outside.py")), "not a plain path below the root"),
    Hostile("path that climbs in its middle", edits(module("src/../../outside.py")), "not a plain path below the root"),
    Hostile("path with a NUL", edits(module("a\0.py")), "not a plain path below the root"),
    Hostile("path with backslashes", edits(module("..\\outside.py")), "not a plain path below the root"),
    Hostile("path with a drive", edits(module("C:/outside.py")), "not a plain path below the root"),
    Hostile("path at home", edits(module("~/outside.py")), "not a plain path below the root"),
    Hostile("path with a line end", edits(module("a\n.py")), "not a plain path below the root"),
    Hostile("path with a hidden direction", edits(module("a\u202eyp.py")), "not a plain path below the root"),
    Hostile("path that is empty", edits(module("")), "not a plain path below the root"),
    Hostile(
        "path as long as a book",
        edits(module("a/" * 8_000 + "b.py")),
        "edits[0].path: 16,004 characters",
    ),
    Hostile("name as long as a book", edits(module("a" * 900 + ".py")), "longer than file names can be"),
    Hostile("path of no Python file", edits(module("run.sh", "rm -rf /\n")), "is no Python module"),
    Hostile("edit of no Python file", edits(statement("x", path="data.txt", line=1, old="1910")), "data.txt"),
    Hostile("folder", edits(statement("x", path="tests", line=1, old="x")), "tests"),
    Hostile("link out of the tree", edits(statement("S = 2", path="link.py", line=1, old="SECRET = 1")), "link.py"),
    Hostile("new file behind a link", edits(module("linked/extra.py")), "linked/extra.py"),
    Hostile("version control", edits(module(".git/hooks/a.py")), "protected-file"),
    Hostile("our own state", edits(module(".codemode/a.py")), "protected-file"),
    Hostile("configuration", edits(statement("x", path="pyproject.toml", line=1, old="[project]")), "pyproject.toml"),
    Hostile("configuration as a module", edits(module("pyproject.toml")), "pyproject.toml"),
    Hostile("conftest", edits({"kind": "add_import", "path": "conftest.py", "statement": "import os"}), "protected"),
    Hostile("another conftest", edits(module("src/conftest.py")), "protected-file"),
    Hostile(
        "the test",
        edits({"kind": "delete_definition", "path": "tests/test_shop.py", "qualname": "test_total", "occurrence": 0}),
        "protected-file",
    ),
    Hostile("the test in capitals", edits(module("Tests/TEST_shop.py")), "protected-file"),
    Hostile("the module in capitals", edits(module("SHOP.py")), "SHOP.py"),
    Hostile("module of the standard library", edits(module("random.py")), "shadows-module"),
    Hostile("right beside wrong", edits(RIGHT, module("tests/helper.py")), "protected-file"),
)


def _deep(count: int) -> Iterator[Hostile]:
    """Yield sources that go deep."""
    deep = "deep"
    yield Hostile("10,000 parentheses", edits(expression("(" * 10_000 + "1" + ")" * 10_000)), "shop.py")
    yield Hostile("5,000 lists", edits(expression("[" * 5_000 + "]" * 5_000)), "shop.py")
    yield Hostile("5,000 open brackets", edits(expression("{[(" * 5_000)), "shop.py")
    yield Hostile("sum without end", edits(expression("+".join(["price"] * count))), deep)
    yield Hostile("attributes without end", edits(expression("price" + ".a" * count)), deep)
    yield Hostile("calls without end", edits(expression("price" + "()" * count)), deep)
    yield Hostile("negations without end", edits(expression("-" * count + "price")), deep)
    yield Hostile("conditions without end", edits(expression("1 if price else " * count + "0")), deep)
    yield Hostile("functions without end", edits(expression("lambda: " * count + "0")), deep)
    chain = "if price:\n    pass\n" + "".join(f"elif price == {n}:\n    pass\n" for n in range(count))
    yield Hostile("branches without end", edits(statement(chain)), deep)
    yield Hostile("10,000 negations", edits(expression("not " * 7_000 + "price")), "shop.py")
    yield Hostile(
        "100 blocks", body("\n".join(" " * n + "if prices:" for n in range(120)) + "\n" + " " * 120 + "0"), ""
    )


_FIRST = '"""Prices in cents."""'
_FIXED = "result = 0\nfor price in prices:\n    result += price\n"
SOURCES = (
    *_deep(600),
    Hostile("power of powers", edits(expression("9**9**9**9 if price < 0 else price")), "test_total"),
    Hostile("shift without end", edits(expression("1 << 10**12 if price < 0 else price")), "test_total"),
    Hostile("text of gigabytes", edits(expression("len('ab' * 10**10) if price < 0 else price")), "test_total"),
    Hostile("tuple of gigabytes", edits(expression("((0,) * 10**6 * 10**6) if price < 0 else price")), "test_total"),
    Hostile("format of gigabytes", edits(expression("'%1000000000d' % 1 if price < 0 else price")), "test_total"),
    Hostile("texts folded without end", edits(expression("'aaaa'" + ".replace('a', 'aaaa')" * 60)), "time limit"),
    Hostile("digits without end", edits(expression("9" * 20_000)), "shop.py"),
    Hostile("loop without end", body("while True:\n    pass"), "time limit"),
    Hostile("memory without end", body("held = []\nwhile True:\n    held.append(bytearray(10**8))"), "limit"),
    Hostile("recursion without end", body("return total(prices)"), "RecursionError"),
    Hostile("output without end", body("for _ in range(10**4):\n    print('x' * 100)"), "test_total"),
    Hostile("NUL", edits(statement("result = price\0")), "null"),
    Hostile("half a surrogate pair", edits(statement("result = '\ud800'")), "4050"),
    Hostile("hidden directions", body(f"# \u202eend of the comment\n{_FIXED}return result"), "hidden-text"),
    Hostile("hidden directions in a text", body(f"x = '\u2066'\n{_FIXED}return result"), "hidden-text"),
    Hostile("letter without width in a name", edits(statement("re\u200bsult = price")), "shop.py"),
    Hostile("name that looks like another", edits(statement("r\u0435sult = price")), "test_total"),
    Hostile("definition that looks like it", edits(definition("def x(p): pass", qualname="t\u043etal")), "t\u043etal"),
    Hostile("eval in wide letters", body("return \uff45\uff56\uff41\uff4c('sum(prices)')"), "executes-code"),
    Hostile("line ends of all kinds", edits(statement("x = 1\r\ny = 2\rz = 3\n")), "test_total"),
    Hostile("byte order mark", edits(statement("\ufeffresult = price")), "shop.py"),
    Hostile("byte order mark in a new file", edits(module("extra.py", "\ufeffX = 1\n")), ""),
    Hostile("encoding", edits(module("extra.py", "# -*- coding: utf-7 -*-\n+AHg- = 1\n")), "utf-7"),
    Hostile(
        "encoding of the old file",
        edits(statement("# -*- coding: utf-7 -*-", line=1, old='"""Prices in cents."""')),
        "encoding",
    ),
    Hostile("unknown encoding", edits(module("extra.py", "# coding: rot13\nX = 1\n")), "rot13"),
    Hostile("form feeds", edits(statement("\f\fresult = price\f + 1\f")), ""),
    Hostile("tabs and blanks", edits(statement("if price:\n\tx = 1\n        y = 2")), ""),
    Hostile("line of a text separator", edits(statement("x = 1\u2028y = 2")), "shop.py"),
    Hostile("nothing but blanks", edits(statement(" \n\t\n")), "empty"),
    Hostile("text without end", edits(statement('x = """')), "shop.py"),
    Hostile("second function behind it", edits(expression("price\n\n\ndef again(prices):\n    return 3")), "shop.py"),
    Hostile(
        "more than a repair needs",
        edits(statement("x = 1\n" * 11_000)),
        "66,021 characters in one patch",
    ),
)
PATCHES = (*FORM, *PLACES, *PATHS, *SOURCES)
