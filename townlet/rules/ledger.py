"""What agents feel for each other, as rules read it from the ties."""

from projections.kernel import kernel
from projections.town.ties import tie_with


@kernel
def trust(town, plan, a, b):
    """The trust of a in b, in [-1, 1]; 0 without a tie."""
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    return town.agents[a].ties[slot].trust if slot >= 0 else 0.0


@kernel
def rivalry(town, plan, a, b):
    """The rivalry of a against b, in [-1, 1]; 0 without a tie."""
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    return town.agents[a].ties[slot].rivalry if slot >= 0 else 0.0


@kernel
def liking(town, plan, a, b):
    """How much a likes b: trust + familiarity - rivalry, in [-3, 3]."""
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    if slot < 0:
        return 0.0
    tie = town.agents[a].ties[slot]
    return tie.trust + tie.familiarity - tie.rivalry
