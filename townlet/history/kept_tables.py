"""Tables that are folded from a run's log when somebody asks for them, and kept in `derived/<projection>/<maker>/`.

`PROJECTIONS` lists them. The tables of a tick are kept like a checkpoint: with their place in the log, the digest of
the history before it, and the identity of the code that made them. A later tick starts from the nearest kept tables
that belong to the run's history. Kept tables that are damaged, or of another version or another history, are ignored
and folded again. The whole folder `derived` can be deleted at any time.

Each version of a projection keeps its tables in a folder of its own. So a new version folds its tables beside the old
ones, and the old ones are removed when the new ones reach as far.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from eventlog.checkpoints import Checkpoint, CheckpointStore, keep_last_used
from eventlog.folder.belongings import remove_store
from eventlog.folder.manifest import Epoch
from projections.spelling import proposal
from projections.versions import VERSIONS
from townlet.configuration.load import names_table
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.history.narrator import narration_identity, narrator
from townlet.living.identity import news_identity, rider_identity

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History
    from townlet.living.town import Town


TIE_CHANGES: Final = "tie_changes"
NARRATIONS: Final = "narrations"
NEWS: Final = "news"

KEPT: Final = 8
"""How many kept states one projection has at most: those that were asked for last."""

NOT_ITS_OWN: Final = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, pa.ArrowException)
"""What a projection raises that is to restore tables that it did not make."""

Tables = Mapping[str, pa.Table]


class Projection(Protocol):
    """Folds a log into tables. The tables do not depend on how the events are cut into chunks."""

    def fold(self, events: "Rows", /) -> None:
        """Fold the next events. Raises BadEvent for one that it cannot fold."""

    def tables(self) -> Tables:
        """All tables of the projection: those that can be queried, and those that `restore` needs."""

    def restore(self, tables: Tables, /) -> None:
        """Take over the state that `tables` returned earlier."""


@dataclass(frozen=True)
class CatchUp:
    """How a projection is started and recognised.

    `begin(town)` returns a projection that starts at this town and has folded no event yet. `identity(epochs, seq)`
    returns everything, apart from the events, that its tables before event `seq` depend on.
    """

    name: str
    begin: "Callable[[Town], Projection]"
    identity: Callable[[Sequence[Epoch], int], dict[str, str]]

    @property
    def version(self) -> int:
        """The version. It is raised when the same events give other tables; older tables are then folded again."""
        return VERSIONS[self.name]

    def maker(self, epochs: Sequence[Epoch]) -> str:
        """Sixteen hex digits that identify the code that folds the tables; settings do not change them."""
        made_by = {name: value for name, value in self.identity(epochs, 0).items() if name != "epochs"}
        return hashlib.sha256(repr(sorted(made_by.items())).encode()).hexdigest()[:16]


def _tie_changes(town: "Town") -> Projection:
    from projections.riders.tie_table import TieChanges  # brings Numba

    return TieChanges(town.towns, town.plans)


def _narrations(town: "Town") -> Projection:
    return narrator(town)


def _news(town: "Town") -> Projection:
    from projections.riders.known_news import KnownNews  # brings Numba

    return KnownNews(town.towns, town.plans)


PROJECTIONS: Final[Mapping[str, CatchUp]] = MappingProxyType(
    {
        TIE_CHANGES: CatchUp(TIE_CHANGES, _tie_changes, lambda epochs, seq: rider_identity(TIE_CHANGES, epochs, seq)),
        NARRATIONS: CatchUp(NARRATIONS, _narrations, narration_identity),
        NEWS: CatchUp(NEWS, _news, news_identity),
    }
)
"""The projections that are folded on demand, by name."""


class Rebuilt(NamedTuple):
    """The result of `rebuild`: how far the projection is folded, and how its new tables compare with the kept ones.

    `kept` is `equal` or `different` if tables of the same identity were kept at that tick, else `none`. `rows` counts
    the rows of the projection's own table.
    """

    name: str
    version: int
    tick: int
    next_seq: int
    rows: int
    kept: str


def tie_changes(run: "History", tick: int) -> pa.Table:
    """Every change of every tie before `tick`, with its cause: the rider's table, with names of persons.

    `owner` and `other` are names, `owner_id` and `other_id` are numbers. Raises LogDamaged.
    """
    return with_names(run.config, projection_tables(run, TIE_CHANGES, tick)[TIE_CHANGES])


def known_news(run: "History", tick: int) -> pa.Table:
    """Who came to know of which deed before `tick`, with names of persons beside their numbers. Raises LogDamaged."""
    return with_names(run.config, projection_tables(run, NEWS, tick)[NEWS], ("knower", "about", "whom", "teller"))


def with_names(settings: Settings, changes: pa.Table, fields: Sequence[str] = ("owner", "other")) -> pa.Table:
    """The table with the persons of these fields by name, and their numbers beside them; NULL stays NULL."""
    for field in fields:
        place, persons = changes.column_names.index(field), changes.column(field)
        names = pa.array(names_table(settings, persons.fill_null(-1).to_numpy()), pa.string())
        changes = changes.set_column(place, field, names).add_column(place + 1, f"{field}_id", persons)
    return changes


def projection(name: str) -> CatchUp:
    """The projection of this name. Raises QueryError, which lists the known names."""
    if name not in PROJECTIONS:
        raise QueryError(
            f"there is no projection {name!r} that is caught up from a log; {proposal(name, PROJECTIONS, 1)}"
        )
    return PROJECTIONS[name]


def projection_tables(run: "History", name: str, tick: int) -> Tables:
    """The tables of a projection of the events before `tick`: as they are kept, or caught up from what is.

    Raises QueryError for an unknown name, LogDamaged, BadEvent.
    """
    made, kept = projection(name), nearest(run, name, tick)
    if kept is not None and kept.point.tick == tick:
        if store_of(run, name).is_in_place:
            with contextlib.suppress(OSError):
                os.utime(kept.path)
        return kept.tables()
    tables = _tables_at(run, made, tick, kept)
    keep(run, made, tick, tables)
    return tables


def rebuild(run: "History", name: str, tick: int) -> Rebuilt:
    """A projection folded from the first event to `tick`, whatever is kept; when it is whole it takes its place.

    Raises QueryError for an unknown name, LogDamaged, BadEvent, OSError; in each case the kept tables stay.
    """
    made, kept = projection(name), nearest(run, name, tick)
    before = kept.tables() if kept is not None and kept.point.tick == tick else None
    tables = _tables_at(run, made, tick, None)
    _write(run, made, tick, tables)
    said = "none" if before is None else "equal" if equal(before, tables) else "different"
    return Rebuilt(name, made.version, tick, run.log.seq_at(tick), len(tables[name]), said)


def audit_kept(run: "History", name: str, until: int) -> tuple[int, int | None]:
    """At how many ticks, up to `until`, tables of a projection are kept that everybody would go on from, and the first
    of these at which a fold from the first event gives others. Raises LogDamaged, BadEvent."""
    kept = [nearest(run, name, tick) for tick in store_of(run, name).ticks() if tick <= until]
    valid = {each.point.tick: each for each in kept if each is not None}
    if not valid:
        return 0, None
    live, seq = started_projection(run, projection(name), None)
    for tick, each in valid.items():
        for rows in run.log.rows(from_seq=seq, to_tick=tick):
            live.fold(np.ascontiguousarray(rows))
        seq = each.point.seq
        if not equal(each.tables(), live.tables()):
            return len(valid), tick
    return len(valid), None


def equal(a: Tables, b: Tables) -> bool:
    """Whether two states of a projection are the same, table by table."""
    return a.keys() == b.keys() and all(table.equals(b[name]) for name, table in a.items())


def store_of(run: "History", name: str) -> CheckpointStore:
    """The store that keeps the tables of the present version of a projection."""
    return CheckpointStore(run.path, f"derived/{name}/{projection(name).maker(run.epochs)}")


def nearest(run: "History", name: str, tick: int) -> Checkpoint | None:
    """The latest valid kept tables at `tick` or before it: of the present version and of the run's history; or None."""
    identity = projection(name).identity
    return store_of(run, name).nearest(tick, lambda seq: identity(run.epochs, seq), run.log)


def started_projection(run: "History", made: CatchUp, kept: Checkpoint | None) -> "tuple[Projection, int]":
    """A projection as it was kept, or one that has folded nothing; and the number of the event that comes next.

    Kept tables that the projection cannot take over are none of its own, whatever they say of themselves.
    """
    if kept is not None:
        town = run.at(kept.point.tick).town
        fresh = made.begin(town)
        with contextlib.suppress(*NOT_ITS_OWN):
            fresh.restore(kept.tables())
            return fresh, town.seq
    town = run.empty_town()
    return made.begin(town), town.seq


def _tables_at(run: "History", made: CatchUp, tick: int, kept: Checkpoint | None) -> Tables:
    """The tables at a tick, folded on from where they were kept, or from the first event."""
    fresh, seq = started_projection(run, made, kept)
    for rows in run.log.rows(from_seq=seq, to_tick=tick):
        fresh.fold(np.ascontiguousarray(rows))
    return fresh.tables()


def keep(run: "History", made: CatchUp, tick: int, tables: Tables) -> None:
    """Keep the tables. If the folder cannot be written, nothing is kept and they are folded again next time."""
    if not store_of(run, made.name).is_in_place:
        return
    with contextlib.suppress(OSError):
        _write(run, made, tick, tables)


def _write(run: "History", made: CatchUp, tick: int, tables: Tables) -> None:
    """Keep the tables in place of what was kept at that tick. Raises OSError, EventLogError behind a link."""
    store, point = store_of(run, made.name), run.log.point_at(tick)
    store.write(tables, point, made.identity(run.epochs, point.seq))
    keep_last_used(store.path, KEPT)
    _retire_others(store, tick)


def _retire_others(store: CheckpointStore, tick: int) -> None:
    """Remove the folder of each other version that has kept nothing later than `tick`."""
    for other in store.path.parent.iterdir():
        if other != store.path and max(CheckpointStore(other.parent, other.name).ticks(), default=0) <= tick:
            with contextlib.suppress(OSError):
                remove_store(other)
