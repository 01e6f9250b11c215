"""The sight: which run, moment, person and events the user looks at, and the last view of them that has come."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

import townlet
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from tui.asking import Asker
from tui.cursor import Cursor
from tui.drawing import About
from tui.reader import Reader
from tui.stage.screen import Stage

PATIENCE_S: Final = 0.05
"""Seconds to wait for a view before the first line shows the tick that it is of."""

STANDS_S: Final = 0.1
"""Seconds for which a view may stay on the screen while views come that are no longer wanted."""

FAR: Final = 2**62
"""A tick that no run reaches; to ask for it is to ask for the last one."""

Tell = Callable[[View, Reader], None]
"""Hands a view, with the reader that made it, from the reader's thread to the screen's."""


class Sight:
    """What the user looks at. Whoever changes it calls `ask`; the view comes later, and `take` shows it.

    `cursor` is the tick that is wanted, `person` the one whose card is shown, `mark` the tick that others are compared
    with, `event` the number of the event that the list of events stands at (None: the last one before the tick),
    `filter` the words that the events listed must fit.
    """

    def __init__(
        self,
        run: str,
        cursor: Cursor,
        person: str | None,
        stage: Stage,
        tell: Tell,
        fail: Callable[[BaseException], None],
    ) -> None:
        """`tell` and `fail` are called in the reader's thread: with each view, and with an error that ended it."""
        self.run_path, self.cursor, self.person = run, cursor, person
        self.mark: int | None = None
        self.event: int | None = None
        self.filter = ""
        self.view: View | None = None
        self._stage, self._tell, self._fail = stage, tell, fail
        self._reader = self._reader_of(run)
        self._asker: Asker | None = None
        self._wanted: Wanted | None = None
        self._asked_s: float | None = None
        self._came_s = 0.0
        self._before: list[tuple[str, int, int | None]] = []

    def begin(self) -> None:
        """Start the reader, and ask for the first view."""
        self._reader.start()
        self.ask()

    def close(self) -> None:
        """Let go of the run."""
        self._reader.close()
        self._close_asker()

    @property
    def shown_tick(self) -> int:
        """The tick on the screen, which need not be the one that is wanted."""
        return self.cursor.tick if self.view is None else self.view.tick

    @property
    def ticks_per_day(self) -> int:
        """The ticks of a day in the run's town."""
        return 1440 if self.view is None else self.view.ticks_per_day

    @property
    def asker(self) -> Asker:
        """Answers questions about the run that is shown."""
        if self._asker is None or self._asker.path != self.run_path:
            self._close_asker()
            self._asker = Asker(self.run_path)
        return self._asker

    @property
    def event_in_list(self) -> About | None:
        """The event that the list of events stands at."""
        page = self.view.events if self.view else None
        if page is None or page.at < 0:
            return None
        line = page.lines[page.at]
        return About(tick=line.tick, seq=line.seq)

    # Where to look

    def ask(self) -> None:
        """Ask the reader for a view of what the user looks at now."""
        tick = FAR if self.cursor.following else self.cursor.tick
        self._asked_s = perf_counter() if self._asked_s is None else self._asked_s
        figures = self._stage.front == "kpis"
        self._wanted = Wanted(tick, self.person, self.mark, self.event, self.filter, figures)
        self._reader.ask(self._wanted)

    def move(self, cursor: Cursor, *, event: int | None = None) -> None:
        """Set the cursor, and the event that the list of events stands at (None: the last one before the tick)."""
        if event is None and cursor.tick == self.cursor.tick and cursor.following == self.cursor.following:
            event = self.event
        self.cursor, self.event = cursor, event
        self.ask()

    def seek(self, tick: int, *, event: int | None = None) -> None:
        """Go to a tick, and pause there."""
        self.move(self.cursor.paused().seek(tick), event=event)

    def go(self, about: About) -> None:
        """Go to what a row is about: an event, a person or a tick."""
        if about.seq is not None and about.tick is not None:
            self.seek(about.tick + 1, event=about.seq)
        elif about.person is not None:
            self.show_person(about.person)
        elif about.tick is not None:
            self.seek(about.tick)

    def show_person(self, name: str | None) -> None:
        """Show the card of a person, or of nobody."""
        self.person = name
        self.ask()

    def show_next_person(self, by: int) -> None:
        """Show the card of the person who comes next in the town's order (1) or before (-1)."""
        people = list(self.view.town.state.get("agents", {})) if self.view else []
        if people:
            at = people.index(self.person) + by if self.person in people else (0 if by > 0 else -1)
            self.show_person(people[at % len(people)])

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front. The key figures are only worked out when their panel is there."""
        self._stage.show_panel(name)
        if name == "kpis":
            self.ask()

    def open_run(self, path: str, tick: int) -> None:
        """Look at another run, at a tick or at the last that it has come to. The person and the filter stay."""
        self._before.append((self.run_path, self.shown_tick, self.event))
        self._open(path, tick, None)

    def open_run_before(self) -> bool:
        """Look again at the run from which this one was opened, where that was left; False where there is none."""
        if not self._before:
            return False
        self._open(*self._before.pop())
        return True

    def _open(self, path: str, tick: int, event: int | None) -> None:
        self._reader.close()
        if self._asker is not None and self._asker.path == path:
            self._close_asker()  # another run may lie in that folder by now
        self.run_path, self.view, self.mark, self.event = path, None, None, event
        self.cursor = Cursor(tick, max(tick, 0))
        self._stage.show_opening(path)
        self._reader = self._reader_of(path)
        self.begin()

    # What comes onto the screen

    def take(self, view: View, reader: Reader) -> None:
        """Show a view, unless it is of another run by now, or a newer one that the user wants is about to come."""
        if reader is not self._reader or not self._stage.is_up:
            return
        now_s = perf_counter()
        if view.wanted != self._wanted and not self.cursor.playing and now_s - self._came_s < STANDS_S:
            reader.shown()  # not drawn, so that the view that is wanted comes sooner
            return
        is_first, self.view, self._asked_s, self._came_s = self.view is None, view, None, now_s
        self.cursor = self.cursor.seen(view.head)
        missed = view.tick < min(view.wanted.tick, view.head) <= self.cursor.tick
        if view.trouble is not None and missed and not self.cursor.following:
            self.cursor = self.cursor.paused().seek(view.tick)  # the log is damaged there: nobody can go on
            self.ask()
        self._stage.show(view, self.cursor)
        self._stage.call_when_drawn(reader.shown)
        if is_first and (self.cursor.following or self.cursor.tick != view.wanted.tick):
            self.ask()

    def show_head(self) -> None:
        """Draw what shows the cursor."""
        if self.view is not None:
            self._stage.show_head(self.view, self.cursor)

    def show_head_if_late(self) -> None:
        """Draw what shows the cursor, where it has moved and the view that was asked for has not come for a while."""
        is_late = self._asked_s is not None and perf_counter() - self._asked_s >= PATIENCE_S
        if is_late and self._stage.cursor != self.cursor:
            self.show_head()

    def show_again(self) -> None:
        """Draw everything anew, and ask for what is to be shown now."""
        self._stage.draw_panels_again()
        self.show_head()
        self.ask()

    def _reader_of(self, path: str) -> Reader:
        """A reader of a run, not yet started."""
        reader = Reader(lambda: RunReader(townlet.open(path)), lambda view: self._tell(view, reader), self._fail)
        return reader

    def _close_asker(self) -> None:
        if self._asker is not None:
            self._asker.close()
            self._asker = None
