"""An observer that a test drives: on a run of its own, until what was asked for is on the screen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

import townlet
from eventlog.catalogue.registries import Reason
from townlet.observing.view import EventLine
from townlet.telling.tie_sentences import WRONGS
from tui.dialogs.listing import Listing
from tui.stage.observer import Observer

SMALL, LARGE = (80, 24), (120, 40)


class Play:
    """An observer under test, with its pilot."""

    def __init__(self, app: Observer, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and wait for what they bring."""
        for key in keys:
            await self.pilot.press(key)
        await self.settled()

    async def settled(self) -> None:
        """Until the view is the one that is wanted, and nothing is being worked out."""
        await self.until(self._is_settled)
        await self.pilot.pause()

    async def until(self, holds: Callable[[], object], seconds: float = 12.0) -> None:
        """Until something holds. Fails when it does not in time."""
        for _ in range(int(seconds / 0.01)):
            await self.pilot.pause(0.01)
            if holds():
                return
        raise AssertionError(f"it did not come to that in {seconds:g} seconds: {self.text()[:2000]}")

    def text(self) -> str:
        """What is on the screen, as text."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)

    def _is_settled(self) -> bool:
        app, view = self.app, self.app.sight.view
        if view is None:
            return False
        if app.sight.cursor.following:
            return view.tick == view.head
        wanted = view.wanted
        asked = (app.sight.cursor.tick, app.sight.person, app.sight.mark, app.sight.event, app.sight.filter)
        return (wanted.tick, wanted.person, wanted.mark, wanted.event, wanted.filter) == asked and view.town.paid


@asynccontextmanager
async def observing(run: Path | str, size: tuple[int, int] = LARGE, **options: Any) -> AsyncIterator[Play]:
    """An observer of a run, with its first view on the screen."""
    app = Observer(str(run), **options)
    async with app.run_test(size=size) as pilot:
        play = Play(app, pilot)
        await play.settled()
        yield play


def acted(run: Path | str, act: Callable[[Play], Awaitable[None]], **options: Any) -> None:
    """Run what a test does with an observer."""

    async def whole() -> None:
        async with observing(run, **options) as play:
            await act(play)

    asyncio.run(whole())


def at_80x24(run: Path, act: Callable[[Play], Awaitable[None]], **options: object) -> None:
    acted(run, act, size=SMALL, **options)


async def write(play: Play, text: str, *keys: str) -> None:
    """Write over what stands in an input, then press keys."""
    field = play.app.screen.focused
    assert isinstance(field, Input)
    field.value = text
    for key in keys:
        await play.pilot.press(key)
    await play.pilot.pause()


async def closed(play: Play) -> None:
    await play.until(lambda: len(play.app.screen_stack) == 1)
    await play.settled()


async def told(play: Play) -> Listing:
    await play.until(lambda: isinstance(play.app.screen, Listing) and play.app.screen.is_filled)
    await play.pilot.pause()
    screen = play.app.screen
    assert isinstance(screen, Listing)
    return screen


async def find(play: Play, words: str = "quarrel") -> None:
    await play.press("slash")
    await write(play, words, "enter")
    await closed(play)


def standing(play: Play) -> EventLine:
    assert play.app.sight.view is not None
    page = play.app.sight.view.events
    return page.lines[page.at]


def quarrels(run: Path) -> list[dict[str, Any]]:
    return townlet.open(run).sql("select seq, tick, agent, other, reason from queue_conflict order by seq").to_pylist()


def wrong_of(quarrel: Mapping[str, Any]) -> str:
    """The sentence of a quarrel, up to the name of the one who was wronged."""
    before = WRONGS[int(Reason[quarrel["reason"].upper()])].partition("{other}")[0]
    return f"{before}{{other}}".format(agent=quarrel["agent"].capitalize(), other=quarrel["other"].capitalize())


def grudge_of(run: Path, quarrel: Mapping[str, Any]) -> str:
    """What a quarrel did to the rivalry of the one who was wronged, as the observer writes it."""
    query = f"select before_rivalry, adjusted_rivalry from tie_changes where seq = {quarrel['seq']}"
    (row,) = townlet.open(run).sql(f"{query} and owner = '{quarrel['other']}'").to_pylist()
    return f"rivalry {row['before_rivalry']:.3f} {row['adjusted_rivalry']:+.3f}"


def words_of(listing: Listing) -> str:
    """All rows of a list, with single spaces."""
    return " ".join(" ".join(row.text.plain for row in listing.rows).split())


def holding_back(quarrel: Mapping[str, Any]) -> str:
    """The option of `townlet fork` that holds a quarrel back."""
    return f"--without {quarrel['seq']}"
