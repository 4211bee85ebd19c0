"""Which host paths foreign code may read: the system, the interpreter, what is importable, and nothing else.

Both fences use it: bubblewrap mounts these paths read-only, Landlock grants reading beneath them.
"""
# ruff: noqa: PTH110, PTH113, PTH114, PTH115, PTH117, PTH118, PTH119, PTH120, PTH123, PTH208  # paths are text here

from __future__ import annotations

import ast
import os
import pwd
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.project import Project

PACKAGE_FOLDER = str(Path(__file__).resolve().parents[2])
"""The `pytest_codemode` package itself, real path."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
# Never the whole of /etc: /etc/ssl/private, shadow and host keys are readable to root.
_ETC = (
    *("alternatives", "ca-certificates", "fonts", "gai.conf", "group", "host.conf", "hosts", "ld.so.cache"),
    *("ld.so.conf", "ld.so.conf.d", "localtime", "magic", "mime.types", "nsswitch.conf", "os-release", "passwd"),
    *("pki/ca-trust/extracted", "pki/tls/certs", "pki/tls/cert.pem", "protocols", "services", "shells"),
    *("ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone"),
)
_SECRET_FOLDERS = (".aws", ".azure", ".config/gcloud", ".docker", ".gnupg", ".kube", ".local/share/keyrings", ".ssh")
_PREFIX_PARTS = ("bin", "include", "lib", "lib64", "libexec")
_SITES = ("site-packages", "dist-packages")
_MODULE_SUFFIXES = (".py", ".pyc", ".so", ".pth")
_MAX_TEXT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class View:
    """Host paths to show inside, at the same place unless said otherwise."""

    binds: tuple[tuple[str, str], ...]
    """(real host path, place inside), to be shown in this order."""
    links: tuple[tuple[str, str], ...]
    """(target text, place inside) of symbolic links that must exist for the binds to be found."""

    @property
    def real_paths(self) -> tuple[str, ...]:
        """Host paths whose contents are readable, each once."""
        return tuple(dict.fromkeys(source for source, _ in self.binds))


def view(project: Project) -> View:
    """Return what code on `project` may read besides the project's own tree.

    Raises:
        SandboxError: a mount the user asked for would show too much, or does not exist.
    """
    paths = [
        *_existing(_SYSTEM),
        *_existing(f"/etc/{name}" for name in _ETC),
        *(_existing(("/etc/resolv.conf",)) if project.network else ()),
        *interpreter_paths(project.python),
        *importable_paths(project),
        *_library_folders(project),
        *(_checked_mount(mount, project) for mount in project.mounts),
    ]
    return _closed(paths)


def check_rootdir(rootdir: str) -> None:
    """Refuse a project whose tree cannot be fenced in.

    Raises:
        SandboxError: `rootdir` is `/` or a home directory: showing it would show everything in it.
    """
    if rootdir == "/" or is_home(rootdir):
        raise SandboxError(
            f"the project's rootdir is {rootdir}: codemode does not show a whole home directory or file system to"
            " foreign code; move the project into a folder of its own, or give its folder with --rootdir"
        )


def is_home(path: str) -> bool:
    """Whether `path` is, or holds, home directories."""
    own = {os.path.realpath(place) for place in (os.environ.get("HOME", ""), pwd_home()) if place}
    parent = os.path.dirname(path)
    return path in own | {"/root", "/home", "/Users"} or parent in ("/home", "/Users")


def pwd_home() -> str:
    """Return the home directory of this user by the user database; empty if it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a uid without an entry, as containers have
        return ""


def within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies under it, both absolute and normalised."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def interpreter_paths(python: str) -> list[str]:
    """Return what the interpreter needs: each link on the way to it, its virtual environment, its real prefix."""
    paths: list[str] = []
    hops = list(_hops(python))
    for hop in hops:
        prefix = _prefix_of(hop)
        config = next((place for place in (prefix, os.path.dirname(hop)) if _is_venv(place)), None)
        if config is None:
            paths.append(hop)
            continue
        paths.append(config)
        home = _venv_home(os.path.join(config, "pyvenv.cfg"))
        paths.extend(_base_prefix(os.path.join(home, "python")) if home else ())
    paths.extend(_base_prefix(hops[-1]))
    return _existing(paths)


def environments(project: Project) -> list[str]:
    """Return the folders in the tree that hold what the interpreter imports besides the project's own.

    The worker's trusted process imports from there too, and tests may not change what it does.
    """
    root = project.rootdir
    sites = [entry for entry in project.sys_path if os.path.basename(entry) in _SITES]
    found = [*filter(_is_venv, interpreter_paths(project.python)), *sites]
    inside = [path for path in _existing(found) if within(path, root) and path != root]
    return [path for path in inside if os.path.realpath(path) == path]


def importable_paths(project: Project) -> list[str]:
    """Return the entries of `sys.path` and what `.pth` files and editable installs in them add.

    An environment in the tree may have come with a change from anybody: of what its files name outside the tree only
    modules, packages and what describes them are shown, never a folder as it stands that is no `site-packages`.
    """
    root = project.rootdir
    found: dict[str, bool] = {}
    for entry in project.sys_path:
        found[entry] = False
        for target in added_by(entry):
            foreign = within(entry, root) and not within(target, root) and not within(os.path.realpath(target), root)
            found[target] = found.get(target, True) and foreign
    existing = _existing(found)
    return [path for entry in existing for path in _narrowed(entry, root, code_only=found[entry])]


def added_by(entry: str) -> list[str]:
    """Return the existing paths that `.pth` files and setuptools' editable finders in folder `entry` refer to."""
    found: list[str] = []
    for name in _names(entry):
        path = os.path.join(entry, name)
        if name.endswith(".pth"):
            found.extend(os.path.join(entry, line) for line in _pth_lines(path))
        elif name.startswith("__editable__") and name.endswith("_finder.py"):
            found.extend(_finder_targets(path))
    return _existing(os.path.normpath(path) for path in found)


def importable_at_start(project: Project, package_folder: str = PACKAGE_FOLDER) -> bool:
    """Whether the project's interpreter finds this package by itself, before any test changes `sys.path`."""
    sites = [e for e in project.sys_path if os.path.basename(e) in _SITES]
    reach = [*sites, *(target for site in sites for target in added_by(site))]
    return os.path.dirname(package_folder) in {os.path.realpath(path) for path in reach}


def _library_folders(project: Project) -> list[str]:
    """Return where the dynamic loader was told to look, or only the libraries there where that is a home directory."""
    entries = _existing(project.env.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    return [path for entry in entries if os.path.isabs(entry) for path in _narrowed(entry, project.rootdir)]


def _existing(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(path for path in paths if path and os.path.exists(path)))


def _hops(python: str) -> Iterator[str]:
    """Yield `python` and each path its chain of links leads over; at most 40, as the kernel follows."""
    path = python
    for _ in range(40):
        yield path
        if not os.path.islink(path):
            return
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
    raise SandboxError(f"{python}: its links lead in a circle; name a working interpreter with --codemode-python")


def _prefix_of(executable: str) -> str:
    folder = os.path.dirname(executable)
    return os.path.dirname(folder) if os.path.basename(folder) == "bin" else folder


def _is_venv(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "pyvenv.cfg")) and not is_home(folder)


def _venv_home(config: str) -> str:
    for line in _text(config).splitlines():
        key, _, value = line.partition("=")
        if key.strip().lower() == "home":
            return value.strip()
    return ""


def _base_prefix(executable: str) -> list[str]:
    """Return the installation that holds `executable`, or its needed parts where it shares a folder with other things.

    A folder counts as an installation only if it has a standard library: `~/.local/bin/python3` may be a mere link.
    """
    prefix = os.path.realpath(_prefix_of(executable))
    library = (Path(prefix) / lib for lib in ("lib", "lib64"))
    if not any(next(folder.glob("python3*/os.py"), None) for folder in library):
        return []
    if prefix == "/" or is_home(prefix) or os.path.basename(prefix) == ".local":
        return [os.path.join(prefix, part) for part in _PREFIX_PARTS]
    return [prefix]


def _narrowed(entry: str, rootdir: str, *, code_only: bool = False) -> list[str]:
    """Return `entry`, or only the modules and packages in it where it holds, or may hold, more than code.

    `python -m pytest` puts the working directory on `sys.path`; that may be `/`, a home directory or a parent of many
    projects.
    """
    real = os.path.realpath(entry)
    if _is_secret(real):
        return []
    if code_only and (_is_importable(entry) or os.path.basename(entry) in _SITES):
        return [entry]
    if not code_only and real != "/" and not is_home(real) and not (within(rootdir, real) and rootdir != real):
        return [entry]
    return [path for name in _names(entry) if _is_importable(path := os.path.join(entry, name))]


def _is_importable(path: str) -> bool:
    if os.path.basename(path).startswith(".") or is_home(os.path.realpath(path)):
        return False
    return path.endswith((*_MODULE_SUFFIXES, ".dist-info", ".egg-info")) or os.path.isfile(
        os.path.join(path, "__init__.py")
    )


def _is_secret(path: str) -> bool:
    homes = {place for place in (os.environ.get("HOME", ""), pwd_home(), "/root") if place}
    return any(within(path, os.path.realpath(os.path.join(home, name))) for home in homes for name in _SECRET_FOLDERS)


def _checked_mount(mount: str, project: Project) -> str:
    real = os.path.realpath(mount)
    if not os.path.exists(real):
        raise SandboxError(f"--codemode-mount {mount}: no such file or folder")
    if real == "/" or is_home(real) or _is_secret(real) or (within(project.rootdir, real) and project.rootdir != real):
        raise SandboxError(
            f"--codemode-mount {mount}: this would show a home directory, credentials or more than the project to"
            " foreign code; name the folders that are needed instead"
        )
    return mount


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:  # a zip file on sys.path, or a folder this user may not list
        return []


def _text(path: str) -> str:
    """Return a small text file's contents; empty if it cannot be read, for it then adds nothing for the sandbox."""
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_TEXT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _pth_lines(path: str) -> list[str]:
    lines = (line.strip() for line in _text(path).splitlines())
    return [line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]


def _finder_targets(path: str) -> list[str]:
    """Return the paths in `MAPPING` and `NAMESPACES` of setuptools' generated finder, read as text, never imported."""
    try:
        module = ast.parse(_text(path))
    except (SyntaxError, ValueError):
        return []
    targets: list[str] = []
    for node in module.body:
        names = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(name, ast.Name) and name.id in ("MAPPING", "NAMESPACES") for name in names):
            targets.extend(_strings(getattr(node, "value", None)))
    return [target for path in targets for target in (path, path + ".py") if os.path.isabs(path)]


def _strings(node: ast.expr | None) -> list[str]:
    """Return the strings among the values of a literal dictionary, one level of lists deep."""
    if not isinstance(node, ast.Dict):
        return []
    values = [item for value in node.values for item in (value.elts if isinstance(value, ast.List) else [value])]
    return [item.value for item in values if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def _closed(paths: Iterable[str]) -> View:
    """Return binds and links that make every path of `paths` readable at its own place and at its real one."""
    binds: list[tuple[str, str]] = []
    links: list[tuple[str, str]] = []

    def covered(path: str) -> bool:
        return any(within(path, place) for _, place in (*binds, *links))

    for path in paths:
        real = os.path.realpath(path)
        if not covered(real):
            binds.append((real, real))
        if path == real or covered(path):
            continue
        parent = os.path.dirname(path)
        if os.path.islink(path) and os.path.realpath(parent) == parent:
            links.append((os.readlink(path), path))
        else:
            binds.append((real, path))
    return View(tuple(binds), tuple(links))
