"""Calls as a person writes them: `cart.limit = 3` for `setattr(cart, "limit", 3)`, no brackets that do nothing."""

from __future__ import annotations

import ast
import keyword

from pytest_codemode.testgen.writing.source import expression_of, segment

_CLOSED = (
    ast.Tuple, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Call
)  # fmt: skip
"""Operands that no bracket makes clearer."""
_USEFUL = (ast.Call, ast.Await, ast.Subscript, ast.BinOp, ast.ListComp)
"""What may stand as a statement of its own; of the rest a linter says that it does nothing."""

_BUILT_IN = {"setattr": "__setattr__", "delattr": "__delattr__"}


def statement(text: str) -> str:
    """Return an expression whose value nobody uses as a statement."""
    tree = expression_of(text)
    if isinstance(tree, ast.Call) and not tree.keywords and (assigned := _assigned(text, tree)):
        return assigned
    return text if isinstance(tree, _USEFUL) else f"_ = {text}"


def _assigned(text: str, call: ast.Call) -> str:
    """Return what a call of `setattr`, `x.__setitem__` and their like does as a statement; empty for other calls."""
    nodes = [call.func.value, *call.args] if isinstance(call.func, ast.Attribute) else call.args
    name = call.func.attr if isinstance(call.func, ast.Attribute) else _BUILT_IN.get(ast.unparse(call.func), "")
    if not nodes or not isinstance(nodes[0], _CLOSED) or any(isinstance(one, ast.Starred) for one in nodes):
        return ""
    owner, *texts = (segment(text, one) for one in nodes)
    attribute = _attribute(nodes[1]) if len(nodes) > 1 else ""
    forms = {
        ("__setitem__", 2): f"{owner}[{texts[0]}] = {texts[-1]}" if texts else "",
        ("__delitem__", 1): f"del {owner}[{texts[0]}]" if texts else "",
        ("__setattr__", 2): f"{owner}.{attribute} = {texts[-1]}" if attribute else "",
        ("__delattr__", 1): f"del {owner}.{attribute}" if attribute else "",
    }
    return forms.get((name, len(texts)), "")


def _attribute(node: ast.expr) -> str:
    name = node.value if isinstance(node, ast.Constant) else None
    return name if isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name) else ""


def idiomatic(call: str) -> str:
    """Return the text of a call, special methods as the syntax that calls them, operands without idle brackets."""
    tree = expression_of(call)
    if "\n" in call:
        return call
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute):
        return _special(call, tree, tree.func) or call
    if isinstance(tree, ast.BinOp):
        return _unbracketed(call, tree.left, tree.right)
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        return _unbracketed(call, tree.left, tree.comparators[0])
    return call


def _special(call: str, tree: ast.Call, function: ast.Attribute) -> str:
    if tree.keywords or any(isinstance(one, ast.Starred) for one in tree.args):
        return ""
    owner = segment(call, function.value)
    if isinstance(function.value, ast.Call) and owner == "super()":
        return ""
    texts = [segment(call, one) for one in tree.args]
    match function.attr, len(texts):
        case "__getattr__", 1 if isinstance(function.value, _CLOSED) and _attribute(tree.args[0]):
            return f"{owner}.{_attribute(tree.args[0])}"
        case "__getattr__", 1:
            return f"getattr({owner}, {texts[0]})"
        case ("__format__" | "__divmod__", 1) | ("__round__", 0 | 1):
            return f"{function.attr.strip('_')}({', '.join((owner, *texts))})"
    return ""


def _unbracketed(text: str, left: ast.expr, right: ast.expr) -> str:
    raw = text.encode()
    start, stop = left.end_col_offset or 0, right.col_offset
    between = raw[start:stop].decode()
    sides = [segment(text, left), segment(text, right)]
    if isinstance(left, _CLOSED) and isinstance(right, _CLOSED):
        return f"{sides[0]} {between.strip('() ')} {sides[1]}"
    if isinstance(right, _CLOSED) and ")" not in between:
        return f"{raw[:start].decode()} {between.strip('( ')} {sides[1]}"
    if isinstance(left, _CLOSED) and "(" not in between:
        return f"{sides[0]} {between.strip(') ')} {raw[stop:].decode()}"
    return text
