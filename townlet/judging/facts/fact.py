"""A fact: one row of the table of facts, with its source, its band, and how a town's figure is found.

A fact's `sums` turns a town that has lived into a few numbers. Those of many towns are added up, and `figure` makes one
number of the sum: so a median is that of everybody's days, and not a mean of medians.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from townlet.judging.facts.measuring.living import Lived
from townlet.judging.facts.measuring.samples import Real

Unit = Literal["hours", "time", "minutes", "days", "share", "a person-day", "meals a day", "a pair", ""]
"""What a figure counts; a `time` is in hours after midnight, a figure without a unit is a plain number."""

Kind = Literal["must", "may fail", "told"]
"""Whether a fact has to hold, may miss its band by half the bound, or is told beside the others without a band."""


@dataclass(frozen=True)
class Fact:
    """One row of the table.

    `least` and `most` are the band, both ends included, None where there is none. `least_days`, `least_people` and
    `most_people` say in which towns it is measured at all. `reason` says why the town of today misses it, if it does.
    """

    name: str
    what: str
    source: str
    unit: Unit
    kind: Kind
    sums: Callable[[Lived], Real]
    figure: Callable[[Real], float]
    least: float | None = None
    most: float | None = None
    least_days: int = 2
    least_people: int = 2
    most_people: int = 1000
    reason: str = ""


__all__ = ["Fact", "Kind", "Unit"]
