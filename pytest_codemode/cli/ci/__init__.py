"""`codemode ci`: the repair of a change in continuous integration, and the publication of what it proposes."""

from __future__ import annotations

from collections.abc import Sequence


def main(words: Sequence[str]) -> int:
    """Run `codemode ci` or `codemode ci publish` and return the exit status; each imports only what it needs."""
    if list(words[:1]) == ["publish"]:
        # The standard library alone: the job that may write installs nothing.
        from pytest_codemode.cli.ci.publish import main as publish  # noqa: PLC0415

        return publish(words[1:])
    from pytest_codemode.cli.ci.arguments import read  # noqa: PLC0415
    from pytest_codemode.cli.ci.command import run  # noqa: PLC0415

    return run(read(words))
