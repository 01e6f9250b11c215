"""A served town that lives: its session takes the commands of clients, and answers when the log has them."""

import contextlib
from collections.abc import Callable, Mapping
from queue import Empty, Full, Queue
from typing import Final, NamedTuple, Protocol

from eventlog.catalogue.registries import Issuer
from townlet.errors import OutboxFull, TownletError
from townlet.living.commands.door import Answer
from townlet.living.commands.session import Order, Session
from townlet.living.commands.typed import read_command
from townlet.living.progress import Pulse
from townlet.living.town import Town
from townlet.serving.gateway.between import Reply, Wish
from townlet.serving.protocol import CommandAnswer, Role

CHUNK_TICKS: Final = 240
"""A town without a pace lives so many ticks at most before it takes commands."""

WISHES_MOST: Final = 256
"""The most commands that wait for the next tick."""

ISSUERS: Final[Mapping[Role, Issuer]] = {
    "viewer": Issuer.VIEWER,
    "operator": Issuer.OPERATOR,
    "admin": Issuer.ADMIN,
}
"""By the role of a token, who gives the command."""

Send = Callable[[Reply], None]


class Paced(Protocol):
    """What lets a town wait as its pace says; `stop` is set where it is to end."""

    stop: int

    @property
    def commit_ticks(self) -> int | None:
        """The most ticks of one commit."""

    def see(self, pulse: Pulse) -> None:
        """Take in a pulse and wait until it is due. Raises KeyboardInterrupt where the town is to stop."""


class Mail:
    """The commands that came for a town, until its session takes them."""

    def __init__(self) -> None:
        self._waiting: Queue[tuple[Wish, Send]] = Queue(WISHES_MOST)

    def take(self, wish: Wish, send: Send) -> None:
        """Keep a wish for the town's next tick; where too many wait, it is refused."""
        try:
            self._waiting.put_nowait((wish, send))
        except Full:
            send(Reply(number=wish.number, words=f"{WISHES_MOST} commands wait already. Next: give it again later"))

    def next(self) -> tuple[Wish, Send] | None:
        """The next wish; None where there is none."""
        with contextlib.suppress(Empty):
            return self._waiting.get_nowait()
        return None


class _Answered(NamedTuple):
    tick: int
    reply: Reply
    send: Send


class ServedTown(Session):
    """The session of a served town. It ends when `pace.stop` is set."""

    def __init__(self, town: Town, answers: Mapping[str, Answer], mail: Mail, pace: Paced) -> None:
        super().__init__(town, (), answers)
        self._mail, self._pace = mail, pace
        self._answered: list[_Answered] = []

    def give_due(self) -> None:
        """Give city events and every command that has come, unless the town is to end before this tick."""
        if self._pace.stop:
            self.is_over = True
            return
        super().give_due()
        while (waiting := self._mail.next()) is not None:
            self._follow(*waiting)

    def next_stop(self, until: int) -> int:
        """The tick up to which the town lives before it takes commands again."""
        often = self.tick + (self._pace.commit_ticks or CHUNK_TICKS)
        return min(super().next_stop(until), often)

    def see(self, pulse: Pulse) -> None:
        """The log is committed up to a pulse: answer what it has, then wait as the pace says."""
        held = []
        for answered in self._answered:
            if answered.tick < pulse.tick:
                answered.send(answered.reply)
            else:
                held.append(answered)
        self._answered = held
        with contextlib.suppress(KeyboardInterrupt):  # `give_due` sees that it came
            self._pace.see(pulse)

    def _follow(self, wish: Wish, send: Send) -> None:
        """Give a command; its answer is sent once the log has it."""
        try:
            answer = self.give(Order(self.tick, read_command(wish.command), ISSUERS[wish.role]))
        except OutboxFull:
            send(Reply(number=wish.number, words="too many commands came at this tick. Next: give it again"))
            return
        except TownletError as error:
            send(Reply(number=wish.number, words=str(error)[:2000]))
            return
        reply = Reply(number=wish.number, answer=_as_sent(answer))
        if answer.tick < self.tick:
            send(reply)  # the log has had it for long
        else:
            self._answered.append(_Answered(answer.tick, reply, send))


def _as_sent(answer: Answer) -> CommandAnswer:
    refusal = None if answer.refusal is None else answer.refusal.name
    return CommandAnswer(
        cmd_id=answer.cmd_id,
        seq=answer.seq,
        tick=answer.tick,
        accepted=answer.accepted,
        refusal=refusal,
        why=answer.why,
    )
