"""Choices: what they change."""

import numpy as np

from eventlog.codes import OPTION_WAIT
from projections.kernel import kernel
from projections.record.event import NOTHING
from projections.record.ways import set_out
from projections.record.words import BROKEN_OFF

THIS_TICK_AND_THE_NEXT = np.int64(2)


@kernel
def option_chosen(town, plan, event):
    """The agent commits to an option and a place; to one that has no place any more, not beyond this tick."""
    agent = town.agents[event.agent]
    if event.object != agent.target:
        set_out(agent)
    agent.option, agent.target = event.code, event.object
    agent.option_until = event.tick + plan.policy.commit
    if event.object == NOTHING and event.code != OPTION_WAIT:
        agent.option_until = event.tick
    agent.asked_seq = event.seq


@kernel
def action_taken(town, plan, event):
    """What it does is told by the events that it leads to; they have it for their cause."""
    town.agents[event.agent].asked_seq = event.seq


@kernel
def action_rejected(town, plan, event):
    """The last thing that the agent was asked came to nothing."""
    town.agents[event.agent].last_success = BROKEN_OFF


@kernel
def episode_ended(town, plan, event):
    """What follows is a new episode."""
    town.agents[event.agent].ctx_reset = THIS_TICK_AND_THE_NEXT
