"""The way to a goal, as far as it is remembered."""

from projections.kernel import kernel
from projections.plan import FAR


@kernel
def set_out(agent):
    """A new goal: nothing is known of the way yet, and no move has failed."""
    agent.nearest, agent.stalls = FAR, 0
