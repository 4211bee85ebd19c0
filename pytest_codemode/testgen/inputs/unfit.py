"""Functions that are not called at all, and why."""

from __future__ import annotations

import ast
import re

from pytest_codemode.core.exploring import Described
from pytest_codemode.testgen.inputs.scope import FunctionNode, Scope, called, scope_of, walked

_STDIN = "reads standard input"
_STARTS = "starts processes"
_DELETES = "deletes files"
_CONNECTS = "opens network connections"
_ARGUMENTS = "reads the command line"
_ENTRY = "is a program's entry point"
_ENDS = "ends processes"

_BY_OWNER: dict[str, tuple[frozenset[str] | None, str]] = {
    "subprocess": (frozenset(["run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"]),
                   _STARTS),
    "multiprocessing": (frozenset(["Process", "Pool"]), _STARTS),
    "pty": (frozenset(["spawn", "fork"]), _STARTS),
    "asyncio": (frozenset(["create_subprocess_exec", "create_subprocess_shell", "open_connection", "start_server"]),
                _STARTS),
    "socket": (frozenset(["socket", "create_connection", "create_server", "gethostbyname", "getaddrinfo"]), _CONNECTS),
    "requests": (frozenset(["get", "post", "put", "delete", "head", "patch", "request", "Session"]), _CONNECTS),
    "httpx": (frozenset(["get", "post", "put", "delete", "head", "patch", "request", "Client", "AsyncClient"]),
              _CONNECTS),
    "request": (frozenset(["urlopen", "urlretrieve"]), _CONNECTS),
    "urllib": (frozenset(["urlopen", "urlretrieve"]), _CONNECTS),
    "smtplib": (None, _CONNECTS), "ftplib": (None, _CONNECTS), "telnetlib": (None, _CONNECTS),
    "client": (frozenset(["HTTPConnection", "HTTPSConnection"]), _CONNECTS),
    "webbrowser": (None, _STARTS),
    "shutil": (frozenset(["rmtree", "move"]), _DELETES),
    "signal": (frozenset(["pause", "alarm", "pthread_kill"]), _ENDS),
    "getpass": (None, _STDIN),
    "fileinput": (None, _STDIN),
}  # fmt: skip
_OS = (
    (re.compile(r"system|popen|fork(pty)?|(spawn|exec|posix_spawn)\w*|startfile"), _STARTS),
    (re.compile(r"remove|unlink|rmdir|removedirs|truncate"), _DELETES),
    (re.compile(r"kill(pg)?|abort|_exit"), _ENDS),
)  # fmt: skip
_PLAIN = {
    "input": _STDIN,
    "breakpoint": _STDIN,
    "getpass": _STDIN,
    "urlopen": _CONNECTS,
    "Popen": _STARTS,
    "rmtree": _DELETES,
}
_MAINS = frozenset(["main", "_main", "__main__", "run_main", "cli_main"])
_PATH_LIKE = re.compile(r"(.*_)?(path|file|filename|dir|directory|folder|dest|destination|src|target|root|tmp\w*)s?")
_MODULES = frozenset(["os", *_BY_OWNER])


def unfit(described: Described, source: str) -> str:
    """Return in one phrase why a function is not called with made-up arguments; empty if it can be."""
    scope = scope_of(described, source)
    if described.qualname.rpartition(".")[2] in _MAINS:
        return _ENTRY
    function = scope.function
    if function is None:
        return ""
    imported = _imported(scope)
    for node in (function, *scope.reached(function, depth=3)):
        reason = _reason(node, imported)
        if reason == _DELETES and takes_path(described):
            continue  # under `tmp_path` it may
        if reason:
            return reason
    return ""


def takes_path(described: Described) -> bool:
    """Whether a parameter is a path: such functions get paths under pytest's `tmp_path`."""
    return any(
        parameter.shape.name.startswith("pathlib:") or is_path_name(parameter.name)
        for parameter in described.parameters
    )


def is_path_name(name: str) -> bool:
    """Whether a parameter of that name is a path, most likely."""
    return _PATH_LIKE.fullmatch(name) is not None


def touches_files(function: FunctionNode) -> bool:
    """Whether a function opens, lists, writes or deletes files itself."""
    return any(name in _FILES for name in called(function))


_FILES = frozenset(
    ["open", "read_text", "write_text", "read_bytes", "write_bytes", "listdir", "scandir", "iterdir", "glob", "rglob",
     "walk", "mkdir", "makedirs", "rename", "replace_file", "remove", "unlink", "rmtree", "rmdir", "copy", "copyfile",
     "copy2", "copytree", "move", "touch", "stat", "exists", "isfile", "isdir", "is_file", "is_dir", "mkstemp",
     "symlink",
     "chmod", "utime", "getsize", "getmtime"]
)  # fmt: skip


def _imported(scope: Scope) -> dict[str, str]:
    """Return what names the module gives to modules and functions that matter: name -> last part of what it is."""
    names: dict[str, str] = {}
    for node in scope.imports:
        if isinstance(node, ast.Import):
            names.update((alias.asname or alias.name.partition(".")[0], alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
    return names


def _reason(function: FunctionNode, imported: dict[str, str]) -> str:
    for node in walked(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            if node.attr in ("stdin", "__stdin__"):
                return _STDIN
            if node.attr in ("argv", "orig_argv"):
                return _ARGUMENTS
        if isinstance(node, ast.Call) and (reason := _of_call(node.func, imported)):
            return reason
    return ""


def _of_call(func: ast.expr, imported: dict[str, str]) -> str:
    match func:
        case ast.Name(id=name):
            owner, _, known = imported.get(name, "").rpartition(".")
            return _of_name(owner.rpartition(".")[2], known) or (_PLAIN.get(name, "") if name not in imported else "")
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return _of_name(imported[owner].rpartition(".")[2], name) if owner in imported else _of_object(name)
        case ast.Attribute(value=ast.Attribute(attr=owner), attr=name):
            return _of_name(owner, name) if owner in _MODULES else _of_object(name)
        case ast.Attribute(attr=name):
            return _of_object(name)
    return ""


def _of_object(method: str) -> str:
    return {"unlink": _DELETES, "rmtree": _DELETES, "rmdir": _DELETES, "urlopen": _CONNECTS}.get(method, "")


def _of_name(owner: str, name: str) -> str:
    if owner in ("os", "posix"):
        return next((reason for rule, reason in _OS if rule.fullmatch(name)), "")
    names, reason = _BY_OWNER.get(owner, (frozenset(), ""))
    return reason if names is None or name in names else ""
