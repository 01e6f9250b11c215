"""The reasons of a bond: what each sort of event gave to a tie, and which sorts gave most.

Amounts are of liking (trust + familiarity - rivalry) and of rivalry since the tie began, and of liking since its bond
last changed, which is `change`. They are as events gave them, without what time took away.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from eventlog import codes
from eventlog.catalogue.registries import Reason
from projections.narration.bond_rule import Sides, liking
from projections.narration.memory import Memory
from projections.narration.words import comma_list

MICRO: Final = 1e6
"""An amount is kept as a whole number of millionths."""

MOST: Final = 2
"""So many sorts of events are named at most."""

SMALL: Final = "many small things"
"""The words where no MOST sorts gave more than half."""

SEVERAL: Final = -2
"""Kept as the teller of news that several people told."""

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
    FOUNDING: ("how they stood before the town began", "how they stood before the town began"),
}
"""The words for each sort of event, for one and for more."""

SPECIAL: Final[Mapping[str, int]] = {
    HANDOVER_AT_A_DESK: int(codes.QUEUE_HANDOVER),
    PROMISE: int(codes.QUEUE_CONFLICT),
    TAKEN: int(codes.SHIFT_TAKEOVER),
    FOUNDING: int(codes.TIE_SET),
}
"""The kinds of events of the sorts that are not called by their kind."""

FEELINGS: Final = ("liking", "rivalry", "change")
"""What is counted: the first two since the tie began, the last one since the bond last changed."""


class Cause(NamedTuple):
    """An event that changes a tie, as the reasons see it. `teller` is who told the news, where it is news."""

    sort: str
    teller: int


def cause_of(kind: int, code: int, agent: int, owner: int, *, at_a_desk: bool, founding: bool) -> Cause:
    """The sort of an event for the tie of `owner`, and who told it; `agent` is the event's."""
    sort = str(kind)
    if kind == codes.QUEUE_CONFLICT and code == Reason.PROMISE:
        sort = PROMISE
    elif kind == codes.QUEUE_HANDOVER and at_a_desk:
        sort = HANDOVER_AT_A_DESK
    elif kind == codes.SHIFT_TAKEOVER and agent != owner:
        sort = TAKEN
    elif kind == codes.TIE_SET and founding:
        sort = FOUNDING
    return Cause(sort, agent)


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
        for feeling, amount in zip(FEELINGS, (liked, rivalled, liked), strict=True):
            if amount:
                self._add(owner, other, cause, feeling, amount)

    def _add(self, owner: int, other: int, cause: Cause, feeling: str, amount: int) -> None:
        memory, name = self._memory, f"{feeling}_by_{cause.sort}"
        memory.put(memory.get(name, owner, other) + amount, name, owner, other)
        memory.add(_times(feeling, cause.sort, amount), owner, other)
        if cause.sort == NEWS:
            teller = memory.get(f"{feeling}_told_by", owner, other, cause.teller)
            memory.put(cause.teller if teller == cause.teller else SEVERAL, f"{feeling}_told_by", owner, other)

    def bond_changed(self, owner: int, other: int) -> None:
        """Count the change of liking anew."""
        self._forget(owner, other, "change")

    def forget(self, owner: int, other: int) -> None:
        """The tie is gone."""
        for feeling in FEELINGS:
            self._forget(owner, other, feeling)

    def _forget(self, owner: int, other: int, feeling: str) -> None:
        self._memory.drop(f"{feeling}_told_by", owner, other)
        for sort in WORDS:
            for name in (f"{feeling}_by_{sort}", _times(feeling, sort, 1), _times(feeling, sort, -1)):
                self._memory.drop(name, owner, other)

    def most(self, owner: int, other: int, feeling: str, sign: int, name: Callable[[int], str]) -> str:
        """The sorts of events that gave more than half of a feeling, in words: `a quarrel and what Grace said`.

        `sign` -1 asks for what took it away; `name` gives a person's name.
        """
        amounts = {sort: sign * self._memory.get(f"{feeling}_by_{sort}", owner, other) for sort in WORDS}
        gave = sorted((sort for sort in WORDS if amounts[sort] > 0), key=lambda sort: -amounts[sort])
        half = sum(amounts[sort] for sort in gave) / 2
        for count in range(1, MOST + 1):
            if half and sum(amounts[sort] for sort in gave[:count]) > half:
                return comma_list([self._words(owner, other, feeling, sign, sort, name) for sort in gave[:count]])
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


def _times(feeling: str, sort: str, sign: int) -> str:
    """The name of the count of events of a sort that gave (or took) some of a feeling."""
    return f"{feeling}_times_{sort}_{'more' if sign > 0 else 'less'}"
