"""A place has one user and an ordered line. Some people push in, and some let others go first."""

import numpy as np

from eventlog.codes import (
    DEED_BLOCK,
    DEED_CUT,
    DEED_HANDOVER,
    OPTION_SLEEP,
    OPTION_WORK,
    OPTION_YIELD,
    REASON_BLOCK,
    REASON_CHANGED_MIND,
    REASON_CUT,
    REASON_FINISHED,
    REASON_IMPATIENT,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, NOTHING
from projections.record.ways import steps
from projections.recorders.queues import (
    record_cooldown_started,
    record_queue_conflict,
    record_queue_handover,
    record_queue_joined,
    record_queue_left,
    record_reservation_granted,
    record_reservation_released,
    record_reservation_timed_out,
)
from townlet.rules.draw import BARRED, BLOCK, CUT, HOLD, POLITE, draw
from townlet.rules.ledger import rivalry, trust
from townlet.rules.restraint import is_held_back

WITH_MANNERS, WITHOUT_A_WORD, AT_THE_END = map(np.int64, range(3))
"""How a place is left: passed on or kept from the next; simply left, for somebody who is due there or in haste; or left
when one's time is over, which nobody is blamed for."""

AT_ONCE = np.int64(0)
"""The ticks for which a quarrel that is no block holds the place."""


@kernel
def lose_patience(town, plan, a):
    """An agent that has waited, or has not come to its place, for too long gives it up."""
    agent, tick = town.agents[a], town.clock.tick
    if agent.waits_at >= 0:
        if tick - agent.waits_since >= plan.queues.patience:
            record_queue_left(town, plan, a, agent.waits_at, REASON_IMPATIENT, agent.waits_seq)
    elif agent.holds >= 0 and agent.doing < 0 and tick - agent.held_since >= plan.queues.timeout:
        record_reservation_timed_out(town, plan, a, agent.holds, agent.held_seq)


@kernel
def ask(town, plan, a):
    """Near its target an agent gets the place if it is free, or joins the line."""
    agent = town.agents[a]
    o = agent.target
    if o == NOTHING or agent.doing >= 0 or agent.holds >= 0 or agent.waits_at >= 0:
        return
    if rests_from(town, a, o) or steps(plan, agent.tile, o) > plan.queues.ask_within:
        return
    place = town.objects[o]
    if place.user == NOBODY and place.line == 0:
        record_reservation_granted(town, plan, a, o, agent.asked_seq)
    elif place.line < plan.layout.place[o].line or (place.line == 0 and is_own(plan, o)):
        record_queue_joined(town, plan, a, o, place.line + 1, agent.asked_seq)


@kernel
def is_own(plan, o):
    """Whether a place is a bed or a desk, for which people wait where they stand."""
    return plan.affordances[plan.layout.place[o].affordance].own == 1


@kernel
def rests_from(town, a, o):
    """Whether the agent used the place a short time ago while others waited, and may not use it again yet."""
    return town.agents[a].cooldown_at == o and town.clock.tick < town.agents[a].cooldown_until


@kernel
def step_up(town, plan, a):
    """An agent that waits looks whether the place is free."""
    if town.agents[a].waits_at >= 0:
        serve(town, plan, town.agents[a].waits_at)


@kernel
def serve(town, plan, o):
    """Give a free place to the first in line, unless somebody pushes in."""
    place = town.objects[o]
    if place.line == 0 or place.user != NOBODY:
        return
    first = first_in_line(town, plan, o)
    cutter = who_cuts(town, plan, o, first)
    if cutter != NOBODY:
        quarrel(town, plan, cutter, first, o, REASON_CUT, AT_ONCE, town.agents[first].waits_seq)
        first = cutter
    record_reservation_granted(town, plan, first, o, town.agents[first].asked_seq)


@kernel
def quarrel(town, plan, a, b, o, reason, held, cause):
    """Record that a wronged b at a place, which it holds for `held` more ticks. A longer line makes it worse."""
    line, least, most = max(town.objects[o].line, 1), plan.queues.intensity_least, plan.queues.intensity_most
    intensity = min(most, max(least, 1.0 + plan.queues.intensity_step * (line - 1)))
    record_queue_conflict(town, plan, a, b, o, reason, held, intensity, cause)


@kernel
def leave_place(town, plan, a, o, reason, manners):
    """The agent leaves its place, which becomes free: it may let the next one go first, or first keep them waiting."""
    agent = town.agents[a]
    started = agent.started_seq
    waiting = town.objects[o].line > 0
    first = first_in_line(town, plan, o)
    courteous = waiting and manners != WITHOUT_A_WORD
    if courteous and manners == WITH_MANNERS and keeps_waiting(town, plan, a, first):
        block(town, plan, a, first, o)
        if agent.lingers_until > town.clock.tick:
            return
        record_reservation_released(town, plan, a, o, reason, agent.held_seq)
    elif courteous and waves_in(town, plan, a, first):
        record_queue_handover(town, plan, a, first, o, town.agents[first].waits_seq)
    else:
        record_reservation_released(town, plan, a, o, reason, agent.held_seq)
    if waiting and not is_own(plan, o):
        record_cooldown_started(town, plan, a, o, started)


@kernel
def block(town, plan, a, first, o):
    """The agent keeps a place that it no longer uses from the next in line, for some ticks."""
    span = plan.queues.held_most - plan.queues.held_least + 1
    held = plan.queues.held_least + np.int64(draw(town, HOLD, a, first) * span)
    quarrel(town, plan, a, first, o, REASON_BLOCK, held, town.agents[first].waits_seq)


@kernel
def linger(town, plan, a):
    """An agent that blocks a place frees it when its time is over, or when nobody waits any more."""
    agent = town.agents[a]
    o = agent.holds
    waiting = town.objects[o].line > 0
    if waiting and town.clock.tick < agent.lingers_until:
        return
    record_reservation_released(town, plan, a, o, REASON_FINISHED, agent.held_seq)
    if waiting and not is_own(plan, o):
        record_cooldown_started(town, plan, a, o, agent.started_seq)


@kernel
def keeps_waiting(town, plan, a, first):
    """Whether the agent lets the next in line wait, from carelessness or rivalry."""
    if is_held_back(town, a, DEED_BLOCK, first):
        return False
    chance = plan.queues.block_chance * temper(town, plan, a) + spite(town, plan, a, first)
    return draw(town, BLOCK, a, first) < chance


@kernel
def pushes_past(town, plan, a, b):
    """Whether the agent, who squeezes past one who stood in the way, does so with hard words."""
    chance = plan.queues.barred_chance * (temper(town, plan, a) + spite(town, plan, a, b))
    return draw(town, BARRED, a, b) < chance


@kernel
def spite(town, plan, a, b):
    """How much likelier rivalry makes it that an agent blocks another or speaks hard words, 0 or more."""
    return max(0.0, plan.queues.block_rivalry * rivalry(town, plan, a, b))


@kernel
def temper(town, plan, a):
    """How ready an agent is for a block or hard words, in [0, 1]: less after a quarrel, and more from tick to tick."""
    last, peace = town.agents[a].quarrelled, plan.queues.peace
    if last == 0 or peace == 0:
        return 1.0
    return min(1.0, (town.clock.tick + 1 - last) / peace)


@kernel
def waves_in(town, plan, a, first):
    """Whether the agent lets the next in line go first; more trust makes it likelier."""
    if is_held_back(town, a, DEED_HANDOVER, first):
        return False
    chance = plan.queues.polite_chance + plan.queues.polite_trust * trust(town, plan, a, first)
    return draw(town, POLITE, a, first) < chance


@kernel
def yield_place(town, plan, a):
    """An agent that has chosen to yield passes its unused place on."""
    agent = town.agents[a]
    if agent.option == OPTION_YIELD and agent.holds >= 0 and agent.doing < 0 and town.objects[agent.holds].line > 0:
        first = first_in_line(town, plan, agent.holds)
        if not is_held_back(town, a, DEED_HANDOVER, first):
            record_queue_handover(town, plan, a, first, agent.holds, town.agents[first].waits_seq)


@kernel
def let_go(town, plan, a):
    """Leave the line and the place, because of another choice."""
    agent = town.agents[a]
    if agent.waits_at >= 0:
        record_queue_left(town, plan, a, agent.waits_at, REASON_CHANGED_MIND, agent.waits_seq)
    if agent.holds >= 0:
        record_reservation_released(town, plan, a, agent.holds, REASON_CHANGED_MIND, agent.held_seq)


@kernel
def first_in_line(town, plan, o):
    """The one who is served next: by place in line, minus a share of the ticks waited."""
    place = town.objects[o]
    found, least = NOBODY, 1.0e9
    for i in range(place.line):
        a = place.waiting[i]
        rank = i - plan.queues.age_weight * (town.clock.tick - town.agents[a].waits_since)
        if rank < least:
            found, least = a, rank
    return found


@kernel
def who_cuts(town, plan, o, first):
    """Somebody in line who pushes in; more rivalry makes it likelier. Nobody pushes in at beds and desks."""
    place = town.objects[o]
    option = plan.affordances[plan.layout.place[o].affordance].option
    if place.line < 2 or option == OPTION_WORK or option == OPTION_SLEEP:
        return NOBODY
    for i in range(place.line):
        a = place.waiting[i]
        if a != first and not is_held_back(town, a, DEED_CUT, first):
            chance = plan.queues.cut_chance + plan.queues.cut_rivalry * max(0.0, rivalry(town, plan, a, first))
            if draw(town, CUT, a, first) < chance:
                return a
    return NOBODY
