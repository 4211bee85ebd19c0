"""Working days, closures and delivery dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True, order=True)
class Period:
    """Days from the first to the last, both included."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def days(self) -> int:
        """How many days it takes."""
        return (self.end - self.start).days + 1


def merge_periods(periods: Iterable[Period]) -> list[Period]:
    """Join periods that overlap or follow on one another without a gap; the result is in order of time."""
    ordered = sorted(periods)
    merged = ordered[:1]
    for before, after in zip(ordered, ordered[1:]):
        if after.start <= before.end + ONE_DAY:
            merged[-1] = Period(before.start, after.end)
        else:
            merged.append(after)
    return merged


def is_working_day(day: date, closures: Iterable[Period] = ()) -> bool:
    """Tell whether the shop works on a day: not at the weekend and not during a closure."""
    if day.weekday() >= SATURDAY:
        return False
    return not any(day in closure for closure in closures)


def add_working_days(day: date, count: int, closures: Iterable[Period] = ()) -> date:
    """Return the day so many working days after `day`, which itself does not count."""
    closed = tuple(closures)
    while count > 0:
        day += ONE_DAY
        if is_working_day(day, closed):
            count -= 1
    return day


def working_days_between(start: date, end: date, closures: Iterable[Period] = ()) -> int:
    """Count the working days after `start` up to and including `end`."""
    closed = tuple(closures)
    span = (end - start).days
    days = (start + ONE_DAY * offset for offset in range(1, span + 1))
    return sum(is_working_day(day, closed) for day in days)


def days_late(due: date, delivered: date, closures: Iterable[Period] = ()) -> int:
    """Return by how many working days a delivery came after the day it was due; none if it was in time."""
    return working_days_between(delivered, due, closures)


def delivery_date(placed_on: date, weight_g: int, closures: Iterable[Period] = ()) -> date:
    """Return when a parcel arrives: two working days after the order, three if it weighs more than 10 kg."""
    lead = 3 if weight_g > 10_000 else 2
    return add_working_days(placed_on, lead, closures)


def last_friday(year: int, month: int) -> date:
    """Return the last Friday of a month, the day on which the accounts are closed."""
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last = first_of_next - ONE_DAY
    return last - ONE_DAY * ((last.weekday() - 4) % 7)
