"""The one door for commands: each is checked and recorded as an event at the start of a tick, in the order of arrival.

A command that can be followed is recorded as `command_accepted`, and the events that it leads to come next, with it as
their cause. One that cannot be followed is recorded as `command_rejected`, with its reason. Both keep the command's
text in their note, so that the log alone says what was asked, by whom, and what was answered.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue import registries
from eventlog.catalogue.registries import Deed, Dimension, Issuer, Item, Need, Refusal
from eventlog.format.arrow import from_batch, notes_of
from eventlog.reader import LogReader
from projections.spelling import proposal
from townlet.configuration.load import person_name
from townlet.living.commands import typed
from townlet.living.commands.driver import NONE, Effect, record_effect, require_room
from townlet.living.commands.typed import Command, command_text, read_command
from townlet.living.town import Town
from townlet.rules import console

PRICE_MOST: Final = 1000.0
"""The highest price that a command can set, in basic meals."""

ANSWERS: Final = (codes.COMMAND_ACCEPTED, codes.COMMAND_REJECTED)


class Answer(NamedTuple):
    """What became of a command: the event that answers it, its tick, and why it was rejected, if it was."""

    cmd_id: str
    seq: int
    tick: int
    refusal: Refusal | None = None
    why: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the town followed the command."""
        return self.refusal is None


class Given(NamedTuple):
    """A command as the log has it: who gave it, what it says, and its answer."""

    issuer: Issuer
    command: Command
    answer: Answer


class Door:
    """Takes commands to one town. `answers` are those that its log has so far, by `cmd_id` (`answers_in`)."""

    def __init__(self, town: Town, answers: Mapping[str, Answer] | None = None) -> None:
        self.town = town
        self._answers = dict(answers or {})

    def submit(self, command: Command, issuer: Issuer = Issuer.LOCAL) -> Answer:
        """Record the command before the events of the next tick, and follow it if it is possible.

        A command whose id was answered before gets its first answer again, and nothing is recorded. Raises OutboxFull
        if so many commands came at this tick that the town must first live on.
        """
        known = self._answers.get(command.cmd_id)
        if known is not None:
            return known
        try:
            self._require_timely(command, issuer)
            effects = EFFECTS[type(command)](self.town, command)
        except _Refused as refused:
            answer = self._reject(command, issuer, refused)
        else:
            answer = self._follow(command, issuer, effects)
        self._answers[command.cmd_id] = answer
        return answer

    def _require_timely(self, command: Command, issuer: Issuer) -> None:
        """Raises _Refused for a viewer, and where the town is no longer, or not yet, at the tick that was expected."""
        if issuer == Issuer.VIEWER:
            raise _Refused(Refusal.E_FORBIDDEN, "a viewer may look, and give no command")
        if command.expected_tick not in (None, self.town.tick):
            raise _Refused(
                Refusal.E_CONFLICT,
                f"tick {command.expected_tick:,} was expected, and the town is at tick {self.town.tick:,}",
            )

    def _follow(self, command: Command, issuer: Issuer, effects: list[Effect]) -> Answer:
        require_room(self.town, 1 + len(effects))  # an acceptance is never without what it leads to
        code = int(registries.Command[command.command.upper()])
        accepted = Effect(codes.COMMAND_ACCEPTED, code=code, code2=int(issuer), note=command_text(command))
        seq = record_effect(self.town, accepted, NONE)
        for effect in effects:
            record_effect(self.town, effect, seq)
        return Answer(command.cmd_id, seq, self.town.tick)

    def _reject(self, command: Command, issuer: Issuer, refused: "_Refused") -> Answer:
        note = json.dumps({**command.model_dump(exclude_none=True), "why": refused.why}, ensure_ascii=False)
        rejected = Effect(codes.COMMAND_REJECTED, code=int(refused.refusal), code2=int(issuer), note=note)
        seq = record_effect(self.town, rejected, NONE)
        return Answer(command.cmd_id, seq, self.town.tick, refused.refusal, refused.why)


def commands_in(log: LogReader) -> Iterator[Given]:
    """Every command that the log has, in the order of arrival, with its answer. Raises LogDamaged, TownletError."""
    for batch in log.batches():
        if np.isin(batch.column("kind").to_numpy(), ANSWERS).any():
            yield from _commands_of(batch)


def answers_in(log: LogReader) -> dict[str, Answer]:
    """The answers that the log has, by `cmd_id`. Raises LogDamaged, TownletError."""
    return {given.command.cmd_id: given.answer for given in commands_in(log)}


def _commands_of(batch: pa.RecordBatch) -> Iterator[Given]:
    rows, notes = from_batch(batch), notes_of(batch)
    for row in rows[np.isin(rows["kind"], ANSWERS)]:
        seq, content = int(row["seq"]), json.loads(notes[int(row["seq"])])
        why = content.pop("why", "")
        refusal = Refusal(int(row["code"])) if row["kind"] == codes.COMMAND_REJECTED else None
        command = read_command(content)
        yield Given(Issuer(int(row["code2"])), command, Answer(command.cmd_id, seq, int(row["tick"]), refusal, why))


class _Refused(Exception):
    """A command that cannot be followed now: the reason's code, and the reason in words."""

    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(why)
        self.refusal, self.why = refusal, why


def _require(objection: str, refusal: Refusal = Refusal.E_INVALID_ARG) -> None:
    """Raises _Refused where there is an objection."""
    if objection:
        raise _Refused(refusal, objection)


def _seat(town: Town, name: str) -> int:
    """The seat of the person of this name who lives in the town. Raises _Refused with the nearest name."""
    agents = town.record["agents"]
    living = {person_name(town.settings[0], int(agents["person"][seat])): int(seat) for seat in _living(town)}
    if name not in living:
        near = proposal(name, list(living), 3) if living else "nobody does"
        raise _Refused(Refusal.E_NOT_FOUND, f"nobody called {name!r} lives here now; {near}")
    return living[name]


def _living(town: Town) -> Any:
    return np.flatnonzero(town.record["agents"]["alive"])


# What each command leads to. These functions change nothing, and raise _Refused where a command is impossible now.


def _teleport(town: Town, command: typed.Teleport) -> list[Effect]:
    seat, side = _seat(town, command.agent), town.shape.side
    if not (0 <= command.row < side and 0 <= command.column < side):
        raise _Refused(
            Refusal.E_NOT_FOUND, f"the map has no row {command.row}, column {command.column}: it has {side} of each"
        )
    tile = command.row * side + command.column
    _require(console.against_teleport(town.record, town.plans, seat, tile), Refusal.E_BLOCKED_TILE)
    return [Effect(codes.TELEPORTED, a=seat, tile=tile)]


def _setneed(town: Town, command: typed.SetNeed) -> list[Effect]:
    seat = _seat(town, command.agent)
    if not 0.0 <= command.value <= 1.0:
        raise _Refused(Refusal.E_INVALID_ARG, f"a need lies in [0, 1], and {command.value} does not")
    return [Effect(codes.NEED_SET, a=seat, code=int(Need[command.need.upper()]), value=command.value)]


def _price(_: Town, command: typed.Price) -> list[Effect]:
    if not 0.0 < command.price <= PRICE_MOST:
        raise _Refused(
            Refusal.E_INVALID_ARG,
            f"a price is above 0 and at most {PRICE_MOST:,.0f} basic meals, not {command.price}",
        )
    return [Effect(codes.PRICE_CHANGED, code=int(Item[command.item.upper()]), value=command.price)]


def _blackout(town: Town, command: typed.Blackout) -> list[Effect]:
    return _switch(town, "power", not command.on)


def _outage(town: Town, command: typed.Outage) -> list[Effect]:
    return _switch(town, "water", not command.on)


def _switch(town: Town, main: str, works: bool) -> list[Effect]:
    _require(console.against_switch(town.record, main, works), Refusal.E_CONFLICT)
    return [Effect(console.MAINS[main][works])]


def _rain(town: Town, command: typed.Rain) -> list[Effect]:
    weather = int(codes.WEATHER_RAIN if command.on else codes.WEATHER_CLEAR)
    if int(town.record["clock"]["weather"]) == weather:
        raise _Refused(Refusal.E_CONFLICT, "it rains already" if command.on else "it does not rain")
    return [Effect(codes.WEATHER_CHANGED, code=weather)]


def _set_rel(town: Town, command: typed.SetRel) -> list[Effect]:
    owner, other = _seat(town, command.agent), _seat(town, command.other)
    dimension = Dimension[command.dimension.upper()]
    _require(console.against_tie(town.record, owner, other, dimension, command.value))
    return [Effect(codes.TIE_SET, a=owner, b=other, code=int(dimension), value=command.value)]


def _restrain(town: Town, command: typed.Restrain) -> list[Effect]:
    seat, deed = _seat(town, command.agent), Deed[command.deed.upper()]
    towards = NONE if command.towards is None else _seat(town, command.towards)
    _require(console.against_restraint(town.record, seat, deed, towards, command.ticks))
    return [Effect(codes.RESTRAINED, a=seat, b=towards, code=int(deed), value=float(command.ticks))]


def _force_chat(town: Town, command: typed.ForceChat) -> list[Effect]:
    seat, other = _seat(town, command.agent), _seat(town, command.other)
    if seat == other:
        raise _Refused(Refusal.E_INVALID_ARG, f"{command.agent} cannot talk to itself")
    if not console.may_talk(town.towns, town.plans, 0, seat, other):
        raise _Refused(
            Refusal.E_BUSY_TARGET, f"{command.agent} and {command.other} are not both free and near each other now"
        )
    return [Effect(codes.CHAT_STARTED, a=seat, b=other)]


def _kill(town: Town, command: typed.Kill) -> list[Effect]:
    seat = _seat(town, command.agent)
    _require(console.against_leaving(town.record), Refusal.E_CONFLICT)
    return [Effect(codes.AGENT_EXITED, a=seat)]


def _announce(_: Town, command: typed.Announce) -> list[Effect]:
    return [Effect(codes.ANNOUNCED, note=command.text)]


EFFECTS: Final[Mapping[type[Any], Callable[[Town, Any], list[Effect]]]] = {
    typed.Teleport: _teleport,
    typed.SetNeed: _setneed,
    typed.Price: _price,
    typed.Blackout: _blackout,
    typed.Outage: _outage,
    typed.Rain: _rain,
    typed.SetRel: _set_rel,
    typed.Restrain: _restrain,
    typed.ForceChat: _force_chat,
    typed.Kill: _kill,
    typed.Announce: _announce,
}
"""By type of command, the function that says what it leads to."""
