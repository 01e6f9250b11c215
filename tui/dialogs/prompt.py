"""A dialog at the foot of the screen, with one line to write in. It stays open until the words can be used."""

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
"""Uses the written words. Returns nothing when that is done, else words for the user; the line stays open."""

SOON_S = 0.25
"""Seconds after the last key before the preview is shown."""


class Prompt(ModalScreen[None]):
    """A title, an input, and words about it. Escape closes it, or stops what is being done."""

    BINDINGS: ClassVar = [Binding("escape", "give_up", "Let go", priority=True)]

    def __init__(
        self,
        title: str,
        hint: str,
        take: Take,
        *,
        value: str = "",
        preview: Take | None = None,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        """`hint` says what can be written, `preview` what the words so far mean; `stop` ends `take` or `preview`."""
        super().__init__()
        self._title, self._hint, self._value = title, hint, value
        self._take, self._preview, self._stop = take, preview, stop
        self._doing = False

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt"):
            yield Static(self._title, id="prompt-title", markup=False)
            yield Input(self._value, compact=True, select_on_focus=True, id="prompt-input")
            yield Static(self._hint, id="prompt-said", markup=False)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Let the user write at once."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _written(self, changed: Input.Changed) -> None:
        if self._preview is not None and not self._doing:
            self._show_preview(changed.value)

    @on(Input.Submitted)
    def _submitted(self, submitted: Input.Submitted) -> None:
        if not self._doing:
            self._doing = True
            self._do(submitted.value)

    @work(exclusive=True, group="prompt")
    async def _show_preview(self, written: str) -> None:
        await asyncio.sleep(SOON_S)
        if self._preview is not None:
            self._stop()
            self._say(await self._answer_of(self._preview, written) or self._hint)

    @work(exclusive=True, group="prompt")
    async def _do(self, written: str) -> None:
        self._say("… Escape stops")
        self._stop()
        said = await self._answer_of(self._take, written)
        self._doing = False
        if said:
            self._say(said)
        else:
            self.dismiss()

    async def _answer_of(self, ask: Take, written: str) -> str:
        try:
            return await ask(written)
        except Stopped as stopped:
            return str(stopped)
        except REFUSALS as refusal:
            return f"! {refusal}"

    def _say(self, words: str) -> None:
        self.query_one("#prompt-said", Static).update(words)

    def action_give_up(self) -> None:
        """Stop what is being done; where nothing is, close."""
        self._stop()
        if not self._doing:
            self.dismiss()
