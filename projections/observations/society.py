"""The social snippet: friends, rivals, and the agent's feelings for those in sight (docs/policy/OBSERVATIONS.md)."""

import numpy as np

from projections.kernel import kernel
from projections.observations.layout import REACH
from projections.record.event import NONE, seat

ONE = np.int64(1)
FLOATS_BESIDE_THE_CODE = np.int64(5)
HALF_AGE = 7200.0
"""The age in ticks that is shown as 0.5: five days."""


@kernel
def recall(town, plan, lens, a, out):
    """Write the best friends, then the worst rivals, nobody twice. Entries that were empty before are zero already."""
    agent = town.agents[a]
    friends, rivals = tie_bits(plan, agent)
    met, first = np.int64(0), lens.social
    for rank in range(2 * lens.top_k):
        is_rival = rank >= lens.top_k
        left = (rivals if is_rival else friends) & ~met
        if left != 0:
            slot = strongest(plan, agent, is_rival, left)
            met |= ONE << slot
            introduce(town, lens, agent.ties[slot], out, first)
        elif out.values[first] != 0.0:
            for i in range(lens.embed_dim + FLOATS_BESIDE_THE_CODE):
                out.values[first + i] = 0.0
        first += lens.embed_dim + FLOATS_BESIDE_THE_CODE


@kernel
def tie_bits(plan, agent):
    """The slots of ties to possible friends, and to possible rivals, as bits."""
    friends, rivals = np.int64(0), np.int64(0)
    for slot in range(plan.social.capacity):
        tie = agent.ties[slot]
        if tie.known:
            friends |= ONE << slot if tie.trust + tie.familiarity > 0.0 else 0
            rivals |= ONE << slot if tie.rivalry > 0.0 else 0
    return friends, rivals


@kernel
def strongest(plan, agent, is_rival, left):
    """The slot of the best friend, or worst rival, among the slots whose bits `left` has; the first of equals."""
    found, most = NONE, 0.0
    for slot in range(plan.social.capacity):
        if (left >> slot) & ONE == ONE:
            tie = agent.ties[slot]
            merit = tie.rivalry if is_rival else tie.trust + tie.familiarity
            if merit > most:
                found, most = np.int64(slot), merit
    return found


@kernel
def introduce(town, lens, tie, out, first):
    """Write one tie: present, identity code, trust, familiarity, rivalry, age. The code's first number is unique."""
    other = seat(town, tie.other)
    if out.values[first] == 0.0 or out.values[first + 1] != lens.code[other, 0]:
        out.values[first] = 1.0
        for i in range(lens.embed_dim):
            out.values[first + 1 + i] = lens.code[other, i]
    last = first + 1 + lens.embed_dim
    out.values[last], out.values[last + 1], out.values[last + 2] = tie.trust, tie.familiarity, tie.rivalry
    age = np.float64(town.clock.tick - tie.since)
    out.values[last + 3] = age / (age + HALF_AGE)


@kernel
def sum_up(town, plan, lens, a, seen, out):
    """Write mean and maximum of trust and rivalry over the `seen` others in sight; strangers count as 0."""
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
