"""Rows over the screen, one of which may be gone to. What they say may still be on its way."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, Literal, NamedTuple

from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from tui.asking import REFUSALS
from tui.drawing import About, Row


class Told(NamedTuple):
    """What a listing says: its title and its rows; a row that is wrapped goes on at cell `hang`."""

    title: str
    rows: Sequence[Row]
    hang: int = 0


class Picked(NamedTuple):
    """What was done with a listing: `open` by Enter or a click, or another deed; and with which row."""

    deed: str
    row: int
    about: About | None


OPEN: Final = "open"

AROUND: Final = 6
"""The lines around the rows: two of border, one of foot, two of title, one that lets the screen behind be seen."""

Deed = Literal["deeper", "fork", "other_run", "watch"]
"""What else can be done with a row: to ask why, to fork before it; or with what is told: another run, to watch it."""


class Lines(OptionList):
    """Rows that can be walked through, also those that are about nothing; `chooses` says whether any is."""

    BINDINGS: ClassVar = [Binding("enter", "select", "Choose")]

    chooses = reactive(False, bindings=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no choosing among rows that are about nothing."""
        return action != "select" or self.chooses


class Listing(ModalScreen[Picked | None]):
    """A title, rows, and what can be done with them. It closes with what was done; Escape closes it with nothing.

    Enter is for rows that are about something. What comes to more than there is room for is scrolled.
    """

    BINDINGS: ClassVar = [
        Binding("w", "deed('deeper')", "Why this"),
        Binding("F", "deed('fork')", "Fork before it"),
        Binding("r", "deed('other_run')", "With another run"),
        Binding("o", "deed('watch')", "Watch it"),
        Binding("escape,q", "close", "Close", key_display="esc"),
    ]

    def __init__(
        self,
        title: str,
        telling: Awaitable[Told] | Told,
        *,
        deeds: Sequence[Deed] = (),
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        """`stop` lets go of `telling`, where it is not yet told; until then the listing has the `title` given here."""
        super().__init__()
        self._title, self._telling, self._deeds, self._stop = title, telling, deeds, stop
        self.rows: Sequence[Row] = ()
        self.is_told = False

    def compose(self) -> ComposeResult:
        with Vertical(id="listing"):
            yield Static(self._title, id="listing-title", markup=False)
            yield Lines(Option(Text("Reading …")), markup=False, compact=True)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Wait for what is told."""
        self.query_one(Lines).focus()
        self._tell()

    def on_resize(self) -> None:
        """The rows have the height that title, foot and border leave."""
        self.query_one(Lines).styles.max_height = max(self.size.height - AROUND, 3)

    @work
    async def _tell(self) -> None:
        try:
            told = self._telling if isinstance(self._telling, Told) else await self._telling
        except REFUSALS as refusal:
            told = Told(self._title, [Row(Text(line)) for line in f"! {refusal}".splitlines()])
        self.rows = told.rows
        self.query_one("#listing-title", Static).update(told.title)
        options = self.query_one(Lines)
        options.clear_options()
        options.add_options([Option(_indented(row.text, told.hang)) for row in told.rows])
        options.chooses = any(row.about is not None for row in told.rows)
        options.highlighted = next((i for i, row in enumerate(self.rows) if row.about is not None), None)
        self.call_after_refresh(self._show_from_the_top)

    def _show_from_the_top(self) -> None:
        """From the first row on, whichever is chosen: what is said before it says what it is about."""
        self.query_one(Lines).scroll_home(animate=False)
        self.is_told = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what this listing is for."""
        return action != "deed" or parameters[0] in self._deeds

    @property
    def picked(self) -> Picked:
        """The row that is chosen."""
        at = self.query_one(Lines).highlighted
        about = self.rows[at].about if at is not None and at < len(self.rows) else None
        return Picked(OPEN, -1 if at is None else at, about)

    @on(OptionList.OptionSelected)
    def _selected(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()
        if self.picked.about is not None:
            self.dismiss(self.picked)

    def action_deed(self, deed: str) -> None:
        """Do something else with the chosen row."""
        if self.is_told:
            self.dismiss(self.picked._replace(deed=deed))

    def action_close(self) -> None:
        """Close, and let go of what is not yet told."""
        if not self.is_told:
            self._stop()
        self.dismiss(None)


def _indented(text: Text, hang: int) -> Text | Table:
    """A text that may be wrapped, and is never empty: an empty one would have no height."""
    shown = text.copy()
    shown.no_wrap, shown.overflow = False, "fold"
    if not 0 < hang < len(shown):
        return shown if shown.plain else Text(" ")
    columns = Table.grid()
    columns.add_column(width=hang)
    columns.add_column()
    columns.add_row(shown[:hang], shown[hang:])
    return columns
