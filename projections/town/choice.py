"""Choices: what they change."""

from projections.kernel import kernel
from projections.town.ways import set_out


@kernel
def option_chosen(town, plan, event):
    """The agent commits to an option and a place."""
    agent = town.agents[event.agent]
    if event.object != agent.target:
        set_out(agent)
    agent.option, agent.target = event.code, event.object
    agent.option_until = event.tick + plan.policy.commit
    agent.asked_seq = event.seq
