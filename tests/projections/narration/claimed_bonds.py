"""What the story claims of bonds: begun, begun again, ended, and close to their end. Functions of the log."""

from collections.abc import Callable

from tests.projections.narration.claimed_reasons import time_took_most
from tests.projections.narration.story_log import At

FRIEND, RIVAL = 1, 2

Claim = Callable[[At], bool]


def over_is_the_event(at: At) -> bool:
    """The event is between the two, or about the other one."""
    people = {int(at.row["agent"]), int(at.row["other"])}
    return {at.a, at.b} <= people | ({int(at.row["tile"])} if at.kind == "news_told" else set())


def begun(sort: int, *, mutual: bool) -> Claim:
    """The event made `other` a friend or rival of `agent`; mutual: and now it is so in both directions."""

    def claim(at: At) -> bool:
        made = [at.changed(*two, was, sort) for two in ((at.a, at.b), (at.b, at.a)) for was in (0, 3 - sort)]
        back = at.bond(at.b, at.a) == sort
        return any(made) and at.bond(at.a, at.b) == sort and (back if mutual else not back) and over_is_the_event(at)

    return claim


def begun_again(sort: int) -> Claim:
    """The event made a bond of the one towards the other that it had had before."""

    def claim(at: At) -> bool:
        two = ((at.a, at.b), (at.b, at.a))
        had = [any(each.bond == sort and each.seq < at.seq for each in at.log.bonds_of(*each, at.seq)) for each in two]
        return had[0] and at.bond(at.a, at.b) == sort and over_is_the_event(at)

    return claim


def ended(sort: int, *, mutual: bool) -> Claim:
    """The event ended a bond, in one direction or in both."""

    def claim(at: At) -> bool:
        over = [any(at.changed(*two, sort, now) for now in (0, 3 - sort)) for two in ((at.a, at.b), (at.b, at.a))]
        return over[0] and (over[1] if mutual else not over[1]) and over_is_the_event(at)

    return claim


def ended_in_time(sort: int) -> Claim:
    """The end of this hour ended the bond, and maybe began the other one; no event did."""
    return lambda at: any(changed_in_time(sort, now)(at) for now in (0, 3 - sort))


def begun_in_time(sort: int) -> Claim:
    """The end of this hour began the bond, and maybe ended the other one; no event did."""
    return lambda at: any(changed_in_time(was, sort)(at) for was in (0, 3 - sort))


def changed_in_time(was: int, now: int, *, mutual: bool = False) -> Claim:
    """The end of this hour made or ended the bond, in one direction or in both; no event did."""

    def claim(at: At) -> bool:
        two = [at.changed(*each, was, now) for each in ((at.a, at.b), (at.b, at.a))]
        return at.kind == "tick_ended" and two[0] and (not mutual or two[1])

    return claim


def nearly_over(*, in_time: bool) -> Claim:
    """The event, or the end of this hour, brought the liking of a friend below a quarter of the way to the end.

    `in_time`: time took most of it. At an hour's end it is said of what was done, where that took as much.
    """

    def claim(at: At) -> bool:
        bonds = at.log.settings.relationships.bonds
        mark = bonds.friend_until + 0.25 * (bonds.friend_liking - bonds.friend_until)
        was, now = (at.liking(at.a, at.b, before=when) for when in (True, False))
        friends = at.bond(at.a, at.b, before=True) == at.bond(at.a, at.b) == FRIEND
        right = time_took_most(at) == in_time if at.kind == "tick_ended" else not in_time and over_is_the_event(at)
        return friends and right and bonds.friend_until <= now < mark <= was

    return claim
