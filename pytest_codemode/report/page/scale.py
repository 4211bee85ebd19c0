"""Axes: round numbers between nothing and the most, and where they lie on the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from 0 to `most` on the way from pixel `start` to pixel `end`."""

    most: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the pixel of a value; one beyond the ends lies at an end."""
        share = value / self.most if self.most > 0 else 0.0
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)

    def ticks(self, wanted: int) -> tuple[float, ...]:
        """Return about so many round values, 0 among them."""
        if self.most < 1e-9:
            return (0.0,)
        rough = self.most / wanted
        power = 10.0 ** math.floor(math.log10(rough))
        step = next((power * factor for factor in (1, 2, 5) if power * factor >= rough), power * 10)
        return tuple(step * index for index in range(int(self.most / step + 1e-9) + 1))


def plain(value: float) -> str:
    """Return an axis label, as `0`, `2,000`, `0.05`."""
    return f"{value:,.0f}" if value == round(value) else f"{value:.10f}".rstrip("0")
