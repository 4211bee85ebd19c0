"""What is wrong with the module of `example_project` that has no tests, known only here.

It is of the kinds that something else in the code contradicts: an example, an annotation, another function, good sense.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MODULE = "src/orderdesk/labels.py"


@dataclass(frozen=True, slots=True)
class Contradicted:
    """One bug that no test shows, and what contradicts it."""

    kind: str
    """As `core.written.BugKind`."""
    functions: tuple[str, ...]
    """Qualnames of those that may be named: where two do not fit each other, either."""
    call: str
    """How the call ends that may be shown."""
    seeded: str
    """Text as it stands in the module; occurs exactly once."""
    right: str


CONTRADICTED = (
    Contradicted(
        kind="docstring",
        functions=("tidy_postcode",),
        call='tidy_postcode("1012ab")',
        seeded='    compact = "".join(text.split())\n',
        right='    compact = "".join(text.split()).upper()\n',
    ),
    Contradicted(
        kind="annotation",
        functions=("service_mark",),
        call="service_mark(Service.PICKUP)",
        seeded='Service.EXPRESS: "X"}\n',
        right='Service.EXPRESS: "X", Service.PICKUP: "P"}\n',
    ),
    Contradicted(
        kind="round trip",
        functions=("parse_weight", "format_weight"),
        call="",
        seeded='    return f"{kilos}.{rest} kg" if rest else f"{kilos} kg"\n',
        right='    return f"{kilos}.{rest:03d} kg" if rest else f"{kilos} kg"\n',
    ),
    Contradicted(
        kind="exception",
        functions=("mean_weight_g",),
        call="",
        seeded="    return sum(label.weight_g for label in labels) // len(labels)\n",
        right="    return sum(label.weight_g for label in labels) // len(labels) if labels else 0\n",
    ),
)


def put_right(tree: Path) -> None:
    """Put the right texts in the place of the seeded ones in a copy of the project.

    Raises:
        ValueError: a seeded text does not stand there exactly once.
    """
    file = tree / MODULE
    text = file.read_text("utf-8")
    for one in CONTRADICTED:
        if text.count(one.seeded) != 1:
            raise ValueError(f"the seeded text of {one.functions[0]} occurs {text.count(one.seeded)} times")
        text = text.replace(one.seeded, one.right)
    file.write_text(text, "utf-8")
