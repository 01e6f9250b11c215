"""Turns old events into events of the present catalogue when a log is read. The files do not change.

Each kind of event has a version (`Event.version`). A segment records the kinds whose version was not 1 when it was
begun, so a reader knows the version of each row. An upcaster is one step: a pure function that takes a record batch of
`SCHEMA` with the events of one kind and version, and returns a batch of the next version with as many rows. It may not
change `seq`, `tick` and `cause`. Steps are chained up to the present version.

When a kind changes:

* a field is added, moved to another column or widened: raise the kind's version and add a step to `UPCASTERS`;
* a kind is retired: add a step whose `into` is the kind that replaces it. If no kind replaces it, leave it in the
  catalogue, so that its view stays, and record it no more;
* a kind is new: declare it with `version=2, first=2`. Then logs name it, and older code refuses them instead of
  ignoring it; `first` says that older logs have no rows of it, so that they are read without looking for any.

The methods `rows`, `batches`, `table`, `pick` and `follow` of a reader upcast. Digests, seals, forks and repairs read
the stored bytes.
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
"""Takes a record batch of `SCHEMA`; returns one with as many rows and the same seqs, ticks and causes."""

STANDS: Final = ("seq", "tick", "cause")
"""The columns that no upcaster may change."""

FIRST: Final = 1
"""The version of every kind that a segment does not list."""


class Upcaster(NamedTuple):
    """One step: turns events of kind `name` and this version into the next version, or into the kind `into`."""

    name: str  # of the kind, in snake case
    kind: int  # code of the kind, also when its class is gone
    version: int  # before the step
    upcast: Upcast  # gets only rows of that kind and version
    into: tuple[str, int] | None = None  # kind and version after the step; None: the same kind, the next version


def _talk_at_once(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Talk began and ended in the same tick."""
    return with_columns(batch, code=0)


def _one_quality(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A chat was as good for the listener as for the speaker."""
    return with_columns(batch, value2=batch.column("value"))


def _place_passed_on(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A block kept nobody from the place."""
    return with_columns(batch, code2=0)


UPCASTERS: Final[tuple[Upcaster, ...]] = (
    Upcaster("chat_started", 128, 1, _talk_at_once),
    Upcaster("chat_succeeded", 129, 1, _one_quality),
    Upcaster("queue_conflict", 70, 1, _place_passed_on),
)
"""Every step since the first release. Never remove one."""


class Upcasters:
    """The steps to the kinds of a catalogue. `versions` maps its kinds to their versions, other than 1."""

    def __init__(self, upcasters: Iterable[Upcaster] = UPCASTERS, kinds: Sequence[type[Event]] = KINDS) -> None:
        """Raises `ValueError` if a chain of steps does not end at a present kind and version."""
        self._steps = {(step.name, step.version): step for step in upcasters}
        self._present = {kind.snake(): kind.version for kind in kinds}
        self._codes = {step.name: step.kind for step in self._steps.values()}
        self._codes |= {kind.snake(): kind.kind for kind in kinds}
        self._born = {kind.snake(): kind.first for kind in kinds}
        self.versions = {name: version for name, version in self._present.items() if version != FIRST}
        for name, version in self._steps:
            self._require_arrival(name, version)

    def of(self, kinds: Mapping[str, int], run: Path | str) -> Upcast | None:
        """The upcast of a segment with these versions of kinds; None if all of them are the present ones.

        Raises `EventLogError`, which names `run`, if a newer Townlet wrote the segment. The returned function raises
        `EventLogError` for a row whose version no step starts from.
        """
        if not self._steps and kinds == self.versions:
            return None
        self.require_known(kinds, run)
        old = {name: kinds.get(name, self._born.get(name, FIRST)) for name in self._codes}
        old = {name: version for name, version in old.items() if version != self._present.get(name)}
        return (lambda batch: self._upcast(batch, old)) if old else None

    def require_known(self, kinds: Mapping[str, int], run: Path | str) -> None:
        """Raises `EventLogError` for a kind, or a version of a kind, that this code does not know yet."""
        for name, version in kinds.items():
            known = self._present.get(name, max((old for each, old in self._steps if each == name), default=None))
            if known is None or version > known:
                knows = f"this Townlet knows version {known}" if known is not None else "this Townlet has no such kind"
                raise EventLogError(
                    f"{run} was written by a newer Townlet: {name} is of version {version} there, and {knows}.\n"
                    f"  Nothing is wrong with the log. Next: read it with the Townlet that run.json names in versions"
                )

    def _upcast(self, batch: pa.RecordBatch, old: Mapping[str, int]) -> pa.RecordBatch:
        """The batch in the same order, with the rows of old versions upcast."""
        kinds = batch.column("kind").to_numpy()
        for name, version in old.items():
            chosen = kinds == self._codes[name]
            if chosen.any():
                after = self._present_rows(batch.filter(pa.array(chosen)), name, version)
                batch = _with_rows(batch, after, chosen)
        return batch

    def _present_rows(self, batch: pa.RecordBatch, name: str, version: int) -> pa.RecordBatch:
        """The rows of one kind and version, upcast step by step to the present version."""
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
        """Raises `ValueError` unless the steps from here end at a present kind and version."""
        seen = set()
        while self._present.get(name) != version:
            step = self._steps.get((name, version))
            if step is None or (name, version) in seen:
                raise ValueError(f"no upcaster leads on from {name} of version {version}")
            seen.add((name, version))
            name, version = step.into or (name, version + 1)


PRESENT: Final = Upcasters()
"""The steps to the present catalogue."""


def with_columns(batch: pa.RecordBatch, **columns: object) -> pa.RecordBatch:
    """The batch with these columns of `SCHEMA` replaced, each by an array or by one value for all rows."""
    for name, values in columns.items():
        field = SCHEMA.field(name)
        if not isinstance(values, pa.Array | np.ndarray):
            values = np.full(len(batch), values)
        array = values if isinstance(values, pa.Array) else pa.array(values)
        batch = batch.set_column(SCHEMA.get_field_index(name), field, array.cast(field.type))
    return batch


def _with_rows(batch: pa.RecordBatch, after: pa.RecordBatch, chosen: np.ndarray) -> pa.RecordBatch:
    """The batch with its chosen rows replaced by the rows `after`."""
    if chosen.all():
        return after
    order = np.arange(len(batch))
    order[chosen] = len(batch) + np.arange(len(after))
    return pa.concat_batches([batch, after]).take(pa.array(order))


def _require_one_to_one(before: pa.RecordBatch, after: pa.RecordBatch, step: Upcaster, kind: int) -> None:
    """Raises `EventLogError` if a step returned rows that it may not return."""
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
