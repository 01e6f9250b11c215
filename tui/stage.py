"""The stage: the screen's parts, and how views come onto it. What can be done with them is in `timing` and `app`."""

from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Final

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Static

import townlet
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from tui.actions import ACTIONS, KEYS
from tui.cursor import Cursor
from tui.dialogs.sql import Sql
from tui.drawing import Draw, Room, Row
from tui.head import headline, opening
from tui.looks import LOOKS, Look
from tui.panels import churn, events, kpis, person, queues, story, ties, timeline, town
from tui.reader import Reader
from tui.themes import themes
from tui.widgets import Panel, Rest

PATIENCE_S: Final = 0.05
"""How long what was asked for may be away before the first line says where one is going."""

STANDS_S: Final = 0.1
"""How long the screen may stay as it is while views come that nobody wants any more."""

FAR: Final = 2**62
"""A tick that no run reaches: the head is meant."""

UNBOUND: Final = "no_key"
"""What no key is called: Textual leaves an action whose keys are none as it was."""

PANELS: Final[Mapping[str, tuple[Draw, Rest]]] = {
    "person": (person.draw, "top"),
    "ties": (ties.draw, "top"),
    "story": (story.draw, "bottom"),
    "events": (events.draw, "event"),
    "kpis": (kpis.draw, "top"),
    "queues": (queues.draw, "top"),
    "churn": (churn.draw, "top"),
}
"""The panels beside the map, with where each rests."""


class Came(Message):
    """A view has come from the reader; a later one stands for it."""

    def __init__(self, view: View, reader: Reader) -> None:
        super().__init__()
        self.view, self.reader = view, reader

    def can_replace(self, message: Message) -> bool:
        """Whether it makes another message needless."""
        return isinstance(message, Came)


class Stage(App[None]):
    """The screen of one run, and the cursor that says which of its ticks is wanted."""

    TITLE = "townlet observe"
    CSS_PATH = "observer.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]
    BINDINGS = [
        Binding(",".join(each.keys), each.call, each.footer or each.title, show=bool(each.footer), id=each.name)
        for each in ACTIONS
    ]

    def __init__(
        self,
        run: str,
        *,
        tick: int = 0,
        follow: bool = False,
        theme: str | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Of the run in a folder, at a tick, or with `follow` at its head. `keys` stand for those of the actions."""
        super().__init__()
        self.run_path = run
        self.cursor = Cursor(tick, max(tick, 0), following=follow)
        self.view: View | None = None
        self.look: Look = LOOKS[theme or next(iter(LOOKS))]
        self.person: str | None = None
        self.mark: int | None = None
        self.event: int | None = None
        self.filter = ""
        self.front = "story"
        self.zoomed = False
        self.reader = self._reader_of(run)
        self._panels = [
            Panel(self._town, id="town"),
            Panel(partial(self._drawn, person.draw), id="card"),
            *(Panel(partial(self._drawn, draw), rest=rest, id=name) for name, (draw, rest) in PANELS.items()),
        ]
        self._timeline = Panel(self._timeline_drawn, id="timeline")
        self._wanted: Wanted | None = None
        self._asked_s: float | None = None
        self._came_s = 0.0
        self._head_for: Cursor | None = None
        self._keys = dict(keys or {})

    def compose(self) -> ComposeResult:
        town_map, card, *listed = self._panels
        yield Static(opening(self.run_path), id="head", markup=False)
        yield Static(id="banner", markup=False)
        with Horizontal(id="middle"):
            yield town_map
            with Vertical(id="side"):
                yield card
                yield Static(id="tabs")
                with ContentSwitcher(id="panels", initial=self.front):
                    yield from listed
                    yield Sql(id="sql")
        yield self._timeline
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read, and to move."""
        for theme in themes():
            self.register_theme(theme)
        self.theme = self.look.name
        if self._keys:
            self.set_keymap({name: keys or UNBOUND for name, keys in self._keys.items()})
        self._show_tabs()
        self.main_screen.query_one("#story", Panel).focus()
        self.reader.start()
        self.ask()

    def on_unmount(self) -> None:
        """Let go of the run."""
        self.reader.close()

    def ask(self) -> None:
        """Ask for what is to be shown now."""
        tick = FAR if self.cursor.following else self.cursor.tick
        self._asked_s = perf_counter() if self._asked_s is None else self._asked_s
        self._wanted = Wanted(tick, self.person, self.mark, self.event, self.filter, self.front == "kpis")
        self.reader.ask(self._wanted)

    def on_came(self, came: Came) -> None:
        """Show what has come."""
        if came.reader is not self.reader or not self.is_running or not self._timeline.is_attached:
            return  # it is of a run that is no longer shown, or nothing is any more
        view, now_s = came.view, perf_counter()
        if view.wanted != self._wanted and not self.cursor.playing and now_s - self._came_s < STANDS_S:
            came.reader.shown()  # the one that is wanted by now comes next, and sooner so
            return
        first, self.view, self._asked_s, self._came_s = self.view is None, view, None, now_s
        self.cursor = self.cursor.seen(view.head)
        missed = view.tick < min(view.wanted.tick, view.head) <= self.cursor.tick
        if view.trouble is not None and missed and not self.cursor.following:
            self.cursor = self.cursor.paused().seek(view.tick)  # there is no going on from here
            self.ask()
        for panel in self._panels:
            panel.show(view)
        self.show_head()
        self._show_banner(view)
        self.call_after_refresh(came.reader.shown)
        if first and (self.cursor.following or self.cursor.tick != view.wanted.tick):
            self.ask()

    @property
    def main_screen(self) -> Screen[None]:
        """The screen below whatever is asked over it."""
        return self.screen_stack[0]

    @property
    def shown_tick(self) -> int:
        """The tick that is shown, which need not be the one that is wanted."""
        return self.cursor.tick if self.view is None else self.view.tick

    @property
    def ticks_per_day(self) -> int:
        """Those of the run's town."""
        return 1440 if self.view is None else self.view.ticks_per_day

    @property
    def error(self) -> Exception | None:
        """What ended it, where that was an error."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without a word: whoever ran it says what `error` was, when the terminal is itself again."""
        self._close_messages_no_wait()

    def say(self, words: str, *, wrong: bool = False) -> None:
        """Say something that needs no answer."""
        self.notify(words, severity="error" if wrong else "information", markup=False)

    def show_head(self) -> None:
        """Draw anew what depends on the cursor."""
        if self.view is not None and self.is_running:
            self._head_for = self.cursor
            head = headline(self.view, self.cursor, self.look, self.size.width)
            self.main_screen.query_one("#head", Static).update(head, layout=False)
            self._timeline.show(self.view)

    def show_going(self) -> None:
        """Draw anew what depends on the cursor, where what was asked for does not come at once."""
        late = self._asked_s is not None and perf_counter() - self._asked_s >= PATIENCE_S
        if late and self._head_for != self.cursor:
            self.show_head()

    def show_again(self) -> None:
        """Draw everything anew, and ask for what is to be shown now."""
        for panel in self._panels:
            panel.again()
        self.show_head()
        self.ask()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front."""
        self.front = self.main_screen.query_one("#panels", ContentSwitcher).current = name
        self.main_screen.query_one(f"#{name}").focus()
        self._show_tabs()
        if name == "kpis":
            self.ask()

    def open_run(self, path: str, tick: int) -> None:
        """Show another run, at a tick or the last that it has come to. Whom one looks at stays, and the filter."""
        self.reader.close()
        self.run_path, self.view, self.mark, self.event = path, None, None, None
        self.cursor = Cursor(tick, max(tick, 0))
        self.main_screen.query_one("#head", Static).update(opening(path))
        self.reader = self._reader_of(path)
        self.reader.start()
        self.ask()

    def _reader_of(self, path: str) -> Reader:
        """What reads a run, not yet begun; each of its views is told with it."""

        def tell(view: View) -> None:
            self.post_message(Came(view, reader))

        reader = Reader(lambda: RunReader(townlet.open(path)), tell, self._fail)
        return reader

    def _fail(self, error: BaseException) -> None:
        self.call_later(self._raise, error)

    def _raise(self, error: BaseException) -> None:
        raise error

    def _drawn(self, draw: Draw, view: View, room: Room) -> Sequence[Row]:
        return draw(view, self.look, room)

    def _town(self, view: View, room: Room) -> Sequence[Row]:
        return town.draw(view, self.look, room, zoom=self.zoomed)

    def _timeline_drawn(self, view: View, room: Room) -> Sequence[Row]:
        return timeline.draw(view, self.look, room, self.cursor)

    def _show_banner(self, view: View) -> None:
        banner = self.main_screen.query_one("#banner", Static)
        trouble = view.trouble
        banner.display = trouble is not None
        if trouble is not None:
            banner.update(f"! {trouble.what}\n  Next: {trouble.next_step}")

    def _show_tabs(self) -> None:
        tabs = " ".join(_tab(name, name == self.front) for name in (*PANELS, "sql"))
        self.main_screen.query_one("#tabs", Static).update(tabs)


def _tab(name: str, chosen: bool) -> str:
    """A panel's name to click on, with the letter of its key underlined; the one that is in front is reversed."""
    key = KEYS[f"panel_{name}"][0]
    first, found, rest = name.partition(key)
    said = f"{first}[u b]{found}[/]{rest}" if found else f":{name}"
    said = said.removesuffix("s") if name in ("kpis", "queues") else said
    return f"[@click=app.panel('{name}')]{f'[reverse]{said}[/]' if chosen else said}[/]"
