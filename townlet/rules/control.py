"""What an outside policy asks of agents: options, or every single step; and what it may ask (docs/town.md, Options).

What may be asked stands in `town.allowed`, a bit for each option or action, as of the beginning of the tick. Whatever
else is asked is refused by an event and costs the tick; an option that the agent is committed to goes on all the same.
What may be asked and is made impossible by somebody who acts earlier in the same tick comes to nothing, without a word.
"""

import numpy as np

from eventlog.codes import (
    ACTION_INTERACT,
    ACTION_NORTH,
    ACTION_TALK,
    ACTION_WEST,
    OPTION_EAT,
    OPTION_SLEEP,
    OPTION_WAIT,
    OPTION_WASH,
    OPTION_WORK,
    OPTION_YIELD,
    REASON_BUSY,
    REASON_COMMITTED,
    REASON_HELD_BACK,
    REASON_NO_PLACE,
    REASON_NO_WAY,
    REASON_NOBODY_NEAR,
    REASON_NOBODY_WAITS,
    REASON_NOT_DUE,
    REASON_NOTHING_TO_USE,
    REASON_UNKNOWN,
)
from projections.kernel import entry, kernel
from projections.record.event import NOBODY, NOTHING
from projections.recorders.choice import record_action_rejected, record_option_chosen
from townlet.rules import policy, primitives, queues, work
from townlet.rules.restraint import is_held_back

SCRIPTED, BY_OPTION, BY_ACTION = map(np.int64, range(3))
"""Who chooses: the scripted policy; whoever asks for options; whoever asks for every step."""

NOT_ASKED = np.int64(-1)

BY_SCRIPT_ALLOWED = np.int64(np.iinfo(np.int64).min)
"""Asked instead of an option: the scripted policy chooses, but only among what may be asked, and only for a seat that
is marked as deciding. So what it chooses can be imitated. `NOT_ASKED` leaves a seat to the script as in a run."""

ASKABLE = np.int64(9)
"""How many options there are, and how many actions."""

MARKED = np.int64(1) << ASKABLE
"""The bit of `town.allowed` that marks a seat as deciding, beside those of what it may be asked for."""

NUMBER_MOST = np.int64(32767)
"""The largest number that an event carries in a code."""

ONE = np.int64(1)


@kernel
def is_asked(town, a):
    """Whether an outside policy chooses for the seat in this tick."""
    return town.cursor.control != SCRIPTED and town.asked[a] != NOT_ASKED


@kernel
def heed(town, plan, a):
    """Refuse an impossible choice. Returns whether the agent goes on with its tick; a newcomer does not yet.

    Nor does one whose option ended in this very tick, by an act of somebody else: it chooses in the next tick, when it
    is marked as deciding and asked for what it then may do.
    """
    allowed, asked = town.allowed[a], town.asked[a]
    if allowed == 0:
        return False
    by_option = town.cursor.control == BY_OPTION
    if (by_option and asked == BY_SCRIPT_ALLOWED) or (0 <= asked < ASKABLE and (allowed >> asked) & ONE == ONE):
        return not (by_option and allowed & MARKED == 0 and policy.decides(town, plan, a))
    number = min(NUMBER_MOST, max(-NUMBER_MOST, asked))
    record_action_rejected(town, plan, a, number, reason_against(town, plan, a, asked))
    return by_option and not policy.decides(town, plan, a)


@kernel
def choose(town, plan, a):
    """Take the option that is asked for, at the place of least trouble; a committed option goes on."""
    if not policy.decides(town, plan, a):
        return
    agent, option = town.agents[a], town.asked[a]
    if option == BY_SCRIPT_ALLOWED:
        policy.choose_among(town, plan, a, town.allowed[a])
        return
    if option == OPTION_YIELD:
        record_option_chosen(town, plan, a, agent.holds, option)
        return
    target = NOTHING
    if option != OPTION_WAIT:
        target = policy.place_for(town, plan, a, option, policy.is_urgent(plan, agent))
    if target != policy.queues_for(agent):
        queues.let_go(town, plan, a)
    record_option_chosen(town, plan, a, target, option)


@kernel
def allow(town, plan, a):
    """The options or actions that a living seat may be asked for in this tick, as bits; at least one.

    Under option control, a seat that is to decide has the bit MARKED as well.
    """
    if town.cursor.control == BY_ACTION:
        return primitives.possible(town, plan, a)
    agent = town.agents[a]
    if not policy.decides(town, plan, a):
        return ONE << agent.option
    bits = MARKED | (ONE << OPTION_WAIT)
    urgent = policy.is_urgent(plan, agent)
    for option in range(OPTION_EAT, OPTION_YIELD):
        if is_worth_asking(town, plan, a, option) and policy.place_for(town, plan, a, option, urgent) != NOTHING:
            bits |= ONE << option
    if primitives.can_yield(town, plan, a):
        bits |= ONE << OPTION_YIELD
    return bits


@kernel
def is_worth_asking(town, plan, a, option):
    """Whether an option is worth asking: there is work to do; it is night or the agent is tired; it is not clean.

    No option is that the agent is held back from.
    """
    agent = town.agents[a]
    if is_held_back(town, a, option, NOBODY):
        return False
    if option == OPTION_WORK:
        return (agent.covers >= 0 or agent.job >= 0) and work.ticks_left(town, plan, a) > 0
    if option == OPTION_SLEEP:
        if agent.energy >= plan.needs.rested_at:
            return False
        return agent.energy <= plan.control.sleep or is_anybodys_night(plan, work.minute_of(town, plan))
    return option != OPTION_WASH or agent.hygiene <= plan.control.wash


@kernel
def is_anybodys_night(plan, minute):
    """Whether it is night for anybody, lark or owl. Masks are had from logs, and no log says whose clock is late."""
    policy_of = plan.policy
    return minute >= policy_of.night_from - policy_of.chronotype or minute < policy_of.night_to + policy_of.chronotype


@kernel
def reason_against(town, plan, a, asked):
    """The reason code why an option cannot be asked."""
    agent = town.agents[a]
    if asked < 0 or asked >= ASKABLE:
        return REASON_UNKNOWN
    if town.cursor.control == BY_ACTION:
        return reason_against_action(agent, asked)
    if town.allowed[a] & MARKED == 0:
        return REASON_COMMITTED
    if is_held_back(town, a, asked, NOBODY):
        return REASON_HELD_BACK
    if asked == OPTION_YIELD:
        return REASON_NOBODY_WAITS
    if asked == OPTION_WORK or asked == OPTION_SLEEP or (asked == OPTION_WASH and agent.hygiene > plan.control.wash):
        return REASON_NOT_DUE
    return REASON_NO_PLACE


@kernel
def reason_against_action(agent, asked):
    """The reason code why an action cannot be asked."""
    if agent.doing >= 0:
        return REASON_BUSY
    if ACTION_NORTH <= asked <= ACTION_WEST:
        return REASON_NO_WAY
    if asked == ACTION_TALK:
        return REASON_NOBODY_NEAR
    return REASON_NO_PLACE if asked == ACTION_INTERACT else REASON_NOTHING_TO_USE


@entry
def allow_all(towns, plans, index, allowed):
    """What an outside policy could ask of every seat at the town's tick, as bits into `allowed`, int64[seats]."""
    town = towns[index]
    for a in range(len(allowed)):
        allowed[a] = allow(town, plans[town.clock.epoch], a) & ~MARKED if town.agents[a].alive else 0
