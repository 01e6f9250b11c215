"""A town at the prompt: it stands still while words are read, lives as far as they say, and takes their commands."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import click

from cli import output
from cli.console.lines import Lines, Signals
from eventlog.catalogue.registries import Issuer
from eventlog.errors import EventLogError
from projections.errors import ProjectionError
from projections.spelling import proposal
from townlet.configuration.load import person_name
from townlet.daytime import time_of
from townlet.errors import QueryError, TownletError
from townlet.foreground import Pace
from townlet.living.commands.door import Answer
from townlet.living.commands.session import Order, Session
from townlet.living.commands.typed import NAMES, TICK_MOST
from townlet.living.commands.written import completions, written_command
from townlet.living.progress import Pulse
from townlet.living.town import Town
from townlet.run import Run

CHUNK_TICKS: Final = 240
"""At the pace max, a town lives so many ticks at most before it sees whether it was interrupted."""


def counted(commands: int) -> str:
    """A number of commands, in words."""
    return f"{commands} command{'' if commands == 1 else 's'}"


class Word(NamedTuple):
    """A word: how it is written, what it does, an example, what follows it, and which words complete its places.

    `looks` says that it only looks, so that Ctrl-C can interrupt it.
    """

    form: str
    meaning: str
    example: str
    follow: Callable[["Console", str], None]
    completions: Callable[["Console", int], Iterable[str]] = lambda console, place: ()
    looks: bool = False


class Console(Session):
    """The session of a town at a prompt.

    `words` are those that are no commands, `given` its orders so far, and `accepted` counts those that were followed.
    `wrong` counts the lines that could not be followed; a command that the town rejected is none of them.
    `unreadable` says why the session ended at a line that is no text.
    """

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
        super().__init__(town, (), answers)
        self.town, self.path, self.issuer, self.pace_name = town, path, issuer, pace
        self.given: list[Order] = []
        self.accepted = self.wrong = 0
        self.unreadable: click.UsageError | None = None
        self.lines, self.signals, self.words = lines, signals, words
        self._ids = set(answers)
        self._last = (-1, 0)
        self._goal = -1
        self._leaving = False
        self._pace = Pace()
        self._line = output.Line()

    @cached_property
    def run(self) -> Run:
        """The run of the town, for questions; it sees what is committed. Raises RunNotFound, LogDamaged."""
        return Run(self.path)

    @property
    def per_day(self) -> int:
        """Ticks a day."""
        return self.town.settings[0].town.ticks_per_day

    @property
    def now(self) -> str:
        """The town's time in words."""
        return time_of(self.town.tick, self.per_day)

    def people(self) -> list[str]:
        """The names of those who live here now."""
        agents = self.town.record["agents"]
        return [person_name(self.town.settings[0], int(person)) for person in agents["person"][agents["alive"] != 0]]

    def seen(self, name: str) -> str:
        """The name of somebody who lives here; capitals do not matter. Raises QueryError with the nearest name."""
        people = self.people()
        for known in people:
            if known.casefold() == name.casefold():
                return known
        raise QueryError(f"nobody called {name!r} lives here now; {proposal(name, people)}")

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
        self.accepted += answer.accepted
        event = f"event {answer.seq:,}"
        if answer.refusal is None:
            output.line(f"accepted: {event}")
        else:
            output.line(f"rejected: {event}, {answer.refusal.name}: {answer.why}")

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
            self._take(self._next_line())
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

    def _next_line(self) -> str | None:
        """The next line; None ends the session."""
        try:
            with self.signals.raising():
                return self.lines.next(f"{self.now}> ")
        except KeyboardInterrupt:
            if self.signals.ended:
                return None
            output.words("\nquit, or Ctrl-D, ends the session")
            return ""
        except click.UsageError as error:
            self.unreadable = error
            return None

    def _take(self, line: str | None) -> None:
        """Follow a line. What is wrong with it is said, and the session goes on."""
        text = (line or "").strip()
        name, _, rest = ("" if text.startswith("#") else text).partition(" ")
        try:
            if line is None:
                self.leave()
            elif name in NAMES:
                self.command(text)
            elif name in self.words:
                with self.signals.raising() if self.words[name].looks else contextlib.nullcontext():
                    self.words[name].follow(self, rest.strip())
            elif name:
                raise QueryError(
                    f"there is no word {name!r}; {proposal(name, [*self.words, *NAMES])} Type help for all"
                )
            output.finish()
        except (TownletError, EventLogError, ProjectionError) as error:
            self.wrong += 1
            output.failure(str(error))
        except BrokenPipeError:
            output.hang_up()
            self.leave()
        except KeyboardInterrupt:
            output.words("stopped")


def completions_of(console: Console, line: str, begun: str) -> Sequence[str]:
    """What the last word of a line, which has begun so, may become."""
    before = line[: len(line) - len(begun)].split()
    if not before:
        return [word for word in (*console.words, *NAMES) if word.startswith(begun)]
    if before[0] in NAMES:
        return completions(line, begun, console.people())
    if before[0] not in console.words:
        return []
    return [word for word in console.words[before[0]].completions(console, len(before) - 1) if word.startswith(begun)]
