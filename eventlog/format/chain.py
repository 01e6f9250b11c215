"""The digest of a history: a chain of sha256 hashes over its events. It does not depend on how they were batched.

Events are hashed in blocks of 4,096, cut at multiples of 4,096::

    digest_0 = sha256(b"townlet log 1")
    digest_i = sha256(digest_(i-1) + canonical bytes of block i)

The canonical bytes of an event are its 44 bytes of `ROW`, the length of its note in UTF-8 as a little-endian u32 (0: no
note), and the note. If a history ends inside a block, its digest is sha256 over the last whole block's digest and the
canonical bytes of the events after that block; if it ends with a block, its digest is that block's digest.
"""

import hashlib
import struct
from collections.abc import Mapping
from typing import Final, Self

import numpy as np

from eventlog.rows import ROW, Rows, packed_rows

BLOCK_EVENTS: Final = 4096
"""Events in a block of the chain."""

GENESIS: Final = hashlib.sha256(b"townlet log 1").digest()
"""The digest of a history without events."""

_PACKED: Final = np.dtype((np.void, ROW.itemsize))
_CANONICAL: Final = np.dtype([("row", _PACKED), ("note_bytes", "<u4")])
_NOTE_BYTES: Final = struct.Struct("<I")


class Chain:
    """The digest of a growing history.

    `seq` is the number of the next event, `block_digest` the digest of the last whole block (32 bytes).
    """

    def __init__(self, block_digest: bytes = GENESIS, seq: int = 0) -> None:
        """Start at event `seq`, a multiple of 4,096; `block_digest` is the digest of all events before it.

        Raises `ValueError` for another `seq`.
        """
        if seq % BLOCK_EVENTS:
            raise ValueError(f"a block begins at a multiple of {BLOCK_EVENTS:,}, not at event {seq:,}")
        self.seq = seq
        self.block_digest = block_digest
        self._open = hashlib.sha256(block_digest)
        self._canonical = np.zeros(BLOCK_EVENTS, _CANONICAL)

    @classmethod
    def resume(cls, block_digest: bytes, block_seq: int, rows: Rows, notes: Mapping[int, str] | None = None) -> Self:
        """The chain after `rows`, which begin with event `block_seq`; `block_digest` is the digest before them."""
        chain = cls(block_digest, block_seq)
        chain.extend(rows, notes)
        return chain

    def extend(self, rows: Rows, notes: Mapping[int, str] | None = None) -> None:
        """Add the next events; `notes` maps the seq of an event to its note."""
        rows = packed_rows(rows)
        taken = 0
        while taken < len(rows):
            room = BLOCK_EVENTS - self.seq % BLOCK_EVENTS
            part = rows[taken : taken + room]
            self._hash(part, notes or {})
            taken += len(part)
            self.seq += len(part)
            if self.seq % BLOCK_EVENTS == 0:
                self.block_digest = self._open.digest()
                self._open = hashlib.sha256(self.block_digest)

    def digest(self) -> bytes:
        """The digest of all events so far, 32 bytes."""
        return self._open.copy().digest() if self.seq % BLOCK_EVENTS else self.block_digest

    def _hash(self, rows: Rows, notes: Mapping[int, str]) -> None:
        canonical = self._canonical[: len(rows)]
        canonical["row"] = rows.view(_PACKED)
        done = 0
        for seq in sorted(notes):
            index = seq - self.seq
            if 0 <= index < len(rows):
                words = notes[seq].encode()
                # The events before it have no notes: their note_bytes are 0 in the scratch rows.
                self._open.update(canonical[done:index].data)
                self._open.update(rows[index].tobytes() + _NOTE_BYTES.pack(len(words)) + words)
                done = index + 1
        self._open.update(canonical[done:].data)
