"""Where to: a time, the next event, one that is looked for; and which events count."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from textual import work

from townlet.daytime import time_of
from townlet.observing.view import EventLine
from tui.asking import REFUSALS, Asker, Stopped
from tui.dialogs.prompt import Prompt
from tui.drawing import About
from tui.times import TIMES, tick_meant
from tui.timing import Timing

Answer = TypeVar("Answer")

STEPS_MOST: Final = 8
"""How many steps to other events may wait; a key that is held down soon asks for more than can be done."""

SLOW_S: Final = 0.3
"""How long a search may take before it is said that there is one."""


class Finding(Timing):
    """The stage with its time, and the ways from event to event."""

    _asker: Asker | None = None

    @property
    def asker(self) -> Asker:
        """Asks the run that is shown."""
        if self._asker is None or self._asker.path != self.run_path:
            self._let_go()
            self._asker = Asker(self.run_path)
        return self._asker

    def on_mount(self) -> None:
        """Nothing is looked for yet."""
        self._steps: deque[tuple[int, Callable[[], Future[EventLine | None]]]] = deque(maxlen=STEPS_MOST)
        self._sought = ""
        self._is_searching = False

    def on_unmount(self) -> None:
        """Let go of the run."""
        self._let_go()

    def _let_go(self) -> None:
        if self._asker is not None:
            self._asker.close()
            self._asker = None

    def go(self, about: About) -> None:
        """Go to what something is about: an event, a person, a tick."""
        if about.seq is not None and about.tick is not None:
            self.seek(about.tick + 1, event=about.seq)
        elif about.person is not None:
            self.person = about.person
            self.ask()
        elif about.tick is not None:
            self.seek(about.tick)

    @property
    def standing(self) -> About | None:
        """The event that the list of events stands at."""
        page = self.view.events if self.view else None
        if page is None or page.at < 0:
            return None
        line = page.lines[page.at]
        return About(tick=line.tick, seq=line.seq)

    def action_go_to(self) -> None:
        """Ask for a time, and go there."""

        async def take(written: str) -> str:
            self.seek(tick_meant(written, self.shown_tick, self.cursor.head, self.ticks_per_day))
            return ""

        self.push_screen(Prompt(f"Go to a time; now {self._when(self.shown_tick)}", TIMES, take))

    # Events: the next, the one before, found ones

    def action_event_on(self) -> None:
        """The next event that the filter lets through."""
        self._step(1)

    def action_event_back(self) -> None:
        """The event before that the filter lets through."""
        self._step(-1)

    def action_note_on(self) -> None:
        """The next quarrel, help, parting or arrival."""
        self._queue(1, lambda: self.asker.notable(self.event, self.cursor.tick, 1))

    def action_note_back(self) -> None:
        """The quarrel, help, parting or arrival before."""
        self._queue(-1, lambda: self.asker.notable(self.event, self.cursor.tick, -1))

    def _step(self, direction: int) -> None:
        self._queue(direction, lambda: self.asker.step(self.event, self.cursor.tick, self.filter, direction))

    def _queue(self, direction: int, step: Callable[[], "Future[EventLine | None]"]) -> None:
        """Take a step when those before it are done: each begins where the last came to."""
        self._steps.append((direction, step))
        if not self._is_searching:
            self._take_steps()

    @work(exclusive=True, group="steps")
    async def _take_steps(self) -> None:
        self._is_searching = True
        try:
            while self._steps:
                direction, step = self._steps.popleft()
                line = await self._slowly(step(), "Looking for the event … Escape stops")
                if line is None:
                    self.say("There is none further on." if direction > 0 else "There is none before.")
                    self._steps.clear()
                else:
                    self.seek(line.tick + 1, event=line.seq)
        except REFUSALS as refusal:
            self._steps.clear()
            self.say(str(refusal), wrong=not isinstance(refusal, Stopped))
        finally:
            self._is_searching = False

    async def _slowly(self, answer: "Future[Answer]", words: str) -> Answer:
        """An answer; where it takes a while that is said."""
        asked = asyncio.wrap_future(answer)
        done, _ = await asyncio.wait([asked], timeout=SLOW_S)
        if not done:
            self.say(words)
        return await asked

    def stop_search(self) -> bool:
        """End the search that is under way; whether there was one."""
        if not self._is_searching:
            return False
        self._steps.clear()
        self.asker.stop()
        return True

    def action_find(self) -> None:
        """Ask for words, and go to the next event that they fit."""
        hint = "Words that all fit, | between others: quarrel alice | help. n finds the next, N the one before"

        async def take(written: str) -> str:
            if not written.strip():
                return hint
            return await self._found(written.strip(), 1)

        self.push_screen(Prompt("Find an event, from here on", hint, take, value=self._sought, stop=self.asker.stop))

    def action_find_on(self) -> None:
        """The next event of those looked for."""
        self._find_again(1)

    def action_find_back(self) -> None:
        """The event before of those looked for."""
        self._find_again(-1)

    def _find_again(self, direction: int) -> None:
        if not self._sought:
            self.action_find()
        elif not self._is_searching:
            self._find_on(direction)

    @work(exclusive=True, group="steps")
    async def _find_on(self, direction: int) -> None:
        self._is_searching = True
        try:
            if said := await self._found(self._sought, direction):
                self.say(said, wrong=True)
        except REFUSALS as refusal:
            self.say(str(refusal), wrong=not isinstance(refusal, Stopped))
        finally:
            self._is_searching = False

    async def _found(self, words: str, direction: int) -> str:
        """Go to the next event that fits words; what there is to say where there is none."""
        asked = self.asker.find(self.event, self.cursor.tick, words, direction)
        found = await self._slowly(asked, f"Looking for {words!r} in the whole log … Escape stops")
        if found is None:
            return f"No event in the whole log fits {words!r}."
        self._sought = words
        if found.around:
            self.say(f"Past the {'end' if direction > 0 else 'beginning'} of the log, and on from the other side.")
        self.show_panel("events")
        self.seek(found.line.tick + 1, event=found.line.seq)
        return ""

    def action_filter(self) -> None:
        """Ask for words: the events that are listed and stepped to."""
        hint = "Words that all fit, | between others: quarrel | help; nothing lifts it"

        async def told(written: str) -> str:
            if not written.strip():
                return hint
            kinds = await asyncio.wrap_future(self.asker.counted(written))
            listed = ", ".join(f"{kind} {count:,}" for kind, count in list(kinds.items())[:3])
            more = f" and {len(kinds) - 3} kinds more" if len(kinds) > 3 else ""
            return f"{sum(kinds.values()):,} events: {listed}{more}" if kinds else "No event fits, in the whole log."

        async def take(written: str) -> str:
            words = written.strip()
            if words:
                await asyncio.wrap_future(self.asker.counted(words))
                self.show_panel("events")
            self.filter = words
            self.ask()
            self.say(f"Only events that fit: {words}" if words else "All events.")
            return ""

        prompt = Prompt("Filter the events", hint, take, value=self.filter, told=told, stop=self.asker.stop)
        self.push_screen(prompt)

    def _when(self, tick: int) -> str:
        return f"{time_of(tick, self.ticks_per_day)} (tick {tick:,})"
