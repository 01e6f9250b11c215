"""Why a person chose an option: the policy's own rules weigh the options again, in the town of that moment."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from eventlog.catalogue.choice import ActionTaken, OptionChosen
from eventlog.catalogue.queues import QueueLeft, ReservationReleased
from eventlog.catalogue.registries import Option, Reason
from townlet.configuration.places import place_names
from townlet.configuration.plans import map_of
from townlet.observing.days_seen import Past
from townlet.observing.view import Choice, Use
from townlet.rules.policy import TOO_LATE, weigh

if TYPE_CHECKING:
    from townlet.history.history import History

DECISIONS: Final = (OptionChosen.kind, ActionTaken.kind)
LETS_GO: Final = (QueueLeft.kind, ReservationReleased.kind)
KEPT: Final = 256


class Choices:
    """Finds and explains the choices of a run's people. Used by one thread."""

    def __init__(self, run: "History", past: Past | None = None) -> None:
        self._past = Past(run) if past is None else past
        self._places = place_names(map_of(run.config))
        self._known: OrderedDict[int, Choice] = OrderedDict()

    def of(self, person: int, tick: int) -> Choice | None:
        """The last choice that a person, given by number, made before a tick.

        None if there was none that day or the day before, or if an outside policy chooses every step. Raises
        LogDamaged.
        """
        event = self._past.last(person, DECISIONS, tick)
        if event is None or event["kind"] == ActionTaken.kind:
            return None
        seq = int(event["seq"])
        if seq not in self._known:
            self._known[seq] = self.choice_at(event)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[seq]

    def choice_at(self, event: Any) -> Choice:
        """The choice recorded by an event `option_chosen`, a row of the log, with its reasons."""
        seq, tick, chosen, target = (int(event[name]) for name in ("seq", "tick", "code", "object"))
        town = self._past.town_before(self._before_letting_go(event), tick)
        uses, places = np.zeros(len(Option)), np.zeros(len(Option), np.int64)
        seat = int(event["agent"]) & (town.shape.agents - 1)
        urgent, gives_way = weigh(town.towns, town.plans, 0, seat, uses, places)
        best = self._by_use(uses, places)
        expected = (Option.YIELD, int(town.record["agents"][seat]["holds"])) if gives_way else best[0]
        return Choice(
            seq,
            tick,
            chosen=Option(chosen).name.lower(),
            place=self._place(target),
            urgent=bool(urgent),
            gives_way=bool(gives_way),
            scripted=expected == (chosen, target),
            uses=tuple(self._use(option, uses[option], places[option]) for option, _ in best),
        )

    def _by_use(self, uses: np.ndarray, places: np.ndarray) -> list[tuple[int, int]]:
        """Pairs of option and place, the best first. Impossible options come last; equal ones stay in their order."""
        options = [Option.WAIT, *(option for option in Option if option not in (Option.WAIT, Option.YIELD))]
        ranked = sorted(options, key=lambda option: (option != Option.WAIT and places[option] < 0, -uses[option]))
        return [(int(option), int(places[option])) for option in ranked]

    def _use(self, option: int, use: float, place: int) -> Use:
        why = ""
        if place == TOO_LATE:
            why = "too late"
        elif option != Option.WAIT and place < 0:
            why = "no place" if use > 0.0 else "no use"
        return Use(Option(option).name.lower(), round(float(use), 4), self._place(place), why)

    def _place(self, number: int) -> str | None:
        return self._places[number] if number >= 0 else None

    def _before_letting_go(self, event: Any) -> int:
        """The number of the event before which the person weighed the options.

        A person who changes plans first leaves the old place; the events of leaving come after the weighing.
        """
        day = self._past.day(int(event["tick"]) // self._past.ticks_per_day)
        first = int(event["seq"]) - day.first_seq
        while first > 0 and self._lets_go(day.rows[first - 1], event):
            first -= 1
        return day.first_seq + first

    def _lets_go(self, before: Any, event: Any) -> bool:
        return bool(
            before["agent"] == event["agent"]
            and before["tick"] == event["tick"]
            and before["kind"] in LETS_GO
            and before["code"] == Reason.CHANGED_MIND
        )
