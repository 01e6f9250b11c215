"""One town in memory. It is founded from a seed, restored from a checkpoint, or folded from events."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from projections.record import tables
from projections.record.sanity import is_sane
from projections.record.state import CLASSES, state_bytes, town_type
from projections.refusing import bad_event
from projections.town.fold import fold_rows
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings
from townlet.errors import ConfigurationError, OutboxFull
from townlet.living.outbox import ROWS_A_PERSON, ROWS_BESIDE

if TYPE_CHECKING:
    from townlet.living.deciding import Decider


class Town:
    """One town and the plans of its epochs. `towns` is an array with one record of `town_type`.

    `notes` are the texts of events that are recorded and not yet taken, by seq: those of commands.

    People live by the script, or as `decider` says where there is one.
    """

    decider: "Decider | None" = None

    def __init__(
        self, settings: Sequence[Settings], towns: np.ndarray | None = None, plans: np.ndarray | None = None
    ) -> None:
        """`settings` are the resolved settings of each epoch; `towns` is a restored record, or None for an empty one.

        `plans` may be the plans of another town with the same settings: they are only read.
        """
        self.settings = tuple(settings)
        self.shape = CLASSES[self.settings[0].town.capacity]
        if plans is None:
            plans = compiled_plans(self.settings)
        self.plans = plans
        self.towns = np.zeros(1, town_type(self.shape)).view(np.recarray) if towns is None else towns
        self.notes: dict[int, str] = {}
        places = int(self.plans["layout"]["places"][0])
        self.reserve = ROWS_A_PERSON * self.settings[0].town.people + places + ROWS_BESIDE

    @property
    def record(self) -> Any:
        """The town's record."""
        return self.towns.view(np.ndarray)[0]

    @property
    def tick(self) -> int:
        """The number of ticks lived. Every event of an earlier tick is folded."""
        return int(self.record["clock"]["tick"])

    @property
    def seq(self) -> int:
        """The number of the next event."""
        return int(self.record["clock"]["seq"])

    @property
    def people(self) -> int:
        """How many people are alive."""
        return int(self.record["clock"]["people"])

    def set_seed(self, seed: int) -> None:
        """Set the seed of all draws. The seed is not part of the state."""
        from townlet.rules import draw

        draw.set_seed(self.towns, 0, seed)

    def found(self, seed: int) -> np.ndarray:
        """Found the town; returns the rows of its founding. Raises OutboxFull, TownletError."""
        found_town(self.settings[0], self.towns, self.plans, 0, seed)
        return self.take_rows()

    def live(self, ticks: int) -> Iterator[np.ndarray]:
        """Live `ticks` ticks; yields the rows of some whole ticks at a time, in order. Raises OutboxFull."""
        from townlet.living import day

        left = ticks
        while left > 0:
            if self.decider is None:
                lived = int(day.live(self.towns, self.plans, left, self.reserve))
            else:
                lived = self.decider.live(self, left)
            if lived == 0:
                raise OutboxFull(f"the outbox of {self.shape.rows} rows has no room for a tick of {self.people} people")
            rows = self.take_rows()
            left -= lived
            yield rows

    def take_rows(self) -> np.ndarray:
        """A copy of the rows in the outbox, which is then emptied. Raises OutboxFull."""
        cursor = self.towns["cursor"]
        if cursor["overflow"][0]:
            raise OutboxFull(
                f"a tick at or before {self.tick} recorded more than the {self.shape.rows} events that a town of "
                f"capacity {self.shape.name} can hold; nothing of it was written. Lower town.people"
            )
        rows = np.array(self.record["outbox"][: int(cursor["pending"][0])])
        cursor["pending"][0] = 0
        return rows

    def take_notes(self, rows: np.ndarray) -> dict[int, str]:
        """The notes of these rows, by seq, which are then no longer kept."""
        taken = {seq: note for seq, note in self.notes.items() if len(rows) and seq <= int(rows["seq"][-1])}
        for seq in taken:
            del self.notes[seq]
        return taken

    def fold(self, chunks: Iterable[np.ndarray]) -> None:
        """Fold recorded rows, in order. Raises BadEvent for one that cannot have happened; those before are folded."""
        for chunk in chunks:
            rows = np.ascontiguousarray(chunk).view(np.recarray)
            folded = fold_rows(self.towns, self.plans, 0, rows)
            if folded < len(rows):
                raise bad_event("the town", rows[folded], self.towns, self.plans)

    def state_digest(self) -> str:
        """sha256 of the state's bytes, in hex."""
        return hashlib.sha256(state_bytes(self.towns)).hexdigest()

    def tables(self) -> dict[str, pa.Table]:
        """The state as a checkpoint keeps it, with its digest."""
        kept = tables.tables(self.record)
        kept["digest"] = pa.table({"state_digest": [self.state_digest()]})
        return kept


def compiled_plans(settings: Sequence[Settings]) -> Any:
    """The plans for these settings: an array with one record an epoch."""
    return np.concatenate([compile_plan(each) for each in settings]).view(np.recarray)


def found_town(settings: Settings, towns: np.ndarray, plans: np.ndarray, index: int, seed: int) -> None:
    """Found the town `towns[index]`, which is all zeros. Raises ConfigurationError if the map has too few beds."""
    from townlet.living import founding
    from townlet.rules import draw

    draw.set_seed(towns, index, seed)
    founding.found(towns, plans, index)
    initial = settings.life.initial_ties
    if initial.mode == "list" and initial.ties:
        pairs = np.array([(tie.owner, tie.other) for tie in initial.ties], np.int64)
        sizes = np.array([(tie.trust, tie.familiarity, tie.rivalry) for tie in initial.ties], np.float64)
        founding.give_ties(towns, plans, index, pairs, sizes)
    people = int(towns["clock"]["people"][index])
    if people < settings.town.people:
        raise ConfigurationError(
            f"town.people: the map has beds for {people} people, and the town is to have {settings.town.people}: "
            "lower town.people, or take a larger map (town.map)"
        )


def restored_town(
    settings: Sequence[Settings], kept: Mapping[str, pa.Table], plans: np.ndarray | None = None
) -> Town | None:
    """The town of a checkpoint. `plans` as for `Town`.

    None if its tables are not those of a town, if a town of these settings cannot be in its state, or if the state has
    another digest than the kept one.
    """
    try:
        towns = tables.towns_from_tables(kept, CLASSES[settings[0].town.capacity])
        digest = kept["digest"].column(0)[0].as_py()
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, pa.ArrowException):
        return None
    town = Town(settings, towns, plans)
    return town if town.state_digest() == digest and is_sane(town.record, town.plans.view(np.ndarray)) else None
