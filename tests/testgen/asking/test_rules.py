"""What a call that a model writes may be: it ends up in the user's suite, which runs outside the sandbox."""

from __future__ import annotations

import pytest

from pytest_codemode.core.exploring import Import, Recipe
from pytest_codemode.testgen.asking.rules import MAX_NODES, MAX_SETUP, MAX_TEXT
from tests.testgen.asking.examining import examined


@pytest.mark.parametrize(
    ("call", "how"),
    [
        ('price("a")', {}),
        ("price(Money())", {}),
        ('price("a", at=date(2020, 1, 1))', {"imports": (("datetime", "date"),)}),
        ('price("a", at=datetime.date(2020, 1, 1))', {"imports": (("datetime", ""),)}),
        ('shop.cart.price(hashlib.sha256(b"x").hexdigest())', {"imports": (("hashlib", ""), ("shop.cart", ""))}),
        ("price(numpy.zeros(3))", {"imports": (("numpy", ""),)}),
        ('price("/etc/passwd".replace("a", "b"))', {}),
        ("price([word.upper() for word in words], at=lambda at: at)", {"setup": (("words", '["a"]'),)}),
        ("price(till.open())", {"fixtures": ("till",)}),
        ('price("a")', {"setup": (("_", 'monkeypatch.setenv("A", "b")'),), "fixtures": ("monkeypatch",)}),
        (
            'price("a")',
            {
                "setup": (("_", 'monkeypatch.setattr(shop.cart, "LIMIT", 5)'),),
                "fixtures": ("monkeypatch",),
                "imports": (("shop.cart", ""),),
            },
        ),
        ('load(tmp_path / "a")', {"of": "load", "fixtures": ("tmp_path",)}),
        ('load(str(tmp_path / "a" / "b.txt"))', {"of": "load", "fixtures": ("tmp_path",)}),
        (
            "load(file)",
            {
                "of": "load",
                "fixtures": ("tmp_path",),
                "setup": (("file", 'tmp_path / "a"'), ("_", 'file.write_text("x")')),
            },
        ),
        ("load(io.StringIO())", {"of": "load", "imports": (("io", ""),)}),
        ("Cart([1]).unlink()", {"of": "Cart.unlink"}),
    ],
)
def test_what_a_colleague_would_write_is_taken_as_it_stands(call: str, how: dict[str, object]) -> None:
    found = examined(call, **how)  # type: ignore[arg-type]
    assert isinstance(found, Recipe), found
    assert found.call == call


def test_what_the_module_defines_is_imported_and_what_nothing_uses_is_not() -> None:
    found = examined("price(Money())", imports=(("shop.cart", "LIMIT"),))
    assert isinstance(found, Recipe)
    assert set(found.imports) == {Import("shop.cart", "price"), Import("shop.cart", "Money")}


def test_a_function_that_is_called_like_a_builtin_is_meant_by_its_name() -> None:
    found = examined('open("a")', of="open")
    assert isinstance(found, Recipe), found
    assert found.imports == (Import("shop.cart", "open"),)


def test_comments_and_line_ends_are_put_away() -> None:
    found = examined("price(\n    'a',  # it\n)")
    assert isinstance(found, Recipe)
    assert found.call == "price('a')"


@pytest.mark.parametrize(
    ("call", "imports"),
    [
        ('open("x")', ()),
        ("price(open)", ()),
        ('eval("1")', ()),
        ('compile("1", "", "eval")', ()),
        ('__import__("os").system("x")', ()),
        ('getattr(price, "x")', ()),
        ("input()", ()),
        ("breakpoint()", ()),
        ("exit(1)", ()),
        ("price.__globals__", ()),
        ("().__class__.__base__.__subclasses__()", ()),
        ("[x for x in (1,)].gi_frame", ()),
        ("(y := 1)", ()),
        ("(lambda: (yield))()", ()),
        ('os.system("x")', (("os", ""),)),
        ('os.system("x")', (("shop.cart", "os"),)),
        ('shop.cart.os.remove("x")', (("shop.cart", ""),)),
        ('cart.os.remove("x")', (("shop", "cart"),)),
        ('run(["x"])', (("shop.cart", "run"),)),
        ('shop.cart.run(["x"])', (("shop.cart", ""),)),
        ('system("x")', (("shop", "system"),)),
        ('Popen("x")', (("shop.star", "Popen"),)),
        ("money.sys.exit()", (("shop", "money"),)),
        ('Path("/home").rmdir()', (("pathlib", "Path"),)),
        ('pathlib.Path("x").unlink()', (("pathlib", ""),)),
        ('pathlib.os.remove("x")', (("pathlib", ""),)),
        ("[path.unlink() for path in [1]]", ()),
        ("(lambda path: path.rmdir())(1)", ()),
        ('io.open("x")', (("io", ""),)),
        ("json.decoder.scanner", (("json", ""),)),
        ("re.enum.sys", (("re", ""),)),
        ("random.random()", (("random", ""),)),
        ("sys.modules", (("sys", ""),)),
        ('urlopen("x")', (("urllib.request", "urlopen"),)),
        ('Formatter().get_field("0.__globals__", (price,), {})', (("string", "Formatter"),)),
        ('methodcaller("unlink")(1)', (("operator", "methodcaller"),)),
        ("Thread(target=price).start()", (("threading", "Thread"),)),
        ("antigravity", (("antigravity", ""),)),
        ("requests.get('x')", (("requests", ""),)),
        ('pickle.loads(b"x")', (("pickle", ""),)),
        ('numpy.os.system("x")', (("numpy", ""),)),
        ("price('\u202ea')", ()),
    ],
)
def test_a_way_out_is_refused(call: str, imports: tuple[tuple[str, str], ...]) -> None:
    assert isinstance(examined(call, imports=imports), str)
    assert isinstance(examined('price("a")', imports=imports, setup=(("x", call),)), str)


@pytest.mark.parametrize(
    ("call", "of"),
    [
        ('load("/etc/passwd")', "load"),
        ('load("src")', "load"),
        ('load(b"src")', "load"),
        ('load(tmp_path / "../a")', "load"),
        ('load(tmp_path / "/etc")', "load"),
        ('load(tmp_path / "a" / ("." + "."))', "load"),
        ("load(tmp_path.parent)", "load"),
        ('load(tmp_path.joinpath("..", "a"))', "load"),
        ('load(*["/home"])', "load"),
        ('load(**{"path": "src"})', "load"),
        ('load("".join(["s", "rc"]))', "load"),
        ('clean("a", "~/.ssh")', "clean"),
        ('clean("../..", tmp_path)', "clean"),
    ],
)
def test_paths_elsewhere_are_refused_where_files_are_worked_with(call: str, of: str) -> None:
    assert isinstance(examined(call, of=of, fixtures=("tmp_path",)), str)


@pytest.mark.parametrize(
    "text",
    [
        'monkeypatch.chdir("/")',
        'monkeypatch.syspath_prepend("/x")',
        'tmp_path.rename("/home/x")',
        '(tmp_path / "a").symlink_to("/etc/passwd")',
        "tmp_path.parent.rmdir()",
    ],
)
def test_fixtures_are_no_way_out(text: str) -> None:
    fixtures = ("tmp_path", "monkeypatch")
    assert isinstance(examined('price("a")', setup=(("_", text),), fixtures=fixtures), str)


def test_a_name_that_is_bound_anew_is_no_longer_what_it_was() -> None:
    setup = (("place", 'tmp_path / "a"'), ("place", "at"), ("_", "place.rmdir()"))
    found = examined('price("a")', setup=(("at", "Money()"), *setup), fixtures=("tmp_path",))
    assert isinstance(found, str)
    assert "rmdir" in found


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"call": 'price("a"'}, "no Python expression"),
        ({"call": "import os"}, "no Python expression"),
        ({"call": "price(nothing)"}, "nothing defines `nothing`"),
        ({"call": f"price({'a' * MAX_TEXT!r})"}, "characters"),
        ({"call": f"price([{', '.join(['1'] * (MAX_NODES // 2))}])"[:MAX_TEXT]}, "expression"),
        ({"call": "price(" + "-" * 500 + "1)"}, "too long"),
        ({"call": "price(1)", "setup": tuple((f"a{n}", "1") for n in range(MAX_SETUP + 1))}, "at most"),
        ({"call": "price(1)", "setup": (("for", "1"),)}, "no name for a value"),
        ({"call": "price(1)", "setup": (("print", "1"),)}, "no name for a value"),
        ({"call": "price(1)", "setup": (("till", "1"),), "fixtures": ("till",)}, "is a fixture already"),
        ({"call": "price(request)", "fixtures": ("request",)}, "there is no 'request' here; there are caplog"),
        ({"call": "price(date)", "imports": (("datetime", "date"), ("shop.cart", "date"))}, "defines no `date`"),
    ],
)
def test_what_cannot_be_right_is_told_precisely(how: dict[str, object], said: str) -> None:
    found = examined(**how)  # type: ignore[arg-type]
    assert isinstance(found, str)
    assert said in found
