"""Compiled steps of off-policy estimates: decisions made again from a folded log, and futures that are paid.

Compiled at first use only, never by `townlet warm`.
"""

from typing import NamedTuple

import numpy as np

from projections.kernel import entry, kernel
from projections.riders.earning import catch_up, earn
from townlet.living.by_policy import NOTHING_ALLOWED, decide, ready
from townlet.living.day import tick
from townlet.policies.forward import HEADS, NET
from townlet.rules.control import BY_OPTION, NOT_ASKED

BY_SCRIPT, BY_BEHAVIOUR, BY_TARGET = map(np.int64, range(3))
"""Who decides for a seat."""


class MIND(NamedTuple):
    """A policy, and what it sees of some towns: lenses an epoch, and the last observations of [towns + 1, seats]."""

    lenses: np.ndarray
    features: np.ndarray
    views: np.ndarray
    net: NET


@entry
def answer_again(towns, plans, mind, seats, choices, decided):
    """What a policy makes of the decisions of these seats, i8[n], of the first town at its tick, as rows of CHOICE.

    `decided`, i8[n], is set to 1 for who decides there, and to 0 for who does not.
    """
    h1, h2 = np.empty(len(mind.net.b1), np.float32), np.empty(len(mind.net.b2), np.float32)
    out = np.empty(HEADS, np.float32)
    town = towns[0]
    plan, lens = plans[town.clock.epoch], mind.lenses[town.clock.epoch]
    for i in range(len(seats)):
        a = seats[i]
        decided[i] = 1 if ready(town, plan, a) else 0
        if decided[i] == 1:
            decide(town, plan, lens, a, mind.net, mind.features[0, a], mind.views[0, a], h1, h2, out, choices[i])


@kernel
def ask(town, plan, mind, e, a, h1, h2, out, choice):
    """Let a seat that decides choose by a mind; `e` is the place of its town there."""
    if ready(town, plan, a):
        lens = mind.lenses[town.clock.epoch]
        decide(town, plan, lens, a, mind.net, mind.features[e, a], mind.views[e, a], h1, h2, out, choice)
        town.asked[a] = choice.option


@entry
def live_paid(
    towns, shadows, plans, terms, outs, behaviour, target, whose, choices, ticks, reserve, gamma, person, returns
):  # fmt: skip
    """Let each town live `ticks` ticks, and add up what a person earns, discounted by `gamma` a tick, in `returns`.

    `whose`, i8[towns, seats], says who decides for each seat: the script, or one of the two minds. `shadows` are copies
    of the towns, `outs` the rewards of the tick before, as `earn` takes them. `choices`, CHOICE[1], is scratch.
    """
    h1, h2 = np.empty(len(behaviour.net.b1), np.float32), np.empty(len(behaviour.net.b2), np.float32)
    g1, g2 = np.empty(len(target.net.b1), np.float32), np.empty(len(target.net.b2), np.float32)
    out = np.empty(HEADS, np.float32)
    for e in range(len(towns)):
        town, shadow, earned = towns[e], shadows[e], outs[e]
        seat, discount = person & np.int64(len(town.agents) - 1), 1.0
        town.cursor.control = BY_OPTION
        for _ in range(ticks):
            if town.cursor.pending + reserve > len(town.outbox):
                catch_up(town, shadow, plans, town.cursor.pending)
                town.cursor.pending = 0
            begun, plan = town.cursor.pending, plans[town.clock.epoch]
            for i in range(len(town.asked)):
                a = np.int64(i)
                town.asked[a], town.allowed[a] = NOT_ASKED, NOTHING_ALLOWED
                if whose[e, a] == BY_BEHAVIOUR:
                    ask(town, plan, behaviour, e, a, h1, h2, out, choices[0])
                elif whose[e, a] == BY_TARGET:
                    ask(town, plan, target, e, a, g1, g2, out, choices[0])
            tick(town, plan)
            earn(town, shadow, plans, terms, earned, begun)
            row = earned.seats[seat]
            if row.present == 1 and row.person == person:
                returns[e] += discount * row.total
            discount *= gamma
