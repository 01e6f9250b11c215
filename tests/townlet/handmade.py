"""Runs made by hand: four people in a kitchen, minutes in which nothing happens, and the events that a test gives."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eventlog.catalogue import KIND_CODES
from eventlog.rows import MISSING, MISSING_VALUE, ROW, Rows
from townlet.configuration.load import Resolved, load
from townlet.living.loop import new_log
from townlet.living.town import Town
from townlet.run import Run

DAY = 1440
KITCHEN = {"town": {"map": "kitchen", "people": 4}, "life": {"initial_ties": {"mode": "none"}}}

Event = tuple[int, str, dict[str, Any]]
"""Its tick, its kind, and the columns that are not missing; `cause` says how many events back the cause lies."""


def run_of(into: Path, events: Sequence[Event], days: int = 2, settings: Mapping[str, object] | None = None) -> Run:
    """A closed run of so many days, with these events beside the minutes; `settings` are dotted keys."""
    resolved = load(KITCHEN, settings or {})
    with new_log(resolved, 7, into, durability="never") as writer:
        writer.commit(rows_of(resolved, events, days), expected_seq=0)
    return Run(into)


def rows_of(resolved: Resolved, events: Sequence[Event], days: int) -> Rows:
    """The founding of a town, and so many days of minutes and these events."""
    founding = Town([resolved.settings]).found(7)
    minutes: list[Event] = [(tick, "tick_ended", {}) for tick in range(days * DAY)]
    midnights: list[Event] = [((day + 1) * DAY - 1, "day_ended", {}) for day in range(days)]
    told = sorted([*events, *minutes, *midnights], key=lambda event: event[0])
    rows = np.concatenate([founding, [row_of(kind, tick, columns) for tick, kind, columns in told]])
    rows["seq"] = np.arange(len(rows))
    return rows


def row_of(kind: str, tick: int, columns: dict[str, Any]) -> np.void:
    """One row; its number is given later."""
    row = np.zeros((), ROW)
    for name in ("agent", "other", "tile", "object", "code", "code2"):
        row[name] = columns.get(name, MISSING)
    for name in ("value", "value2"):
        row[name] = columns.get(name, MISSING_VALUE)
    row["cause"] = columns.get("cause", 0)
    row["tick"], row["kind"] = tick, KIND_CODES[kind]
    return row[()]
