"""Functions that are not called with made-up arguments."""

from __future__ import annotations

import pytest

from pytest_codemode.core.exploring import Described, Parameter
from pytest_codemode.testgen.inputs.generator import unfit

_HEAD = """import os, shutil, subprocess, sys, socket
import urllib.request
from os import remove as delete
from subprocess import run

"""


def _unfit(body, name="work", parameters=("text",)):
    source = f"{_HEAD}def {name}({', '.join(parameters)}):\n    {body}\n\ndef quiet():\n    return input()\n"
    described = Described("a.py", "a", name, 6, parameters=tuple(map(Parameter, parameters)))
    return unfit(described, source)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return input(text)", "reads standard input"),
        ("return sys.stdin.read()", "reads standard input"),
        ("return sys.argv[1:]", "reads the command line"),
        ("os.system(text)", "starts processes"),
        ("return run([text])", "starts processes"),
        ("return subprocess.check_output(text)", "starts processes"),
        ("os.remove(text)", "deletes files"),
        ("delete(text)", "deletes files"),
        ("shutil.rmtree(text)", "deletes files"),
        ("return urllib.request.urlopen(text)", "opens network connections"),
        ("return socket.create_connection((text, 80))", "opens network connections"),
        ("os.kill(int(text), 9)", "ends processes"),
        ("return quiet()", "reads standard input"),
    ],
)
def test_the_reason_is_told(body, reason):
    assert _unfit(body) == reason


@pytest.mark.parametrize(
    "body",
    ["return text.upper()", "return os.path.join(text, text)", "text.remove(1)", "return [].remove(text)", "run = 1"],
)
def test_harmless_functions_are_fit(body):
    assert _unfit(body) == ""


def test_what_deletes_files_is_fit_if_it_takes_a_path():
    assert _unfit("os.remove(path)", parameters=("path",)) == ""


def test_an_entry_point_is_unfit():
    assert _unfit("return text", name="main") == "is a program's entry point"
