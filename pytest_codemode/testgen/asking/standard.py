"""What of the standard library may stand in a call that a model writes: nothing that reaches files, network or code."""

from __future__ import annotations

import builtins

ANY = frozenset({"*"})
"""Every public name of a module that is no module itself."""

MODULES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *("array", "base64", "binascii", "bisect", "calendar", "cmath", "collections.abc", "copy", "datetime"),
            *("decimal", "email.message", "fractions", "hashlib", "heapq", "hmac", "html", "ipaddress", "itertools"),
            *("math", "numbers", "re", "statistics", "struct", "textwrap", "unicodedata", "urllib.parse", "uuid"),
            *("zlib", "zoneinfo"),
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
