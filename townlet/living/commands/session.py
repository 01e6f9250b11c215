"""A session: commands with the ticks at which they are given. A town lives from one to the next."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from eventlog.catalogue.registries import Issuer
from eventlog.folder.publishing import replacing
from eventlog.reader import LogReader
from townlet.errors import TownletError
from townlet.living.commands.door import Answer, Door, commands_in
from townlet.living.commands.typed import TICK_MOST, Command, read_command
from townlet.living.town import Town
from townlet.whole_numbers import require_within
from townlet.yaml_text import read_yaml


class Order(NamedTuple):
    """A command that is given before the events of tick `at`; later, if the town is past it by then."""

    at: int
    command: Command
    issuer: Issuer = Issuer.LOCAL


class CommandSource(Protocol):
    """Gives commands of its own before the orders of a session."""

    def give_due(self, door: Door) -> None:
        """Give what is due at the present tick. Raises OutboxFull."""

    def hear(self, command: Command, issuer: Issuer, answer: Answer) -> None:
        """Take note of a command that somebody gave, and of its answer."""

    def next_stop(self, until: int) -> int:
        """The next tick, after the present one, at which something may be due, if it is before `until`; else that."""


class Session:
    """Gives a town its orders, each when its tick has come; those of one tick in the order in which they came here.

    `events` gives commands of its own, before those of the same tick. `is_over` ends the town's life before the tick
    up to which it was to live.
    """

    is_over = False
    events: CommandSource | None = None

    def __init__(self, town: Town, orders: Iterable[Order], answers: Mapping[str, Answer] | None = None) -> None:
        """`answers` are those that the town's log has so far: what is answered there is not done again."""
        self._town = town
        self._door = Door(town, answers)
        self._left = sorted(orders, key=lambda order: order.at)

    @property
    def tick(self) -> int:
        """The tick of the town."""
        return self._town.tick

    def give_due(self) -> None:
        """Give every order whose tick has come. Raises OutboxFull."""
        if self.events is not None:
            self.events.give_due(self._door)
        while self._left and self._left[0].at <= self._town.tick:
            self.give(self._left[0])
            del self._left[0]

    def give(self, order: Order) -> Answer:
        """Give an order now, whatever its tick. Raises OutboxFull."""
        answer = self._door.submit(order.command, order.issuer)
        if self.events is not None:
            self.events.hear(order.command, order.issuer, answer)
        return answer

    def answer_to(self, cmd_id: str) -> Answer | None:
        """The answer to the command with this id; None where none was given yet."""
        return self._door.answer_to(cmd_id)

    def next_stop(self, until: int) -> int:
        """The tick of the next order or event, if it is before `until`; else `until`."""
        stop = until if self.events is None else self.events.next_stop(until)
        return min(stop, self._left[0].at) if self._left else stop


Attend = Callable[[Town, Mapping[str, Answer]], Session]
"""Makes the session of a town that is about to live, from the answers that its log has so far."""


def living(town: Town, until: int, most: int, session: Session | None = None) -> Iterator[Any]:
    """The rows of the town's life up to tick `until`, each of at most `most` ticks, with the orders of a session."""
    while town.tick < until:
        stop = until
        if session is not None:
            session.give_due()
            if session.is_over:
                return
            stop = session.next_stop(until)
        yield from town.live(min(most, stop - town.tick))


def orders_in(log: LogReader) -> list[Order]:
    """The commands that a log has, as orders for any other run or seed. Raises LogDamaged, TownletError."""
    return [Order(given.answer.tick, given.command, given.issuer) for given in commands_in(log)]


def session_text(orders: Iterable[Order]) -> str:
    """The orders as YAML, a line for each, which `read_session` reads."""
    lines = []
    for order in orders:
        content = {"at": order.at, "issuer": order.issuer.name.lower(), **order.command.model_dump(exclude_none=True)}
        lines.append(f"- {json.dumps(content, ensure_ascii=False)}\n")
    return "".join(lines) or "[]\n"


def write_session(path: Path, orders: Iterable[Order]) -> None:
    """Write the orders to a YAML file, which is there whole or not at all. Raises OSError."""
    with replacing(path) as written:
        written.write_text(session_text(orders), encoding="utf-8")


def read_session(text: str, place: str) -> list[Order]:
    """The orders of a YAML list of commands, each with `at`, its tick. A missing `cmd_id` comes from its place.

    `place` says where the text is from. Raises TownletError, which names the entry or the line.
    """
    content = read_yaml(text, place)
    if not isinstance(content, list):
        raise TownletError(f"{place} holds no list of commands: begin each with `- at: TICK` and `command: NAME`")
    orders = []
    for number, entry in enumerate(content, start=1):
        try:
            orders.append(_order(entry, number))
        except TownletError as error:
            raise TownletError(f"{place}, command {number}: {error}") from error
    return orders


def _order(entry: Any, number: int) -> Order:
    if not isinstance(entry, dict):
        raise TownletError(f"{entry!r} is no command: write `at`, `command` and what belongs to it")
    fields = {"cmd_id": f"command-{number}", **entry}
    at, issuer = fields.pop("at", None), str(fields.pop("issuer", "local"))
    known = [each.name.lower() for each in Issuer]
    if issuer not in known:
        raise TownletError(f"issuer: {issuer!r} is none of {', '.join(known)}")
    return Order(require_within(at, "at", 0, TICK_MOST), read_command(fields), Issuer[issuer.upper()])
