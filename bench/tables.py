"""Print the tables of `docs/options.md` and `docs/policy.md` from the code: `python -m bench.tables options|policy`."""

from __future__ import annotations

import sys

from pytest_codemode.edits.policy import RULES
from pytest_codemode.options.table import describe_options


def options() -> str:
    """Return docs/options.md."""
    rows = [f"| `{flag}` | `{ini}` | {text} |" for flag, ini, text in describe_options()]
    head = (
        "# Options\n\nThe command line wins over the ini file (`pyproject.toml`, `pytest.ini`, `tox.ini`), "
        "the ini file over the default.\nNothing but secrets is ever read from the environment.\n\n"
        "| option | ini | meaning |\n| --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def policy() -> str:
    """Return docs/policy.md."""
    parts = []
    for severity, text in (
        ("refused", "A patch that one of these rules refuses is not run, or not written:"),
        ("suspicious", 'These rank a patch behind all others, and the report marks it with "look twice":'),
    ):
        rows = [f"| `{rule.name}` | {rule.description} |" for rule in RULES if rule.severity == severity]
        parts.append(
            f"## {severity.capitalize()}\n\n{text}\n\n| rule | what it sees |\n| --- | --- |\n" + "\n".join(rows)
        )
    head = (
        "# A patch cannot cheat\n\nOne policy for every patch, whoever made it, asked before anything runs and again "
        "before anything is\nwritten. Rules compare the old file with the new one: what was there before is never a "
        "finding.\n"
        "`--codemode-allow RULE` switches a rule off; `path-outside-tree` and `not-editable` always hold.\n\n"
    )
    return head + "\n\n".join(parts) + "\n\n" + _LIMITS


_LIMITS = """\
## Known limits

What honest repairs do as well cannot be refused; such patches rank last and are marked "look twice":

- a text of the assertion that is put together from pieces (`f"{name}: 12.05"`);
- an answer that is kept in a file of the module's own and read again (`opens-files`);
- a comparison that comes from elsewhere (`__eq__ = agree`, a descriptor) or is loosened (`overrides-comparison`);
- random numbers that are seeded, warnings that are switched off, a `ValueError` that is dropped.

Not seen at all: wrong code that happens to satisfy the tests, such as a formula that fits the given inputs only.
"""


if __name__ == "__main__":
    sys.stdout.write({"options": options, "policy": policy}[sys.argv[1]]())
