"""Lets a town live at the prompt, in the run's one writer, and ends its session in good order."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cli import output
from cli.console.lines import Lines, Signals
from cli.console.prompt import completions_of, counted
from cli.console.town import Console
from cli.console.words import WORDS
from cli.founding import new_town
from eventlog.catalogue.registries import Issuer
from townlet.history.decisions import settle, wanted_guide
from townlet.living import loop
from townlet.living.commands.door import Answer
from townlet.living.commands.session import write_session
from townlet.living.commands.typed import TICK_MOST
from townlet.living.progress import Pulse
from townlet.living.town import Town
from townlet.run import Run

ROLES = {"operator": Issuer.LOCAL, "viewer": Issuer.VIEWER}
"""Who gives the commands of each role at a terminal."""


class Operated:
    """A session at the prompt, from its beginning to its transcript. `signal` is the one that ended it, or 0."""

    def __init__(self, transcript: Path | None, *, role: str, pace: str, durability: str) -> None:
        self._transcript, self._role, self._pace = transcript, role, pace
        self._durability = durability
        self._console: Console | None = None
        self._signals: Signals | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        console = self._console
        if console is None:
            return
        if self._transcript is not None:
            write_session(self._transcript, console.given)
            output.words(f"wrote {self._transcript}: {counted(len(console.given))}")

    @property
    def signal(self) -> int:
        """The number of the signal that ended the session, 0 for none."""
        return 0 if self._signals is None else self._signals.ended

    @property
    def wrong(self) -> int:
        """How many lines could not be followed."""
        return 0 if self._console is None else self._console.wrong

    def found(
        self, config: str, seed: int | None, into: Path | None, overrides: Mapping[str, object], perturb: str | None
    ) -> None:
        """Found a town by a configuration, and operate it; city events come by the profile `perturb`, if it is given.

        Raises ConfigurationError, `click.UsageError`, DiskFull.
        """
        self._operate(*new_town(config, seed, into, overrides, perturb, "go on with it: townlet console {path}"))

    def go_on(self, path: Path) -> None:
        """Operate the town of a run. Raises LogLocked, LogDamaged, DiskFull."""
        run = Run(path)
        how: Any = {"by": wanted_guide(run, None, None), "settle": lambda: settle(run), "from_start": True}
        self._operate(path, partial(loop.resume, path, lambda: run.at().town, run.seed, TICK_MOST, **how))

    def _operate(self, path: Path, live: Callable[..., Any]) -> None:
        lines = Lines(lambda line, begun: completions_of(self._at_prompt, line, begun))
        signals = self._signals = Signals(lines.typed)

        def attend(town: Town, answers: Mapping[str, Answer]) -> Console:
            how: Any = {"path": path, "issuer": ROLES[self._role], "pace": self._pace}
            self._console = Console(town, answers, **how, lines=lines, signals=signals, words=WORDS)
            self._console.greet(self._role)
            return self._console

        def see(pulse: Pulse) -> None:
            self._at_prompt.see(pulse)

        with signals.heard():
            live(durability=self._durability, progress=see, attend=attend)
        self._at_prompt.farewell()
        if self._at_prompt.unreadable is not None:
            raise self._at_prompt.unreadable

    @property
    def _at_prompt(self) -> Console:
        assert self._console is not None, "the town has its session before anybody asks for it"
        return self._console
