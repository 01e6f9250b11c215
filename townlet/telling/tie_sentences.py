"""Puts each change of a tie into a sentence that names its cause, the event in the log."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

from eventlog.catalogue import KIND_NAMES, THIRD_PERSON
from eventlog.catalogue.registries import Dimension, Reason
from projections.narration.moments.talk import FAIR, GREAT
from projections.narration.words import with_capital
from townlet.configuration.load import person_name
from townlet.configuration.places import place_names
from townlet.configuration.plans import map_of
from townlet.configuration.settings import Settings
from townlet.telling.news_words import VERBS, Pick, Way, how_known, way_of

HOURS_OF_DAY: Final = 24

HAPPENED: Final[Mapping[str, str]] = {
    "shared_meal": "{agent} and {other} ate together{venue}",
    "chat_succeeded": "{agent} and {other} had a {quality} talk",
    "chat_failed": "{agent} talked to {other}, and it went badly",
    "queue_handover": "{agent} passed {place} on to {other}, who had waited",
    "queue_conflict": "{wrong}{place_at}",
    "shift_takeover": "{other} was not at the desk{venue} in time, and {agent} took the shift and its pay",
    "late_help": "{other} was late for work{venue}, and {agent} did the first part of it",
    "news_told": "{agent} told {other} that {deed} ({known})",
    "meal_given": "{agent} gave {other}, who was hungry, a meal",
    "money_lent": "{agent} lent {other} the price of {value:.1f} meals",
    "money_returned": "{agent} paid {other} back the price of {value:.1f} meals",
    "tie_set": "{agent}'s {dimension} towards {other} was set to {value:.2f} by command",
    "agent_exited": "{agent} left town{why}",
}
"""A clause for each kind of event that changes ties."""

ACQUAINTED: Final = "{agent} knew {other} before the town began: {dimension} {value:.2f}"
"""The clause for a tie that was given at the founding."""

ENDED: Final[Mapping[str, str]] = {
    "capacity": "{happened}; to make room for {newcomer}, {owner} lost touch with {lost}",
    "command": "{happened}; to make room for {newcomer}, {owner} lost touch with {lost}",
    "decay": "so little was left that {owner} thought of {lost} no more",
    "departed": "{happened}, and with that it was over",
}
"""The clause for a lost tie, by reason."""

REFUSED: Final = "{happened}; too little for a place among the {capacity} people {owner} can keep in mind"
PASSED: Final = "{time} went by"

WRONGS: Final[Mapping[int, str]] = {
    int(Reason.CUT): "{agent} pushed in before {other}",
    int(Reason.BLOCK): "{agent} let {other} wait longer than needed",
    int(Reason.GHOST): "{agent} squeezed past {other}",
    int(Reason.BARRED): "{agent} pushed past {other}, who was in the way",
    int(Reason.PORTION): "{agent} took the last portion before {other}",
    int(Reason.PROMISE): "{agent} did not stand in for {other} as promised",
}
"""The clause for a conflict in a line, by reason."""

WRONG: Final = "{agent} quarrelled with {other}"
"""The clause for a conflict with any other reason."""

LEFT: Final[Mapping[int, str]] = {
    int(Reason.FAINT): ", collapsed from hunger",
    int(Reason.EVICTION): ", evicted over unpaid rent",
    int(Reason.UNEMPLOYMENT): ", too long without work",
    int(Reason.NEGLECT): ", worn out by days of neglect",
    int(Reason.LONELINESS): ", for want of a friend",
}


class Sentences:
    """Makes sentences with the names that a run with these settings uses."""

    def __init__(self, settings: Settings, pick: Pick | None = None) -> None:
        """`pick` gives events of the log by number; without it, news is told without the deed's event."""
        town_map = map_of(settings)
        self._pick = pick
        self._capacity = settings.relationships.capacity
        self._places = place_names(town_map)
        self._venues = [town_map.venues[place.venue].name for place in town_map.places]
        self._name = cache(lambda number: with_capital(person_name(settings, number)))

    def of(self, change: Mapping[str, Any], event: Any) -> str:
        """The sentence of a row of `tie_changes`; `event` is its cause, a row of the log."""
        return _as_sentence(self._clause(change, event))

    def _clause(self, change: Mapping[str, Any], event: Any) -> str:
        owner, lost = self._name(change["owner_id"]), self._name(change["other_id"])
        happened = partial(self.happened, event, change["owner_id"])
        if change["change"] == "decayed":
            return PASSED.format(time=hours_in_words(change["hours"]))
        if change["change"] == "removed":
            return ENDED[change["reason"]].format(
                happened=happened() if change["reason"] != "decay" else "",
                newcomer=self._name(_counterpart(event, change["owner_id"])) if change["reason"] != "decay" else "",
                owner=owner,
                lost=lost,
            )
        if change["change"] == "refused":
            return REFUSED.format(happened=happened(), capacity=self._capacity, owner=owner)
        return happened()

    def event_sentence(self, event: Any) -> str | None:
        """The sentence of an event, a row of the log; None for one of a kind that changes no ties."""
        return _as_sentence(self.happened(event)) if KIND_NAMES[int(event["kind"])] in HAPPENED else None

    def happened(self, event: Any, owner: int | None = None) -> str:
        """The clause for an event that changes ties; a talk was as good as the owner of the tie found it.

        Without an owner it was as good as the two found it on the average.
        """
        kind, place, code = KIND_NAMES[int(event["kind"])], int(event["object"]), int(event["code"])
        given = kind == "tie_set" and int(event["tick"]) == 0 and not int(event["cause"])
        if kind == "news_told":
            return self._news_told(event)
        agent = self._name(int(event["agent"]))
        other = self._name(int(event["other"])) if event["other"] >= 0 else ""
        return (ACQUAINTED if given else HAPPENED[kind]).format(
            agent=agent,
            other=other,
            venue=f" at {self._venues[place]}" if place >= 0 else "",
            place=self._places[place] if place >= 0 else "the place",
            place_at=f" at {self._places[place]}" if place >= 0 else "",
            quality=_quality(event, owner),
            wrong=WRONGS.get(code, WRONG).format(agent=agent, other=other) if kind == "queue_conflict" else "",
            why=LEFT.get(code, ""),
            dimension=Dimension(code).name.lower() if kind == "tie_set" else "",
            value=float(event["value"]),
        )

    def _news_told(self, event: Any) -> str:
        """The clause for news that is told: what was done, and how the teller knows of it."""
        way, teller = way_of(event, self._pick) if self._pick else Way(None, ()), int(event["agent"])
        return HAPPENED["news_told"].format(
            agent=self._name(teller),
            other=self._name(int(event["other"])),
            deed=self.happened(way.deed) if way.deed is not None else self._deed_alone(event),
            known=how_known(teller, way, self._name),
        )

    def _deed_alone(self, event: Any) -> str:
        """The clause for a deed as news alone says it."""
        return f"{self._name(int(event['tile']))} {VERBS[int(event['code'])]}"


def hours_in_words(hours: int) -> str:
    """A number of hours in words: `5 hours`, `1 day`, `2 days and 3 hours`."""
    days, rest = divmod(hours, HOURS_OF_DAY)
    return " and ".join(
        f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in ((days, "day"), (rest, "hour")) if count
    )


def _counterpart(event: Any, owner: int) -> int:
    """The number of the person towards whom an event changes the ledger of its owner."""
    if int(event["kind"]) in THIRD_PERSON:
        return int(event["tile"])
    agent, other = int(event["agent"]), int(event["other"])
    return other if agent == owner and other >= 0 else agent


def _quality(event: Any, owner: int | None) -> str:
    """How good a chat was to the owner, or to the two on the average, as a word; each found it from 0.1 to 1."""
    speaker, listener = float(event["value"]), float(event["value2"])
    value = (speaker + listener) / 2 if owner is None else speaker if owner == int(event["agent"]) else listener
    return "very good" if value >= GREAT else "good" if value >= FAIR else "polite"


def _as_sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."
