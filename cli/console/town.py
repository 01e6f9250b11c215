"""A town at the prompt: it stands still while words are read, lives as far as they say, and takes their commands."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli import output
from cli.console.lines import Lines, Signals
from cli.console.prompt import Prompt, Word, counted
from eventlog.catalogue.registries import Issuer
from townlet.errors import QueryError
from townlet.foreground import Pace
from townlet.living.commands.door import Answer
from townlet.living.commands.session import Order, Session
from townlet.living.commands.typed import TICK_MOST
from townlet.living.commands.written import written_command
from townlet.living.progress import Pulse
from townlet.living.town import Town

CHUNK_TICKS: Final = 240
"""At the pace max, a town lives so many ticks at most before it sees whether it was interrupted."""


class Console(Session, Prompt):
    """The session of a town of this machine at a prompt."""

    def __init__(
        self,
        town: Town,
        answers: Mapping[str, Answer],
        *,
        path: Path,
        issuer: Issuer,
        pace: str,
        lines: Lines,
        signals: Signals,
        words: Mapping[str, Word],
    ) -> None:
        Session.__init__(self, town, (), answers)
        Prompt.__init__(self, town, path, issuer, lines=lines, signals=signals, words=words)
        self.pace_name = pace
        self._ids = set(answers)
        self._last = (-1, 0)
        self._goal = -1
        self._leaving = False
        self._pace = Pace()
        self._line = output.Line()

    def greet(self, role: str) -> None:
        """Say whose town this is, and how to go on."""
        told = f"{self.path}: {self.town.people} people, {self.now}, tick {self.town.tick:,}, as {role}"
        output.words(f"{told}. help lists all words, quit ends the session")

    def farewell(self) -> None:
        """Say what the session leaves, and how to go on."""
        head = self.run.head
        given = f"{counted(len(self.given))}, {self.accepted} accepted"
        output.words(f"left {self.path} at tick {head.tick:,}: {head.seq:,} events in its log; {given}")
        output.words(f"  Next: townlet console {self.path}        goes on from there")

    def live_until(self, tick: int) -> None:
        """Let the town live up to a tick when this word is done. Raises QueryError for a tick that is not ahead."""
        if tick <= self.town.tick:
            raise QueryError(f"tick {tick:,} is over: the town is at tick {self.town.tick:,}, {self.now}")
        self._goal = min(tick, TICK_MOST)

    def leave(self) -> None:
        """End the session when this word is done. What was recorded and is not in the log yet gets its tick before."""
        self._leaving = True
        self._goal = self.town.tick + (self.town.seq != self.run.head.seq)

    def command(self, text: str) -> None:
        """Give the command of a line, and print its answer. Raises TownletError for a line that is no command."""
        number = self._last[1] + 1 if self._last[0] == self.town.tick else 1
        while self._id(number) in self._ids:
            number += 1
        order = Order(self.town.tick, written_command(text, self._id(number)), self.issuer)
        answer = self.give(order)
        self._ids.add(answer.cmd_id)
        self._last = self.town.tick, number
        self.given.append(order)
        self.say(answer.accepted, answer.seq, None if answer.refusal is None else answer.refusal.name, answer.why)

    def give_due(self) -> None:
        """Read words and follow them until the town is to live on; do nothing while it is on its way.

        City events that are due come first, unless the session ends here: they come when the town lives on.
        """
        if self._leaving and self._goal <= self.town.tick:
            self.is_over = True
            return
        super().give_due()
        if self._goal > self.town.tick and not self._pace.stop:
            return
        self._line.clear()
        if self._pace.stop and not self._leaving:
            output.words(f"interrupted at tick {self.town.tick:,}")
        self._pace.stop, self._goal = 0, self.town.tick
        while not self._leaving and self._goal <= self.town.tick:
            self.take(self.next_line())
        if self._leaving and self._goal <= self.town.tick:
            self.is_over = True
            return
        self._pace = self.signals.pace = Pace(self.pace_name)
        self.see(self._pulse())

    def next_stop(self, until: int) -> int:
        """The tick up to which the town lives before it is asked again whether it was interrupted."""
        often = self.town.tick + (self._pace.commit_ticks or CHUNK_TICKS)
        return min(super().next_stop(until), self._goal, often)

    def see(self, pulse: Pulse) -> None:
        """Draw how far the town is, and let it wait as its pace says."""
        if pulse.trouble:
            self._line.clear()
            output.words(pulse.trouble)
        with contextlib.suppress(KeyboardInterrupt):  # `give_due` sees that it came
            self._pace.see(pulse)
        self._line.draw(f"{self.now}  tick {pulse.tick:,} of {self._goal:,}  {pulse.events:,} events  Ctrl-C stops")

    def _id(self, number: int) -> str:
        return f"console-{self.town.tick}-{number}"

    def _pulse(self) -> Pulse:
        return Pulse(self.town.tick, self._goal, self.town.people, self.town.seq, self.per_day)
