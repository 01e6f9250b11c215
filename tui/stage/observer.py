"""The observer of a run: the app that joins the parts, and does each action of the table by one of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen

from townlet.observing.view import View
from tui.actions import ACTIONS
from tui.cursor import Cursor
from tui.dialogs.sql import Sql
from tui.looks import LOOKS
from tui.reader import Reader
from tui.stage.effects import Effects
from tui.stage.finding import Finding
from tui.stage.leaving import LOOK_S, Leaving
from tui.stage.questions import Questions
from tui.stage.screen import FRONTS, Stage
from tui.stage.sight import Sight
from tui.stage.taking import Taking
from tui.stage.timing import FRAME_S, Timing
from tui.widgets import Panel, WithoutControls

UNBOUND: Final = "no_key"
"""The name of no key. Textual leaves an action's keys as they are where it is given no names at all."""

CONNECTION_S: Final = 0.25
"""Seconds between two looks at the connection by which a run comes."""

CLEAN: Final = WithoutControls()
"""The last filter of every line, on the terminal and in pictures."""

Deeds = Mapping[str, Callable[[], None]]


class Came(Message):
    """A view has come from the reader. A later one replaces it."""

    def __init__(self, view: View, reader: Reader) -> None:
        super().__init__()
        self.view, self.reader = view, reader

    def can_replace(self, message: Message) -> bool:
        """Whether it makes another message needless."""
        return isinstance(message, Came)


class Observer(App[None]):
    """Shows a run. `stage` is what is on the screen, `sight` what the user looks at; the others change these two."""

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
        person: str | None = None,
        theme: str | None = None,
        keys: Mapping[str, str] | None = None,
        connection: Callable[[], str] | None = None,
    ) -> None:
        """Of the run at a path, at a tick, or with `follow` at its head; `person` is the one whose card is shown.

        `keys` replace those of the table, by the action's name, apart by commas; an empty text leaves an action none.
        `connection` says what is wrong with the connection by which the run comes, and nothing where it is there.
        """
        super().__init__()
        self._connection, self._connected_run = connection, run
        self._keys = dict(keys or {})
        cursor = Cursor(tick, max(tick, 0), following=follow)
        self.stage = Stage(self, LOOKS[theme or next(iter(LOOKS))], cursor)
        self.sight = Sight(run, cursor, person, self.stage, self._post_view, self._fail)
        self.timing = Timing(self.sight, self.stage)
        self.finding = Finding(self.sight, self.stage)
        self.effects = Effects(self.sight, self.stage)
        self.questions = Questions(self.sight, self.stage, self._keys, self.effects.ask)
        self.taking = Taking(self, self.sight, self.stage)
        self.leaving = Leaving(self.exit)
        self._deeds: Deeds = self._time_deeds() | self._looking_deeds() | self._asking_deeds() | self._screen_deeds()

    def compose(self) -> ComposeResult:
        yield from self.stage.compose(self.sight.run_path, Sql(self.sight, self.stage.say, id="sql"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The filters of every line that is drawn: Textual's, and one that lets no control character through."""
        return [*super().get_line_filters(), CLEAN]

    def on_mount(self) -> None:
        """Start to read the run, and to count the time."""
        if self._keys:
            self.set_keymap({name: keys or UNBOUND for name, keys in self._keys.items()})
        self.stage.begin()
        self.set_interval(FRAME_S, self.timing.play_frame)
        self.set_interval(LOOK_S, self.leaving.look)
        if self._connection is not None:
            self.set_interval(CONNECTION_S, self._look_at_connection)
        self.sight.begin()

    async def on_unmount(self) -> None:
        """Let go of the run, and end what is worked out of it."""
        self.sight.close()
        await self.effects.close()

    # The actions

    def action_do(self, name: str) -> None:
        """Do an action of the table, by its name."""
        self._deeds[name]()

    def get_system_commands(self, screen: Screen[None]) -> Iterable[SystemCommand]:
        """Every action of the table, for the palette."""
        for each in ACTIONS:
            yield SystemCommand(each.title, each.help, partial(self.run_action, each.call))

    def _time_deeds(self) -> dict[str, Callable[[], None]]:
        timing, finding = self.timing, self.finding
        return {
            "play": timing.play,
            "reverse": timing.reverse,
            "tick_back": partial(timing.step, -1),
            "tick_on": partial(timing.step, 1),
            "hour_back": partial(timing.step_hours, -1),
            "hour_on": partial(timing.step_hours, 1),
            "event_back": partial(finding.step, -1),
            "event_on": partial(finding.step, 1),
            "note_back": partial(finding.step_notable, -1),
            "note_on": partial(finding.step_notable, 1),
            "faster": timing.faster,
            "slower": timing.slower,
            **{f"speed_{digit}": partial(timing.play_at, digit) for digit in range(1, 10)},
            "go_to": finding.go_to,
            "start": timing.to_start,
            "live": timing.follow,
            "loop": timing.loop,
        }

    def _looking_deeds(self) -> dict[str, Callable[[], None]]:
        return {
            **{f"panel_{name}": partial(self.sight.show_panel, name) for name in FRONTS},
            "person_on": partial(self.sight.show_next_person, 1),
            "person_back": partial(self.sight.show_next_person, -1),
        }

    def _asking_deeds(self) -> dict[str, Callable[[], None]]:
        finding, questions = self.finding, self.questions
        return {
            "why": questions.why,
            "mark": self.timing.mark,
            "compare": questions.compare,
            "fork": questions.fork,
            "effect": questions.effect,
            "back": self._go_back,
            "runs": questions.list_runs,
            "find": finding.find,
            "find_on": partial(finding.find_again, 1),
            "find_back": partial(finding.find_again, -1),
            "filter": finding.change_filter,
        }

    def _screen_deeds(self) -> dict[str, Callable[[], None]]:
        return {
            "copy_row": self.taking.copy_row,
            "copy_command": self.taking.copy_command,
            "screenshot": self.taking.screenshot,
            "zoom": self._zoom,
            "let_go": self._let_go,
            "theme": self._change_theme,
            "help": self.questions.help,
        }

    def _zoom(self) -> None:
        """Show the whole town, or as much of it as can be read."""
        self.stage.zoomed = not self.stage.zoomed
        self.sight.show_again()

    def _go_back(self) -> None:
        """Watch the run again that was watched before."""
        if not self.sight.open_run_before():
            self.stage.say("No other run was watched before this one.", wrong=True)

    def _change_theme(self) -> None:
        """Take the next of the themes."""
        self.stage.change_look()
        self.sight.show_again()
        self.stage.say(f"Theme {self.stage.look.name}")

    def _let_go(self) -> None:
        """Stop the search, or what asks for an effect; else let go of the chosen row, the person, or the filter."""
        panel = self.stage.focused_panel
        if self.finding.stop() or self.effects.stop() or (panel is not None and panel.let_go()):
            return
        if self.sight.person is not None:
            self.sight.person = None
        else:
            self.sight.filter = ""
        self.sight.ask()

    # What the widgets and the reader's thread say

    def on_panel_chosen(self, chosen: Panel.Chosen) -> None:
        """Go to the chosen event or tick, or show the chosen person; a click on the person shown lets go of them."""
        about, is_map = chosen.about, chosen.panel.id == "town"
        if about.seq is not None and about.tick is not None:
            if chosen.opened:
                self.sight.seek(about.tick + 1, event=about.seq)
        elif about.tick is not None:
            self.sight.seek(about.tick)
        elif about.person is not None and (chosen.opened or is_map):
            self.sight.show_person(None if about.person == self.sight.person and is_map else about.person)

    def on_sql_gone(self, gone: Sql.Gone) -> None:
        """Go to what a row of an answer in SQL is about."""
        self.sight.go(gone.about)

    def on_came(self, came: Came) -> None:
        """Show the view that has come."""
        self.sight.take(came.view, came.reader)

    def _post_view(self, view: View, reader: Reader) -> None:
        self.post_message(Came(view, reader))

    def _look_at_connection(self) -> None:
        """Say what is wrong with the connection, as long as the run that comes by it is shown."""
        if self._connection is not None:
            self.stage.show_connection(self._connection() if self.sight.run_path == self._connected_run else "")

    def _fail(self, error: BaseException) -> None:
        self.call_later(self._raise, error)

    def _raise(self, error: BaseException) -> None:
        raise error

    @property
    def error(self) -> Exception | None:
        """The error that ended the observer; None where it ended without one."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without a word: the caller says what `error` was, when the terminal is itself again."""
        self._close_messages_no_wait()
