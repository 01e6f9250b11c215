"""The main screen: its widgets, how a view is drawn onto them, and what is said or opened over them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Footer, Static

from eventlog.places import place_name
from townlet.observing.view import View
from tui.actions import KEYS
from tui.cursor import Cursor
from tui.drawing import Draw, Room, Row
from tui.head import headline, opening
from tui.looks import LOOKS, Look
from tui.panels import churn, events, kpis, person, queues, story, ties, timeline, town
from tui.themes import themes
from tui.widgets import Panel, Rest

Result = TypeVar("Result")

PANELS: Final[Mapping[str, tuple[Draw, Rest]]] = {
    "person": (person.draw, "top"),
    "ties": (ties.draw, "top"),
    "story": (story.draw, "bottom"),
    "events": (events.draw, "event"),
    "kpis": (kpis.draw, "top"),
    "queues": (queues.draw, "top"),
    "churn": (churn.draw, "top"),
}
"""The panels beside the map: the function that draws each, and the row at which it rests."""

FRONTS: Final = (*PANELS, "sql")
"""What can stand beside the map, in the order of its tabs."""


class Stage:
    """The main screen of an app. It knows the view that it shows, the cursor and the look; it asks for nothing.

    The other parts reach Textual through it: they say something, open a dialog, or run a coroutine.
    """

    def __init__(self, app: App[None], look: Look, cursor: Cursor) -> None:
        self.look, self.cursor = look, cursor
        self.front = "story"
        self.zoomed = False
        self._app = app
        self._connection, self._trouble = "", ""
        self._panels = [
            Panel(self._town_rows, id="town"),
            Panel(partial(self._rows, person.draw), id="card"),
            *(Panel(partial(self._rows, draw), rest=rest, id=name) for name, (draw, rest) in PANELS.items()),
        ]
        self._timeline = Panel(self._timeline_rows, id="timeline")

    def compose(self, run: str, sql: Widget) -> ComposeResult:
        """The widgets of the screen. `run` is the path that the first line names, `sql` the pane beside the panels."""
        town_map, card, *listed = self._panels
        yield Static(opening(place_name(run)), id="head", markup=False)
        yield Static(id="banner", markup=False)
        with Horizontal(id="middle"):
            yield town_map
            with Vertical(id="side"):
                yield card
                yield Static(id="tabs")
                with ContentSwitcher(id="panels", initial=self.front):
                    yield from listed
                    yield sql
        yield self._timeline
        yield Static(id="work", markup=False)
        yield Footer(show_command_palette=False)

    def begin(self) -> None:
        """Set the theme, draw the tabs and focus the front panel. Call it when the widgets are mounted."""
        for theme in themes():
            self._app.register_theme(theme)
        self._app.theme = self.look.name
        self._show_tabs()
        self.main_screen.query_one(f"#{self.front}").focus()

    @property
    def main_screen(self) -> Screen[Any]:
        """The screen that lies below every dialog."""
        return self._app.screen_stack[0]

    @property
    def is_up(self) -> bool:
        """Whether there is a screen to draw on: the app runs, and its widgets are mounted."""
        return self._app.is_running and self._timeline.is_attached

    @property
    def has_dialog(self) -> bool:
        """Whether a dialog is open over the screen."""
        return len(self._app.screen_stack) > 1

    @property
    def is_free(self) -> bool:
        """Whether a dialog may open by itself: none is open, and nobody is writing a query."""
        return not self.has_dialog and self.front != "sql"

    @property
    def focused(self) -> Widget | None:
        """The widget that has the focus."""
        return self._app.focused

    @property
    def focused_panel(self) -> Panel | None:
        """The panel that has the focus; None where another widget has it."""
        return self.focused if isinstance(self.focused, Panel) else None

    # What is drawn

    def show(self, view: View, cursor: Cursor) -> None:
        """Draw a view on the whole screen."""
        for panel in self._panels:
            panel.show(view)
        self.show_head(view, cursor)
        trouble = view.trouble
        self._trouble = "" if trouble is None else f"{trouble.what}\n  Next: {trouble.next_step}"
        self._show_banner()

    def show_head(self, view: View, cursor: Cursor) -> None:
        """Draw the first line and the timeline, which show the cursor."""
        if self._app.is_running:
            self.cursor = cursor
            head = headline(view, cursor, self.look, self._app.size.width)
            self.main_screen.query_one("#head", Static).update(head, layout=False)
            self._timeline.show(view)

    def show_opening(self, run: str) -> None:
        """Say in the first line that a run is being opened."""
        self.main_screen.query_one("#head", Static).update(opening(place_name(run)))

    def show_work(self, words: str) -> None:
        """Say in a line of its own what is worked out meanwhile; without words the line goes away."""
        if self.is_up:
            line = self.main_screen.query_one("#work", Static)
            line.display = bool(words)
            line.update(words)

    def draw_panels_again(self) -> None:
        """Draw the same view in the panels once more, in the present look."""
        for panel in self._panels:
            panel.again()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front, and focus it."""
        self.front = self.main_screen.query_one("#panels", ContentSwitcher).current = name
        self.main_screen.query_one(f"#{name}").focus()
        self._show_tabs()

    def change_look(self) -> None:
        """Take the next of the looks, and its theme."""
        names = list(LOOKS)
        self.look = LOOKS[names[(names.index(self.look.name) + 1) % len(names)]]
        self._app.theme = self.look.name

    # What is said, opened and run

    def say(self, words: str, *, wrong: bool = False) -> None:
        """Show words that need no answer; they go away by themselves."""
        self._app.notify(words, severity="error" if wrong else "information", markup=False)

    def open(self, dialog: Screen[Result], done: Callable[[Result | None], None] | None = None) -> None:
        """Open a dialog over the screen; `done` is called with its result when it closes."""
        self._app.push_screen(dialog, done)

    def run(self, work: Callable[[], Awaitable[None]], group: str) -> None:
        """Run a coroutine function; it takes the place of the one that runs in the same group."""
        self._app.run_worker(work, group=group, exclusive=True)

    def call_when_drawn(self, call: Callable[[], None]) -> None:
        """Call a function when everything shown by now is on the screen."""
        self._app.call_after_refresh(call)

    def _rows(self, draw: Draw, view: View, room: Room) -> Sequence[Row]:
        return draw(view, self.look, room)

    def _town_rows(self, view: View, room: Room) -> Sequence[Row]:
        return town.draw(view, self.look, room, zoom=self.zoomed)

    def _timeline_rows(self, view: View, room: Room) -> Sequence[Row]:
        return timeline.draw(view, self.look, room, self.cursor)

    def show_connection(self, words: str) -> None:
        """Say what is wrong with the connection by which the run comes; nothing where it is there."""
        if self.is_up and words != self._connection:
            self._connection = words
            self._show_banner()

    def _show_banner(self) -> None:
        banner = self.main_screen.query_one("#banner", Static)
        words = "\n".join(f"! {each}" for each in (self._connection, self._trouble) if each)
        banner.display = bool(words)
        banner.update(words)

    def _show_tabs(self) -> None:
        tabs = " ".join(_tab(name, name == self.front) for name in FRONTS)
        self.main_screen.query_one("#tabs", Static).update(tabs)


def _tab(name: str, chosen: bool) -> str:
    """A panel's name to click on, with the letter of its key underlined; the one that is in front is reversed."""
    key = KEYS[f"panel_{name}"][0]
    first, found, rest = name.partition(key)
    said = f"{first}[u b]{found}[/]{rest}" if found else f":{name}"
    said = said.removesuffix("s") if name in ("kpis", "queues") else said
    return f"[@click=app.do('panel_{name}')]{f'[reverse]{said}[/]' if chosen else said}[/]"
