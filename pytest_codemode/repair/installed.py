"""A patch to the tree is worth nothing if the tests import another copy of the package."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.sandbox.sources import source_roots

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def refuse_installed_copy(request: EngineRequest) -> None:
    """Raise if a failing test runs an installed copy of a package that the tree holds too.

    Raises:
        ConfigError: it does; the sentence names the package and the remedy.
    """
    root = Path(request.project.rootdir)
    roots = source_roots(request.project)
    for path in {frame.path for failure in request.failures for frame in failure.frames}:
        package = installed_package(path)
        places = [root / folder for folder in roots] if package else []
        if any((place / package).is_dir() or (place / f"{package}.py").is_file() for place in places):
            raise ConfigError(
                f"the tests import {package!r} from {PurePosixPath(path).parent}, not from this tree, so that no patch "
                "here could turn them green; install the project with `pip install -e .`"
            )


def installed_package(path: str) -> str:
    """Return the top-level package or module of a file in site-packages, empty for other files."""
    parts = PurePosixPath(path).parts
    at = next((i for i, part in enumerate(parts) if part in _INSTALLED), None)
    return parts[at + 1].removesuffix(".py") if at is not None and len(parts) > at + 1 else ""
