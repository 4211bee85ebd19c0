"""The `codemode` command: reads its arguments and hands over; what each subcommand needs is imported only for it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_codemode.core.errors import CodemodeError

ERROR = 2
INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit status: its own, 2 for what the user can act on, 130 after Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(words)
        sys.stdout.flush()
    except CodemodeError as problem:
        _complain(str(problem))
        return ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader left, as in `codemode runs list | head`; Python would fail once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _run(words: list[str]) -> int:  # noqa: PLR0911  # one return a command
    if words[:1] == ["doctor"]:  # has its own parser
        from pytest_codemode.cli.doctor import run as doctor  # noqa: PLC0415  # see the module's first line

        return doctor(words[1:])
    if words[:1] == ["localise"]:  # what it does not know is pytest's
        from pytest_codemode.cli.localise import read  # noqa: PLC0415
        from pytest_codemode.cli.localise import run as localise  # noqa: PLC0415

        wanted = read(words[1:])
        return localise(_recover(wanted.rootdir), wanted)
    if words[:1] == ["ci"]:  # likewise
        from pytest_codemode.cli.ci import main as ci  # noqa: PLC0415

        return ci(words[1:])
    arguments = _parser().parse_args(words)
    if arguments.command == "version":
        from pytest_codemode import __version__  # noqa: PLC0415

        print(f"pytest-codemode {__version__}")
        return 0
    rootdir = _recover(arguments.rootdir)
    if arguments.command == "serve":
        from pytest_codemode.cli.serve import run as serve  # noqa: PLC0415

        return serve(rootdir, arguments)
    if arguments.command == "exec":
        from pytest_codemode.cli.execute import run as execute  # noqa: PLC0415

        return execute(rootdir, arguments)
    from pytest_codemode.cli.runs import run as runs  # noqa: PLC0415

    return runs(rootdir, arguments)


def _recover(given: Path | None) -> Path:
    """Settle a write that was killed, if there is one, and return the project's root."""
    from pytest_codemode.cli.root import find_root  # noqa: PLC0415
    from pytest_codemode.worktree.tree import recover  # noqa: PLC0415

    rootdir = find_root(given)
    if (sentence := recover(rootdir)) is not None:
        _complain(sentence)
    return rootdir


def _complain(sentence: str) -> None:
    from pytest_codemode.report.writer import harmless  # noqa: PLC0415

    print(f"codemode: {harmless(sentence)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="codemode", description="The tools beside `pytest --codemode-fix`.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("doctor", help="show which ways of isolation work here, and how to get the others")
    serve = commands.add_parser(
        "serve", help="serve the repair of the project and its sandbox to an MCP client on stdin and stdout"
    )
    serve.add_argument("--project", type=Path, metavar="FILE", help="the project as JSON, instead of the one here")
    serve.add_argument("--allow-write", action="store_true", help="let the client have proven patches written")
    _sandbox_options(serve)
    execute = commands.add_parser("exec", help="run a Python program in the sandbox")
    execute.add_argument("file", nargs="?", default="-", metavar="FILE", help="the program; - for standard input")
    execute.add_argument("-c", dest="code", metavar="CODE", help="the program as text")
    execute.add_argument("--timeout", type=float, metavar="SECONDS", help="end it after this long, with status 124")
    _sandbox_options(execute)
    commands.add_parser("localise", help="run the tests in the sandbox and show where the fault may be")
    commands.add_parser("ci", help="run the tests of a change in the sandbox and propose patches, in a CI job")
    runs = commands.add_parser("runs", help="look at earlier repairs, apply or revert their patches")
    _root_option(runs)
    actions = runs.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="every run that is kept, oldest first")
    for name, text in (
        ("show", "the report of a run"),
        ("report", "write the report of a run as a page to look at, or in another format"),
        ("diff", "the patch of a run as a unified diff"),
        ("apply", "write the patch of a run to the tree"),
        ("revert", "take the patch of a run back"),
        ("resume", "go on with a run that was interrupted, killed, or out of budget"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument(
            "id", metavar="ID", help="the run, by a unique beginning or end of its id; last: the latest"
        )
        if name == "report":
            action.add_argument(
                "--output", metavar="PATH", help="instead of a page beside the run; the suffix says the format"
            )
            action.add_argument("--open", action="store_true", help="show it in the browser")
        if name == "resume":
            action.add_argument(
                "--budget", default="", metavar="SPEC", help="as --codemode-budget, over all parts of the run together"
            )
    commands.add_parser("version", help="show the version")
    return parser


def _root_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rootdir", type=Path, metavar="DIR", help="root of the project (default: found from here)")


def _sandbox_options(parser: argparse.ArgumentParser) -> None:
    _root_option(parser)
    parser.add_argument("--python", metavar="PATH", help="the project's interpreter (default: the one of codemode)")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL", help="as --codemode-sandbox (default: auto)")
    parser.add_argument("--network", action="store_true", help="let the code use the network")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="as --codemode-limit: what the code may use, as memory=1g; repeatable",
    )


if __name__ == "__main__":
    sys.exit(main())
