"""A town at a tick as tables that people read: agents, ties, objects, queues, shifts, places.

The rows of a table begin with their own `id` and `name`. A row that refers to somebody or something else has `<field>`
with the name and `<field>_id` with the number (NULL: none). A place is called "shower 2 (The Spring)": its kind, its
number among places of this kind in its venue, and the venue. Row and column (`row`, `col`) count from 0, ticks from the
founding.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventlog.catalogue.registries import SIDES, Option, Reason, Trait
from projections.record.state import NEEDS
from projections.record.tables import tables
from projections.record.words import ABSENT, LATE, ON_TIME, POST_SHIFT, PRE_SHIFT
from projections.spelling import proposal
from townlet.configuration.load import names_table
from townlet.configuration.places import place_names
from townlet.configuration.plans import jobs_of, map_of
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.world.drawing import TownMap

if TYPE_CHECKING:
    from townlet.living.town import Town

SHIFT_STATES = {PRE_SHIFT: "pre_shift", ON_TIME: "on_time", LATE: "late", ABSENT: "absent", POST_SHIFT: "post_shift"}
EVERY_DAY = 0b1111111

Columns = dict[str, Any]
Words = Mapping[int, str] | Sequence[str | None]


class TownTables:
    """The tables of a town at its tick: each is made by the method of its name."""

    def __init__(self, town: "Town") -> None:
        self._town = town
        epoch = int(self._town.record["clock"]["epoch"])
        self._settings = self._town.settings[epoch]
        self._plan = self._town.plans.view(np.ndarray)[epoch]
        self._side = self._town.shape.side
        self._map = map_of(self._settings)
        self._state = tables(self._town.record)
        self._places = place_names(self._map)
        self._agents = self._town.record["agents"]

    def _read(self, table: str, column: str) -> np.ndarray:
        """A column of the state; of a list column one row each."""
        kept = self._state[table].column(column).combine_chunks()
        if isinstance(kept.type, pa.FixedSizeListType):
            # flatten() would import pyarrow.compute
            whole = np.asarray(kept.values).reshape(-1, kept.type.list_size)
            return whole[kept.offset :][: len(kept)]
        return np.asarray(kept)

    def _person(self, seats: np.ndarray) -> np.ndarray:
        """The persons who sit in these seats; -1 for none."""
        return np.where(seats >= 0, self._agents["person"][seats], -1)

    def _people(self, field: str, persons: np.ndarray) -> Columns:
        """Columns that say who: by name and by number."""
        return {field: pa.array(names_table(self._settings, persons), pa.string()), f"{field}_id": _number(persons)}

    def _place(self, field: str, objects: np.ndarray) -> Columns:
        """Columns that say where: a place by name and by number."""
        return {field: _word(objects, self._places), f"{field}_id": _number(objects)}

    def _tile(self, tiles: np.ndarray) -> Columns:
        """Columns of a tile: its number, where it lies, the venue it belongs to."""
        venues = self._plan["layout"]["room"][tiles].astype(np.int64)
        named = _word(venues, [venue.name for venue in self._map.venues])
        return {
            "tile": _number(tiles),
            "row": _number(tiles // self._side),
            "col": _number(tiles % self._side),
            "venue": named,
        }

    def agents(self) -> pa.Table:
        """Everybody who lives in the town."""

        def of(column: str) -> np.ndarray:
            return self._read("agents", column)

        persons, home, job = of("person"), of("home"), of("job")
        homes = [self._map.venues[place.venue].name for place in self._map.places]
        asked, busy = of("asked_seq") >= 0, of("doing") >= 0
        deeds = list(self._settings.affordances)
        traits, items = of("traits"), of("items")
        columns: Columns = {
            "id": _number(persons),
            "name": pa.array(names_table(self._settings, persons), pa.string()),
            "seat": _number(of("seat")),
            "arrived": _number(of("arrived")),
            "home": _word(home, homes),
            "bed": _word(home, self._places),
            "bed_id": _number(home),
            **self._tile(of("tile")),
            **{need: pa.array(of(need)) for need in (*NEEDS, "wallet", "debt")},
            "unpaid_days": _number(of("unpaid_days")),
            "raw": _number(items[:, 0]),
            "meals": _number(items[:, 1]),
            "option": _word(np.where(asked, of("option"), -1), {each: each.name.lower() for each in Option}),
            **self._place("target", of("target")),
            "doing": _word(of("doing"), deeds),
            "doing_since": _number(np.where(busy, of("busy_since"), -1)),
            "doing_until": _number(np.where(busy, of("busy_until"), -1)),
            "done_last": _word(of("last_action"), deeds),
            **self._place("holds", of("holds")),
            **self._place("waits_at", of("waits_at")),
            "waits_since": _number(np.where(of("waits_at") >= 0, of("waits_since"), -1)),
            "stalls": _number(of("stalls")),
            "job": _word(job, _job_names(self._settings, self._map)),
            "job_id": _number(job),
            "shift": _shift_state(job, of("shift_state")),
            **self._people("covers", self._person(of("covers"))),
            **self._people("covered_by", self._person(of("covered_by"))),
            "doom": _word(of("doom"), {each: each.name.lower() for each in Reason}),
            **{trait.name.lower(): pa.array(traits[:, trait]) for trait in Trait},
            "ties": _number(np.count_nonzero(self._agents["ties"]["known"][of("seat")], axis=1)),
        }
        return pa.table(columns)

    def ties(self) -> pa.Table:
        """What each of them feels for others."""
        sides = {name: self._read("ties", name) for name in SIDES}
        owners = self._person(self._read("ties", "seat"))
        return pa.table(
            {
                **self._people("owner", owners),
                **self._people("other", self._read("ties", "other")),
                **{name: pa.array(values) for name, values in sides.items()},
                "size": pa.array(sum((np.abs(values) for values in sides.values()), np.zeros(len(owners)))),
                "since": _number(self._read("ties", "since")),
                "bond": _word(self._read("ties", "bond"), ["none", "friend", "rival"]),
            }
        )

    def objects(self) -> pa.Table:
        """The places and who uses them."""
        places = self.places().slice(0, len(self._state["objects"]))  # before the first event there are none
        used = self._plan["layout"]["place"]["affordance"][: len(places)]
        restocked = self._plan["affordances"]["restock"][used] > 0
        names = ("id", "name", "kind", "venue", "tile", "row", "col")
        return pa.table(
            {
                **{name: places.column(name) for name in names},
                "affordance": _word(used, list(self._settings.affordances)),
                **self._people("user", self._person(self._read("objects", "user"))),
                **self._people("owner", self._person(self._read("objects", "owner") - 1)),
                "stock": _number(np.where(restocked, self._read("objects", "stock"), -1)),
                "line": _number(self._read("objects", "line")),
            }
        )

    def queues(self) -> pa.Table:
        """Who waits where."""
        waiting, line = self._read("objects", "waiting"), self._read("objects", "line")
        objects, positions = np.nonzero(np.arange(waiting.shape[1]) < line[:, None])
        seats = waiting[objects, positions]
        since = self._agents["waits_since"][seats]
        return pa.table(
            {
                **self._place("object", objects),
                "position": _number(positions + 1),
                **self._people("agent", self._person(seats)),
                "since": _number(since),
                "waited": _number(self._town.tick - since),
            }
        )

    def shifts(self) -> pa.Table:
        """Who has a job, and how its shift goes."""

        def of(column: str) -> np.ndarray:
            return self._read("agents", column)[employed]

        employed = np.flatnonzero(self._read("agents", "job") >= 0)
        persons, codes = of("person"), of("job")
        jobs, minute = self._plan["jobs"][codes], self._settings.town.scale.minute_of_day
        venues = [self._map.venues[place.venue].name for place in self._map.places]
        return pa.table(
            {
                **self._people("agent", persons),
                "job": _word(codes, _job_names(self._settings, self._map)),
                "job_id": _number(codes),
                "venue": _word(jobs["desk"], venues),
                **self._place("workplace", jobs["desk"]),
                "starts": _number(minute(jobs["start"])),
                "ends": _number(minute(jobs["end"])),
                "days": pa.array(np.where(jobs["days"] == EVERY_DAY, "every", "weekdays").tolist(), pa.string()),
                "state": _shift_state(codes, of("shift_state")),
                "worked": _number(of("worked")),
                "earned": pa.array(of("earned")),
                **self._people("covered_by", self._person(of("covered_by"))),
                **self._people("covers", self._person(of("covers"))),
                "shifts": _number(of("shifts")),
                "on_time": _number(of("shifts_on_time")),
            }
        )

    def places(self) -> pa.Table:
        """The places of the map."""
        places, venues = self._map.places, self._map.venues
        tiles = np.array([place.row * self._side + place.column for place in places], np.int64)
        return pa.table(
            {
                "id": _number(np.arange(len(places))),
                "name": pa.array(self._places, pa.string()),
                "kind": pa.array([place.kind for place in places], pa.string()),
                "venue_kind": pa.array([venues[place.venue].kind for place in places], pa.string()),
                **self._tile(tiles),
                "waiting_places": _number(np.array([len(place.waiting) for place in places], np.int64)),
            }
        )


def town_table(town: "Town", name: str) -> pa.Table:
    """The table `name` of a town at its tick. Raises QueryError for a name that there is not."""
    if name not in table_names():
        raise QueryError(f"there is no table {name!r} of a town at a tick; {proposal(name, table_names())}")
    made: pa.Table = getattr(TownTables(town), name)()
    return made


def table_names() -> list[str]:
    """What there is of a town at a tick: the public methods of TownTables."""
    return [name for name in vars(TownTables) if not name.startswith("_")]


def _number(values: np.ndarray) -> pa.Array:
    """An int64 column; -1 becomes NULL."""
    whole = np.asarray(values, np.int64)
    return pa.array(whole, mask=whole == -1)


def _word(codes: np.ndarray, words: Words) -> pa.Array:
    """A column with the word of each code; -1 becomes NULL."""
    return pa.array([words[code] if code >= 0 else None for code in codes.tolist()], pa.string())


def _job_names(settings: Settings, town_map: TownMap) -> list[str]:
    return [job.name for _, job, _, _ in jobs_of(settings.work, town_map)]


def _shift_state(jobs: np.ndarray, states: np.ndarray) -> pa.Array:
    return _word(np.where(jobs >= 0, states, -1), {int(state): word for state, word in SHIFT_STATES.items()})
