"""Finding: the ways to a time, to the next event and to one that is searched for, and the filter of the events."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, TypeVar

from townlet.daytime import time_of
from townlet.observing.view import EventLine
from tui.asking import REFUSALS, Stopped
from tui.dialogs.prompt import Prompt
from tui.stage.screen import Stage
from tui.stage.sight import Sight
from tui.times import TIMES, tick_meant

Answer = TypeVar("Answer")
Step = Callable[[], "Future[EventLine | None]"]
"""Asks for the event that a step leads to; None: there is none."""

STEPS_MOST: Final = 8
"""The most steps that may wait; a key that is held down asks for more than can be done."""

SLOW_S: Final = 0.3
"""Seconds that a search may take before the user is told that one is under way."""

WORKERS: Final = "steps"
"""The group of Textual's workers in which at most one search runs."""


class Finding:
    """Searches the log, one search at a time, and takes the sight to what it finds."""

    def __init__(self, sight: Sight, stage: Stage) -> None:
        self._sight, self._stage = sight, stage
        self._steps: deque[tuple[int, Step]] = deque(maxlen=STEPS_MOST)
        self._sought = ""
        self._is_searching = False

    def go_to(self) -> None:
        """Let the user write a time, and go there."""
        sight = self._sight

        async def go(written: str) -> str:
            sight.seek(tick_meant(written, sight.shown_tick, sight.cursor.head, sight.ticks_per_day))
            return ""

        now = f"{time_of(sight.shown_tick, sight.ticks_per_day)} (tick {sight.shown_tick:,})"
        self._stage.open(Prompt(f"Go to a time; now {now}", TIMES, go))

    # From event to event

    def step(self, direction: int) -> None:
        """Go to the next event (1) that the filter lets through, or to the one before (-1)."""
        sight = self._sight
        self._queue(direction, lambda: sight.asker.step(sight.event, sight.cursor.tick, sight.filter, direction))

    def step_notable(self, direction: int) -> None:
        """Go to the next quarrel, help, parting or arrival (1), or to the one before (-1)."""
        sight = self._sight
        self._queue(direction, lambda: sight.asker.notable(sight.event, sight.cursor.tick, direction))

    def _queue(self, direction: int, step: Step) -> None:
        """Take a step after those that wait: each begins where the one before it has led to."""
        self._steps.append((direction, step))
        if not self._is_searching:
            self._stage.run(self._take_steps, WORKERS)

    async def _take_steps(self) -> None:
        self._is_searching = True
        try:
            while self._steps:
                direction, step = self._steps.popleft()
                line = await self._answer_of(step(), "Looking for the event … Escape stops")
                if line is None:
                    self._stage.say("There is none further on." if direction > 0 else "There is none before.")
                    self._steps.clear()
                else:
                    self._sight.seek(line.tick + 1, event=line.seq)
        except REFUSALS as refusal:
            self._steps.clear()
            self._say_refusal(refusal)
        finally:
            self._is_searching = False

    def stop(self) -> bool:
        """Stop the search that is under way; False where there is none."""
        if not self._is_searching:
            return False
        self._steps.clear()
        self._sight.asker.stop()
        return True

    # Searching for words

    def find(self) -> None:
        """Let the user write words, and go to the next event that fits them."""
        hint = "Words that all fit, | between others: quarrel alice | help. n finds the next, N the one before"

        async def search(written: str) -> str:
            if not written.strip():
                return hint
            return await self._go_to_found(written.strip(), 1)

        stop = self._sight.asker.stop
        self._stage.open(Prompt("Find an event, from here on", hint, search, value=self._sought, stop=stop))

    def find_again(self, direction: int) -> None:
        """Go to the next event (1) that fits the words of the last search, or to the one before (-1)."""
        if not self._sought:
            self.find()
        elif not self._is_searching:
            self._stage.run(partial(self._search_again, direction), WORKERS)

    async def _search_again(self, direction: int) -> None:
        self._is_searching = True
        try:
            if said := await self._go_to_found(self._sought, direction):
                self._stage.say(said, wrong=True)
        except REFUSALS as refusal:
            self._say_refusal(refusal)
        finally:
            self._is_searching = False

    async def _go_to_found(self, words: str, direction: int) -> str:
        """Go to the next event that fits words. Returns nothing, or where there is none a sentence that says so."""
        sight = self._sight
        answer = sight.asker.find(sight.event, sight.cursor.tick, words, direction)
        found = await self._answer_of(answer, f"Looking for {words!r} in the whole log … Escape stops")
        if found is None:
            return f"No event in the whole log fits {words!r}."
        self._sought = words
        if found.around:
            self._stage.say(
                f"Past the {'end' if direction > 0 else 'beginning'} of the log, and on from the other side."
            )
        sight.show_panel("events")
        sight.seek(found.line.tick + 1, event=found.line.seq)
        return ""

    def change_filter(self) -> None:
        """Let the user write words; only events that fit them are listed and stepped to."""
        hint = "Words that all fit, | between others: quarrel | help; nothing lifts it"
        sight = self._sight

        async def preview(written: str) -> str:
            if not written.strip():
                return hint
            kinds = await asyncio.wrap_future(sight.asker.counted(written))
            listed = ", ".join(f"{kind} {count:,}" for kind, count in list(kinds.items())[:3])
            more = f" and {len(kinds) - 3} kinds more" if len(kinds) > 3 else ""
            return f"{sum(kinds.values()):,} events: {listed}{more}" if kinds else "No event fits, in the whole log."

        async def set_filter(written: str) -> str:
            words = written.strip()
            if words:
                await asyncio.wrap_future(sight.asker.counted(words))
                sight.show_panel("events")
            sight.filter = words
            sight.ask()
            self._stage.say(f"Only events that fit: {words}" if words else "All events.")
            return ""

        stop = sight.asker.stop
        prompt = Prompt("Filter the events", hint, set_filter, value=sight.filter, preview=preview, stop=stop)
        self._stage.open(prompt)

    async def _answer_of(self, question: "Future[Answer]", words: str) -> Answer:
        """The answer to a question; where it takes a while, the user is told `words`."""
        asked = asyncio.wrap_future(question)
        done, _ = await asyncio.wait([asked], timeout=SLOW_S)
        if not done:
            self._stage.say(words)
        return await asked

    def _say_refusal(self, refusal: Exception) -> None:
        self._stage.say(str(refusal), wrong=not isinstance(refusal, Stopped))
