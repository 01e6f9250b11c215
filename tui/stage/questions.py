"""Questions: why, what if, and where two runs part; each is answered in a dialog over the screen."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePath
from typing import Final

from rich.text import Text
from textual.keys import format_key

from tui.actions import ACTIONS
from tui.dialogs.compare import changes_since, differences, runs_beside
from tui.dialogs.fork import Fork, Forked
from tui.dialogs.help import help_contents
from tui.dialogs.listing import OPEN, Contents, Deed, Listing, Picked
from tui.dialogs.why import choice_reasons, event_causes, tie_causes
from tui.dialogs.wish import FieldsOfFork
from tui.drawing import About, Row
from tui.stage.screen import Stage
from tui.stage.sight import Sight

CARD_LOOK_S: Final = 0.05
"""Seconds between two looks whether a person's card has come."""


class Questions:
    """Opens the dialogs that answer questions, and does what the user chooses in them."""

    def __init__(self, sight: Sight, stage: Stage, keys: Mapping[str, str], ask_effect: Callable[[int], None]) -> None:
        """`keys` are the keys that the user has given to actions, by the action's name, apart by commas.

        `ask_effect` asks what the event with a number changed.
        """
        self._sight, self._stage, self._keys, self._ask_effect = sight, stage, keys, ask_effect

    # Why

    def why(self) -> None:
        """Say what led to the event or the tie that is chosen; of a person, why they do what they do."""
        about = self._about
        if about is not None:
            self.explain(about)
        else:
            self._stage.say("Choose an event, a tie or a person first; then w says why.", wrong=True)

    @property
    def _about(self) -> About | None:
        """What `why` explains: the chosen row, else the event gone to, else the row that the panel or list rests at."""
        panel, event = self._stage.focused_panel, self._sight.event_in_list
        if panel is not None and panel.chosen is not None:
            return panel.chosen
        if self._sight.event is None and panel is not None and panel.id not in ("town", "timeline"):
            return panel.about or event
        return event

    def explain(self, about: About) -> None:
        """Say what led to an event, a tie or a person's choice; of anything else, to the event in the list."""
        if about.seq is not None:
            self._explain_event(about.seq)
        elif about.person is not None and about.other is not None:
            self._explain_tie(about.person, about.other)
        elif about.person is not None:
            self._explain_choice(about.person)
        elif (event := self._sight.event_in_list) is not None and event.seq is not None:
            self._explain_event(event.seq)

    def _explain_event(self, seq: int) -> None:
        sight, per_day, look = self._sight, self._sight.ticks_per_day, self._stage.look

        async def rows() -> Contents:
            return event_causes(await asyncio.wrap_future(sight.asker.caused(seq)), per_day, look)

        self._list("Why", rows())

    def _explain_tie(self, owner: str, other: str) -> None:
        sight, look = self._sight, self._stage.look
        per_day, tick = sight.ticks_per_day, sight.shown_tick

        async def rows() -> Contents:
            return tie_causes(await asyncio.wrap_future(sight.asker.why(owner, other, tick)), per_day, look)

        self._list(f"Why {owner} feels so about {other}", rows())

    def _explain_choice(self, person: str) -> None:
        """Show the person, whose card says what they chose among, and wait for that card."""
        sight, look = self._sight, self._stage.look
        sight.show_person(person)
        per_day, tick = sight.ticks_per_day, sight.shown_tick
        title = f"Why {person} does what they do"

        async def rows() -> Contents:
            while (view := sight.view) is None or view.wanted.person != person or view.tick != tick:
                await asyncio.sleep(CARD_LOOK_S)
            if view.card is None:
                return Contents(title, [Row(Text(f"{person} does not live here at this tick."))])
            return choice_reasons(view.card, per_day, look)

        self._list(title, rows())

    def _list(self, title: str, rows: Awaitable[Contents]) -> None:
        """Open a listing of causes, each of which can be gone to, explained itself, or forked before."""

        def done(picked: Picked | None) -> None:
            if picked is None or picked.about is None:
                return
            if picked.deed == OPEN:
                self._sight.go(picked.about)
            elif picked.deed == "deeper":
                self.explain(picked.about)
            elif picked.deed == "fork":
                self._open_fork(picked.about)
            elif picked.deed == "effect" and picked.about.seq is not None:
                self._ask_effect(picked.about.seq)

        self._open_listing(title, rows, ("deeper", "fork", "effect"), done)

    # Compare

    def compare(self) -> None:
        """Say what changed since the mark; where no other tick is marked, list the runs to compare this one with."""
        sight, look = self._sight, self._stage.look
        if sight.mark is None or sight.mark == sight.shown_tick:
            self.list_runs()
            return
        first, last = sorted((sight.mark, sight.shown_tick))
        per_day = sight.ticks_per_day

        async def rows() -> Contents:
            return changes_since(await asyncio.wrap_future(sight.asker.since(first, last)), per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is not None and picked.deed == "other_run":
                self.list_runs()
            else:
                self._go_or_explain(picked)

        self._open_listing("What changed", rows(), ("deeper", "other_run"), done)

    def list_runs(self) -> None:
        """List the runs in the same folder: the user compares this run with one, or watches that one."""
        sight, look = self._sight, self._stage.look
        per_day, here, paths = sight.ticks_per_day, sight.run_path, list[str]()

        async def rows() -> Contents:
            neighbours = await asyncio.wrap_future(sight.asker.neighbours())
            paths.extend(each.path for each in neighbours)
            return runs_beside(here, neighbours, per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is None or picked.about is None or picked.row >= len(paths):
                return
            if picked.deed == "watch":
                sight.open_run(paths[picked.row], sight.shown_tick)
            else:
                self.compare_with(paths[picked.row])

        self._open_listing("Runs beside this one", rows(), ("watch",), done)

    def compare_with(self, other: str) -> None:
        """Say where this run and the run at another path part, and how far apart they came."""
        sight, look = self._sight, self._stage.look
        per_day, here = sight.ticks_per_day, sight.run_path

        async def rows() -> Contents:
            return differences(here, await asyncio.wrap_future(sight.asker.compare(other)), per_day, look)

        def done(picked: Picked | None) -> None:
            if picked is not None and picked.deed == "watch":
                sight.open_run(other, sight.shown_tick)
            else:
                self._go_or_explain(picked)

        self._open_listing(f"{PurePath(here).name} and {PurePath(other).name}", rows(), ("deeper", "watch"), done)

    def _go_or_explain(self, picked: Picked | None) -> None:
        """Explain what was picked where the user asked why; else go to it."""
        if picked is not None and picked.about is not None:
            self.explain(picked.about) if picked.deed == "deeper" else self._sight.go(picked.about)

    def _open_listing(
        self, title: str, rows: Awaitable[Contents], deeds: tuple[Deed, ...], done: Callable[[Picked | None], None]
    ) -> None:
        self._stage.open(Listing(title, rows, deeds=deeds, stop=self._sight.asker.stop), done)

    # What if

    def effect(self) -> None:
        """Ask what the event changed that is chosen, gone to, or that the list rests at."""
        about = self._about
        if about is not None and about.seq is not None:
            self._ask_effect(about.seq)
        else:
            self._stage.say("Choose an event first; then E says what it changed.", wrong=True)

    def fork(self) -> None:
        """Let the user make another future: from before the event gone to or chosen, else from the tick shown."""
        panel = self._stage.focused_panel
        about = self._about if self._sight.event is not None else panel.chosen if panel is not None else None
        self._open_fork(about if about is not None and about.seq is not None else None)

    def _open_fork(self, about: About | None) -> None:
        sight = self._sight
        tick, event = sight.shown_tick, None
        if about is not None and about.seq is not None and about.tick is not None:
            tick, event = about.tick, about.seq
        seed = sight.view.seed if sight.view else 0
        fields = FieldsOfFork(sight.run_path, tick, event, seed, sight.cursor.head, sight.ticks_per_day)

        def done(forked: Forked | None) -> None:
            if forked is None:
                return
            if forked.deed == "watch":
                sight.open_run(forked.path, max(sight.shown_tick, forked.tick))
                name = PurePath(forked.path).name
                self._stage.say(f"This is {name}. o goes back to the run that it was forked from.")
            elif forked.deed == "compare":
                self.compare_with(forked.path)

        self._stage.open(Fork(fields, sight.asker), done)

    # Help

    def help(self) -> None:
        """Say what can be done: first in the panel that has the focus, then everywhere."""
        focused = self._stage.focused
        panel = next((node.id for node in focused.ancestors_with_self if node.id), "") if focused is not None else ""
        contents = help_contents(panel or "", self._keys_by_action(), self._stage.look)
        self._stage.open(Listing(contents.title, contents))

    def _keys_by_action(self) -> dict[str, tuple[str, ...]]:
        """The present keys of each action, by its name, as a person reads them."""
        given = {each.name: self._keys.get(each.name, ",".join(each.keys)).split(",") for each in ACTIONS}
        return {name: tuple(format_key(key.strip()) for key in keys if key) for name, keys in given.items()}
