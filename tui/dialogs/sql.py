"""The SQL pane: questions to the run, as of the tick that is shown."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import DataTable, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from townlet.asking.tables import TABLES
from townlet.daytime import time_of
from tui.asking import REFUSALS, Asker, Rows, Stopped
from tui.dialogs.listing import Lines
from tui.drawing import About

EXAMPLES: Final = (
    ("Who feels most for whom", "select owner, other, trust, familiarity, rivalry from ties order by trust desc"),
    ("Every quarrel so far", "select tick, seq, agent, other, place, reason from queue_conflict order by seq"),
    ("How everybody is", "select name, venue, option, hunger, hygiene, energy, wallet from agents"),
    ("What happens how often", "select kind, count(*) as times from events group by kind order by times desc"),
    (
        "What changed ties most",
        "select kind, sum(adjusted_trust) as trust from tie_changes group by kind order by trust",
    ),
    ("What there is to ask", "show tables"),
)
"""Questions to begin with: the meaning of each, and its SQL."""

HISTORY_MOST: Final = 100
"""The most questions that are kept."""

BEGUN: Final = re.compile(r"\b(?:from|join|describe)\s+(\w+)$", re.IGNORECASE)
"""The end of a question in which the name of a table has begun."""

WIDEST: Final = 60
"""The most characters of a value that are shown."""


class Town(Protocol):
    """The run that is asked, and the tick as of which it is asked."""

    @property
    def asker(self) -> Asker: ...
    @property
    def shown_tick(self) -> int: ...
    @property
    def ticks_per_day(self) -> int: ...


class Query(TextArea):
    """The field for the question. Enter asks it, also where it has several lines; up and down recall older ones."""

    BINDINGS: ClassVar = [
        Binding("enter,ctrl+enter", "ask", "Ask", priority=False),
        Binding("shift+enter,ctrl+n", "newline", "New line", show=False),
    ]

    class Asked(Message):
        """The user wants an answer."""

    def __init__(self) -> None:
        super().__init__(
            compact=True,
            show_line_numbers=False,
            tab_behavior="focus",
            soft_wrap=True,
            placeholder="select …",
            id="query",
        )
        self._before: list[str] = []
        self._at = 0

    def update_suggestion(self) -> None:
        """Suggest the rest of a table's name, where the cursor ends a word after FROM or JOIN; Right takes it."""
        before, after = (
            self.text_before_cursor,
            self.document.get_line(self.cursor_location[0])[self.cursor_location[1] :],
        )
        begun = BEGUN.search(before)
        self.suggestion = "" if after.strip() or begun is None else rest_of_table(begun[1])

    @property
    def text_before_cursor(self) -> str:
        """The question up to the cursor."""
        return self.get_text_range((0, 0), self.cursor_location)

    def keep(self) -> None:
        """Keep the question, so that it can be recalled."""
        if self.text.strip() and self._before[-1:] != [self.text]:
            self._before = [*self._before, self.text][-HISTORY_MOST:]
        self._at = len(self._before)

    async def _on_key(self, event: events.Key) -> None:
        first, last = self.cursor_location[0] == 0, self.cursor_location[0] == self.document.line_count - 1
        if event.key in ("enter", "ctrl+enter"):
            self.action_ask()
        elif event.key in ("shift+enter", "ctrl+n"):
            self.action_newline()
        elif event.key == "up" and first:
            self._recall(-1)
        elif event.key == "down" and last:
            self._recall(1)
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def action_ask(self) -> None:
        """Ask the question."""
        self.post_message(self.Asked())

    def action_newline(self) -> None:
        """Begin another line."""
        self.insert("\n")

    def _recall(self, by: int) -> None:
        """Show a former question (-1: the one before), or an empty field after the last."""
        at = self._at + by
        if 0 <= at <= len(self._before):
            self._at = at
            self.text = self._before[at] if at < len(self._before) else ""
            self.move_cursor(self.document.end)


class Sql(Vertical):
    """A question, words about it, and its answer as a table."""

    BINDINGS: ClassVar = [
        Binding("escape", "leave", "Back", show=False),
        Binding("y", "copy_row", "Copy the row", show=False),
        Binding("Y", "copy_question", "Copy the command", show=False),
    ]

    class Gone(Message):
        """The user wants to go to the thing that a row is about."""

        def __init__(self, about: About) -> None:
            super().__init__()
            self.about = about

    def __init__(self, town: Town, say: Callable[[str], None], *, id: str | None = None) -> None:
        """`say` shows words in passing."""
        super().__init__(id=id)
        self._town, self._say_in_passing = town, say
        self.said = ""
        self._rows: Rows | None = None
        self._asked = ""

    def compose(self) -> ComposeResult:
        yield Query()
        yield Static("Ask in SQL, of the tick that is shown. Enter asks.", id="sql-said", markup=False)
        examples = Lines(*_examples(), markup=False, compact=True, id="sql-examples")
        examples.set_reactive(Lines.chooses, True)
        yield examples
        yield DataTable[Text](cursor_type="row", zebra_stripes=False, id="sql-rows")

    def on_mount(self) -> None:
        """Show only the examples at first."""
        self.query_one(DataTable).display = False

    def focus(self, scroll_visible: bool = True, *, from_app_focus: bool = False) -> "Sql":
        """Focus the question."""
        self.query_one(Query).focus(scroll_visible)
        return self

    @on(Query.Asked)
    def _ask_it(self, asked: Query.Asked) -> None:
        asked.stop()
        self.ask(self.query_one(Query).text)

    @on(OptionList.OptionSelected)
    def _take_example(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()
        query = self.query_one(Query)
        query.text = EXAMPLES[selected.option_index][1]
        query.focus()
        self.ask(query.text)

    def ask(self, text: str) -> None:
        """Ask the run as of the tick that is shown; an empty text shows the examples again."""
        empty = not text.strip()
        self.query_one(OptionList).display = empty
        self.query_one(DataTable).display = not empty and self._rows is not None
        if not empty:
            self.query_one(Query).keep()
            self._answer(text)

    @work(exclusive=True)
    async def _answer(self, text: str) -> None:
        town = self._town
        tick = town.shown_tick
        self._say(f"Asking, as of tick {tick:,} … Escape stops")
        self._asked = text
        try:
            rows = await asyncio.wrap_future(town.asker.sql(text, tick))
        except Stopped as stopped:
            self._say(str(stopped))
        except REFUSALS as refusal:
            self._say(f"! {refusal}")
        else:
            self._show(rows)

    def _show(self, rows: Rows) -> None:
        self._rows = rows
        table = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_columns(*[Text(name) for name in rows.columns])
        table.add_rows([[Text(_text_of(value)) for value in row] for row in rows.rows])
        table.display = True
        shown = (
            f"the first {len(rows.rows):,} of {rows.total:,} rows"
            if rows.total > len(rows.rows)
            else ("1 row" if rows.total == 1 else f"{rows.total:,} rows")
        )
        when = time_of(rows.tick, self._town.ticks_per_day)
        self._say(f"{shown}, as of {when} (tick {rows.tick:,}). Tab: the rows; there y copies, Enter goes to a tick")

    def _say(self, words: str) -> None:
        self.said = words
        self.query_one("#sql-said", Static).update(words)

    @on(DataTable.RowSelected)
    def _go_to_row(self, selected: DataTable.RowSelected) -> None:
        selected.stop()
        row = self._row(selected.cursor_row)
        if isinstance(row.get("tick"), int):
            seq = row.get("seq")
            self.post_message(self.Gone(About(tick=row["tick"], seq=seq if isinstance(seq, int) else None)))

    def _row(self, at: int) -> dict[str, Any]:
        rows = self._rows
        return dict(zip(rows.columns, rows.rows[at], strict=False)) if rows and at < len(rows.rows) else {}

    def action_copy_row(self) -> None:
        """Copy the chosen row, with tabs between its values, to the terminal's clipboard."""
        row = self._row(self.query_one(DataTable).cursor_row)
        if row:
            self.app.copy_to_clipboard("\t".join("" if value is None else str(value) for value in row.values()))
            self._say_in_passing("The row is in the clipboard.")

    def action_copy_question(self) -> None:
        """Copy the command that answers the same question to the terminal's clipboard."""
        import shlex

        if self._rows is not None:
            path = self._town.asker.path
            command = shlex.join(["townlet", "sql", path, self._asked, "--at-tick", str(self._rows.tick)])
            self.app.copy_to_clipboard(command)
            self._say_in_passing(command)

    def action_leave(self) -> None:
        """Stop the question under way; else focus the answer, where single keys are the observer's again."""
        asker, table = self._town.asker, self.query_one(DataTable)
        if asker.is_busy:
            asker.stop()
        elif table.display and not table.has_focus:
            table.focus()
        else:
            town: Widget = self.app.query_one("#timeline")
            town.focus()


def rest_of_table(begun: str) -> str:
    """What is missing of the first table whose name begins so; nothing where none does."""
    return next((name[len(begun) :] for name in TABLES if name.startswith(begun.lower())), "")


def _examples() -> list[Option]:
    return [Option(Text(meaning).append(f"\n  {query}", "dim")) for meaning, query in EXAMPLES]


def _text_of(value: Any) -> str:
    """A value as text, cut to WIDEST characters; empty for a missing value."""
    if value is None:
        return ""
    text = f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
