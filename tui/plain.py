"""The town as text, for pipes and screen readers: one frame for each moment, one fact on each line, and a map."""

import time
from collections.abc import Iterator
from typing import Any, Final

from eventlog.catalogue.registries import SIDES
from projections.record.state import NEEDS
from townlet.daytime import time_of
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from townlet.world.drawing import Tile
from tui.panels.doing import clock, doings
from tui.panels.ground import phase_of
from tui.panels.marks import initials

SLICE_S: Final = 0.2
"""Seconds of folding between two looks whether the view is complete."""

POLL_S: Final = 0.1
"""Seconds between two looks at a town that is running."""

TOLD: Final = 6
"""The number of sentences of the story in the first frame."""


GROUND: Final = {Tile.WALL: "#", Tile.DOOR: "+", Tile.TABLE: "=", Tile.TREE: "^", Tile.WATER: "~"}
PLACE: Final = "o"
LEGEND: Final = "# wall, + door, = table, o place, ^ tree, ~ water; people by their initials"


class Plain:
    """Makes the frames of a run. Each frame tells the story since the frame before it."""

    def __init__(self, watcher: RunReader, *, person: str | None = None, shows_map: bool = True) -> None:
        """Frames of a watcher's run, with the ties of `person` (None: of nobody)."""
        self._watcher, self._person, self._shows_map = watcher, person, shows_map
        self._before: int | None = None

    def frames(self, first: int, last: int, every: int) -> Iterator[View]:
        """The view of every `every`-th tick from `first` to `last`. Where the log is damaged the last view says so."""
        for tick in range(first, last + 1, every):
            view = self.view(tick)
            yield view
            if view.tick < tick:
                return

    def live(self, every: int) -> Iterator[View]:
        """The view of the last tick, then one each time the town has lived `every` ticks, and one of its end."""
        view = self.view(self._watcher.run.head.tick)
        yield view
        while view.trouble is None:
            look = self._watcher.view(Wanted(view.tick, key_figures=False))
            if look.head - view.tick >= every or (look.closed and look.head > view.tick):
                view = self.view(min(view.tick + every, look.head))
                yield view
            elif look.closed:
                return
            else:
                time.sleep(POLL_S)

    def view(self, tick: int) -> View:
        """The view of a tick, with the story up to that tick."""
        wanted = Wanted(tick, self._person, key_figures=False)
        view = self._watcher.view(wanted)
        while (not view.town.paid or view.story.told < view.tick) and self._watcher.work(SLICE_S):
            view = self._watcher.view(wanted)
        return self._watcher.view(wanted)

    def text(self, view: View) -> str:
        """A view as text. Its story begins where the frame before it ended."""
        since, self._before = self._before, view.tick
        parts = [_headline(view)]
        if view.trouble is not None:
            parts.append(f"Trouble: {view.trouble.what}\nNext: {view.trouble.next_step}")
        parts += [_people(view), _queues(view), _story(view, since)]
        if self._person is not None:
            parts.insert(-1, _ties(view, self._person))
        if self._shows_map:
            parts.append(_map(view))
        return "\n\n".join(parts) + "\n"


def _headline(view: View) -> str:
    town = view.town.state["town"]
    run = view.run.rstrip("/").rpartition("/")[2]
    over = ", the run is over" if view.closed and view.tick == view.head else ""
    return (
        f"{run}, {time_of(view.tick, view.ticks_per_day)}: tick {view.tick:,} of {view.head:,}{over}. "
        f"{town['people']} people, {town['weather']}, {phase_of(view.tick, view.ticks_per_day)}."
    )


def _people(view: View) -> str:
    lines = ["People (a need of 1.00 is well met):"]
    for name, doing in doings(view).items():
        agent = view.town.state["agents"][name]
        where = f" {'at' if doing.place else 'in'} {doing.place or agent['venue']}"
        until = f" until {clock(doing.until, view)}" if doing.until is not None else ""
        needs = ", ".join(f"{need} {agent[need]:.2f}" for need in NEEDS)
        lines.append(f"  {name}: {doing.said}{where}{until}; {needs}")
    return "\n".join(lines) if len(lines) > 1 else "People: nobody has moved in yet."


def _queues(view: View) -> str:
    lines = ["Places in use:"]
    for place, queue in view.town.state["queues"].items():
        waiting = queue.get("waiting", ())
        line = f"; waiting: {', '.join(waiting)}" if waiting else ""
        lines.append(f"  {place}: {queue.get('holder', 'free')}{line}")
    return "\n".join(lines) if len(lines) > 1 else "Places in use: none."


def _ties(view: View, person: str) -> str:
    ties: Any = view.town.state["ties"].get(person, {})
    lines = [f"What {person} feels:"]
    for other, tie in sorted(ties.items(), key=lambda each: (each[1]["rivalry"] - each[1]["trust"], each[0])):
        lines.append(f"  {other}: {', '.join(f'{side} {tie[side]:.2f}' for side in SIDES)}")
    return "\n".join(lines) if len(lines) > 1 else f"What {person} feels: nothing for anybody yet."


def _story(view: View, since: int | None) -> str:
    entries = [each for each in view.story.entries if since is None or each.tick >= since]
    if since is None:
        entries = entries[-TOLD:]
    lines = ["Story:" if since is None else f"Story since {time_of(since, view.ticks_per_day)}:"]
    lines += [f"  {time_of(each.tick, view.ticks_per_day)}: {each.text}" for each in entries]
    return "\n".join(lines) if len(lines) > 1 else f"{lines[0]} nothing."


def _map(view: View) -> str:
    """The map: one character for each tile, or two where somebody's initials are two letters."""
    plan = view.town_map
    tiles = [[GROUND.get(Tile(tile), " ") for tile in row] for row in plan.grid]
    for place in plan.places:
        tiles[place.row][place.column] = PLACE
    for venue in plan.venues:
        start = venue.left + max((venue.width - len(venue.name)) // 2, 1)
        for at, letter in enumerate(venue.name[: max(venue.width - 2, 0)]):
            tiles[venue.top][start + at] = letter
    marks, wide = initials(view), max((len(each) for each in initials(view).values()), default=1)
    lines = [[f"{tile:<{wide}}" for tile in row] for row in tiles]
    for name, agent in view.town.state["agents"].items():
        lines[agent["row"]][agent["col"]] = f"{marks[name]:<{wide}}"
    drawn = "\n".join(f"  {''.join(line)}".rstrip() for line in lines)
    return f"Map ({LEGEND}):\n{drawn}"
