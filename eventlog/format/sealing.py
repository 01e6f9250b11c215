"""Sealing: rewrites a long active segment as an Arrow IPC file with few large batches.

A sealed segment holds the same events as the stream that it replaces, in batches cut at multiples of 65,536 events. Any
Arrow reader opens it. Each batch is a frame with a mark, checked as in a stream. The footer's metadata has, under
``tw.blocks``, the chain's digest after each whole block that ends in the file, so computing the digest at any event
takes at most 4,096 events.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.folder.manifest import Seal
from eventlog.format.arrow import NO_NOTES, SCHEMA, to_batch
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.frames import BLANK, encode, hash_of
from eventlog.format.layout import METADATA_KEY, schema_message
from eventlog.rows import ROW, Rows

SEGMENT_EVENTS: Final = 1 << 20
"""Events after which a segment is sealed."""

BATCH_EVENTS: Final = 1 << 16
"""Events in a batch of a sealed segment; a multiple of `BLOCK_EVENTS`."""

FILE_MAGIC: Final = b"ARROW1\0\0"
"""The first bytes of an Arrow IPC file; its schema follows."""

BLOCKS_KEY: Final = b"tw.blocks"
DIGEST_HEX: Final = 64

Part = tuple[Rows, Mapping[int, str]]
"""Events, and their notes by seq."""


class Sealed(NamedTuple):
    """The bytes of a sealed segment, and its seal for the manifest."""

    content: bytearray
    seal: Seal


def seal(parts: Iterator[Part], chain: Chain) -> Sealed:
    """The events of whole commits as one file. `chain` is the chain before them and is extended by them."""
    batches = list(large_batches(parts, chain.seq))
    begun = [(chain.block_digest, chain.digest())]
    blocks: list[str] = []
    for rows, notes in batches:
        blocks += block_digests(chain, rows, notes)
        begun.append((chain.block_digest, chain.digest()))
    content = bytearray(_blank_file(batches, "".join(blocks)))
    position, previous = len(FILE_MAGIC) + len(schema_message()), hash_of(schema_message())
    for (rows, notes), (block_digest, digest) in zip(batches, begun[:-1], strict=True):
        frame, previous = encode(rows, notes, previous=previous, block_digest=block_digest, digest=digest)
        content[position : position + len(frame)] = frame
        position += len(frame)
    said = Seal(
        next_seq=chain.seq,
        first_tick=int(batches[0][0]["tick"][0]),
        last_tick=int(batches[-1][0]["tick"][-1]),
        bytes=len(content),
        frames_end=position,
        frames_hash=previous.hex(),
        footer_crc32=zlib.crc32(memoryview(content)[position:]),
        block_digest=chain.block_digest.hex(),
        digest=chain.digest().hex(),
    )
    return Sealed(content, said)


def footer_crc(content: memoryview, said: Seal) -> int:
    """The crc32 of the bytes after the frames of a sealed segment."""
    return zlib.crc32(content[said.frames_end :])


def blocks_of(content: memoryview) -> list[bytes]:
    """The digest after each whole block that ends in a sealed segment. Raises `pa.ArrowInvalid`, `KeyError`."""
    hexes = pa.ipc.open_file(pa.py_buffer(content)).metadata[BLOCKS_KEY].decode("ascii")
    return [bytes.fromhex(hexes[at : at + DIGEST_HEX]) for at in range(0, len(hexes), DIGEST_HEX)]


def large_batches(parts: Iterator[Part], seq: int) -> Iterator[Part]:
    """The same events in batches that end at multiples of BATCH_EVENTS; the last batch may be shorter."""
    held: list[Rows] = []
    words: dict[int, str] = {}
    for rows, notes in parts:
        words |= notes
        while len(rows):
            room = BATCH_EVENTS - seq % BATCH_EVENTS
            held.append(rows[:room])
            seq += len(held[-1])
            rows = rows[room:]
            if seq % BATCH_EVENTS == 0:
                yield _batch(held, words)
                held, words = [], {number: note for number, note in words.items() if number >= seq}
    if held:
        yield _batch(held, words)


def _batch(held: list[Rows], words: Mapping[int, str]) -> Part:
    rows = np.concatenate(held, dtype=ROW)
    last = int(rows["seq"][-1])
    return rows, {seq: note for seq, note in words.items() if seq <= last} if words else NO_NOTES


def block_digests(chain: Chain, rows: Rows, notes: Mapping[int, str]) -> Iterator[str]:
    """Extend the chain by the rows; yields the digest after each whole block, in hex."""
    while len(rows):
        room = BLOCK_EVENTS - chain.seq % BLOCK_EVENTS
        chain.extend(rows[:room], notes)
        rows = rows[room:]
        if chain.seq % BLOCK_EVENTS == 0:
            yield chain.block_digest.hex()


def _blank_file(batches: list[Part], blocks: str) -> pa.Buffer:
    """The file as pyarrow writes it, with blank marks; its footer has the position of each batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, SCHEMA, metadata={BLOCKS_KEY: blocks.encode()}) as file:
        for rows, notes in batches:
            file.write_batch(to_batch(rows, notes), custom_metadata={METADATA_KEY: BLANK})
    return sink.getvalue()
