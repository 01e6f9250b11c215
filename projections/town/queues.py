"""Folds of places and lines: who holds a place, who waits for it."""

from projections.kernel import kernel
from projections.record.event import NOBODY, NOTHING
from projections.record.ways import set_out
from projections.town import news, ties


@kernel
def reservation_granted(town, plan, event):
    """The agent holds the place."""
    take_place(town, event.agent, event.object, event)


@kernel
def reservation_released(town, plan, event):
    """The agent no longer holds the place."""
    free_place(town, event.agent, event.object)


@kernel
def reservation_timed_out(town, plan, event):
    """The place is free; the agent, who did not come, chooses again."""
    free_place(town, event.agent, event.object)
    town.agents[event.agent].target = NOTHING
    town.agents[event.agent].option_until = event.tick


@kernel
def queue_joined(town, plan, event):
    """The agent takes the last waiting place of the line."""
    agent, place = town.agents[event.agent], town.objects[event.object]
    agent.waits_at, agent.waits_since, agent.waits_seq = event.object, event.tick, event.seq
    place.waiting[place.line] = event.agent
    place.line += 1
    set_out(agent)


@kernel
def queue_left(town, plan, event):
    """The agent leaves the line, those behind move up, and it chooses again."""
    leave_line(town, event.agent, event.object)
    town.agents[event.agent].target = NOTHING
    town.agents[event.agent].option_until = event.tick


@kernel
def queue_handover(town, plan, event):
    """The place passes from `agent` to `other`, and their ties change."""
    free_place(town, event.agent, event.object)
    take_place(town, event.other, event.object, event)
    ties.remember(town, plan, event)


@kernel
def queue_conflict(town, plan, event):
    """The ties of both change, and who sees it knows of it; who blocks keeps the place for a while."""
    town.agents[event.agent].quarrelled = town.agents[event.other].quarrelled = event.tick + 1
    if event.code2 > 0:
        town.agents[event.agent].lingers_until = event.tick + event.code2
    ties.remember(town, plan, event)
    news.witness(town, plan, event)


@kernel
def cooldown_started(town, plan, event):
    """The agent may not use this place again for a while."""
    agent = town.agents[event.agent]
    agent.cooldown_at, agent.cooldown_until = event.object, event.tick + plan.queues.cooldown


@kernel
def take_place(town, a, o, event):
    """The agent holds the place, and leaves its line if it waited there."""
    agent = town.agents[a]
    if agent.waits_at == o:
        leave_line(town, a, o)
    town.objects[o].user = a
    agent.holds, agent.held_since, agent.held_seq = o, event.tick, event.seq
    set_out(agent)


@kernel
def free_place(town, a, o):
    """The agent no longer holds the place, which is free."""
    town.agents[a].holds = NOTHING
    town.agents[a].lingers_until = 0
    if town.objects[o].user == a:
        town.objects[o].user = NOBODY


@kernel
def leave_line(town, a, o):
    """Remove the agent from the line; those behind move up, and free waiting places are zero."""
    place = town.objects[o]
    kept = 0
    for i in range(place.line):
        if place.waiting[i] != a:
            set_out(town.agents[place.waiting[i]])
            place.waiting[kept] = place.waiting[i]
            kept += 1
    for i in range(kept, place.line):
        place.waiting[i] = 0
    place.line = kept
    town.agents[a].waits_at = NOTHING


@kernel
def give_up(town, a):
    """The agent gives up the place that it holds and the line that it waits in."""
    agent = town.agents[a]
    if agent.holds >= 0:
        free_place(town, a, agent.holds)
    if agent.waits_at >= 0:
        leave_line(town, a, agent.waits_at)
