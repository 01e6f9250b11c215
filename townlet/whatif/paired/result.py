"""What paired futures found: tables, the sentence that answers, and the runs that a pair can be written as."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from townlet.many.statistics import benjamini_hochberg
from townlet.notebook import html_of
from townlet.whatif.guided.sides import Sides
from townlet.whatif.paired import drawing, keeping, telling
from townlet.whatif.paired.direct import Direct
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.treatments import Intervention

if TYPE_CHECKING:
    from townlet.history.history import History

FALSE_MOST: Final = 0.05
"""The share of false discoveries among the effects that are called certain, on average at most."""


@dataclass(frozen=True, eq=False)
class WhatIf:
    """The effects of an intervention: what the towns with it have more than those without it.

    - `effects`: a row for each outcome and day, see `asking.effects_table`
    - `pairs`: a row for each pair of futures, see `asking.pairs_table`; `change` is how much the outcome that answers
      differs at the end
    - `instead`: what came instead of a deed that was held back; `direct`: what the event did to ties at once
    - `names`: the two people whom the intervention is about, None: nobody
    - `sides`: by whom people live in control and in treated towns
    - `asked`: the outcomes that were asked for in SQL
    """

    place: str
    intervention: Intervention
    wish: Wish
    ticks_per_day: int
    names: tuple[str | None, ...]
    sides: Sides
    direct: list[Direct]
    effects: pa.Table
    pairs: pa.Table
    instead: pa.Table
    asked: tuple[str, ...]
    run: "History" = field(repr=False)

    _repr_html_ = html_of

    def at_the_end(self) -> pa.Table:
        """The effects at the end of the last day."""
        return self.effects.filter(pc.equal(self.effects["day"], self.wish.days))

    def certain(self) -> list[dict[str, Any]]:
        """The effects at the end that are not luck; `FALSE_MOST` of them err on average at most.

        The clearest come first, but those last that fewer than half of the pairs have.
        """
        rows = [row for row in self.at_the_end().to_pylist() if row["p"] is not None]
        adjusted = benjamini_hochberg([row["p"] for row in rows])
        found = [row for row, p in zip(rows, adjusted, strict=True) if p <= FALSE_MOST and row["mean"]]
        return sorted(found, key=lambda row: (2 * row["pairs"] < self.wish.pairs, _width(row)))

    def effect(self, outcome: str, person: str | None = None, other: str | None = None) -> list[dict[str, Any]]:
        """The rows of one outcome, a day each."""
        wanted = (outcome, person, other)
        return [
            row for row in self.effects.to_pylist() if (row["outcome"], row["person"], row["other"]) == wanted
        ]  # fmt: skip

    def answer(self) -> str:
        """The answer in a sentence or two."""
        return telling.answer(self)

    def lines(self) -> list[str]:
        """The answer, how it was found, and the clearest effects, for people."""
        return telling.lines(self)

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values, without the rows of `pairs`."""
        return telling.as_json(self)

    def plot(self, into: Path | str, picture: str = "effects") -> None:
        """Draw one of `drawing.PICTURES` into a PNG or SVG file.

        `effects`: the clearest effects over the days; `people`: whose ties are changed at the end; `parting`: when the
        pairs part, and by what. Raises QueryError, OSError.
        """
        drawing.draw(self, Path(into), picture)

    def keep(self, into: Path | str, pairs: int) -> list[tuple[Path, Path]]:
        """Write the first `pairs` pairs as runs in a folder; see `keeping.keep`."""
        return keeping.keep(self, Path(into), pairs)


def _width(row: dict[str, Any]) -> float:
    """How wide an effect's interval is, as a share of the effect."""
    return float((row["high"] - row["low"]) / abs(row["mean"]))
