"""The panel widget: it shows rows, scrolls them, and lets the user choose one."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, zip_longest
from typing import Any, Final, Literal, NamedTuple

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Span, Text
from textual import events
from textual.binding import Binding
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from eventlog.printable import without_controls
from townlet.observing.view import View
from tui.drawing import About, Room, Row

Rows = Callable[[View, Room], Sequence[Row]]
Rest = Literal["top", "bottom", "event"]

REVERSED: Final = Style(reverse=True)
"""How the chosen row stands out."""


class Line(NamedTuple):
    """The content of a line of the screen. Equal lines look the same."""

    words: str
    style: str | Style
    spans: tuple[Span, ...]
    chosen: bool


class Panel(Widget, can_focus=True):
    """Shows rows of a view. Until the user chooses one it rests at its top, its bottom, or the view's event."""

    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    class Chosen(Message):
        """The user has chosen a row, or a spot in it (`opened`: with Enter or a click, else with another key)."""

        def __init__(self, panel: "Panel", about: About, opened: bool) -> None:
            super().__init__()
            self.panel, self.about, self.opened = panel, about, opened

    def __init__(self, rows: Rows, *, rest: Rest = "top", id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw, self._rest = rows, rest
        self._view: View | None = None
        self._rows: Sequence[Row] = ()
        self._lines: list[Line] = []
        self._strips: dict[Line, Strip] = {}
        self._strips_for: tuple[int, Style] = 0, Style.null()
        self._chosen: int | None = None
        self._top = 0

    @property
    def about(self) -> About | None:
        """The thing that the chosen row is about; where none is chosen, the row that the panel rests at."""
        at = self._chosen if self._chosen is not None else self._resting_row()
        return self._rows[at].about if at is not None and at < len(self._rows) else None

    @property
    def chosen(self) -> About | None:
        """The thing that the chosen row is about; None where none is chosen."""
        return None if self._chosen is None else self.about

    @property
    def text(self) -> str:
        """The words of the chosen row, or of the row the panel rests at, and of its neighbours about the same thing.

        Empty where there is no such row.
        """
        at = self._chosen if self._chosen is not None else self._resting_row()
        if at is None or at >= len(self._rows) or self._rows[at].about is None:
            return ""
        same = [row.about == self._rows[at].about for row in self._rows]
        first = at - next((i for i, is_same in enumerate(reversed(same[:at])) if not is_same), at)
        end = at + next((i for i, is_same in enumerate(same[at:]) if not is_same), len(same) - at)
        return " ".join(row.text.plain.strip() for row in self._rows[first:end])

    def show(self, view: View) -> None:
        """Show another view. The chosen row stays chosen where it is still there, and time has not moved on."""
        if not self.display or not self.size.width:
            self._view = view
            return
        moved = self._view is None or self._view.tick != view.tick or self._view.events.at != view.events.at
        was = self._rows[self._chosen].about if self._chosen is not None and self._chosen < len(self._rows) else None
        self._view = view
        self._rows = self._draw(view, Room(self.size.width, self.size.height))
        keeps = was is not None and (self._rest == "top" or not moved)
        self._chosen = next((i for i, row in enumerate(self._rows) if row.about == was), None) if keeps else None
        self._scroll(self._chosen if self._chosen is not None else self._resting_row())
        self._render_changed_lines()

    def again(self) -> None:
        """Draw the same view again, because the size or the look has changed."""
        if self._view is not None:
            self.show(self._view)

    def render_line(self, y: int) -> Strip:
        """A line of the screen. A rendered line is kept as long as it is in sight."""
        width, base = self.size.width, self.visual_style.rich_style
        if (width, base) != self._strips_for:
            self._strips.clear()
            self._strips_for = width, base
        if y >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[y]
        if line not in self._strips:
            made = Strip(segments_of(line, self.app.console)).adjust_cell_length(width).apply_style(base)
            self._strips[line] = Strip(Segment.apply_style(made, post_style=REVERSED), width) if line.chosen else made
        return self._strips[line]

    def on_resize(self) -> None:
        """Draw as much as there is room for."""
        self.again()

    def on_show(self) -> None:
        """Draw the view that came while the panel was hidden."""
        self.again()

    def on_click(self, event: events.Click) -> None:
        """Choose the spot, or else the row."""
        at = self._top + event.y
        meta: dict[str, Any] = event.style.meta
        about = meta.get("about")
        if at < len(self._rows) and self._rows[at].about is not None and self._rest != "top":
            self._choose(at)
        if about is None and at < len(self._rows):
            row = self._rows[at]
            about = (row.spots[event.x] if event.x < len(row.spots) else None) or row.about
        if about is not None:
            event.stop()
            self.post_message(self.Chosen(self, about, opened=True))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self._top = max(min(self._top + 2, len(self._rows) - self.size.height), 0)
        self._render_changed_lines()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self._top = max(self._top - 2, 0)
        self._render_changed_lines()

    def action_move(self, by: int) -> None:
        """Choose the row that is `by` on, or back, among those that can be chosen; the last if there are fewer."""
        can = [i for i, row in enumerate(self._rows) if row.about is not None]
        if not can:
            self._top = max(min(self._top + by, len(self._rows) - self.size.height), 0)
            self._render_changed_lines()
            return
        at = self._chosen if self._chosen is not None else self._resting_row()
        ahead = [i for i in can if at is None or (i - at) * by > 0]
        if self._chosen is None and at in can and self._rest == "top":
            ahead = [i for i in can if (i - at) * by >= 0]  # the first row is chosen first
        if ahead:
            nearest_first = sorted(ahead, reverse=by < 0)
            self._choose(nearest_first[min(abs(by), len(ahead)) - 1])

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.action_move(by * max(self.size.height - 1, 1))

    def action_open(self) -> None:
        """Open the chosen row."""
        if self.about is not None:
            self.post_message(self.Chosen(self, self.about, opened=True))

    def let_go(self) -> bool:
        """Choose nothing. Returns whether a row was chosen."""
        was = self._chosen is not None
        self._chosen = None
        self.again()
        return was

    def _choose(self, at: int) -> None:
        self._chosen = at
        self._scroll(at)
        self._render_changed_lines()
        about = self._rows[at].about
        if about is not None:
            self.post_message(self.Chosen(self, about, opened=False))

    def _resting_row(self) -> int | None:
        """The number of the row at which the panel rests while none is chosen."""
        if not self._rows or self._view is None:
            return None
        if self._rest == "top":
            return next((i for i, row in enumerate(self._rows) if row.about is not None), None)
        page = self._view.events
        if self._rest == "event" and page.at >= 0:
            seq = page.lines[page.at].seq
            return next((i for i, row in enumerate(self._rows) if row.about and row.about.seq == seq), None)
        return len(self._rows) - 1

    def _scroll(self, at: int | None) -> None:
        """Scroll just so far that the row is in sight."""
        height, most = max(self.size.height, 1), max(len(self._rows) - self.size.height, 0)
        if at is not None and self._rest == "top" and self._chosen is None:
            at = None
        if at is not None:
            self._top = min(max(self._top, at - height + 1), at)
        self._top = max(min(self._top, most), 0)

    def _render_changed_lines(self) -> None:
        """Let Textual render the lines of the screen whose content has changed."""
        before, width = self._lines, self.size.width
        seen = enumerate(self._rows[self._top : self._top + self.size.height], start=self._top)
        self._lines = [_line(row.text, at == self._chosen and row.about is not None) for at, row in seen]
        self._strips = {line: self._strips[line] for line in self._lines if line in self._strips}
        pairs = zip_longest(before, self._lines)
        changed = [Region(0, y, width, 1) for y, (was, line) in enumerate(pairs) if was != line]
        if changed:
            self.refresh(*changed)


class WithoutControls(LineFilter):
    """Leaves out control characters of whatever is drawn: a name could hold some that a terminal obeys."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without control characters in their texts."""
        return [
            segment
            if segment.control or segment.text.isprintable()
            else segment._replace(text=without_controls(segment.text))
            for segment in segments
        ]


def segments_of(line: Line, console: Console) -> Iterable[Segment]:
    """The segments of a line, as `Text.render` makes them, but faster where no span lies over another.

    Where a line has no span `Text.render` leaves out the line's own style; this function does not.
    """
    words, spans = line.words, line.spans
    if any(before.end > span.start for before, span in pairwise(spans)):
        return Text(words, line.style, spans=list(spans), end="").render(console)
    plain, segments, at = console.get_style(line.style), list[Segment](), 0
    for span in spans:
        if span.start > at:
            segments.append(Segment(words[at : span.start], plain))
        style = span.style if isinstance(span.style, Style) else console.get_style(span.style, default=Style.null())
        segments.append(Segment(words[span.start : span.end], plain + style))
        at = span.end
    segments.append(Segment(words[at:], plain))
    return segments


def _line(text: Text, chosen: bool) -> Line:
    return Line(text.plain, text.style, tuple(text.spans), chosen)
