"""What can be called in a file, as a real worker tells it."""

import pytest

from pytest_codemode.core.exploring import ANY, Parameter, Shape
from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import explore

SOURCE = '''
    from __future__ import annotations

    import abc
    import contextlib
    import dataclasses
    import enum
    import functools
    import typing
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from json import dumps
    from typing import Any, Generic, Literal, NamedTuple, NewType, Optional, Protocol, TypedDict, TypeVar, Union

    if typing.TYPE_CHECKING:
        from nowhere import Nothing

    T = TypeVar("T")
    N = TypeVar("N", int, str)
    Id = NewType("Id", int)


    class Size(enum.Enum):
        SMALL = 1
        LARGE = 2


    class Reads(Protocol):
        def read(self) -> str: ...


    class Options(TypedDict, total=False):
        deep: typing.Required[bool]
        name: str


    class Point(NamedTuple):
        x: int
        y: int = 0


    @dataclasses.dataclass
    class Node:
        """A node of a tree."""
        value: int
        children: list[Node] = dataclasses.field(default_factory=list)
        size: Size = Size.SMALL


    class Base(abc.ABC):
        @abc.abstractmethod
        def run(self) -> int: ...


    class Outer:
        class Inner:
            def deep(self): ...

        def __init__(self, name: str, *rest: int, flag: bool = False, **extra: str) -> None:
            """Make one."""

        @property
        def size(self) -> int:
            """How large."""
            return 1

        @size.setter
        def size(self, value: int) -> None: ...

        @functools.cached_property
        def cached(self) -> str: ...

        @classmethod
        def of(cls, text: str = "a") -> Outer: ...

        @staticmethod
        def plain(a, /, b, *, c): ...

        def __private(self): ...

        def me(self) -> typing.Self: ...


    def logged(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper


    def hidden(function):
        def wrapper(*args):
            return function(*args)
        return wrapper


    @logged
    @functools.lru_cache
    def decorated(a: int) -> int:
        return a


    @hidden
    def veiled(a: int) -> int:
        return a


    @contextlib.contextmanager
    def managed(name: str) -> Iterable[str]:
        yield name


    @contextlib.asynccontextmanager
    async def managed_slowly():
        yield


    def generated(): yield 1
    async def awaited(): ...
    async def streamed(): yield 1


    @typing.overload
    def loaded(a: int) -> int: ...
    @typing.overload
    def loaded(a: str) -> str: ...
    def loaded(a):
        def nested(): ...
        return a


    def typed(
        a: Optional[int], b: Union[int, str], c: Literal["x", 1], d: Size, e: Callable[[int], str], f: Iterable[int],
        g: dict[str, list[float]], h: tuple[int, ...], i: tuple[int, str], j: Node, k: Base, l: Reads, m: Options,
        n: Point, o: type[Outer], p: T, q: N, r: Id, s: Any, t: Mapping[str, int], u: Sequence, v: set[int] | None,
        w: Nothing, x: int, y: Literal[Size.SMALL],
    ) -> None: ...


    def defaults(a=1, b="x", c=None, d=[1], e=dumps, f=(), g=1.5, h={"a": 1}): ...


    def fixed(cart, tmp_path, other, cache): ...

    try:
        def inside_try(): ...
    except ImportError:
        def inside_except(): ...

    def removed(): ...
    del removed

    renamed = logged
'''


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    root = tmp_path_factory.mktemp("described")
    conftest = "import pytest\n@pytest.fixture\ndef cart(): return 1\n"
    write_project(root, {"many.py": SOURCE, "tests/conftest.py": conftest})
    with sandboxed(project_at(root)) as box:
        explored = explore(box, path="many.py", describe=True, near="tests")
    assert explored.status == "finished", explored.reason
    return {one.qualname: one for one in explored.callables}


@pytest.fixture(scope="module")
def typed(described):
    return {one.name: one.shape for one in described["typed"].parameters}


def test_only_what_the_file_defines_in_its_order(described):
    assert list(described) == [
        *("Reads.read", "Point.__init__", "Node.__init__", "Base.run", "Outer.__init__", "Outer.Inner.__init__"),
        *("Outer.Inner.deep", "Outer.size", "Outer.cached", "Outer.of", "Outer.plain", "Outer.__private", "Outer.me"),
        *("logged", "hidden", "decorated", "veiled", "managed", "managed_slowly", "generated", "awaited", "streamed"),
        *("loaded", "typed", "defaults", "fixed", "inside_try"),
    ]


def test_kinds_flavours_and_lines(described):
    lines = [""] + [line.strip() for line in SOURCE.splitlines()]
    for name, one in described.items():
        if one.line:
            assert "def " in lines[one.line + 1 - 1], name
    assert lines[described["Outer.size"].line] == "def size(self) -> int:"
    assert lines[described["loaded"].line] == "def loaded(a):"
    kinds = {name: one.kind for name, one in described.items() if name.startswith("Outer.")}
    assert kinds == {
        "Outer.__init__": "constructor",
        "Outer.Inner.__init__": "constructor",
        "Outer.Inner.deep": "method",
        "Outer.size": "property",
        "Outer.cached": "property",
        "Outer.of": "classmethod",
        "Outer.plain": "staticmethod",
        "Outer.__private": "method",
        "Outer.me": "method",
    }
    flavours = {name: one.flavour for name, one in described.items() if one.flavour != "plain"}
    assert flavours == {
        "managed": "context manager",
        "managed_slowly": "async context manager",
        "generated": "generator",
        "awaited": "coroutine",
        "streamed": "async generator",
    }


def test_parameters_of_a_constructor(described):
    one = described["Outer.__init__"]
    assert [(p.name, p.kind, p.shape.kind, p.default) for p in one.parameters] == [
        ("name", "either", "str", None),
        ("rest", "args", "int", None),
        ("flag", "keyword", "bool", "False"),
        ("extra", "kwargs", "str", None),
    ]
    assert (one.doc, one.owner.kind, one.owner.name) == ("Make one.", "class", "many:Outer")
    assert described["Outer.Inner.__init__"].line == 0


def test_receivers_and_ways_to_give_parameters(described):
    assert [(p.name, p.kind) for p in described["Outer.plain"].parameters] == [
        ("a", "positional"),
        ("b", "either"),
        ("c", "keyword"),
    ]
    assert [p.name for p in described["Outer.of"].parameters] == ["text"]
    assert described["Outer.size"].parameters == ()
    assert described["Outer.size"].returns.kind == "int"
    assert described["Outer.of"].returns.name == "many:Outer"
    assert described["Outer.me"].returns.name == "many:Outer"


def test_wrapped_functions_are_seen_through(described):
    assert described["decorated"].parameters == (Parameter("a", "either", Shape("int")),)
    assert described["decorated"].returns.kind == "int"
    assert [p.kind for p in described["veiled"].parameters] == ["args"]


def test_dataclass_and_named_tuple(described):
    node = described["Node.__init__"]
    value, children, size = node.parameters
    assert (value.shape, value.default) == (Shape("int"), None)
    assert (children.shape.kind, children.default) == ("list", "...")
    assert (size.shape, size.default) == (Shape("enum", "many:Size", members=("SMALL", "LARGE")), "...")
    assert node.owner.kind == "dataclass"
    assert node.owner.parameters[1].shape.items == (Shape("recursive", "many:Node"),)
    assert [(p.name, p.shape.kind, p.default) for p in described["Point.__init__"].parameters] == [
        ("x", "int", None),
        ("y", "int", "0"),
    ]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("a", Shape("union", items=(Shape("int"), Shape("none")))),
        ("b", Shape("union", items=(Shape("int"), Shape("str")))),
        ("c", Shape("literal", members=("'x'", "1"))),
        ("d", Shape("enum", "many:Size", members=("SMALL", "LARGE"))),
        ("e", Shape("callable", items=(Shape("str"),))),
        ("f", Shape("iterator", items=(Shape("int"),))),
        ("g", Shape("dict", items=(Shape("str"), Shape("list", items=(Shape("float"),))))),
        ("h", Shape("tuple", items=(Shape("int"),), variadic=True)),
        ("i", Shape("tuple", items=(Shape("int"), Shape("str")))),
        ("k", Shape("class", "many:Base", abstract=True)),
        ("l", Shape("protocol", "many:Reads", abstract=True)),
        ("p", ANY),
        ("q", Shape("union", items=(Shape("int"), Shape("str")))),
        ("r", Shape("int")),
        ("s", ANY),
        ("t", Shape("dict", items=(Shape("str"), Shape("int")))),
        ("u", Shape("list", items=(ANY,))),
        ("v", Shape("union", items=(Shape("set", items=(Shape("int"),)), Shape("none")))),
        ("w", ANY),
        ("x", Shape("int")),
        ("y", Shape("enum", "many:Size", members=("SMALL",))),
    ],
)
def test_shapes(typed, name, shape):
    assert typed[name] == shape


def test_shapes_with_parameters(typed):
    assert typed["j"].kind == "dataclass"
    assert [(p.name, p.default) for p in typed["m"].parameters] == [("deep", None), ("name", "...")]
    assert (typed["m"].kind, typed["n"].kind, typed["n"].name) == ("typeddict", "namedtuple", "many:Point")
    assert (typed["o"].kind, typed["o"].items[0].name) == ("type", "many:Outer")


def test_defaults_are_source_text_where_they_are_literals(described):
    assert [p.default for p in described["defaults"].parameters] == [
        *("1", "'x'", "None", "[1]", "...", "()", "1.5", "{'a': 1}")
    ]


def test_fixtures_of_the_project_by_name(described):
    assert described["fixed"].fixtures == ("cart", "tmp_path")
