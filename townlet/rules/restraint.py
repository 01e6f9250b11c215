"""What a person is held back from by command. Rules ask where they judge whether a deed happens; no draw changes."""

from eventlog.codes import DEED_COVER, DEED_GIFT, DEED_LOAN
from projections.kernel import kernel
from projections.record.event import NOBODY
from projections.record.state import RESTRAINTS


@kernel
def is_held_back(town, a, deed, b):
    """Whether the agent is held back now from a deed, a code of `Deed`: altogether, or towards seat `b` (or NOBODY).

    Who is possessed promises nothing and gives nothing away.
    """
    agent, tick = town.agents[a], town.clock.tick
    if agent.possessed > 0 and (deed == DEED_COVER or deed == DEED_GIFT or deed == DEED_LOAN):
        return True
    if tick >= agent.restrained_until:
        return False
    for i in range(RESTRAINTS):
        if agent.held_deed[i] == deed and tick < agent.held_until[i]:
            towards = agent.held_towards[i]
            if towards == 0 or (b != NOBODY and towards == town.agents[b].person + 1):
                return True
    return False


@kernel
def are_held_apart(town, a, b, deed):
    """Whether one of the two is held back now from a deed that both do together."""
    return is_held_back(town, a, deed, b) or is_held_back(town, b, deed, a)
