"""The form for another future: its name, what is different in it, how long it lives. A process of its own makes it."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Button, Footer, Input, Label, Static

from eventlog.places import is_uri
from townlet.configuration.keys import setting_keys
from townlet.daytime import time_of
from townlet.errors import QueryError
from tui.asking import REFUSALS, Asker, Holding, Origin, Stopped
from tui.dialogs import making
from tui.dialogs.wish import FIELDS, HINTS, FieldsOfFork, Wish, free_name, read_wish, where_words, wish_words
from tui.times import TIMES

SOON_S: Final = 0.3
"""Seconds after the last key before the form says whether the fork can be made."""

LOOK_S: Final = 0.5
"""Seconds between two looks how far the fork has come."""

PATIENCE_S: Final = 10.0
"""Seconds that a fork has to stop before its process is killed."""

SAID_MOST: Final = 40
"""The most lines of the process that are shown; these are the last."""

BUTTONS: Final = {
    "make": "Fork",
    "cancel": "Cancel",
    "earlier": "Before its cause",
    "hold": "Hold it back",
    "let": "Let it happen",
    "cause": "Hold back its cause",
    "watch": "Watch the fork",
    "compare": "Compare with it",
    "again": "Try otherwise",
    "stay": "Stay here",
}
SOON_AFTER_HOURS: Final = 2
"""Hours before and after an event in which the fork is searched for one like it."""


class Forked(NamedTuple):
    """A fork that was made: its path, the tick at which it parted, and what the user wants: `watch` or `compare`."""

    path: str
    tick: int
    deed: str


class Keys(Suggester):
    """Completes the key that is being written in the settings."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole text with its last key completed; None where no key begins so."""
        before, _, begun = value.rpartition(" ")
        if not begun or "=" in begun:
            return None
        found = next((key for key in setting_keys() if key.startswith(begun) and key != begun), None)
        return None if found is None else f"{before} {found}=".lstrip()


class Fork(ModalScreen[Forked | None]):
    """The form, then the words of the process that makes the fork, then what can be done with it. Escape cancels."""

    BINDINGS: ClassVar = [
        Binding("escape", "cancel", "Cancel", priority=True),
        Binding("ctrl+s", "make", "Fork", priority=True),
    ]

    def __init__(self, fields: FieldsOfFork, asker: Asker) -> None:
        super().__init__()
        self._fields, self._asker = fields, asker
        self._process: asyncio.subprocess.Process | None = None
        self.state = "asking"
        self._wish: Wish | None = None
        self._lines: list[str] = []
        self._origin: Origin | None = None
        self._holding: Holding | None = None
        self._proposed = ""
        self._without: int | None = None
        self._held: int | None = None
        self._held_words = ""
        self._happens_again = False
        self.told = ""

    def compose(self) -> ComposeResult:
        fields = self._fields
        self._proposed = name = free_name(fields.run, fields.tick)
        values = {
            "at": str(fields.tick),
            "name": name,
            "seed": str((fields.seed + 1) % 2**64),
            "settings": "",
            "ticks": str(fields.head - fields.tick or fields.ticks_per_day),
        }
        with Vertical(id="fork"):
            yield Static("Fork: another future", id="fork-title", markup=False)
            yield Static(self._where(fields.tick), id="fork-where", markup=False)
            for key, label in FIELDS.items():
                with Horizontal(classes="fork-row"):
                    yield Label(label, classes="fork-label")
                    yield Input(
                        values[key],
                        placeholder=HINTS.get(key, TIMES),
                        suggester=Keys() if key == "settings" else None,
                        compact=True,
                        id=f"fork-{key}",
                    )
            with VerticalScroll(id="fork-told", can_focus=False):
                yield Static("", id="fork-said", markup=False)
            with Horizontal(id="fork-buttons"):
                for deed, words in BUTTONS.items():
                    yield Button(Text(f"[ {words} ]"), id=deed, compact=True)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Focus the name, and say whether the fork can be made."""
        self.query_one("#fork-name", Input).focus()
        self._show_buttons()
        self._check()
        if self._fields.event is not None:
            self._trace(self._fields.event)

    @work(group="trace")
    async def _trace(self, seq: int, *, hold: bool = False) -> None:
        """Say where the event comes from that the fork is to come before, and whether it can be held back."""
        with suppress(*REFUSALS):
            self._origin = await asyncio.wrap_future(self._asker.origin(seq))
            self._tell(self._where(self._fields.tick))
            self._holding = await asyncio.wrap_future(self._asker.holding(seq))
            self._show_buttons()
            if hold:
                self._hold_back()
            if self.state == "asking":
                self._check()

    async def on_unmount(self) -> None:
        """Kill the process: it must not go on when the form is gone."""
        await self._end()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action can be done: the fork is made only once."""
        return self.state == "asking" if action == "make" else True

    @on(Input.Changed)
    def _changed(self) -> None:
        if self.state == "asking":
            self._check()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_make()

    @on(Button.Pressed)
    def _pressed(self, pressed: Button.Pressed) -> None:
        deed = pressed.button.id or ""
        if deed == "make":
            self.action_make()
        elif deed == "earlier" and self._origin is not None and self._origin.first is not None:
            self._write_moment(self._origin.first.tick)
        elif deed == "hold":
            self._hold_back()
        elif deed == "let":
            self._without = self._held = None
            self._write("seed", str((self._fields.seed + 1) % 2**64))
            self._show_buttons()
            self._check()
        elif deed == "cause" and self._holding is not None and self._holding.cause is not None:
            seq = self._holding.cause.seq
            self._fields = self._fields._replace(event=seq, tick=self._holding.cause.tick)
            self._trace(seq, hold=True)
        elif deed == "again":
            self._try_again()
        elif deed == "cancel":
            self.action_cancel()
        elif self._wish is not None:
            self.dismiss(None if deed == "stay" else Forked(self._wish.into, self._wish.tick, deed))

    def _hold_back(self, ticks: int | None = None) -> None:
        """Hold the event back, from where its deed begins, for so many ticks (None: for as long as its kind says).

        The seed stays, so that nothing else is different.
        """
        if self._holding is None or self._holding.tick is None:
            return
        self._without, self._held = self._fields.event, ticks
        self._write_moment(self._holding.tick)
        self._write("seed", str(self._fields.seed))
        self._show_buttons()
        self._check()

    def _try_again(self) -> None:
        """Show the form again, for another fork with the event held back: for longer, where it was held back before."""
        self.state = "asking"
        if self._wish is not None:
            self._write_moment(self._wish.tick, anew=True)
            self._hold_back(None if self._wish.without is None else self._soon)
        self._show_buttons()
        self.query_one("#make", Button).focus()
        self._check()

    def _write_moment(self, tick: int, *, anew: bool = False) -> None:
        """Write the tick to fork at, and a name that says it, unless the user gave another one (`anew`: even then)."""
        name = self.query_one("#fork-name", Input)
        self._write("at", str(tick))
        if anew or name.value == self._proposed:
            name.value = self._proposed = free_name(self._fields.run, tick)

    def _write(self, key: str, text: str) -> None:
        self.query_one(f"#fork-{key}", Input).value = text

    @property
    def _soon(self) -> int:
        """The ticks around an event in which one like it is searched for."""
        return SOON_AFTER_HOURS * self._fields.ticks_per_day // 24

    def action_make(self) -> None:
        """Make the fork, unless a field cannot be used."""
        if self.state == "asking":
            self.state = "making"
            self._show_buttons()
            self._make()

    def action_cancel(self) -> None:
        """Close the form; while the fork is being made, stop that instead."""
        if self.state != "making":
            self.dismiss(None)
        elif self._process is not None and self._process.returncode is None:
            self._say("Stopping it between two commits …")
            self._interrupt(self._process)
        else:
            self._asker.stop()

    @work(exclusive=True, group="fork")
    async def _check(self) -> None:
        """Say whether the fork can be made, SOON_S after the last key."""
        await asyncio.sleep(SOON_S)
        wish = await self._read()
        if wish is not None:
            self._show(wish)

    @work(exclusive=True, group="fork")
    async def _make(self) -> None:
        wish = await self._read()
        if wish is None:
            self.state = "asking"
        else:
            self._wish = wish
            self._show(wish)
            code = await self._run(wish)
            self.state = "made" if code == 0 else "asking"
            if code != 0:
                self._say(f"It ended with code {code}. Nothing of this run has changed.")
            else:
                await self._tell_outcome(wish)
        self._show_buttons()

    async def _tell_outcome(self, wish: Wish) -> None:
        """Say how far the fork has lived, and whether an event like the one it came before has happened there."""
        event, per_day = self._fields.event, self._fields.ticks_per_day
        self._happens_again = False
        said = f"{wish.into} is there, up to tick {wish.tick + wish.ticks:,}."
        self._tell(said)
        if event is None or self._origin is None:
            return
        with suppress(*REFUSALS):
            line = await asyncio.wrap_future(self._asker.again(wish.into, event, self._soon))
            self._happens_again = line is not None
            if line is None:
                words = self._origin.line.said.rstrip(".")
                self._tell(f"{said}\n{words}: that does not happen there, nor within {SOON_AFTER_HOURS} hours of it.")
            else:
                alike = f"{line.kind.replace('_', ' ')}  {line.said}"
                self._tell(f"{said}\nMuch the same happens there, at {time_of(line.tick, per_day)}: {alike}")

    async def _read(self) -> Wish | None:
        """The fork that the fields describe; None, after saying why, where it cannot be made."""
        try:
            text = {key: self.query_one(f"#fork-{key}", Input).value.strip() for key in FIELDS}
            wish = read_wish(self._fields, text)._replace(without=self._without, held=self._held)
            if not is_uri(wish.into) and Path(wish.into).exists():
                raise QueryError(f"Name: {wish.into} is there already; name another")
            await asyncio.wrap_future(self._asker.livable(wish.tick, dict(wish.settings)))
            if wish.without is not None:
                self._held_words = await asyncio.wrap_future(self._asker.held(wish.without, wish.tick, wish.held))
        except Stopped:
            return None
        except REFUSALS as refusal:
            self._lines = []
            self._say(f"! {refusal}")
            return None
        return wish

    async def _run(self, wish: Wish) -> int:
        """Let a process make the fork, and show the lines that it prints. Returns its exit code."""
        self._process = process = await asyncio.create_subprocess_exec(
            *making.command(wish, self._fields.run),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = asyncio.ensure_future(self._watch(wish))
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                self._say(line.decode(errors="replace").rstrip())
            return await process.wait()
        finally:
            told.cancel()
            await self._end()

    async def _watch(self, wish: Wish) -> None:
        """Say how far the fork has come."""
        until = wish.tick + wish.ticks
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                tick = await asyncio.wrap_future(self._asker.reached(wish.into))
            except REFUSALS:
                continue  # it is not yet complete enough to be opened
            if tick is not None:
                self._tell(f"It has come to tick {tick:,} of {until:,}. Escape stops")

    def _interrupt(self, process: asyncio.subprocess.Process) -> None:
        """Ask the process to stop, as Ctrl-C would; kill it where it has not stopped after PATIENCE_S."""
        process.send_signal(signal.SIGINT) if sys.platform != "win32" else process.terminate()
        self.set_timer(PATIENCE_S, lambda: process.kill() if process.returncode is None else None)

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def _show(self, wish: Wish) -> None:
        """Say what the fork will be, and the command that would make it."""
        self._tell(self._where(wish.tick))
        self._lines = []
        self._say("\n".join(wish_words(wish, self._fields.run, self._holding, self._held_words)), from_top=True)

    def _where(self, tick: int) -> str:
        return where_words(self._fields, tick, self._origin)

    def _say(self, words: str, *, from_top: bool = False) -> None:
        self._lines = [*self._lines, words][-SAID_MOST:]
        for said in self.query("#fork-said").results(Static):  # none while the form is being closed
            said.update(self.said)
        for told in self.query("#fork-told").results(VerticalScroll):
            told.scroll_home(animate=False) if from_top else told.scroll_end(animate=False)

    def _tell(self, words: str) -> None:
        self.told = words
        for where in self.query("#fork-where").results(Static):  # none while the form is being closed
            where.update(words)

    @property
    def said(self) -> str:
        """The words below the form: what the fork will be, why it cannot be made, or the last lines of the process."""
        return "\n".join(self._lines)

    def _show_buttons(self) -> None:
        """Show the buttons that can be pressed now, and focus the first of them when the form is filled in."""
        asking = ["make", "cancel"]
        if self._origin is not None and self._origin.first is not None:
            asking.append("earlier")
        if self._holding is not None and self._holding.tick is not None:
            asking.append("hold" if self._without is None else "let")
        elif self._holding is not None and self._holding.cause is not None:
            asking.append("cause")
        made = ["watch", "compare", *(["again"] if self._happens_again else []), "stay"]
        shown: Sequence[str] = {"asking": asking, "making": ["cancel"], "made": made}[self.state]
        for button in self.query(Button):
            button.display = button.id in shown
        for field in self.query(Input):
            field.disabled = self.state != "asking"
        for line in self.query(".fork-row"):
            line.display = self.state == "asking"
        if self.state != "asking":
            self.query_one(f"#{shown[0]}", Button).focus()
        self.refresh_bindings()
