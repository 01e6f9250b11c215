"""A town under outside control, for tests: asked at random, or as a test says; and what came of it."""

import random
from collections.abc import Callable, Iterable

import numpy as np

from eventlog.rows import Rows
from tests.townlet.towns import log_digest, town_of
from townlet.configuration.settings import Settings
from townlet.env.step import advance, begin
from townlet.rules.control import ASKABLE, NOT_ASKED

Choice = Callable[[int, list[int]], int]
"""From a seat and what may be asked of it to what is asked."""


class Play:
    """A founded town of which everybody is asked something each tick. `rows` is its history so far."""

    def __init__(self, settings: Settings, seed: int, control: int) -> None:
        self.town = town_of(settings)
        self.history = [self.town.found(seed)]
        self.town.towns["cursor"]["control"] = int(control)
        self.town.towns["asked"][:] = NOT_ASKED
        begin(self.town.towns, self.town.plans)

    def allowed(self, seat: int) -> list[int]:
        """What may be asked of a seat in the coming tick."""
        bits = int(self.town.record["allowed"][seat])
        return [action for action in range(int(ASKABLE)) if bits >> action & 1]

    def living(self) -> list[int]:
        """The seats in which somebody sits."""
        return [int(seat) for seat in np.flatnonzero(self.town.record["agents"]["alive"])]

    def step(self, choice: Choice, empty: int = 0) -> Rows:
        """One tick: everybody is asked what `choice` says, and `empty` is asked of empty seats; gives its events."""
        asked = self.town.towns["asked"]
        asked[:] = empty
        for seat in self.living():
            asked[0, seat] = choice(seat, self.allowed(seat))
        advance(self.town.towns, self.town.plans)
        self.history.append(self.town.take_rows())
        return self.history[-1]

    @property
    def rows(self) -> Rows:
        """Every event so far."""
        return np.concatenate(self.history)


def at_random(seed: int) -> Choice:
    """Any of what may be asked, each as likely."""
    chance = random.Random(seed)
    return lambda _, allowed: chance.choice(allowed)


def played(settings: Settings, seed: int, control: int, ticks: int, choice: Choice, empty: int = 0) -> Play:
    """A town after so many ticks."""
    play = Play(settings, seed, control)
    for _ in range(ticks):
        play.step(choice, empty)
    return play


def random_digests(settings: Settings, seed: int, control: int, ticks: int) -> list[str]:
    """The digests of the log and of the state of a town that was asked at random, right and wrong."""
    chance = random.Random(seed)

    def any_at_all(_: int, allowed: Iterable[int]) -> int:
        return chance.choice([*allowed, *range(-1, 11)])

    play = played(settings, seed, control, ticks, any_at_all)
    return [log_digest([play.rows]), play.town.state_digest()]
