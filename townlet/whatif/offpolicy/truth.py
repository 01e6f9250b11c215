"""The truth that an estimate is held against: futures from the same beginnings, in which people do live by the target.

Each future is lived three times with the same luck: as logged, by the behaviour policy; with one person, whose episode
it is, by the target, which is what an estimate is about; and with everybody by the target, whose own behaviour the
others then answer.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from townlet.configuration.settings import Settings
from townlet.living.by_policy import CHOICE
from townlet.policies.file import Policy
from townlet.policies.guide import Guide
from townlet.policies.seats import seats_by_policy
from townlet.rules import draw
from townlet.whatif.offpolicy.step import BY_BEHAVIOUR, BY_TARGET, live_paid
from townlet.whatif.offpolicy.weighing import Beginning, mind_of
from townlet.whatif.paired.futures import require_room

LIVES = ("as_logged", "one_person", "everybody")
"""How a future is lived, in the order of the columns of its returns."""


Progress = Callable[[int], None]
"""Is called with the number of futures that have lived."""


class World(NamedTuple):
    """What all futures of a run share: its plans, terms and settings, the room that a tick needs, and its founding."""

    plans: Any
    terms: Any
    settings: Settings
    reserve: int
    people: int
    seed: int


def returns_of(
    world: World, beginning: Beginning, by: Guide, target: Policy, person: int, seed: int, ticks: int, gamma: float
) -> np.ndarray:
    """What a person earns in `ticks` ticks of one future, discounted, f8[3], in the order of LIVES. Raises
    OutboxFull."""
    count, seats = len(LIVES), beginning.town["agents"].shape[1]
    towns, shadows, outs = (
        np.tile(each.view(np.ndarray), count).view(np.recarray)
        for each in (beginning.town, beginning.town, beginning.out)
    )
    for index in range(count):
        draw.set_seed(towns, index, seed)
    learned = seats_by_policy(by.share, world.seed, world.people, seats)
    whose = np.tile(learned * BY_BEHAVIOUR, (count, 1))
    whose[1, person & (seats - 1)] = BY_TARGET
    whose[2] = learned * BY_TARGET
    minds = (mind_of(policy, world.settings, world.plans, count) for policy in (by.policy, target))
    returns = np.zeros(count)
    choices = np.zeros(1, CHOICE).view(np.recarray)
    lived = towns, shadows, world.plans, world.terms, outs
    live_paid(*lived, *minds, whose, choices, ticks, world.reserve, gamma, person, returns)
    require_room(towns)
    return returns


def in_threads(jobs: Sequence[Callable[[], np.ndarray]], threads: int, progress: Progress | None = None) -> np.ndarray:
    """The answers of jobs in their order, f8[jobs, ...]; they do not depend on `threads`."""
    found = []
    with ThreadPoolExecutor(threads) as pool:
        for answer in pool.map(lambda job: job(), jobs):
            found.append(answer)
            if progress:
                progress(len(found))
    return np.stack(found)
