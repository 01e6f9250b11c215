"""Events as a Parquet file that tells of its own history: what is kept cold, and what is handed to others.

One file holds events that follow one another, in row groups cut at multiples of 65,536 events, with the columns of
`SCHEMA`, zstd, and page checksums. `seq` and `tick` are stored as differences, everything else by dictionary: of what
any Parquet reader takes that is the smallest, about 3.5 bytes an event. Key-value metadata, all of it text::

    townlet.format          1
    townlet.next_seq        number of the event after the last one
    townlet.digest          of the log's chain after the last event, hex
    townlet.blocks          the chain's digest after each whole block of 4,096 that ends in the file, hex, end to end
    townlet.groups          JSON: of each row group its first byte, bytes, crc32, first seq, events, first and last
                            tick, and the chain's block digest and digest before it

and what the writer adds. Each byte of the file belongs to the magic, to one row group, or to the footer, which is bound
by a checksum and a hash kept outside of it: page checksums alone leave the pages' headers unchecked.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.arrow import SCHEMA, to_batch
from eventlog.chain import Chain
from eventlog.frames import Frame, hash_of
from eventlog.manifest import Seal
from eventlog.sealing import BATCH_EVENTS, DIGEST_HEX, Part, block_digests, regrouped

FORMAT: Final = "1"
"""The version of the metadata that this code writes and reads."""

KEY: Final = "townlet."
MAGIC: Final = b"PAR1"
"""What a Parquet file begins and ends with."""

DIFFERENCES: Final = ("seq", "tick")
"""The columns that only grow, stored as the differences of their values."""

_SETTINGS: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": [name for name in SCHEMA.names if name not in DIFFERENCES],
    "column_encoding": dict.fromkeys(DIFFERENCES, "DELTA_BINARY_PACKED"),
    "write_page_checksum": True,
}


NOTHING_MORE: Final[Mapping[str, str]] = {}


class _Group(NamedTuple):
    """A row group as the metadata tells of it, in this order."""

    position: int  # its first byte
    length: int  # bytes
    crc32: int
    first_seq: int
    rows: int
    first_tick: int
    last_tick: int
    block_digest: str  # the chain's, before it, hex
    digest: str  # the chain's, before it, hex


def write(sink: BinaryIO, parts: Iterable[Part], chain: Chain, about: Mapping[str, str] = NOTHING_MORE) -> Seal:
    """Write the events as one Parquet file; gives what it holds and what its bytes are.

    `parts` are at least one event; `chain` stands before them, and afterwards after them. `about` is more metadata.
    """
    counted = _Counted(sink)
    groups, blocks = list[_Group](), list[str]()
    with pq.ParquetWriter(counted, SCHEMA, **_SETTINGS) as file:
        counted.cut()
        for rows, notes in regrouped(iter(parts), chain.seq):
            position, before = counted.position, (chain.block_digest.hex(), chain.digest().hex())
            file.write_table(pa.Table.from_batches([to_batch(rows, notes)]), row_group_size=BATCH_EVENTS)
            blocks += block_digests(chain, rows, notes)
            content = counted.cut()
            held = int(rows["seq"][0]), len(rows), int(rows["tick"][0]), int(rows["tick"][-1])
            groups.append(_Group(position, len(content), zlib.crc32(content), *held, *before))
        told = {"format": FORMAT, "next_seq": str(chain.seq), "digest": chain.digest().hex(), "blocks": "".join(blocks)}
        told = {**about, **told, "groups": json.dumps(groups)}
        file.add_key_value_metadata({KEY + name: value for name, value in told.items()})
        frames_end = counted.position
    footer = counted.cut()
    return Seal(
        next_seq=chain.seq,
        first_tick=groups[0].first_tick,
        last_tick=groups[-1].last_tick,
        bytes=counted.position,
        frames_end=frames_end,
        frames_hash=hash_of(footer).hex(),
        footer_crc32=zlib.crc32(footer),
        block_digest=chain.block_digest.hex(),
        digest=chain.digest().hex(),
    )


def opened(content: pa.Buffer | str) -> pq.ParquetFile:
    """A Parquet file, in memory or by its path. Raises `pa.ArrowException`, `OSError`."""
    return pq.ParquetFile(content, page_checksum_verification=True)


def told_by(file: pq.ParquetFile) -> dict[str, str]:
    """What a file tells of itself, by the names above without their prefix; of another's file nothing."""
    found = file.metadata.metadata or {}
    prefix = KEY.encode()
    return {key.removeprefix(prefix).decode(): value.decode() for key, value in found.items() if key.startswith(prefix)}


def frames_of(told: Mapping[str, str]) -> tuple[list[Frame], list[int]]:
    """The row groups as frames of the log, and the checksum of each. Raises `KeyError`, `ValueError`, `TypeError`."""
    groups = [_Group(*each) for each in json.loads(told["groups"])]
    return [_frame(group) for group in groups], [group.crc32 for group in groups]


def blocks_of(told: Mapping[str, str]) -> list[bytes]:
    """The digests after each whole block that ends in the file. Raises `KeyError`, `ValueError`."""
    hexes = told["blocks"]
    return [bytes.fromhex(hexes[at : at + DIGEST_HEX]) for at in range(0, len(hexes), DIGEST_HEX)]


def batch_of(file: pq.ParquetFile, number: int) -> pa.RecordBatch:
    """The events of a row group as one record batch of `SCHEMA`. Raises `pa.ArrowException`, `OSError`."""
    table = file.read_row_group(number, use_threads=False)
    columns = [pa.concat_arrays(table.column(name).chunks) for name in SCHEMA.names]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _frame(group: _Group) -> Frame:
    """A row group as a frame without a mark: its checksum stands in the footer, as does what came before it."""
    return Frame(
        position=group.position,
        length=group.length,
        mark_at=0,
        first_seq=group.first_seq,
        rows=group.rows,
        first_tick=group.first_tick,
        last_tick=group.last_tick,
        previous=b"",
        block_digest=bytes.fromhex(group.block_digest),
        digest=bytes.fromhex(group.digest),
        hash=b"",
    )


class _Counted:
    """A file that is written to, which knows how many bytes it has and keeps those since the last cut."""

    closed = False

    def __init__(self, sink: BinaryIO) -> None:
        self.position = 0
        self._sink = sink
        self._kept = bytearray()

    def write(self, data: bytes) -> int:
        """Write all of it. Raises `OSError`."""
        self._sink.write(data)
        self._kept += data
        self.position += len(data)
        return len(data)

    def cut(self) -> bytes:
        """The bytes since the last cut."""
        kept, self._kept = bytes(self._kept), bytearray()
        return kept

    def tell(self) -> int:
        """How many bytes it has."""
        return self.position

    def writable(self) -> bool:
        """It is."""
        return True

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Closing is the sink's owner's."""
