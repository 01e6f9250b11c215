"""`live_guided_pairs`: pairs of towns live side by side, each by the script or by a policy of its own.

As `townlet.whatif.paired.step`, for pairs of which at least one town lives by a policy. Compiled at first use only.
"""

from typing import NamedTuple

import numpy as np

from projections.kernel import entry, kernel
from townlet.living.by_policy import NOTHING_ALLOWED, decide, ready
from townlet.living.day import tick
from townlet.policies.forward import HEADS, NET
from townlet.rules.control import BY_OPTION, NOT_ASKED, SCRIPTED
from townlet.whatif.paired.step import count, part

BY_POLICY = np.int64(1)


class GUIDANCE(NamedTuple):
    """By what the first, or the second, towns of all pairs live, as the compiled step reads it."""

    plans: np.ndarray
    """A plan an epoch."""
    lenses: np.ndarray
    """A lens an epoch."""
    features: np.ndarray
    """[pairs + 1, seats]: what each seat of the town of each pair observed last"""
    views: np.ndarray
    """[pairs + 1, seats]"""
    net: NET
    learned: np.ndarray
    """i8[seats]: 1 for a seat of the policy, 0 for one of the script"""
    by: np.int64
    """BY_POLICY, or 0: all live by the script, and only `plans` is read"""


@kernel
def live_minute(town, guidance, k, h1, h2, out, choice):
    """Let the town of pair `k` live a tick: the seats of the policy by its choices, all others by the script."""
    plan = guidance.plans[town.clock.epoch]
    town.cursor.pending = 0
    town.cursor.control = SCRIPTED
    if guidance.by == BY_POLICY:
        town.cursor.control = BY_OPTION
        lens = guidance.lenses[town.clock.epoch]
        for a in range(len(town.asked)):
            town.asked[a], town.allowed[a] = NOT_ASKED, NOTHING_ALLOWED
            if guidance.learned[a] == BY_POLICY and ready(town, plan, np.int64(a)):
                features, view = guidance.features[k, a], guidance.views[k, a]
                decide(town, plan, lens, np.int64(a), guidance.net, features, view, h1, h2, out, choice)
                town.asked[a] = choice.option
    tick(town, plan)


@entry
def live_guided_pairs(towns, first, second, choices, ticks, persons, pair, counts, between, parted):
    """Let the towns 2k and 2k + 1 live `ticks` ticks side by side, for each k: by `first`, and by `second`.

    Both are GUIDANCE. `choices`, CHOICE[1], is scratch; all else is as for `live_pairs`.
    """
    h1, h2 = np.empty(len(first.net.b1), np.float32), np.empty(len(first.net.b2), np.float32)
    g1, g2 = np.empty(len(second.net.b1), np.float32), np.empty(len(second.net.b2), np.float32)
    out = np.empty(HEADS, np.float32)
    for k in range(len(towns) // 2):
        one, two = towns[2 * k], towns[2 * k + 1]
        for _ in range(ticks):
            live_minute(one, first, k, h1, h2, out, choices[0])
            live_minute(two, second, k, g1, g2, out, choices[0])
            count(one, persons, pair, counts[2 * k], between[2 * k])
            count(two, persons, pair, counts[2 * k + 1], between[2 * k + 1])
            if parted[k].tick < 0:
                part(one, two, parted[k])
