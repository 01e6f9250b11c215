"""What an outside policy or a command asks of agents, and what may be asked (docs/town.md, Options).

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
    DEED_CHAT,
    OPTION_EAT,
    OPTION_SLEEP,
    OPTION_SOCIALISE,
    OPTION_WAIT,
    OPTION_WASH,
    OPTION_WORK,
    OPTION_YIELD,
    REASON_BUSY,
    REASON_COMMITTED,
    REASON_DEPARTED,
    REASON_FINISHED,
    REASON_HELD_BACK,
    REASON_NO_PLACE,
    REASON_NO_WAY,
    REASON_NOBODY_NEAR,
    REASON_NOBODY_WAITS,
    REASON_NOT_DUE,
    REASON_NOTHING_TO_USE,
    REASON_TIMED_OUT,
    REASON_UNKNOWN,
)
from projections.kernel import entry, kernel
from projections.record.event import NOBODY, NONE, NOTHING, seat
from projections.record.ways import tiles_apart
from projections.recorders.choice import record_action_rejected, record_option_chosen
from projections.recorders.console import record_order_ended
from townlet.rules import policy, primitives, queues, work
from townlet.rules.company import talk
from townlet.rules.restraint import are_held_apart, is_held_back

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
    """Whether an outside policy chooses for the seat in this tick; for who is under a command it does not."""
    return not (is_left_to_script(town, a) or is_commanded(town.agents[a]))


@kernel
def is_left_to_script(town, a):
    """Whether the scripted policy chooses for the seat, where no command does."""
    return town.cursor.control == SCRIPTED or town.asked[a] == NOT_ASKED


@kernel
def is_commanded(agent):
    """Whether commands choose for the agent: it is possessed, or has an order."""
    return agent.possessed > 0 or agent.ordered > 0


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
    option = town.asked[a]
    if option == BY_SCRIPT_ALLOWED:
        policy.choose_among(town, plan, a, town.allowed[a])
        return
    take(town, plan, a, option)


@kernel
def take(town, plan, a, option):
    """The agent commits to an option that was asked for or ordered, at the place of least trouble."""
    agent = town.agents[a]
    cause = agent.ordered_seq if agent.ordered > 0 else NONE
    if option == OPTION_YIELD:
        record_option_chosen(town, plan, a, agent.holds, option, cause)
        return
    target = NOTHING
    if agent.meets > 0 and option == OPTION_SOCIALISE:
        target = place_to_meet(town, plan, a)
    elif option != OPTION_WAIT:
        target = policy.place_for(town, plan, a, option, policy.is_urgent(plan, agent))
    if target != policy.queues_for(agent):
        queues.let_go(town, plan, a)
    record_option_chosen(town, plan, a, target, option, cause)


@kernel
def obey(town, plan, a):
    """Who is under a command does what is ordered, if it may be asked for; without an order, who is possessed waits.

    Returns whether the agent goes on with its tick. Where an order ends because it became impossible, the scripted
    policy chooses at once for those who are left to it; an outside policy is asked in the next tick, as in `heed`.
    """
    if not policy.decides(town, plan, a):
        return True
    agent = town.agents[a]
    if agent.ordered > 0:
        option = agent.ordered - 1
        meets = agent.meets > 0
        reason = reason_against_meeting(town, plan, a) if meets else reason_against_order(town, plan, a, option)
        if reason < 0:
            take(town, plan, a, option)
            return True
        record_order_ended(town, plan, a, option, reason, agent.ordered_seq)
    if agent.possessed > 0:
        take(town, plan, a, OPTION_WAIT)
        return True
    if not is_left_to_script(town, a):
        return False
    policy.choose(town, plan, a)
    return True


@kernel
def reason_against_order(town, plan, a, option):
    """The reason code why an agent that is idle cannot be asked for an option now, whatever it did; -1 if it can."""
    if option == OPTION_WAIT:
        return NONE
    if is_held_back(town, a, option, NOBODY):
        return REASON_HELD_BACK
    if option == OPTION_YIELD:
        return NONE if primitives.can_yield(town, plan, a) else REASON_NOBODY_WAITS
    if not is_worth_asking(town, plan, a, option):
        return REASON_NOT_DUE
    return NONE if policy.has_place(town, plan, a, option) else REASON_NO_PLACE


@kernel
def reason_against_meeting(town, plan, a):
    """The reason code why an idle agent cannot go to the meeting that is ordered; -1 if it can."""
    if is_held_back(town, a, OPTION_SOCIALISE, NOBODY):
        return REASON_HELD_BACK
    return REASON_NO_PLACE if place_to_meet(town, plan, a) == NOTHING else NONE


@kernel
def place_to_meet(town, plan, a):
    """The free place for company in the venue of the meeting nearest to the other, or else to where they are to meet.

    NOTHING if there is none. Who sits there already stays, unless the other sits out of hearing. Who is sent there pays
    what it costs, whether or not there is money to spare.
    """
    agent = town.agents[a]
    there = plan.layout.place[agent.meets_at - 1]
    own, held, near = agent.holds, town.agents[seat(town, agent.meets - 1)].holds, there.tile
    stays = own >= 0 and is_for_company(plan, own, there.venue)
    if held >= 0 and is_for_company(plan, held, there.venue):
        near = plan.layout.place[held].tile
        stays = stays and tiles_apart(plan, plan.layout.place[own].tile, near) <= plan.chat.radius
    if stays:
        return own
    found, least = NOTHING, 1.0e9
    for o in range(town.clock.objects):
        if is_for_company(plan, o, there.venue):
            away = np.float64(tiles_apart(plan, plan.layout.place[o].tile, near))
            if away < least and can_sit(town, plan, a, o):
                found, least = o, away
    return found


@kernel
def can_sit(town, plan, a, o):
    """Whether the agent holds a place already, or could use it now without waiting."""
    user = town.objects[o].user
    return (user == NOBODY or user == a) and (town.agents[a].holds == o or policy.is_usable(town, plan, a, o))


@kernel
def is_for_company(plan, o, venue):
    """Whether a place is one for company in a venue."""
    place = plan.layout.place[o]
    return place.venue == venue and plan.affordances[place.affordance].option == OPTION_SOCIALISE


@kernel
def tend_order(town, plan, a):
    """An order ends when its time is over. Two who are to meet begin to talk when both are there."""
    agent = town.agents[a]
    if agent.ordered == 0:
        return
    if agent.ordered_until > 0 and town.clock.tick >= agent.ordered_until:
        record_order_ended(town, plan, a, agent.ordered - 1, REASON_TIMED_OUT, agent.ordered_seq)
    elif agent.meets > 0:
        meet(town, plan, a)


@kernel
def meet(town, plan, a):
    """Two who are near each other in the venue talk, as soon as both may. Nobody waits for who need not come."""
    agent = town.agents[a]
    b = seat(town, agent.meets - 1)
    other, cause = town.agents[b], agent.ordered_seq
    if not other.alive or other.person + 1 != agent.meets:
        record_order_ended(town, plan, a, OPTION_SOCIALISE, REASON_DEPARTED, cause)
    elif other.meets != agent.person + 1:
        record_order_ended(town, plan, a, OPTION_SOCIALISE, REASON_NOBODY_NEAR, cause)
    elif are_there(town, plan, a, b) and (agent.talks_with == b or can_talk(town, plan, a, b)):
        begins = agent.talks_with != b
        record_order_ended(town, plan, a, OPTION_SOCIALISE, REASON_FINISHED, cause)
        record_order_ended(town, plan, b, OPTION_SOCIALISE, REASON_FINISHED, other.ordered_seq)
        if begins:
            talk.begin(town, plan, a, b, cause)


@kernel
def are_there(town, plan, a, b):
    """Whether two are in the venue where they are to meet."""
    venue = plan.layout.place[town.agents[a].meets_at - 1].venue
    room = plan.layout.room
    return np.int64(room[town.agents[a].tile]) == venue and np.int64(room[town.agents[b].tile]) == venue


@kernel
def can_talk(town, plan, a, b):
    """Whether two are within hearing and free to begin a talk, whatever their rivalry."""
    if tiles_apart(plan, town.agents[a].tile, town.agents[b].tile) > plan.chat.radius:
        return False
    if are_held_apart(town, a, b, DEED_CHAT):
        return False
    return talk.may_begin(town, plan, a) and talk.may_begin(town, plan, b)


@kernel
def allow(town, plan, a):
    """The options or actions that a living seat may be asked for in this tick, as bits; at least one.

    Under option control, a seat that is to decide has the bit MARKED as well. Nothing else is asked of who is under a
    command.
    """
    if is_commanded(town.agents[a]):
        return ONE << (OPTION_WAIT if town.cursor.control == BY_ACTION else town.agents[a].option)
    if town.cursor.control == BY_ACTION:
        return primitives.possible(town, plan, a)
    agent = town.agents[a]
    if not policy.decides(town, plan, a):
        return ONE << agent.option
    bits = MARKED | (ONE << OPTION_WAIT)
    for option in range(OPTION_EAT, OPTION_YIELD):
        if is_worth_asking(town, plan, a, option) and policy.has_place(town, plan, a, option):
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
def against_order(towns, plans, index, a, option):
    """The reason code why a command cannot have seat `a` do an option now; -1 if it can, REASON_BUSY if it is busy."""
    town = towns[index]
    plan, agent = plans[town.clock.epoch], town.agents[a]
    if agent.doing >= 0 or agent.talks_with >= 0 or agent.lingers_until > 0:
        return REASON_BUSY
    return reason_against_order(town, plan, a, option)


@entry
def allow_all(towns, plans, index, allowed):
    """What an outside policy could ask of every seat at the town's tick, as bits into `allowed`, int64[seats]."""
    town = towns[index]
    for a in range(len(allowed)):
        allowed[a] = allow(town, plans[town.clock.epoch], a) & ~MARKED if town.agents[a].alive else 0
