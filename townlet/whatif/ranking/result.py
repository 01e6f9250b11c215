"""A ranking of events by what each of them changed, for people and for programs."""

from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Final

import pyarrow as pa

from townlet.daytime import time_of
from townlet.notebook import html_of
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.telling import DIGITS, WIDTH
from townlet.whatif.ranking.outcome import Outcome
from townlet.whatif.wording import aligned, days_words

SHOWN: Final = 20
"""How many events a table shows."""

READ: Final = (
    "size: how long the vector of all effects is; as much as if a single one of them were that large. Noise is "
    "subtracted, and a size of 0 is what luck alone gives."
)
"""What the size of an outcome with many numbers is."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Events of a kind and what each of them changed. `ranks`: a row for each, see `each.ranks_table`.

    `events` is how many of the kind the run has; `refused` are those drawn that cannot be held back, each with why.
    """

    place: str
    kind: str
    outcome: Outcome
    wish: Wish
    ticks_per_day: int
    events: int
    refused: dict[int, str]
    ranks: pa.Table

    _repr_html_ = html_of

    @property
    def certain(self) -> int:
        """How many events have an effect that is not luck; 5 in 100 of them err on average at most."""
        return sum(self.ranks["certain"].to_pylist())

    def answer(self) -> str:
        """The answer in a sentence."""
        asked = f"{self.ranks.num_rows} of {self.events:,} events {self.kind} that were asked about"
        if not self.certain:
            return f"None of the {asked} has an effect on {self.outcome.name} that could not be luck."
        first = self.ranks.slice(0, 1).to_pylist()[0]
        when = time_of(first["tick"], self.ticks_per_day)
        return (
            f"Of the {asked}, {self.certain} changed {self.outcome.name}; most of all {first['seq']:,} ({when}), by "
            f"{self._number(first['size'])} after {days_words(self.wish.days)}: {first['event'].rstrip('.')}."
        )

    def lines(self) -> list[str]:
        """The answer and the first events, for people."""
        what = "the length of its effects on" if self.outcome.is_length else "the mean effect of its absence on"
        how = (
            f"Each was held back in {self.wish.pairs} pairs of futures of {days_words(self.wish.days)} with the same "
            f"luck. It is ranked by {what} {self.outcome.name} at the end, if that is certain: of those that are "
            "marked *, on average at most 5 in 100 are luck."
        )
        refused = [f"Not asked: {why}" for why in self.refused.values()]
        notes = [
            *([READ] if self.outcome.is_length else []),
            "low, high: 95 % interval of one event; the largest of many sizes is on average too large.",
        ]
        told = [line for each in (how, *refused[:1]) for line in wrap(each, WIDTH, subsequent_indent="  ")]
        if len(refused) > 1:
            told.append(f"{len(refused) - 1} more cannot be held back either.")
        return [
            *wrap(self.answer(), WIDTH, subsequent_indent="  "),
            "",
            *told,
            "",
            *self._table(),
            *(line for each in notes for line in wrap(each, WIDTH, subsequent_indent="  ")),
        ]

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "run": self.place,
            "kind": self.kind,
            "outcome": self.outcome.name,
            "answer": self.answer(),
            "events": self.events,
            "futures": self.wish.pairs,
            "days": self.wish.days,
            "first_seed": self.wish.first_seed,
            "refused": {str(seq): why for seq, why in self.refused.items()},
            "ranks": self.ranks.to_pylist(),
        }

    def _table(self) -> list[str]:
        """The first events, in aligned columns, with their words at the end."""
        rows = self.ranks.slice(0, SHOWN).to_pylist()
        names = ("size", "low", "high", "q")
        cells = [["rank", "seq", "when", *names, "differ", "", "event"]]
        for row in rows:
            numbers = [self._number(row[name]) for name in names[:3]]
            share = "" if row["differ"] is None else f"{row['differ']:.0%}"
            when = time_of(row["tick"], self.ticks_per_day)
            mark = "*" if row["certain"] else ""
            q = f"{row['q']:.4f}"
            cells.append([str(row["rank"]), str(row["seq"]), when, *numbers, q, share, mark, row["event"]])
        return aligned(cells, left=(len(cells[0]) - 1,))

    def _number(self, value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:.{DIGITS}f}" if self.outcome.is_length else f"{value:+.{DIGITS}f}"
