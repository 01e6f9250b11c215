"""The card of one person: needs over the last day, the last choice and its reasons, recent events."""

from typing import TYPE_CHECKING, Final

from eventlog.catalogue.movement import AgentMoved, MoveBlocked
from projections.record.state import NEEDS
from projections.telemetry.frame import Block
from townlet.configuration.load import person_number
from townlet.observing.choices import Choices
from townlet.observing.days_seen import Past
from townlet.observing.decided import Decided
from townlet.observing.event_list import Events
from townlet.observing.view import Card

if TYPE_CHECKING:
    from townlet.history.history import History

RECENT: Final = 12
STEPS: Final = (AgentMoved.kind, MoveBlocked.kind)
"""Kinds of events that a card leaves out."""


class Cards:
    """Makes the cards of a run's people. Used by one thread; `events` may be shared with other code of this thread."""

    def __init__(self, run: "History", events: Events | None = None) -> None:
        self._run = run
        self._events = Events(run) if events is None else events
        self._past = Past(run)
        self._choices = Choices(run, self._past)
        self._decided = Decided(run)

    def card(self, person: str, tick: int, ties_before: Block) -> Card | None:
        """The card of a person just before a tick; None if nobody of this name lives in the town then.

        `ties_before` becomes a field of the card. Needs are rounded to four decimals and cover only the time in which
        the person lives in the town. Recent events leave out steps. Raises LogDamaged.
        """
        number, tick = person_number(self._run.config, person), min(tick, self._run.head.tick)
        if number is None or not self._past.lives(number, tick):
            return None
        needs, choice = self._past.needs(number, tick).round(4), self._choices.of(number, tick)
        decision = self._decided.last(number, tick)
        if decision is not None and choice is not None and decision.tick < choice.tick:
            decision = None  # the last choice is the script's, or is not written beside the log yet
        return Card(
            person,
            {need: tuple(needs[:, i].tolist()) for i, need in enumerate(NEEDS)},
            self._past.every,
            ties_before,
            choice,
            self._events.lines(self._past.events_with(number, STEPS, tick, RECENT)),
            decision,
        )
