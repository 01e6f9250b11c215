"""The golden pictures of the observer: views that matter, each of a town that stands still, as SVG."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Final, NamedTuple

from textual.widgets import Input, TextArea

import townlet
from tests.tui.acting import LARGE, SMALL, Play, observing
from tui.dialogs.listing import Listing
from tui.drawing import About
from tui.stage.taking import picture_title

FOLDER: Final = Path(__file__).parents[1] / "golden" / "observer"
DAYS: Final = 2
TEN: Final = 1440 + 600
"""The second day at ten o'clock."""

Act = Callable[[Play], Awaitable[None]]


class Picture(NamedTuple):
    """What to do with an observer of a size that stands at a tick, before the picture is taken."""

    act: Act
    size: tuple[int, int] = SMALL
    tick: int = TEN
    theme: str | None = None
    run: str = "demo"
    person: str | None = None


def keys(*pressed: str) -> Act:
    """Press keys."""

    async def act(play: Play) -> None:
        await play.press(*pressed)

    return act


async def quarrel(play: Play) -> None:
    """Go to the first quarrel."""
    await play.press("slash")
    field = play.app.screen.focused
    assert isinstance(field, Input)
    field.value = "quarrel"
    await play.pilot.press("enter")
    await play.until(lambda: play.app.sight.event is not None and len(play.app.screen_stack) == 1)
    await play.settled()


async def told(play: Play) -> None:
    """Until the listing says what it has to say."""
    await play.until(lambda: isinstance(play.app.screen, Listing) and play.app.screen.is_filled)


async def why_a_quarrel(play: Play) -> None:
    await quarrel(play)
    await play.press("w")
    await told(play)


async def why_a_tie(play: Play) -> None:
    await play.press("t")
    play.app.questions.explain(About(person="erin", other="grace"))
    await told(play)


async def why_a_choice(play: Play) -> None:
    play.app.questions.explain(About(person="alice"))
    await told(play)


async def compared(play: Play) -> None:
    await play.press("x")
    play.app.sight.seek(TEN + 300)
    await play.settled()
    await play.press("X")
    await told(play)


async def fork(play: Play) -> None:
    await quarrel(play)
    await play.press("F")
    await play.until(lambda: "Hold it back" in play.text())


async def help_(play: Play) -> None:
    await play.press("question_mark")
    await told(play)


async def query(play: Play) -> None:
    await play.press("colon")
    (asked,) = play.app.screen.query(TextArea)
    asked.text = "select name, venue, wallet from agents order by wallet desc"
    asked.focus()
    await play.pilot.press("enter")
    await play.until(lambda: "wallet" in play.text() and "rows" in play.text())


PICTURES: Final[Mapping[str, Picture]] = {
    "founding-80x24": Picture(keys(), tick=1),
    "story-80x24": Picture(keys("s")),
    "story-120x40": Picture(keys("s"), LARGE),
    "person-80x24": Picture(keys("p"), person="alice"),
    "person-120x40": Picture(keys("s"), LARGE, person="alice"),
    "ties-80x24": Picture(keys("t")),
    "ties-120x40": Picture(keys("t"), LARGE, person="grace"),
    "events-80x24": Picture(keys("e")),
    "events-120x40": Picture(keys("e"), LARGE, theme="townlet-light"),
    "kpis-80x24": Picture(keys("k")),
    "queues-80x24": Picture(keys("u"), tick=1440 + 365),
    "churn-80x24": Picture(keys("c")),
    "quarrel-120x40": Picture(quarrel, LARGE, tick=1),
    "why-event-80x24": Picture(why_a_quarrel, tick=1),
    "why-tie-120x40": Picture(why_a_tie, LARGE),
    "why-choice-80x24": Picture(why_a_choice),
    "compare-80x24": Picture(compared),
    "fork-80x24": Picture(fork, tick=1),
    "help-80x24": Picture(help_),
    "sql-80x24": Picture(query),
    "theme-safe-80x24": Picture(keys("t"), theme="townlet-safe", person="grace"),
    "theme-16-80x24": Picture(keys("s"), theme="townlet-16"),
    "no-color-80x24": Picture(keys("s"), theme="townlet-plain", person="alice"),
    "damage-80x24": Picture(keys("s"), tick=DAYS * 1440, run="damaged"),
}
"""At most 25, by name."""


def runs(folder: Path) -> Path:
    """A folder with the two runs that are seen: `demo`, and `damaged`, in which a byte of the second day is wrong."""
    townlet.simulate(ticks=DAYS * 1440, seed=2, into=folder / "demo")
    shutil.copytree(folder / "demo", folder / "damaged")
    (log,) = folder.glob("damaged/log/*.arrow*")
    content = bytearray(log.read_bytes())
    content[len(content) * 3 // 4] ^= 0xFF
    log.write_bytes(content)
    return folder


def taken(name: str, folder: Path) -> str:
    """The picture of a name, of the runs in a folder."""
    with chdir(folder):
        return asyncio.run(_taken(PICTURES[name]))


async def _taken(picture: Picture) -> str:
    theme: dict[str, object] = {} if picture.theme is None else {"theme": picture.theme}
    async with observing(picture.run, picture.size, tick=picture.tick, **theme) as play:
        if picture.person is not None:
            play.app.sight.person = picture.person
            play.app.sight.ask()
        await play.settled()
        await picture.act(play)
        await play.until(lambda: _is_folded(play))
        for field in (*play.app.screen.query(Input), *play.app.screen.query(TextArea)):
            field.cursor_blink = False
            field._cursor_visible = field.has_focus  # it may have stopped blinking while it was hidden
        return await _at_rest(play)


async def _at_rest(play: Play) -> str:
    """The picture of the screen when nothing on it moves any more: the same three times, a moment apart."""
    same, before = 0, ""
    while same < 2:
        for screen in play.app.screen_stack:
            screen.refresh(layout=True)
        await play.pilot.pause(0.1)
        assert play.app.sight.view is not None
        now = play.app.export_screenshot(title=picture_title(play.app.sight.view), simplify=True) + "\n"
        same, before = (same + 1 if now == before else 0), now
    return before


def _is_folded(play: Play) -> bool:
    """Whether nothing that is shown is still on its way."""
    view = play.app.sight.view
    if view is None or (view.wanted.key_figures and view.kpis.rows is None):
        return False
    last = view.head if view.trouble is None else view.trouble.tick
    return view.timeline.upto >= last and view.story.told >= min(view.tick, last)


def main() -> None:
    """Write all of them anew, and remove those that are no more."""
    FOLDER.mkdir(exist_ok=True)
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as folder:
        runs(Path(folder))
        for path in FOLDER.glob("*.svg"):
            if path.stem not in PICTURES:
                path.unlink()
        for name in PICTURES:
            (FOLDER / f"{name}.svg").write_text(taken(name, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
