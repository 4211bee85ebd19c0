"""Every kind of run tests the tree's own modules, as a plain pytest would, whoever has imported others of the name."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import iniconfig
import pytest

import pytest_codemode
from pytest_codemode.core.outcome import Mode
from pytest_codemode.core.project import Project
from tests.sandbox.toys import project_at, sandboxed, write_project

LEVELS = ["auto", pytest.param("landlock", marks=pytest.mark.slow)]
WATCHER = "import gadget\n\nPLACE = gadget.WHERE\n"
"""A plugin that needs a library."""
GADGET = "import os\n\nWHERE = {where!r}\nIMPORTED_BY = os.getpid()\n"
FINDER = """
    from importlib.util import spec_from_file_location
    from pathlib import Path

    MAPPING = {mapping!r}

    class Finder:
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            if name in MAPPING:
                for candidate in (Path(MAPPING[name], "__init__.py"), Path(MAPPING[name] + ".py")):
                    if candidate.exists():
                        return spec_from_file_location(name, candidate)
"""
"""Of an editable installation by setuptools."""
TESTS = """
    import os
    import {library} as library

    def test_tree():
        assert library.WHERE == "tree"

    def test_imported_by_this_process():
        assert library.IMPORTED_BY == os.getpid()

    def test_imported_by_the_zygote():
        assert library.IMPORTED_BY == os.getppid()
"""
FRESH = {"test_tree": "passed", "test_imported_by_this_process": "passed", "test_imported_by_the_zygote": "failed"}
FORKED = {"test_tree": "passed", "test_imported_by_this_process": "failed", "test_imported_by_the_zygote": "passed"}
"""Neither holds where the supervisor has imported it: its forks' forks have another parent."""
EXPECTED = {Mode.WARM: FORKED, Mode.RELOAD: FRESH, Mode.COLD: FRESH}


class Environment:
    """A virtual environment that sees this one's packages, and may have more."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.python = str(folder / "bin" / "python")
        self.site = next(folder.glob("lib/*/site-packages"))
        ours = [entry for entry in sys.path if "site-packages" in entry]
        own = str(Path(pytest_codemode.__file__).parents[1])
        self.site.joinpath("ours.pth").write_text("\n".join([*ours, own]))

    def install(self, name: str, files: Mapping[str, str], *, plugin: bool = False) -> None:
        write_project(self.site, files)
        info = self.site / f"{name}-1.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        info.joinpath("RECORD").write_text("".join(f"{path},,\n" for path in files))
        if plugin:
            info.joinpath("entry_points.txt").write_text(f"[pytest11]\n{name} = {name}\n")

    def install_editable(self, source: Path, kind: str) -> None:
        finder = f"__editable___{source.name}_1_finder"
        if kind == "path":
            self.site.joinpath("editable.pth").write_text(str(source.parent))
        elif kind == "link":
            self.site.joinpath(source.name).symlink_to(source)
        else:
            write_project(self.site, {f"{finder}.py": FINDER.format(mapping={source.name: str(source)})})
            line = f"import sys, {finder}; sys.meta_path.append({finder}.Finder)"
            self.site.joinpath("editable.pth").write_text(line)

    def project(self, root: Path, **changes: object) -> Project:
        words = [self.python, "-c", "import sys; print('\\n'.join(sys.path[1:]))"]
        entries = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.split()
        return project_at(root, python=self.python, sys_path=(*changes.pop("first", ()), *entries), **changes)  # type: ignore[misc]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "venv")


def check(project: Project) -> None:
    """Run the tests in every mode; the first reload starts in a fork of the supervisor, as nothing is collected yet."""
    with sandboxed(project) as box:
        for mode in (Mode.RELOAD, Mode.WARM, Mode.RELOAD, Mode.COLD):
            assert box.outcomes(mode=mode) == EXPECTED[mode], mode


def with_path(root: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "src")}


@pytest.mark.parametrize("level", LEVELS)
def test_a_library_that_a_plugin_uses_is_tested_as_it_is_in_the_tree(
    environment: Environment, tmp_path: Path, level: str
) -> None:
    root = tmp_path / "project"
    environment.install("gadget", {"gadget.py": GADGET.format(where="installed")})
    environment.install("watcher", {"watcher.py": WATCHER}, plugin=True)
    write_project(root, {"src/gadget.py": GADGET.format(where="tree"), "test_it.py": TESTS.format(library="gadget")})

    check(environment.project(root, env=with_path(root), first=(str(root / "src"),), level=level))


@pytest.mark.parametrize(("before", "fresh"), [("", False), ("import pydantic_core\n", True)])
def test_a_plugin_that_cannot_be_unloaded_is_left_behind_with_its_process(
    environment: Environment, tmp_path: Path, before: str, fresh: bool
) -> None:
    """Many compiled modules refuse to be initialised twice, as they would be by a plugin that has to wait after all."""
    root = tmp_path / "project"
    environment.install("watcher", {"watcher.py": before + WATCHER}, plugin=True)
    parent = 'Path(f"/proc/{os.getppid()}/cmdline").read_text()'
    tests = f"import os\nfrom pathlib import Path\n\ndef test_it():\n    assert 'worker.fresh' in {parent}\n"
    write_project(root, {"src/gadget.py": GADGET.format(where="tree"), "test_it.py": tests})
    with sandboxed(environment.project(root, env=with_path(root), first=(str(root / "src"),))) as box:
        assert box.outcomes() == {"test_it": "passed" if fresh else "failed"}


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        *((kind, "auto") for kind in ("path", "finder", "finder of a module", "link")),
        *(pytest.param(kind, "landlock", marks=pytest.mark.slow) for kind in ("path", "finder", "finder of a module")),
    ],
)
def test_an_editable_installation_that_a_plugin_uses_never_runs_in_the_supervisor(
    environment: Environment, tmp_path: Path, kind: str, level: str
) -> None:
    root = tmp_path / "project"
    source = root / "src" / "gadget"
    file = "src/gadget.py" if kind == "finder of a module" else "src/gadget/__init__.py"
    environment.install("watcher", {"watcher.py": WATCHER}, plugin=True)
    write_project(root, {file: GADGET.format(where="tree"), "test_it.py": TESTS.format(library="gadget")})
    environment.install_editable(source, kind)

    first = (str(source.parent),) if kind == "path" else ()
    check(environment.project(root, first=first, level=level))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("editable", [False, True])
def test_a_library_that_pytest_uses_is_tested_as_it_is_in_the_tree(
    environment: Environment, tmp_path: Path, level: str, editable: bool
) -> None:
    root = tmp_path / "project"
    write_project(root, {"test_it.py": TESTS.format(library="iniconfig")})
    package = root / "src" / "iniconfig"
    shutil.copytree(Path(iniconfig.__file__).parent, package)
    with package.joinpath("__init__.py").open("a") as file:
        file.write(GADGET.format(where="tree"))
    if editable:
        environment.site.joinpath("a.pth").write_text(str(root / "src"))  # before those that it sees besides

    env = {} if editable else {"env": with_path(root)}
    check(environment.project(root, first=(str(root / "src"),), level=level, **env))


WRITING = """
    import os
    import stat
    import tempfile
    from pathlib import Path

    IMPORTED_BY = os.getpid()
    MADE = Path(tempfile.mkdtemp())
    (MADE / "deep").mkdir(mode=0o750)
    (MADE / "deep" / "data").write_text("data")
    os.utime(MADE / "deep" / "data", (10, 20))
    (MADE / "link").symlink_to("deep")
    Path.home().joinpath(".settings").write_text("verbose")
    NAMED = tempfile.NamedTemporaryFile("w+", prefix="named")
    NAMED.write("first ")
    NAMED.flush()

    def test_in_a_fork():
        assert os.getppid() == IMPORTED_BY

    def test_folder():
        assert (MADE / "link" / "data").read_text() == "data"
        assert (MADE / "link").is_symlink()
        assert stat.S_IMODE((MADE / "deep").stat().st_mode) == 0o750
        assert (MADE / "deep" / "data").stat().st_mtime == 20

    def test_home():
        assert Path.home().joinpath(".settings").read_text() == "verbose"

    def test_open():
        NAMED.write("second")
        NAMED.flush()
        assert Path(NAMED.name).read_text() == "first second"

    def test_alone():
        (MADE / "deep" / "more").touch(exist_ok=False)
        (MADE / "deep" / "data").unlink()
        Path.home().joinpath(".settings").write_text("quiet")
"""


@pytest.mark.parametrize("level", LEVELS)
def test_what_the_import_wrote_to_the_temporary_folder_is_there_for_every_fork(tmp_path: Path, level: str) -> None:
    write_project(tmp_path, {"test_it.py": WRITING})
    with sandboxed(project_at(tmp_path, level=level)) as box:
        names = [nodeid for nodeid in box.collect().nodeids for _ in range(2)]
        assert len(names) == 10
        assert [box.outcomes(name) for name in names] == [{name.partition("::")[2]: "passed"} for name in names]
        fresh = box.outcomes(mode=Mode.RELOAD)
        assert {name for name, outcome in fresh.items() if outcome != "passed"} == {"test_in_a_fork"}


@pytest.mark.parametrize("cwd_on_path", [False, True])
def test_the_program_is_named_as_the_user_started_it(tmp_path: Path, cwd_on_path: bool) -> None:
    script, module = Path(sys.executable).with_name("pytest"), Path(pytest.__file__).with_name("__main__.py")
    name = str(module if cwd_on_path else script)
    write_project(tmp_path, {"test_it.py": f"import sys\n\ndef test_it():\n    assert sys.argv[0] == {name!r}\n"})
    with sandboxed(project_at(tmp_path, cwd_on_path=cwd_on_path)) as box:
        for mode in Mode:
            assert box.outcomes(mode=mode) == {"test_it": "passed"}


def test_the_machine_knows_its_own_name(tmp_path: Path) -> None:
    tests = "import socket\n\ndef test_it():\n    assert socket.gethostbyname(socket.gethostname())\n"
    write_project(tmp_path, {"test_it.py": tests})
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes() == {"test_it": "passed"}


def test_a_log_file_of_the_configuration_keeps_no_test_out_of_the_forks(tmp_path: Path) -> None:
    tests = "import os\n\nPID = os.getpid()\n\ndef test_it():\n    assert os.getppid() == PID\n"
    write_project(tmp_path, {"pytest.ini": "[pytest]\nlog_file = logs/all.log\n", "test_it.py": tests})
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes() == {"test_it": "passed"}
        assert box.outcomes(mode=Mode.RELOAD) == {"test_it": "failed"}
    assert not tmp_path.joinpath("logs").exists()
