"""A run as SQL asks it: the columns of its events and its tables, between two ticks."""

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.views import Names
from projections.state import CLASSES
from townlet.asking.log_columns import LogColumns
from townlet.asking.query_reading import Window
from townlet.configuration.load import names_table
from townlet.errors import QueryError
from townlet.history.day_counts import day_counts
from townlet.history.name_books import view_names
from townlet.history.rewards import rewards
from townlet.history.tie_summaries import SUMMARIES, Summaries
from townlet.telling.story import narrations

if TYPE_CHECKING:
    from townlet.history.history import History

KPI_TABLES: Final = frozenset({"kpis", "kpi_days"})
OF_THE_LOG: Final = frozenset({"persons", "tie_changes", "narrations", "rewards", "days"}) | KPI_TABLES
"""The tables for which the town at the tick need not be folded."""


class Source:
    """One run as of `tick`, with its events from `from_tick` on."""

    def __init__(self, run: "History", from_tick: int | None, at: int | None) -> None:
        """Raises TickOutOfRange, QueryError where nothing can lie between the two, LogDamaged."""
        self._log = run.log
        last = self._log.head.tick
        self.tick = last if at is None else at
        self.from_tick = from_tick or 0
        run.require(self.tick, self.from_tick)
        if self.from_tick > self.tick:
            raise QueryError(f"nothing can lie from tick {self.from_tick:,} on and before tick {self.tick:,}")
        self.side: int = CLASSES[run.config.town.capacity].side
        self._run = run
        self._events = LogColumns(self._log, self.from_tick, self.tick)
        self._fewer = LogColumns(self._log, self.from_tick, self.from_tick)

    def columns(self, names: Collection[str], window: Window) -> dict[str, pa.Array]:
        """Columns of the events that lie in a window; of more, where they are held already. Raises LogDamaged."""
        bounds = window.within(self.from_tick, self.tick)
        if bounds == (self.from_tick, self.tick) or self._events.holds(names):
            return self._events.read(names)
        if bounds != (self._fewer.from_tick, self._fewer.to_tick):
            self._fewer = LogColumns(self._log, *bounds)
        return self._fewer.read(names)

    def names(self, persons: int) -> Names:
        """What the run calls things; of persons the first so many."""
        return view_names(self._run.config, self.side, range(persons))

    def tables(self, names: Collection[str], window: Window) -> dict[str, pa.Table]:
        """These tables as of the tick, rewards in a window; the town is folded once for all of them.

        Raises LogDamaged, QueryError.
        """
        moment = self._run.at(self.tick) if set(names) - OF_THE_LOG else None
        summaries = None if moment is None else Summaries(moment)
        made: dict[str, pa.Table] = {}
        for name in names:
            if name == "persons":
                made[name] = self._everybody()
            elif name == "tie_changes":
                made[name] = self._tie_changes()
            elif name == "narrations":
                made[name] = self._since(narrations(self._run, self.tick))
            elif name == "rewards":
                made[name] = rewards(self._run, *window.within(self.from_tick, self.tick))
            elif name == "days":
                made[name] = day_counts(self._run, self.from_tick, self.tick)
            elif name in KPI_TABLES:
                made[name] = self._kpis[name]
            elif name in SUMMARIES:
                assert summaries is not None
                made[name] = summaries.table(name)
            else:
                assert moment is not None
                made[name] = moment.table(name)
        return made

    @cached_property
    def _kpis(self) -> dict[str, pa.Table]:
        """The tables of key figures."""
        from townlet.asking.key_figures import kpi_tables

        return kpi_tables(self._run, self.from_tick, self.tick)

    def _everybody(self) -> pa.Table:
        """Everybody who ever lived in the town: `id, name, arrived, left` (NULL: still there)."""
        events = LogColumns(self._log, 0, self.tick) if self.from_tick else self._events
        came, went = (events.of(kind.kind, ("agent", "tick")) for kind in (AgentArrived, AgentExited))
        left = dict(zip(went["agent"].tolist(), went["tick"].tolist(), strict=True))
        return pa.table(
            {
                "id": pa.array(came["agent"], pa.int64()),
                "name": pa.array(names_table(self._run.config, came["agent"]), pa.string()),
                "arrived": pa.array(came["tick"], pa.int64()),
                "left": pa.array([left.get(person) for person in came["agent"].tolist()], pa.int64()),
            }
        )

    def _tie_changes(self) -> pa.Table:
        """The changes of ties between the two ticks."""
        from townlet.history.kept_tables import tie_changes

        return self._since(tie_changes(self._run, self.tick))

    def _since(self, told: pa.Table) -> pa.Table:
        """The rows from the first tick on."""
        if not self.from_tick:
            return told
        return told.filter(pa.array(told.column("tick").to_numpy() >= self.from_tick))
