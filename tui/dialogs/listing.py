"""Rows over the screen, one of which may be gone to. What they say may still be on its way."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from tui.asking import REFUSALS
from tui.drawing import About, Row


class Told(NamedTuple):
    """What a listing says: its title and its rows."""

    title: str
    rows: Sequence[Row]


class Picked(NamedTuple):
    """What was done with a listing: `deed` by its key's name, `open` for Enter or a click, and the row's about."""

    deed: str
    about: About | None


OPEN = "open"


class Lines(OptionList):
    """Rows that can be walked through, also those that are about nothing."""

    BINDINGS: ClassVar = [Binding("enter", "select", "Go there")]


class Listing(ModalScreen[Picked | None]):
    """A title, rows, and what can be done with them. Escape closes it; so does Enter on a row that is about something.

    `deeds` are further keys, each with its words: the listing closes and says which was pressed, on which row.
    """

    BINDINGS: ClassVar = [
        Binding("escape,q", "close", "Close", key_display="esc"),
    ]

    def __init__(
        self,
        title: str,
        telling: Awaitable[Told],
        *,
        deeds: Mapping[str, tuple[str, str]] | None = None,
        stop: Callable[[], None] = lambda: None,
        chosen: About | None = None,
    ) -> None:
        """`deeds` are names by key, with words; `stop` lets go of `telling`; `chosen` is the row to begin at."""
        super().__init__()
        self._title, self._telling, self._stop, self._chosen = title, telling, stop, chosen
        self._about: list[About | None] = []
        self._is_told = False
        for key, (deed, words) in (deeds or {}).items():
            self._bindings.bind(key, f"deed({deed!r})", words)

    def compose(self) -> ComposeResult:
        with Vertical(id="listing"):
            yield Static(self._title, id="listing-title", markup=False)
            yield Lines(Option(Text("Reading …")), markup=False, compact=True)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Wait for what is told."""
        self.query_one(Lines).focus()
        self._tell()

    @work
    async def _tell(self) -> None:
        try:
            told = await self._telling
        except REFUSALS as refusal:
            told = Told(self._title, [Row(Text(line)) for line in f"! {refusal}".splitlines()])
        self._is_told = True
        self._about = [row.about for row in told.rows]
        self.query_one("#listing-title", Static).update(told.title)
        options = self.query_one(Lines)
        options.clear_options()
        options.add_options([Option(_indented(row.text)) for row in told.rows])
        at = next((i for i, about in enumerate(self._about) if about is not None and about == self._chosen), None)
        first = next((i for i, about in enumerate(self._about) if about is not None), None)
        options.highlighted = at if at is not None else first
        if at is None:
            options.scroll_home(animate=False)

    @property
    def about(self) -> About | None:
        """What the row that is chosen is about."""
        at = self.query_one(Lines).highlighted
        return self._about[at] if at is not None and at < len(self._about) else None

    @on(OptionList.OptionSelected)
    def _selected(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()
        self.action_open()

    def action_open(self) -> None:
        """Go to what the chosen row is about."""
        if self.about is not None:
            self.dismiss(Picked(OPEN, self.about))

    def action_deed(self, deed: str) -> None:
        """Do something else with the chosen row."""
        if self._is_told:
            self.dismiss(Picked(deed, self.about))

    def action_close(self) -> None:
        """Close, and let go of what is not yet told."""
        if not self._is_told:
            self._stop()
        self.dismiss(None)


def _indented(text: Text) -> Text:
    """A text that may be wrapped, and is never empty: an empty one would have no height."""
    shown = text.copy()
    shown.no_wrap, shown.overflow = False, "fold"
    return shown if shown.plain else Text(" ")
