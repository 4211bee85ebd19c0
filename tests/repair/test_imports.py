import pytest

from pytest_codemode.repair.imports import imported_paths

PATHS = (
    "src/pkg/__init__.py",
    "src/pkg/a.py",
    "src/pkg/sub/__init__.py",
    "src/pkg/sub/b.py",
    "src/pkg/sub/c.py",
    "top.py",
    "tests/test_a.py",
    "tests/support.py",
)
FILES = dict.fromkeys(PATHS, b"")


def imported(path: str, source: str) -> tuple[str, ...]:
    return imported_paths(path, source.encode(), ("", "src"), FILES.get)


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("tests/test_a.py", "import top", ("top.py",)),
        ("tests/test_a.py", "import pkg.a", ("src/pkg/__init__.py", "src/pkg/a.py")),
        ("tests/test_a.py", "from pkg import a, missing", ("src/pkg/__init__.py", "src/pkg/a.py")),
        (
            "tests/test_a.py",
            "from pkg.sub.b import thing",
            ("src/pkg/__init__.py", "src/pkg/sub/__init__.py", "src/pkg/sub/b.py"),
        ),
        ("tests/test_a.py", "def f():\n    import top\n", ("top.py",)),
        ("tests/test_a.py", "import json, os.path", ()),
        ("tests/test_a.py", "from .support import x", ("tests/support.py",)),
        ("src/pkg/sub/b.py", "from . import c", ("src/pkg/sub/__init__.py", "src/pkg/sub/c.py")),
        ("src/pkg/sub/b.py", "from .c import x", ("src/pkg/sub/c.py",)),
        ("src/pkg/sub/b.py", "from ..a import x", ("src/pkg/a.py",)),
        ("src/pkg/sub/b.py", "from .. import a", ("src/pkg/__init__.py", "src/pkg/a.py")),
        ("src/pkg/sub/__init__.py", "from .b import x", ("src/pkg/sub/b.py",)),
        ("src/pkg/sub/b.py", "from ..... import far", ()),
        ("top.py", "from . import top", ()),
        ("src/pkg/a.py", "import pkg.a", ("src/pkg/__init__.py",)),
        ("tests/test_a.py", "this is no Python", ()),
    ],
)
def test_imports_are_found_in_the_text(path: str, source: str, expected: tuple[str, ...]) -> None:
    assert imported(path, source) == expected


@pytest.mark.parametrize("data", [b"import top\0", b"\xff\xfe", b"# coding: klingon\nimport top"])
def test_bytes_that_are_no_python_import_nothing(data: bytes) -> None:
    assert imported_paths("m.py", data, ("",), FILES.get) == ()


def test_a_file_in_another_encoding_is_read_as_it_declares() -> None:
    data = "# coding: latin-1\nname = 'é'\nimport top\n".encode("latin-1")
    assert imported_paths("m.py", data, ("",), FILES.get) == ("top.py",)
