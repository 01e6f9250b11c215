"""A line to write in at the foot of the screen, which stays open until what is written can be done."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from tui.asking import REFUSALS, Stopped

Take = Callable[[str], Awaitable[str]]
"""Does what is written. It gives nothing when that is done, else what is said of it while the line stays open."""

SOON_S = 0.25
"""How long somebody writes no more before they are told what it means."""


class Prompt(ModalScreen[None]):
    """A title, an input, and what is said of it. Escape gives up, and first stops what is being done."""

    BINDINGS: ClassVar = [Binding("escape", "give_up", "Let go", priority=True)]

    def __init__(
        self,
        title: str,
        hint: str,
        take: Take,
        *,
        value: str = "",
        told: Take | None = None,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        """`hint` is what is possible; `told` says what is being written means; `stop` ends `take`, or `told`."""
        super().__init__()
        self._title, self._hint, self._value = title, hint, value
        self._take, self._told, self._stop = take, told, stop
        self._doing = False

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt"):
            yield Static(self._title, id="prompt-title", markup=False)
            yield Input(self._value, compact=True, select_on_focus=True, id="prompt-input")
            yield Static(self._hint, id="prompt-said", markup=False)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Write at once."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _written(self, changed: Input.Changed) -> None:
        if self._told is not None and not self._doing:
            self._tell(changed.value)

    @on(Input.Submitted)
    def _submitted(self, submitted: Input.Submitted) -> None:
        if not self._doing:
            self._doing = True
            self._do(submitted.value)

    @work(exclusive=True, group="prompt")
    async def _tell(self, written: str) -> None:
        await asyncio.sleep(SOON_S)
        if self._told is not None:
            self._stop()
            self._say(await self._answered(self._told, written) or self._hint)

    @work(exclusive=True, group="prompt")
    async def _do(self, written: str) -> None:
        self._say("… Escape stops")
        self._stop()
        said = await self._answered(self._take, written)
        self._doing = False
        if said:
            self._say(said)
        else:
            self.dismiss()

    async def _answered(self, ask: Take, written: str) -> str:
        try:
            return await ask(written)
        except Stopped as stopped:
            return str(stopped)
        except REFUSALS as refusal:
            return f"! {refusal}"

    def _say(self, words: str) -> None:
        self.query_one("#prompt-said", Static).update(words)

    def action_give_up(self) -> None:
        """Stop what is being done; when nothing is, close."""
        self._stop()
        if not self._doing:
            self.dismiss()
