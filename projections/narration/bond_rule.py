"""When a tie makes or ends a bond: the rule of the fold, `settle_bond`, for readers of a log, one tie at a time."""

from types import SimpleNamespace
from typing import Any, Final

from projections.record.words import A_FRIEND, A_RIVAL, NO_BOND
from projections.town.ties import settle_bond

NONE, FRIEND, RIVAL = int(NO_BOND), int(A_FRIEND), int(A_RIVAL)
"""What the other one is to the owner of a tie."""

Sides = tuple[float, float, float]
"""Trust, familiarity and rivalry of a tie."""

MARKS: Final = ("friend_from", "friend_until", "rival_from", "rival_until")

CLOSE: Final = 0.25
"""A friendship is close to its end below this share of the way from the mark that ends it to the one that makes it."""

MUCH: Final = 0.5
"""A friend holds much against the other one from this rivalry on; 1 is the most."""

_settle = getattr(settle_bond, "py_func", settle_bond)
"""The rule as it stands; a few thousand calls are not worth compiling it."""


class BondRule:
    """The rule under the marks of a plan, a record of `PLAN`.

    `friend_from` is the liking that makes a friend; a friend with a liking below `close` is nearly one no more.
    """

    def __init__(self, plan: Any) -> None:
        marks = {name: float(plan["social"][name]) for name in MARKS}
        self._plan = SimpleNamespace(social=SimpleNamespace(**marks))
        self.friend_from, until = marks["friend_from"], marks["friend_until"]
        self.close = until + CLOSE * (self.friend_from - until)

    def after(self, bond: int, sides: Sides | None) -> int:
        """The bond where a tie with this bond comes to have these sides; None: there is no tie."""
        if sides is None:
            return NONE
        trust, familiarity, rivalry = sides
        tie = SimpleNamespace(bond=bond, trust=trust, familiarity=familiarity, rivalry=rivalry)
        _settle(self._plan, tie)
        return int(tie.bond)


def liking(sides: Sides) -> float:
    """Trust + familiarity - rivalry."""
    trust, familiarity, rivalry = sides
    return trust + familiarity - rivalry
