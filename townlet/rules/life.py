"""People move in, faint, leave and look for work."""

import numpy as np

from eventlog.codes import (
    DEED_LEAVE,
    OPTION_SLEEP,
    REASON_LONELINESS,
    REASON_NEGLECT,
    REASON_NOTHING_TO_USE,
    REASON_UNEMPLOYMENT,
    TRAIT_AMBITION,
    TRAIT_EXTROVERSION,
    TRAIT_FORGIVENESS,
    TRAIT_TOPIC_PREFERENCE,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, NONE, NOTHING, person_of
from projections.record.ways import steps
from projections.record.words import A_FRIEND
from projections.recorders.life import (
    record_agent_arrived,
    record_agent_exited,
    record_agent_fainted,
    record_arrival_refused,
    record_seat_reused,
    record_trait_given,
)
from projections.recorders.work import record_hired
from townlet.rules.draw import BED, MOVE_AWAY, NOBODY_ELSE, ROTATION, SUCCESSOR, UNIT, VACANCY, draw, philox
from townlet.rules.market import gets_benefit
from townlet.rules.restraint import is_held_back

TWO, THREE, FIVE, SEVEN = np.int64(2), np.int64(3), np.int64(5), np.int64(7)
"""Bases of the sequence that spreads traits, one a trait."""


@kernel
def suffer(town, plan, a):
    """An agent that starves too long faints. An agent with a reason to leave leaves when the town allows it."""
    agent, tick = town.agents[a], town.clock.tick
    if agent.starving_since >= 0 and agent.doom < 0:
        if tick - agent.starving_since >= plan.needs.faint_ticks:
            record_agent_fainted(town, plan, a)
    reason = reason_to_leave(town, plan, a)
    if reason >= 0 and may_exit(town, plan) and not is_held_back(town, a, DEED_LEAVE, NOBODY):
        cause = agent.doom_seq if agent.doom >= 0 else agent.jobless_seq if reason == REASON_UNEMPLOYMENT else NONE
        leave(town, plan, a, reason, cause)


@kernel
def leave(town, plan, a, reason, cause):
    """The agent leaves for ever, and a newcomer is to come after a drawn time, or after one that a command set."""
    span = plan.life.newcomer_most - plan.life.newcomer_least + 1
    wait = plan.life.newcomer_least + np.int64(draw(town, SUCCESSOR, a, NOBODY_ELSE) * span)
    if town.clock.spawn_delay > 0:
        wait = town.clock.spawn_delay - 1
    record_agent_exited(town, plan, a, reason, wait, cause)


@kernel
def reason_to_leave(town, plan, a):
    """Why the agent leaves: fainted, evicted, long without work or benefits, neglected, lonely; -1: it stays."""
    agent = town.agents[a]
    if agent.doom >= 0:
        return agent.doom
    if agent.job < 0 and town.clock.tick - agent.jobless_since >= plan.life.unemployment_ticks:
        if not gets_benefit(town, plan, agent):
            return REASON_UNEMPLOYMENT
    if agent.neglected >= plan.needs.neglect_ticks:
        return REASON_NEGLECT
    return REASON_LONELINESS if moves_away(town, plan, a) else NONE


@kernel
def moves_away(town, plan, a):
    """Whether the agent goes to live elsewhere: at noon, by chance, if nobody here is a friend to it."""
    tick = town.clock.tick
    if tick % plan.life.ticks_per_day != plan.life.ticks_per_day // 2:
        return False
    if tick - town.agents[a].arrived < plan.life.lonely_after or has_a_friend(town.agents[a]):
        return False
    return draw(town, MOVE_AWAY, a, NOBODY_ELSE) < plan.life.lonely_chance


@kernel
def has_a_friend(agent):
    """Whether the agent sees anybody as a friend."""
    for tie in agent.ties:
        if tie.known == 1 and tie.bond == A_FRIEND:
            return True
    return False


@kernel
def may_exit(town, plan):
    """Whether one more may leave: exits are limited per day, apart in time, and by the newcomers on their way.

    A command can set the limit per day, and let nobody leave at all.
    """
    clock = town.clock
    cap = clock.exit_cap - 1 if clock.exit_cap > 0 else plan.life.exits_a_day
    if clock.lasting == 1 or clock.exits_today >= cap or clock.newcomers >= len(clock.newcomer_due):
        return False
    return clock.tick - clock.last_exit >= plan.life.exit_gap


@kernel
def welcome(town, plan):
    """Newcomers whose time has come move in, if a seat and a bed are free."""
    clock = town.clock
    while clock.newcomers > 0 and clock.newcomer_due[0] <= clock.tick:
        cause = clock.newcomer_seq[0]
        a, bed = free_seat(town, plan), free_bed(town, plan)
        if a == NOBODY or bed == NOTHING:
            record_arrival_refused(town, plan, REASON_NOTHING_TO_USE, clock.newcomers, cause)
            return
        move_in(town, plan, a, bed, cause)
        seek_job(town, plan, a, town.agents[a].jobless_seq)


@kernel
def free_seat(town, plan):
    """The lowest seat never used; else the seat that has rested longest; -1 if there is none."""
    if town.clock.seats < plan.life.seat_limit:
        return town.clock.seats
    found, longest = NOBODY, NONE
    for a in range(town.clock.seats):
        rested = town.clock.tick - town.seats[a].released
        if not town.agents[a].alive and rested > longest and person_of(town, a) < plan.life.person_limit:
            found, longest = a, rested
    return found


@kernel
def free_bed(town, plan):
    """A bed that belongs to nobody, each with the same chance."""
    found, least = NOTHING, 2.0
    for o in range(town.clock.objects):
        place = plan.layout.place[o]
        if plan.affordances[place.affordance].option == OPTION_SLEEP and town.objects[o].owner == 0:
            if town.ground[place.tile] == 0:
                drawn = draw(town, BED, o, town.clock.people)
                if drawn < least:
                    found, least = o, drawn
    return found


@kernel
def move_in(town, plan, a, bed, cause):
    """A new person moves in and gets a character and a bed."""
    rested = town.clock.tick - town.seats[a].released
    if town.seats[a].lives > 0 and rested < plan.life.seat_rest:
        record_seat_reused(town, plan, a, np.float64(rested), town.seats[a].released_seq)
    person = person_of(town, a)
    cause = record_agent_arrived(town, plan, a, bed, plan.layout.place[bed].tile, cause)
    record_trait_given(town, plan, a, TRAIT_EXTROVERSION, 2.0 * spread(town, person, TWO) - 1.0, cause)
    record_trait_given(town, plan, a, TRAIT_FORGIVENESS, 2.0 * spread(town, person, THREE) - 1.0, cause)
    record_trait_given(town, plan, a, TRAIT_AMBITION, 2.0 * spread(town, person, FIVE) - 1.0, cause)
    topics = plan.life.topic_preference_least + plan.life.topic_preference_span * spread(town, person, SEVEN)
    record_trait_given(town, plan, a, TRAIT_TOPIC_PREFERENCE, topics, cause)


@kernel
def spread(town, person, base):
    """Halton's sequence in one base (Halton 1960), rotated by the seed (Cranley and Patterson 1976), in [0, 1)."""
    value, scale, i = 0.0, 1.0, person + 1
    while i > 0:
        scale = scale / base
        value = value + scale * (i % base)
        i = i // base
    word = philox(town.cursor.stream_world, NOBODY_ELSE, base, NOBODY_ELSE, ROTATION)
    value = value + np.float64(word >> np.uint64(11)) * UNIT
    return value - 1.0 if value >= 1.0 else value


@kernel
def seek_job(town, plan, a, cause):
    """Take a vacancy by lot; staffed desks and desks near home are more likely."""
    home = plan.layout.place[town.agents[a].home].tile
    found, least = NONE, 1.0e9
    for j in range(plan.work.jobs):
        if town.job_holder[j] == 0:
            drawn = draw(town, VACANCY, j, town.clock.people) - is_shared(town, plan, j)
            drawn += steps(plan, home, plan.jobs[j].desk) / plan.work.commute_steps
            if drawn < least:
                found, least = j, drawn
    if found >= 0:
        record_hired(town, plan, a, plan.jobs[found].desk, found, cause)


@kernel
def is_shared(town, plan, job):
    """Whether somebody works another shift at the same desk."""
    first = plan.jobs[job].first
    for j in range(first, first + plan.jobs[job].colleagues):
        if j != job and plan.jobs[j].desk == plan.jobs[job].desk and town.job_holder[j] > 0:
            return 1
    return 0


@kernel
def look_for_work(town, plan, a):
    """Some time after losing a job, a person looks for work, once a day at a fixed minute."""
    agent = town.agents[a]
    if agent.job >= 0 or agent.doom >= 0 or town.clock.tick % plan.life.ticks_per_day != plan.life.asking_minute:
        return
    if town.clock.tick - agent.jobless_since >= plan.life.asking_after:
        seek_job(town, plan, a, agent.jobless_seq)
