"""The first events of a town: full shelves, prices, people, and their first ties."""

import numpy as np

from eventlog.codes import DIMENSION_FAMILIARITY, DIMENSION_RIVALRY, DIMENSION_TRUST
from projections.kernel import entry, kernel
from projections.record.event import NONE, NOTHING
from projections.record.state import ITEMS
from projections.record.words import FAMILIARITY, RIVALRY, TRUST
from projections.recorders.social import record_tie_set
from projections.recorders.time import record_price_changed, record_town_founded
from townlet.rules import life, market
from townlet.rules.draw import ACQUAINTANCE, draw, draw_order

HOUSEHOLDS, RANDOM = np.int64(1), np.int64(2)


@entry
def found(towns, plans, index):
    """Found one town: full shelves, prices, and people with beds, traits, jobs and initial ties."""
    town, plan = towns[index], plans[0]
    record_town_founded(town, plan, plan.life.people)
    market.restock(town, plan)
    for item in range(ITEMS):
        record_price_changed(town, plan, item, plan.market.price[item], NONE)
    for a in range(plan.life.people):
        bed = life.free_bed(town, plan)
        if bed == NOTHING:
            return
        life.move_in(town, plan, np.int64(a), bed, NONE)
    for i in range(draw_order(town)):
        a = town.order[i]
        life.seek_job(town, plan, a, town.agents[a].jobless_seq)
    if plan.life.initial_ties == HOUSEHOLDS or plan.life.initial_ties == RANDOM:
        introduce(town, plan)


@kernel
def introduce(town, plan):
    """Give initial ties to people of the same household, or to a drawn share of all pairs: three events a tie."""
    for a in range(town.clock.seats):
        for b in range(town.clock.seats):
            if a != b and are_acquainted(town, plan, a, b):
                tie = plan.life.initial_size
                give_tie(town, plan, a, b, tie[TRUST], tie[FAMILIARITY], tie[RIVALRY])


@kernel
def are_acquainted(town, plan, a, b):
    """Whether two people know each other at the founding: by household, or by a draw for the pair."""
    if plan.life.initial_ties == HOUSEHOLDS:
        here, there = town.agents[a].home, town.agents[b].home
        return plan.layout.place[here].venue == plan.layout.place[there].venue
    return draw(town, ACQUAINTANCE, min(a, b), max(a, b)) < plan.life.initial_density


@kernel
def give_tie(town, plan, a, b, trust, familiarity, rivalry):
    """Record one directed tie as three events."""
    record_tie_set(town, plan, a, b, DIMENSION_TRUST, trust, NONE)
    record_tie_set(town, plan, a, b, DIMENSION_FAMILIARITY, familiarity, NONE)
    record_tie_set(town, plan, a, b, DIMENSION_RIVALRY, rivalry, NONE)


@entry
def give_ties(towns, plans, index, pairs, sizes):
    """Record a list of directed ties. pairs: int64[n, 2], seats; sizes: float64[n, 3], each in [-1, 1]."""
    town, plan = towns[index], plans[0]
    for i in range(len(pairs)):
        give_tie(town, plan, pairs[i, 0], pairs[i, 1], sizes[i, 0], sizes[i, 1], sizes[i, 2])
