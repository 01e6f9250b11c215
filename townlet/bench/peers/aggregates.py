"""Keeps a town's events with eventsourcing: an aggregate for each resident, in its SQLite store.

It uses eventsourcing's defaults: JSON, SQLite in WAL mode, no snapshots, no cache. Import this only where eventsourcing
is installed.
"""

import time
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from eventlog.rows import Rows

COLUMNS = ("tick", "kind", "other", "object", "tile", "code", "code2", "value", "cause")


class Resident(Aggregate):
    """A resident. It folds less of its events than a town does: tick, tile, and the sum of values."""

    def __init__(self, seat: int) -> None:
        self.seat = seat
        self.tick = 0
        self.tile = 0
        self.happened = 0
        self.total = 0.0

    @event("Happened")
    def happen(
        self, tick: int, kind: int, other: int, object: int, tile: int, code: int, code2: int, value: float, cause: int
    ) -> None:
        """An event with the columns of a town's row."""
        self.tick = tick
        self.tile = tile
        self.happened += 1
        if value == value:  # not NaN
            self.total += value


class Residents(Application[UUID]):
    """The residents of one town."""


def append_to_eventsourcing(folder: Path, parts: list[Rows]) -> float:
    """The seconds of saving: the events of each commit are one `save`, a transaction. Making them does not count."""
    app, taken, _ = _recorded_residents(folder, parts)
    app.close()
    return taken


def fold_by_eventsourcing(folder: Path, parts: list[Rows]) -> float:
    """The seconds of rebuilding every resident from its events with the repository."""
    app, _, residents = _recorded_residents(folder, parts)
    began = time.perf_counter()
    folded = [app.repository.get(resident) for resident in residents]
    taken = time.perf_counter() - began
    app.close()
    happened = sum(resident.happened for resident in folded if isinstance(resident, Resident))
    assert happened == sum(map(len, parts)), "eventsourcing folded other events than it was given"
    return taken


def _recorded_residents(folder: Path, parts: list[Rows]) -> tuple[Residents, float, list[UUID]]:
    folder.mkdir(parents=True, exist_ok=True)
    app = Residents({"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "residents.sqlite")})
    residents = {int(seat): Resident(int(seat)) for part in parts for seat in sorted(set(part["agent"].tolist()))}
    app.save(*residents.values())
    taken = 0.0
    for part in parts:
        for one in zip(*(part[name].tolist() for name in ("agent", *COLUMNS)), strict=True):
            residents[one[0]].happen(*one[1:])
        began = time.perf_counter()
        app.save(*residents.values())
        taken += time.perf_counter() - began
    return app, taken, [resident.id for resident in residents.values()]
