"""Folds of choices."""

import numpy as np

from eventlog.codes import OPTION_WAIT
from projections.kernel import kernel
from projections.record.event import NOTHING
from projections.record.ways import set_out
from projections.record.words import BROKEN_OFF

THIS_TICK_AND_THE_NEXT = np.int64(2)


@kernel
def option_chosen(town, plan, event):
    """The agent commits to an option and a place; without a place only for this tick, unless it waits."""
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
    """The agent keeps the action's seq as the cause of the events that follow."""
    town.agents[event.agent].asked_seq = event.seq


@kernel
def action_rejected(town, plan, event):
    """The agent's last request failed."""
    town.agents[event.agent].last_success = BROKEN_OFF


@kernel
def episode_ended(town, plan, event):
    """A new episode of the agent begins."""
    town.agents[event.agent].ctx_reset = THIS_TICK_AND_THE_NEXT
