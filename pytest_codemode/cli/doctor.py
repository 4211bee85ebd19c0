"""`codemode doctor`: try every mechanism of isolation on this machine and tell what works, what is missing, and why.

Each level is started with a canary in it, a program that tries what must not work: its findings are the table.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.sandbox.isolation import binary
from pytest_codemode.sandbox.isolation.choose import LEVELS, Finding, choose_level, examine
from pytest_codemode.worker import landlock

WIDTH = 60
"""Columns of the output, at most."""

_SYSTEM_PATH = "/usr/bin:/usr/local/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin"
_TRIED = {
    "private_writes": "create or change files outside",
    "private_metadata": "change modes, times, owners outside",
    "hidden_proc": "see other processes in /proc",
    "no_network": "reach TCP and UDP sockets outside",
    "no_unix_sockets": "reach sockets by path and by name",
    "no_signals_out": "end a process outside",
    "process_limit": "fork more than allowed",
    "memory_limit": "map more than allowed",
    "disk_limit": "fill more disk than allowed",
}
_FENCED = ("container", "namespaces", "landlock", "seatbelt")
_GREEN, _RED, _PLAIN = "\033[32m", "\033[31m", "\033[0m"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found on this machine."""

    versions: dict[str, str]
    findings: tuple[Finding, ...]
    """One for each level, best first."""
    chosen: str
    """The level that `auto` takes; empty if there is none."""
    notes: tuple[str, ...]
    """What the chosen level does not hold."""

    @property
    def safe(self) -> bool:
        """Whether foreign code can be fenced in here without being asked for less."""
        return self.chosen in _FENCED


def run(argv: Sequence[str]) -> int:
    """Print the diagnosis and return the exit status: 0 if foreign code can be fenced in here."""
    parser = argparse.ArgumentParser(prog="codemode doctor", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    diagnosis = diagnose()
    text = json.dumps(as_json(diagnosis), indent=2) if options.json else render(diagnosis, colour=sys.stdout.isatty())
    print(text)
    return 0 if diagnosis.safe else 1


def diagnose() -> Diagnosis:
    """Run the canary of every level; takes about a second."""
    findings = tuple(examine(level) for level in LEVELS)
    try:
        isolation = choose_level("auto")
    except SandboxError:
        return Diagnosis(_versions(), findings, "", ())
    notes = next(f.isolation.notes for f in findings if f.level == isolation.level and f.isolation is not None)
    return Diagnosis(_versions(), findings, isolation.level, notes)


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the diagnosis as JSON types."""
    return {
        "versions": diagnosis.versions,
        "chosen": diagnosis.chosen,
        "notes": list(diagnosis.notes),
        "tried": _TRIED,
        "levels": [
            {
                "level": finding.level,
                "works": finding.isolation is not None,
                "reason": finding.reason,
                "remedy": finding.remedy,
                "capabilities": dataclasses.asdict(finding.isolation.capabilities) if finding.isolation else None,
            }
            for finding in diagnosis.findings
        ],
    }


def render(diagnosis: Diagnosis, *, colour: bool) -> str:
    """Return the diagnosis as text of at most `WIDTH` columns (escape sequences not counted)."""
    versions = [line for name, value in diagnosis.versions.items() for line in _wrapped(f"{name:<12} {value}", 13)]
    tables = [_levels(diagnosis, colour), _capabilities(diagnosis, colour), _canary(diagnosis)]
    blocks = [versions, *tables, *_advice(diagnosis), _verdict(diagnosis)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _levels(diagnosis: Diagnosis, colour: bool) -> list[str]:
    lines = [f"{'level':<12} works"]
    for finding in diagnosis.findings:
        mark = _mark(finding.isolation is not None, colour, "<5")
        extra = (
            "chosen" if finding.level == diagnosis.chosen else "only if asked for" if finding.level == "none" else ""
        )
        lines.append(f"{finding.level:<12} {mark} {extra}".rstrip())
    return lines


def _capabilities(diagnosis: Diagnosis, colour: bool) -> list[str]:
    working = [finding for finding in diagnosis.findings if finding.isolation]
    if not working:
        return []
    lines = [f"{'held by':<18}" + "".join(f"{finding.level:>12}" for finding in working)]
    for field in dataclasses.fields(Capabilities):
        held = [getattr(finding.isolation.capabilities, field.name) for finding in working if finding.isolation]
        marks = "".join(_mark(holds, colour, ">12") for holds in held)
        lines.append(f"{field.name.replace('_', ' '):<18}{marks}")
    return lines


def _canary(diagnosis: Diagnosis) -> list[str]:
    """Return what was tried for each line of the table before."""
    if not any(finding.isolation for finding in diagnosis.findings):
        return []
    return [
        "tried by the canary, in vain where it says yes",
        *(f"{field.name.replace('_', ' '):<18}{_TRIED[field.name]}" for field in dataclasses.fields(Capabilities)),
    ]


def _advice(diagnosis: Diagnosis) -> list[list[str]]:
    """Return a paragraph for each level that does not work, and one for each note."""
    blocks = []
    for finding in diagnosis.findings:
        if finding.isolation is None:
            blocks.append(_wrapped(f"{finding.level}: {finding.reason}. What helps: {finding.remedy}."))
    return blocks + [_wrapped(f"note: {note}.") for note in diagnosis.notes]


def _verdict(diagnosis: Diagnosis) -> list[str]:
    if diagnosis.safe:
        return _wrapped(f"Foreign code will run at level {diagnosis.chosen}.")
    return _wrapped("Foreign code cannot be fenced in here. --codemode-sandbox=none runs it without a fence.")


def _wrapped(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def _mark(holds: bool, colour: bool, width: str) -> str:
    word = format("yes" if holds else "no", width)
    return f"{_GREEN if holds else _RED}{word}{_PLAIN}" if colour else word


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "pytest": _version("pytest"),
        "codemode": _version("pytest-codemode"),
        "kernel": f"{platform.system()} {platform.release()}",
        "landlock": f"ABI {landlock.abi()}" if platform.system() == "Linux" and landlock.abi() else "none",
        "bubblewrap": _bubblewrap(),
    }


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _bubblewrap() -> str:
    try:
        found = binary.find()
    except SandboxError as problem:
        return f"none that can be used: {problem}"
    passed_over = "" if found.origin == "system" else _passed_over()
    return f"{found.version} ({found.origin}){passed_over}"


def _passed_over() -> str:
    """Tell of the system's bubblewrap that is not used."""
    system = shutil.which("bwrap", path=_SYSTEM_PATH)
    if system is None:
        return ""
    try:
        done = subprocess.run([system, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return f"; {system} does not run"
    version = re.search(r"\d+(?:\.\d+)+", done.stdout)
    wanted = ".".join(map(str, binary.MINIMUM))
    return f"; {system} is {version.group() if version else 'of no known version'}, and {wanted} is needed"
