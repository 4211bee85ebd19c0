import json
import platform

import pytest

from pytest_codemode.cli import doctor
from pytest_codemode.cli.doctor import Diagnosis, as_json, render
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.sandbox.isolation.choose import LEVELS, Finding
from pytest_codemode.sandbox.isolation.landlock import Landlock
from pytest_codemode.sandbox.isolation.unfenced import Unfenced

HELD = Capabilities(private_writes=True, no_network=True, memory_limit=True)
FINDINGS = (
    Finding("namespaces", None, "user namespaces are not available: unshare: Operation not permitted", "a sysctl"),
    Finding("landlock", Landlock(HELD)),
    Finding("none", Unfenced()),
)
FALLEN_BACK = Diagnosis({"python": "3.11.7", "kernel": "Linux " + "6" * 80}, FINDINGS, "landlock", ("disk is open",))
HELPLESS = Diagnosis({"python": "3.11.7"}, (Finding("landlock", None, "no Landlock", "Linux 5.13"),), "", ())


def test_the_text_says_what_works_what_does_not_and_what_helps():
    assert (
        render(FALLEN_BACK, colour=False)
        == """\
python       3.11.7
kernel       Linux 66666666666666666666666666666666666666666

level        works
namespaces   no
landlock     yes   chosen
none         yes   only if asked for

held by               landlock        none
private writes             yes          no
hidden proc                 no          no
no network                 yes          no
no unix sockets             no          no
no signals out              no          no
process limit               no          no
memory limit               yes          no
disk limit                  no          no

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
