"""Forty-eight people with room for two ties each: who has to go, and who is not let in, by the rows of tie_changes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from eventlog.rows import Rows
from projections.riders.tie_table import TieChanges
from tests.projections.histories import ledger_of
from tests.projections.riders.test_tie_changes import follow
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.living.town import Town

PEOPLE, CAPACITY, ADMISSION = 48, 2, 0.2
DAY, HOUR = 1440, 60
SIDES = ("trust", "familiarity", "rivalry")
MIXED = {"trust": 0.25, "familiarity": 0.05, "rivalry": 0.25}
"""Much, for better and for worse, which makes no impression."""

FADING = {"trust": 0.98, "familiarity": 0.9, "rivalry": 0.94}
"""Hours count: what was the larger tie at noon can be the smaller one at night."""

Row = dict[str, Any]
Sides = tuple[float, float, float]


@dataclass
class Tie:
    """A tie as its rows tell it: its value after the last one, and when that was."""

    since: int
    sides: Sides
    told: int  # the last row about it
    hour: int  # how many hours of the town had passed by then


class Ledgers:
    """Everybody's ties in plain Python, from the rows of tie_changes and nothing else."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.ties: dict[int, dict[int, Tie]] = {}
        self.seen: Counter[str] = Counter()
        self._later = list(later_rows(rows))

    def happen(self, index: int) -> None:
        """One row; whatever it decides must be rightly decided."""
        row = self.rows[index]
        held = self.ties.setdefault(row["owner"], {})
        decides = {"removed": self._removed, "added": self._added, "refused": self._refused}.get(row["change"])
        if decides:
            decides(index, row, held)
            self.seen[row["reason"] or row["change"]] += 1
        if row["change"] == "removed":
            del held[row["other"]]
        elif row["change"] != "refused":
            since = held[row["other"]].since if row["other"] in held else row["tick"]
            after_hour = row["change"] == "decayed"  # the others come before the end of their tick
            held[row["other"]] = Tie(since, sides(row, "after"), index, (row["tick"] + after_hour) // HOUR)
        assert len(held) <= CAPACITY, row

    def _removed(self, index: int, row: Row, held: dict[int, Tie]) -> None:
        """Only for want of room is anybody pushed out, by one who made an impression, and then it is the weakest."""
        if row["reason"] not in ("capacity", "command"):
            return
        newcomer = self.rows[index + 1]
        assert (newcomer["change"], newcomer["owner"], newcomer["seq"]) == ("added", row["owner"], row["seq"]), row
        given = newcomer["kind"] == "tie_set"
        assert given == (row["reason"] == "command"), row
        assert given or impact(newcomer) > ADMISSION, newcomer
        assert len(held) == CAPACITY, row
        sizes = {other: sum(map(abs, self._now(tie, row["tick"]))) for other, tie in held.items()}
        assert row["other"] == min(held, key=lambda other: (sizes[other], held[other].since, other)), (row, sizes)

    def _added(self, index: int, row: Row, held: dict[int, Tie]) -> None:
        assert row["other"] not in held and len(held) < CAPACITY, row

    def _refused(self, index: int, row: Row, held: dict[int, Tie]) -> None:
        """Nobody is refused who is known, for whom there is room, or who made an impression."""
        assert row["other"] not in held and len(held) == CAPACITY, row
        assert impact(row) <= ADMISSION, row

    def _now(self, tie: Tie, tick: int) -> Sides:
        """What a tie is at a tick: its next row says by how much an hour has lessened it."""
        later = self._later[tie.told]
        if later is None or later["change"] != "decayed":
            return tie.sides
        left = tie.sides
        for _ in range(tick // HOUR - tie.hour):
            left = tuple(value * share for value, share in zip(left, sides(later, "retention"), strict=True))
        return left


def later_rows(rows: list[Row]) -> Iterator[Row | None]:
    """For each row the next one of the same tie."""
    last: dict[tuple[int, int], Row] = {}
    found: list[Row | None] = []
    for row in reversed(rows):
        found.append(last.get((row["owner"], row["other"])))
        last[row["owner"], row["other"]] = row
    return reversed(found)


def sides(row: Row, name: str) -> Sides:
    return row[f"{name}_trust"], row[f"{name}_familiarity"], row[f"{name}_rivalry"]


def impact(row: Row) -> float:
    """The impression that an event makes on its owner, who is this person."""
    trust, familiarity, rivalry = sides(row, "adjusted")
    return abs(trust + familiarity - rivalry)


@cache
def settings_of(modifiers: bool) -> Settings:
    """Two districts in which hardly anybody can keep whom they know."""
    return load(
        {
            "town": {"map": "district", "repeat": [2, 1], "capacity": "large", "people": PEOPLE},
            "features": {"relationship_modifiers": modifiers},
            "relationships": {
                "capacity": CAPACITY,
                "admission": ADMISSION,
                "deltas": {"queue_handover": MIXED, "chat_succeeded": MIXED},
                "hourly_retention": FADING,
            },
            "life": {"initial_ties": {"mode": "random", "density": 0.2}},
        }
    ).settings


@pytest.mark.parametrize(
    ("modifiers", "days"),
    [
        pytest.param(True, 1, id="personal"),
        pytest.param(True, 2, marks=pytest.mark.slow, id="personal, for longer"),
        pytest.param(False, 2, marks=pytest.mark.slow, id="everybody alike"),
    ],
)
def test_nobody_is_pushed_out_or_kept_out_without_a_reason(modifiers: bool, days: int) -> None:
    town = Town([settings_of(modifiers)])
    rider = TieChanges(Town(town.settings, plans=town.plans).towns, town.plans)
    for rows in lived(town, days):
        rider.fold(rows)
    rows: list[Row] = rider.tables()["tie_changes"].to_pylist()
    ledgers = Ledgers(rows)
    for index in range(len(rows)):
        ledgers.happen(index)

    told = {(owner, other): tie for owner, held in ledgers.ties.items() for other, tie in held.items()}
    assert {key: (tie.since, *tie.sides) for key, tie in told.items()} == ledger_of(town.towns)
    assert follow(rows, turns=[]) == {key: tie.sides for key, tie in told.items()}
    assert ledgers.seen["capacity"] == town.record["clock"]["ties_evicted"]
    assert min(ledgers.seen[decision] for decision in ("capacity", "command", "refused", "added")) > 30


def lived(town: Town, days: int) -> Iterator[Rows]:
    """A town's life by hours; at the end of each, no ledger holds more than it can."""
    yield town.found(7)
    for _ in range(days * DAY // HOUR):
        yield from town.live(HOUR)
        assert np.count_nonzero(town.record["agents"]["ties"]["known"], axis=1).max() == CAPACITY
