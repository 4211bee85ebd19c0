"""The environment foreign code sees: the user's, without credentials and without what would act on the interpreter."""
# ruff: noqa: PTH112, PTH118  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from pytest_codemode.core.credentials import SECRET_VALUE, is_secret_name
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation.port import Enclosure

# What makes the dynamic loader or the interpreter run or load something else than what was asked for.
_INTERFERING = re.compile(
    r"LD_(?:PRELOAD|AUDIT|DEBUG.*|PROFILE.*)|PYTHON(?:STARTUP|INSPECT|BREAKPOINT|EXECUTABLE|PYCACHEPREFIX|CASEOK"
    r"|DUMPREFS.*|PROFILEIMPORTTIME|SAFEPATH|USERBASE|MALLOC(?:STATS)?|VERBOSE|PLATLIBDIR)|BASH_ENV|BASH_FUNC_.*"
)
_OWN_FOLDERS = (
    "HOME",
    "TMPDIR",
    "TMP",
    "TEMP",
    "XDG_RUNTIME_DIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
)


def scrub(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` without variables whose name or value looks like a credential."""
    return {name: value for name, value in env.items() if not (is_secret_name(name) or SECRET_VALUE.search(value))}


def environment(project: Project, enclosure: Enclosure) -> dict[str, str]:
    """Return the environment for a worker of `project` inside `enclosure`.

    `Project.env` is scrubbed where it is made: what looks like a credential here was let in by --codemode-env.
    HOME is an empty folder of the enclosure's own; `PYTHONPATH` is the user's with the project's tree where it stands
    inside, and then whatever is needed so that the interpreter finds this package.
    """
    kept = {
        name: value
        for name, value in project.env.items()
        if not _INTERFERING.fullmatch(name) and name not in _OWN_FOLDERS
    }
    paths = [*_moved(project, enclosure), *([enclosure.library] if enclosure.library else [])]
    return {
        **kept,
        "PATH": kept.get("PATH") or "/usr/local/bin:/usr/bin:/bin",
        "HOME": f"{enclosure.scratch}/home",
        "TMPDIR": enclosure.scratch,
        "PWD": inside(project.invocation_dir, project, enclosure),
        "PYTHONDONTWRITEBYTECODE": "1",
        **_user_base(project),
        **({"PYTHONPATH": os.pathsep.join(paths)} if paths else {}),
    }


def inside(path: str, project: Project, enclosure: Enclosure) -> str:
    """Return where the host path `path` is inside: different only for the tree, and only if that was copied."""
    relative = os.path.relpath(path, project.rootdir)
    if enclosure.root == project.rootdir or relative.split(os.sep, 1)[0] == os.pardir:
        return path
    return os.path.normpath(os.path.join(enclosure.root, relative))


def _moved(project: Project, enclosure: Enclosure) -> list[str]:
    """Return the entries of `PYTHONPATH`.

    Where the tree was copied, `.pth` files still name the original, which cannot be read: the tree's entries of
    `sys.path` come first, at their new place.
    """
    own = [entry for entry in project.env.get("PYTHONPATH", "").split(os.pathsep) if entry]
    moved = [inside(entry, project, enclosure) for entry in own]
    if enclosure.root != project.rootdir:
        for entry in project.sys_path:
            place = inside(entry, project, enclosure)
            if place != entry and os.path.isdir(place):
                moved.append(place)
    return list(dict.fromkeys(moved))


def _user_base(project: Project) -> dict[str, str]:
    """Name the user's own site-packages, which the interpreter looks for under HOME, if the user's run had them."""
    base = project.env.get("PYTHONUSERBASE") or os.path.join(project.env.get("HOME") or "/nonexistent", ".local")
    used = any(entry.startswith(os.path.join(base, "lib") + os.sep) for entry in project.sys_path)
    return {"PYTHONUSERBASE": base} if used else {}
