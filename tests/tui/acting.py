"""An observer that a test drives: on a run of its own, until what was asked for is on the screen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tui.app import Observer

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
        app, view = self.app, self.app.view
        if view is None:
            return False
        if app.cursor.following:
            return view.tick == view.head
        wanted = view.wanted
        asked = (app.cursor.tick, app.person, app.mark, app.event, app.filter)
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
