"""Reads cold segments: sealed segments kept as Parquet, in less than a tenth of the size.

Events, notes and digests are the same as before archiving. A reader sees each row group as a frame. The seal of a cold
segment has the size of the Parquet file, the first byte of its footer, and the footer's checksum and hash. The footer
has the checksum of each row group, so every byte is checked before an event is read from it.
"""

import zlib
from collections.abc import Mapping
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.errors import LogDamaged
from eventlog.folder.manifest import Seal
from eventlog.format import parquet
from eventlog.format.arrow import from_batch, notes_of
from eventlog.format.frames import CHECKSUM_DIFFERS, OTHER_EVENTS, Frame, agrees, hash_of
from eventlog.rows import Rows
from eventlog.segments.segment import SegmentReader

FOOTER_DIFFERS = "its footer is not the one that was sealed"


class ColdReader(SegmentReader):
    """The reader of a segment kept as Parquet; its row groups are its frames."""

    def frames(self) -> list[Frame]:
        """The row groups as frames; none if the footer is damaged."""
        if not self._frames and self._fault is None:
            self._position = self._seal.frames_end
            try:
                self._frames = self._contents.frames
            except LogDamaged as error:
                self._fault = error.reason
        return self._frames

    def rows(self, frame: Frame) -> tuple[Rows, Mapping[int, str]]:
        """The events of a frame as an array of `ROW`, and their notes by seq. Raises `LogDamaged`."""
        batch = self.batch(frame)
        return from_batch(batch), notes_of(batch)

    def batch(self, frame: Frame) -> pa.RecordBatch:
        """The events of a frame as a record batch of `SCHEMA`. Raises `LogDamaged`."""
        self._require_intact(frame)
        try:
            batch = parquet.batch_of(self._file, self._numbers[frame.position])
        except (pa.ArrowException, OSError, ValueError, LookupError) as error:
            raise self.damage(frame.position, f"its row group cannot be read ({error})", frame) from error
        if not agrees(frame, batch):
            raise self.damage(frame.position, OTHER_EVENTS, frame)
        return batch

    @property
    def _seal(self) -> Seal:
        seal = self.segment.seal
        assert seal is not None, "only sealed segments are cold"
        return seal

    @cached_property
    def _file(self) -> pq.ParquetFile:
        return parquet.parquet_file(self._buffer)

    @cached_property
    def _contents(self) -> parquet.Contents:
        """The content of the checked footer. Raises `LogDamaged`."""
        self._require_footer()
        try:
            contents = parquet.contents_of(self._buffer)
        except ValueError as error:
            raise self.damage(self._seal.frames_end, str(error)) from error
        held = contents.frames[0].first_seq, contents.next_seq, contents.digest.hex()
        if held != (self.start.seq, self._seal.next_seq, self._seal.digest):
            raise self.damage(self._seal.frames_end, "its events are not those that the manifest records")
        return contents

    @cached_property
    def _numbers(self) -> dict[int, int]:
        """The number of each row group, by its first byte."""
        return {frame.position: number for number, frame in enumerate(self._contents.frames)}

    @cached_property
    def _blocks(self) -> list[bytes]:
        """The digest after each whole block that ends in the segment. Raises `LogDamaged` if the footer is damaged."""
        return self._contents.blocks

    def _require_footer(self) -> None:
        """Raises `LogDamaged` unless the footer is the one that was sealed."""
        footer = self._buffer[self._seal.frames_end :]
        found = self._size, zlib.crc32(footer), hash_of(bytes(footer)).hex()
        if found != (self._seal.bytes, self._seal.footer_crc32, self._seal.frames_hash):
            raise self.damage(self._seal.frames_end, FOOTER_DIFFERS)

    def _fault_of(self, frame: Frame) -> str | None:
        if frame.position not in self._intact:
            if not parquet.is_intact(self._buffer, frame, self._contents.crc32s[self._numbers[frame.position]]):
                return CHECKSUM_DIFFERS
            self._intact.add(frame.position)
        return None

    def _read_schema(self, begins: int) -> tuple[int, bytes]:
        """The byte at which the first row group begins, and b"". Raises `LogDamaged`."""
        begins = len(parquet.MAGIC)
        if bytes(self._buffer[:begins]) != parquet.MAGIC:
            raise self.damage(0, "it is not a Parquet file")
        return begins, b""
