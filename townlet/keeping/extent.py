"""The description of a piece of a run's history: its beginning and end, its settings, its digests.

An export contains it, so that its events can be proved without the run. The chain of a log is hashed in blocks of 4,096
events. So a piece that begins inside a block also contains the earlier events of this block: its `lead`.
"""

import base64
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from eventlog.folder.descriptions import sealed, unsealed
from eventlog.folder.manifest import Epoch, Parent, read_settings
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.sealing import Part
from eventlog.rows import ROW
from townlet.configuration.load import config_id_of
from townlet.errors import TownletError

if TYPE_CHECKING:
    from townlet.history.history import History

FORMAT: Final = 2
"""The version of an export that this code writes; it reads earlier ones too.

1: Parquet had the log's own columns, all of them numbers; there was no `kind_id`. 2: Parquet, CSV and DuckDB have the
columns of `events` in SQL, words with their numbers beside them.
"""

Count = Annotated[int, Field(ge=0, lt=1 << 63)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Extent(BaseModel):
    """The events from `from_seq` on and before `next_seq`; their ticks are from `from_tick` on and before `to_tick`.

    `digest_before` and `digest` are the log's digests before the first and after the last event, in hex. `lead` holds
    the earlier events of the first event's block, compressed; `lead_notes` their notes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: int = Field(default=FORMAT, ge=1, le=FORMAT)
    run_id: str
    name: str
    parent: Parent | None
    versions: dict[str, str]
    epochs: tuple[Epoch, ...]
    configs: dict[str, str]  # the settings of each epoch as JSON, by config_id
    kinds: tuple[tuple[int, dict[str, int]], ...]  # from which event on kinds have a version other than 1
    from_tick: Count
    to_tick: Count
    from_seq: Count
    next_seq: Count
    block_digest: Digest  # of the chain at the beginning of the block of `from_seq`
    lead: str
    lead_notes: dict[int, str]
    digest_before: Digest
    digest: Digest

    @classmethod
    def of(cls, run: "History", from_tick: int | None, to_tick: int | None) -> Self:
        """The piece of a run between two ticks (None: the run's start, its head).

        Raises TickOutOfRange, TownletError if there are no events between them, LogDamaged.
        """
        log = run.log
        first, last = from_tick or 0, log.head.tick if to_tick is None else to_tick
        run.require(first, last)
        begin, end = log.point_at(first), log.point_at(last)
        if begin.seq >= end.seq:
            raise TownletError(f"{run.place} has no events from tick {first:,} to tick {last:,}: name a longer stretch")
        lead = list(log.parts(begin.seq - begin.seq % BLOCK_EVENTS, begin.seq))
        rows = np.concatenate([np.zeros(0, ROW), *(rows for rows, _ in lead)])
        begun = {int(seq) for seq in rows["seq"]}
        manifest = log.manifest
        return cls(
            run_id=manifest.run_id,
            name=manifest.name,
            parent=manifest.parent,
            versions=manifest.versions,
            epochs=manifest.epochs,
            configs={epoch.config_id: read_settings(run.path, epoch.config_id) for epoch in manifest.epochs},
            kinds=tuple((segment.first_seq, segment.kinds) for segment in manifest.segments if segment.kinds),
            from_tick=first,
            to_tick=last,
            from_seq=begin.seq,
            next_seq=end.seq,
            block_digest=begin.block_digest,
            lead=base64.b64encode(zlib.compress(rows.tobytes(), 9)).decode(),
            lead_notes={seq: note for _, notes in lead for seq, note in notes.items() if seq in begun},
            digest_before=begin.digest,
            digest=end.digest,
        )

    @property
    def events(self) -> int:
        """The number of events."""
        return self.next_seq - self.from_seq

    def chain(self) -> Chain:
        """The chain before the first event. Raises ValueError if the lead does not give `digest_before`."""
        chain = Chain(bytes.fromhex(self.block_digest), self.from_seq - self.from_seq % BLOCK_EVENTS)
        try:
            unpacked = zlib.decompressobj().decompress(base64.b64decode(self.lead), BLOCK_EVENTS * ROW.itemsize)
            rows = np.frombuffer(unpacked, ROW)
        except zlib.error as error:
            raise ValueError(f"what led to its first event cannot be read ({error})") from error
        chain.extend(rows, self.lead_notes)
        if (chain.seq, chain.digest().hex()) != (self.from_seq, self.digest_before):
            raise ValueError("what led to its first event has another digest")
        return chain

    def require_settings(self) -> None:
        """Raise ValueError if the settings of an epoch are missing or do not match its config_id."""
        for epoch in self.epochs:
            text = self.configs.get(epoch.config_id, "")
            if config_id_of(text) != epoch.config_id:
                raise ValueError(f"the settings of epoch {epoch.config_id} are not those it was named after")


def digest_after(extent: Extent, parts: Iterable[Part]) -> str:
    """The digest after these events, in hex. Raises ValueError if they are not the events of the extent, in order."""
    chain = extent.chain()
    for rows, notes in parts:
        if not np.array_equal(rows["seq"], np.arange(chain.seq, chain.seq + len(rows), dtype=np.uint64)):
            raise ValueError(f"event {chain.seq:,} is missing or out of order")
        chain.extend(rows, notes)
    if chain.seq != extent.next_seq:
        raise ValueError(f"its events end before {chain.seq:,}, not before {extent.next_seq:,}")
    return chain.digest().hex()


def sealed_description(extent: Extent, **more: object) -> dict[str, Any]:
    """The description of an export as JSON: the fields of the extent, the fields `more`, and the seal over all."""
    fields: dict[str, Any] = {**extent.model_dump(mode="json"), **more}
    return sealed(fields)


def unsealed_description(description: object, *more: str) -> tuple[Extent, dict[str, Any]]:
    """The extent and the fields `more` of a description.

    Raises ValueError (also pydantic's ValidationError) if the description was changed since it was written.
    """
    fields = unsealed(description)
    others = {name: fields.pop(name, None) for name in more}
    return Extent.model_validate(fields), others
