"""`townlet console` on a served town: its commands go to the server, and what is looked at comes by a replica."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from cli import output
from cli.console.lines import Lines, Signals
from cli.console.prompt import Prompt, completions_of, counted
from cli.console.words import WORDS
from cli.served.access import replica_of
from eventlog.catalogue.registries import Issuer
from townlet.errors import QueryError
from townlet.living.commands.session import Order, write_session
from townlet.living.commands.written import written_command
from townlet.run import Run
from townlet.serving.served_session import ServedSession

if TYPE_CHECKING:
    import pyarrow as pa

    from cli.served.access import Given
    from townlet.serving.address import Address
    from townlet.serving.replica import Replica

LIVES: Final = ("step", "day", "until", "run", "pace")
"""The words that let a town live: a served one lives by its server."""

COME_S: Final = 3.0
"""How long an event that answers a command may be on its way, in seconds, before the prompt comes back."""

NOT_HERE: Final = "Not for a served town: it lives at the pace of its server."

ISSUERS: Final = {"viewer": Issuer.VIEWER, "operator": Issuer.OPERATOR, "admin": Issuer.ADMIN}


class ServedConsole(Prompt):
    """The prompt of a served town. `is_over` says that its session has ended."""

    def __init__(self, replica: "Replica", lines: Lines, signals: Signals) -> None:
        """Raises LogDamaged, ConfigurationError."""
        town, issuer = Run(replica.path).at().town, ISSUERS[replica.health.role]
        words = {
            name: word if name not in LIVES else word._replace(meaning=NOT_HERE, follow=_refuse)
            for name, word in WORDS.items()
        }
        super().__init__(town, replica.path, issuer, lines=lines, signals=signals, words=words)
        self.is_over = False
        self._replica = replica
        self._name = f"console-{os.urandom(4).hex()}"
        self._unanswered = ("", "")

    def catch_up(self) -> None:
        """Fold what has come since the last line. Raises LogDamaged."""
        self.town.fold(self.run.log.rows(from_seq=self.town.seq))

    def command(self, text: str) -> None:
        """Give the server the command of a line, and print its answer. Raises TownletError."""
        cmd_id = f"{self._name}-{len(self.given) + 1}"
        if self._unanswered[0] == text:
            cmd_id = self._unanswered[1]  # if the town has it already, it does not happen twice
        command = written_command(text, cmd_id)
        self._unanswered = (text, cmd_id)
        answer = self._replica.client.command(command.model_dump(exclude_none=True), self._replica.run)
        self._unanswered = ("", "")
        self.given.append(Order(answer.tick, command, self.issuer))
        self.say(answer.accepted, answer.seq, answer.refusal, answer.why)
        until_s = time.monotonic() + COME_S
        while self.run.head.seq <= answer.seq and time.monotonic() < until_s:
            time.sleep(0.02)

    def leave(self) -> None:
        """End the session when this word is done."""
        self.is_over = True

    def live_until(self, tick: int) -> NoReturn:
        """Raises QueryError: the server lets the town live."""
        raise QueryError(NOT_HERE)

    def answer(self, query: str) -> "pa.Table":
        """The server's answer to a query. Raises QueryError, ServingError."""
        return ServedSession(self._replica.client, self._replica.run, told=output.words).query(query)


def operate(address: "Address", given: "Given", transcript: Path | None) -> tuple[int, int]:
    """Follow lines at the prompt of a served town. Returns the number of the signal that ended it, and of wrong lines.

    Raises ServingError, EventLogError, OSError, and `click.UsageError` for a line that is no text.
    """
    with replica_of(address, given, output.words) as replica:
        replica.follow()
        lines = Lines(lambda line, begun: completions_of(console, line, begun))
        console = ServedConsole(replica, lines, Signals(lines.typed))
        place, role, pace = console.run.place, replica.health.role, replica.health.pace
        how = f"lives at pace {pace}" if pace is not None and replica.health.state == "living" else "lies still"
        output.words(
            f"{place}: {console.town.people} people, {console.now}, tick {console.town.tick:,}, {how}, as {role}. "
            "help lists all words, quit ends the session"
        )
        with console.signals.heard():
            while not console.is_over:
                line = console.next_line()
                console.catch_up()
                console.take(line)
        if transcript is not None:
            write_session(transcript, console.given)
            output.words(f"wrote {transcript}: {counted(len(console.given))}")
        output.words(f"left {place}: {counted(len(console.given))}, {console.accepted} accepted")
        if console.unreadable is not None:
            raise console.unreadable
        return console.signals.ended, console.wrong


def _refuse(console: Prompt, said: str) -> None:
    raise QueryError(NOT_HERE)
