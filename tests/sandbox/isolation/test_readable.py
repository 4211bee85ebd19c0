import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation import readable


def sources(project):
    return readable.view(project).real_paths


def covers(project, path):
    return any(readable.within(os.path.realpath(path), source) for source in sources(project))


def test_the_interpreter_and_its_library_are_readable(project):
    assert covers(project, sys.executable)
    assert covers(project, os.__file__)
    assert covers(project, sys.prefix)


def test_a_chain_of_links_to_an_interpreter_is_followed(project, tmp_path):
    first = tmp_path / "bin" / "python"
    second = tmp_path / "tools" / "python3"
    for link in (first, second):
        link.parent.mkdir()
    second.symlink_to(os.path.realpath(sys.executable))
    first.symlink_to("../tools/python3")
    view = readable.view(replace(project, python=str(first)))
    assert {place for _, place in view.links} >= {str(first), str(second)}
    assert str(tmp_path) not in view.real_paths


def test_links_that_lead_in_a_circle_are_an_error(project, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(SandboxError, match="circle"):
        readable.view(replace(project, python=str(tmp_path / "a")))


def test_a_virtual_environment_brings_its_base(project, tmp_path):
    environment, base = tmp_path / "venv", tmp_path / "base"
    (environment / "bin").mkdir(parents=True)
    (base / "bin").mkdir(parents=True)
    (base / "lib" / "python3.99").mkdir(parents=True)
    (base / "lib" / "python3.99" / "os.py").touch()
    (base / "bin" / "python").touch()
    (environment / "bin" / "python").touch()
    (environment / "pyvenv.cfg").write_text(f"home = {base}/bin\n")
    found = readable.interpreter_paths(str(environment / "bin" / "python"))
    assert {str(environment), str(base)} <= set(found)


def test_editable_installs_are_found(project, tmp_path):
    site, source, mapped, single = (tmp_path / name for name in ("site", "source", "mapped", "single"))
    for folder in (site, source, mapped):
        folder.mkdir()
    single.with_suffix(".py").touch()
    (site / "one.pth").write_text(f"# comment\nimport sys; sys.path.append('/nowhere')\n{source}\n/does/not/exist\n")
    (site / "__editable___two_finder.py").write_text(
        f"MAPPING: dict[str, str] = {{'mapped': {str(mapped)!r}, 'single': {str(single)!r}}}\n"
        f"NAMESPACES: dict[str, list[str]] = {{'space': [{str(source)!r}]}}\nraise RuntimeError('was imported')\n"
    )
    assert set(readable.added_by(str(site))) == {str(source), str(mapped), f"{single}.py"}


@pytest.mark.parametrize("committed", [True, False])
def test_an_environment_in_the_tree_shows_only_code_of_what_it_names_elsewhere(project, tmp_path, committed):
    site = Path(project.rootdir if committed else tmp_path, ".venv", "lib", "python3", "site-packages")
    elsewhere, package, inside = tmp_path / "elsewhere", tmp_path / "one" / "package", Path(project.rootdir, "src")
    for folder in (site, elsewhere / "lib", elsewhere / "keys", package, inside):
        folder.mkdir(parents=True)
    for file in (
        elsewhere / "lib" / "__init__.py",
        elsewhere / "tool.py",
        elsewhere / "token.json",
        package / "__init__.py",
    ):
        file.touch()
    other = tmp_path / "other" / "site-packages"
    other.mkdir(parents=True)
    (elsewhere / "tool-1.0.dist-info").mkdir()
    named = (elsewhere, elsewhere / "token.json", package, inside, other)
    (site / "it.pth").write_text("".join(f"{path}\n" for path in named))

    shown = set(readable.importable_paths(replace(project, sys_path=(str(site),))))
    whole = {str(elsewhere), str(elsewhere / "token.json")}
    code = {str(elsewhere / name) for name in ("lib", "tool.py", "tool-1.0.dist-info")}
    assert shown == {str(site), str(package), str(inside), str(other)} | (code if committed else whole)


@pytest.mark.parametrize("text", ["MAPPING = {", "MAPPING = open('/etc/passwd')", "MAPPING = {1: 2, 'a': [3]}", "\0"])
def test_a_finder_that_is_not_as_setuptools_writes_it_adds_nothing(tmp_path, text):
    (tmp_path / "__editable___odd_finder.py").write_text(text)
    assert readable.added_by(str(tmp_path)) == []


def test_a_home_directory_on_the_path_shows_only_its_modules(project, tmp_path, monkeypatch):
    home = tmp_path / "somebody"
    for folder in (".ssh", "package", "documents"):
        (home / folder).mkdir(parents=True)
    (home / "package" / "__init__.py").touch()
    (home / "module.py").touch()
    (home / "letter.txt").touch()
    monkeypatch.setenv("HOME", str(home))
    shown = readable.importable_paths(replace(project, sys_path=(str(home),)))
    assert shown == [str(home / "module.py"), str(home / "package")]


def test_credentials_are_never_readable_even_if_named(project, tmp_path, monkeypatch):
    keys = tmp_path / "somebody" / ".ssh"
    keys.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(keys.parent))
    assert readable.importable_paths(replace(project, sys_path=(str(keys),))) == []
    for mount in (keys, keys.parent):
        with pytest.raises(SandboxError, match="name the folders"):
            readable.view(replace(project, mounts=(str(mount),)))


@pytest.mark.parametrize("mount", ["/", "/root", "/home"])
def test_a_mount_that_shows_everything_is_refused(project, mount):
    with pytest.raises(SandboxError, match=f"--codemode-mount {mount}"):
        readable.view(replace(project, mounts=(mount,)))


def test_a_mount_that_does_not_exist_is_named(project):
    with pytest.raises(SandboxError, match="/no/such/folder"):
        readable.view(replace(project, mounts=("/no/such/folder",)))


def test_folders_of_the_dynamic_loader_are_readable(project, tmp_path):
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    assert covers(replace(project, env={"LD_LIBRARY_PATH": f"/no/such:{libraries}:relative"}), libraries)


def test_private_keys_of_the_system_are_not_shown(project):
    assert not any(readable.within("/etc/ssl/private", path) or path == "/etc" for path in sources(project))
    assert "/etc/shadow" not in sources(project)


def test_resolver_configuration_is_shown_only_with_network(project):
    if not Path("/etc/resolv.conf").exists():
        pytest.skip("this machine has no resolver configuration")
    assert not covers(project, "/etc/resolv.conf")
    assert covers(replace(project, network=True), "/etc/resolv.conf")


def test_every_bind_is_a_real_path_and_shown_at_its_own_place(project):
    view = readable.view(replace(project, sys_path=tuple(entry for entry in sys.path if entry.startswith("/"))))
    places = {place for _, place in view.binds}
    assert all(source == os.path.realpath(source) for source, _ in view.binds)
    assert all(any(readable.within(source, place) for place in places) for source, _ in view.binds)


def test_a_package_installed_beside_pytest_is_found_at_start(project, tmp_path):
    site = tmp_path / "site-packages"
    (site / "pytest_codemode").mkdir(parents=True)
    package = str(site / "pytest_codemode")
    assert readable.importable_at_start(replace(project, sys_path=(str(site),)), package)
    assert not readable.importable_at_start(replace(project, sys_path=(str(tmp_path),)), package)
