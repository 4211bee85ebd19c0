"""What of the standard library may stand in a call that a model writes: nothing that reaches files, network or code."""

from __future__ import annotations

import builtins
import re

ANY = frozenset({"*"})
"""Every public name of a module that is no module itself."""

MODULES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *("array", "base64", "binascii", "bisect", "calendar", "cmath", "collections.abc", "copy", "datetime"),
            *("decimal", "email.message", "fractions", "hashlib", "heapq", "hmac", "html", "ipaddress", "itertools"),
            *("math", "numbers", "re", "statistics", "struct", "textwrap", "unicodedata", "urllib.parse", "uuid"),
            "zlib",
        ),
        ANY,
    ),
    "argparse": frozenset({"Namespace"}),
    "collections": frozenset({"ChainMap", "Counter", "OrderedDict", "UserDict", "UserList", "UserString"})
    | {"defaultdict", "deque", "namedtuple"},
    "configparser": frozenset({"ConfigParser", "RawConfigParser"}),
    "contextlib": frozenset({"ExitStack", "closing", "nullcontext", "suppress"}),
    "csv": frozenset({"DictReader", "DictWriter", "reader", "writer"}),
    "dataclasses": frozenset({"asdict", "astuple", "replace"}),
    "email": frozenset({"message_from_bytes", "message_from_string"}),
    "enum": frozenset({"Enum", "Flag", "IntEnum", "IntFlag", "StrEnum"}),
    "functools": frozenset({"partial", "reduce"}),
    "http": frozenset({"HTTPMethod", "HTTPStatus"}),
    "io": frozenset({"BytesIO", "StringIO"}),
    "json": frozenset({"dumps", "loads"}),
    "logging": frozenset({"CRITICAL", "DEBUG", "ERROR", "INFO", "WARNING", "LogRecord", "Logger", "getLogger"}),
    "operator": frozenset({"add", "eq", "floordiv", "ge", "gt", "itemgetter", "le", "lt", "mod", "mul", "ne", "neg"})
    | {"not_", "or_", "pow", "sub", "truediv", "and_", "contains", "getitem"},
    "pathlib": frozenset({"Path", "PurePath", "PurePosixPath", "PureWindowsPath"}),
    "queue": frozenset({"LifoQueue", "PriorityQueue", "Queue"}),
    "random": frozenset({"Random"}),
    "string": frozenset({"ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "punctuation"})
    | {"whitespace"},
    "sys": frozenset({"float_info", "maxsize"}),
    "threading": frozenset({"Event", "Lock", "RLock"}),
    "types": frozenset({"MappingProxyType", "SimpleNamespace"}),
    "zoneinfo": frozenset({"ZoneInfo", "ZoneInfoNotFoundError"}),
    "xml.etree.ElementTree": frozenset({"Element", "SubElement", "fromstring", "tostring"}),
}
"""Module -> its names that may be used."""

_CLOSED = frozenset(
    {
        *(
            "open",
            "eval",
            "exec",
            "compile",
            "input",
            "breakpoint",
            "exit",
            "quit",
            "help",
            "globals",
            "locals",
            "vars",
        ),
        *("dir", "getattr", "setattr", "delattr", "memoryview", "copyright", "credits", "license"),
    }
)
BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_")) - _CLOSED
"""Built-ins that a call may use."""

HIDDEN = frozenset(
    {
        *("f_globals", "f_locals", "f_builtins", "f_back", "gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame"),
        *("ag_code", "tb_frame", "tb_next", "func_globals", "func_code", "get_field", "attrgetter", "methodcaller"),
        *("system", "popen", "Popen", "check_call", "check_output", "getoutput", "execv", "execve", "execvp", "spawnl"),
        *("spawnv", "posix_spawn", "fork", "forkpty", "rmtree", "removedirs", "import_module", "urlopen", "_exit"),
    }
)
"""Attributes behind which code, processes or files are, whatever they are asked of."""

FILE_MODULES = frozenset(
    {
        *("os", "shutil", "pathlib", "io", "glob", "tempfile", "codecs", "zipfile", "tarfile", "gzip", "bz2", "lzma"),
        *("sqlite3", "dbm", "shelve", "fileinput", "linecache", "mmap"),
    }
)
"""Modules that open, list, write or delete files."""

FIXTURES: dict[str, frozenset[str]] = {
    "tmp_path": frozenset(
        {
            *("joinpath", "mkdir", "exists", "is_dir", "is_file", "iterdir", "glob", "rglob", "name", "stem", "suffix"),
            *("parts", "as_posix", "as_uri"),
        }
    ),
    "monkeypatch": frozenset({"setattr", "delattr", "setitem", "delitem", "setenv", "delenv", "chdir"}),
    "capsys": frozenset({"readouterr"}),
    "caplog": frozenset({"text", "records", "messages", "record_tuples", "set_level", "clear"}),
    "tmp_path_factory": frozenset({"mktemp"}),
}
"""pytest's own fixtures that a call may use -> what it may use of them."""

_FAR = frozenset(
    {
        *("requests", "httpx", "aiohttp", "urllib3", "websockets", "websocket", "paramiko", "fabric", "grpc", "boto3"),
        *("botocore", "docker", "redis", "pymongo", "psycopg", "psycopg2", "pymysql", "asyncpg", "pexpect", "psutil"),
        *("sh", "plumbum", "invoke", "git", "selenium", "playwright", "smbclient", "kubernetes", "celery", "kombu"),
    }
)
"""Packages whose business is the network, processes or servers."""
_VALUES_OF_FAR = re.compile(r"(?:[A-Z][A-Za-z]*)?(?:Error|Exception|Timeout|Warning|Response|Headers|Cookies|URL)")
_RISKY = re.compile(
    r"(?:load|save|open|read|write|dump|run|exec|eval|compile|connect|download|fetch|import|unpickle|spawn|serve|listen)"
    r"(?:_\w+|txt|z|z_compressed)?|(?:from|to)_?(?:file|pickle|csv)|genfromtxt|memmap|system|popen|urlopen|\w+_(?:open|file)"
)
"""Functions whose name says that they are given a file, an address or code."""


def is_risky(module: str, name: str) -> bool:
    """Return whether a name of another package is none for a call in a test, even if the project uses it."""
    if module.partition(".")[0] in _FAR:
        return _VALUES_OF_FAR.fullmatch(name) is None
    return _RISKY.fullmatch(name) is not None
