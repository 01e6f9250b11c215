"""The histories of many towns: the chain of each one's digest, and the log of each one that has a log."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np

from eventlog.format.chain import BLOCK_EVENTS, GENESIS, Chain
from eventlog.reader import LogReader
from eventlog.rows import ROW, Rows
from eventlog.writer import LogWriter
from townlet.errors import TownletError

NO_ROWS: Final = np.zeros(0, ROW)


def ragged(parts: Sequence[Rows | None]) -> tuple[np.ndarray, np.ndarray]:
    """Arrays of different lengths as one array of bytes, u1 [n], and their lengths, i8 [parts]; None has no rows."""
    whole = [NO_ROWS if part is None else part for part in parts]
    return np.concatenate(whole).view("u1").copy(), np.array([len(part) for part in whole], np.int64)


def ragged_parts(content: np.ndarray, lengths: np.ndarray, record: np.dtype) -> list[np.ndarray]:
    """The arrays of records that `ragged` has put together. Raises TownletError if the lengths do not add up."""
    if content.dtype != np.uint8 or (lengths < 0).any() or content.size != int(lengths.sum()) * record.itemsize:
        raise TownletError("the state is not whole: the rows in it have other lengths than it says")
    return np.split(np.ascontiguousarray(content).view(record), np.cumsum(lengths)[:-1])


RAGGED = ("chains.tails", "chains.notes")
"""The parts of a state of histories that are bytes of any length."""


class Histories:
    """The chain of each town, and the rows of its last, unfinished block: with them it can be taken up again."""

    def __init__(self, count: int) -> None:
        self._chains = [Chain() for _ in range(count)]
        self._blocks = np.zeros((count, BLOCK_EVENTS), ROW)  # of each, the rows since the last whole block
        self._notes: list[dict[int, str]] = [{} for _ in range(count)]

    def begin(self, index: int, block_digest: bytes = GENESIS, seq: int = 0) -> None:
        """Begin a history anew, at event `seq`, a multiple of BLOCK_EVENTS, with the digest of all before it."""
        self._chains[index], self._notes[index] = Chain(block_digest, seq), {}

    def extend(self, index: int, rows: Rows, notes: Mapping[int, str] | None = None) -> None:
        """Add the next events of a town."""
        chain = self._chains[index]
        before = chain.seq % BLOCK_EVENTS
        chain.extend(rows, notes)
        filled = chain.seq % BLOCK_EVENTS
        begins = chain.seq - filled
        new = min(len(rows), filled)  # the rows of the block that is not whole
        assert new == filled or filled == before + new
        self._blocks[index, filled - new : filled] = rows[len(rows) - new :]
        if notes or self._notes[index]:
            whole = {**self._notes[index], **(notes or {})}
            self._notes[index] = {seq: note for seq, note in whole.items() if seq >= begins}

    def digest(self, index: int) -> str:
        """The digest of a town's history, in hex."""
        return self._chains[index].digest().hex()

    def state(self) -> dict[str, np.ndarray]:
        """The digest before the last block of each history, and that block's rows and notes."""
        filled = [chain.seq % BLOCK_EVENTS for chain in self._chains]
        tails, lengths = ragged([block[:rows] for block, rows in zip(self._blocks, filled, strict=True)])
        blocks = b"".join(chain.block_digest for chain in self._chains)
        return {
            "chains": np.frombuffer(blocks, "u1").reshape(len(self._chains), -1).copy(),
            "chains.seq": np.array([chain.seq for chain in self._chains], np.int64),
            "chains.tails": tails,
            "chains.rows": lengths,
            "chains.notes": np.frombuffer(json.dumps(self._notes).encode(), "u1").copy(),
        }

    def parts_of_state(self) -> dict[str, np.ndarray]:
        """Arrays with the shapes and types that the parts of a state have, those of any length aside."""
        return {name: like for name, like in self.state().items() if name not in RAGGED}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take the histories up again. Raises TownletError if the state has other rows than it says."""
        tails = ragged_parts(state["chains.tails"], state["chains.rows"], ROW)
        notes = json.loads(state["chains.notes"].tobytes())
        if not len(tails) == len(notes) == len(state["chains"]) == len(self._chains):
            raise TownletError(f"the state has {len(tails)} histories, not {len(self._chains)}")
        for index, tail in enumerate(tails):
            self.begin(index, state["chains"][index].tobytes(), int(state["chains.seq"][index]) - len(tail))
            self.extend(index, tail, {int(seq): note for seq, note in notes[index].items()})


class TownLog:
    """The log of one town, the `number`th of its folder. `held` is a founding that waits for the first tick."""

    def __init__(self, writer: LogWriter, number: int) -> None:
        self._writer, self.number, self.held = writer, number, NO_ROWS
        self._ahead = writer.head.seq  # rows before this event are in the log

    @classmethod
    def again(cls, path: Path, number: int, seq: int = 0) -> Self:
        """The log of a town that lives on from event `seq` or lives again, with what was written of it.

        Raises TownletError if the log is shorter than that, and as `LogWriter.open` does.
        """
        log = cls(LogWriter.open(path, durability="never"), number)
        if log._ahead < seq:
            log.close()
            raise TownletError(
                f"{path} has {log._ahead:,} events, and the state was taken after event {seq:,}: the log was cut off "
                "or is another one. Continue without logs, or from an earlier state"
            )
        return log

    @property
    def path(self) -> Path:
        """The folder of the log."""
        return self._writer.path

    def commit(self, rows: Rows, *, is_founding: bool) -> None:
        """Add the next rows. A commit holds whole ticks, so the founding waits for the first tick.

        Rows that the log has already must be equal to these: TownletError.
        """
        whole = np.concatenate([self.held, rows])
        if is_founding:
            self.held = whole
            return
        self.held = NO_ROWS
        known = max(0, min(len(whole), self._ahead - int(whole["seq"][0])))
        if known:
            self._require_same(whole[:known])
        if known < len(whole):
            self._writer.commit(whole[known:], expected_seq=int(whole["seq"][known]))

    def _require_same(self, rows: Rows) -> None:
        first = int(rows["seq"][0])
        written = np.concatenate([NO_ROWS, *LogReader(self.path).rows(first, first + len(rows))])
        if written.tobytes() != rows.tobytes():
            raise TownletError(
                f"{self.path}: the town lives otherwise than its log from event {first:,} on. Continue with the same "
                "settings, code and versions, or into another folder"
            )

    def close(self) -> None:
        """Close the log. A founding that no tick has followed is not in it."""
        self._writer.close()
