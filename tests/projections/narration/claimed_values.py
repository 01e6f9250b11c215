"""The values that a story's placeholders must have, counted from the log. Words for numbers are spelled here anew."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Item, Reason
from tests.projections.narration import claims_aside as aside
from tests.projections.narration.claimed_bonds import FRIEND, RIVAL
from tests.projections.narration.claimed_reasons import main_reason
from tests.projections.narration.claims_commands import VALUES_BY_COMMAND
from tests.projections.narration.spelled import Number, noun, ordinal
from tests.projections.narration.story_log import At
from townlet.configuration.plans import jobs_of


def names(at: At, people: Any) -> str:
    """`Alice, Bob and Carol`, in the order of their numbers."""
    *most, last = [at.log.name(each) for each in sorted(people)]
    return f"{', '.join(most)} and {last}" if most else last


def ticks(at: At, count: int) -> str:
    """A duration in words, rounded down."""
    minutes = count * 1440 // at.log.per_day
    if minutes < 60:
        return noun(minutes, "minute")
    if minutes < 1440:
        return "an hour" if minutes < 120 else noun(minutes // 60, "hour")
    return "a day" if minutes < 2880 else noun(minutes // 1440, "day")


def stayed(at: At) -> str:
    """How long a person was in town: `almost` from three quarters of a day on, `more than` from a quarter on."""
    lived = at.tick - int(at.log.of("agent_arrived", agent=at.a)["tick"][0])
    days, rest = divmod(lived, at.log.per_day)
    if rest >= 0.75 * at.log.per_day:
        return f"almost {ticks(at, (days + 1) * at.log.per_day)}"
    return f"more than {ticks(at, lived)}" if days and rest >= 0.25 * at.log.per_day else ticks(at, lived)


def since_when(at: At) -> str:
    """When the agent began the use of the place in which it is."""
    began = at.last("affordance_started", agent=at.a, object=at.place)
    minutes = began % at.log.per_day * 1440 // at.log.per_day
    day = "" if began // at.log.per_day == at.day else f" {ago(at, began)}"
    return f"{minutes // 60:02}:{minutes % 60:02}{day}"


def span(at: At, count: int) -> str:
    """A duration in its two largest units: `one hour and 44 minutes`."""
    minutes = count * 1440 // at.log.per_day
    (days, hours), minutes = divmod(minutes // 60, 24), minutes % 60
    units = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    first = next((i for i, (much, _) in enumerate(units) if much), 2)
    parts = [noun(*units[first])] + [noun(*each) for each in units[first + 1 : first + 2] if each[0]]
    return " and ".join(parts)


def ago(at: At, tick: int) -> str:
    """How many days before the event a tick was."""
    days = at.day - tick // at.log.per_day
    return ["earlier that day", "the day before"][days] if days < 2 else f"{Number(days)} days before"


def where(at: At, venue: int) -> str:
    """`at The Kettle`, `in Mill Park`, `in the street`."""
    if venue < 0:
        return "in the street"
    found = at.log.map.venues[venue]
    return f"{'in' if found.kind == 'park' else 'at'} {found.name}"


def spot(at: At, place: int) -> str:
    """`the stove`, `the second shower`."""
    found = at.log.map.places[place]
    alike = [i for i, each in enumerate(at.log.map.places) if (each.venue, each.kind) == (found.venue, found.kind)]
    return f"the {found.kind}" if len(alike) == 1 else f"the {ordinal(alike.index(place) + 1)} {found.kind}"


def place_of(at: At) -> int:
    """The place that the entry names; -1: none."""
    return -1 if at.entry["place"] is None else int(at.entry["place"])


def where_it_was(at: At) -> str:
    """Where the entry says that it was."""
    if at.entry["template"] in ("arrival.household", "arrival.loner"):
        return where(at, at.log.home(at.a))
    if at.entry["template"] in ("conflict.ghost", "conflict.barred"):
        return where(at, at.venue(at.a))
    if place_of(at) >= 0:
        return where(at, at.log.map.places[place_of(at)].venue)
    one = at.venue(at.a)
    if at.entry["category"] != "chat" and not at.entry["template"].startswith(("help.meal", "help.money")):
        return where(at, one)
    two = at.venue(at.b)
    return where(at, one) if one == two else f"near {at.log.map.venues[one if one >= 0 else two].name}"


def goal(at: At) -> str:
    """The place that somebody is on the way to, and where it is if that is elsewhere."""
    venue = at.log.map.places[at.place].venue
    return spot(at, at.place) if venue == at.venue(at.a) else f"{spot(at, at.place)} {where(at, venue)}"


def over(at: At) -> str:
    """What gave most of the bond, or took most of it away."""
    name = at.entry["template"]
    if name in ("friendship.lost", "friendship.lost_mutually", "friendship.strained"):
        return main_reason(at, "liking", -1)
    if name in ("rivalry.mended", "rivalry.mended_mutually"):
        return main_reason(at, "liking", 1)
    return main_reason(at, "liking" if name.startswith("friendship") else "rivalry", 1)


def full(at: At) -> str:
    """The one of the two who does not hold a tie to the other."""
    return at.log.name(
        at.a if at.b not in {int(tie["other"]) for tie in at.person(at.a)["ties"] if tie["known"]} else at.b
    )


def source(at: At) -> str:
    """Who told the agent what it tells now."""
    return at.log.name(int(at.log.rows[at.seq - int(at.row["cause"])]["agent"]))


def why(at: At) -> str:
    """What called somebody away from a talk."""
    if at.code == Reason.TURN:
        return f"to use {spot(at, int(at.person(at.a)['holds']))}"
    return {int(Reason.DUE): "to go to work", int(Reason.HUNGER): "because of hunger"}[at.code]


def daypart(at: At) -> str:
    hour = at.tick % at.log.per_day * 24 / at.log.per_day
    parts = (
        "in the night",
        "early in the morning",
        "in the morning",
        "late in the morning",
        "in the middle of the day",
    )
    parts += ("in the afternoon", "late in the afternoon", "in the evening", "late in the evening")
    return parts[sum(hour >= until for until in (5, 7, 11, 12, 14, 17, 18, 22))]


def nth(at: At) -> str:
    """The number of this event among those that the situation counts."""
    if at.kind == "meal_eaten":
        return ordinal(
            sum(_alone(at, int(row["seq"])) for row in at.log.of("meal_eaten", until=at.seq + 1, agent=at.a))
        )
    if at.kind == "queue_left":
        return ordinal(at.count("queue_left", agent=at.a, code=int(Reason.IMPATIENT)))
    if at.kind == "queue_handover":
        return ordinal(len(aside.handovers(at, at.a, at.b, at.seq + 1)))
    if at.entry["template"] == "conflict.promise":
        return ordinal(at.count("broken_promise", agent=at.a, other=at.b))
    if at.kind == "queue_conflict":
        return ordinal(at.count_pair("quarrel"))
    directed = ("late_help", "shift_takeover", "meal_given", "money_lent", "money_returned")
    if at.kind in directed:
        return ordinal(at.count(at.kind, agent=at.a, other=at.b))
    return ordinal(at.count_pair(at.kind) if at.b >= 0 else at.count(at.kind, agent=at.a))


def _alone(at: At, seq: int) -> bool:
    """Whether nobody else was in the venue when somebody sat down to eat."""
    return aside_nobody(At(at.log, {"cause": seq, "agent": at.a, "other": None}))


def aside_nobody(at: At) -> bool:
    return not at.others_in(at.log.map.places[at.place].venue, at.a)


def nth_here(at: At) -> str:
    if at.kind == "queue_conflict":
        return ordinal(len(aside._same_place(at)))
    rows = at.log.of_pair("shared_meal", a=at.a, b=at.b, until=at.seq + 1)
    venues = [at.log.map.places[int(row["object"])].venue for row in rows]
    return ordinal(venues.count(venues[-1]))


def since(at: At) -> str:
    """When what the aside speaks of was."""
    if at.kind == "agent_arrived":
        return ago(at, at.last("agent_exited", agent=aside._sleepers_before(at)[-1]))
    if at.kind == "shared_meal":
        return ago(at, at.last_of_pair("shared_meal"))
    if at.kind.startswith("chat"):
        return ago(at, at.last_of_pair("chat_succeeded", "chat_failed", "chat_broken_off"))
    if at.kind == "queue_handover":
        return ago(at, int(aside.handovers(at, at.b, at.a, at.seq)[-1]["tick"]))
    return ago(at, at.last("quarrel" if at.kind == "queue_conflict" else at.kind, agent=at.b, other=at.a))


def count(at: At) -> str:
    if at.kind == "meal_cooked":
        return noun(at.code, "meal")
    if at.kind == "item_bought":
        return noun(int(at.row["code2"]), "meal" if at.code == Item.MEAL else "portion")
    if at.kind == "day_ended":
        return Number(len(at.today("chat_started", agent=at.a)))
    return Number(at.count_pair("chat_succeeded"))


def streak(at: At) -> str:
    before = aside.streak(at, at.a)
    return ordinal(before + 1) if at.kind == "shift_started" else Number(before)


def before(at: At) -> str:
    """The one before at the desk or in the bed; the price before."""
    if at.kind == "price_changed":
        return f"{at.log.of('price_changed', until=at.seq, code=at.code)['value'][-1]:.2f}"
    if at.kind == "agent_arrived":
        return at.log.name(aside._sleepers_before(at)[-1])
    earlier = at.today("affordance_started", object=at.place)
    return at.log.name(int(earlier[earlier["agent"] != at.a]["agent"][-1]))


def job(at: At) -> str:
    found: str = list(jobs_of(at.log.settings.work, at.log.map))[at.code][1].name
    return found


def victim(at: At) -> str:
    row = at.row
    while row["kind"] == KIND_CODES["news_told"]:
        row = at.log.rows[int(row["seq"]) - int(row["cause"])]
    return at.log.name(int(row["other"]))


def newcomer(at: At) -> str:
    return at.log.name(int(at.row["other"]) if int(at.row["agent"]) == at.a else int(at.row["agent"]))


def mates(at: At) -> str:
    if at.kind == "agent_arrived":
        return names(at, aside._housemates(at))
    return names(at, [each for each in at.log.living(at.seq) if at.log.home(each) == at.log.home(at.a)])


def lasted(at: At) -> str:
    return span(at, at.tick - at.last(at.kind.replace("restored", "failed")))


def caught(at: At) -> str:
    reason = Reason.POWER if at.kind.startswith("power") else Reason.WATER
    stopped = at.log.of("affordance_failed", until=at.seq, code2=int(reason))
    people = set(stopped[stopped["tick"] >= at.last(at.kind.replace("restored", "failed"))]["agent"].tolist())
    return f"{Number(len(people))} {'person' if len(people) == 1 else 'people'}" if people else "nobody"


def company(at: At) -> set[int]:
    return at.others_in(at.venue(at.a), at.a, at.b)


def others(at: At) -> str:
    return names(at, aside._housemates(at) & at.others_in(at.log.home(at.a), at.a))


VALUES: Final[Mapping[str, Callable[[At], str]]] = {
    "agent": lambda at: at.log.name(at.a),
    "other": lambda at: at.log.name(at.b),
    "daypart": daypart,
    "where": where_it_was,
    "venue": lambda at: (
        at.log.map.venues[at.log.map.places[place_of(at)].venue if place_of(at) >= 0 else at.log.home(at.a)].name
    ),
    "place": lambda at: spot(at, place_of(at)),
    "kind": lambda at: str(at.log.map.places[place_of(at)].kind),
    "nth": nth,
    "nth_here": nth_here,
    "here": lambda at: Number(aside._here(at)),
    "since": since,
    "since_when": since_when,
    "goal": goal,
    "rude": lambda at: ago(at, at.last("quarrel", agent=at.a, other=at.b)),
    "quarrel": lambda at: ago(at, at.last_of_pair("quarrel")),
    "waited": lambda at: ticks(at, at.waited(at.a if at.kind == "queue_left" else at.b)),
    "capacity": lambda at: Number(at.log.settings.relationships.capacity),
    "home": lambda at: where(at, at.log.home(at.a)),
    "over": over,
    "newcomer": newcomer,
    "full": full,
    "source": source,
    "about": lambda at: at.log.name(int(at.row["tile"])),
    "victim": victim,
    "third": lambda at: names(at, aside.others_at_table(at)),
    "count": count,
    "all": lambda at: Number(len(at.today("chat_started"))),
    "paid": lambda at: f"{at.row['value']:.2f}",
    "amount": lambda at: f"{at.row['value']:.2f}",
    "wage": lambda at: f"{at.row['value']:.1f}",
    "owed": lambda at: f"{at.row['value' if at.kind == 'eviction_served' else 'value2']:.2f}",
    "price": lambda at: f"{at.row['value']:.2f}",
    "late": lambda at: ticks(at, int(at.row["value"])),
    "streak": streak,
    "run": lambda at: Number(aside.streak(at, at.a) + 1),
    "before": before,
    "job": job,
    "a_job": lambda at: f"{'an' if job(at)[0] in 'aeiou' else 'a'} {job(at)}",
    "missed": lambda at: Number(at.count("shift_missed", agent=at.a)),
    "shifts": lambda at: Number(len(at.today("shift_ended"))),
    "people": lambda at: Number(len(list(at.log.living(at.seq + 1)))),
    "homes": lambda at: Number(len({at.log.home(each) for each in at.log.living(at.seq)})),
    "mates": mates,
    "friends": lambda at: names(at, aside._who_had(at, FRIEND)),
    "rivals": lambda at: names(at, aside._who_had(at, RIVAL)),
    "stayed": stayed,
    "lasted": lasted,
    "caught": caught,
    "park": lambda at: next(venue.name for venue in at.log.map.venues if venue.kind == "park"),
    "line": lambda at: spot(at, int(at.person(at.a)["waits_at"])),
    "company": lambda at: Number(len(company(at))),
    "row": lambda at: ordinal(aside.failures_in_a_row(at) + 1),
    "failures": lambda at: Number(aside.failures_in_a_row(at)),
    "tried": lambda at: Number(at.count_pair("chat_succeeded", "chat_failed", before=True)),
    "why": why,
    "failed": lambda at: Number(at.count_pair("chat_failed", before=True)),
    "fine": lambda at: Number(at.count_pair("chat_succeeded")),
    "others": others,
    "exits": lambda at: Number(int(at.row["value"])),
    "pleased": lambda at: at.log.name(at.a if at.row["value"] >= at.row["value2"] else at.b),
    "cooler": lambda at: at.log.name(at.b if at.row["value"] >= at.row["value2"] else at.a),
    **VALUES_BY_COMMAND,
}
"""The value of every placeholder, in the words that a story uses."""


class Values(Mapping[str, str]):
    """The placeholders of an entry, each counted when it is asked for."""

    def __init__(self, at: At) -> None:
        self._at = at

    def __getitem__(self, name: str) -> str:
        return VALUES[name](self._at)

    def __iter__(self) -> Iterator[str]:
        return iter(VALUES)

    def __len__(self) -> int:
        return len(VALUES)
