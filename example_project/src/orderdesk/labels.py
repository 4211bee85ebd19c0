"""Labels for parcels: what is printed on them, and how they lie on sheets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from orderdesk.orders import Order

HEAVY_G = 10_000
_POSTCODE = re.compile(r"[1-9]\d{3}[A-Za-z]{2}")
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


class Service(Enum):
    """How a parcel travels."""

    STANDARD = "standard"
    EXPRESS = "express"
    PICKUP = "pickup"


_MARKS = {Service.STANDARD: "S", Service.EXPRESS: "X"}


@dataclass(frozen=True)
class Label:
    """What is printed for one parcel."""

    number: str
    lines: tuple[str, ...]
    weight_g: int
    service: Service = Service.STANDARD

    @property
    def is_heavy(self) -> bool:
        """Whether two people have to carry the parcel."""
        return self.weight_g > HEAVY_G


class Sheet:
    """A sheet of sticky labels, filled from the top."""

    def __init__(self, rows: int = 8) -> None:
        if rows < 1:
            raise ValueError(f"a sheet has at least one row, not {rows}")
        self._rows = rows
        self._labels: list[Label] = []

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def free(self) -> int:
        """How many labels it still takes."""
        return self._rows - len(self._labels)

    def put(self, label: Label) -> bool:
        """Take a label and tell whether there was room for it."""
        if not self.free:
            return False
        self._labels.append(label)
        return True


def label_for(order: Order, service: Service = Service.STANDARD) -> Label:
    """Return the label of an order's parcel; a gift says so in its last line."""
    lines = order.customer.address
    if order.gift:
        lines = (*lines, "GIFT")
    return Label(order.number, lines, order.weight_g, service)


def service_mark(service: Service) -> str:
    """Return the letter that is printed for a service."""
    return _MARKS.get(service)


def tidy_postcode(text: str) -> str:
    """Write a postcode as the post office reads it.

    >>> tidy_postcode("1012 AB")
    '1012 AB'
    >>> tidy_postcode("1012ab")
    '1012 AB'

    Raises:
        ValueError: it is no postcode.
    """
    compact = "".join(text.split())
    if _POSTCODE.fullmatch(compact) is None:
        raise ValueError(f"not a postcode: {text!r}")
    return f"{compact[:4]} {compact[4:]}"


def format_weight(grams: int) -> str:
    """Write a weight so that `parse_weight` reads it again.

    >>> format_weight(250)
    '250 g'
    >>> format_weight(2100)
    '2.100 kg'

    Raises:
        ValueError: it is negative.
    """
    if grams < 0:
        raise ValueError(f"a parcel cannot weigh {grams} g")
    kilos, rest = divmod(grams, 1000)
    if not kilos:
        return f"{rest} g"
    return f"{kilos}.{rest} kg" if rest else f"{kilos} kg"


def parse_weight(text: str) -> int:
    """Read a weight in grams.

    >>> parse_weight("250 g")
    250
    >>> parse_weight("2.1 kg")
    2100

    Raises:
        ValueError: the text is no weight.
    """
    match = re.fullmatch(r"(\d+)(?:\.(\d{1,3}))? ?(kg|g)", text.strip())
    if match is None or (match[2] and match[3] == "g"):
        raise ValueError(f"not a weight: {text!r}")
    whole = int(match[1])
    return whole * 1000 + int((match[2] or "").ljust(3, "0")) if match[3] == "kg" else whole


def mean_weight_g(labels: Sequence[Label]) -> int:
    """Return the mean weight of parcels in whole grams, rounded down."""
    return sum(label.weight_g for label in labels) // len(labels)


def shorten(text: str, width: int = 32) -> str:
    """Return a line that fits a label; where it is cut, it ends in two dots.

    >>> shorten("Assam Mangalam", 10)
    'Assam Ma..'
    """
    if width < 3:
        raise ValueError(f"{width} columns are too few")
    return text if len(text) <= width else text[: width - 2].rstrip() + ".."


def tracking_number(serial: int, country: str = "NL") -> str:
    """Return the number under which the post office follows a registered parcel.

    Eight digits and one that is worked out from them stand between `RR` and the country.
    """
    if not 0 <= serial < 10**8:
        raise ValueError(f"{serial} has not eight digits")
    digits = f"{serial:08d}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS)) % 11
    check = {0: 5, 1: 0}.get(rest, 11 - rest)
    return f"RR{digits}{check}{country}"


def sheets(labels: Iterable[Label], rows: int = 8) -> Iterator[Sheet]:
    """Yield sheets with the labels in their order; only the last one may have room left."""
    sheet = Sheet(rows)
    for label in labels:
        if not sheet.put(label):
            yield sheet
            sheet = Sheet(rows)
            sheet.put(label)
    if len(sheet):
        yield sheet


@contextmanager
def print_job(queue: list[str], name: str) -> Iterator[list[str]]:
    """Collect lines for the printer; they are queued together, or not at all where something is raised."""
    lines: list[str] = []
    yield lines
    if lines:
        queue.append(f"begin {name}")
        queue.extend(lines)
        queue.append("end")
