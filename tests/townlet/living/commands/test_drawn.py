"""Drawn commands: of every kind, the same for a seed and a town, mostly such that the town follows them."""

from collections import Counter
from functools import cache

from tests.townlet.towns import default_settings, town_of
from townlet.living.commands.door import Answer
from townlet.living.commands.drawn import DrawnSession, drawn_ticks
from townlet.living.commands.session import Order, living
from townlet.living.commands.typed import NAMES
from townlet.living.town import Town

TICKS = 700
COUNT = 400


class Heard(DrawnSession):
    """A drawn session that keeps what it gives, with the answers."""

    def __init__(self, town: Town, seed: int) -> None:
        super().__init__(town, seed, COUNT, TICKS)
        self.heard: list[tuple[Order, Answer]] = []

    def give(self, order: Order) -> Answer:
        answer = super().give(order)
        self.heard.append((order, answer))
        return answer


@cache
def heard(seed: int) -> list[tuple[Order, Answer]]:
    town = town_of(default_settings())
    town.found(seed)
    session = Heard(town, seed)
    for _ in living(town, TICKS, TICKS, session):
        pass
    return session.heard


def test_every_kind_comes_and_most_are_followed() -> None:
    found = heard(5)
    assert len(found) == COUNT
    assert {order.command.command for order, _ in found} == set(NAMES)
    assert 0.6 < sum(answer.accepted for _, answer in found) / COUNT < 0.95
    followed = Counter(order.command.command for order, answer in found if answer.accepted)
    assert set(followed) >= set(NAMES) - {"force_chat", "spawn"}, set(NAMES) - set(followed)
    refusals = {answer.refusal.name for _, answer in found if answer.refusal is not None}
    assert len(refusals) >= 4


def test_they_are_the_same_for_a_seed_and_others_for_another() -> None:
    assert heard(5) == heard.__wrapped__(5)
    assert [order for order, _ in heard(5)] != [order for order, _ in heard(6)]


def test_each_comes_at_its_tick_in_order() -> None:
    ticks = drawn_ticks(5, COUNT, TICKS)
    assert sorted(number for _, number in ticks) == list(range(COUNT))
    assert [answer.tick for _, answer in heard(5)] == [tick for tick, _ in ticks]
    assert 0 <= ticks[0][0] <= ticks[-1][0] < TICKS
