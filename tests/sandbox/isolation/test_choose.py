import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.sandbox.isolation.choose import LEVELS, choose, choose_level, examine, missing


def works(level):
    return examine(level).isolation is not None


def test_auto_takes_the_best_level_that_works():
    if not (works("namespaces") or works("landlock")):
        with pytest.raises(SandboxError, match="--codemode-sandbox=none"):
            choose_level("auto")
    elif works("namespaces"):
        assert choose_level("auto").level == "namespaces"
    else:
        assert choose_level("auto").level == "landlock"
        assert any("namespaces is not in force" in note for note in choose_level("auto").notes)


@pytest.mark.parametrize("level", ["namespaces", "landlock"])
def test_a_forced_level_is_that_level_or_an_error_with_the_reason(level, project):
    if works(level):
        assert choose(replace(project, level=level)).level == level
    else:
        with pytest.raises(SandboxError, match=f"--codemode-sandbox={level}: .*what helps"):
            choose(replace(project, level=level))


@pytest.mark.parametrize(("level", "needs"), [("container", "podman or docker"), ("seatbelt", "sandbox-exec")])
def test_levels_that_are_not_offered_say_what_they_need(level, needs):
    with pytest.raises(SandboxError, match=needs):
        choose_level(level)


def test_an_unknown_level_is_refused_with_the_choice():
    with pytest.raises(SandboxError, match=f"auto, {', '.join(LEVELS)}"):
        choose_level("vault")


def test_namespaces_hold_what_their_name_promises(namespaces):
    assert set(missing(namespaces.isolation)) <= {"process_limit"}


def test_landlock_tells_what_it_does_not_hold(landlock):
    held = landlock.isolation.capabilities
    assert held.private_writes
    assert held.private_metadata
    assert held.no_network
    assert held.no_unix_sockets
    assert not held.disk_limit
    assert any("disk" in note for note in landlock.isolation.notes)


def test_without_a_fence_the_canary_gets_through(place_at):
    held = place_at("none").isolation.capabilities
    assert not any((held.private_writes, held.private_metadata, held.hidden_proc, held.no_network))
    assert not any((held.no_unix_sockets, held.no_signals_out))


def test_an_open_network_is_reported_as_open(namespaces):
    isolation = choose_level("namespaces", network=True)
    assert not isolation.capabilities.no_network
    assert isolation.capabilities.no_unix_sockets


def test_a_canary_runs_once_in_a_process():
    assert examine("namespaces") is examine("namespaces")


def test_missing_names_every_capability_that_is_false(landlock):
    nothing = replace(landlock.isolation, capabilities=Capabilities())
    assert missing(nothing) == tuple(field.name for field in fields(Capabilities))
    assert "no_network" not in missing(nothing, network=True)


WITHOUT_NAMESPACES = """
import os
from pytest_codemode.worker import syscalls
uid, gid = os.getuid(), os.getgid()
syscalls.unshare(syscalls.CLONE_NEWUSER)
for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
    open(f"/proc/self/{name}", "w").write(text)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
"""
WITHOUT_LANDLOCK = """
import struct
from pytest_codemode.worker import seccomp, syscalls
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
lines = ((0x20, 0, 0, 0), (0x15, 0, 1, 444), (6, 0, 0, 0x50000 | 38), (6, 0, 0, 0x7FFF0000))
seccomp.install(b"".join(struct.pack("=HBBI", *line) for line in lines))
"""
WITH_A_LISTENER = """
import json
from pytest_codemode.sandbox.isolation.choose import examine
from pytest_codemode.worker import seccomp, syscalls
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
listener = seccomp.install_notifying(seccomp.notifying_program([999]))
found = examine("landlock").isolation
print(json.dumps([found.capabilities.private_writes, found.capabilities.private_metadata, *found.notes]))
"""
CHOOSE = """
import json
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation.choose import choose_level
try:
    chosen = choose_level("auto")
    print(json.dumps([chosen.level, *chosen.notes]))
except SandboxError as problem:
    print(json.dumps(["refused", str(problem)]))
"""


def on_a_machine(setting, then=CHOOSE):
    """What `auto` says on a machine that is made poorer by `setting` first."""
    code = setting + then
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_without_user_namespaces_auto_falls_back_and_says_why(namespaces, landlock):
    level, *notes = on_a_machine(WITHOUT_NAMESPACES)
    assert level == "landlock"
    assert notes[0].startswith("namespaces is not in force: user namespaces are not available: unshare: ")
    assert "sysctl" in notes[0]


def test_where_a_listener_is_in_force_landlock_works_and_says_what_it_does_not_hold(landlock):
    writes, metadata, *notes = on_a_machine("", then=WITH_A_LISTENER)
    assert (writes, metadata) == (True, False)
    assert any("another seccomp listener" in note for note in notes)


def test_without_landlock_namespaces_are_still_taken(namespaces):
    assert on_a_machine(WITHOUT_LANDLOCK)[0] == "namespaces"


def test_without_either_auto_refuses_and_names_the_remedy_of_each(namespaces):
    refused, reason = on_a_machine(WITHOUT_NAMESPACES + WITHOUT_LANDLOCK)
    assert refused == "refused"
    for remedy in ("sysctl user.max_user_namespaces", "lsm=landlock", "--codemode-sandbox=none"):
        assert remedy in reason
