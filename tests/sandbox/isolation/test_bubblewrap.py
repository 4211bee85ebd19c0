import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation.binary import Binary
from pytest_codemode.sandbox.isolation.bubblewrap import Bubblewrap


def test_the_tree_stands_at_its_own_path(namespaces, tree):
    assert namespaces.enclosure.root == str(tree)
    assert (
        namespaces.run("import os; print(os.getcwd(), sorted(os.listdir()))").out == f"{tree} ['.codemode', 'kept.txt']"
    )


def test_processes_of_the_host_are_not_seen(namespaces):
    assert namespaces.run("import os; print(len([n for n in os.listdir('/proc') if n.isdigit()]))").out == "2"


def test_a_server_of_the_code_itself_can_be_reached(namespaces):
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    assert namespaces.attempt(code) == "done"


def test_unix_sockets_of_the_code_itself_work(namespaces):
    code = """
import socket
server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
server.bind('s')
server.listen()
client.connect('s')
"""
    assert namespaces.attempt(code) == "done"


def test_all_writing_together_is_limited(namespaces):
    namespaces.limited(disk_bytes=4 << 20)
    fill = "for n in range(8): open(f'{sys.argv[1]}/{n}', 'wb').write(bytes(1 << 20))"
    for folder in (namespaces.project.rootdir, namespaces.enclosure.scratch, "/dev/shm"):
        assert namespaces.attempt(fill, folder) == "OSError", folder
    both = "open('a', 'wb').write(bytes(3 << 20)); open('/dev/shm/b', 'wb').write(bytes(3 << 20))"
    assert namespaces.limited(disk_bytes=4 << 20, file_bytes=8 << 20).attempt(both) == "OSError"


@pytest.mark.parametrize("folder", ["/", "/dev", "/usr", "/etc", "/proc/sys/kernel", "/run", "/home", "/root", "/var"])
def test_no_other_folder_is_writable(namespaces, folder):
    outcome = namespaces.attempt("open(sys.argv[1] + '/codemode-test', 'w')", folder)
    assert outcome in ("OSError", "PermissionError", "FileNotFoundError")


def test_kernel_settings_cannot_be_changed_even_by_root(namespaces):
    before = Path("/proc/sys/kernel/core_pattern").read_text()
    assert namespaces.attempt("open('/proc/sys/kernel/core_pattern', 'w').write('x')") in ("OSError", "PermissionError")
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before


def test_processes_are_limited_for_everybody(namespaces):
    if not namespaces.isolation.capabilities.process_limit:
        pytest.skip("this kernel cannot limit processes here")
    code = """
import os, time
made = 0
try:
    while made < 200:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except OSError:
    pass
print(made)
"""
    made = int(namespaces.limited(processes=20).run(code).out)
    assert 10 <= made < 20  # the process itself counts too


def test_codemode_state_is_masked(namespaces, tree):
    (tree / ".codemode").mkdir()
    (tree / ".codemode" / "run.jsonl").write_text("prompt")
    assert namespaces.run("import os; print(os.listdir('.codemode'))").out == "[]"
    assert namespaces.attempt("open('.codemode/x', 'w')") in ("OSError", "PermissionError")


def test_a_path_entry_that_holds_the_project_does_not_uncover_it(namespaces, tree):
    package = tree.parent
    (package / "module.py").write_text("")
    (package / "unrelated.txt").write_text("secret")
    namespaces.having(sys_path=(str(package),))
    assert namespaces.attempt("open(sys.argv[1])", str(package / "module.py")) == "done"
    assert namespaces.attempt("open(sys.argv[1])", str(package / "unrelated.txt")) == "FileNotFoundError"
    assert namespaces.attempt("open('kept.txt', 'w')") == "done"


def test_a_start_from_outside_the_tree_keeps_its_folder(namespaces, tree):
    elsewhere = tree.parent / "elsewhere"
    elsewhere.mkdir()
    namespaces.having(invocation_dir=str(elsewhere))
    assert namespaces.run("import os; print(os.getcwd(), os.listdir())").out == f"{elsewhere} []"


def test_a_fence_that_cannot_be_put_up_is_an_error(project):
    broken = Bubblewrap(Binary("/bin/false", "0.11.0", "system"))
    with Path(os.devnull).open("r+b") as nothing:
        null = nothing.fileno()
        with pytest.raises(SandboxError, match="could not be set up: /bin/false failed"):
            broken.enclose(project).start(["/bin/true"], env={}, stdin=null, stdout=null, stderr=null)


def test_what_bubblewrap_says_is_in_the_error(namespaces, tree):
    enclosure = namespaces.enclosure
    tree.rename(tree.parent / "moved")
    with pytest.raises(SandboxError, match=r"bwrap: Can't find source path .*project"):
        namespaces.run("pass")
    assert enclosure is namespaces.enclosure


def test_a_bubblewrap_that_vanished_is_named(project):
    broken = Bubblewrap(Binary("/no/such/bwrap", "0.11.0", "system"))
    with Path(os.devnull).open("r+b") as nothing:
        null = nothing.fileno()
        with pytest.raises(SandboxError, match="No such file"):
            broken.enclose(project).start(["/bin/true"], env={}, stdin=null, stdout=null, stderr=null)


def test_the_network_is_open_only_when_the_user_opens_it(namespaces):
    code = "import os; print(len(os.listdir('/proc/sys/net/ipv4/conf')))"
    closed = int(namespaces.run(code).out)
    namespaces.opened[0].close()
    namespaces.opened.clear()
    namespaces.project = replace(namespaces.project, network=True)
    assert int(namespaces.run(code).out) >= closed
    host = str(Path("/proc/self/ns/net").readlink())
    assert namespaces.run("import os; print(os.readlink('/proc/self/ns/net'))").out == host


def test_an_environment_in_the_tree_cannot_be_changed_nor_replaced(namespaces, tree):
    environment = tree / "env" / ".venv"
    site = environment / "lib" / "site-packages"
    site.mkdir(parents=True)
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (site / "library.py").write_text("x")
    (tree / "vendored" / "site-packages").mkdir(parents=True)
    python, vendored = str(environment / "bin" / "python"), str(tree / "vendored" / "site-packages")
    namespaces.having(python=python, sys_path=(str(site), vendored, str(tree)))

    assert namespaces.attempt("open('new', 'w'); open(sys.argv[1]).read()", str(site / "library.py")) == "done"
    for folder in (site, environment / "bin", vendored):
        assert namespaces.attempt("open(sys.argv[1] + '/library.py', 'w')", str(folder)) == "OSError"
    for folder in (environment, environment.parent):
        assert namespaces.attempt("import os; os.rename(sys.argv[1], 'away')", str(folder)) == "OSError"
