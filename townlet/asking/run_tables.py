"""A run as SQL asks it: the columns of its events between two ticks, and what its tables are made from."""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.views import Names
from projections.record.state import CLASSES
from townlet.asking.declared.table import Table
from townlet.asking.key_figures import Query, kpi_tables
from townlet.asking.log_columns import LogColumns
from townlet.asking.query_reading import Window
from townlet.configuration.load import names_table
from townlet.errors import QueryError
from townlet.history.day_counts import day_counts
from townlet.history.kept_tables import known_news, tie_changes
from townlet.history.name_books import view_names
from townlet.history.rewards import rewards
from townlet.history.tie_summaries import Summaries
from townlet.history.town_tables import TownTables
from townlet.policies.decisions import named_decisions
from townlet.telling.story import narrations

if TYPE_CHECKING:
    from townlet.history.history import History, Moment

Queries = Callable[["Source"], AbstractContextManager[Query]]
"""Gives the function that answers queries over one source alone, for as long as the context lasts."""


COUNTED_ABOVE: Final = 1 << 16
"""Above this number of a person the exits are counted that make it possible."""


class Source:
    """One run as of `tick`, with its events from `from_tick` on."""

    def __init__(self, run: "History", from_tick: int | None, at: int | None) -> None:
        """Raises TickOutOfRange, QueryError where nothing can lie between the two, LogDamaged."""
        self.run = run
        self.log = run.log
        last = self.log.head.tick
        self.tick = last if at is None else at
        self.from_tick = from_tick or 0
        run.require(self.tick, self.from_tick)
        if self.from_tick > self.tick:
            raise QueryError(f"nothing can lie from tick {self.from_tick:,} on and before tick {self.tick:,}")
        self.side: int = CLASSES[run.config.town.capacity].side
        self.events = LogColumns(self.log, self.from_tick, self.tick)
        self._fewer = LogColumns(self.log, self.from_tick, self.from_tick)
        self.kpis: dict[str, pa.Table] | None = None  # once they are made

    def columns(self, names: Collection[str], window: Window) -> dict[str, pa.Array]:
        """Columns of the events that lie in a window; of more, where they are held already. Raises LogDamaged."""
        bounds = window.within(self.from_tick, self.tick)
        if bounds == (self.from_tick, self.tick) or self.events.holds(names):
            return self.events.read(names)
        if bounds != (self._fewer.from_tick, self._fewer.to_tick):
            self._fewer = LogColumns(self.log, *bounds)
        return self._fewer.read(names)

    def names(self, persons: int) -> Names:
        """The names of the run's people (the first `persons` of them), places, jobs and affordances.

        A seat begins a new life only when somebody leaves it. So numbers beyond what the exits allow are nobody's.
        """
        if persons > COUNTED_ABOVE:
            seats = CLASSES[self.run.config.town.capacity].agents
            exits = self.events if not self.from_tick else LogColumns(self.log, 0, self.tick)
            persons = min(persons, seats * (1 + len(exits.of(AgentExited.kind, ("agent",))["agent"])))
        return view_names(self.run.config, self.side, range(persons))

    def tables(self, tables: Iterable[Table], window: Window, queries: Queries) -> dict[str, pa.Table]:
        """These tables by name, as of the tick, rewards in a window; the town is folded once for all of them.

        Raises LogDamaged, QueryError.
        """
        material = Material(self, window, queries)
        return {table.name: table.make(material) for table in tables}


class Material:
    """What the tables that one query names are made from: a source, and what is folded once for all of them."""

    def __init__(self, source: Source, window: Window, queries: Queries) -> None:
        self.source = source
        self._window, self._queries = window, queries

    @cached_property
    def moment(self) -> "Moment":
        """The town at the tick, folded."""
        return self.source.run.at(self.source.tick)

    @cached_property
    def town(self) -> TownTables:
        """The tables of the town at the tick."""
        return TownTables(self.moment.town)

    @cached_property
    def summaries(self) -> Summaries:
        """What the ties at the tick sum up to."""
        return Summaries(self.moment)

    def persons(self) -> pa.Table:
        """Everybody who ever lived in the town: `id, name, arrived, left` (NULL: still there)."""
        source = self.source
        events = LogColumns(source.log, 0, source.tick) if source.from_tick else source.events
        came, went = (events.of(kind.kind, ("agent", "tick")) for kind in (AgentArrived, AgentExited))
        left = dict(zip(went["agent"].tolist(), went["tick"].tolist(), strict=True))
        return pa.table(
            {
                "id": pa.array(came["agent"], pa.int64()),
                "name": pa.array(names_table(source.run.config, came["agent"]), pa.string()),
                "arrived": pa.array(came["tick"], pa.int64()),
                "left": pa.array([left.get(person) for person in came["agent"].tolist()], pa.int64()),
            }
        )

    def tie_changes(self) -> pa.Table:
        """The changes of ties between the two ticks."""
        return self._since(tie_changes(self.source.run, self.source.tick))

    def news(self) -> pa.Table:
        """Who came to know of which deed between the two ticks."""
        return self._since(known_news(self.source.run, self.source.tick))

    def narrations(self) -> pa.Table:
        """The entries of the story between the two ticks."""
        return self._since(narrations(self.source.run, self.source.tick))

    def rewards(self) -> pa.Table:
        """What everybody earned in the ticks of the window."""
        return rewards(self.source.run, *self._window.within(self.source.from_tick, self.source.tick))

    def decisions(self) -> pa.Table:
        """What people decided by a policy in the ticks of the window."""
        source = self.source
        bounds = self._window.within(source.from_tick, source.tick)
        return named_decisions(source.run.path, source.run.config, *bounds)

    def days(self) -> pa.Table:
        """The whole days between the two ticks."""
        return day_counts(self.source.run, self.source.from_tick, self.source.tick)

    def kpis(self) -> dict[str, pa.Table]:
        """`kpis` and `kpi_days`, made with queries over this run alone."""
        source = self.source
        if source.kpis is None:
            with self._queries(source) as query:
                source.kpis = kpi_tables(query, source.run.config.town.ticks_per_day, source.from_tick, source.tick)
        return source.kpis

    def _since(self, rows: pa.Table) -> pa.Table:
        """The rows from the first tick on."""
        if not self.source.from_tick:
            return rows
        return rows.filter(pa.array(rows.column("tick").to_numpy() >= self.source.from_tick))
