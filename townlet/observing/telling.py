"""The story of a run as it is told on: what is kept of it, and what comes."""

import mmap
import tempfile
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog import codes
from projections.narration.narrator import Narrator
from townlet.configuration.load import person_name
from townlet.derived import NARRATIONS, Tables, keep, nearest, projection
from townlet.observing.view import Entry, Story

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.run import Run

LAST: Final = 128
"""How many entries a view has."""

MOST: Final = 4096
"""How many entries are held as such; all before them lie in files that go with the process."""


class Telling:
    """The story of a run, from what is kept of it on. `tick` is how far it is told."""

    def __init__(self, run: "Run") -> None:
        """Raises LogDamaged, BadEvent."""
        kept = nearest(run, NARRATIONS, run.head.tick)
        self._town = run.empty_town() if kept is None else run.at(kept.point.tick).town
        self._run, self.seq = run, self._town.seq
        self._live = self._narrator({} if kept is None else kept.tables())
        self._settings = run.config
        self.tick = 0 if kept is None else kept.point.tick
        self._kept_tick = self.tick
        self._entries: list[Entry] = []
        self._lay_down(self._live.tables()[NARRATIONS])
        self._story: tuple[tuple[int, int], tuple[Entry, ...]] = (0, 0), ()

    def fold(self, rows: "Rows") -> None:
        """Tell what the next rows of the log come to. Raises BadEvent."""
        since = self._live.count
        self._live.fold(rows)
        self._entries += [self._entry(each) for each in self._live.entries(since)]
        last = rows[-1]
        if len(self._entries) > MOST:
            self._put_away()
        self.seq, self.tick = int(last["seq"]) + 1, int(last["tick"]) + int(last["kind"] == codes.TICK_ENDED)

    def keep(self) -> None:
        """Keep the story beside the log, for whoever asks another time; it is told to the log's end."""
        if self.tick - self._kept_tick >= self._settings.checkpoint_ticks:
            keep(self._run, projection(NARRATIONS), self.tick, self._live.tables())
            self._kept_tick = self.tick

    def before(self, tick: int) -> Story:
        """The last entries of ticks before this one."""
        last = int(np.searchsorted(self._kept_ticks, tick))
        if last == len(self._kept):
            last += bisect_left(self._entries, tick, key=lambda entry: entry.tick)
        first = max(last - LAST, 0)
        if self._story[0] != (first, last):
            self._story = (first, last), self._between(first, last)
        return Story(self._story[1], self.tick)

    def _put_away(self) -> None:
        """Let go of the entries: those told so far are read from a file, by the narrator too."""
        tables = self._live.tables()
        told = mapped(tables[NARRATIONS].slice(len(self._kept)))
        self._lay_down(pa.concat_tables([self._kept, told]))
        self._live = self._narrator(tables | {NARRATIONS: self._kept})
        self._entries = []

    def _narrator(self, tables: Tables) -> Narrator:
        """A narrator that goes on from the town as it is, and from its tables, if there are any."""
        live = projection(NARRATIONS).begin(self._town)
        assert isinstance(live, Narrator)
        if tables:
            live.restore(tables)
        return live

    def _lay_down(self, kept: pa.Table) -> None:
        self._kept, self._kept_ticks = kept, kept.column("tick").to_numpy()

    def _between(self, first: int, last: int) -> tuple[Entry, ...]:
        kept = len(self._kept)
        early = self._kept.slice(first, max(min(last, kept) - first, 0)).to_pylist() if first < kept else []
        return (*map(self._entry, early), *self._entries[max(first - kept, 0) : max(last - kept, 0)])

    def _entry(self, told: Any) -> Entry:
        people = (told[field] for field in ("agent", "other") if told[field] is not None)
        return Entry(
            number=told["seq"],
            tick=told["tick"],
            category=told["category"],
            priority=told["priority"],
            text=told["text"],
            cause=told["cause"],
            people=tuple(person_name(self._settings, each) for each in people),
        )


def mapped(table: pa.Table) -> pa.Table:
    """The same table, in a file without a name: the system has its memory back whenever it wants it."""
    with tempfile.TemporaryFile() as file:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        file.flush()
        content = pa.py_buffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return pa.ipc.open_file(content).read_all()
