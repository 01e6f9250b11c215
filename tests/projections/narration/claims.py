"""What each situation of the story claims, as a function of the log: of events and state, never of a teller."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Item, News, Option, Reason, Trait, Weather
from tests.projections.narration.claimed_bonds import (
    FRIEND,
    RIVAL,
    Claim,
    begun,
    begun_again,
    begun_in_time,
    changed_in_time,
    ended,
    ended_in_time,
    nearly_over,
)
from tests.projections.narration.story_log import At

HELD_LEAST = 3
"""`had to wait` is said where somebody waited so many ticks."""


def is_kind(name: str, code: int | None = None) -> Claim:
    """The event is of this kind and its code is this, and it has the entry's people."""

    def claim(at: At) -> bool:
        people = (at.a, at.b) in ((int(at.row["agent"]), int(at.row["other"])), (int(at.row["agent"]), -1))
        return at.kind == name and (code is None or at.code == code) and people

    return claim


def both(*claims: Claim) -> Claim:
    """All of these claims hold."""
    return lambda at: all(claim(at) for claim in claims)


def is_next_in_line(at: At) -> bool:
    """The other one is in the line of the place, and came first of all who are in it."""
    agents = at.log.states[at.seq]
    line = agents[(agents["alive"] == 1) & (agents["waits_at"] == at.place)]
    return bool(len(line)) and int(line["person"][line["waits_seq"].argmin()]) == at.b


def got_the_place(at: At) -> bool:
    """The agent gets the place in the same tick."""
    granted = at.log.of("reservation_granted", agent=at.a, object=at.place, tick=at.tick)
    return bool(len(granted[granted["seq"] > at.seq]))


def other_waits_on(at: At) -> bool:
    """The other one does not get the place before HELD_LEAST ticks have passed."""
    granted = at.log.of("reservation_granted", agent=at.b, object=at.place)
    handed = at.log.of("queue_handover", other=at.b, object=at.place)
    later = [int(row["tick"]) for rows in (granted, handed) for row in rows if row["seq"] > at.seq]
    return all(tick - at.tick >= HELD_LEAST for tick in later)


def after_use(at: At) -> bool:
    """The agent has just used the place: it stands there, and its use ended in this tick."""
    ended = at.today("affordance_finished", "affordance_failed", agent=at.a, object=at.place)
    return bool(len(ended)) and int(ended["tick"][-1]) == at.tick


def both_want_it(at: At) -> bool:
    """The other one waits for the place or is bound for it, and the agent too."""
    one, two = at.person(at.a, before=True), at.person(at.b, before=True)
    wants = [{int(each["waits_at"]), int(each["target"]), int(each["holds"])} for each in (one, two)]
    return at.place in wants[0] and at.place in wants[1]


def stood_in_the_way(at: At) -> bool:
    """The agent was bound for the place, and has just changed places with the other one, who did nothing there."""
    one, two = at.person(at.a, before=True), at.person(at.b, before=True)
    bound = at.place in {int(one["waits_at"]), int(one["target"]), int(one["holds"])}
    step = at.log.rows[at.seq - int(at.row["cause"])]
    return bound and int(two["doing"]) < 0 and (int(step["agent"]), int(step["other"])) == (at.a, at.b)


def changed_places(at: At) -> bool:
    """The two stand where the other one stood, after the agent had failed to get on as often as the settings ask."""
    tiles = [int(at.person(each, before=when)["tile"]) for when in (True, False) for each in (at.a, at.b)]
    stalls = int(at.person(at.a, before=True)["stalls"])
    return tiles[:2] == tiles[:1:-1] and stalls >= at.log.settings.queues.ghost_after


def have_not_talked(at: At) -> bool:
    """The two never talked before, and did not know each other when the town began."""
    known = at.log.of_pair("tie_set", a=at.a, b=at.b, until=at.seq)
    talks = ("chat_succeeded", "chat_failed", "chat_broken_off")
    return not len(known) and not len(at.log.of_pair(*talks, a=at.a, b=at.b, until=at.seq))


def quality_is(least: float, most: float) -> Claim:
    """Both qualities of a talk lie above the first of these, and one of them below the last."""
    return lambda at: is_kind("chat_succeeded")(at) and least <= min(at.row["value"], at.row["value2"]) < most


def was_fair(at: At) -> bool:
    """The talk was only fair for both."""
    return is_kind("chat_succeeded")(at) and max(at.row["value"], at.row["value2"]) < 0.45


def was_uneven(at: At) -> bool:
    """The talk was good for one of the two, and only fair for the other one."""
    return quality_is(0.0, 0.45)(at) and max(at.row["value"], at.row["value2"]) >= 0.45


def nobody_else_there(at: At) -> bool:
    """Nobody else is in the venue."""
    return not at.others_in(at.log.map.places[at.place].venue, at.a)


def is_first_at_desk(at: At) -> bool:
    """Nobody else has worked at the desk on this day. Who sat down early, and left town before its shift, has not."""
    begun_there = at.today("affordance_started", object=at.place)
    shifts = at.today("shift_started", "arrived_late", "shift_takeover", "late_help", object=at.place)
    gone = set(at.today("agent_exited")["agent"].tolist()) - set(shifts["agent"].tolist())
    return set(begun_there["agent"].tolist()) - gone <= {at.a}


def follows_another(at: At) -> bool:
    """Somebody else has worked at the desk on this day."""
    return bool(set(at.today("affordance_started", object=at.place)["agent"].tolist()) - {at.a})


def is_due(owner: int, taker: int, at: At) -> bool:
    """On this day `taker` agreed to stand in for `owner`."""
    return bool(len(at.today("cover_agreed", agent=taker, other=owner)))


PARTED: Final = (Reason.APART, Reason.HELD_BACK)
"""The reasons for which a talk ends without anybody who leaves it."""


def had_not_come(at: At) -> bool:
    """The agent has not begun to work at the desk since its promise, and does nothing there now."""
    agreed = at.last("cover_agreed", agent=at.a, other=at.b)
    begun_there = at.log.of("affordance_started", until=at.seq, agent=at.a, object=at.place)
    agents = at.log.states[at.seq]
    there = (agents["person"] == at.a) & (agents["alive"] == 1) & (agents["holds"] == at.place) & (agents["doing"] >= 0)
    return not there.any() and not len(begun_there[begun_there["tick"] >= agreed])


def stopped_nobody(reason: Reason) -> Claim:
    """Since the outage began, it has stopped nobody."""

    def claim(at: At) -> bool:
        stopped = at.log.of("affordance_failed", until=at.seq, code2=int(reason))
        began = at.last(at.kind.replace("restored", "failed"))
        return not len(stopped[stopped["tick"] >= began])

    return claim


def everybody_on_time(at: At) -> bool:
    """Nobody was late and nobody was absent on this day, and there were shifts."""
    return not len(at.today("arrived_late", "shift_missed")) and len(at.today("shift_ended")) > 1


def is_extreme(trait: Trait, sign: int) -> Claim:
    """Of the living, nobody has more (sign 1) or less (-1) of the trait."""

    def claim(at: At) -> bool:
        given = at.log.of("trait_given", code=int(trait))
        alive = set(at.log.living(at.seq + 1))
        values = {int(row["agent"]): sign * float(row["value"]) for row in given if int(row["agent"]) in alive}
        return (
            len(values) > 1 and values[at.a] == max(values.values()) and list(values.values()).count(values[at.a]) == 1
        )

    return claim


def talked_most(at: At) -> bool:
    """Nobody began as many talks on this day."""
    counts = np.bincount(at.today("chat_started")["agent"])
    return bool(counts[at.a] == counts.max() and (counts == counts.max()).sum() == 1)


def price_moved(sign: int) -> Claim:
    """The price of raw food is higher (1) or lower (-1) than before."""

    def claim(at: At) -> bool:
        earlier = at.log.of("price_changed", until=at.seq, code=int(Item.RAW))
        return is_kind("price_changed", Item.RAW)(at) and sign * (at.row["value"] - earlier["value"][-1]) > 0

    return claim


def of_news(news: News) -> Claim:
    """News of this sort is told of a third person."""
    return both(is_kind("news_told", news), lambda at: int(at.row["tile"]) not in (at.a, at.b))


def of_own_news(news: News) -> Claim:
    """News of this sort is told by the one to whom it was done."""

    def was_done_to_the_teller(at: At) -> bool:
        deed = at.log.rows[at.seq - int(at.row["cause"])]
        return {int(deed["agent"]), int(deed["other"])} == {at.a, int(at.row["tile"])}

    return both(of_news(news), was_done_to_the_teller)


def leaves_for(reason: int | None) -> Claim:
    """The person leaves the town for this reason."""
    return both(is_kind("agent_exited", reason), lambda at: at.person(at.a) is None)


def was_called_away(at: At) -> bool:
    """The agent left the talk for work that was due, out of urgent hunger, or for a place that it got and has not used.

    The log gives the reason; the town must be as the reason says.
    """
    one, needs = at.person(at.a), at.log.settings.needs
    if at.code == Reason.TURN:
        return int(one["holds"]) >= 0 > int(one["doing"])
    if at.code == Reason.HUNGER:
        return float(one["hunger"]) < needs.urgent_below and int(one["doing"]) < 0
    return at.code == Reason.DUE and int(one["job"]) >= 0 > int(one["doing"])


def works_there(at: At) -> bool:
    """The agent began to use the place in an earlier minute, and still does."""
    begun_there = at.last("affordance_started", agent=at.a, object=at.place)
    ended = at.last("affordance_finished", "affordance_failed", agent=at.a)
    return 0 <= begun_there < at.tick and ended < begun_there


def had_begun(at: At) -> bool:
    """The agent began the use in an earlier minute: the event says so by its cause."""
    cause = at.log.rows[at.seq - int(at.row["cause"])]
    return bool(cause["kind"] == KIND_CODES["affordance_started"] and cause["tick"] < at.tick)


def stopped_by(reason: Reason, *, begun: bool) -> Claim:
    """An outage keeps somebody from a use, or interrupts one that had begun."""
    return lambda at: is_kind("affordance_failed")(at) and at.row["code2"] == reason and had_begun(at) == begun


def is_in_need(at: At) -> bool:
    """The other one was hungry and had no meal."""
    other = at.person(at.b, before=True)
    return bool(other["hunger"] < at.log.settings.giving.hungry_below) and not int(other["items"][Item.MEAL])


def giver_sleeps(at: At) -> bool:
    """The one whose meal it was is asleep."""
    doing = int(at.person(at.a, before=True)["doing"])
    return doing >= 0 and list(at.log.settings.affordances.values())[doing].option == "sleep"


def owner_missed_it(at: At) -> bool:
    """The other one has missed a shift on this day."""
    return bool(len(at.today("shift_missed", agent=at.b)))


def is_at_a_desk(at: At) -> bool:
    """The place is the desk of a job, and the agent's work there has just ended."""
    return at.log.map.places[at.place].kind == "desk" and after_use(at)


def was_paid_for_a_shift_taken_before(at: At) -> bool:
    """The agent took the other one's shift on this day, before this minute."""
    taken = at.today("shift_takeover", agent=at.a, other=at.b)
    return bool(len(taken)) and int(taken["tick"][-1]) < at.tick


MANNERS: Final[Mapping[str, Claim]] = {
    "outgoing": is_extreme(Trait.EXTROVERSION, 1),
    "shy": is_extreme(Trait.EXTROVERSION, -1),
    "forgiving": is_extreme(Trait.FORGIVENESS, 1),
    "unforgiving": is_extreme(Trait.FORGIVENESS, -1),
    "ambitious": is_extreme(Trait.AMBITION, 1),
    "easygoing": is_extreme(Trait.AMBITION, -1),
}

CLAIMS: Final[Mapping[str, Claim]] = {
    "conflict.cut": both(is_kind("queue_conflict", Reason.CUT), is_next_in_line, got_the_place),
    "conflict.block": both(is_kind("queue_conflict", Reason.BLOCK), is_next_in_line, after_use),
    "conflict.kept": both(is_kind("queue_conflict", Reason.BLOCK), is_next_in_line, after_use, other_waits_on),
    "conflict.ghost": both(is_kind("queue_conflict", Reason.GHOST), both_want_it),
    "conflict.barred": both(is_kind("queue_conflict", Reason.BARRED), stood_in_the_way),
    "conflict.promise": both(
        is_kind("queue_conflict", Reason.PROMISE), lambda at: is_due(at.b, at.a, at), had_not_come
    ),
    "conflict.portion": is_kind("queue_conflict", Reason.PORTION),
    "conflict.squeezed": both(is_kind("ghost_stepped"), changed_places),
    "friendship.begun": begun(FRIEND, mutual=False),
    "friendship.mutual": begun(FRIEND, mutual=True),
    "friendship.renewed": begun_again(FRIEND),
    "friendship.lost": ended(FRIEND, mutual=False),
    "friendship.lost_mutually": ended(FRIEND, mutual=True),
    "friendship.cooled": ended_in_time(FRIEND),
    "friendship.cooled_mutually": changed_in_time(FRIEND, 0, mutual=True),
    "friendship.grown": begun_in_time(FRIEND),
    "friendship.strained": nearly_over(in_time=False),
    "friendship.fading": nearly_over(in_time=True),
    "friendship.crowded_out": lambda at: at.changed(at.a, at.b, FRIEND, 0),
    "rivalry.begun": begun(RIVAL, mutual=False),
    "rivalry.mutual": begun(RIVAL, mutual=True),
    "rivalry.again": begun_again(RIVAL),
    "rivalry.mended": ended(RIVAL, mutual=False),
    "rivalry.mended_mutually": ended(RIVAL, mutual=True),
    "rivalry.forgotten": ended_in_time(RIVAL),
    "rivalry.forgotten_mutually": changed_in_time(RIVAL, 0, mutual=True),
    "rivalry.surfaced": begun_in_time(RIVAL),
    "chat.first": both(quality_is(0.45, 2.0), have_not_talked),
    "chat.first_fair": both(was_fair, have_not_talked),
    "chat.first_uneven": both(was_uneven, have_not_talked),
    "chat.great": quality_is(0.75, 2.0),
    "chat.good": quality_is(0.45, 0.75),
    "chat.fair": was_fair,
    "chat.uneven": was_uneven,
    "chat.failed": is_kind("chat_failed"),
    "chat.first_failed": both(is_kind("chat_failed"), have_not_talked),
    "chat.broken_off": both(is_kind("chat_broken_off"), lambda at: at.code not in PARTED),
    "chat.parted": both(is_kind("chat_broken_off"), lambda at: at.code in PARTED),
    "chat.called_away": both(is_kind("chat_broken_off"), was_called_away),
    "chat.news_quarrel": of_news(News.QUARREL),
    "chat.news_help": of_news(News.HELP),
    "chat.news_takeover": of_news(News.TAKEOVER),
    "chat.own_news_quarrel": of_own_news(News.QUARREL),
    "chat.own_news_help": of_own_news(News.HELP),
    "chat.own_news_takeover": of_own_news(News.TAKEOVER),
    "meal.shared": is_kind("shared_meal"),
    "meal.cooked": is_kind("meal_cooked"),
    "meal.hungry": both(is_kind("meal_eaten"), lambda at: bool(at.person(at.a)["hunger"] < 0.25)),
    "meal.alone": both(is_kind("meal_eaten"), nobody_else_there),
    "meal.out": is_kind("item_bought", Item.MEAL),
    "meal.groceries": is_kind("item_bought", Item.RAW),
    "work.opened": both(is_kind("shift_started"), is_first_at_desk),
    "work.relieved": both(is_kind("shift_started"), follows_another),
    "work.on_time": is_kind("shift_started"),
    "work.late": is_kind("arrived_late"),
    "work.missed": is_kind("shift_missed"),
    "work.paid": both(is_kind("wage_paid"), lambda at: int(at.row["other"]) == at.a),
    "work.docked": is_kind("wage_withheld"),
    "work.hired": both(is_kind("hired"), lambda at: at.count("hired", agent=at.a) == 1),
    "work.hired_again": both(is_kind("hired"), lambda at: at.count("hired", agent=at.a) > 1),
    "work.lost": is_kind("job_lost"),
    "work.in_debt": both(is_kind("rent_charged"), lambda at: bool(at.row["value2"] > 0)),
    "work.benefit": both(is_kind("benefit_paid"), lambda at: bool(at.person(at.a)["job"] < 0)),
    "work.all_on_time": everybody_on_time,
    "help.handover": both(is_kind("queue_handover"), is_next_in_line, after_use, lambda at: not is_at_a_desk(at)),
    "help.desk": both(is_kind("queue_handover"), is_next_in_line, is_at_a_desk),
    "help.yielded": both(
        is_kind("queue_handover"), is_next_in_line, lambda at: bool(at.person(at.a)["option"] == Option.YIELD)
    ),
    "help.late": both(is_kind("late_help"), lambda at: is_due(at.b, at.a, at)),
    "help.paid": both(is_kind("wage_paid"), lambda at: is_due(at.b, at.a, at)),
    "help.promised": is_kind("cover_ended", Reason.TIMED_OUT),
    "help.meal_given": both(is_kind("meal_given"), is_in_need, lambda at: not giver_sleeps(at)),
    "help.meal_taken": both(is_kind("meal_given"), is_in_need, giver_sleeps),
    "help.money_lent": is_kind("money_lent"),
    "help.money_returned": is_kind("money_returned"),
    "takeover.taken": both(is_kind("shift_takeover"), owner_missed_it, lambda at: not works_there(at)),
    "takeover.helped": both(is_kind("shift_takeover"), owner_missed_it, works_there),
    "takeover.paid": both(is_kind("wage_paid"), was_paid_for_a_shift_taken_before),
    "arrival.founding": lambda at: at.tick == 0,
    "arrival.household": lambda at: len({at.log.home(each) for each in at.log.living(at.seq)}) <= 5,
    "arrival.loner": lambda at: [at.log.home(each) for each in at.log.living(at.seq)].count(at.log.home(at.a)) == 1,
    "arrival.newcomer": both(is_kind("agent_arrived"), lambda at: at.tick > 0),
    "departure.starved": leaves_for(Reason.FAINT),
    "departure.evicted": leaves_for(Reason.EVICTION),
    "departure.jobless": leaves_for(Reason.UNEMPLOYMENT),
    "departure.neglected": leaves_for(Reason.NEGLECT),
    "departure.lonely": both(
        leaves_for(Reason.LONELINESS),
        lambda at: not any(each["known"] and each["bond"] == FRIEND for each in at.person(at.a, before=True)["ties"]),
    ),
    "departure.left": leaves_for(None),
    "departure.fainted": is_kind("agent_fainted"),
    "departure.served": is_kind("eviction_served"),
    "outage.power": is_kind("power_failed"),
    "outage.power_back": is_kind("power_restored"),
    "outage.power_back_unnoticed": both(is_kind("power_restored"), stopped_nobody(Reason.POWER)),
    "outage.water": is_kind("water_failed"),
    "outage.water_back": is_kind("water_restored"),
    "outage.water_back_unnoticed": both(is_kind("water_restored"), stopped_nobody(Reason.WATER)),
    "outage.dark": stopped_by(Reason.POWER, begun=False),
    "outage.dark_stopped": stopped_by(Reason.POWER, begun=True),
    "outage.dry_shower": stopped_by(Reason.WATER, begun=False),
    "outage.dry_stopped": stopped_by(Reason.WATER, begun=True),
    "outage.sold_out": both(is_kind("affordance_failed"), lambda at: int(at.row["code2"]) == Reason.STOCK),
    "outage.rain": is_kind("weather_changed", Weather.RAIN),
    "outage.dry": both(is_kind("weather_changed", Weather.CLEAR), lambda at: bool(at.count("weather_changed") > 1)),
    "outage.dearer": price_moved(1),
    "outage.cheaper": price_moved(-1),
    **{f"personality.{name}": claim for name, claim in MANNERS.items()},
    **{f"personality.newly_{name}": claim for name, claim in MANNERS.items()},
    "personality.talker": talked_most,
    "personality.talker_outgoing": both(talked_most, is_extreme(Trait.EXTROVERSION, 1)),
    "personality.talker_shy": both(talked_most, lambda at: bool(at.person(at.a)["traits"][Trait.EXTROVERSION] <= -0.5)),
    "personality.impatient": is_kind("queue_left", Reason.IMPATIENT),
}
"""What each situation claims."""
