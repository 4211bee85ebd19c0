import textwrap

import pytest

from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.reindent import reindent
from pytest_codemode.edits.text import SourceError

SOURCE = textwrap.dedent('''\
    """Doc."""
    import os.path as path
    from ..pkg import (a as b,
                       c)


    # one
    # two
    @deco(
        1)
    def outer(x: dict = {1: 2}) -> "a:b":  # colon:
        def inner():
            return 1
        class Local:
            def method(self): return 2
        if x: y = 1; z = 2
        return inner


    if path:
        def twice(): ...
    else:
        async def twice(): ...
    ''')


@pytest.fixture
def contents():
    return outline(SOURCE.encode())


def test_definitions_have_dotted_names_and_occurrences(contents):
    assert [(item.qualname, item.occurrence, item.parent) for item in contents.definitions] == [
        ("outer", 0, "module"),
        ("outer.inner", 0, "function"),
        ("outer.Local", 0, "function"),
        ("outer.Local.method", 0, "class"),
        ("twice", 0, "module"),
        ("twice", 1, "module"),
    ]
    assert contents.definition("twice", 1).statement.kind == "AsyncFunctionDef"
    assert contents.definition("twice", 2) is None
    assert contents.definition("inner") is None


def test_a_definition_knows_its_decorators_comments_and_header(contents):
    outer = contents.definition("outer")
    text = contents.source.text
    assert (outer.statement.line, outer.statement.keyword_line, outer.statement.end_line) == (9, 11, 17)
    assert text[outer.leading :].startswith("# one\n# two\n@deco")
    assert text[outer.statement.keyword : outer.statement.header_end] == 'def outer(x: dict = {1: 2}) -> "a:b":'


@pytest.mark.parametrize(
    ("line", "qualname"),
    [(1, ""), (8, ""), (9, "outer"), (13, "outer.inner"), (15, "outer.Local.method"), (16, "outer"), (18, "")],
)
def test_a_line_belongs_to_the_innermost_definition(contents, line, qualname):
    assert contents.qualname_at(line) == qualname


def test_a_line_belongs_to_the_innermost_statement(contents):
    assert contents.statement_at(4).kind == "ImportFrom"
    assert contents.statement_at(16).kind == "Assign"
    assert contents.statement_at(13).owner == "outer.inner"
    assert contents.statement_at(7) is None


def test_imports_name_what_they_bind(contents):
    assert [(item.module, item.name, item.bound, item.top) for item in contents.imports] == [
        ("os.path", "", "path", True),
        ("..pkg", "a", "b", True),
        ("..pkg", "c", "c", True),
    ]


def test_an_inline_block_gets_the_indentation_it_would_have(contents):
    block = contents.blocks[contents.statement_at(16).block]
    assert (block.inline, block.indent, len(block.statements)) == (True, "        ", 2)


@pytest.mark.parametrize(("source", "unit"), [("if 1:\n\tx\n", "\t"), ("if 1:\n  x\n", "  "), ("x\n", "    ")])
def test_the_indentation_unit_is_that_of_the_file(source, unit):
    assert outline(source.encode()).unit == unit


def test_a_shebang_is_no_leading_comment():
    contents = outline(b"#!/bin/python\n# -*- coding: utf-8 -*-\n# mine\ndef f(): ...\n")
    assert contents.source.text[contents.definition("f").leading :].startswith("# mine")


def test_the_same_bytes_are_read_once():
    assert outline(SOURCE.encode()) is outline(SOURCE.encode())


def test_a_file_that_does_not_parse_says_where():
    with pytest.raises(SourceError, match=r"line 2"):
        outline(b"x = 1\ny = (\n")


def test_headers_end_at_their_own_colon():
    source = textwrap.dedent("""\
        class A(B, metaclass={1: 2}[1]): pass
        with (open(a[1:2]) as b, c): pass
        for i in a[1:]: pass
        while (x := 1) : pass
        try: pass
        except (A, {1: 2}[1]) as e : pass
        else : pass
        finally: pass
        if lambda: 1: pass
        elif (lambda y: 2): pass
        else: # a: b
            pass
        """)
    text = outline(source.encode()).source.text
    headers = [
        text[item.start : item.header_end] for item in outline(source.encode()).statements if item.header_end < item.end
    ]
    assert headers == [
        line.rsplit(":", 1)[0] + ":" for line in source.replace(" # a: b", "").splitlines() if ":" in line
    ]


@pytest.mark.parametrize(
    ("source", "indent", "unit", "lines"),
    [
        ("x\ny", "  ", "    ", ["  x", "  y"]),
        ("    if x:\n        y", "", "    ", ["if x:", "    y"]),
        ("\n\nx\n\ny\n\n", "  ", "    ", ["  x", "", "  y"]),
        ("if x:\n    y", "\t", "\t", ["\tif x:", "\t\ty"]),
        ("if x:\n\ty", "  ", "  ", ["  if x:", "    y"]),
        ("if x:\n  y", "    ", "    ", ["    if x:", "      y"]),
        ('x = """a\n b\n"""', "    ", "    ", ['    x = """a', " b", '"""']),
        ("f(a,\n  b)", "    ", "    ", ["    f(a,", "      b)"]),
        ("# c\n    x", "", "    ", ["# c", "x"]),
        ('f"""{a}\n {f"{b}"}\n"""', "  ", "  ", ['  f"""{a}', ' {f"{b}"}', '"""']),
    ],
)
def test_source_is_moved_to_its_place(source, indent, unit, lines):
    assert reindent(source, indent, unit) == lines
