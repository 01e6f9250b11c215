"""A dialog that lists rows, of which the user may choose one. The rows may come after it has opened."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, Literal, NamedTuple

from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from tui.asking import REFUSALS
from tui.drawing import About, Row
from tui.widgets import REVERSED


class Contents(NamedTuple):
    """The title and the rows of a listing. A row that is wrapped goes on at cell `hang`."""

    title: str
    rows: Sequence[Row]
    hang: int = 0


class Picked(NamedTuple):
    """The user's choice: the deed (`open` with Enter or a click, or another), and the row that it is done with."""

    deed: str
    row: int
    about: About | None


OPEN: Final = "open"

AROUND: Final = 6
"""The lines around the rows: two of border, one of foot, two of title, one of the screen behind."""

Deed = Literal["deeper", "fork", "effect", "other_run", "watch", "control"]
"""What else the user can do: ask why of a row, fork before it, ask for its effect, compare with another run, watch a
run, step into the control town of a pair."""


class Lines(OptionList):
    """Rows to walk through. `chooses` says whether any of them is about something, so that it can be chosen."""

    BINDINGS: ClassVar = [Binding("enter", "select", "Choose")]

    chooses = reactive(False, bindings=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action can be done: rows that are about nothing cannot be chosen."""
        return action != "select" or self.chooses

    def render_line(self, y: int) -> Strip:
        """A line of the screen. The chosen row is reversed as in a panel, so that its colours stay as easy to read."""
        strip, at = super().render_line(y), self.scroll_offset.y + y
        if (
            not self.has_focus
            or self.highlighted is None
            or at >= len(self._lines)
            or self._lines[at][0] != self.highlighted
        ):
            return strip
        return Strip(Segment.apply_style(strip, post_style=REVERSED), strip.cell_length)


class Listing(ModalScreen[Picked | None]):
    """A title and rows. It closes with the user's choice; Escape closes it without one.

    Enter chooses a row that is about something. Where there are more rows than fit, they scroll.
    """

    BINDINGS: ClassVar = [
        Binding("w", "deed('deeper')", "Why this"),
        Binding("F", "deed('fork')", "Fork before it"),
        Binding("E", "deed('effect')", "Its effect"),
        Binding("r", "deed('other_run')", "With another run"),
        Binding("o", "deed('watch')", "Watch it"),
        Binding("c", "deed('control')", "The town with it"),
        Binding("escape,q", "close", "Close", key_display="esc"),
    ]

    def __init__(
        self,
        title: str,
        contents: Awaitable[Contents] | Contents,
        *,
        deeds: Sequence[Deed] = (),
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        """`contents` may still be on its way: until it comes the listing shows `title`, and `stop` stops it."""
        super().__init__()
        self._title, self._contents, self._deeds, self._stop = title, contents, deeds, stop
        self.rows: Sequence[Row] = ()
        self.is_filled = False

    def compose(self) -> ComposeResult:
        with Vertical(id="listing"):
            yield Static(self._title, id="listing-title", markup=False)
            yield Lines(Option(Text("Reading …")), markup=False, compact=True)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Wait for the contents."""
        self.query_one(Lines).focus()
        self._fill()

    def on_resize(self) -> None:
        """Give the rows the height that title, foot and border leave."""
        self.query_one(Lines).styles.max_height = max(self.size.height - AROUND, 3)

    @work
    async def _fill(self) -> None:
        try:
            contents = self._contents if isinstance(self._contents, Contents) else await self._contents
        except REFUSALS as refusal:
            contents = Contents(self._title, [Row(Text(line)) for line in f"! {refusal}".splitlines()])
        self.rows = contents.rows
        self.query_one("#listing-title", Static).update(contents.title)
        options = self.query_one(Lines)
        options.clear_options()
        options.add_options([Option(_indented(row.text, contents.hang)) for row in contents.rows])
        options.chooses = any(row.about is not None for row in contents.rows)
        options.highlighted = next((i for i, row in enumerate(self.rows) if row.about is not None), None)
        self.call_after_refresh(self._show_from_the_top)

    def _show_from_the_top(self) -> None:
        """Scroll to the first row, whichever is chosen: the rows before the chosen one explain it."""
        self.query_one(Lines).scroll_home(animate=False)
        self.is_filled = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action can be done: each listing has its own deeds."""
        return action != "deed" or parameters[0] in self._deeds

    @property
    def picked(self) -> Picked:
        """The chosen row, as a choice to open it."""
        at = self.query_one(Lines).highlighted
        about = self.rows[at].about if at is not None and at < len(self.rows) else None
        return Picked(OPEN, -1 if at is None else at, about)

    @on(OptionList.OptionSelected)
    def _selected(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()
        if self.picked.about is not None:
            self.dismiss(self.picked)

    def action_deed(self, deed: str) -> None:
        """Close with another deed for the chosen row."""
        if self.is_filled:
            self.dismiss(self.picked._replace(deed=deed))

    def action_close(self) -> None:
        """Close without a choice, and stop what would fill the listing."""
        if not self.is_filled:
            self._stop()
        self.dismiss(None)


def _indented(text: Text, hang: int) -> Text | Table:
    """A text that may be wrapped; a space for an empty text, which would have no height."""
    shown = text.copy()
    shown.no_wrap, shown.overflow = False, "fold"
    if not 0 < hang < len(shown):
        return shown if shown.plain else Text(" ")
    columns = Table.grid()
    columns.add_column(width=hang)
    columns.add_column()
    columns.add_row(shown[:hang], shown[hang:])
    return columns
