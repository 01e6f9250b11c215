"""Reads a run, finished or running, for a screen: gives a view of any tick at once, and folds the rest meanwhile."""

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from eventlog.errors import EventLogError, LogDamaged
from eventlog.rows import ROW
from projections.errors import BadEvent
from projections.telemetry.frame import Block
from townlet.configuration.plans import map_of
from townlet.errors import TownletError
from townlet.observing.cards import Cards
from townlet.observing.day_figures import DayFigures
from townlet.observing.event_list import Events
from townlet.observing.index import Bins, Index, day_bins
from townlet.observing.shown_towns import Ground, ShownTowns
from townlet.observing.story_so_far import StorySoFar
from townlet.observing.view import Card, Churn, EventPage, ShownTown, Story, Timeline, Trouble, View, Wanted

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

SLICE: Final = 2048
"""How many events the index folds between two looks at the clock."""

STORY_SLICE: Final = 256
"""How many events the story folds between two looks at the clock: sentences take longer."""

INDEX_TURNS: Final = 2
"""While both index and story have events to fold, one slice of so many is for the story."""

WRONG: Final = (EventLogError, TownletError, BadEvent, OSError)
"""The errors that a run can cause while it is read."""


class RunReader:
    """Reads one run for a screen. Its methods do not raise errors of the run: `View.trouble` describes them.

    Used by one thread. `work` folds the parts of a view that need the whole log: the index, the story, key figures.
    """

    def __init__(self, run: "History") -> None:
        """Raises LogDamaged, ConfigurationError if the run cannot be opened."""
        self.run = run
        self._log = run.log
        self._head, self._closed = self._log.head, self._log.manifest.closed
        self._lost: Trouble | None = None
        self._begin()

    def view(self, wanted: Wanted) -> View:
        """The view of the wanted tick, or of the last tick before it that can be shown."""
        self._refresh()
        town = self._shown_town(wanted.tick)
        return View(
            wanted=wanted,
            run=self.run.place,
            seed=self.run.seed,
            ticks_per_day=self._ground.ticks_per_day,
            town_map=self._map,
            head=self._head.tick,
            closed=self._closed,
            town=town,
            timeline=self._timeline(town.tick),
            story=self._telling.before(town.tick) if self._telling else Story((), 0),
            events=self._page(town, wanted),
            kpis=self._figures.before(town.tick, wanted=wanted.key_figures),
            churn=self._index.churn(town.tick) if town.paid else Churn(()),
            card=self._card(town, wanted.person),
            ties_at_mark=None if wanted.mark is None else self._ties(wanted.mark),
            trouble=self._lost or self._trouble,
        )

    def work(self, seconds: float, stop: Callable[[], bool] | None = None) -> bool:
        """Fold for about `seconds`, or until `stop` returns True. Returns whether there is more to fold."""
        until = time.perf_counter() + seconds
        self._refresh()
        while self._step():
            if time.perf_counter() >= until or (stop is not None and stop()):
                return True
        left = until - time.perf_counter()
        if self._telling is None and self._beginning is not None:
            wait([self._beginning], timeout=max(left, 0.0))
            return True
        return self._figure(left)

    @property
    def standing(self) -> Hashable:
        """A value that changes when a view of the same tick would change."""
        told = self._telling.seq if self._telling else -1
        wrong = self._lost or self._trouble
        return self._head.seq, self._closed, self._index.seq, told, self._figures.standing, wrong

    def close(self) -> None:
        """Stop the computation of key figures. The reader is not used after this."""
        self._figures.close()

    def _begin(self) -> None:
        """Start everything at the first event, with the present settings of the run."""
        self._ground = Ground(self.run)
        self._index = Index(self._ground)
        self._towns = ShownTowns(self._ground, self._index.keyframes)
        self._telling: StorySoFar | None = None
        self._beginning: Future[StorySoFar] | None = None
        self._map = map_of(self._ground.settings[0])
        self._turn = 0
        self._unindexed: Rows = np.zeros(0, ROW)
        self._untold: Rows = np.zeros(0, ROW)
        self._stopped = self._silent = False
        self._trouble: Trouble | None = None
        self._last_tick: int | None = None
        self._day: tuple[int, int, Bins] | None = None
        self._figures = DayFigures(self.run)
        self._events = Events(self.run)
        self._cards = Cards(self.run, self._events)

    def _refresh(self) -> None:
        """Look at what has been committed since the last call."""
        try:
            log = self.run.log
            if self.run.epochs != self._ground.epochs or log.head.seq < self._head.seq:
                self._figures.close()
                self._begin()
            self._head, self._closed, self._lost = log.head, log.manifest.closed, None
        except WRONG as wrong:
            self._lost = self._trouble_of(wrong, self._head.tick)

    # The tick

    def _shown_town(self, tick: int) -> ShownTown:
        """The town at a tick, or at the last tick before it that can be shown."""
        tick = self._shown_tick(tick)
        while True:
            try:
                return self._towns.at(tick, self._log)
            except WRONG as wrong:
                last = self._note(wrong, tick - 1)
                tick = max(min(last, tick - 1), 0)

    def _shown_tick(self, tick: int) -> int:
        last = self._head.tick if self._last_tick is None else min(self._head.tick, self._last_tick)
        return max(min(tick, last), 0)

    def _ties(self, tick: int) -> Block:
        try:
            return self._towns.ties_at(self._shown_tick(tick), self._log)
        except WRONG as wrong:
            self._note(wrong, tick)
            return {}

    def _timeline(self, tick: int) -> Timeline:
        """The timeline, with the bins of the day of this tick, as far as it is committed."""
        per_day = self._ground.ticks_per_day
        first = tick - tick % per_day
        if self._day is None or self._day[0] != first:
            self._day = first, -1, day_bins(first, per_day, ())
        _, seq, bins = self._day
        if seq < self._head.seq:
            try:
                where = {"from_tick": first} if seq < 0 else {"from_seq": seq}
                for rows in self._log.rows(**where, to_tick=first + per_day):
                    bins.add(rows)
            except WRONG as wrong:
                self._note(wrong, tick)
            self._day = first, self._head.seq, bins
        return self._index.timeline(first, bins)

    def _page(self, town: ShownTown, wanted: Wanted) -> EventPage:
        try:
            return self._events.page(town.offset, wanted.filter, wanted.event)
        except WRONG as wrong:
            self._note(wrong, town.tick)
            return EventPage((), -1, False, False, wanted.filter, "")

    def _card(self, town: ShownTown, person: str | None) -> Card | None:
        if person is None:
            return None
        before = self._ties(min(town.tick, max(town.tick - self._ground.ticks_per_day, 1)))
        try:
            return self._cards.card(person, town.tick, before)
        except WRONG as wrong:
            self._note(wrong, town.tick)
            return None

    # Folding between two views

    def _step(self) -> bool:
        """Fold one slice. Returns whether there was anything to fold."""
        self._turn += 1
        if not self._turn % INDEX_TURNS:
            self._figure(0.0)
        indexing = not self._stopped and self._index.seq < self._head.seq
        telling = not self._silent and self._has_story_to_fold()
        if indexing and (not telling or self._turn % INDEX_TURNS):
            self._fold_index()
        elif telling:
            self._fold_story()
        else:
            return False
        return True

    def _fold_index(self) -> None:
        try:
            if not len(self._unindexed):
                self._unindexed = self._next(self._index.seq)
            rows, self._unindexed = self._unindexed[:SLICE], self._unindexed[SLICE:]
            self._index.fold(rows)
        except WRONG as wrong:
            self._stopped = True
            self._note(wrong, self._index.tick)

    def _has_story_to_fold(self) -> bool:
        """Whether the story can go on now: it is not started, just loaded, or not folded to the end."""
        if self._telling is not None:
            return self._telling.seq < self._head.seq
        return self._beginning is None or self._beginning.done()

    def _fold_story(self) -> None:
        try:
            if self._beginning is None:
                self._beginning = in_thread(partial(StorySoFar, self.run.twin()))
            elif self._telling is None:
                self._telling = self._beginning.result()
            elif self._telling.seq < self._head.seq:
                if not len(self._untold):
                    self._untold = self._next(self._telling.seq)
                rows, self._untold = self._untold[:STORY_SLICE], self._untold[STORY_SLICE:]
                self._telling.fold(rows)
                if self._closed and self._telling.seq == self._head.seq:
                    self._telling.keep()
        except WRONG as wrong:
            self._silent = True
            self._note(wrong, self._head.tick)

    def _next(self, seq: int) -> "Rows":
        """The events from number `seq` on: at least SLICE of them if there are so many, in whole frames."""
        found: list[Rows] = []
        events = 0
        try:
            for rows in self._log.rows(from_seq=seq, to_seq=self._head.seq):
                found.append(rows)
                events += len(rows)
                if events >= SLICE:
                    break
        except LogDamaged:
            if not found:
                raise
        return np.ascontiguousarray(np.concatenate(found))

    def _figure(self, seconds: float) -> bool:
        try:
            return self._figures.work(seconds)
        except WRONG as wrong:
            self._note(wrong, self._head.tick)
            return True

    # Faults of the run

    def _note(self, wrong: Exception, tick: int) -> int:
        """Remember an error of the run. Returns the last tick that can be shown: `tick` if the log is whole."""
        if isinstance(wrong, LogDamaged) and wrong.opens:
            tick = min(wrong.tick, self._head.tick)
            self._last_tick = tick if self._last_tick is None else min(self._last_tick, tick)
        elif isinstance(wrong, EventLogError | OSError):  # it may pass
            self._lost = self._trouble_of(wrong, tick)
            return tick
        if self._trouble is None or tick < self._trouble.tick:
            self._trouble = self._trouble_of(wrong, tick)
        return tick

    def _trouble_of(self, wrong: Exception, tick: int) -> Trouble:
        sentence = str(wrong).partition("\n")[0]
        return Trouble(sentence, f"townlet verify {self.run.place}", max(tick, 0))


def in_thread(make: Callable[[], StorySoFar]) -> Future[StorySoFar]:
    """The future result of `make`, which runs in a thread of its own, so that no view waits for it."""
    with_it = ThreadPoolExecutor(max_workers=1, thread_name_prefix="story")
    made = with_it.submit(make)
    with_it.shutdown(wait=False)
    return made
