from pathlib import Path

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.project import Project
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.repair.installed import installed_package, refuse_installed_copy
from tests.repair.sandbox import failure

VENV = ".venv/lib/python3.11/site-packages"


def request(root: Path, path: str, *sys_path: str) -> EngineRequest:
    project = Project(str(root), str(root), "/usr/bin/python3", sys_path=sys_path)
    return EngineRequest(project, (failure("t.py::a", "x", ("t.py", 1), (path, 3)),), (), ())


@pytest.mark.parametrize("folder", ["pkg", "src/pkg"])
@pytest.mark.parametrize("site", ["/usr/lib/python3/dist-packages", "/opt/v/lib/python3.11/site-packages", VENV])
def test_a_package_that_is_tested_from_another_copy_is_refused_with_the_remedy(
    tmp_path: Path, folder: str, site: str
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(ConfigError) as refusal:
        refuse_installed_copy(request(tmp_path, f"{site}/pkg/sub/m.py"))
    assert "'pkg'" in str(refusal.value)
    assert "pip install -e ." in str(refusal.value)


def test_a_library_in_a_virtual_environment_inside_the_tree_is_no_copy_of_the_project(tmp_path: Path) -> None:
    (tmp_path / VENV / "lib").mkdir(parents=True)
    (tmp_path / "src/pkg").mkdir(parents=True)
    refuse_installed_copy(request(tmp_path, f"{VENV}/lib/m.py", str(tmp_path / VENV), str(tmp_path / "src")))


def test_code_of_the_tree_is_no_installed_copy(tmp_path: Path) -> None:
    (tmp_path / "src/pkg").mkdir(parents=True)
    refuse_installed_copy(request(tmp_path, "src/pkg/m.py"))


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/v/lib/python3.11/site-packages/a/b.py", "a"),
        ("/v/lib/python3.11/site-packages/single.py", "single"),
        ("src/a/b.py", ""),
    ],
)
def test_the_package_or_module_is_what_stands_below_site_packages(path: str, package: str) -> None:
    assert installed_package(path) == package
