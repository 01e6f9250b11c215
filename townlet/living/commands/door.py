"""The one door for commands: each is checked and recorded as an event at the start of a tick, in the order of arrival.

A command that can be followed is recorded as `command_accepted`, and the events that it leads to come next, with it as
their cause. One that cannot be followed is recorded as `command_rejected`, with its reason. Both keep the command's
text in their note, so that the log alone says what was asked, by whom, and what was answered.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue import registries
from eventlog.catalogue.registries import Issuer, Refusal
from eventlog.format.arrow import from_batch, notes_of
from eventlog.reader import LogReader
from townlet.living.commands.driver import NONE, Effect, record_effect, require_room
from townlet.living.commands.effects import Refused, effects_of
from townlet.living.commands.typed import Command, command_text, read_command
from townlet.living.town import Town

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
            effects = effects_of(self.town, command, issuer)
        except Refused as refused:
            answer = self._reject(command, issuer, refused)
        else:
            answer = self._follow(command, issuer, effects)
        self._answers[command.cmd_id] = answer
        return answer

    def answer_to(self, cmd_id: str) -> Answer | None:
        """The answer to the command with this id; None where none was given yet."""
        return self._answers.get(cmd_id)

    def _require_timely(self, command: Command, issuer: Issuer) -> None:
        """Raises Refused for a viewer, and where the town is no longer, or not yet, at the tick that was expected."""
        if issuer == Issuer.VIEWER:
            raise Refused(Refusal.E_FORBIDDEN, "a viewer may look, and give no command")
        if command.expected_tick not in (None, self.town.tick):
            raise Refused(
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

    def _reject(self, command: Command, issuer: Issuer, refused: Refused) -> Answer:
        note = json.dumps({**command.model_dump(exclude_none=True), "why": refused.why}, ensure_ascii=False)
        rejected = Effect(codes.COMMAND_REJECTED, code=int(refused.refusal), code2=int(issuer), note=note)
        seq = record_effect(self.town, rejected, NONE)
        return Answer(command.cmd_id, seq, self.town.tick, refused.refusal, refused.why)


def commands_in(log: LogReader, before: int | None = None) -> Iterator[Given]:
    """Every command that the log has, in the order of arrival, with its answer; none of tick `before` or later is read.

    Raises LogDamaged, TownletError.
    """
    for batch in log.batches(to_tick=before):
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
