"""`codemode ci`: the repair of a change in continuous integration, and the publication of what it proposes."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_codemode.core.errors import ConfigError


def main(words: Sequence[str]) -> int:
    """Run `codemode ci` or `codemode ci publish` and return the exit status; each imports only what it needs."""
    if list(words[:1]) == ["publish"]:
        # The standard library alone: the job that may write installs nothing.
        from pytest_codemode.cli.ci.publish import main as publish  # noqa: PLC0415

        return publish(words[1:])
    from pytest_codemode.cli.ci.arguments import read  # noqa: PLC0415
    from pytest_codemode.cli.ci.command import refused, run  # noqa: PLC0415

    try:
        wanted = read(words)
    except ConfigError as problem:
        return refused(str(problem))
    except SystemExit as end:
        if not end.code:  # the help
            raise
        return refused("an option cannot be read; the log says which")
    return run(wanted)
