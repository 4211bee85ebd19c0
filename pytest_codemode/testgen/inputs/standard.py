"""Typical values of built-in and well-known types, the most typical first."""

from __future__ import annotations

from pytest_codemode.core.exploring import Import
from pytest_codemode.testgen.inputs.plans import Value

BUILTIN: dict[str, tuple[str, ...]] = {
    "none": ("None",),
    "bool": ("True", "False"),
    "int": ("3", "0", "1", "2", "-1", "10", "5", "100", "7", "12", "1000", "-5", "255", "1000000"),
    "float": ("1.5", "0.0", "2.0", "-0.5", "0.1", "10.0", "100.25", "3.14", "1e-06", "1000000.0", 'float("inf")',
              'float("nan")'),
    "complex": ("1 + 2j", "0j"),
    "str": ('"hello world"', '""', '"a"', '"Hello"', '"abc"', '"Ünïcode"', '"12"', '"a, b"', '"foo_bar"',
            '"  spaced  "',
            '"FooBar"', '"first\\nsecond"', '"1.5"', '"foo-bar"', '"key=value"', '"ABC"', '" "', '"a.b.c"', '"a/b"',
            '"x1"', '"-3"', '"\\t"', '"tag <b>bold</b> & more"', '"it\'s"', '"(a)"', '"日本"'),
    "bytes": ('b"hello"', 'b""', 'b"a"', 'b"\\x00\\xff"', 'b"a,b"', 'b"12"', 'b"first\\nsecond"'),
    "bytearray": ('bytearray(b"hello")', 'bytearray()'),
    "object": ('"a"', "1", "None", "[1, 2]", "object()"),
}  # fmt: skip

UNKNOWN = (
    '"hello"',
    "1",
    "[1, 2, 3]",
    '{"a": 1}',
    "None",
    "1.5",
    "True",
    '""',
    "[]",
    "0",
    '["a", "b"]',
    "(1, 2)",
    "{}",
)
"""What a parameter gets of which nothing is known."""

CALLABLES: dict[int | None, tuple[str, ...]] = {
    None: ("str", "lambda x: x", "len", "lambda a, b: a + b", "lambda: 1", "bool", "lambda *args, **kwargs: 1",
           "lambda x: x > 1", "lambda x: None", "int"),
    0: ("lambda: 1", "list", "lambda: None", "lambda: \"a\"", "dict"),
    1: ("lambda x: x", "str", "bool", "lambda x: x > 1", "len", "lambda x: None", "int", "lambda x: x * 2",
        "lambda x: False", "lambda x: True"),
    2: ("lambda a, b: a + b", "max", "lambda a, b: a == b", "lambda a, b: a", "lambda a, b: b", "lambda a, b: None"),
    3: ("lambda a, b, c: a", "lambda a, b, c: (a, b, c)"),
}  # fmt: skip
PREDICATES = (
    "lambda x: x > 1",
    "bool",
    "lambda x: True",
    "lambda x: False",
    "str.isupper",
    "lambda x: x == 2",
    "callable",
)
KEYS = ("len", "lambda x: -x", "str", "lambda x: x", "lambda x: x % 2", "str.lower", "lambda x: x[0]")

_DATETIME = Import("datetime")
_PARTS: dict[str, tuple[str, ...]] = {
    "datetime:datetime": ("datetime.datetime(2024, 2, 29, 13, 5, 9)", "datetime.datetime(2024, 1, 1)",
                          "datetime.datetime(2023, 12, 31, 23, 59, 59, 999999)",
                          "datetime.datetime(2024, 2, 29, 13, 5, tzinfo=datetime.timezone.utc)",
                          "datetime.datetime(1999, 6, 15, 8, 30)"),
    "datetime:date": ("datetime.date(2024, 2, 29)", "datetime.date(2024, 1, 1)", "datetime.date(2023, 12, 31)",
                      "datetime.date(1999, 6, 15)", "datetime.date(2024, 3, 31)"),
    "datetime:time": ("datetime.time(13, 5, 9)", "datetime.time()", "datetime.time(23, 59, 59, 999999)",
                      "datetime.time(8, 30, tzinfo=datetime.timezone.utc)"),
    "datetime:timedelta": ("datetime.timedelta(days=1, seconds=30)", "datetime.timedelta()",
                           "datetime.timedelta(seconds=-1)", "datetime.timedelta(hours=2)",
                           "datetime.timedelta(days=400)", "datetime.timedelta(minutes=5)",
                           "datetime.timedelta(microseconds=1500)", "datetime.timedelta(weeks=3)",
                           "datetime.timedelta(days=-40, hours=3)"),
    "datetime:timezone": ("datetime.timezone.utc", "datetime.timezone(datetime.timedelta(hours=-5))"),
    "datetime:tzinfo": ("datetime.timezone.utc", "datetime.timezone(datetime.timedelta(hours=5, minutes=30))"),
    "decimal:Decimal": ('decimal.Decimal("1.50")', 'decimal.Decimal("0")', 'decimal.Decimal("-2.25")',
                        'decimal.Decimal("NaN")', 'decimal.Decimal("1E+3")'),
    "fractions:Fraction": ("fractions.Fraction(1, 3)", "fractions.Fraction(0)", "fractions.Fraction(-7, 2)",
                           "fractions.Fraction(5)"),
    "uuid:UUID": ('uuid.UUID("12345678-1234-5678-1234-567812345678")', "uuid.UUID(int=0)"),
    "re:Pattern": ('re.compile("a+")', 're.compile("(\\\\w+) (\\\\d+)")', 're.compile("")'),
    "re:Match": ('re.match("(a+)(b)?", "aac")', 're.match("(?P<key>\\\\w+)=(?P<value>\\\\w+)", "a=1")'),
    "pathlib:PurePath": ('pathlib.PurePath("folder/file.txt")', 'pathlib.PurePath("a.b.tar.gz")', "pathlib.PurePath()"),
    "pathlib:PurePosixPath": ('pathlib.PurePosixPath("folder/file.txt")', 'pathlib.PurePosixPath("/a/../b")'),
    "collections:OrderedDict": ('collections.OrderedDict(a=1, b=2)', "collections.OrderedDict()"),
    "collections:defaultdict": ("collections.defaultdict(list)", "collections.defaultdict(int, a=1)"),
    "collections:Counter": ('collections.Counter("hello")', "collections.Counter()"),
    "collections:deque": ("collections.deque([1, 2, 3])", "collections.deque()", "collections.deque([1], maxlen=2)"),
    "collections:ChainMap": ('collections.ChainMap({"a": 1}, {"b": 2})',),
    "io:StringIO": ('io.StringIO("first\\nsecond\\n")', "io.StringIO()", 'io.StringIO("a,b\\n1,2\\n")'),
    "io:BytesIO": ('io.BytesIO(b"hello")', "io.BytesIO()"),
    "types:SimpleNamespace": ("types.SimpleNamespace(a=1, name=\"x\")", "types.SimpleNamespace()"),
    "types:MappingProxyType": ('types.MappingProxyType({"a": 1})',),
    "types:ModuleType": ('types.ModuleType("module")',),
    "threading:Lock": ("threading.Lock()",),
    "threading:Event": ("threading.Event()",),
    "logging:Logger": ('logging.getLogger("test")',),
    "logging:LogRecord": ('logging.LogRecord("test", logging.INFO, "file.py", 1, "text %s", ("a",), None)',),
    "string:Template": ('string.Template("$a and ${b}")',),
    "random:Random": ("random.Random(0)",),
    "ipaddress:IPv4Address": ('ipaddress.IPv4Address("192.0.2.1")',),
    "ipaddress:IPv6Address": ('ipaddress.IPv6Address("2001:db8::1")',),
    "ipaddress:IPv4Network": ('ipaddress.IPv4Network("192.0.2.0/24")',),
    "email.message:Message": ("email.message.Message()",),
    "argparse:Namespace": ("argparse.Namespace(verbose=True)",),
    "argparse:ArgumentParser": ("argparse.ArgumentParser()",),
    "functools:partial": ("functools.partial(max, 1)",),
    "array:array": ('array.array("i", [1, 2, 3])',),
    "xml.etree.ElementTree:Element": ('xml.etree.ElementTree.fromstring("<a x=\'1\'><b>text</b></a>")',),
    "urllib.parse:ParseResult": ('urllib.parse.urlparse("https://example.com:80/a?b=c#d")',),
    "ast:AST": ('ast.parse("x = 1")', 'ast.parse("a + b", mode="eval").body'),
    "enum:Enum": (),
    "zoneinfo:ZoneInfo": ('zoneinfo.ZoneInfo("UTC")',),
}  # fmt: skip

_SAME = {
    "pathlib:PosixPath": "pathlib:Path",
    "_io:StringIO": "io:StringIO",
    "_io:BytesIO": "io:BytesIO",
    "typing:TextIO": "io:StringIO",
    "typing:IO": "io:StringIO",
    "typing:BinaryIO": "io:BytesIO",
    "io:TextIOBase": "io:StringIO",
    "io:TextIOWrapper": "io:StringIO",
    "io:IOBase": "io:StringIO",
    "io:BufferedReader": "io:BytesIO",
    "ast:expr": "ast:AST",
    "_thread:lock": "threading:Lock",
    "_decimal:Decimal": "decimal:Decimal",
}
BUILTIN_CLASSES: dict[str, tuple[str, ...]] = {
    "range": ("range(3)", "range(0)", "range(1, 10, 3)"),
    "slice": ("slice(1, 3)", "slice(None)", "slice(None, None, -1)"),
    "bytearray": BUILTIN["bytearray"],
    "memoryview": ('memoryview(b"hello")',),
    "object": BUILTIN["object"],
    "type": ("int", "str", "dict", "ValueError"),
    "BaseException": ('ValueError("wrong")', "KeyboardInterrupt()"),
    "Exception": ('ValueError("wrong")', 'KeyError("a")', "Exception()"),
    "ValueError": ('ValueError("wrong")',),
    "OSError": ('OSError(2, "No such file")', 'FileNotFoundError("a.txt")'),
}
IMAGINABLE = ("datetime:datetime", "datetime:date", "datetime:timedelta", "datetime:time", "decimal:Decimal",
              "fractions:Fraction", "re:Pattern", "re:Match", "io:StringIO", "collections:deque", "pathlib:Path",
              "types:ModuleType", "uuid:UUID")  # fmt: skip
"""Types that a parameter without annotation is guessed to have, if its use says so."""

FILES = (
    ('(tmp_path / "a.txt").write_text("hello world\\nsecond line\\n")', "a.txt"),
    ('(tmp_path / "empty.txt").write_text("")', "empty.txt"),
)
"""Files that a function may read, or write over: (what makes it, name)."""


def typical(name: str) -> tuple[Value, ...]:
    """Return values of a well-known class by its `module:qualname`; none if it is not one."""
    name = _SAME.get(name, name)
    module, _, qualname = name.partition(":")
    if name == "pathlib:Path":
        return paths(as_text=False)
    if module == "builtins":
        return tuple(Value(text) for text in BUILTIN_CLASSES.get(qualname, BUILTIN.get(qualname, ())))
    return tuple(Value(text, (Import(module),)) for text in _PARTS.get(name, ()))


CLOCKS = frozenset(["now", "today", "utcnow"])
"""Functions that say what time it is."""
_FROM_NOW = ("", " - datetime.timedelta(days=1)", " + datetime.timedelta(days=1)", " - datetime.timedelta(days=400)",
             " + datetime.timedelta(days=40)")  # fmt: skip
_NOW = {"datetime:date": "datetime.date.today()", "datetime:datetime": "datetime.datetime.now()"}


def around_now(name: str) -> tuple[Value, ...]:
    """Return days or moments around now; none for other classes."""
    return tuple(Value(f"{_NOW[name]}{by}", (_DATETIME,)) for by in _FROM_NOW) if name in _NOW else ()


def paths(*, as_text: bool) -> tuple[Value, ...]:
    """Return paths under pytest's `tmp_path`: a file, an empty one, one that is missing, a folder."""

    def value(text: str, *setup: str) -> Value:
        return Value(f"str({text})" if as_text else text, (), tuple(("_", step) for step in setup), ("tmp_path",))

    written = [value(f'tmp_path / "{name}"', made) for made, name in FILES]
    return (*written, value('tmp_path / "missing.txt"'), value("tmp_path"))
