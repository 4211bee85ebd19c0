"""What gives access to more than a value is called where it stands, and is not put away under another name."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_codemode.core.exploring import Recipe
from tests.testgen.asking.examining import examined

CART = (("shop.cart", ""),)
WAYS = (("shop.ways", ""),)
PATHS = (("pathlib", ""), ("functools", ""), ("contextlib", ""))
PATCHES = ("monkeypatch",)


def with_setup(*lines: str, names: str = "abcdef") -> tuple[tuple[str, str], ...]:
    return tuple(zip(names, lines, strict=False))


def refused(call: str, **how: Any) -> str:
    found = examined(call, **how)
    assert isinstance(found, str), found
    return found


def taken(call: str, **how: Any) -> None:
    found = examined(call, **how)
    assert isinstance(found, Recipe), found
    assert found.call == call


@pytest.mark.parametrize(
    "lines",
    [
        ("(monkeypatch, shop.cart)[1]", 'a.subprocess.run(["id"])'),
        ("[monkeypatch, shop.cart][1].subprocess",),
        ("monkeypatch", 'b.syspath_prepend("x")'),
        ("monkeypatch", 'a.setattr("os.system", print)'),
        ('[monkeypatch][0].syspath_prepend("x")',),
        ("(monkeypatch,)[0].context()",),
        ("monkeypatch.setattr",),
        ("monkeypatch.context()",),
        ('monkeypatch.setattr("os.system", print)',),
        ('monkeypatch.setattr("os" + ".system", print)',),
        ('".".join(["shop", "cart", "price"])', "monkeypatch.setattr(a, print)"),
        ('monkeypatch.setattr("shop.cart.len", lambda x: 3)',),
        ('monkeypatch.setattr(*[shop.cart, "LIMIT", 1])',),
        ('monkeypatch.setattr(target=shop.cart, name="LIMIT", value=1)',),
        ('monkeypatch.setattr(shop.cart, "LI" + "MIT", 1)',),
        ('monkeypatch.setattr(shop.cart, "__loader__", 1)',),
        ('monkeypatch.setattr(shop.cart, "price", len)',),
        ('monkeypatch.delattr(shop.cart, "price")',),
        ('monkeypatch.setattr(shop.cart, "subprocess", 1)',),
        ('monkeypatch.setattr(shop.cart, "Path", 1)',),
        ('monkeypatch.setattr(shop.cart, "len", len, raising=False)',),
        ('monkeypatch.setattr(shop.cart.subprocess, "run", print)',),
        ('monkeypatch.setattr(pathlib.Path, "exists", print)',),
        ('monkeypatch.setitem(numpy.NAMES, "a", 1)',),
        ('monkeypatch.setenv(*["A", "b"])',),
        ('monkeypatch.chdir("x")',),
        ("shop.cart",),
    ],
)
def test_neither_modules_nor_what_patches_them_are_values(lines: tuple[str, ...]) -> None:
    imports = (*CART, ("pathlib", ""), ("numpy", ""))
    refused('price("a")', setup=with_setup(*lines), fixtures=PATCHES, imports=imports)


@pytest.mark.parametrize(
    "line",
    [
        'monkeypatch.setattr(shop.cart, "LIMIT", 5)',
        'monkeypatch.setattr(shop.cart.Cart, "items", [])',
        'monkeypatch.setattr(shop.cart, "wipe", lambda place: None)',
        'monkeypatch.setitem(shop.ways.PRICES, "a", 2)',
        'monkeypatch.delitem(shop.ways.PRICES, "a")',
        'monkeypatch.setattr(till, "open", lambda: 1)',
        'monkeypatch.delenv("HOME", raising=False)',
        "monkeypatch.chdir(tmp_path)",
    ],
)
def test_what_the_project_defines_may_be_patched(line: str) -> None:
    fixtures = ("monkeypatch", "tmp_path", "till")
    taken('price("a")', setup=(("_", line),), fixtures=fixtures, imports=(*CART, *WAYS))


def test_an_object_that_the_setup_made_may_be_patched_and_the_method_under_test_not() -> None:
    lines = with_setup("Cart([])", 'monkeypatch.setattr(a, "items", [1])')
    taken("a.unlink()", of="Cart.unlink", setup=lines, fixtures=PATCHES)
    lines = with_setup("Cart([])", 'monkeypatch.setattr(a, "unlink", len)')
    assert "is what is tested" in refused("a.unlink()", of="Cart.unlink", setup=lines, fixtures=PATCHES)


@pytest.mark.parametrize(
    "expression",
    [
        'list(map(pathlib.Path.unlink, [pathlib.Path("x")]))',
        'pathlib.Path("x").write_text',
        'functools.partial(pathlib.Path.unlink, pathlib.Path("x"))()',
        'contextlib.ExitStack().callback(pathlib.Path("x").unlink).close()',
        'sorted([pathlib.Path("x")], key=pathlib.Path.unlink)',
        "max([1], key=pathlib.Path.read_text)",
        'pathlib.Path("/etc/passwd").read_text()',
        'pathlib.Path("/etc/passwd").open().read()',
        'list(pathlib.Path("/home").iterdir())',
        'pathlib.Path("x").exists()',
        '(lambda p: p.open("w"))(pathlib.Path("x"))',
        '[p.touch() for p in [pathlib.Path("x")]]',
        '[p.replace("x") for p in [pathlib.Path("y")]]',
        'configparser.ConfigParser().read("/etc/passwd")',
        'configparser.ConfigParser().read(["x"])',
        'numpy.zeros(3).tofile("x")',
    ],
)
def test_files_are_neither_read_nor_handed_on_but_under_the_tests_own_folder(expression: str) -> None:
    imports = (*PATHS, ("configparser", ""), ("numpy", ""))
    refused(f"price({expression})", imports=imports)
    refused("price(a)", setup=with_setup(expression), imports=imports)


def test_what_a_call_made_is_opened_under_the_tests_own_folder_only() -> None:
    refused("price(b)", setup=with_setup("shop.ways.tool()", 'a.rename("x")'), imports=WAYS)
    refused('price(shop.ways.tool().open("w"))', imports=WAYS)
    lines = with_setup('tmp_path / "a.ini"', 'a.write_text("[x]")', "configparser.ConfigParser()", "c.read(a)")
    taken("price(a.read_text())", setup=lines, fixtures=("tmp_path",), imports=(("configparser", ""),))
    taken('price("a b".replace("a", "b").split())')
    taken("price(date(2020, 1, 1).replace(year=2021))", imports=(("datetime", "date"),))
    taken("price(io.StringIO('x').read())", imports=(("io", ""),))


@pytest.mark.parametrize(
    "expression",
    [
        'numpy.distutils.exec_command.exec_command("id")',
        "numpy.os.getcwd()",
        'numpy.load("x", allow_pickle=True)',
        "numpy.testing.run_module_suite()",
        'numpy.f2py.compile("x")',
        "numpy.zeros.os",
        "list(map(numpy.zeros, [1]))",
        "numpy",
    ],
)
def test_of_other_packages_only_what_the_projects_own_file_takes(expression: str) -> None:
    refused(f"price({expression})", imports=(("numpy", ""),))


@pytest.mark.parametrize(
    "expression", ['numpy.load("saved")', 'requests.get("http://localhost")', "requests.Session()", "requests.api"]
)
def test_what_reaches_files_or_the_network_is_not_called_though_the_project_does(expression: str) -> None:
    refused(f"price({expression})", imports=(("numpy", ""), ("requests", "")))
    refused(f"price({expression.partition('.')[2]})", imports=(("numpy", "load"), ("requests", "get")))


def test_an_error_of_another_package_that_the_project_expects_may_be_made() -> None:
    taken('price(requests.Timeout("late"))', imports=(("requests", ""),))


def test_a_name_from_another_package_is_only_called() -> None:
    taken("price(zeros(3))", imports=(("numpy", "zeros"),))
    for expression in ("zeros.os", "[zeros]", "(lambda f: f(1))(zeros)"):
        refused(f"price({expression})", imports=(("numpy", "zeros"),))
    refused("price(a(3))", imports=(("numpy", "zeros"),), setup=with_setup("zeros"))
    refused("price(load(3))", imports=(("numpy", "load"),))


@pytest.mark.parametrize(
    "expression",
    [
        "caplog._item.config.pluginmanager",
        "caplog.handler.stream",
        "capsys.request.config",
        "tmp_path_factory.getbasetemp().parent",
        "tmp_path_factory._basetemp",
        "tmp_path.parents[3]",
        "tmp_path.parent",
        "till._request",
        "[till][0]._request",
        "till.total()._request",
        "[caplog][0]",
        "(lambda one: one._item)(caplog)",
    ],
)
def test_fixtures_have_no_insides(expression: str) -> None:
    fixtures = ("caplog", "capsys", "tmp_path", "tmp_path_factory", "till")
    refused(f"price({expression})", fixtures=fixtures)
    refused("price(b)", fixtures=fixtures, setup=with_setup("till", "a._request"))


def test_a_private_method_is_called_on_a_fixture_if_it_is_what_is_tested() -> None:
    taken("till._sum()", of="Till._sum", fixtures=("till",))
    refused("till._other()", of="Till._sum", fixtures=("till",))


def test_a_name_that_is_bound_inside_is_no_other_of_the_setup() -> None:
    lines = with_setup('tmp_path / "a"', '(lambda a: a.rmdir())(Path("x"))')
    refused("price(1)", setup=lines, fixtures=("tmp_path",), imports=(("pathlib", "Path"),))


def test_what_a_fixture_is_for_may_be_used() -> None:
    fixtures = ("caplog", "capsys", "tmp_path", "tmp_path_factory", "till")
    for expression in ("caplog.text", "capsys.readouterr().out", "tmp_path.name", "till.total()"):
        taken(f"price({expression})", fixtures=fixtures)
    taken('load(tmp_path_factory.mktemp("a") / "b")', of="load", fixtures=fixtures)


@pytest.mark.parametrize(
    "expression",
    [
        'shop.files.wipe("x")',
        'shop.cart.clean("a", "x")',
        'shop.ways.do("a", "x")',
        'shop.ways.later[0]("x")',
        'shop.ways.SESSION.get("http://x")',
        'shop.ways.Shell(["id"])',
        'shop.ways.Tool.run(["id"])',
        'shop.ways.Tool().through("id")',
        '[shop.ways.Tool][0].run(["id"])',
        'shop.ways.Tool().start(["id"])',
        'shop.ways.tool().through("id")',
        'shop.ways.deep("x")',
        'shop.ways.wide("x")',
        'shop.cart.load("x")',
        'shop.cart.Store(1).keep("x")',
        'list(map(shop.cart.clean, ["a"], ["x"]))',
        "functools.partial(shop.files.wipe)",
        "[shop.cart.price]",
    ],
)
def test_other_functions_of_the_project_that_work_with_files_or_processes_are_not_called(expression: str) -> None:
    imports = (*CART, *WAYS, ("shop.files", ""), ("functools", ""))
    refused(f"price({expression})", imports=imports)
    refused("price(a)", setup=with_setup(expression), imports=imports)


def test_other_functions_of_the_project_that_only_reckon_are_called() -> None:
    taken("price(shop.ways.Tool().quiet(shop.ways.PRICES), at=shop.ways.Tool.known)", imports=WAYS)
    taken('shop.cart.each(["a"], lambda one: shop.cart.price(one))', of="each", imports=CART)
    taken("price(a.quiet('b'))", setup=with_setup("shop.ways.tool()"), imports=WAYS)
    assert "write a lambda" in refused('each(["a"], price)', of="each")


@pytest.mark.parametrize(
    ("call", "of", "lines"),
    [
        ('clean("a", "/ho" + "me")', "clean", ()),
        ('clean("a", "tests")', "clean", ()),
        ('clean("a", a)', "clean", ('"te" + "sts"',)),
        ('clean("a", ["tests"][0])', "clean", ()),
        ('a("a", "tests")', "clean", ("clean",)),
        ('(lambda f: f("a", "tests"))(clean)', "clean", ()),
        ('list(map(clean, ["a"], ["tests"]))', "clean", ()),
        ('functools.partial(clean, "a")("tests")', "clean", ()),
        ('save("text", Path("tests"))', "save", ()),
        ('Store("tests").keep("x")', "Store.keep", ()),
        ('a.keep("x")', "Store.keep", ('Store(where="te" + "sts")',)),
        ('a("x")', "Store.keep", ("Store(tmp_path).keep",)),
        ('save("text", place=tmp_path.with_name("x"))', "save", ()),
    ],
)
def test_a_function_that_works_with_files_gets_no_other_paths(call: str, of: str, lines: tuple[str, ...]) -> None:
    imports = (("functools", ""), ("pathlib", "Path"))
    refused(call, of=of, setup=with_setup(*lines), imports=imports, fixtures=("tmp_path",))


def test_a_function_that_works_with_files_gets_contents_as_they_come() -> None:
    taken('save("text", tmp_path, times=2)', of="save", fixtures=("tmp_path",))
    taken('clean("a", tmp_path / "b")', of="clean", fixtures=("tmp_path",))
    taken('Store(tmp_path).keep("text")', of="Store.keep", fixtures=("tmp_path",))
    taken('a.keep("text")', of="Store.keep", fixtures=("tmp_path",), setup=with_setup("Store(tmp_path, title=None)"))


@pytest.mark.parametrize(
    "call",
    ['price("{0.__class__.__mro__}".format(1))', '(lambda eval: eval)(1) or eval("1")', "price([len for len in [1]])"],
)
def test_a_name_means_one_thing_and_a_format_reads_no_private_state(call: str) -> None:
    refused(call)


def test_a_setup_binds_no_name_that_reads_like_another() -> None:
    refused("price(a)", setup=(("\uff4cen", "1"), ("a", "len")))
    refused("price(date)", setup=(("date", "1"),), imports=(("datetime", "date"),))
