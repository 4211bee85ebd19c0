"""What tells code that it is being tested without a name of pytest's: the environment as a whole, replaced streams."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from pytest_codemode.edits.rules.calls import Found
from pytest_codemode.edits.rules.folding import folded
from pytest_codemode.edits.rules.tables import TEST_PLACE

_STREAMS = frozenset({"sys.stdout", "sys.stderr", "sys.stdin"})
_ENVIRONMENTS = frozenset({"os.environ", "os.environb"})
_VIEWS = frozenset({"items", "keys", "values"})
_ABOUT_TYPE = frozenset({"type", "repr", "str", "id", "isinstance", "vars", "dir", "format"})
_FOR_CHILDREN = frozenset({"dict", "update", "copy", "Popen", "run", "call"})
"""What may be given the whole environment: copies of it for processes, which the policy judges elsewhere."""
_LOOKS = frozenset({f"os.path.{name}" for name in ("exists", "isfile", "isdir", "lexists", "getmtime", "getsize")})

_RULE = "detects-test-run"


def looks_around(node: ast.AST, resolve: Callable[[ast.expr], str]) -> Iterator[Found]:
    """Yield how an expression, a loop or a comprehension looks at what differs under a test.

    Args:
        node: one node.
        resolve: returns the dotted name of an expression, an empty text if it is none of an import.
    """
    match node:
        case ast.For(iter=source) | ast.comprehension(iter=source) | ast.Starred(value=source):
            yield from _environment(source, resolve)
        case ast.Call():
            yield from _called(node, resolve)
        case ast.Attribute(attr="handlers" | "hasHandlers", value=ast.Call(func=function, args=[], keywords=[])):
            if resolve(function) == "logging.getLogger":
                yield Found(_RULE, "handlers", "new code looks at the handlers of the root logger")


def _environment(source: ast.expr, resolve: Callable[[ast.expr], str]) -> Iterator[Found]:
    match source:
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in _VIEWS:
            source = inner
    if resolve(source) in _ENVIRONMENTS:
        yield Found(_RULE, "environment", "new code goes through all environment variables")


def _called(node: ast.Call, resolve: Callable[[ast.expr], str]) -> Iterator[Found]:
    shown = ast.unparse(node.func).rpartition(".")[2]
    if shown not in _FOR_CHILDREN:
        for argument in node.args:
            yield from _environment(argument, resolve)
    if shown in _ABOUT_TYPE and any(resolve(argument) in _STREAMS for argument in node.args):
        yield Found(_RULE, "streams", f"new code asks what a standard stream is: `{ast.unparse(node)}`")
    if resolve(node.func) in _LOOKS:
        inner = (item for item in ast.walk(node) if isinstance(item, ast.expr))
        places = [text for item in inner if (text := folded(item)) and TEST_PLACE.fullmatch(text)]
        if places:
            yield Found(_RULE, "test files", f"new code looks for the test file or folder {places[0]!r}")
