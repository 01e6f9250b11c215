"""Events as a Parquet file with their digests: the form of archived segments and of exports.

One file holds consecutive events in row groups cut at multiples of 65,536 events, with zstd and page checksums. It has
the columns of `SCHEMA` or of another layout. `seq` and `tick` are stored as differences, all other columns by
dictionary: about 3.5 bytes an event of `SCHEMA`, the smallest form that every Parquet reader accepts. Key-value
metadata, all of it text::

    townlet.format          1
    townlet.next_seq        number of the event after the last one
    townlet.digest          of the log's chain after the last event, hex
    townlet.blocks          the chain's digest after each whole block of 4,096 that ends in the file, hex, end to end
    townlet.groups          JSON: for each row group its first byte, bytes, crc32, first seq, events, first and last
                            tick, and the chain's block digest and digest before it
    townlet.footer          16-byte blake2b of the footer, hex, computed with these digits zero

and the keys that the caller adds. The file is the magic, the row groups and the footer, and nothing else. Each byte is
checked: by the magic, a row group's crc32, or the footer's hash. Page checksums alone do not cover the pages' headers,
and Parquet has no checksum of its footer. The hash is found by its name and checked before anything is parsed, so the
check depends neither on the reader nor on the version of Arrow.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ConfigDict, Field, TypeAdapter

from eventlog.folder.manifest import Seal
from eventlog.format.arrow import SCHEMA, to_batch
from eventlog.format.chain import GENESIS, Chain
from eventlog.format.frames import Frame, hash_of
from eventlog.format.sealing import BATCH_EVENTS, DIGEST_HEX, Part, block_digests, large_batches

FORMAT: Final = "1"
"""The version of the metadata that this code writes and reads."""

KEY: Final = "townlet."
MAGIC: Final = b"PAR1"
"""The first and the last bytes of a Parquet file."""

DIFFERENCES: Final = ("seq", "tick")
"""The columns that only grow, stored as the differences of their values."""

SETTINGS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "compression": "zstd",
        "compression_level": 3,
        "column_encoding": dict.fromkeys(DIFFERENCES, "DELTA_BINARY_PACKED"),
        "write_statistics": ["seq", "tick", "kind"],
        "write_page_checksum": True,
        "write_page_index": False,
    }
)


class Layout(NamedTuple):
    """The columns of a file, `seq`, `tick` and `kind` among them, and what makes them of a batch of `SCHEMA`."""

    schema: pa.Schema
    laid_out: Callable[[pa.RecordBatch], pa.RecordBatch]


AS_STORED: Final = Layout(SCHEMA, lambda batch: batch)
"""The columns of the log."""

NOTHING_MORE: Final[Mapping[str, str]] = MappingProxyType({})

_FOOTER: Final = KEY + "footer"
_BLANK: Final = b"0" * 32
_HASH: Final = re.compile(re.escape(_FOOTER.encode()) + rb"..([0-9a-f]{32})", re.DOTALL)  # a type and a length between
_END: Final = 4 + len(MAGIC)  # the footer's length, and the magic


class _Group(NamedTuple):
    """An entry of the metadata the key townlet.groups, in this order."""

    position: int  # its first byte
    length: int  # bytes
    crc32: int
    first_seq: int
    rows: int
    first_tick: int
    last_tick: int
    block_digest: str  # the chain's, before it, hex
    digest: str  # the chain's, before it, hex


_Size = Annotated[int, Field(strict=True, ge=0, lt=1 << 63)]
_Rows = Annotated[int, Field(strict=True, ge=1, le=BATCH_EVENTS)]
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_GROUPS: Final = TypeAdapter(
    Annotated[
        list[tuple[_Size, _Size, _Size, _Size, _Rows, _Size, _Size, _Digest, _Digest]],
        Field(min_length=1),
    ],
    config=ConfigDict(defer_build=True),
)


class Contents(NamedTuple):
    """The content of a checked footer."""

    frames: list[Frame]  # the row groups
    crc32s: list[int]  # of each
    blocks: list[bytes]  # the chain's digest after each whole block that ends in the file
    next_seq: int
    digest: bytes  # the chain's, after the last event
    about: Mapping[str, str]  # all of the metadata, without the prefix of its names


def write(
    sink: BinaryIO,
    parts: Iterable[Part],
    chain: Chain,
    about: Mapping[str, str] = NOTHING_MORE,
    layout: Layout = AS_STORED,
) -> Seal:
    """Write the events as one Parquet file; returns its seal.

    `parts` must have at least one event. `chain` is the chain before them and is extended by them. `about` is more
    metadata. Raises `ValueError` without events, `OSError`.
    """
    by_word = [name for name in layout.schema.names if name not in DIFFERENCES]
    counted = _CountingFile(sink)
    groups, blocks = list[_Group](), list[str]()
    with pq.ParquetWriter(counted, layout.schema, use_dictionary=by_word, **SETTINGS) as file:
        counted.cut()
        for rows, notes in large_batches(iter(parts), chain.seq):
            position, before = counted.position, (chain.block_digest.hex(), chain.digest().hex())
            batch = layout.laid_out(to_batch(rows, notes))
            file.write_table(pa.Table.from_batches([batch]), row_group_size=BATCH_EVENTS)
            blocks += block_digests(chain, rows, notes)
            content = counted.cut()
            held = int(rows["seq"][0]), len(rows), int(rows["tick"][0]), int(rows["tick"][-1])
            groups.append(_Group(position, len(content), zlib.crc32(content), *held, *before))
        if not groups:
            raise ValueError("a Parquet file of a log holds at least one event")
        told = {"format": FORMAT, "next_seq": str(chain.seq), "digest": chain.digest().hex(), "blocks": "".join(blocks)}
        told = {**about, **told, "groups": json.dumps(groups), "footer": _BLANK.decode()}
        file.add_key_value_metadata({KEY + name: value for name, value in told.items()})
        frames_end = counted.position
        counted.hold()
    footer = _signed_footer(counted.cut())
    sink.write(footer)
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


def contents_of(content: memoryview) -> Contents:
    """The content of the footer of the file with these bytes. Checks the footer, not the row groups.

    Raises `ValueError` with the fault in words.
    """
    if bytes(content[: len(MAGIC)]) != MAGIC:
        raise ValueError("it is not a Parquet file")
    begins = _footer_begins(content)
    if begins is None or _blank_footer(bytes(content[begins:])) is None:
        raise ValueError("its footer is not the one that was written")
    try:
        told = _metadata_of(parquet_file(content))
        if told["format"] != FORMAT:
            raise ValueError(f"it is of format {told['format']}, not {FORMAT}")
        groups = [_Group(*each) for each in _GROUPS.validate_json(told["groups"])]
        hexes = told["blocks"]
        blocks = [bytes.fromhex(hexes[at : at + DIGEST_HEX]) for at in range(0, len(hexes), DIGEST_HEX)]
        found = [_frame(group) for group in groups]
        contents = Contents(
            found, [group.crc32 for group in groups], blocks, int(told["next_seq"]), bytes.fromhex(told["digest"]), told
        )
    except (pa.ArrowException, LookupError, TypeError, OSError, RecursionError) as error:
        raise ValueError(f"its footer cannot be read ({error})") from error
    _require_gapless(found, begins, contents.next_seq)
    if any(len(digest) != len(GENESIS) for digest in (*blocks, contents.digest)):
        raise ValueError("its digests are not of 32 bytes")
    return contents


def is_intact(content: memoryview, frame: Frame, crc32: int) -> bool:
    """Whether a row group's bytes have this checksum."""
    return zlib.crc32(content[frame.position : frame.end]) == crc32


def parquet_file(content: memoryview) -> pq.ParquetFile:
    """The file with these bytes. Raises `pa.ArrowException`, `OSError`."""
    return pq.ParquetFile(pa.py_buffer(content))


def batch_of(file: pq.ParquetFile, number: int) -> pa.RecordBatch:
    """The events of a row group as one record batch of `SCHEMA`. Raises `pa.ArrowException`, `OSError`."""
    return batch_from(file.read_row_group(number, use_threads=False))


def batch_from(table: pa.Table) -> pa.RecordBatch:
    """The events of a table with the columns of `SCHEMA` as one record batch. Raises `pa.ArrowException`."""
    columns = [pa.concat_arrays(table.column(name).chunks) for name in SCHEMA.names]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _metadata_of(file: pq.ParquetFile) -> dict[str, str]:
    """The metadata by the names above, without the prefix `townlet.`."""
    found = file.metadata.metadata or {}
    prefix = KEY.encode()
    return {key.removeprefix(prefix).decode(): value.decode() for key, value in found.items() if key.startswith(prefix)}


def _footer_begins(content: memoryview) -> int | None:
    """The byte at which the footer begins, from its length at the end of the file; None if there is no footer."""
    if len(content) < len(MAGIC) + _END or bytes(content[-len(MAGIC) :]) != MAGIC:
        return None
    begins = len(content) - _END - int.from_bytes(content[-_END : -len(MAGIC)], "little")
    return begins if begins >= len(MAGIC) else None


def _signed_footer(footer: bytes) -> bytes:
    """The footer with its hash filled in. Raises `ValueError` if `contents_of` could not read it."""
    found = _HASH.findall(footer)
    if found != [_BLANK] or int.from_bytes(footer[-_END : -len(MAGIC)], "little") != len(footer) - _END:
        raise ValueError("Arrow laid the footer out in a way that is not known here")
    at = _hash_at(footer)
    return footer[:at] + hash_of(footer).hex().encode() + footer[at + len(_BLANK) :]


def _blank_footer(footer: bytes) -> bytes | None:
    """The footer with the digits of its hash set to zero; None if the hash is wrong."""
    found = _HASH.findall(footer)
    if len(found) != 1:
        return None
    at = _hash_at(footer)
    blank = footer[:at] + _BLANK + footer[at + len(_BLANK) :]
    return blank if hash_of(blank).hex().encode() == found[0] else None


def _hash_at(footer: bytes) -> int:
    found = _HASH.search(footer)
    assert found is not None, "it was found before"
    return found.start(1)


def _require_gapless(frames: list[Frame], end: int, next_seq: int) -> None:
    """Raises `ValueError` unless the row groups fill the file from the magic to the footer, with consecutive events."""
    position, seq, tick = len(MAGIC), frames[0].first_seq, 0
    for frame in frames:
        if (frame.position, frame.first_seq) != (position, seq) or not tick <= frame.first_tick <= frame.last_tick:
            raise ValueError(f"its row groups do not follow one another at byte {position:,}")
        position, seq, tick = frame.end, frame.next_seq, frame.last_tick
    if (position, seq) != (end, next_seq):
        raise ValueError("its row groups are not all that it holds")


def _frame(group: _Group) -> Frame:
    """A row group as a frame without a mark, `previous` and `hash`: the footer has its checksum."""
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


class _CountingFile:
    """A writable file that counts its bytes and keeps those written since the last `cut`."""

    closed = False

    def __init__(self, sink: BinaryIO) -> None:
        self.position = 0
        self._sink: BinaryIO | None = sink
        self._kept = bytearray()

    def write(self, data: bytes) -> int:
        """Write all bytes; returns their number. Raises `OSError`."""
        if self._sink is not None:
            self._sink.write(data)
        self._kept += data
        self.position += len(data)
        return len(data)

    def cut(self) -> bytes:
        """The bytes written since the last call."""
        kept, self._kept = bytes(self._kept), bytearray()
        return kept

    def hold(self) -> None:
        """From now on keep bytes without writing them."""
        self._sink = None

    def tell(self) -> int:
        """The number of bytes so far."""
        return self.position

    def writable(self) -> bool:
        """Always true."""
        return True

    def flush(self) -> None:
        """Does nothing: there is no buffer."""

    def close(self) -> None:
        """Does nothing: the caller closes the sink."""
