"""Events as lines for people (when, what, who, whom, where, how much), and as JSON with the same names."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from eventlog.catalogue import KIND_CODES, KINDS, REGISTRIES, EventField
from eventlog.format.arrow import from_batch, notes_of
from projections.errors import BadEvent
from projections.record.state import CLASSES
from townlet.configuration.load import person_name
from townlet.configuration.settings import Settings
from townlet.daytime import time_of
from townlet.history.name_books import view_names

if TYPE_CHECKING:
    import pyarrow as pa

KIND_OF = {kind.kind: kind for kind in KINDS}
SLOTS = {kind.kind: kind.slots() for kind in KINDS}
NAME_WIDTH = max(map(len, KIND_CODES))

Said = dict[str, Any]


class Teller:
    """Turns events into lines and JSON, with the names that a run with these settings uses."""

    def __init__(self, settings: Settings) -> None:
        self._names = view_names(settings, CLASSES[settings.town.capacity].side, ())
        self._per_day = settings.town.ticks_per_day
        self._person = cache(lambda number: person_name(settings, number))

    def events(self, batches: "Iterable[pa.RecordBatch]", kinds: frozenset[int] = frozenset()) -> Iterator[Said]:
        """The events of the batches, if of these kinds (empty: all), as dicts: seq, tick, kind, fields, cause, note.

        Raises LogDamaged, BadEvent.
        """
        for batch in batches:
            rows, notes = from_batch(batch), notes_of(batch)
            for row in rows:
                if not kinds or int(row["kind"]) in kinds:
                    yield self._checked(row, notes.get(int(row["seq"])))

    def line(self, said: Said) -> str:
        """An event as a line: `day 3, 07:42  chat_succeeded  alice, bob  quality 0.82`."""
        told = self.words(said)
        return f"{time_of(said['tick'], self._per_day)}  {said['kind']:<{NAME_WIDTH}}  {told}".rstrip()

    def words(self, said: Said) -> str:
        """The part of a line after time and kind: `alice, bob  quality 0.82`."""
        who, where, values = [], [], []
        for field in SLOTS[said["code"]]:
            value = said["fields"][field.name]
            if value is None:
                continue
            if field.what == "person":
                who.append(str(value))
            elif field.what == "object":
                where.append(f"at {value}")
            elif field.what == "tile":
                where.append(f"at row {value // self._names.side}, column {value % self._names.side}")
            else:
                values.append(f"{field.name} {value}" + (f" {field.unit}" if field.unit else ""))
        note = [f'"{said["note"]}"'] if said["note"] else []
        parts = [", ".join(who), " ".join(where), ", ".join(values), *note]
        return "  ".join(part for part in parts if part)

    def parties(self, said: Said) -> tuple[tuple[str, ...], str | None]:
        """The names of the people in an event, and the name of its place (None: it has no place)."""
        given = [(field.what, said["fields"][field.name]) for field in SLOTS[said["code"]]]
        places = [value for what, value in given if what == "object"]
        people = dict.fromkeys(value for what, value in given if what == "person" and value is not None)
        return tuple(people), places[0] if places else None

    def record(self, said: Said) -> Said:
        """An event as a dict with the columns of its typed view, and its kind's name."""
        fields: Said = {}
        for field in SLOTS[said["code"]]:
            fields[field.name] = said["fields"][field.name]
            if field.what in ("person", "object", "job"):
                fields[f"{field.name}_id"] = said["numbers"][field.name]
        told = {"seq": said["seq"], "tick": said["tick"], "kind": said["kind"], **fields, "cause": said["cause"]}
        return told | ({"note": said["note"]} if said["note"] else {})

    def _checked(self, row: Any, note: str | None) -> Said:
        """The event as a dict. Raises BadEvent for one that no words are for: somebody wrote it who is no town."""
        try:
            return self._said(row, note)
        except (LookupError, ValueError) as error:
            reason = f"there are no words for what it says ({error})"
            raise BadEvent("the list of events", seq=int(row["seq"]), tick=int(row["tick"]), reason=reason) from error

    def _said(self, row: Any, note: str | None) -> Said:
        kind, seq, cause = KIND_OF[int(row["kind"])], int(row["seq"]), int(row["cause"])
        raw = {field.name: _present(row[field.column].item()) for field in SLOTS[kind.kind]}
        return {
            "seq": seq,
            "tick": int(row["tick"]),
            "kind": kind.snake(),
            "code": kind.kind,
            "numbers": raw,
            "fields": {field.name: self._word(field, raw[field.name]) for field in SLOTS[kind.kind]},
            "cause": seq - cause if cause else None,
            "note": note,
        }

    def _word(self, field: EventField, value: Any) -> Any:
        """The name or word that a value stands for, or the value itself."""
        if value is None or field.what in ("tile", "count"):
            return value
        if field.what == "number":
            return round(value, 4)
        if field.what == "person":
            return self._person(value)
        if field.what in REGISTRIES:
            return REGISTRIES[field.what](value).name.lower()
        listed = {"object": self._names.places, "affordance": self._names.affordances, "job": self._names.jobs}
        return listed[field.what][value]


def _present(value: float) -> Any:
    """The value of a column; None for -1 in integers and for NaN in floats, which mean that there is no value."""
    if isinstance(value, float):
        return None if value != value else value
    return None if value == -1 else value
