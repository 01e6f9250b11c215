"""The reasons of a bond: what each sort of event gave to a tie, and which sorts gave most.

Amounts are of liking (trust + familiarity - rivalry) and of rivalry, since the tie began or its bond last changed. They
are as events gave them; what time took of the liking is counted for itself.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from eventlog import codes
from eventlog.catalogue.registries import Reason
from projections.narration.bond_rule import Sides, liking
from projections.narration.memory import Memory
from projections.narration.words import comma_list, number

MICRO: Final = 1e6
"""An amount is kept as a whole number of millionths."""

MOST: Final = 2
"""So many sorts of events are named at most."""

SMALL: Final = "many small things"
"""The words where no MOST sorts gave more than half."""

OLD_DAYS: Final = 2
"""Of events so many days ago it is said when they were."""

SEVERAL: Final = -2
"""Kept as the teller of news that several people told."""

FADED: Final = "liking_faded"
"""The name of what time took of the liking, as far as it was counted."""

SEEN: Final = "liking_seen"
"""The name of the liking after the last event that changed the tie."""

HANDOVER_AT_A_DESK, PROMISE, TAKEN, FOUNDING = "desk", "promise", "taken", "founding"

NEWS: Final = str(int(codes.NEWS_TOLD))

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    str(int(codes.SHARED_MEAL)): ("a shared meal", "shared meals"),
    str(int(codes.CHAT_SUCCEEDED)): ("a talk", "talks"),
    str(int(codes.CHAT_FAILED)): ("a talk that went wrong", "talks that went wrong"),
    str(int(codes.QUEUE_HANDOVER)): ("a kindness in line", "kindnesses in line"),
    HANDOVER_AT_A_DESK: ("a handover at the desk", "handovers at the desk"),
    str(int(codes.QUEUE_CONFLICT)): ("a quarrel", "quarrels"),
    PROMISE: ("a broken promise", "broken promises"),
    str(int(codes.LATE_HELP)): ("help at work", "help at work"),
    str(int(codes.SHIFT_TAKEOVER)): ("a shift that {owner} took over", "shifts that {owner} took over"),
    TAKEN: ("a shift that {other} took over", "shifts that {other} took over"),
    NEWS: ("what {teller} said", "what {teller} said"),
    str(int(codes.MEAL_GIVEN)): ("a meal as a gift", "meals as gifts"),
    str(int(codes.MONEY_LENT)): ("a loan", "loans"),
    str(int(codes.MONEY_RETURNED)): ("money paid back", "money paid back"),
    str(int(codes.TIE_SET)): ("a command", "commands"),
    FOUNDING: ("their old acquaintance", "their old acquaintance"),
}
"""The words for each sort of event, for one and for more."""

SPECIAL: Final[Mapping[str, int]] = {
    HANDOVER_AT_A_DESK: int(codes.QUEUE_HANDOVER),
    PROMISE: int(codes.QUEUE_CONFLICT),
    TAKEN: int(codes.SHIFT_TAKEOVER),
    FOUNDING: int(codes.TIE_SET),
}
"""The kinds of events of the sorts that are not called by their kind."""

FEELINGS: Final = ("liking", "rivalry")
"""What is counted."""


class Cause(NamedTuple):
    """An event that changes a tie, as the reasons see it. `teller` is who told the news, where it is news."""

    sort: str
    teller: int
    day: int = 0


def cause_of(kind: int, code: int, agent: int, owner: int, day: int, *, at_a_desk: bool, founding: bool) -> Cause:
    """The sort of an event for the tie of `owner`, who told it, and when; `agent` is the event's."""
    sort = str(kind)
    if kind == codes.QUEUE_CONFLICT and code == Reason.PROMISE:
        sort = PROMISE
    elif kind == codes.QUEUE_HANDOVER and at_a_desk:
        sort = HANDOVER_AT_A_DESK
    elif kind == codes.SHIFT_TAKEOVER and agent != owner:
        sort = TAKEN
    elif kind == codes.TIE_SET and founding:
        sort = FOUNDING
    return Cause(sort, agent, day)


def kind_of(sort: str) -> int:
    """The kind of the events of a sort."""
    return SPECIAL[sort] if sort in SPECIAL else int(sort)


class Reasons:
    """The reasons of all ties, kept in a memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, owner: int, other: int, cause: Cause, before: Sides, after: Sides) -> None:
        """Count what an event gave to the tie of `owner` to `other`."""
        liked, rivalled = round((liking(after) - liking(before)) * MICRO), round((after[2] - before[2]) * MICRO)
        faded = self.faded(owner, other, before)
        self._memory.put(faded, FADED, owner, other)
        self.see(owner, other, after)
        for feeling, amount in zip(FEELINGS, (liked, rivalled), strict=True):
            if amount:
                self._add(owner, other, cause, feeling, amount)

    def see(self, owner: int, other: int, sides: Sides) -> None:
        """Remember the liking, so that what time takes from it can be told."""
        self._memory.put(round(liking(sides) * MICRO), SEEN, owner, other)

    def faded(self, owner: int, other: int, sides: Sides) -> int:
        """How much liking time has taken, in millionths, from a tie that has these sides now."""
        now = round(liking(sides) * MICRO)
        return self._memory.get(FADED, owner, other) + self._memory.get(SEEN, owner, other, default=now) - now

    def is_faded(self, owner: int, other: int, sides: Sides) -> bool:
        """Whether time took more than half of the liking that was lost; of each sort of events the sum counts."""
        amounts = [self._memory.get(f"liking_by_{sort}", owner, other) for sort in WORDS]
        return self.faded(owner, other, sides) > -sum(amount for amount in amounts if amount < 0)

    def _add(self, owner: int, other: int, cause: Cause, feeling: str, amount: int) -> None:
        memory, name = self._memory, f"{feeling}_by_{cause.sort}"
        memory.put(memory.get(name, owner, other) + amount, name, owner, other)
        memory.add(_times(feeling, cause.sort, amount), owner, other)
        memory.put(cause.day, _day(feeling, cause.sort, amount), owner, other)
        if cause.sort == NEWS:
            teller = memory.get(f"{feeling}_told_by", owner, other, cause.teller)
            memory.put(cause.teller if teller == cause.teller else SEVERAL, f"{feeling}_told_by", owner, other)

    def bond_changed(self, owner: int, other: int, sides: Sides | None = None) -> None:
        """Count all anew; `sides` are those of the tie where time changed the bond."""
        for feeling in FEELINGS:
            self._forget(owner, other, feeling)
        self._memory.drop(FADED, owner, other)
        if sides is not None:
            self.see(owner, other, sides)

    def forget(self, owner: int, other: int) -> None:
        """The tie is gone."""
        self.bond_changed(owner, other)
        self._memory.drop(SEEN, owner, other)

    def _forget(self, owner: int, other: int, feeling: str) -> None:
        self._memory.drop(f"{feeling}_told_by", owner, other)
        for sort in WORDS:
            signed = (each(feeling, sort, sign) for each in (_times, _day) for sign in (1, -1))
            for name in (f"{feeling}_by_{sort}", *signed):
                self._memory.drop(name, owner, other)

    def most(self, owner: int, other: int, feeling: str, sign: int, day: int, name: Callable[[int], str]) -> str:
        """The sorts of events that gave more than half of a feeling, in words: `a quarrel and what Grace said`.

        `sign` -1 asks for what took it away; `day` is today, and `name` gives a person's name. Where no event gave
        rivalry, as where a friendship ends that held some, the words are of what took the liking.
        """
        if feeling == "rivalry" and not any(self._memory.get(f"rivalry_by_{sort}", owner, other) > 0 for sort in WORDS):
            feeling, sign = "liking", -1
        amounts = {sort: sign * self._memory.get(f"{feeling}_by_{sort}", owner, other) for sort in WORDS}
        gave = sorted((sort for sort in WORDS if amounts[sort] > 0), key=lambda sort: -amounts[sort])
        half = sum(amounts[sort] for sort in gave) / 2
        for count in range(1, MOST + 1):
            if half and sum(amounts[sort] for sort in gave[:count]) > half:
                said = [self._words(owner, other, feeling, sign, sort, name) for sort in gave[:count]]
                whens = [self._when(owner, other, feeling, sign, sort, day) for sort in gave[:count]]
                return comma_list([f"{words}{when}" for words, when in zip(said, whens, strict=True)])
        return SMALL

    def first(self, owner: int, other: int, feeling: str, sign: int, name: Callable[[int], str]) -> tuple[str, str]:
        """The sort of events that gave most of a feeling, as in WORDS, and its words."""
        sort = max(WORDS, key=lambda sort: sign * self._memory.get(f"{feeling}_by_{sort}", owner, other))
        return sort, self._words(owner, other, feeling, sign, sort, name)

    def _words(self, owner: int, other: int, feeling: str, sign: int, sort: str, name: Callable[[int], str]) -> str:
        one, more = WORDS[sort]
        times = self._memory.get(_times(feeling, sort, sign), owner, other)
        teller = self._memory.get(f"{feeling}_told_by", owner, other, SEVERAL)
        said = name(teller) if teller != SEVERAL else "others"
        return (more if times > 1 else one).format(owner=name(owner), other=name(other), teller=said)

    def _when(self, owner: int, other: int, feeling: str, sign: int, sort: str, day: int) -> str:
        """When the last event of a sort was, if that is long ago: ` three days before`."""
        days = day - self._memory.get(_day(feeling, sort, sign), owner, other, default=day)
        if sort == FOUNDING or days < OLD_DAYS:
            return ""
        is_one = self._memory.get(_times(feeling, sort, sign), owner, other) == 1
        return f"{'' if is_one else ' until'} {number(days)} days before"


def _day(feeling: str, sort: str, sign: int) -> str:
    """The name of the day of the last event of a sort that gave (or took) some of a feeling."""
    return f"{feeling}_day_{sort}_{'more' if sign > 0 else 'less'}"


def _times(feeling: str, sort: str, sign: int) -> str:
    """The name of the count of events of a sort that gave (or took) some of a feeling."""
    return f"{feeling}_times_{sort}_{'more' if sign > 0 else 'less'}"
