"""How two towns differ: in their state field by field, in their events since a tick, in their people and settings.

People, places and ties are matched by name, so towns of different maps and sizes can be compared, too.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.catalogue import KIND_NAMES
from projections.record.state import NEEDS
from projections.record.tables import tables
from townlet.configuration.load import person_name
from townlet.configuration.settings import Settings
from townlet.history.history import Moment

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.living.town import Town

NEEDS_AND_WALLET: Final = (*NEEDS, "wallet")
WHOLE: Final = ("map_content", "people_names")
"""Settings that are shown as a digest, because they are too long to read."""

PLACED: Final = 256
"""How many ticks of events are in memory at the same time."""

STATE: Final = pa.schema([("tick", pa.int64()), *((name, pa.string()) for name in ("table", "row", "field", "a", "b"))])
SETTINGS: Final = pa.schema([(name, pa.string()) for name in ("key", "a", "b")])
EVENTS: Final = pa.schema([("kind", pa.string()), ("a", pa.int64()), ("b", pa.int64())])
PEOPLE: Final = pa.schema(
    [
        ("name", pa.string()),
        ("first_tick", pa.int64()),
        ("differ_by", pa.int64()),
        ("most", pa.string()),
        ("most_a", pa.int64()),
        ("most_b", pa.int64()),
        ("ties_differ_by", pa.float64()),
        *((f"{what}_{side}", pa.string()) for what in ("venue", "job") for side in "ab"),
        *((f"{need}_{side}", pa.float64()) for need in NEEDS_AND_WALLET for side in "ab"),
    ]
)


class Side(NamedTuple):
    """One of the two runs. It is compared up to event `seq` and tick `tick`, where its log ends or is damaged."""

    run: "History"
    seq: int
    tick: int


# Settings


def settings_differ(a: Side, b: Side) -> pa.Table:
    """`key, a, b`: the seed and the settings that differ at the end, as JSON; NULL if a run has no such key."""
    sides = [dict(_settings_of(side)) for side in (a, b)]
    keys = [key for key in {**sides[0], **sides[1]} if sides[0].get(key) != sides[1].get(key)]
    return pa.Table.from_pylist(
        [{"key": key, "a": sides[0].get(key), "b": sides[1].get(key)} for key in keys], schema=SETTINGS
    )


def settings_at(side: Side) -> Settings:
    """The settings of the epoch in which the compared part of a run ends."""
    return side.run.settings[_epoch_of(side)]


def _epoch_of(side: Side) -> int:
    begun = [number for number, epoch in enumerate(side.run.epochs) if not number or epoch.from_seq <= side.seq]
    return begun[-1]


def _settings_of(side: Side) -> Iterator[tuple[str, str]]:
    number = _epoch_of(side)
    yield "seed", str(side.run.epochs[number].seed)
    yield from _flat("", side.run.settings[number].model_dump(mode="json"))


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every value with its dotted key, as JSON."""
    if key in WHOLE:
        yield key, "sha256 " + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
    elif value and isinstance(value, dict | list) and (isinstance(value, dict) or isinstance(value[0], dict)):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(f"{key}.{name}" if key else str(name), each)
    else:
        yield key, json.dumps(value, ensure_ascii=False)


# State


def first_state(a: Side, b: Side, tick: int, until: int) -> pa.Table:
    """`tick, table, row, field, a, b`: what differs at the first tick from `tick` to `until` with different states.

    If only the clock differs there, the table also has the fields that differ at the first tick at which people, places
    or ties differ. Numbers of events are not compared. `row` is a name, the two names of a tie, or NULL. Values are
    JSON. Raises LogDamaged.
    """
    walks = _Walk(a, tick), _Walk(b, tick)
    rows: list[dict[str, Any]] = []
    for mark in range(tick, until + 1):
        towns = [walk.to(mark) for walk in walks]
        lived_apart = _lived_apart(*towns)
        if not rows:
            rows += _clock_rows(mark, *towns)
        if lived_apart:
            rows += _shown_rows(mark, walks) or _kept_rows(mark, *towns)
            break
    return pa.Table.from_pylist(rows, schema=STATE)


class _Walk:
    """Folds a town forward, tick by tick."""

    def __init__(self, side: Side, tick: int) -> None:
        self.side = side
        self.town = side.run.at(tick).town
        self._parts = side.run.log.rows(from_seq=self.town.seq, to_tick=side.tick)
        self._rest: Any = np.zeros(0)

    def to(self, tick: int) -> "Town":
        """The town just before this tick; ticks must not go back."""
        while True:
            if not len(self._rest):
                self._rest = next(self._parts, None) if self.town.tick < tick else self._rest
            if self._rest is None or not len(self._rest):
                self._rest = np.zeros(0)
                return self.town
            count = int(np.searchsorted(self._rest["tick"], tick))
            self.town.fold([self._rest[:count]] if count else [])
            self._rest = self._rest[count:]
            if len(self._rest):
                return self.town


def _lived_apart(a: "Town", b: "Town") -> bool:
    """Whether people, ties, places or jobs differ in any field except the numbers of events."""
    if a.shape != b.shape:
        return True
    return any(_unequal(a.record[name], b.record[name]) for name in ("agents", "objects", "job_holder", "ground"))


def _unequal(a: np.ndarray, b: np.ndarray) -> bool:
    if a.dtype.names is None:
        return not np.array_equal(a, b)
    return any(_unequal(a[name], b[name]) for name in a.dtype.names if not name.endswith("_seq"))


def _clock_rows(tick: int, a: "Town", b: "Town") -> list[dict[str, Any]]:
    clocks = a.record["clock"], b.record["clock"]
    names = [name for name in clocks[0].dtype.names or () if not np.array_equal(clocks[0][name], clocks[1][name])]
    return [_row(tick, "clock", None, name, *(clock[name].tolist() for clock in clocks)) for name in names]


def _shown_rows(tick: int, walks: tuple[_Walk, _Walk]) -> list[dict[str, Any]]:
    """The rows for the values that differ in the tables that SQL shows."""
    moments = [Moment(walk.side.run, walk.town) for walk in walks]
    rows = []
    for table, keys in (("agents", ("name",)), ("objects", ("name",)), ("ties", ("owner", "other"))):
        sides = [_by_name(moment.table(table), keys) for moment in moments]
        for name in {**sides[0], **sides[1]}:
            rows += _row_rows(tick, table, name, sides[0].get(name), sides[1].get(name))
    return rows


def _kept_rows(tick: int, a: "Town", b: "Town") -> list[dict[str, Any]]:
    """The rows for the values that differ in the state and that no SQL table shows; people and places have numbers."""
    sides = tables(a.record), tables(b.record)
    rows = []
    for table in ("agents", "ties", "objects", "jobs", "ground"):
        both = [dict(enumerate(side[table].to_pylist())) for side in sides]
        for number in {**both[0], **both[1]}:
            rows += _row_rows(tick, table, str(number), both[0].get(number), both[1].get(number))
    return [row for row in rows if not row["field"].endswith("_seq")]


def _by_name(table: pa.Table, keys: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return {" -> ".join(row[key] for key in keys): row for row in table.to_pylist()}


def _row_rows(
    tick: int, table: str, name: str, a: Mapping[str, Any] | None, b: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    if a is None or b is None:
        return [_row(tick, table, name, "is there", a is not None, b is not None)]
    told = [field for field in a if not field.endswith("_id")]  # the column with the name says the same
    return [_row(tick, table, name, field, a[field], b[field]) for field in told if a[field] != b[field]]


def _row(tick: int, table: str, row: str | None, field: str, a: Any, b: Any) -> dict[str, Any]:
    texts = [json.dumps(each, ensure_ascii=False) for each in (a, b)]
    return {"tick": tick, "table": table, "row": row, "field": field, "a": texts[0], "b": texts[1]}


# What happened


Deeds = Counter[tuple[int, int]]
"""The number of events of each person (-1: nobody) and kind."""


def deeds_since(side: Side, seq: int, until: int) -> Deeds:
    """The events from `seq` on, before tick `until`, counted by person and kind. Raises LogDamaged."""
    found: Deeds = Counter()
    for rows in side.run.log.rows(from_seq=min(seq, side.seq), to_tick=until):
        keys = (rows["agent"].astype(np.int64) << 16) | rows["kind"]
        for key, count in zip(*(each.tolist() for each in np.unique(keys, return_counts=True)), strict=True):
            found[key >> 16, key & 0xFFFF] += count
    return found


def events_by_kind(a: Deeds, b: Deeds) -> pa.Table:
    """`kind, a, b`: the number of events of each kind in both runs; the largest difference comes first."""
    counts: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    for deeds, kinds in zip((a, b), counts, strict=True):
        for (_, kind), count in deeds.items():
            kinds[kind] += count
    listed = sorted(counts[0] | counts[1], key=lambda kind: (-abs(counts[0][kind] - counts[1][kind]), kind))
    return pa.Table.from_pylist(
        [{"kind": KIND_NAMES[kind], "a": counts[0][kind], "b": counts[1][kind]} for kind in listed], schema=EVENTS
    )


def people_apart(
    sides: tuple[Side, Side], moments: "tuple[Moment, Moment]", deeds: tuple[Deeds, Deeds], ties: pa.Table, since: int
) -> pa.Table:
    """A row for each person who lives at the end or did anything since `since`; the largest differences come first.

    - `first_tick`: the tick of the person's first event that differs (NULL: none, or the towns' capacities differ)
    - `differ_by`: how much the numbers of events differ, summed over the kinds
    - `most`, `most_a`, `most_b`: the kind that differs most, and its numbers
    - `ties_differ_by`: the summed difference of the person's ties
    - the other columns are as of the last tick; NULL for a person who does not live there
    """
    settings = [settings_at(side) for side in sides]
    by_name = [_by_person(deed, each) for deed, each in zip(deeds, settings, strict=True)]
    agents = [_by_name(moment.table("agents"), ("name",)) for moment in moments]
    same_seats = moments[0].town.shape == moments[1].town.shape
    everybody = {person for deed in deeds for person, _ in deed if person >= 0}
    began = _first_ticks(sides, since, everybody) if same_seats else {}
    first = {person_name(settings[0], person): tick for person, tick in began.items()}
    felt: Counter[str] = Counter()
    for owner, difference in zip(ties.column("owner").to_pylist(), ties.column("difference").to_pylist(), strict=True):
        felt[owner] += difference
    rows = [
        _person_row(name, first.get(name), [each.get(name, Counter()) for each in by_name], felt[name], agents)
        for name in {**agents[0], **agents[1], **by_name[0], **by_name[1]}
    ]
    rows.sort(key=lambda row: (-row["differ_by"], -row["ties_differ_by"], row["name"]))
    return pa.Table.from_pylist(rows, schema=PEOPLE)


def _person_row(
    name: str,
    first: int | None,
    counts: list[Counter[int]],
    felt: float,
    agents: list[dict[str, dict[str, Any]]],
) -> dict[str, Any]:
    by = {kind: abs(counts[0][kind] - counts[1][kind]) for kind in sorted(counts[0] | counts[1])}
    most = max(by, key=lambda kind: by[kind], default=None)
    here = [side.get(name, {}) for side in agents]
    return {
        "name": name,
        "first_tick": first,
        "differ_by": sum(by.values()),
        **(
            {"most": KIND_NAMES[most], "most_a": counts[0][most], "most_b": counts[1][most]}
            if most is not None and by[most]
            else {}
        ),
        "ties_differ_by": float(felt),
        **{
            f"{what}_{letter}": row.get(what)
            for what in ("venue", "job", *NEEDS_AND_WALLET)
            for letter, row in zip("ab", here, strict=True)
        },
    }


def _by_person(deeds: Deeds, settings: Settings) -> dict[str, Counter[int]]:
    named: dict[str, Counter[int]] = {}
    for (person, kind), count in deeds.items():
        if person >= 0:
            named.setdefault(person_name(settings, person), Counter())[kind] += count
    return named


def _first_ticks(sides: tuple[Side, Side], since: int, everybody: set[int]) -> dict[int, int]:
    """The tick of each person's first event that differs; reads until this is known for everybody."""
    until, first = min(side.tick for side in sides), dict[int, int]()
    for begins in range(since, until, PLACED):
        if first.keys() >= everybody:
            break
        ends = min(begins + PLACED, until)
        parts = [_by_agent(side.run.log.rows(from_tick=begins, to_tick=ends)) for side in sides]
        for person in sorted((parts[0].keys() | parts[1].keys()) - first.keys()):
            tick = _first_unequal(*(part.get(person) for part in parts))
            if tick is not None:
                first[person] = tick
    return first


def _by_agent(parts: Iterable[np.ndarray]) -> dict[int, np.ndarray]:
    """The events of each person, in order; numbers and causes are set to 0."""
    listed = list(parts)
    if not listed:
        return {}
    rows = np.concatenate(listed)
    rows = rows[rows["agent"] >= 0]
    rows["seq"], rows["cause"] = 0, 0
    rows = rows[np.argsort(rows["agent"], kind="stable")]
    persons, places = np.unique(rows["agent"], return_index=True)
    return dict(zip(persons.tolist(), np.split(rows, places[1:]), strict=True)) if len(persons) else {}


def _first_unequal(a: np.ndarray | None, b: np.ndarray | None) -> int | None:
    """The tick of the first event that differs or that only one side has; None if there is none."""
    if a is None or b is None:
        alone = b if a is None else a
        return None if alone is None else int(alone["tick"][0])
    many = min(len(a), len(b))
    size = a.dtype.itemsize
    bytes_a, bytes_b = (np.ascontiguousarray(rows[:many]).view("u1").reshape(many, size) for rows in (a, b))
    unequal = np.flatnonzero((bytes_a != bytes_b).any(axis=1))
    place = int(unequal[0]) if len(unequal) else many
    ticks = [int(rows["tick"][place]) for rows in (a, b) if place < len(rows)]
    return min(ticks) if ticks else None


__all__ = [
    "NEEDS_AND_WALLET",
    "Deeds",
    "Side",
    "deeds_since",
    "events_by_kind",
    "first_state",
    "people_apart",
    "settings_at",
    "settings_differ",
]
