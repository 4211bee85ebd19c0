"""What may be in a test that is written: attacks are refused whatever they come by, honest tests are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_codemode.core.exploring import Described, Import, Observation, Parameter, Recipe, Shape, Shown
from pytest_codemode.sandbox.describing import fitting
from pytest_codemode.testgen.writing.cases import Case, Needed
from pytest_codemode.testgen.writing.gate import refusal
from pytest_codemode.testgen.writing.layout import read_style, test_file_for
from pytest_codemode.testgen.writing.module import write
from pytest_codemode.testgen.writing.oracle import oracle
from pytest_codemode.testgen.writing.permitted import Permitted
from pytest_codemode.testgen.writing.style import Style

FILES = {
    "shop.py": b"import os\nimport sys\nimport numpy as np\nfrom enum import Enum\nrun = os.system\n\n"
    b"class Cart:\n    pass\n\ndef f(x):\n    return np.array([x])\n",
}
F = Described("shop.py", "shop", "f", 1, parameters=(Parameter("x"),))
STYLE = Style(sources=("shop.py",), first_party=("shop",))
OWN = (Import("shop", "f"), Import("shop", "Cart"), Import("shop"), Import("pytest"), Import("datetime"))


def judged(body: str, *imports: Import, arguments: str = "", above: str = "") -> str:
    permitted = Permitted([F], STYLE, None, FILES.get)
    needed = [Needed(item, item.bound) for item in (*OWN, *imports) if item.bound in body + above]
    return refusal(f"{above}def test_f({arguments}):\n    {body}\n", needed, permitted)


@pytest.mark.parametrize(
    "body",
    [
        'assert f(eval("1")) == 1',
        'assert f(exec("1")) == 1',
        'assert f(__import__("os").system("id")) == 1',
        'f(open("x", "w").write("y"))',
        'f(compile("1", "", "eval"))',
        "f(globals())",
        "f(__builtins__)",
        "assert f.__globals__ == 1",
        "assert f(().__class__.__base__.__subclasses__()) == 1",
        "assert (x for x in [1]).gi_frame.f_globals == 1",
        'assert shop.os.system("id") == 0',
        'assert shop.run("id") == 0',
        "assert datetime.sys.modules == 1",
        'f(getattr(f, "__globals__"))',
        'f(getattr(f, "x" + "y"))',
        'setattr(f, "__code__", 1)',
        "f((lambda eval: eval)(eval))",
        'f([eval for eval in [eval("1")]])',
        "f(x := 1)",
        'f(f"{f.__globals__}")',
        "import os",
        "for _ in []: f(1)",
        "global f",
        "f.x = 1",
        'assert f(1) == 1, exec("1")',
        'cart = Cart()\n    cart.__getattribute__("__class__")',
        'cart = Cart()\n    cart.unlink("x")',
        "@eval\n    async def scenario(): pass",
    ],
)
def test_attack_is_refused(body):
    assert judged(body)


@pytest.mark.parametrize(
    ("arguments", "above"),
    [
        ("*, a=exec('1')", ""),
        ("a=exec('1')", ""),
        ("a: exec('1')", ""),
        ("*a", ""),
        ("", "@eval\n"),
        ("x", '@pytest.mark.parametrize("x", [eval("1")])\n'),
        ("x", '@pytest.mark.parametrize("x", [1], ids=exec("1"))\n'),
        ("x", '@pytest.mark.skipif("exec(1)")\n'),
        ("request", ""),
        ("", "import os\n"),
    ],
)
def test_attack_around_the_body_is_refused(arguments, above):
    assert judged("assert f(1) == 1", arguments=arguments, above=above)


@pytest.mark.parametrize(
    "item",
    [
        *(Import("os", "system"), Import("antigravity", "fly"), Import("subprocess", "run"), Import("shop", "os")),
        *(Import("shop", "run"), Import("shop", "sys"), Import("numpy", "f2py"), Import("requests"), Import("os.x; y")),
        *(Import("datetime", "sys"), Import("base64", "main"), Import("unknown", "f"), Import("shop", "missing")),
    ],
)
def test_import_that_no_file_gives_is_refused(item):
    assert judged(f"assert f({item.bound}) == 1", item)


@pytest.mark.parametrize(
    ("body", "imports", "arguments"),
    [
        ("assert f(1) == pytest.approx(2.5)", (), ""),
        ('with pytest.raises(ValueError, match="x"):\n        f(-1)', (), ""),
        ("cart = Cart()\n    cart.size = 3\n    assert f(cart) == [1, (2,), {3}, {4: None}]", (), ""),
        ('cart = Cart()\n    cart["a"] = 3\n    del cart["a"]\n    assert cart._size == 0', (), ""),
        ("assert f(datetime.date(2024, 2, 29)) == datetime.timedelta(days=1)", (), ""),
        ("assert f(datetime.time(12, 30)) == datetime.time.min", (), ""),
        ("assert f(Decimal('1')) == Decimal('2')", (Import("decimal", "Decimal"),), ""),
        ("assert f(lambda item, *rest: item + len(rest)) == [n * 2 for n in range(3) if n]", (), ""),
        ("assert f(np_array([1])) == 1", (), "np_array"),
        ("assert f(array([1])) == 1", (Import("numpy", "array"),), ""),
        ('(tmp_path / "a.txt").write_text("x")\n    assert f(tmp_path / "a.txt") == 1', (), "tmp_path"),
        ("assert f(1)\n    assert capsys.readouterr().out == '1\\n'", (), "capsys"),
        (
            "async def scenario():\n        assert await f(1) == 1\n\n    asyncio.run(scenario())",
            (Import("asyncio"),),
            "",
        ),
        ("with pytest.raises(JSONDecodeError):\n        f(1)", (Import("json.decoder", "JSONDecodeError"),), ""),
        ("cart = Cart()\n    assert cart.__enter__() is cart and not cart.__eq__(1)", (), ""),
        ("input = 3\n    assert f(input) == 3 if input else -1", (), ""),
    ],
)
def test_honest_test_is_not_refused(body, imports, arguments):
    assert judged(body, *imports, arguments=arguments) == ""


def test_temporary_folder_is_not_left():
    assert judged('(tmp_path / "../x").write_text("")', arguments="tmp_path")
    assert judged('Path("x").touch()', Import("pathlib", "Path"))
    assert judged('(tmp_path / "/etc/x").unlink()', arguments="tmp_path")


def test_what_is_nested_too_deeply_is_refused():
    assert judged(f"assert f({'-' * 5000}1) == 1")
    assert judged(f"assert f(1{'+1' * 9000}) == 1")


# -- through the writer -----------------------------------------------------------------------------------------------


def written(call: str, value: Shown, *, fixtures: tuple[str, ...] = (), note: str = "", existing: bytes | None = None):
    recipe = Recipe("k", "f", call, (Import("shop", "f"),), fixtures=fixtures)
    observation = Observation("k", "returned", value)
    found = oracle(F, recipe, observation)
    assert not isinstance(found, str), found
    case = Case(F, recipe, observation, found)
    return write([case], existing, "tests/test_shop.py", STYLE, note, read=FILES.get)


@pytest.mark.parametrize(
    "value",
    [
        Shown("built", 'eval("1")', "shop:A"),
        Shown("class", type="os:system"),
        Shown("enum", "a", "antigravity:X"),
        Shown("built", "shop.os.getcwd()", "shop:A", imports=(Import("shop"),)),
    ],
)
def test_value_that_is_code_makes_no_test(value):
    got = written("f(1)", value)
    assert (got.tests, got.cases, got.after) == ((), {}, b"")


def test_refused_test_leaves_the_module_alone():
    existing = b"import shop\n\n\ndef test_a():\n    assert shop\n"
    got = written("f(exec('1'))", Shown("literal", "2"), existing=existing)
    assert (got.after, got.cases) == (existing, {})


def test_note_stays_on_its_line():
    got = written("f(1)", Shown("literal", "2"), note="# of a.py\n__import__('os')\u2028\r#\x1b[31m")
    assert got.tests
    assert b"\n__import__" not in got.after
    assert b"\x1b" not in got.after


def test_keys_that_are_floats_are_numbers():
    pair = (Shown("float", "1.5)] + [print(1"), Shown("literal", "1"))
    recipe = Recipe("k", "f", "f(1)", (Import("shop", "f"),))
    assert "print" not in repr(oracle(F, recipe, Observation("k", "returned", Shown("dict", parts=pair))))
    good = written("f(1)", Shown("dict", parts=(Shown("float", "1.5"), Shown("literal", "1"))))
    assert b"{1.5: 1}" in good.after


# -- what can be called -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        replace(F, path="shop.py\nimport os"),
        replace(F, module="antigravity"),
        replace(F, module="shop; import os"),
        replace(F, qualname="f(1) or exec"),
        replace(F, parameters=(Parameter("x=exec('1'), y"),)),
        replace(F, parameters=(Parameter("class"),)),
        replace(F, parameters=tuple(Parameter(f"p{n}") for n in range(101))),
    ],
)
def test_function_that_cannot_be_is_left_out(told):
    assert fitting((told, F), "shop.py") == (F,)


def test_what_does_not_fit_of_a_function_is_left_out():
    deep = Shape("list")
    for _ in range(30):
        deep = Shape("list", items=(deep,))
    told = replace(
        F,
        parameters=(
            Parameter("a", default="exec('1')"),
            Parameter("b", default="3"),
            Parameter("c", shape=Shape("literal", members=('exec("1")', "'x'", "1 #"))),
            Parameter("d", shape=Shape("enum", "shop:E", members=("a or exec", "GOOD"))),
            Parameter("e", shape=Shape("class", "os:system('id')")),
            Parameter("f", shape=deep),
        ),
        doc="x" * 30_000,
        fixtures=("tmp_path", "a, b"),
    )
    (got,) = fitting((told,), "shop.py")
    assert [one.default for one in got.parameters[:2]] == ["...", "3"]
    assert got.parameters[2].shape.members == ("'x'",)
    assert got.parameters[3].shape.members == ("GOOD",)
    assert got.parameters[4].shape.kind == "any"
    assert repr(got.parameters[5].shape).count("'list'") < 13
    assert len(got.doc) == 20_000
    assert got.fixtures == ("tmp_path",)


@pytest.mark.parametrize(
    ("path", "module", "fine"),
    [
        ("src/shop/cart.py", "shop.cart", True),
        ("shop/__init__.py", "shop", True),
        ("cart.py", "shop.cart", True),
        ("calendar.py", "calendar", True),
        ("shop/os.py", "os", False),
        ("shop/cart.py", "shop.card", False),
    ],
)
def test_module_fits_its_path(path, module, fine):
    told = replace(F, path=path, module=module)
    assert fitting((told,), path) == ((told,) if fine else ())


# -- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ('testpaths = ["../evil"]', "tests/test_shop.py"),
        ('testpaths = ["/evil"]', "tests/test_shop.py"),
        ('testpaths = [".git/hooks"]', "tests/test_shop.py"),
        ('python_files = ["../*.py"]', "tests/test_shop.py"),
        ('python_files = ["check_*.py"]', "tests/check_shop.py"),
        ('testpaths = ["checks/unit"]', "checks/unit/test_shop.py"),
    ],
)
def test_tests_stay_within_the_project(options, expected):
    files = {"pyproject.toml": f"[tool.pytest.ini_options]\n{options}\n".encode(), "shop.py": b""}
    assert test_file_for("shop.py", read_style(files.get, ["shop.py"], [], "pyproject.toml")) == expected


def test_conftest_and_setup_never_get_tests():
    files = {
        "pyproject.toml": b"",
        "shop.py": b"",
        "tests/conftest.py": b"import shop\n",
        "tests/help.py": b"import shop\n",
    }
    style = read_style(files.get, sorted(files), ["tests/conftest.py", "tests/help.py"], "")
    assert test_file_for("shop.py", style) == "tests/test_shop.py"
    for source, pattern in (("test.py", "conf*.py"), ("etup.py", "s*.py")):
        given = {"pyproject.toml": f'[tool.pytest.ini_options]\npython_files = ["{pattern}"]\n'.encode(), source: b""}
        own = read_style(given.get, [source], [], "pyproject.toml")
        assert test_file_for(source, own).rpartition("/")[2] not in ("conftest.py", "setup.py")


@pytest.mark.parametrize(
    "text", ["tool = 1", "tool.pytest = 2", "pytest = 3", "a = " + "[" * 3000, "x = 1" + "0" * 5000]
)
def test_odd_configuration_is_none(text):
    assert read_style({"pyproject.toml": text.encode()}.get, [], [], "pyproject.toml").prefix == "test_"


def test_numbers_and_names_of_the_configuration_are_bounded():
    text = """
        [tool.ruff]
        line-length = 7
        [tool.ruff.lint.isort]
        lines-after-imports = 1000000
        [tool.pytest.ini_options]
        python_functions = ["(x): exec('1') #"]
    """
    style = read_style({"pyproject.toml": text.encode()}.get, [], [], "pyproject.toml")
    assert (style.settings, style.line_length, style.prefix) == ((), 88, "test_")
