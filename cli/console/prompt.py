"""What a prompt is, of a town of this machine or of a served one: it follows lines, which are words or commands."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
from townlet.foreground import PACES
from townlet.living.commands.session import Order
from townlet.living.commands.typed import NAMES
from townlet.living.commands.written import completions
from townlet.living.town import Town
from townlet.run import Run

if TYPE_CHECKING:
    import pyarrow as pa


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
    follow: Callable[["Prompt", str], None]
    completions: Callable[["Prompt", int], Iterable[str]] = lambda prompt, place: ()
    looks: bool = False


class Prompt:
    """A prompt over `town`, whose run is at `path`; `words` are those that are no commands.

    `given` are the orders so far, `accepted` counts those that were followed. `wrong` counts the lines that could not
    be followed; a command that the town rejected is none of them. `unreadable` says why it ended at a line that is no
    text.
    """

    def __init__(
        self, town: Town, path: Path, issuer: Issuer, *, lines: Lines, signals: Signals, words: Mapping[str, Word]
    ) -> None:
        self.town, self.path, self.issuer = town, path, issuer
        self.lines, self.signals, self.words = lines, signals, words
        self.given: list[Order] = []
        self.accepted = self.wrong = 0
        self.pace_name = "max"
        self.unreadable: click.UsageError | None = None

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

    def command(self, text: str) -> None:
        """Give the command of a line, and print its answer. Raises TownletError for a line that is no command."""
        raise NotImplementedError

    def live_until(self, tick: int) -> None:
        """Let the town live up to a tick when this word is done. Raises QueryError for a tick that is not ahead."""
        raise NotImplementedError

    def leave(self) -> None:
        """End the session when this word is done."""
        raise NotImplementedError

    def answer(self, query: str) -> "pa.Table":
        """The answer to a query. Raises QueryError."""
        return self.run.sql(query)

    def set_pace(self, name: str) -> None:
        """Let the town live at a pace. Raises QueryError for one that there is not."""
        if name not in PACES:
            raise QueryError(f"{name!r} is no pace; {proposal(name, PACES)}")
        self.pace_name = name

    def say(self, accepted: bool, seq: int, refusal: str | None, why: str) -> None:
        """Print the answer to a command."""
        self.accepted += accepted
        output.line(f"accepted: event {seq:,}" if accepted else f"rejected: event {seq:,}, {refusal}: {why}")

    def next_line(self) -> str | None:
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

    def take(self, line: str | None) -> None:
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


def completions_of(prompt: Prompt, line: str, begun: str) -> Sequence[str]:
    """What the last word of a line, which has begun so, may become."""
    before = line[: len(line) - len(begun)].split()
    if not before:
        return [word for word in (*prompt.words, *NAMES) if word.startswith(begun)]
    if before[0] in NAMES:
        return completions(line, begun, prompt.people())
    if before[0] not in prompt.words:
        return []
    return [word for word in prompt.words[before[0]].completions(prompt, len(before) - 1) if word.startswith(begun)]
