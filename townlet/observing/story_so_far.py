"""The story of a run while its log is folded: starts from the kept story and goes on."""

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from eventlog import codes
from projections.narration.narrator import Narrator
from townlet.configuration.load import person_name
from townlet.history.kept_tables import NARRATIONS, keep, nearest, projection
from townlet.observing.shelf import Shelf
from townlet.observing.view import Entry, Story

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

LAST: Final = 128
"""How many entries a view shows."""

MOST: Final = 4096
"""How many entries are in memory at most; earlier ones go to the shelf."""


class StorySoFar:
    """The story of a run. It starts from the kept story; every event before number `seq` is folded."""

    def __init__(self, run: "History") -> None:
        """Raises LogDamaged, BadEvent."""
        kept = nearest(run, NARRATIONS, run.head.tick)
        self._town = run.empty_town() if kept is None else run.at(kept.point.tick).town
        self._run, self.seq = run, self._town.seq
        live = projection(NARRATIONS).begin(self._town)
        assert isinstance(live, Narrator)
        self._live = live
        if kept is not None:
            live.restore(kept.tables())
        self._settings = run.config
        self.tick = 0 if kept is None else kept.point.tick
        self._kept_tick = self.tick
        self._entries: list[Entry] = []
        self._shelf = Shelf()
        self._put_away()
        self._story: tuple[tuple[int, int], tuple[Entry, ...]] = (0, 0), ()

    def fold(self, rows: "Rows") -> None:
        """Fold the next rows of the log and add their entries. Raises BadEvent."""
        since = self._live.count
        self._live.fold(rows)
        self._entries += [self._entry(each) for each in self._live.entries(since)]
        last = rows[-1]
        if len(self._entries) >= MOST:
            self._put_away()
        self.seq, self.tick = int(last["seq"]) + 1, int(last["tick"]) + int(last["kind"] == codes.TICK_ENDED)

    def keep(self) -> None:
        """Keep the story beside the log, for later readers. It must be folded to the end of the log."""
        if self.tick - self._kept_tick >= self._settings.checkpoint_ticks:
            tables = self._live.tables()
            story = pa.concat_tables([*self._shelf.entries(), tables[NARRATIONS]]).combine_chunks()
            keep(self._run, projection(NARRATIONS), self.tick, tables | {NARRATIONS: story})
            self._kept_tick = self.tick

    def before(self, tick: int) -> Story:
        """The last LAST entries with a smaller tick."""
        last = self._shelf.before(tick)
        if last == len(self._shelf):
            last += bisect_left(self._entries, tick, key=lambda entry: entry.tick)
        first = max(last - LAST, 0)
        if self._story[0] != (first, last):
            self._story = (first, last), self._between(first, last)
        return Story(self._story[1], self.tick)

    def _put_away(self) -> None:
        """Move the entries to the shelf, also those in the narrator."""
        self._shelf.add(self._live.take_entries())
        self._entries = []

    def _between(self, first: int, last: int) -> tuple[Entry, ...]:
        away = len(self._shelf)
        told = self._entries[max(first - away, 0) : max(last - away, 0)]
        return (*map(self._entry, self._shelf.between(first, min(last, away))), *told)

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
