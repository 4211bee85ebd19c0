"""Every option in one table, and how it gets into pytest's parser. Each plain pytest run imports this module.

Each option is a command line flag `--codemode-NAME` and an ini value `codemode_NAME`; the command line wins over the
ini file, the ini file over the default. What loosens the sandbox or the policy, sends code away or spends money must
come from the user (see `launch.consent`): a checked-out repository cannot open its own fence. Nothing but secrets is
read from the environment, and those not here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import pytest

LEVELS = ("auto", "namespaces", "landlock", "none")
PROPOSERS = ("auto", "search", "claude")
PROTOCOLS = ("auto", "tools", "react")
CONFIRMS = ("suite", "affected")


class Option(NamedTuple):
    """One row of the table (a tuple: every pytest run makes this class, a dataclass takes 0.4 ms longer)."""

    name: str
    """As in `--codemode-NAME`."""
    kind: Literal["bool", "string", "int", "float", "args"]
    """pytest's name of the ini type; `args` is repeatable on the command line."""
    metavar: str
    help: str

    @property
    def flag(self) -> str:
        """The command line flag."""
        return f"--codemode-{self.name}"

    @property
    def ini(self) -> str:
        """The name of the ini value, and of pytest's own attribute."""
        return f"codemode_{self.name.replace('-', '_')}"


TABLE = (
    Option("fix", "bool", "", "repair the failing tests: proven patches are written to the working tree"),
    Option(
        "diff",
        "bool",
        "",
        "as --codemode-fix, but leave the tree alone: print the diff and keep the patch; the same for --codemode-cover",
    ),
    Option(
        "cover", "bool", "", "write tests for uncovered lines and branches, each one proven, beside the existing tests"
    ),
    Option(
        "target",
        "args",
        "TARGET",
        "with --codemode-cover: what to write tests for, a path, a package or module, or module:function; repeatable "
        "(default: the project's own packages)",
    ),
    Option(
        "since",
        "string",
        "REF",
        "with --codemode-cover: only lines that changed since this git revision, as origin/main, or that are not "
        "committed yet",
    ),
    Option(
        "proposer",
        "args",
        "LIST",
        "where patches (or inputs of tests) come from, in order: auto (search, then claude if --codemode-model is "
        "given), search, claude, replay:FILE, or several with commas (default: auto)",
    ),
    Option(
        "model",
        "string",
        "NAME",
        "model that is asked for patches (or inputs of tests) where the search has found none, as "
        "claude-sonnet-5-5, bedrock:NAME or vertex:NAME; source code is then sent to its "
        "provider; from the command line alone (default: none)",
    ),
    Option(
        "base-url",
        "string",
        "URL",
        "gateway or local server that speaks the Messages API; from the command line alone (default: the provider's)",
    ),
    Option(
        "escalate",
        "string",
        "NAME",
        "stronger model that takes over where --codemode-model gets no further; from the command line alone",
    ),
    Option(
        "protocol",
        "string",
        "HOW",
        f"how the model is spoken to: {', '.join(PROTOCOLS)}; react is plain text, for models and gateways without "
        "tool use (default: auto, what the model can)",
    ),
    Option(
        "alternatives",
        "bool",
        "",
        "ask the model for a second patch once one passes the tests, and keep the better one",
    ),
    Option(
        "batch",
        "bool",
        "",
        "ask the model by Message Batches: half the price, answers may take hours; a run that is cut off is resumed by "
        "the same command (give it time: --codemode-budget time=12h)",
    ),
    Option(
        "price",
        "string",
        "SPEC",
        "price of the model in US dollars per million tokens, as in=2,out=10,cache-read=0.2,cache-write=2.5 "
        "(default: the known price of the model)",
    ),
    Option(
        "budget",
        "string",
        "SPEC",
        "when to stop: time=10m, candidates=20k and, for a model, usd=1, tokens=500k, requests=40; any of them with "
        "commas, none for no limit; what is not named keeps its default (default: time=10m,usd=1,candidates=20k)",
    ),
    Option(
        "sandbox",
        "string",
        "LEVEL",
        f"where patched code runs: {', '.join(LEVELS)}; none is unprotected, "
        "and taken from the command line alone (default: auto, the best that works here)",
    ),
    Option("workers", "int", "N", "candidates judged at a time (default: one for each usable processor)"),
    Option(
        "editable",
        "args",
        "GLOB",
        "files that patches may touch, relative to rootdir, as 'src/**/*.py'; repeatable (default: project files that "
        "a failing test executed, without tests and configuration)",
    ),
    Option(
        "allow",
        "args",
        "RULE",
        "switch off a rule of the policy that patches must pass, by the name that a refusal gives; repeatable; "
        "from the command line alone",
    ),
    Option(
        "operators",
        "args",
        "DISTRIBUTION",
        "installed package whose repair operators the search uses too; repeatable; its code runs outside the sandbox; "
        "from the command line alone",
    ),
    Option(
        "confirm",
        "string",
        "WHAT",
        "what proves the patches in the end: suite (the whole selection) or affected (the tests that execute the "
        "changed code) (default: suite)",
    ),
    Option(
        "test-timeout",
        "float",
        "SECONDS",
        "end a test that takes longer; in the plain run pytest-timeout goes first if it is in use (default: 60)",
    ),
    Option(
        "python",
        "string",
        "PATH",
        "interpreter of the repair engine, with pytest-codemode installed, as --codemode-python=PATH; "
        "from the command line alone (default: this)",
    ),
    Option(
        "env",
        "args",
        "NAME",
        "environment variable that tests may see although it looks like a secret; repeatable; from the command line "
        "alone",
    ),
    Option(
        "mount",
        "args",
        "PATH",
        "further file or folder that tests may read in the sandbox; repeatable; from the command line alone",
    ),
    Option(
        "limit",
        "args",
        "NAME=VALUE",
        "what code may use in the sandbox, as memory=1g or cpu=30: test-time, run-time, cpu (seconds of processor time "
        "a test), run-cpu, memory, processes, open-files, file-size, disk, output; repeatable; above the default only "
        "from the command line",
    ),
    Option("network", "bool", "", "let tests use the network in the sandbox; from the command line alone"),
    Option(
        "report",
        "args",
        "PATH",
        "write a report in the format of its suffix: .json, .md, .html, .sarif or .codequality.json; repeatable",
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Add the command line options and their ini values to pytest's parser."""
    group = parser.getgroup("codemode", "repair of failing tests (codemode)")
    for option in TABLE:
        if option.kind == "bool":
            group.addoption(option.flag, action="store_true", default=None, dest=option.ini, help=option.help)
        else:
            action = "append" if option.kind == "args" else "store"
            group.addoption(
                option.flag, action=action, default=None, dest=option.ini, metavar=option.metavar, help=option.help
            )
        parser.addini(option.ini, f"{option.help} (as {option.flag})", type=option.kind, default=None)


def describe_options() -> list[tuple[str, str, str]]:
    """Return (flag with its metavar, ini name, help) of each option."""
    return [(f"{row.flag} {row.metavar}".strip(), row.ini, row.help) for row in TABLE]


def find(name: str) -> Option:
    """Return the row of `--codemode-NAME`."""
    return next(row for row in TABLE if row.name == name)
