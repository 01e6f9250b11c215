"""What each aside of the story claims, as a function of the log."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eventlog.catalogue.registries import Reason
from tests.projections.narration.claimed_bonds import FRIEND, RIVAL, Claim
from tests.projections.narration.claims import both
from tests.projections.narration.story_log import At

MET: Final = (
    *("tie_set", "shared_meal", "chat_succeeded", "chat_failed", "chat_broken_off", "queue_handover", "queue_conflict"),
    *("ghost_stepped", "late_help", "shift_takeover", "meal_given", "money_lent", "money_returned"),
)
"""Kinds of events in which two people have to do with each other."""


def is_time(least: int) -> Claim:
    """The event is at least the so-manieth of its kind between the two."""
    return lambda at: at.count_pair(at.kind) >= least


def are_housemates(at: At) -> bool:
    """The two live in one venue."""
    return at.log.home(at.a) == at.log.home(at.b)


def stays_bond(owner: str, other: str, sort: int) -> Claim:
    """The one was this to the other before the event, and still is after it."""
    return lambda at: stays(at, getattr(at, owner), getattr(at, other), sort)


def stays(at: At, owner: int, other: int, sort: int) -> bool:
    """The other was this to the owner before the event, and still is after it."""
    return all(at.bond(owner, other, before=before) == sort for before in (True, False))


def is_not(owner: str, other: str, sort: int) -> Claim:
    """After the event, the one is not this to the other."""
    return lambda at: at.bond(getattr(at, owner), getattr(at, other)) != sort


def sees(owner: str, other: str, sort: int) -> Claim:
    """After the event, the one is this to the other."""
    return lambda at: at.bond(getattr(at, owner), getattr(at, other)) == sort


def are_friends(at: At) -> bool:
    """Each of the two was a friend of the other before the event, and still is."""
    return stays(at, at.a, at.b, FRIEND) and stays(at, at.b, at.a, FRIEND)


def resents(at: At, owner: int, other: int) -> bool:
    """The owner's rivalry towards the other is half of what it can be, or more."""
    (tie,) = [each for each in at.person(owner)["ties"] if each["known"] and each["other"] == other]
    return bool(tie["rivalry"] >= 0.5)


def has_no_tie(at: At) -> bool:
    """One of the two does not hold a tie to the other, although it is in the ledger's reach."""
    held = [{int(tie["other"]) for tie in at.person(owner)["ties"] if tie["known"]} for owner in (at.a, at.b)]
    return at.b not in held[0] or at.a not in held[1]


def other_has_no_tie(at: At) -> bool:
    """The other one's ledger is full and does not have the agent."""
    held = {int(tie["other"]) for tie in at.person(at.b)["ties"] if tie["known"]}
    return at.a not in held and len(held) == at.log.settings.relationships.capacity


def last_was(at: At, *kinds: str, turned: bool) -> bool:
    """The two's last such event before this one had the roles turned (or not)."""
    rows = at.log.of_pair(*kinds, a=at.a, b=at.b, until=at.seq)
    return bool(len(rows)) and (int(rows["agent"][-1]) == at.b) == turned


def handovers(at: At, giver: int, given: int, until: int) -> list[Any]:
    """The handovers of one to another before event `until`: at desks if this one is at a desk, else the others."""
    places = at.log.map.places
    rows = at.log.of("queue_handover", until=until, agent=giver, other=given)
    return [row for row in rows if (places[row["object"]].kind == "desk") == (places[at.place].kind == "desk")]


def last_handover_was_turned(at: At) -> bool:
    """The two's last such handover before this one was from the other one."""
    theirs, own = handovers(at, at.b, at.a, at.seq), handovers(at, at.a, at.b, at.seq)
    return bool(theirs) and (not own or own[-1]["seq"] < theirs[-1]["seq"])


def needs_more(side: Callable[..., float]) -> Claim:
    """The other one's need was lower before the event."""
    return lambda at: side(at.person(at.b, before=True)) < side(at.person(at.a, before=True))


def failures_in_a_row(at: At) -> int:
    """How many of the two's last talks before this one failed, in a row."""
    kinds = at.log.of_pair("chat_succeeded", "chat_failed", a=at.a, b=at.b, until=at.seq)
    good = [index for index, row in enumerate(kinds) if row["kind"] == 129]
    return len(kinds) - 1 - good[-1] if good else len(kinds)


def streak(at: At, person: int) -> int:
    """How many shifts in a row, before this event, the person was on time."""
    shifts = at.log.of("shift_started", "arrived_late", "shift_missed", until=at.seq, agent=person)
    bad = [index for index, row in enumerate(shifts) if row["kind"] != 112]
    return len(shifts) - 1 - bad[-1] if bad else len(shifts)


def others_at_table(at: At) -> set[int]:
    """The others with whom the agent has shared this very meal."""
    begun = at.last("meal_eaten", agent=at.a)
    meals = at.log.of("shared_meal", until=at.seq)
    now = meals[(meals["tick"] >= begun) & ((meals["agent"] == at.a) | (meals["other"] == at.a))]
    return {int(each) for name in ("agent", "other") for each in now[name]} - {at.a, at.b}


def sleeps(at: At, record: object) -> bool:
    """Whether somebody is asleep."""
    deeds = list(at.log.settings.affordances.values())
    doing = int(record["doing"])  # type: ignore[index]
    return doing >= 0 and deeds[doing].option == "sleep"


def all_others_sleep(at: At) -> bool:
    """Everybody but the two is asleep."""
    agents = at.log.states[at.seq + 1]
    others = [each for each in agents if each["alive"] and int(each["person"]) not in (at.a, at.b)]
    return bool(others) and all(sleeps(at, each) for each in others)


AT_A_PLACE: Final = (Reason.CUT, Reason.BLOCK, Reason.PORTION)

TALKS: Final = ("chat_succeeded", "chat_failed", "chat_broken_off")

ASIDES: Final[Mapping[str, Claim]] = {
    "conflict.first_in_town": lambda at: at.count("quarrel") == 1,
    "conflict.revenge": lambda at: last_was(at, "quarrel", turned=True),
    "conflict.let_down_again": lambda at: at.count("broken_promise", agent=at.a, other=at.b) >= 2,
    "conflict.friends": stays_bond("b", "a", FRIEND),
    "conflict.no_room": other_has_no_tie,
    "conflict.same_place": lambda at: at.code in AT_A_PLACE and len(_same_place(at)) >= 2,
    "conflict.again": lambda at: at.count_pair("quarrel") >= 2,
    "conflict.place_known": lambda at: _here(at) >= 3 and _here(at) > len(_same_place(at)),
    "conflict.needier": needs_more(lambda who: float(who["hygiene"])),
    "conflict.housemates": are_housemates,
    "conflict.waited": lambda at: at.waited(at.b) >= 8,
    "conflict.squeezed_again": is_time(3),
    "help.needier": needs_more(lambda who: min(float(who["hunger"]), float(who["hygiene"]))),
    "help.rivals": stays_bond("b", "a", RIVAL),
    "help.quarrelled": lambda at: (
        at.last("quarrel", agent=at.a, other=at.b) > at.last("quarrel", agent=at.b, other=at.a)
    ),
    "help.returned": lambda at: last_handover_was_turned(at),
    "help.waited": lambda at: at.waited(at.b) >= 8,
    "help.often": lambda at: len(handovers(at, at.a, at.b, at.seq + 1)) >= 3,
    "help.strangers": lambda at: not at.count_pair(*MET, before=True) and not are_housemates(at),
    "help.help_back": lambda at: at.last("late_help", agent=at.b, other=at.a) >= 0,
    "help.help_again": lambda at: at.count("late_help", agent=at.a, other=at.b) >= 2,
    "help.help_rivals": stays_bond("b", "a", RIVAL),
    "help.help_strangers": lambda at: at.last_of_pair("tie_set", *TALKS) < 0,
    "help.gift_again": lambda at: at.count(at.kind, agent=at.a, other=at.b) >= 2,
    "takeover.rivals": stays_bond("a", "b", RIVAL),
    "takeover.back": lambda at: at.last("shift_takeover", agent=at.b, other=at.a) >= 0,
    "takeover.again": lambda at: at.count("shift_takeover", agent=at.a, other=at.b) >= 2,
    "takeover.friends": stays_bond("b", "a", FRIEND),
    "takeover.no_room": other_has_no_tie,
    "takeover.housemates": are_housemates,
    "chat.rivals": both(stays_bond("a", "b", RIVAL), stays_bond("b", "a", RIVAL)),
    "chat.rivals_mine": both(stays_bond("a", "b", RIVAL), is_not("b", "a", RIVAL)),
    "chat.rivals_theirs": both(stays_bond("b", "a", RIVAL), is_not("a", "b", RIVAL)),
    "chat.mended": lambda at: failures_in_a_row(at) >= 2,
    "chat.round": lambda at: at.count_pair("chat_succeeded") >= 5,
    "chat.no_room": has_no_tie,
    "chat.in_line": lambda at: int(at.person(at.a)["waits_at"]) == int(at.person(at.b)["waits_at"]) >= 0,
    "chat.long_ago": lambda at: (
        at.tick - at.last_of_pair("chat_succeeded", "chat_failed", "chat_broken_off") >= 2 * at.log.per_day
    ),
    "chat.at_night": all_others_sleep,
    "chat.in_company": lambda at: len(at.others_in(at.venue(at.a), at.a, at.b)) >= 2,
    "chat.friends_fail": both(are_friends, lambda at: not resents(at, at.a, at.b) and not resents(at, at.b, at.a)),
    "chat.friends_fail_mine": both(are_friends, lambda at: resents(at, at.a, at.b)),
    "chat.friends_fail_theirs": both(are_friends, lambda at: resents(at, at.b, at.a)),
    "chat.rivals_fail": both(stays_bond("a", "b", RIVAL), stays_bond("b", "a", RIVAL)),
    "chat.rivals_fail_mine": both(stays_bond("a", "b", RIVAL), is_not("b", "a", RIVAL)),
    "chat.rivals_fail_theirs": both(stays_bond("b", "a", RIVAL), is_not("a", "b", RIVAL)),
    "chat.row": lambda at: failures_in_a_row(at) >= 1,
    "chat.always_fine": lambda at: at.count_pair("chat_succeeded") >= 4 and at.count_pair("chat_failed") == 1,
    "chat.usually_fine": lambda at: at.count_pair("chat_succeeded") >= 4,
    "chat.second_hand": lambda at: (
        int(at.row["code2"]) == 2 and int(at.log.rows[at.seq - int(at.row["cause"])]["kind"]) == 133
    ),
    "meal.rivals": both(stays_bond("a", "b", RIVAL), stays_bond("b", "a", RIVAL)),
    "meal.rivals_mine": both(stays_bond("a", "b", RIVAL), is_not("b", "a", RIVAL)),
    "meal.rivals_theirs": both(stays_bond("b", "a", RIVAL), is_not("a", "b", RIVAL)),
    "meal.after_quarrel": lambda at: at.last_of_pair("quarrel") > at.last_of_pair("shared_meal"),
    "meal.third": lambda at: bool(others_at_table(at)),
    "meal.long_ago": lambda at: at.tick - at.last_of_pair("shared_meal") >= 2 * at.log.per_day,
    "meal.usual": lambda at: at.count_pair("shared_meal") >= 4,
    "meal.daily": lambda at: at.last_of_pair("shared_meal") // at.log.per_day == at.day - 1,
    "meal.first": lambda at: not at.count_pair("shared_meal", "tie_set", before=True),
    "meal.again": is_time(3),
    "meal.lives_alone": lambda at: [at.log.home(each) for each in at.log.living(at.seq)].count(at.log.home(at.a)) == 1,
    "meal.empty_larder": lambda at: at.person(at.a)["items"].tolist() == [int(at.row["code2"]), 0],
    "meal.alone_again": lambda at: at.count("meal_eaten", agent=at.a) >= 4,
    "meal.cooked_smell": lambda at: bool(at.others_in(at.venue(at.a), at.a)),
    "work.streak": lambda at: streak(at, at.a) >= 2,
    "work.streak_ends": lambda at: streak(at, at.a) >= 3,
    "work.late_again": lambda at: at.count("arrived_late", agent=at.a) >= 2,
    "work.late_first": lambda at: at.count("arrived_late", agent=at.a) == 1,
    "work.missed_streak": lambda at: streak(at, at.a) >= 3,
    "work.missed_again": lambda at: at.count("shift_missed", agent=at.a) >= 2,
    "arrival.bed_of": lambda at: bool(_sleepers_before(at)),
    "arrival.housemates": lambda at: bool(_housemates(at)),
    "arrival.alone": lambda at: not _housemates(at),
    "departure.friends": lambda at: bool(_who_had(at, FRIEND)),
    "departure.rivals": lambda at: bool(_who_had(at, RIVAL)),
    "departure.nobody": lambda at: not _who_had(at, FRIEND),
    "departure.founder": lambda at: int(at.log.of("agent_arrived", agent=at.a)["tick"][0]) == 0,
    "friendship.first_in_town": lambda at: not _mutual_before(at),
    "friendship.unlikely": lambda at: at.last_of_pair("quarrel") >= 0,
    "friendship.to_rival": lambda at: at.bond(at.b, at.a) == RIVAL,
    "friendship.one_sided": lambda at: at.bond(at.b, at.a) == 0,
    "rivalry.first_in_town": lambda at: not [each for each in at.log.bonds if each.bond == RIVAL and each.seq < at.seq],
    "rivalry.housemates": are_housemates,
    "friendship.still": sees("b", "a", FRIEND),
    "friendship.returned": sees("b", "a", FRIEND),
    "rivalry.still": sees("b", "a", RIVAL),
    "rivalry.returned": sees("b", "a", RIVAL),
    "rivalry.one_sided": is_not("b", "a", RIVAL),
    "rivalry.to_friend": sees("b", "a", FRIEND),
    "personality.impatient_again": lambda at: at.count("queue_left", agent=at.a, code=int(Reason.IMPATIENT)) >= 2,
}
"""What each aside claims."""


def _same_place(at: At) -> list[int]:
    """The seqs of the two's quarrels at this place so far, of which this is one."""
    rows = at.log.of_pair("queue_conflict", a=at.a, b=at.b, until=at.seq + 1)
    return [int(row["seq"]) for row in rows if int(row["object"]) == at.place and row["code"] in AT_A_PLACE]


def _here(at: At) -> int:
    """How many quarrels there were at this place so far."""
    return sum(at.count("queue_conflict", object=at.place, code=int(reason)) for reason in AT_A_PLACE)


def _sleepers_before(at: At) -> list[int]:
    """Those who had the newcomer's bed before, in order."""
    return [int(each) for each in at.log.of("agent_arrived", until=at.seq, object=at.place)["agent"]]


def _housemates(at: At) -> set[int]:
    """The others who live in the person's home."""
    home = at.log.home(at.a)
    return {each for each in at.log.living(at.seq) if each != at.a and at.log.home(each) == home}


def _who_had(at: At, sort: int) -> set[int]:
    """The living for whom the person was this just before the event."""
    return {each for each in at.log.living(at.seq) if each != at.a and at.bond(each, at.a, before=True) == sort}


def _mutual_before(at: At) -> bool:
    """Whether a friendship in both directions had begun between the founding and this event."""
    founding = {int(row["seq"]) for row in at.log.of("tie_set", tick=0)}
    state: dict[tuple[int, int], int] = {}
    for each in at.log.bonds:
        if each.seq >= at.seq:
            break
        state[each.owner, each.other] = each.bond
        if (
            each.seq not in founding
            and not each.in_time
            and each.bond == FRIEND
            and state.get((each.other, each.owner)) == FRIEND
        ):
            return True
    return False
