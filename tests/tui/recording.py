"""The recording in the README: `python -m tests.tui.recording` takes its pictures anew, into docs/recording/.

A newcomer's path: open the demo run, find a quarrel over a place that was kept, see why it came, fork before
it, watch it not happen.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from textual.widgets import Button

import townlet
from tests.tui.acting import Play, observing
from tui.dialogs.fork import Fork

FOLDER: Final = Path(__file__).parents[2] / "docs" / "recording"
SIZE: Final = (100, 30)
TICKS, SEED = 7200, 7

CAPTIONS: Final[Mapping[str, str]] = {
    "1-open": "the demo run, just founded",
    "2-find": "/ quarrel ⏎, then n",
    "3-why": "w",
    "4-fork": "F, and Hold it back",
    "5-held": "the fork has lived on",
    "6-parted": "o ⏎: where the two part",
}
"""The pictures, with the keys that lead to each."""


def record(run: Path, folder: Path) -> dict[str, str]:
    """Take the pictures of the path through a run into a folder; gives the text of each. Its fork lies beside it."""
    return asyncio.run(_recorded(run, folder))


async def _recorded(run: Path, folder: Path) -> dict[str, str]:
    said: dict[str, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    async with observing(run, SIZE, tick=1) as play:

        async def take(name: str) -> None:
            await play.pilot.pause(0.2)
            said[name] = play.text()
            title = f"{run.name}: {CAPTIONS[name]}"
            (folder / f"{name}.svg").write_text(play.app.export_screenshot(title=title), encoding="utf-8")

        await take("1-open")
        await play.press("slash", *"quarrel", "enter")
        await play.until(lambda: play.app.sight.event is not None)
        await play.settled()
        await play.press(*"n" * _blocks_begin(run))
        await play.settled()
        await take("2-find")
        await play.press("w")
        await play.until(lambda: "What it did to ties" in play.text())
        await take("3-why")
        await _fork(play, take_form=lambda: take("4-fork"))
        await take("5-held")
        await play.press("o")
        await play.until(lambda: len(play.app.screen_stack) > 1)
        await play.pilot.pause(0.5)
        await play.pilot.press("enter")
        await play.until(lambda: "part at" in play.text(), 60.0)
        await take("6-parted")
    return said


def _blocks_begin(run: Path) -> int:
    """How many quarrels come before the first over a place that was kept: such a one tells most."""
    reasons = townlet.Run(run).sql("select reason from queue_conflict order by seq").column("reason").to_pylist()
    return reasons.index("block")


async def _fork(play: Play, take_form: Callable[[], Awaitable[None]]) -> None:
    """Fork before the quarrel, holding back what it came of, and go there."""
    await play.pilot.press("F")
    await play.until(lambda: isinstance(play.app.screen, Fork) and "Hold it back" in play.text())
    form = play.app.screen
    assert isinstance(form, Fork)
    form.query_one("#hold", Button).press()
    await play.until(lambda: "--without" in form.said)
    await take_form()
    await play.pilot.press("ctrl+s")
    await play.until(lambda: form.state == "made", 120.0)
    await play.until(lambda: "does not happen there" in form.told)
    form.query_one("#watch", Button).press()
    await play.until(lambda: len(play.app.screen_stack) == 1)
    await play.settled()


def main() -> None:
    """Take them of a demo run of their own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        run = Path("runs/demo")
        townlet.simulate(ticks=TICKS, seed=SEED, into=run)
        record(run, FOLDER)


if __name__ == "__main__":
    main()
