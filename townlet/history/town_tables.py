"""A town at a tick as tables that people read: agents, ties, objects, queues, shifts, places.

The rows of a table begin with their own `id` and `name`. A row that refers to somebody or something else has `<field>`
with the name and `<field>_id` with the number (NULL: none). A place is called "shower 2 (The Spring)": its kind, its
number among places of this kind in its venue, and the venue. Row and column (`row`, `col`) count from 0, ticks from the
founding.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventlog.catalogue.registries import Option, Reason, Trait
from projections.tables import tables
from projections.town.words import ABSENT, LATE, ON_TIME, POST_SHIFT, PRE_SHIFT
from townlet.configuration.load import names_table
from townlet.configuration.places import place_names
from townlet.configuration.plans import jobs_of, map_of
from townlet.errors import QueryError

if TYPE_CHECKING:
    from townlet.living.town import Town

SHIFT_STATES = {PRE_SHIFT: "pre_shift", ON_TIME: "on_time", LATE: "late", ABSENT: "absent", POST_SHIFT: "post_shift"}
EVERY_DAY = 0b1111111

Columns = dict[str, Any]
Words = Mapping[int, str] | Sequence[str | None]


def view(town: "Town", name: str) -> pa.Table:
    """The table `name` of a town at its tick. Raises QueryError for an unknown name."""
    if name not in VIEWS:
        near = get_close_matches(name, VIEWS, 2)
        asked = f"; did you mean {' or '.join(near)}?" if near else ""
        raise QueryError(f"there is no table {name!r} of a town at a tick{asked} There are: {', '.join(VIEWS)}")
    return VIEWS[name](_Source(town))


class _Source:
    """A town at a tick, and what its tables are read from."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        epoch = int(self.town.record["clock"]["epoch"])
        self.settings = self.town.settings[epoch]
        self.plan = self.town.plans.view(np.ndarray)[epoch]
        self.side = self.town.shape.side
        self.map = map_of(self.settings)
        self.state = tables(self.town.record)
        self.places = place_names(self.map)
        self.agents = self.town.record["agents"]

    def read(self, table: str, column: str) -> np.ndarray:
        """A column of the state as an array; a list column becomes a two-dimensional array."""
        kept = self.state[table].column(column).combine_chunks()
        if isinstance(kept.type, pa.FixedSizeListType):
            # flatten() would import pyarrow.compute
            whole = np.asarray(kept.values).reshape(-1, kept.type.list_size)
            return whole[kept.offset :][: len(kept)]
        return np.asarray(kept)

    def person(self, seats: np.ndarray) -> np.ndarray:
        """The numbers of the persons in these seats; -1 for an empty seat or for no seat."""
        return np.where(seats >= 0, self.agents["person"][seats], -1)

    def people(self, field: str, persons: np.ndarray) -> Columns:
        """Two columns that name persons: `field` with names, `field`_id with numbers."""
        return {field: pa.array(names_table(self.settings, persons), pa.string()), f"{field}_id": _number(persons)}

    def place(self, field: str, objects: np.ndarray) -> Columns:
        """Two columns that name places: `field` with names, `field`_id with numbers."""
        return {field: _word(objects, self.places), f"{field}_id": _number(objects)}

    def tile(self, tiles: np.ndarray) -> Columns:
        """Columns of a tile: its number, its row and column, and its venue."""
        venues = self.plan["layout"]["room"][tiles].astype(np.int64)
        named = _word(venues, [venue.name for venue in self.map.venues])
        return {
            "tile": _number(tiles),
            "row": _number(tiles // self.side),
            "col": _number(tiles % self.side),
            "venue": named,
        }


def _places(source: _Source) -> pa.Table:
    places, venues = source.map.places, source.map.venues
    tiles = np.array([place.row * source.side + place.column for place in places], np.int64)
    return pa.table(
        {
            "id": _number(np.arange(len(places))),
            "name": pa.array(source.places, pa.string()),
            "kind": pa.array([place.kind for place in places], pa.string()),
            "venue_kind": pa.array([venues[place.venue].kind for place in places], pa.string()),
            **source.tile(tiles),
            "waiting_places": _number(np.array([len(place.waiting) for place in places], np.int64)),
        }
    )


def _agents(source: _Source) -> pa.Table:
    def of(column: str) -> np.ndarray:
        return source.read("agents", column)

    persons, home, job = of("person"), of("home"), of("job")
    homes = [source.map.venues[place.venue].name for place in source.map.places]
    asked, busy = of("asked_seq") >= 0, of("doing") >= 0
    deeds = list(source.settings.affordances)
    traits, items = of("traits"), of("items")
    columns: Columns = {
        "id": _number(persons),
        "name": pa.array(names_table(source.settings, persons), pa.string()),
        "seat": _number(of("seat")),
        "arrived": _number(of("arrived")),
        "home": _word(home, homes),
        "bed": _word(home, source.places),
        "bed_id": _number(home),
        **source.tile(of("tile")),
        **{need: pa.array(of(need)) for need in ("hunger", "hygiene", "energy", "wallet", "debt")},
        "unpaid_days": _number(of("unpaid_days")),
        "raw": _number(items[:, 0]),
        "meals": _number(items[:, 1]),
        "option": _word(np.where(asked, of("option"), -1), {each: each.name.lower() for each in Option}),
        **source.place("target", of("target")),
        "doing": _word(of("doing"), deeds),
        "doing_since": _number(np.where(busy, of("busy_since"), -1)),
        "doing_until": _number(np.where(busy, of("busy_until"), -1)),
        "done_last": _word(of("last_action"), deeds),
        **source.place("holds", of("holds")),
        **source.place("waits_at", of("waits_at")),
        "waits_since": _number(np.where(of("waits_at") >= 0, of("waits_since"), -1)),
        "stalls": _number(of("stalls")),
        "job": _word(job, _job_names(source)),
        "job_id": _number(job),
        "shift": _shift_state(job, of("shift_state")),
        **source.people("covers", source.person(of("covers"))),
        **source.people("covered_by", source.person(of("covered_by"))),
        "doom": _word(of("doom"), {each: each.name.lower() for each in Reason}),
        **{trait.name.lower(): pa.array(traits[:, trait]) for trait in Trait},
        "ties": _number(np.count_nonzero(source.agents["ties"]["known"][of("seat")], axis=1)),
    }
    return pa.table(columns)


def _ties(source: _Source) -> pa.Table:
    sides = {name: source.read("ties", name) for name in ("trust", "familiarity", "rivalry")}
    owners = source.person(source.read("ties", "seat"))
    return pa.table(
        {
            **source.people("owner", owners),
            **source.people("other", source.read("ties", "other")),
            **{name: pa.array(values) for name, values in sides.items()},
            "size": pa.array(sum((np.abs(values) for values in sides.values()), np.zeros(len(owners)))),
            "since": _number(source.read("ties", "since")),
        }
    )


def _objects(source: _Source) -> pa.Table:
    places = _places(source)
    used = source.plan["layout"]["place"]["affordance"][: len(places)]
    restocked = source.plan["affordances"]["restock"][used] > 0
    names = ("id", "name", "kind", "venue", "tile", "row", "col")
    return pa.table(
        {
            **{name: places.column(name) for name in names},
            "affordance": _word(used, list(source.settings.affordances)),
            **source.people("user", source.person(source.read("objects", "user"))),
            **source.people("owner", source.person(source.read("objects", "owner") - 1)),
            "stock": _number(np.where(restocked, source.read("objects", "stock"), -1)),
            "line": _number(source.read("objects", "line")),
        }
    )


def _queues(source: _Source) -> pa.Table:
    waiting, line = source.read("objects", "waiting"), source.read("objects", "line")
    objects, positions = np.nonzero(np.arange(waiting.shape[1]) < line[:, None])
    seats = waiting[objects, positions]
    since = source.agents["waits_since"][seats]
    return pa.table(
        {
            **source.place("object", objects),
            "position": _number(positions + 1),
            **source.people("agent", source.person(seats)),
            "since": _number(since),
            "waited": _number(source.town.tick - since),
        }
    )


def _shifts(source: _Source) -> pa.Table:
    def of(column: str) -> np.ndarray:
        return source.read("agents", column)[employed]

    employed = np.flatnonzero(source.read("agents", "job") >= 0)
    persons, codes = of("person"), of("job")
    jobs = source.plan["jobs"][codes]
    venues = [source.map.venues[place.venue].name for place in source.map.places]
    return pa.table(
        {
            **source.people("agent", persons),
            "job": _word(codes, _job_names(source)),
            "job_id": _number(codes),
            "venue": _word(jobs["desk"], venues),
            **source.place("workplace", jobs["desk"]),
            "starts": _number(jobs["start"]),
            "ends": _number(jobs["end"]),
            "days": pa.array(np.where(jobs["days"] == EVERY_DAY, "every", "weekdays").tolist(), pa.string()),
            "state": _shift_state(codes, of("shift_state")),
            "worked": _number(of("worked")),
            "earned": pa.array(of("earned")),
            **source.people("covered_by", source.person(of("covered_by"))),
            **source.people("covers", source.person(of("covers"))),
            "shifts": _number(of("shifts")),
            "on_time": _number(of("shifts_on_time")),
        }
    )


VIEWS: dict[str, Callable[[_Source], pa.Table]] = {
    "agents": _agents,
    "ties": _ties,
    "objects": _objects,
    "queues": _queues,
    "shifts": _shifts,
    "places": _places,
}
"""The function that makes each table of a town at a tick."""


def _number(values: np.ndarray) -> pa.Array:
    """An int64 column; -1 becomes NULL."""
    whole = np.asarray(values, np.int64)
    return pa.array(whole, mask=whole == -1)


def _word(codes: np.ndarray, words: Words) -> pa.Array:
    """A column with the word of each code; -1 becomes NULL."""
    return pa.array([words[code] if code >= 0 else None for code in codes.tolist()], pa.string())


def _job_names(source: _Source) -> list[str]:
    return [job.name for _, job, _, _ in jobs_of(source.settings.work, source.map)]


def _shift_state(jobs: np.ndarray, states: np.ndarray) -> pa.Array:
    return _word(np.where(jobs >= 0, states, -1), {int(state): word for state, word in SHIFT_STATES.items()})
