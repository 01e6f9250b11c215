"""Folds of steps: who stands where."""

from projections.kernel import kernel
from projections.record.event import NOTHING
from projections.record.ways import set_out
from projections.town import needs, queues


@kernel
def agent_moved(town, plan, event):
    """The agent stands on the next tile; a step that brings it nearer to its goal than ever before is progress."""
    stand_on(town, event.agent, event.tile)
    agent = town.agents[event.agent]
    if event.code < agent.nearest:
        agent.nearest, agent.stalls = event.code, 0
    else:
        agent.stalls += 1


@kernel
def stand_on(town, a, tile):
    """The agent moves from its tile to another; somebody else may stand on the old tile already."""
    agent = town.agents[a]
    if town.ground[agent.tile] == a + 1:
        town.ground[agent.tile] = 0
    town.ground[tile] = a + 1
    agent.tile = tile


@kernel
def move_blocked(town, plan, event):
    """Count a failed move without progress."""
    town.agents[event.agent].stalls += 1


@kernel
def ghost_stepped(town, plan, event):
    """The two exchange their tiles."""
    agent = town.agents[event.agent]
    left = agent.tile
    stand_on(town, event.agent, event.tile)
    agent.stalls = 0
    other = town.agents[event.other]
    other.tile = left
    town.ground[left] = event.other + 1


@kernel
def teleported(town, plan, event):
    """The agent gives up its place, its line and what it does, and stands on the tile."""
    agent = town.agents[event.agent]
    queues.give_up(town, event.agent)
    if agent.doing >= 0:
        needs.break_off(agent)
    agent.target = NOTHING
    agent.option_until = event.tick
    set_out(agent)
    stand_on(town, event.agent, event.tile)
