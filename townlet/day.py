"""A minute, and many towns: what Python calls to let them live, and to fold their logs."""

import numpy as np
from numba import njit

from projections.kernel import entry, kernel, prange
from projections.town.event import widened
from projections.town.evolve import evolve
from townlet.draw import ORDER, philox
from townlet.rules import life, market, movement, needs, policy, queues, social, time, work
from townlet.rules.movement import ASK_WITHIN


@kernel
def tick(town, plan):
    """The order of a minute: the sky, newcomers, everybody in a drawn order, and the clock."""
    time.dawn(town, plan)
    life.welcome(town, plan)
    people = draw_order(town)
    for i in range(people):
        a = town.order[i]
        decide(town, plan, a)
        act(town, plan, a)
        life.suffer(town, plan, a)
    time.end_tick(town, plan)


@kernel
def decide(town, plan, a):
    """What one wants, and whose turn it is."""
    if town.agents[a].doing >= 0:
        return
    policy.choose(town, plan, a)
    queues.lose_patience(town, plan, a)
    queues.yield_place(town, plan, a)
    queues.ask(town, plan, a, ASK_WITHIN)
    queues.step_up(town, plan, a)


@kernel
def act(town, plan, a):
    """What one does in a minute."""
    if town.agents[a].doing < 0:
        movement.walk(town, plan, a)
        needs.begin(town, plan, a)
    else:
        market.share_meals(town, plan, a)
    work.attend(town, plan, a)
    work.give_up_cover(town, plan, a)
    social.converse(town, plan, a)
    needs.finish(town, plan, a)
    life.look_for_work(town, plan, a)


@kernel
def draw_order(town):
    """Draw the order of acting of this tick into `town.order`; how many act. Every order is as likely as another."""
    people = 0
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            town.order[people] = a
            people += 1
    word, room = np.uint64(0), np.uint64(0)
    for left in range(people - 1, 0, -1):
        span = np.uint64(left + 1)
        if room < span:
            word = philox(town.cursor.stream_world, town.clock.tick, np.int64(left), np.int64(0), ORDER)
            room = np.uint64(1) << np.uint64(60)
        pick = np.int64(word % span)
        word, room = word // span, room // span // np.uint64(64)
        town.order[left], town.order[pick] = town.order[pick], town.order[left]
    return people


@kernel
def live_one(town, plans, ticks, reserve):
    """Live up to `ticks` ticks; fewer if the outbox has less than `reserve` rows left. How many were lived."""
    for lived in range(ticks):
        if town.cursor.pending + reserve > len(town.outbox):
            return lived
        tick(town, plans[town.clock.epoch])
    return ticks


@entry
def live(towns, plans, ticks, reserve):
    """Let each town live; the ticks that the first of them lived."""
    lived = 0
    for e in range(len(towns)):
        done = live_one(towns[e], plans, ticks, reserve)
        lived = done if e == 0 else min(lived, done)
    return lived


@njit(cache=True, error_model="numpy", nogil=True, parallel=True)
def live_in_parallel(towns, plans, ticks, reserve):
    """The same on several threads: nothing is shared but the plans, so the towns are the same byte for byte."""
    for e in prange(len(towns)):
        live_one(towns[e], plans, ticks, reserve)


@entry
def refold(towns, plans, index, rows):
    """Fold rows onto one town, each under the settings it happened under."""
    town = towns[index]
    for i in range(len(rows)):
        evolve(town, plans[town.clock.epoch], widened(town, rows[i]))
