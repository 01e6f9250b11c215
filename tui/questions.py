"""Everything that is asked: where to go, what happened, why, and what if."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import PurePath
from typing import Final, TypeVar

from textual import work
from textual.widgets import ContentSwitcher

from townlet.daytime import time_of
from townlet.observing.view import EventLine
from tui.asking import REFUSALS, Asker, Compared, Stopped
from tui.dialogs.compare import difference_told, runs_told, since_told
from tui.dialogs.fork import FieldsOfFork, Fork, Forked
from tui.dialogs.help import Help
from tui.dialogs.listing import OPEN, Listing, Picked, Told
from tui.dialogs.prompt import Prompt
from tui.times import TIMES, tick_meant
from tui.dialogs.why import choice_told, event_told, tie_told
from tui.drawing import About
from tui.timing import Timing
from tui.widgets import Panel

Answer = TypeVar("Answer")

STEPS_MOST: Final = 8
"""How many steps to other events may wait; a key that is held down soon asks for more than can be done."""

SLOW_S: Final = 0.3
"""How long a search may take before it is said that there is one."""

OTHER_WAY, DEEPER, OTHER_RUN, WATCH, FORK = "other_way", "deeper", "other_run", "watch", "fork"
"""What else can be done with a listing."""


class Questions(Timing):
    """The stage with its time, and everything that is asked of the run and answered on a screen over it."""

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
        self._steps: deque[Callable[[], Future[EventLine | None]]] = deque(maxlen=STEPS_MOST)
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
    def in_question(self) -> About | None:
        """What `w` explains: what is chosen, else the event gone to, else what the panel or the list rests at."""
        panel = self.focused if isinstance(self.focused, Panel) else None
        if panel is not None and panel.chosen is not None:
            return panel.chosen
        here = self._standing
        if self.event is None and panel is not None and panel.id not in ("town", "timeline"):
            return panel.about or here
        return here

    @property
    def _standing(self) -> About | None:
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
        self._queue(lambda: self.asker.notable(self.event, self.cursor.tick, 1))

    def action_note_back(self) -> None:
        """The quarrel, help, parting or arrival before."""
        self._queue(lambda: self.asker.notable(self.event, self.cursor.tick, -1))

    def _step(self, direction: int) -> None:
        self._queue(lambda: self.asker.step(self.event, self.cursor.tick, self.filter, direction))

    def _queue(self, step: Callable[[], "Future[EventLine | None]"]) -> None:
        """Take a step when those before it are done: each begins where the last came to."""
        self._steps.append(step)
        if not self._is_searching:
            self._take_steps()

    @work(exclusive=True, group="steps")
    async def _take_steps(self) -> None:
        self._is_searching = True
        try:
            while self._steps:
                line = await self._slowly(self._steps.popleft()(), "Looking for the event … Escape stops")
                if line is None:
                    self.say("There is none further on.")
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

    # Why

    def action_why(self) -> None:
        """What led to the event or the tie that is chosen; of a person, why they do what they do."""
        about = self.in_question
        if about is not None:
            self._why(about)
        else:
            self.say("Choose an event, a tie or a person first; then w says why.", wrong=True)

    def _why(self, about: About) -> None:
        if about.seq is not None:
            self._why_event(about.seq)
        elif about.person is not None and about.other is not None:
            self._why_tie(about.person, about.other)
        elif about.person is not None:
            self._why_choice(about.person)
        elif (here := self._standing) is not None and here.seq is not None:
            self._why_event(here.seq)

    def _why_event(self, seq: int) -> None:
        per_day, look = self.ticks_per_day, self.look

        async def telling() -> Told:
            return event_told(await asyncio.wrap_future(self.asker.caused(seq)), per_day, look)

        self._list("Why", telling(), {"w": (DEEPER, "Why this"), "F": (FORK, "Fork before it")})

    def _why_tie(self, owner: str, other: str) -> None:
        per_day, look, tick = self.ticks_per_day, self.look, self.shown_tick

        async def telling() -> Told:
            return tie_told(await asyncio.wrap_future(self.asker.why(owner, other, tick)), per_day, look)

        deeds = {"w": (DEEPER, "Why this"), "F": (FORK, "Fork before it")}
        self._list(f"Why {owner} feels so about {other}", telling(), deeds)

    def _why_choice(self, person: str) -> None:
        """Of a person whose card is not here yet it is asked for, and waited for."""
        self.person = person
        self.ask()
        per_day, look, tick = self.ticks_per_day, self.look, self.shown_tick

        async def telling() -> Told:
            while True:
                card = self.view.card if self.view else None
                if card is not None and card.person == person and self.shown_tick == tick:
                    return choice_told(card, per_day, look)
                await asyncio.sleep(0.05)

        self._list(f"Why {person} does what they do", telling(), {"w": (DEEPER, "Why this"), "F": (FORK, "Fork before it")})

    def _list(self, title: str, telling: Awaitable[Told], deeds: dict[str, tuple[str, str]]) -> None:
        def done(picked: Picked | None) -> None:
            if picked is None or picked.about is None:
                return
            if picked.deed == OPEN:
                self.go(picked.about)
            elif picked.deed == DEEPER:
                self._why(picked.about)
            elif picked.deed == FORK:
                self._fork(picked.about)

        self.push_screen(Listing(title, telling, deeds=deeds, stop=self.asker.stop), done)

    # Compare

    def action_compare(self) -> None:
        """What changed since the mark, or where this run and another part."""
        if self.mark is None or self.mark == self.shown_tick:
            self.action_runs()
            return
        first, last = sorted((self.mark, self.shown_tick))
        per_day, look = self.ticks_per_day, self.look

        async def telling() -> Told:
            return since_told(await asyncio.wrap_future(self.asker.since(first, last)), per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is not None and picked.deed == OTHER_RUN:
                self.action_runs()
            elif picked is not None and picked.about is not None:
                self._why(picked.about) if picked.deed == DEEPER else self.go(picked.about)

        deeds = {"w": (DEEPER, "Why"), "r": (OTHER_RUN, "With another run")}
        self.push_screen(Listing("What changed", telling(), deeds=deeds, stop=self.asker.stop), done)

    def action_runs(self) -> None:
        """The runs beside this one: compare with one, or watch it."""
        look, per_day, here, paths = self.look, self.ticks_per_day, self.run_path, list[str]()

        async def telling() -> Told:
            beside = await asyncio.wrap_future(self.asker.neighbours())
            paths.extend(each.path for each in beside)
            return runs_told(here, beside, per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is None or picked.about is None or picked.row >= len(paths):
                return
            if picked.deed == WATCH:
                self.open_run(paths[picked.row], self.shown_tick)
            else:
                self.compare_with(paths[picked.row])

        deeds = {"o": (WATCH, "Watch it, at this tick")}
        listing = Listing("Runs beside this one", telling(), deeds=deeds, stop=self.asker.stop, opens="Compare with it")
        self.push_screen(listing, done)

    def compare_with(self, other: str) -> None:
        """Where this run and another part, and how far apart they came."""
        look, per_day, here = self.look, self.ticks_per_day, self.run_path

        async def telling() -> Told:
            found: Compared = await asyncio.wrap_future(self.asker.compare(other))
            return difference_told(here, found, per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is not None and picked.deed == WATCH:
                self.open_run(other, self.shown_tick)
            elif picked is not None and picked.about is not None:
                self._why(picked.about) if picked.deed == DEEPER else self.go(picked.about)

        title = f"{PurePath(here).name} and {PurePath(other).name}"
        deeds = {"w": (DEEPER, "Why"), "o": (WATCH, f"Watch {PurePath(other).name}")}
        self.push_screen(Listing(title, telling(), deeds=deeds, stop=self.asker.stop), done)

    # What if

    def action_fork(self) -> None:
        """Another future: before the event that is gone to or chosen, else from the tick shown."""
        about = self.in_question if self.event is not None else getattr(self.focused, "chosen", None)
        self._fork(about if about is not None and about.seq is not None else None)

    def _fork(self, about: About | None) -> None:
        per_day, tick = self.ticks_per_day, self.shown_tick
        before = ""
        if about is not None and about.seq is not None and about.tick is not None:
            tick, before = about.tick, self._named(about.seq)
        seed = self.view.seed if self.view else 0
        fields = FieldsOfFork(self.run_path, tick, before, seed, self.cursor.head, per_day)

        def done(forked: Forked | None) -> None:
            if forked is None:
                return
            if forked.deed == "watch":
                self.open_run(forked.path, max(self.shown_tick, forked.tick))
                self.say(f"This is {PurePath(forked.path).name}. o goes back to the run that it was forked from.")
            elif forked.deed == "compare":
                self.compare_with(forked.path)

        self.push_screen(Fork(fields, self.asker), done)

    def _named(self, seq: int) -> str:
        """An event in words, where the list has it."""
        lines = self.view.events.lines if self.view else ()
        line = next((line for line in lines if line.seq == seq), None)
        return f"event {seq:,}" + (f": {line.kind}  {line.said}" if line else "")

    def action_help(self) -> None:
        """What can be done here."""
        focused = self.focused
        panel = focused.id if focused is not None else None
        if panel is None or panel not in Help.PANELS:
            panel = "sql" if self.query_one("#panels", ContentSwitcher).current == "sql" else panel
        self.push_screen(Help(panel or "", self.keys_of(), self.look))

    def keys_of(self) -> dict[str, str]:
        """The keys of each action as they are now, by its name, as one reads them."""
        found: dict[str, list[str]] = {}
        for node, bindings in self.screen_stack[0]._binding_chain:
            if node is self:
                for binding in bindings:
                    pass
        return {name: " ".join(keys) for name, keys in found.items()}

    def _when(self, tick: int) -> str:
        return f"{time_of(tick, self.ticks_per_day)} (tick {tick:,})"
