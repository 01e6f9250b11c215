"""What the story claims of commands: who gave them, what they led to, until when it lasts. Functions of the log."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Deed, Dimension, Issuer, Item, Limit, Option, Outcome, Reason, Weather
from tests.projections.narration.claimed_bonds import Claim
from tests.projections.narration.claims import both, is_kind, leaves_for
from tests.projections.narration.spelled import SMALL, noun
from tests.projections.narration.story_log import At


def commanded(kind: str, code: int | None = None) -> Claim:
    """The event is of this kind and code, of the entry's people, and a command led to it."""
    return both(is_kind(kind, code), lambda at: at.order is not None)


def lasts(at: At) -> bool:
    """The event says for how many ticks it lasts."""
    return bool(at.row["value"] > 0)


def is_over(kind: str, which: str, number: Callable[[At], int]) -> Claim:
    """The last such event of this person or place is over by now, and was not in the tick before."""

    def claim(at: At) -> bool:
        last = at.log.of(kind, until=at.seq, **{which: number(at)})[-1]
        return bool(last["value"] > 0) and at.tick == int(last["tick"]) + int(last["value"])

    return claim


def is_ended(kind: str, which: str) -> Claim:
    """A command ends what an earlier one began, before its time."""

    def claim(at: At) -> bool:
        last = at.log.of(kind, until=at.seq, **{which: int(at.row[which])})[-1]
        return int(last["tick"]) + int(last["value"]) > at.tick and not lasts(at)

    return both(commanded(kind), claim)


def is_free_again(at: At) -> bool:
    """The person was kept from this deed until later than now."""
    same = {name: int(at.row[name]) for name in ("agent", "other", "code")}
    last = at.log.of("restrained", until=at.seq, **same)[-1]
    return int(last["tick"]) + int(last["value"]) > at.tick and not lasts(at)


def closes_the_venue(at: At) -> bool:
    """The command closes every place of the venue but desks and beds, all for equally long."""
    places, own = at.log.map.places, {deed.place for deed in at.log.settings.affordances.values() if deed.own}
    rows = at.log.of("place_closed", tick=at.tick)
    closed = {int(row["object"]) for row in rows if row["value"] == at.row["value"]}
    here = [number for number, place in enumerate(places) if place.venue == places[at.place].venue]
    return {number for number in here if places[number].kind not in own} <= closed


def seats_there(at: At) -> list[Any]:
    """What can be done for company at the places in the venue of the meeting, a row for each place."""
    places, deeds = at.log.map.places, at.log.settings.affordances.values()
    venue = places[at.entry["place"]].venue
    kind = at.log.map.venues[venue].kind
    here = [place.kind for place in places if place.venue == venue]
    fitting = {place: [deed for deed in deeds if deed.place == place] for place in here}
    own = {place: [deed for deed in found if kind in deed.venues] for place, found in fitting.items()}
    any_venue = {place: [deed for deed in found if not deed.venues] for place, found in fitting.items()}
    return [deed for place in here for deed in own[place] or any_venue[place] if deed.option == "socialise"]


def no_seat(at: At) -> bool:
    """The order ended because there was no place for company in the venue that the agent could use."""
    return int(at.row["code2"]) == Reason.NO_PLACE and bool(seats_there(at))


def are_wet(at: At) -> bool:
    """It rains on all of the places."""
    rain = int(at.log.of("weather_changed", until=at.seq)["code"][-1]) == Weather.RAIN
    return rain and all(deed.open_air for deed in seats_there(at))


def keeps_the_money(at: At) -> bool:
    """The agent could pay for each of the places, but has not so much that it pays for leisure."""
    money, least = float(at.person(at.a)["wallet"]), at.log.settings.market.spend_above
    return all(0 < deed.fee <= money < deed.fee + least for deed in seats_there(at))


def has_too_little(at: At) -> bool:
    """The agent cannot pay for any of the places."""
    return all(deed.fee > float(at.person(at.a)["wallet"]) for deed in seats_there(at))


def has_no_better_reason(at: At) -> bool:
    """It is neither rain nor money that kept the agent from the places, or a command has closed them."""
    if not seats_there(at):
        return True
    closed = [row for row in at.log.of("place_closed", until=at.seq) if row["tick"] + row["value"] > at.tick]
    venue = at.log.map.places[at.entry["place"]].venue
    is_shut = any(at.log.map.places[int(row["object"])].venue == venue for row in closed)
    return is_shut or not (are_wet(at) or keeps_the_money(at) or has_too_little(at))


def order_of(at: At) -> Any:
    """The event that sent the person to a meeting, which ends now."""
    return at.log.rows[at.seq - int(at.row["cause"])]


def ends_a_meeting(at: At) -> bool:
    """The end of an order to meet, of these two people."""
    sent = order_of(at)
    same = (int(sent["agent"]), int(sent["other"]), int(sent["object"])) == (at.a, at.b, at.entry["place"])
    return at.kind == "order_ended" and sent["kind"] == KIND_CODES["meeting_arranged"] and same


def both_are_there(at: At) -> bool:
    """Both stand in the venue of the meeting."""
    venue = at.log.map.places[at.entry["place"]].venue
    return int(at.row["code2"]) == Reason.FINISHED and at.venue(at.a) == at.venue(at.b) == venue


def price_of(at: At, back: int) -> int:
    """The price of the item so many changes ago, in hundredths."""
    return round(float(at.log.of("price_changed", until=at.seq + 1, code=at.code)["value"][-1 - back]) * 100)


def price_set(how: Callable[[At], bool]) -> Claim:
    """A command sets a price, and it differs so from the ones before."""
    return both(commanded("price_changed"), how)


def limits(limit: Limit, *values: int) -> Claim:
    """A command sets this limit; to one of these values, or to any above 0."""
    return both(
        commanded("limit_set", limit),
        lambda at: int(at.row["value"]) in values if values else bool(at.row["value"] > 0),
    )


def either(*claims: Claim) -> Claim:
    """One of these claims holds."""
    return lambda at: any(claim(at) for claim in claims)


def is_ill(whose: str) -> Claim:
    """By the last command about it, the person or the other one is unwell now."""

    def claim(at: At) -> bool:
        last = at.log.of("illness_began", until=at.seq, agent=getattr(at, whose))[-1]
        return int(last["tick"]) + int(last["value"]) > at.tick

    return claim


def decides(outcome: Outcome) -> Claim:
    """The same command decides how the talk ends."""

    def claim(at: At) -> bool:
        forced = at.log.of("outcome_forced", tick=at.tick, agent=at.a, other=at.b, code=int(outcome))
        return any(int(row["seq"]) - int(row["cause"]) == int(at.order["seq"]) for row in forced)

    return claim


BY_COMMAND: Final[Mapping[str, Claim]] = {
    "friendship.set": commanded("tie_set"),
    "chat.forced": commanded("chat_started"),
    "chat.meeting": commanded("meeting_arranged"),
    "chat.met": both(ends_a_meeting, both_are_there),
    "chat.not_met": both(ends_a_meeting, lambda at: int(at.row["code2"]) != Reason.FINISHED),
    "work.ill": both(commanded("illness_began"), lasts),
    "work.healed": is_ended("illness_began", "agent"),
    "work.well": is_over("illness_began", "agent", lambda at: at.a),
    "work.oversleeps": commanded("outcome_forced", Outcome.OVERSLEEPS),
    "work.rises": commanded("outcome_forced", Outcome.RISES_IN_TIME),
    "arrival.called": commanded("newcomer_called"),
    "arrival.delay": both(commanded("limit_set", Limit.SPAWN_DELAY), lambda at: bool(at.row["value"] >= 0)),
    "arrival.usual": limits(Limit.SPAWN_DELAY, -1),
    "departure.sent_away": both(leaves_for(Reason.BY_COMMAND), lambda at: at.order is not None),
    "departure.stopped": either(limits(Limit.MORTALITY, 0), limits(Limit.EXIT_CAP, 0)),
    "departure.allowed": limits(Limit.MORTALITY, 1),
    "departure.capped": limits(Limit.EXIT_CAP),
    "departure.uncapped": limits(Limit.EXIT_CAP, -1),
    "outage.power_by": commanded("power_failed"),
    "outage.water_by": commanded("water_failed"),
    "outage.closed": both(commanded("place_closed"), lasts, closes_the_venue),
    "outage.opened": is_ended("place_closed", "object"),
    "outage.open_again": is_over("place_closed", "object", lambda at: int(at.entry["place"])),
    "outage.rain_by": commanded("weather_changed", Weather.RAIN),
    "outage.dry_by": commanded("weather_changed", Weather.CLEAR),
    "outage.price_raised": price_set(lambda at: price_of(at, 0) > price_of(at, 1)),
    "outage.price_lowered": price_set(lambda at: price_of(at, 0) < price_of(at, 1)),
    "outage.price_back": price_set(lambda at: price_of(at, 0) == price_of(at, 2) != price_of(at, 1)),
    "personality.possessed": commanded("possession_began"),
    "personality.released": commanded("possession_ended"),
    "personality.ordered": commanded("option_ordered"),
    "personality.moved": commanded("teleported"),
    "personality.kept": both(commanded("restrained"), lasts, lambda at: int(at.row["other"]) < 0),
    "personality.kept_from_one": both(commanded("restrained"), lasts, lambda at: int(at.row["other"]) == at.b >= 0),
    "personality.free": both(commanded("restrained"), is_free_again, lambda at: int(at.row["other"]) < 0),
    "personality.free_towards": both(commanded("restrained"), is_free_again),
    "personality.need": commanded("need_set"),
}
"""What each situation claims that tells of a command."""

ASIDES_BY_COMMAND: Final[Mapping[str, Claim]] = {
    "chat.will_succeed": decides(Outcome.CHAT_SUCCEEDS),
    "chat.will_fail": decides(Outcome.CHAT_FAILS),
    "chat.too_late": lambda at: int(at.row["code2"]) == Reason.TIMED_OUT and at.tick >= meeting_end(at),
    "chat.no_seat": both(lambda at: int(at.row["code2"]) == Reason.NO_PLACE, has_no_better_reason),
    "chat.wet": both(no_seat, are_wet),
    "chat.too_dear": both(no_seat, keeps_the_money),
    "chat.no_money": both(no_seat, has_too_little),
    "chat.gone": lambda at: at.b not in set(at.log.living(at.seq)),
    "work.missed_ill": is_ill("a"),
    "takeover.ill": is_ill("b"),
}
"""What each aside claims that tells of a command."""


def meeting_end(at: At) -> int:
    """The first tick at which the order to meet is over."""
    return int(order_of(at)["tick"]) + int(order_of(at)["value"])


def giver(at: At) -> str:
    """Who gave the command."""
    issuer = Issuer(int(at.order["code2"]))
    return {"PERTURBATION": "a city event", "TRIAL": "a trial"}.get(issuer.name, "an operator")


def until(at: At) -> str:
    """When it is over, as a clock says it."""
    end = at.tick + int(at.row["value"])
    days, minutes = end // at.log.per_day - at.day, end % at.log.per_day * 1440 // at.log.per_day
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}"
    later = SMALL[days] if days < len(SMALL) else f"{days:,}"
    return clock if days == 0 else f"{clock} the next day" if days == 1 else f"{clock}, {later} days later"


DEEDS: Final = {
    "eat": "eating",
    "wash": "washing",
    "sleep": "sleeping",
    "work": "working",
    "shop": "shopping",
    "cook": "cooking",
    "socialise": "looking for company",
    "yield": "letting others go first",
    "chat": "talking",
    "news": "telling news",
    "cut": "pushing in",
    "block": "keeping a place after use",
    "ghost": "pushing past people",
    "barred": "being rude to people in the way",
    "portion": "taking the last portion",
    "promise": "breaking a promise",
    "cover": "agreeing to stand in at work",
    "help": "helping out at work",
    "takeover": "taking over shifts",
    "shared_meal": "eating in company",
    "handover": "making way in line",
    "gift": "giving meals away",
    "loan": "lending money",
    "repayment": "paying money back",
    "leave": "leaving town",
}

ORDERS: Final = {
    "wait": "wait",
    "eat": "eat",
    "wash": "wash",
    "sleep": "sleep",
    "work": "work",
    "shop": "go shopping",
    "cook": "cook",
    "socialise": "look for company",
    "yield": "let another go first",
}


def deed(at: At) -> str:
    """What somebody is kept from."""
    return DEEDS[Deed(at.code).name.lower()]


def delay(at: At) -> str:
    """`at once after`, `two hours and five minutes after`."""
    minutes = int(at.row["value"]) * 1440 // at.log.per_day
    if not minutes:
        return "at once after"
    days, hours = divmod(minutes // 60, 24)
    if days:
        parts = [noun(days, "day"), noun(hours, "hour") if hours else ""]
    else:
        parts = [noun(hours, "hour") if hours else "", noun(minutes % 60, "minute") if minutes % 60 else ""]
    return f"{' and '.join(part for part in parts if part)} after"


VALUES_BY_COMMAND: Final[Mapping[str, Callable[[At], str]]] = {
    "by": giver,
    "until": until,
    "item": lambda at: {Item.RAW: "raw food", Item.MEAL: "a meal"}[Item(at.code)],
    "deed": deed,
    "order": lambda at: ORDERS[Option(at.code).name.lower()],
    "felt": lambda at: ("hungry", "clean", "tired")[at.code],
    "side": lambda at: Dimension(at.code).name.lower(),
    "level": lambda at: f"{at.row['value']:.2f}",
    "delay": delay,
}
"""The values of placeholders that only commands have."""
