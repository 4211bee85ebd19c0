"""Print parts of `docs/` from the code: `python -m bench.tables options|policy|operators|report-schema`."""

from __future__ import annotations

import sys
from difflib import unified_diff
from itertools import groupby

from bench.report_schema import report_schema
from pytest_codemode.edits.policy import RULES
from pytest_codemode.options.table import describe_options
from pytest_codemode.proposers.search.operator import Example, Operator
from pytest_codemode.proposers.search.table import OPERATORS


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
A constant that was wrong may be put right, also to the very value that the test asserts: `special-cased` refuses only
what brings an answer to the test's input (a new condition, table or return, another limit), not a number or text in
the place of another one where nothing else changes. Such a patch is marked `literal-from-assertion`.

## Known limits

What honest repairs do as well cannot be refused; such patches rank last and are marked "look twice":

- a text of the assertion that is put together from pieces (`f"{name}: 12.05"`);
- an answer that is kept in a file of the module's own and read again (`opens-files`);
- a comparison that comes from elsewhere (`__eq__ = agree`, a descriptor) or is loosened (`overrides-comparison`);
- random numbers that are seeded, warnings that are switched off, a `ValueError` that is dropped.

Not seen at all: wrong code that happens to satisfy the tests, such as a formula that fits the given inputs only.
"""


def operators() -> str:
    """Return docs/operators.md."""
    parts = []
    for family, members in groupby(sorted(OPERATORS, key=_family), key=_family):
        rows = "\n\n".join(_operator(operator) for operator in members)
        parts.append(f"## {family}\n\n{rows}")
    return _OPERATORS + "\n\n".join(parts) + "\n\n" + _MORE_OPERATORS


def _family(operator: Operator) -> str:
    return operator.family


def _operator(operator: Operator) -> str:
    facts = f"Serves: {operator.serves}. Prior {operator.prior:g}."
    return f"### `{operator.name}`\n\n{operator.matches} {facts}\n\n```diff\n{_change(operator.example)}\n```"


def _change(example: Example) -> str:
    lines = unified_diff(example.before.splitlines(), example.after.splitlines(), lineterm="", n=1)
    shown = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    failure = example.failure
    what = f"{failure.left} == {failure.right}" if failure.left else f"{failure.exception}: {failure.message}"
    return "\n".join([f"# {what}".rstrip(": "), *shown])


_OPERATORS = """\
# What the search tries

The embedded search changes the suspicious places of a program in the ways below; no model, no network. Each operator
is one way to change a statement, small enough to be judged by the thousand. Where several apply, the suspiciousness of
the place, the prior (how often real fixes are of the kind, over how many ideas the operator has at one place) and the
failure itself say what is tried first: an exception names what is wrong, actual and expected value show by what they
differ, recorded values which of them only failing tests saw. Weights have no unit; they are only compared.

Each operator says which class of real fixes it serves. Counts are from the literature and from the 70 real bugs that
this project is developed on: TSSB-3M (Richter and Wehrheim 2022, three million single-statement fixes of Python
projects), PySStuBs (Kamienski et al. 2021), BugsInPy (Widyasari et al. 2020), PyTER (Oh and Oh 2022), and the
patterns of Pan, Kim and Whitehead (2009). Each example is a test: from the old code and the failure in
its first line, the operator makes the new code.

What is never made up: a branch on an input of the test, or an answer copied from it. Values of the assertion steer, as
in `texts.aligned`, but what is written is a change of what the program has. Deletion comes last of all, and behind the
rest comes a condition that is replaced by a constant.

"""

_MORE_OPERATORS = """\
## Operators of your own

A package can add operators. It names a module in the entry point group `codemode`:

```toml
[project.entry-points.codemode]
rules = "codemode_shop.rules"
```

and that module gives them by a hook:

```python
import ast

from pytest_codemode.proposers.search.extensions import hookimpl
from pytest_codemode.proposers.search.operator import Operator, wrong


def cents(site):
    \"\"\"A price becomes cents.\"\"\"
    for node in site.expressions:
        if isinstance(node, ast.Name) and node.id == "price":
            yield site.replace(node, "in_cents(price)", weight=1.0)


BEFORE = "def f(price):\\n    return price\\n"


@hookimpl
def codemode_operators():
    example = wrong(BEFORE, ("return price", "return in_cents(price)"), left="2", right="200")
    return [Operator("shop.cents", 0.6, cents, serves="prices that stayed in units", example=example)]
```

`pytest --codemode-fix --codemode-operators codemode-shop` uses them. Operators run in the engine, outside the sandbox:
only packages that you name on the command line are loaded, and never one that lies in the tree under repair.
"""


if __name__ == "__main__":
    tables = {"options": options, "policy": policy, "operators": operators, "report-schema": report_schema}
    if len(sys.argv) != 2 or sys.argv[1] not in tables:
        sys.exit(f"usage: python -m bench.tables {'|'.join(tables)}")
    sys.stdout.write(tables[sys.argv[1]]())
