"""How a table of SQL is declared: its name, what a row is, every column with its meaning, its scope, how it is made."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from eventlog.views import ViewColumn, event_columns, events_sql, kind_columns, view_sql

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlog.catalogue.event import Event
    from townlet.asking.run_tables import Material


class Scope(StrEnum):
    """The time that a table is about."""

    EVENTS = "events, of the ticks that are asked for"
    TICKS = "rows by tick, of the ticks that are asked for"
    HISTORY = "the whole history before the tick"
    TOWN = "the town as of the tick"
    SUMMARY = "a summary as of the tick"
    MAP = "the map, the same at every tick"


TIMED: Final = frozenset({Scope.EVENTS, Scope.TICKS})
"""The scopes of tables of which only the ticks that a query asks for are made."""

UNSETTLED: Final = frozenset({Scope.TOWN, Scope.SUMMARY})
"""The scopes of tables whose rows say something else at a later tick."""


class Column(NamedTuple):
    """A column: its DuckDB type, its meaning with unit and range, and what NULL means ("": it is never NULL)."""

    name: str
    type: str
    meaning: str
    null: str = ""

    @property
    def whole_meaning(self) -> str:
        """The meaning, and what NULL means."""
        return f"{self.meaning}; NULL: {self.null}" if self.null else self.meaning


RUN: Final = Column("run", "VARCHAR", "name of the run's folder")
"""The first column of every table where many runs are asked."""


@dataclass(frozen=True)
class Table:
    """A table that is made of a run.

    `exported` says whether an export to DuckDB has it.
    """

    name: str
    meaning: str
    scope: Scope
    make: "Callable[[Material], pa.Table]"
    columns: tuple[Column, ...]
    exported: bool = False


@dataclass(frozen=True)
class EventView:
    """A view over the log's columns: of one kind of event, as the catalogue declares it, or of all (None)."""

    kind: "type[Event] | None"

    @property
    def name(self) -> str:
        """The name of the kind in SQL."""
        return self.kind.snake() if self.kind else "events"

    @property
    def meaning(self) -> str:
        """What one event of the kind says."""
        return " ".join((self.kind.__doc__ or "").split()) if self.kind else "Everything that happened, of all kinds."

    @property
    def scope(self) -> Scope:
        """Views show events."""
        return Scope.EVENTS

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns as they are for one run."""
        return tuple(Column(each.name, each.type, each.meaning, each.null) for each in self.sources(side=1))

    def sources(self, side: int | None) -> tuple[ViewColumn, ...]:
        """The columns with their SQL, on a ground `side` tiles wide; None: of many runs."""
        return kind_columns(self.kind, side) if self.kind else event_columns(side)

    def sql(self, side: int | None, wanted: Collection[str] | None) -> str:
        """The statement that creates the view with the wanted columns (None: all)."""
        return view_sql(self.kind, side, wanted) if self.kind else events_sql(side, wanted)


def texts(*columns: tuple[str, str] | tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns of text: name, meaning, and what NULL means."""
    return tuple(Column(name, "VARCHAR", *said) for name, *said in columns)


def whole(*columns: tuple[str, str] | tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns of whole numbers: name, meaning, and what NULL means."""
    return tuple(Column(name, "BIGINT", *said) for name, *said in columns)


def real(*columns: tuple[str, str] | tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns of numbers: name, meaning, and what NULL means."""
    return tuple(Column(name, "DOUBLE", *said) for name, *said in columns)


def with_number(name: str, meaning: str, null: str = "") -> tuple[Column, ...]:
    """Somebody or something by name and by number: the columns `name` and `name_id`."""
    return *texts((name, meaning, null)), *whole((f"{name}_id", f"number of {name}", null))


TILE: Final = whole(
    ("tile", "number of the tile: row x the width of the ground + column"),
    ("row", "row of the tile, from 0 at the top"),
    ("col", "column of the tile, from 0 at the left"),
)
"""Where something lies on the map."""
