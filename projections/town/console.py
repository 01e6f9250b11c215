"""Folds of commands from outside the town."""

import numpy as np

from projections.kernel import kernel
from projections.record.state import RESTRAINTS
from projections.record.words import ENERGY, HUNGER, HYGIENE


@kernel
def settings_changed(town, plan, event):
    """From the next event and the next tick on, the plan of another epoch holds."""
    town.clock.epoch = event.code


@kernel
def restrained(town, plan, event):
    """The person is held back from a deed until a tick; no ticks end the restraint, and leave no trace of it."""
    agent, towards, ticks = town.agents[event.agent], event.other_person + 1, np.int64(event.value)
    slot = restraint_for(agent, event.code, towards)
    if ticks > 0:
        if slot < 0:
            slot = free_restraint(agent)
        agent.held_deed[slot], agent.held_towards[slot] = event.code, towards
        agent.held_until[slot] = event.tick + ticks
    elif slot >= 0:
        agent.held_deed[slot] = agent.held_towards[slot] = agent.held_until[slot] = 0
    agent.restrained_until = 0
    for i in range(RESTRAINTS):
        agent.restrained_until = max(agent.restrained_until, agent.held_until[i])


@kernel
def restraint_for(agent, deed, towards):
    """The slot of the restraint from a deed towards somebody (person + 1, 0: everybody); -1 without one."""
    for i in range(RESTRAINTS):
        if agent.held_until[i] > 0 and agent.held_deed[i] == deed and agent.held_towards[i] == towards:
            return i
    return -1


@kernel
def free_restraint(agent):
    """The slot of the restraint that ends first, or has ended or was never used."""
    first = 0
    for i in range(1, RESTRAINTS):
        if agent.held_until[i] < agent.held_until[first]:
            first = i
    return first


@kernel
def command_accepted(town, plan, event):
    """Changes nothing: what the command leads to are events of their own."""


@kernel
def command_rejected(town, plan, event):
    """Changes nothing."""


@kernel
def need_set(town, plan, event):
    """The agent's need has this value."""
    agent = town.agents[event.agent]
    if event.code == HUNGER:
        agent.hunger = event.value
    elif event.code == HYGIENE:
        agent.hygiene = event.value
    elif event.code == ENERGY:
        agent.energy = event.value


@kernel
def announced(town, plan, event):
    """Changes nothing: nobody in the town hears it."""
