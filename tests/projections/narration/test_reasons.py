"""The reasons of a bond: counted since it last changed, with what time took, and said to be old where they are."""

from eventlog import codes
from projections.narration.memory import Memory
from projections.narration.reasons import Reasons, cause_of

ERIN, GRACE, HENRY = range(3)


def name(person: int) -> str:
    return ("Erin", "Grace", "Henry")[person]


class Tie:
    """Erin's tie to Grace, which events change one after the other."""

    def __init__(self) -> None:
        self.reasons, self.sides = Reasons(Memory()), (0.0, 0.0, 0.0)

    def happens(self, kind: int, day: int, trust: float, rivalry: float = 0.0, agent: int = ERIN) -> None:
        """An event of this kind on this day adds so much trust and rivalry."""
        before = self.sides
        self.sides = (before[0] + trust, before[1], before[2] + rivalry)
        cause = cause_of(int(kind), 0, agent, ERIN, day, at_a_desk=False, founding=False)
        self.reasons.add(ERIN, GRACE, cause, before, self.sides)

    def fades(self, much: float) -> None:
        """Time takes so much trust."""
        self.sides = (self.sides[0] - much, *self.sides[1:])

    def most(self, feeling: str, sign: int, day: int) -> str:
        return self.reasons.most(ERIN, GRACE, feeling, sign, day, name)

    def bond_changes(self) -> None:
        self.reasons.bond_changed(ERIN, GRACE)

    def is_faded(self) -> bool:
        return self.reasons.is_faded(ERIN, GRACE, self.sides)


def test_a_bond_made_again_has_the_reasons_since_it_last_changed() -> None:
    tie = Tie()
    tie.happens(codes.SHIFT_TAKEOVER, 0, -0.4, 0.5)
    tie.bond_changes()
    tie.happens(codes.CHAT_FAILED, 5, -0.02, 0.04)
    assert tie.most("rivalry", 1, 5) == "a talk that went wrong"
    assert tie.most("liking", -1, 5) == "a talk that went wrong"


def test_of_deeds_days_ago_it_is_said_when_they_were() -> None:
    tie = Tie()
    tie.happens(codes.SHARED_MEAL, 1, 0.35)
    assert tie.most("liking", 1, 2) == "a shared meal"
    assert tie.most("liking", 1, 6) == "a shared meal five days before"
    tie.happens(codes.SHARED_MEAL, 3, 0.35)
    assert tie.most("liking", 1, 6) == "shared meals until three days before"


def test_a_rivalry_that_no_deed_made_is_told_with_what_took_the_liking() -> None:
    tie = Tie()
    tie.happens(codes.QUEUE_CONFLICT, 0, 0.0, 0.9)
    tie.bond_changes()
    tie.happens(codes.CHAT_FAILED, 1, -0.3)
    assert tie.most("rivalry", 1, 1) == "a talk that went wrong"


def test_a_feeling_has_faded_only_where_time_took_more_than_half_of_the_loss() -> None:
    """A quarrel took 0.114, bad talks 0.043 and time 0.021: it is not time."""
    tie = Tie()
    tie.happens(codes.SHARED_MEAL, 0, 0.8)
    tie.bond_changes()
    tie.happens(codes.QUEUE_CONFLICT, 0, -0.114)
    tie.fades(0.011)
    tie.happens(codes.CHAT_FAILED, 0, -0.043)
    tie.fades(0.010)
    assert not tie.is_faded()
    assert tie.most("liking", -1, 0) == "a quarrel"
    tie.fades(0.130)
    assert not tie.is_faded()
    tie.fades(0.010)
    assert tie.is_faded()


def test_what_time_took_before_the_bond_was_made_does_not_count() -> None:
    tie = Tie()
    tie.happens(codes.SHARED_MEAL, 0, 0.9)
    tie.fades(0.2)
    tie.happens(codes.SHARED_MEAL, 2, 0.3)
    tie.bond_changes()
    tie.happens(codes.CHAT_FAILED, 3, -0.1)
    assert not tie.is_faded()


def test_where_time_made_the_bond_the_fading_is_counted_from_there() -> None:
    tie = Tie()
    tie.happens(codes.SHARED_MEAL, 0, 0.9)
    tie.fades(0.3)
    tie.reasons.bond_changed(ERIN, GRACE, tie.sides)
    tie.happens(codes.CHAT_FAILED, 3, -0.1)
    assert not tie.is_faded()
    tie.fades(0.11)
    assert tie.is_faded()
