"""Finds the way by which a piece of news came to its teller, and puts it into words."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from eventlog.catalogue.queues import QueueConflict
from eventlog.catalogue.registries import News
from eventlog.catalogue.social import NewsTold
from eventlog.catalogue.work import LateHelp, ShiftTakeover

if TYPE_CHECKING:
    from eventlog.rows import Rows

Pick = Callable[[Sequence[int]], "Rows"]
"""Gives events of a log by their numbers, which ascend."""

DEEDS: Final[Mapping[int, News]] = {
    QueueConflict.kind: News.QUARREL,
    LateHelp.kind: News.HELP,
    ShiftTakeover.kind: News.TAKEOVER,
}
"""The kinds of deeds that make news, each with the code of the news."""

VERBS: Final[Mapping[int, str]] = {
    News.QUARREL: "wronged somebody",
    News.HELP: "helped somebody",
    News.TAKEOVER: "took over somebody's shift",
}
"""The clause for a deed whose event is not at hand."""

TELLINGS_MOST: Final = 10
"""The settings allow no more tellings from the eye-witness, so no way is longer."""


class Way(NamedTuple):
    """The way of news to a teller: the deed, and the tellings before, the newest first. All are rows of the log.

    `deed` is None where the causes do not lead to a deed: then somebody wrote the log who is no town.
    """

    deed: Any | None
    tellings: tuple[Any, ...]


def way_of(event: Any, pick: Pick) -> Way:
    """The way by which the news of a NewsTold, a row of the log, came to its teller. Raises LogDamaged."""
    tellings: list[Any] = []
    while event["cause"] and event["cause"] <= event["seq"] and len(tellings) < TELLINGS_MOST:
        (event,) = pick([int(event["seq"]) - int(event["cause"])])
        if int(event["kind"]) in DEEDS:
            return Way(event, tuple(tellings))
        if int(event["kind"]) != NewsTold.kind:
            break
        tellings.append(event)
    return Way(None, tuple(tellings))


def how_known(teller: int, way: Way, name: Callable[[int], str]) -> str:
    """How the teller knows of it, in words: `Bob saw it`, `Bob had it from Erin, who saw it`."""
    if not way.tellings:
        return f"it happened to {name(teller)}" if _suffered(teller, way) else f"{name(teller)} saw it"
    chain = [name(int(telling["agent"])) for telling in way.tellings]
    first = int(way.tellings[-1]["agent"])
    knew = "to whom it happened" if _suffered(first, way) else "who saw it"
    return f"{name(teller)} had it from {', who had it from '.join(chain)}, {knew}"


def _suffered(person: int, way: Way) -> bool:
    """Whether the deed was done to this person."""
    return way.deed is not None and int(way.deed["other"]) == person
