"""Folds of commands from outside the town."""

import numpy as np

from eventlog.codes import (
    LIMIT_EXIT_CAP,
    LIMIT_MORTALITY,
    LIMIT_SPAWN_DELAY,
    OPTION_SOCIALISE,
    OUTCOME_CHAT_FAILS,
    OUTCOME_CHAT_SUCCEEDS,
    OUTCOME_OVERSLEEPS,
    OUTCOME_RISES_IN_TIME,
)
from projections.kernel import kernel
from projections.record.state import RESTRAINTS
from projections.record.words import BADLY, ENERGY, HUNGER, HYGIENE, IN_TIME, TOO_LATE, WELL


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


@kernel
def option_ordered(town, plan, event):
    """The agent has to do the option, and is free of its last one, so that it takes the new one up at once."""
    order(town, event, event.code)


@kernel
def meeting_arranged(town, plan, event):
    """The agent has to go to the venue, for company, until it has met the other."""
    order(town, event, OPTION_SOCIALISE)
    agent = town.agents[event.agent]
    agent.meets, agent.meets_at = event.other_person + 1, event.object + 1


@kernel
def order(town, event, option):
    """The agent has to do the option, in place of what it was ordered before."""
    agent, ticks = town.agents[event.agent], np.int64(event.value)
    end_order(agent)
    agent.ordered, agent.ordered_seq = option + 1, event.seq
    agent.ordered_until = event.tick + ticks if ticks > 0 else 0
    agent.option_until = event.tick


@kernel
def end_order(agent):
    """The agent has to do nothing by command; no trace of an order stays."""
    agent.ordered = agent.ordered_until = agent.ordered_seq = agent.meets = agent.meets_at = 0


@kernel
def order_ended(town, plan, event):
    """The agent is free of the order, and may choose at once."""
    agent = town.agents[event.agent]
    end_order(agent)
    agent.option_until = event.tick


@kernel
def possession_began(town, plan, event):
    """Somebody else chooses for the agent, which is free of its last option."""
    agent = town.agents[event.agent]
    end_order(agent)
    agent.possessed, agent.option_until = event.code + 1, event.tick


@kernel
def possession_ended(town, plan, event):
    """The agent chooses by itself again, at once, and is free of every order."""
    agent = town.agents[event.agent]
    end_order(agent)
    agent.possessed, agent.option_until = 0, event.tick


@kernel
def newcomer_called(town, plan, event):
    """The first newcomer who is not due yet is due now, because of this event."""
    clock = town.clock
    for i in range(clock.newcomers):
        if clock.newcomer_due[i] > event.tick:
            clock.newcomer_due[i], clock.newcomer_seq[i] = event.tick, event.seq
            return


@kernel
def place_closed(town, plan, event):
    """The place is closed until a tick."""
    ticks = np.int64(event.value)
    town.objects[event.object].closed_until = event.tick + ticks if ticks > 0 else 0


@kernel
def illness_began(town, plan, event):
    """The agent is unwell until a tick."""
    ticks = np.int64(event.value)
    town.agents[event.agent].unwell_until = event.tick + ticks if ticks > 0 else 0


@kernel
def outcome_forced(town, plan, event):
    """The agent remembers what is decided, until the talk ends, or its next shift begins."""
    agent = town.agents[event.agent]
    if event.code == OUTCOME_CHAT_SUCCEEDS:
        agent.talk_ends = WELL
    elif event.code == OUTCOME_CHAT_FAILS:
        agent.talk_ends = BADLY
    elif event.code == OUTCOME_OVERSLEEPS:
        agent.rising = TOO_LATE
    elif event.code == OUTCOME_RISES_IN_TIME:
        agent.rising = IN_TIME


@kernel
def limit_set(town, plan, event):
    """The limit holds in place of the settings; -1: the settings hold again."""
    clock, value = town.clock, np.int64(event.value)
    if event.code == LIMIT_MORTALITY:
        clock.lasting = 1 if value == 0 else 0
    elif event.code == LIMIT_EXIT_CAP:
        clock.exit_cap = max(0, value + 1)
    elif event.code == LIMIT_SPAWN_DELAY:
        clock.spawn_delay = max(0, value + 1)
