"""Every rule by name, and what a finding is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["refused", "suspicious"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a patch runs into."""

    rule: str
    """Name in `RULES`."""
    severity: Severity
    sentence: str
    path: str
    line: int = 0
    """1-based line in the new file, 0 where the file as a whole is meant."""


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """What the rules must know of the project."""

    rootdir: str
    """Absolute host path; only for messages, nothing is read there."""
    editable: Callable[[str], bool]
    """Whether a patch may change (or create) a path relative to rootdir."""
    tests: frozenset[str] = frozenset()
    """Paths of test and conftest files."""
    installed: Callable[[str], bool] = lambda _: True
    """Whether the project's interpreter can import a module of that top-level name."""
    assertion_literals: frozenset[str] = frozenset()
    """`repr`s of the constants and literal containers in the failing assertions."""
    test_literals: frozenset[str] = frozenset()
    """Those anywhere in the files of the failing tests: the inputs are among them."""
    symlinks: Callable[[str], bool] = lambda _: False
    """Whether a path is, or lies behind, a symbolic link."""
    disabled_rules: frozenset[str] = frozenset()
    """Names of rules the user has switched off; those in `ALWAYS_ON` stay on."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the documentation and the configuration show it."""

    name: str
    severity: Severity
    description: str


ALWAYS_ON = frozenset({"path-outside-tree", "not-editable"})
"""Rules that guard the user's files rather than the honesty of a patch."""

RULES = (
    Rule("path-outside-tree", "refused", "The path is absolute, climbs out of the project or follows a symbolic link."),
    Rule("protected-file", "refused", "The file is a test, configuration, a snapshot, CI or version control."),
    Rule("not-editable", "refused", "The file is outside the editable set."),
    Rule("shadows-module", "refused", "A new file would be imported in the place of an existing module."),
    Rule("unreadable-source", "refused", "The new file is not valid Python, or nested too deeply to be judged."),
    Rule("skips-tests", "refused", "New code skips tests, expects them to fail or ends the session."),
    Rule("hooks-into-pytest", "refused", "New code defines a pytest hook or one of pytest's module variables."),
    Rule("detects-test-run", "refused", "New code asks whether it runs under a test."),
    Rule("imports-tests", "refused", "New code imports, reads or changes test files."),
    Rule("inspects-stack", "refused", "New code looks at its callers."),
    Rule("imports-dynamically", "refused", "New code uses the primitives of the import system."),
    Rule("executes-code", "refused", "New code compiles or executes text or pickled data as code."),
    Rule("reaches-internals", "refused", "New code reaches into the interpreter: frames, globals, `gc`, `ctypes`."),
    Rule("ends-process", "refused", "New code ends the process, signals it or runs something at its end."),
    Rule("starts-process", "refused", "New code starts a process, or a pool of them."),
    Rule("touches-descriptors", "refused", "New code reads, writes or copies file descriptors by number."),
    Rule("searches-files", "refused", "New code lists or walks through folders in a file that did not."),
    Rule("opens-network", "refused", "New code opens sockets."),
    Rule("patches-foreign-object", "refused", "New code changes an attribute of an imported module or class."),
    Rule("swaps-class", "refused", "New code assigns `__class__`, `__bases__`, `__code__` or their like."),
    Rule("catches-everything", "refused", "A new handler catches BaseException without raising it again."),
    Rule("always-equal", "refused", "A new special method compares without looking at what both objects hold."),
    Rule("disguised-value", "refused", "A new subclass of int, str, list or their like brings its own comparison."),
    Rule("special-cased", "refused", "New code gives the test the value it asserts, and works nothing out."),
    Rule("missing-module", "refused", "A new import names a module that is not installed."),
    Rule("undefined-name", "refused", "New code uses a name that is not defined."),
    Rule("hidden-text", "refused", "New code holds characters by which it is shown in another order than it runs."),
    Rule("literal-from-assertion", "suspicious", "New code holds a value copied from the failing assertion."),
    Rule("swallows-exception", "suspicious", "A new handler drops an exception."),
    Rule(
        "overrides-comparison", "suspicious", "Equality, hashing, truth or membership is overridden, or decided anew."
    ),
    Rule("deletes-code", "suspicious", "Code is deleted rather than changed."),
    Rule("weakens-validation", "suspicious", "A check that raised is gone or can no longer raise."),
    Rule("returns-constant", "suspicious", "A constant is returned where a value was computed."),
    Rule("exits", "suspicious", "A command line program newly ends by `sys.exit`; elsewhere that is `ends-process`."),
    Rule("computed-attribute", "suspicious", "New code computes the name of an attribute that it asks for."),
    Rule("opens-files", "suspicious", "New code opens files in a module that opened none."),
    Rule("silences-warnings", "suspicious", "New code changes which warnings are shown."),
    Rule("seeds-random", "suspicious", "New code seeds the random numbers that everything shares."),
    Rule("reads-environment", "suspicious", "New code reads environment variables."),
    Rule("lookalike-text", "suspicious", "New code holds characters that nobody sees, or letters that look alike."),
    Rule("changes-imported-object", "suspicious", "New code changes an attribute of an imported object."),
)

SEVERITIES: dict[str, Severity] = {rule.name: rule.severity for rule in RULES}


def finding(rule: str, sentence: str, path: str, line: int = 0) -> Finding:
    """Return a finding with the severity of its rule."""
    return Finding(rule, SEVERITIES[rule], sentence, path, line)
