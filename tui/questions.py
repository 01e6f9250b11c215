"""Why, and what if: what is asked of the run that is shown, and answered on a screen over it."""

import asyncio
from collections.abc import Awaitable
from pathlib import PurePath

from rich.text import Text
from textual.keys import format_key

from tui.actions import ACTIONS
from tui.dialogs.compare import difference_told, runs_told, since_told
from tui.dialogs.fork import Fork, Forked
from tui.dialogs.help import help_told
from tui.dialogs.listing import OPEN, Deed, Listing, Picked, Told
from tui.dialogs.sql import Sql
from tui.dialogs.why import choice_told, event_told, tie_told
from tui.dialogs.wish import FieldsOfFork
from tui.drawing import About, Row
from tui.finding import Finding
from tui.widgets import Panel

WHYS: tuple[Deed, ...] = ("deeper", "fork")
"""What else can be done with a row that says why."""


class Questions(Finding):
    """The stage, and everything that is asked of the run and answered on a screen over it."""

    @property
    def in_question(self) -> About | None:
        """What `w` explains: what is chosen, else the event gone to, else what the panel or the list rests at."""
        panel = self.focused if isinstance(self.focused, Panel) else None
        if panel is not None and panel.chosen is not None:
            return panel.chosen
        here = self.standing
        if self.event is None and panel is not None and panel.id not in ("town", "timeline"):
            return panel.about or here
        return here

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
        elif (here := self.standing) is not None and here.seq is not None:
            self._why_event(here.seq)

    def _why_event(self, seq: int) -> None:
        per_day, look = self.ticks_per_day, self.look

        async def telling() -> Told:
            return event_told(await asyncio.wrap_future(self.asker.caused(seq)), per_day, look)

        self._list("Why", telling())

    def _why_tie(self, owner: str, other: str) -> None:
        per_day, look, tick = self.ticks_per_day, self.look, self.shown_tick

        async def telling() -> Told:
            return tie_told(await asyncio.wrap_future(self.asker.why(owner, other, tick)), per_day, look)

        self._list(f"Why {owner} feels so about {other}", telling())

    def _why_choice(self, person: str) -> None:
        """Of a person whose card is not here yet it is asked for, and waited for."""
        self.person = person
        self.ask()
        per_day, look, tick = self.ticks_per_day, self.look, self.shown_tick

        async def telling() -> Told:
            while (view := self.view) is None or view.wanted.person != person or view.tick != tick:
                await asyncio.sleep(0.05)
            if view.card is None:
                return Told(
                    f"Why {person} does what they do", [Row(Text(f"{person} does not live here at this tick."))]
                )
            return choice_told(view.card, per_day, look)

        self._list(f"Why {person} does what they do", telling())

    def _list(self, title: str, telling: Awaitable[Told], deeds: tuple[Deed, ...] = WHYS) -> None:
        def done(picked: Picked | None) -> None:
            if picked is None or picked.about is None:
                return
            if picked.deed == OPEN:
                self.go(picked.about)
            elif picked.deed == "deeper":
                self._why(picked.about)
            elif picked.deed == "fork":
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
            if picked is not None and picked.deed == "other_run":
                self.action_runs()
            elif picked is not None and picked.about is not None:
                self._why(picked.about) if picked.deed == "deeper" else self.go(picked.about)

        self.push_screen(Listing("What changed", telling(), deeds=("deeper", "other_run"), stop=self.asker.stop), done)

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
            if picked.deed == "watch":
                self.open_run(paths[picked.row], self.shown_tick)
            else:
                self.compare_with(paths[picked.row])

        self.push_screen(Listing("Runs beside this one", telling(), deeds=("watch",), stop=self.asker.stop), done)

    def compare_with(self, other: str) -> None:
        """Where this run and another part, and how far apart they came."""
        look, per_day, here = self.look, self.ticks_per_day, self.run_path

        async def telling() -> Told:
            found = await asyncio.wrap_future(self.asker.compare(other))
            return difference_told(here, found, per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is not None and picked.deed == "watch":
                self.open_run(other, self.shown_tick)
            elif picked is not None and picked.about is not None:
                self._why(picked.about) if picked.deed == "deeper" else self.go(picked.about)

        title = f"{PurePath(here).name} and {PurePath(other).name}"
        self.push_screen(Listing(title, telling(), deeds=("deeper", "watch"), stop=self.asker.stop), done)

    def on_sql_gone(self, gone: Sql.Gone) -> None:
        """Go to what a row of an answer is about."""
        self.go(gone.about)

    # What if

    def action_fork(self) -> None:
        """Another future: before the event that is gone to or chosen, else from the tick shown."""
        about = self.in_question if self.event is not None else getattr(self.focused, "chosen", None)
        self._fork(about if about is not None and about.seq is not None else None)

    def _fork(self, about: About | None) -> None:
        tick, event = self.shown_tick, None
        if about is not None and about.seq is not None and about.tick is not None:
            tick, event = about.tick, about.seq
        seed = self.view.seed if self.view else 0
        fields = FieldsOfFork(self.run_path, tick, event, seed, self.cursor.head, self.ticks_per_day)

        def done(forked: Forked | None) -> None:
            if forked is None:
                return
            if forked.deed == "watch":
                self.open_run(forked.path, max(self.shown_tick, forked.tick))
                self.say(f"This is {PurePath(forked.path).name}. o goes back to the run that it was forked from.")
            elif forked.deed == "compare":
                self.compare_with(forked.path)

        self.push_screen(Fork(fields, self.asker), done)

    def action_help(self) -> None:
        """What can be done here."""
        focused = self.focused
        here = next((node.id for node in focused.ancestors_with_self if node.id), "") if focused is not None else ""
        told = help_told(here or "", self.keys_now(), self.look)
        self.push_screen(Listing(told.title, told))

    def keys_now(self) -> dict[str, tuple[str, ...]]:
        """The keys of each action as they are now, by its name, as one reads them."""
        given = {each.name: self._keys.get(each.name, ",".join(each.keys)).split(",") for each in ACTIONS}
        return {name: tuple(format_key(key.strip()) for key in keys if key) for name, keys in given.items()}
