"""The social snippet: friends, rivals, and what is felt about those in sight (SPEC section 5)."""

import numpy as np

from projections.kernel import kernel
from projections.observations.layout import REACH
from projections.town.event import NONE, seat

ONE = np.int64(1)
FLOATS_BESIDE_THE_CODE = np.int64(5)
HALF_AGE = 7200.0
"""Ticks after which a tie's age is a half: five days."""


@kernel
def recall(town, plan, lens, a, out):
    """The best friends, then the worst rivals; nobody twice."""
    agent = town.agents[a]
    met, first = np.int64(0), lens.social
    for rank in range(2 * lens.top_k):
        slot = strongest(plan, agent, rank >= lens.top_k, met)
        if slot >= 0:
            met |= ONE << slot
            introduce(town, lens, agent.ties[slot], out, first)
        else:
            for i in range(lens.embed_dim + FLOATS_BESIDE_THE_CODE):
                out.values[first + i] = 0.0
        first += lens.embed_dim + FLOATS_BESIDE_THE_CODE


@kernel
def strongest(plan, agent, is_rival, met):
    """The slot of the strongest tie of a sort among those not yet met, the first of equals; -1 for none above 0."""
    found, most = NONE, 0.0
    for slot in range(plan.social.capacity):
        tie = agent.ties[slot]
        if tie.known and (met >> slot) & ONE == 0:
            merit = tie.rivalry if is_rival else tie.trust + tie.familiarity
            if merit > most:
                found, most = np.int64(slot), merit
    return found


@kernel
def introduce(town, lens, tie, out, first):
    """One tie: present, identity code, trust, familiarity, rivalry, age."""
    other = seat(town, tie.other)
    out.values[first] = 1.0
    for i in range(lens.embed_dim):
        out.values[first + 1 + i] = lens.code[other, i]
    last = first + 1 + lens.embed_dim
    out.values[last], out.values[last + 1], out.values[last + 2] = tie.trust, tie.familiarity, tie.rivalry
    age = np.float64(town.clock.tick - tie.since)
    out.values[last + 3] = age / (age + HALF_AGE)


@kernel
def sum_up(town, plan, lens, a, seen, out):
    """Mean and most of trust and rivalry over the `seen` others in sight, strangers counted as 0."""
    agent = town.agents[a]
    trust, rivalry, known = 0.0, 0.0, 0
    most_trust, most_rivalry = -1.0, -1.0
    if seen > 0:
        row, column = agent.tile >> lens.shift, agent.tile & lens.mask
        for slot in range(plan.social.capacity):
            tie = agent.ties[slot]
            if tie.known:
                tile = town.agents[seat(town, tie.other)].tile
                if abs((tile >> lens.shift) - row) <= REACH and abs((tile & lens.mask) - column) <= REACH:
                    known += 1
                    trust, rivalry = trust + tie.trust, rivalry + tie.rivalry
                    most_trust, most_rivalry = max(most_trust, tie.trust), max(most_rivalry, tie.rivalry)
    if known < seen or seen == 0:
        most_trust, most_rivalry = max(0.0, most_trust), max(0.0, most_rivalry)
    many = max(seen, 1)
    out.values[lens.aggregates], out.values[lens.aggregates + 1] = trust / many, most_trust
    out.values[lens.aggregates + 2], out.values[lens.aggregates + 3] = rivalry / many, most_rivalry
