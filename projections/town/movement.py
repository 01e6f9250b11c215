"""Steps: who stands where."""

from projections.kernel import kernel
from projections.town import queues
from projections.town.event import NONE, NOTHING


@kernel
def agent_moved(town, plan, event):
    """One tile on."""
    stand_on(town, event.agent, event.tile)


@kernel
def stand_on(town, a, tile):
    """The agent leaves its tile for another; an old neighbour may already stand on the one it leaves."""
    agent = town.agents[a]
    if town.ground[agent.tile] == a + 1:
        town.ground[agent.tile] = 0
    town.ground[tile] = a + 1
    agent.tile = tile
    agent.stalls = 0


@kernel
def move_blocked(town, plan, event):
    """A failed move without progress."""
    town.agents[event.agent].stalls += 1


@kernel
def ghost_stepped(town, plan, event):
    """The two change places."""
    left = town.agents[event.agent].tile
    stand_on(town, event.agent, event.tile)
    other = town.agents[event.other]
    other.tile = left
    town.ground[left] = event.other + 1


@kernel
def teleported(town, plan, event):
    """Whatever the agent held, queued for or did is over; it stands elsewhere."""
    agent = town.agents[event.agent]
    queues.give_up(town, event.agent)
    agent.doing = NONE
    agent.target = NOTHING
    agent.option_until = event.tick
    stand_on(town, event.agent, event.tile)
