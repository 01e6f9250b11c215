"""One tick of many towns, with observations, masks and rewards. Environments call these kernels.

All results are written in place, for the first seats of each town.
"""

import numpy as np

from projections.kernel import entry, kernel
from projections.observations.observe import observe_agent, observe_sum, see_nothing
from projections.riders.earning import earn
from projections.riders.rewards import CUT_OFF, LEFT
from townlet.env.threads.atomic import look_at, pause
from townlet.env.threads.shares import (
    ASLEEP,
    CALLER,
    HANDS,
    LOOKS,
    NOTHING_LEFT,
    WAKE_CALLER,
    falls_asleep,
    finish,
    is_needed,
    open_shares,
    take,
)
from townlet.living.day import tick
from townlet.rules import policy
from townlet.rules.control import ASKABLE, BY_OPTION, NOT_ASKED, allow, is_commanded

NOBODY = np.int64(-1)
ZERO, ONE = np.int64(0), np.int64(1)
WAIT_ONLY = ONE
"""The action mask of an empty seat."""

EPISODE = np.dtype(
    [
        ("left", "i8"),  # remaining ticks of the town's episode
        ("rests", "i8"),  # 1: the town does not live this tick
        ("begun", "i8"),  # rows in the outbox before the last tick
    ]
)
"""The progress of a town's episode."""

SEEN = np.dtype(
    [
        ("person", "i8"),  # the person in the seat, -1: nobody
        ("action", "i8"),  # the present option, or the last action; -1: neither
        ("reward", "f4"),  # for the tick that ended
        ("alive", "?"),
        ("decides", "?"),  # the next action is a decision: the person is neither committed nor busy
        ("terminated", "?"),  # the person of the seat left the town in the tick that ended
        ("truncated", "?"),  # the episode was cut off at the end of that tick
        ("mask", "i1", (int(ASKABLE),)),  # 1: allowed in the next tick
        ("pad", "u1", (7,)),  # fills the record to whole words, so that torch can read it in place
    ]
)
"""Everything about a seat except its observation."""


@kernel
def look_ahead(town, plan):
    """Work out the allowed actions of each seat for the next tick; an empty seat has none."""
    for a in range(town.clock.seats):
        town.allowed[a] = allow(town, plan, a) if town.agents[a].alive else 0


@kernel
def decides(town, plan, a):
    """Whether the next action of a living seat is a real decision."""
    if town.cursor.control == BY_OPTION:
        return policy.decides(town, plan, a) and not is_commanded(town.agents[a])
    return town.agents[a].doing < 0


@kernel
def tell(town, plan, a, seen):
    """Write who sits in a seat, the present action, and the allowed actions; an empty seat may only wait."""
    bits = WAIT_ONLY
    if a < town.clock.seats and town.agents[a].alive:
        bits = town.allowed[a]
        seen.alive, seen.person, seen.decides = True, town.agents[a].person, decides(town, plan, a)
        seen.action = town.agents[a].option if town.cursor.control == BY_OPTION else town.asked[a]
    else:
        seen.alive, seen.person, seen.decides, seen.action = False, NOBODY, False, NOT_ASKED
    for i in range(ASKABLE):
        seen.mask[i] = (bits >> i) & ONE


@kernel
def tell_earning(row, seen):
    """Write the reward of a seat, and whether its episode ended."""
    here = row.present == 1
    seen.reward = row.total if here else 0.0
    seen.terminated, seen.truncated = here and row.done == LEFT, here and row.done == CUT_OFF


@kernel
def show(town, plan, lens, out, a, features, view, seen):
    """Write the observation of a seat and everything in SEEN."""
    tell(town, plan, a, seen)
    tell_earning(out.seats[a], seen)
    observe_agent(town, plan, lens, a, features, view)
    observe_sum(lens, out.seats[a], features)


@entry
def begin(towns, plans):
    """Work out the allowed actions of everybody for the first tick, and nothing else.

    `begin` and `advance` are for tests of rules under outside control, which need neither observations nor rewards.
    They are in this module because the digest that names the kernel cache would not cover a kernel elsewhere.
    """
    for e in range(len(towns)):
        look_ahead(towns[e], plans[towns[e].clock.epoch])


@entry
def advance(towns, plans):
    """Let each town live one tick with its actions; write no observations. Each outbox must have enough room."""
    for e in range(len(towns)):
        town = towns[e]
        tick(town, plans[town.clock.epoch])
        look_ahead(town, plans[town.clock.epoch])


@entry
def first_look(towns, shadows, plans, terms, outs, lenses, features, views, seen, index):
    """Write the first observations of a new town. Its shadow and `out` must be zeros, its founding in the outbox."""
    town, out = towns[index], outs[index]
    plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
    earn(town, shadows[index], plans, terms, out, np.int64(0))
    look_ahead(town, plan)
    for a in range(seen.shape[1]):
        if views[index, a].person != 0:
            see_nothing(lens, features[index, a], views[index, a])
        show(town, plan, lens, out, np.int64(a), features[index, a], views[index, a], seen[index, a])


@kernel
def step_towns(
    towns, shadows, plans, terms, outs, episodes, asked, lenses, features, views, seen, reserve, first, last
):  # fmt: skip
    """Let the towns from `first` up to `last` (exclusive) live one tick with the actions `asked`, and write results.

    Returns how many of them need the caller's help: their outbox has fewer than `reserve` free rows, or their episode
    has ended. Each outbox must have enough room for this tick. A resting town is left as it is.
    """
    hands = ZERO
    for e in range(first, last):
        town, out, episode = towns[e], outs[e], episodes[e]
        if episode.rests:
            continue
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        episode.begun = town.cursor.pending
        episode.left -= 1
        town.cursor.ends = 1 if episode.left == 0 else 0
        for a in range(seen.shape[1]):
            town.asked[a] = asked[e, a]
        tick(town, plan)
        earn(town, shadows[e], plans, terms, out, episode.begun)
        look_ahead(town, plan)
        for a in range(seen.shape[1]):
            show(town, plan, lens, out, np.int64(a), features[e, a], views[e, a], seen[e, a])
        if episode.left == 0 or town.cursor.pending + reserve > len(town.outbox):
            hands += 1
    return hands


@entry
def step(
    towns, shadows, plans, terms, outs, episodes, asked, lenses, features, views, seen, reserve,
    desk, threads, shares, thread, opens,
):  # fmt: skip
    """Step the shares of all towns that this thread comes to; if it `opens` the step, all may be taken.

    Each of the `threads` has `shares` shares, and meets the others at the `desk`. Returns to the caller, once all are
    done, how many towns need its help, as `step_towns` counts them. Less than 0 is as `shares.ASLEEP` says.
    """
    asleep = open_shares(desk, threads) if opens else ZERO
    if asleep > 0:
        return ASLEEP - asleep
    looks = ZERO
    while looks < LOOKS or not falls_asleep(desk, thread, threads, shares):
        share = take(desk, thread, threads, shares)
        if share != NOTHING_LEFT:
            looks = ZERO
            first = len(towns) * share // (threads * shares)
            last = len(towns) * (share + ONE) // (threads * shares)
            hands = step_towns(
                towns, shadows, plans, terms, outs, episodes, asked, lenses, features, views, seen, reserve, first, last
            )
            if finish(desk, hands, threads, shares):
                return WAKE_CALLER
        elif thread == CALLER and is_needed(desk, thread, threads, shares):
            return look_at(desk, HANDS)
        else:
            looks = ZERO if looks == LOOKS else looks + ONE
            pause()
    return ASLEEP
