"""Old events as the present catalogue declares them, on the way out of a log; the files stay as they were written.

Each kind of event has a version (`Event.version`). A segment says which kinds had another version than 1 when it was
begun, so whoever reads it knows of what version each of its rows is. An upcaster is one step: a pure function from a
record batch of `SCHEMA`, the events of one kind and version, to a batch of the next version, one row to one row; `seq`,
`tick` and `cause` stand. Steps are chained up to the present.

What changes a kind, and what to do then:

* a field is added, moved to another column, widened: raise the kind's version and add a step to `UPCASTERS`;
* a kind is retired: add a step whose `into` is the kind that its events become. One that is like no other kind stays
  in the catalogue, so that its view stays, and nothing records it any more;
* a kind is new: declare it with version 2, so that logs name it and older code refuses them instead of passing it over.

Only what people and folds read comes through here: `rows`, `batches`, `table`, `pick`, `follow` of a reader. Digests,
seals, forks and repairs read the bytes as stored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.catalogue import KINDS
from eventlog.catalogue.event import Event
from eventlog.errors import EventLogError
from eventlog.format.arrow import SCHEMA

Upcast = Callable[[pa.RecordBatch], pa.RecordBatch]
"""Takes a record batch of `SCHEMA` and gives one with as many rows, of the same seqs, ticks and causes."""

STANDS: Final = ("seq", "tick", "cause")
"""The columns that no upcaster changes: where an event stands in the history."""

FIRST: Final = 1
"""The version of every kind that a segment does not name."""


class Upcaster(NamedTuple):
    """One step: events of kind `name` and this version become those of the next one, or of what `into` names."""

    name: str  # of the kind, in snake case
    kind: int  # its code, which outlives its class
    version: int  # before the step
    upcast: Upcast  # given the rows of that kind and version alone
    into: tuple[str, int] | None = None  # kind and version after it; None: the same kind, the next version


UPCASTERS: Final[tuple[Upcaster, ...]] = ()
"""Every step since the first release; none is ever removed."""


class Upcasters:
    """The steps to the kinds of a catalogue. `versions` are those of its kinds that have another than 1, by name."""

    def __init__(self, upcasters: Iterable[Upcaster] = UPCASTERS, kinds: Sequence[type[Event]] = KINDS) -> None:
        """Raises `ValueError` for steps that lead in a circle, past the present version, or nowhere."""
        self._steps = {(step.name, step.version): step for step in upcasters}
        self._present = {kind.snake(): kind.version for kind in kinds}
        self._codes = {step.name: step.kind for step in self._steps.values()}
        self._codes |= {kind.snake(): kind.kind for kind in kinds}
        self.versions = {name: version for name, version in self._present.items() if version != FIRST}
        for name, version in self._steps:
            self._require_arrival(name, version)

    def of(self, kinds: Mapping[str, int], run: Path | str) -> Upcast | None:
        """What makes the rows of a segment with these versions present ones; None where they are.

        Raises `EventLogError`, naming `run`, when code that is newer than this wrote the segment. What is given raises
        it for a row whose version no step leads on from.
        """
        if not self._steps and kinds == self.versions:
            return None
        self.require_known(kinds, run)
        old = {name: kinds.get(name, FIRST) for name in self._codes}
        old = {name: version for name, version in old.items() if version != self._present.get(name)}
        return (lambda batch: self._upcast(batch, old)) if old else None

    def require_known(self, kinds: Mapping[str, int], run: Path | str) -> None:
        """Raises `EventLogError` for a kind, or a version of one, that this code does not know yet."""
        for name, version in kinds.items():
            known = self._present.get(name, max((old for each, old in self._steps if each == name), default=None))
            if known is None or version > known:
                knows = f"this Townlet knows version {known}" if known is not None else "this Townlet has no such kind"
                raise EventLogError(
                    f"{run} was written by a newer Townlet: {name} is of version {version} there, and {knows}.\n"
                    f"  Nothing is wrong with the log. Next: read it with the Townlet that run.json names in versions"
                )

    def _upcast(self, batch: pa.RecordBatch, old: Mapping[str, int]) -> pa.RecordBatch:
        """The batch with its rows of old versions made present ones, in the order they were."""
        kinds = batch.column("kind").to_numpy()
        for name, version in old.items():
            chosen = kinds == self._codes[name]
            if chosen.any():
                after = self._present_rows(batch.filter(pa.array(chosen)), name, version)
                batch = _with_rows(batch, after, chosen)
        return batch

    def _present_rows(self, batch: pa.RecordBatch, name: str, version: int) -> pa.RecordBatch:
        """The rows of one kind and version, step by step up to the present."""
        while self._present.get(name) != version:
            step = self._steps.get((name, version))
            if step is None:
                raise EventLogError(
                    f"event {_first(batch):,} is {name} of version {version}, and no upcaster begins there"
                )
            name, version = after = step.into or (name, version + 1)
            before, batch = batch, step.upcast(batch)
            _require_one_to_one(before, batch, step, self._codes[after[0]])
        return batch

    def _require_arrival(self, name: str, version: int) -> None:
        """The steps from here end at a present kind and its version."""
        seen = set()
        while self._present.get(name) != version:
            step = self._steps.get((name, version))
            if step is None or (name, version) in seen:
                raise ValueError(f"no upcaster leads on from {name} of version {version}")
            seen.add((name, version))
            name, version = step.into or (name, version + 1)


PRESENT: Final = Upcasters()
"""The steps to the catalogue as it is."""


def with_columns(batch: pa.RecordBatch, **columns: object) -> pa.RecordBatch:
    """The batch with these columns of `SCHEMA` in place of its own, each an array or one value for all rows."""
    for name, values in columns.items():
        field = SCHEMA.field(name)
        if not isinstance(values, pa.Array | np.ndarray):
            values = np.full(len(batch), values)
        array = values if isinstance(values, pa.Array) else pa.array(values)
        batch = batch.set_column(SCHEMA.get_field_index(name), field, array.cast(field.type))
    return batch


def _with_rows(batch: pa.RecordBatch, after: pa.RecordBatch, chosen: np.ndarray) -> pa.RecordBatch:
    """The batch with the rows `after` in place of the chosen ones."""
    if chosen.all():
        return after
    order = np.arange(len(batch))
    order[chosen] = len(batch) + np.arange(len(after))
    return pa.concat_batches([batch, after]).take(pa.array(order))


def _require_one_to_one(before: pa.RecordBatch, after: pa.RecordBatch, step: Upcaster, kind: int) -> None:
    """Raises `EventLogError` when a step gave other rows than it may."""
    wrong = None
    if after.schema != SCHEMA:
        wrong = "gave other columns than the log's"
    elif len(after) != len(before):
        wrong = f"made {len(after):,} events of {len(before):,}"
    elif moved := [name for name in STANDS if not after.column(name).equals(before.column(name))]:
        wrong = f"changed {moved[0]}"
    elif (after.column("kind").to_numpy() != kind).any():
        wrong = f"gave events of another kind than {kind}"
    elif any(after.column(name).null_count for name in SCHEMA.names if name != "note"):
        wrong = "left a column without values"
    if wrong:
        raise EventLogError(
            f"the upcaster of {step.name} from version {step.version} {wrong} (event {_first(before):,})"
        )


def _first(batch: pa.RecordBatch) -> int:
    return int(batch.column("seq")[0].as_py())
