"""Laws: other bytes stay as they are, a patch always gives the same bytes, no path leaves the root."""

import ast
import posixpath
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.patch import (
    AddImport,
    Applied,
    CreateModule,
    DeleteStatement,
    InsertStatement,
    Patch,
    ReplaceExpression,
    ReplaceStatement,
)
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.policy import PolicyContext, examine_files

LINES = st.sampled_from(
    [
        "x = 1",
        "x = 1; y = 'ä'",
        "if x: y = 2",
        "if x:{nl}{i}y = 3  # c",
        "if x:{nl}{i}y = 3{nl}elif y:{nl}{i}x = 4{nl}else:{nl}{i}pass",
        "def f(a, b=1):{nl}{i}return a",
        "@f{nl}def g():{nl}{i}'''doc{nl}  string'''{nl}{i}return 1",
        "class C:{nl}{i}z = 1{nl}{nl}{i}def m(self): return 1",
        "try:{nl}{i}x = 5{nl}except E:{nl}{i}raise",
        "# comment",
        "",
        "\f",
        "z = (1,{nl}     2)",
        "import os, sys",
        "for i in x:{nl}{i}y = [i{nl}for i in x]",
    ]
)


@st.composite
def sources(draw):
    """A file of random statements in a random style, as bytes."""
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    indent = draw(st.sampled_from(["    ", "\t", "  "]))
    encoding, head = draw(st.sampled_from([("utf-8", ""), ("utf-8-sig", ""), ("latin-1", "# coding: latin-1{nl}")]))
    lines = draw(st.lists(LINES, min_size=1, max_size=6))
    text = head + "{nl}".join(lines) + draw(st.sampled_from(["", "{nl}"]))
    return text.replace("{nl}", newline).replace("{i}", indent).encode(encoding)


@st.composite
def edits(draw, raw):
    """A random edit of a statement that is there, with the characters it may touch."""
    contents = outline(raw)
    if not contents.statements:
        return AddImport("a.py", "import re"), None
    statement = draw(st.sampled_from(contents.statements))
    old = re.split(r"[\r\n]", contents.source.text[statement.start : statement.full_end])[0].strip()
    source = draw(st.sampled_from(["q = 1", "q = 1\nr = 2", "if q:\n    r = 2"]))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return ReplaceStatement("a.py", statement.line, old, source), statement
    if kind == 1:
        return DeleteStatement("a.py", statement.line, old), statement
    where = "before" if kind == 2 else "after"
    return InsertStatement("a.py", statement.line, old, where, source), statement


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_bytes_outside_the_statement_of_an_edit_survive(data):
    raw = data.draw(sources())
    edit, statement = data.draw(edits(raw))
    result = apply(Patch((edit,), "test"), {"a.py": raw}.get)
    if not isinstance(result, Applied) or statement is None:
        return
    new = result.files["a.py"]
    contents = outline(raw)
    source = contents.source
    block = contents.blocks[statement.block]
    first = contents.statements[block.header].header_end if block.inline else source.line_start(statement.start)
    encode = source.encoding
    before = source.bom + source.text[:first].encode(encode)
    after = source.text[source.next_line(statement.full_end) :].encode(encode)
    assert new.startswith(before)
    assert new.endswith(after)
    ast.parse(new)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_applying_is_deterministic(data):
    raw = data.draw(sources())
    edit, _ = data.draw(edits(raw))
    patch = Patch((edit,), "test")
    first = apply(patch, {"a.py": raw}.get)
    outline.cache_clear()
    assert apply(patch, {"a.py": bytes(bytearray(raw))}.get) == first


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_an_expression_is_replaced_and_nothing_else(data):
    raw = data.draw(sources())
    source = outline(raw).source
    found = list(re.finditer(r"(?<!-)\b[0-9]\b", source.text))
    if not found:
        return
    match = data.draw(st.sampled_from(found))
    line = source.line_of(match.start())
    edit = ReplaceExpression("a.py", line, match.start() - source.starts[line - 1], match.group(), "77")
    result = apply(Patch((edit,), "test"), {"a.py": raw}.get)
    assert isinstance(result, Applied), result
    expected = source.text[: match.start()] + "77" + source.text[match.end() :]
    assert result.files["a.py"] == source.bom + expected.encode(source.encoding)


PATHS = st.lists(st.sampled_from(["a", "..", ".", "", "~", "/", "C:", "\\", "b.py", " ", "\0", "\n"]), max_size=5)


@given(PATHS.map("/".join) | st.text(max_size=8))
def test_no_path_resolves_outside_the_root(path):
    asked = []
    result = apply(Patch((CreateModule(path, "x = 1"), AddImport(path + "x", "import os")), "test"), asked.append)
    for seen in (*asked, *getattr(result, "files", {})):
        inside = posixpath.normpath(posixpath.join("/base/project", seen))
        assert inside.startswith("/base/project/")
        assert inside == f"/base/project/{seen}"
    findings = examine_files({}, {path: b""}, PolicyContext("/p", lambda _: True, installed=lambda _: False))
    climbs = not posixpath.normpath(posixpath.join("/base/project", path)).startswith("/base/project/")
    assert not climbs or any(item.rule == "path-outside-tree" for item in findings)


@pytest.mark.slow
@settings(deadline=None, max_examples=3000)
@given(st.data())
def test_bytes_outside_the_statement_of_an_edit_survive_in_many_files(data):
    test_bytes_outside_the_statement_of_an_edit_survive.hypothesis.inner_test(data)
