"""Shifts: on time, late, absent, helped out, taken over, paid."""

import numpy as np

from eventlog.codes import (
    DEED_COVER,
    DEED_HELP,
    DEED_PROMISE,
    DEED_TAKEOVER,
    OPTION_SLEEP,
    OPTION_WORK,
    REASON_ABSENT,
    REASON_FINISHED,
    REASON_HELD_BACK,
    REASON_LATE,
    REASON_PROMISE,
    REASON_RELIEVED,
    REASON_TIMED_OUT,
    TRAIT_AMBITION,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, NONE
from projections.record.ways import steps
from projections.record.words import ABSENT, LATE, ON_TIME, POST_SHIFT, PRE_SHIFT, TOO_LATE
from projections.recorders.work import (
    record_arrived_late,
    record_cover_agreed,
    record_cover_ended,
    record_job_lost,
    record_late_help,
    record_shift_ended,
    record_shift_missed,
    record_shift_started,
    record_shift_takeover,
    record_wage_paid,
    record_wage_withheld,
)
from townlet.rules import queues
from townlet.rules.draw import (
    COVER,
    HELP,
    HELPER,
    LATE_STRETCH,
    OVERSLEEP,
    UNWELL,
    UNWELL_STRETCH,
    comes_round,
    draw,
    draw_of_day,
)
from townlet.rules.ledger import liking, rivalry, trust
from townlet.rules.queues import AT_ONCE
from townlet.rules.restraint import is_held_back
from townlet.rules.time import shifts_before, works_today


@kernel
def minute_of(town, plan):
    """The tick of the day, which is its minute where a day has as many ticks as minutes."""
    return town.clock.tick % plan.life.ticks_per_day


@kernel
def attend(town, plan, a):
    """Compare the time with the shift: begin, miss or end it, and look for cover."""
    agent = town.agents[a]
    if agent.job < 0:
        return
    job = plan.jobs[agent.job]
    minute = minute_of(town, plan) - job.start
    if minute < 0 or agent.shift_state == POST_SHIFT or not works_today(town, plan, agent.job):
        return
    if agent.shift_state == PRE_SHIFT:
        await_arrival(town, plan, a, job, minute)
    if agent.job < 0:  # the absence cost it
        return
    if minute >= job.end - job.start:
        close_shift(town, plan, a, job)
    elif agent.covered_by < 0 and agent.shift_state == ABSENT and is_time_to_ask(plan, minute, plan.work.cover_phase):
        seek(town, plan, a, job, REASON_ABSENT)


@kernel
def await_arrival(town, plan, a, job, minute):
    """At the desk, or in line there, within the grace is on time; later is late, then absent. Others may be asked."""
    agent = town.agents[a]
    at_desk = agent.holds == job.desk and agent.doing >= 0 and agent.covers < 0
    if not at_desk and minute <= plan.work.grace and stands_ready(plan, agent, job.desk):
        cause = agent.waits_seq if agent.waits_at == job.desk else agent.held_seq
        record_shift_started(town, plan, a, job.desk, agent.job, cause)
    elif at_desk and minute <= plan.work.grace:
        record_shift_started(town, plan, a, job.desk, agent.job, agent.started_seq)
    elif at_desk:
        record_arrived_late(town, plan, a, job.desk, agent.job, np.float64(minute), agent.started_seq)
    elif minute >= plan.work.absent_after and not (stands_ready(plan, agent, job.desk) and agent.holds == job.desk):
        miss(town, plan, a, job)
    elif agent.covered_by < 0 and is_time_to_ask(plan, minute, plan.work.help_phase):
        if agent.holds != job.desk and agent.waits_at != job.desk:
            seek(town, plan, a, job, REASON_LATE)


@kernel
def stands_ready(plan, agent, desk):
    """Whether the agent stands in line at its desk, or has just been given it by the one before."""
    return plan.work.line_counts and agent.covers < 0 and (agent.waits_at == desk or agent.holds == desk)


@kernel
def is_time_to_ask(plan, minute, phase):
    """Whether a colleague is looked for in this minute of a shift; this happens every few minutes."""
    return minute % plan.work.ask_again == phase


@kernel
def miss(town, plan, a, job):
    """The agent is absent. A colleague who already stands in takes the shift over. Too many absences cost the job."""
    agent = town.agents[a]
    cause = record_shift_missed(town, plan, a, job.desk, agent.job)
    b = agent.covered_by
    if b >= 0 and town.agents[b].cover_worked > 0:
        if is_held_back(town, b, DEED_TAKEOVER, a):
            close_cover(town, plan, b, REASON_HELD_BACK)
            b = NOBODY
        else:
            record_shift_takeover(town, plan, b, a, job.desk, agent.job, cause)
    oldest = agent.absences[plan.work.absences_max - 1]
    if oldest > 0 and town.clock.tick + 1 - oldest < plan.work.absence_window:
        if b >= 0:
            close_cover(town, plan, b, REASON_FINISHED)
        record_job_lost(town, plan, a, job.desk, agent.job, cause)


@kernel
def seek(town, plan, a, job, reason):
    """Ask the best colleague to stand in: one who is free and near, and likes the owner."""
    found, most = NOBODY, -1.0e9
    for j in range(job.first, job.first + job.colleagues):
        b = town.job_holder[j] - 1
        if b >= 0 and may_cover(town, plan, a, b, reason) and (reason == REASON_ABSENT or town.agents[b].doing < 0):
            merit = liking(town, plan, b, a) - plan.work.helper_step_cost * steps(plan, town.agents[b].tile, job.desk)
            merit += plan.work.helper_luck * draw(town, HELPER, b, a)
            if merit > most:
                found, most = b, merit
    if found == NOBODY and reason == REASON_ABSENT:
        found = job_seeker(town, plan, a)
    if found != NOBODY and draw(town, HELP if reason == REASON_LATE else COVER, found, a) < chance(
        town, plan, found, a, reason
    ):
        cause = town.agents[a].shift_seq if reason == REASON_ABSENT else NONE
        record_cover_agreed(town, plan, found, a, job.desk, reason, cause)


@kernel
def chance(town, plan, b, a, reason):
    """The chance to agree. Trust counts for help, ambition and rivalry for a takeover."""
    if reason == REASON_LATE:
        return plan.work.help_chance * (1.0 + trust(town, plan, b, a) - max(0.0, rivalry(town, plan, b, a)))
    ambition = town.agents[b].traits[TRAIT_AMBITION]
    return plan.work.cover_chance * (1.0 + plan.work.cover_ambition * ambition + max(0.0, rivalry(town, plan, b, a)))


@kernel
def job_seeker(town, plan, a):
    """Somebody without a job who is free."""
    found, least = NOBODY, 2.0
    for b in range(town.clock.seats):
        if town.agents[b].alive and town.agents[b].job < 0 and may_cover(town, plan, a, b, REASON_ABSENT):
            drawn = draw(town, HELPER, b, a)
            if drawn < least:
                found, least = b, drawn
    return found


@kernel
def may_cover(town, plan, a, b, reason):
    """Whether b may be asked: awake, well, not at work, standing in for nobody, and not held back from it."""
    other = town.agents[b]
    if b == a or other.covers >= 0 or other.doom >= 0 or is_ill(town, b):
        return False
    if is_held_back(town, b, DEED_COVER, a) or is_held_back(town, b, deed_of(reason), a):
        return False
    if min(other.hunger, other.energy) < plan.work.cover_needs_above:
        return False
    if other.doing >= 0 and plan.affordances[other.doing].option == OPTION_SLEEP:
        return False
    if other.job < 0:
        return True
    minute = minute_of(town, plan)
    mine = plan.jobs[other.job]
    on_shift = mine.start - plan.work.early <= minute < mine.end and works_today(town, plan, other.job)
    return not on_shift


@kernel
def deed_of(reason):
    """The deed of somebody who works for a colleague who is late, or absent."""
    return DEED_HELP if reason == REASON_LATE else DEED_TAKEOVER


@kernel
def is_kept_from_cover(town, a):
    """Whether the agent is held back from the shift that it agreed to work and has not begun."""
    agent = town.agents[a]
    if agent.covers < 0 or agent.cover_worked > 0:
        return False
    absent = town.agents[agent.covers].shift_state == ABSENT
    return is_held_back(town, a, DEED_TAKEOVER if absent else DEED_HELP, agent.covers)


@kernel
def ticks_left(town, plan, a):
    """Ticks of work left at the desk the agent is bound for, of a covered or an own shift; 0 for none."""
    agent = town.agents[a]
    minute = minute_of(town, plan)
    if agent.covers >= 0:
        return plan.jobs[town.agents[agent.covers].job].end - minute
    if agent.job < 0 or agent.shift_state == POST_SHIFT or agent.shift_state == ABSENT:
        return 0
    job = plan.jobs[agent.job]
    return job.end - minute if works_today(town, plan, agent.job) and minute >= job.start - plan.work.early else 0


@kernel
def desk_of(town, plan, a):
    """The desk where the agent is to work: the desk of the person it covers, or its own."""
    agent = town.agents[a]
    owner = town.agents[agent.covers] if agent.covers >= 0 else agent
    return plan.jobs[owner.job].desk


@kernel
def leaves_at(town, plan, a):
    """The minute at which the agent sets out for its shift, later if it oversleeps or dawdles, or a command says so."""
    agent = town.agents[a]
    job = plan.jobs[agent.job]
    ready = job.start - steps(plan, agent.tile, job.desk) - plan.work.margin
    lot = draw_of_day(town, plan, OVERSLEEP, a)
    chance = plan.work.oversleep_chance if job.start < plan.life.ticks_per_day // 2 else plan.work.dawdle_chance
    risk = chance * (1.0 - plan.work.oversleep_ambition * agent.traits[TRAIT_AMBITION])
    span = plan.work.oversleep_most - plan.work.oversleep_least + 1
    if agent.rising > 0:
        late = plan.work.margin + plan.work.oversleep_least + np.int64(lot * span)
        return ready + late if agent.rising == TOO_LATE else ready
    if plan.work.even_mishaps and comes_round(town, LATE_STRETCH, a, shifts_before(town, plan, agent.job), risk):
        return ready + plan.work.margin + plan.work.oversleep_least + np.int64(lot * span)
    if not plan.work.even_mishaps and lot < risk:
        return ready + plan.work.margin + plan.work.oversleep_least + np.int64(lot / risk * span)
    return ready


@kernel
def is_ill(town, a):
    """Whether the agent is unwell by command."""
    return town.clock.tick < town.agents[a].unwell_until


@kernel
def stays_home(town, plan, a):
    """Whether the agent is unwell today; less likely with ambition, and not soon after another absence.

    By command it may be unwell at any time.
    """
    agent = town.agents[a]
    if is_ill(town, a):
        return True
    recent = agent.absences[0]
    if recent > 0 and town.clock.tick - recent < plan.work.unwell_rest and agent.shift_state != ABSENT:
        return False
    risk = plan.work.unwell_chance * (1.0 - plan.work.unwell_ambition * agent.traits[TRAIT_AMBITION])
    if plan.work.even_mishaps:
        return comes_round(town, UNWELL_STRETCH, a, shifts_before(town, plan, agent.job), risk)
    return draw_of_day(town, plan, UNWELL, a) < risk


@kernel
def is_due(town, plan, a):
    """Whether it is time to be at work or on the way, for an own or a covered shift."""
    agent = town.agents[a]
    if agent.covers >= 0:
        return True
    if agent.job < 0 or agent.shift_state == POST_SHIFT or agent.shift_state == ABSENT:
        return False
    job = plan.jobs[agent.job]
    minute = minute_of(town, plan)
    if minute < job.start - plan.work.due_before or minute >= job.end or not works_today(town, plan, agent.job):
        return False
    if agent.shift_state == ON_TIME or agent.shift_state == LATE:
        return True
    return minute >= leaves_at(town, plan, a) and not stays_home(town, plan, a)


@kernel
def has_shift_ahead(town, plan, a):
    """Whether the agent's shift of today has not begun, or has begun without it."""
    agent = town.agents[a]
    if agent.job < 0 or agent.shift_state != PRE_SHIFT or not works_today(town, plan, agent.job):
        return False
    return minute_of(town, plan) < plan.jobs[agent.job].end


@kernel
def has_to_rise(town, plan, a):
    """Whether the agent has to get up for work, some time before it sets out."""
    minute = minute_of(town, plan)
    if not has_shift_ahead(town, plan, a):
        return False
    if minute < plan.jobs[town.agents[a].job].start - plan.work.alarm_before:
        return False
    return minute >= leaves_at(town, plan, a) - plan.work.rise_before and not stays_home(town, plan, a)


@kernel
def take_over(town, plan, a, o):
    """A person who begins to work at the desk of an absent colleague takes the shift over."""
    agent = town.agents[a]
    if agent.covers < 0 or agent.cover_worked > 0:
        return
    owner = town.agents[agent.covers]
    if owner.shift_state == ABSENT and not owner.taken_over:
        record_shift_takeover(town, plan, a, agent.covers, o, owner.job, owner.shift_seq)


@kernel
def is_relieved(town, plan, a):
    """Whether the covered owner waits at the desk."""
    agent = town.agents[a]
    if agent.covers < 0 or agent.doing < 0 or plan.affordances[agent.doing].option != OPTION_WORK:
        return False
    return town.agents[agent.covers].waits_at == agent.holds


@kernel
def end_cover(town, plan, a):
    """Covering ends when the owner waits at the desk, or the shift is over."""
    agent = town.agents[a]
    if agent.covers >= 0 and agent.holds == desk_of(town, plan, a):
        if town.agents[agent.covers].waits_at == agent.holds:
            close_cover(town, plan, a, REASON_RELIEVED)
        elif ticks_left(town, plan, a) <= 0:
            close_cover(town, plan, a, REASON_FINISHED)


@kernel
def close_cover(town, plan, a, reason):
    """Pay the helper and record the help."""
    agent = town.agents[a]
    b = agent.covers
    owner = town.agents[b]
    desk, cause = plan.jobs[owner.job].desk, agent.cover_seq
    helped = owner.shift_state == PRE_SHIFT and agent.cover_worked >= plan.work.help_least
    if helped and not is_held_back(town, a, DEED_HELP, b):
        cause = record_late_help(town, plan, a, b, desk, owner.job, agent.cover_seq)
    if agent.earned > 0.0:
        record_wage_paid(town, plan, a, b, desk, agent.earned, cause)
    record_cover_ended(town, plan, a, b, desk, reason, agent.cover_seq)


@kernel
def give_up_cover(town, plan, a):
    """A promise to cover ends when it is not kept in time, or when the owner has come."""
    agent = town.agents[a]
    if agent.covers < 0 or agent.cover_worked > 0:
        return
    owner = town.agents[agent.covers]
    waited = town.clock.tick - agent.cover_since
    if owner.shift_state == ON_TIME or owner.shift_state == LATE or owner.shift_state == POST_SHIFT:
        close_cover(town, plan, a, REASON_RELIEVED)
    elif is_kept_from_cover(town, a):
        close_cover(town, plan, a, REASON_HELD_BACK)
    elif waited > plan.work.cover_within and not (agent.doing >= 0 and agent.holds == desk_of(town, plan, a)):
        break_promise(town, plan, a)


@kernel
def break_promise(town, plan, a):
    """A promise to stand in that nobody kept wrongs the owner of the shift."""
    agent = town.agents[a]
    b = agent.covers
    if plan.queues.promise and not is_held_back(town, a, DEED_PROMISE, b):
        desk = plan.jobs[town.agents[b].job].desk
        queues.quarrel(town, plan, a, b, desk, REASON_PROMISE, AT_ONCE, agent.cover_seq)
    close_cover(town, plan, a, REASON_TIMED_OUT)


@kernel
def close_shift(town, plan, a, job):
    """At the end of a shift, pay who worked it and withhold what was not worked."""
    agent = town.agents[a]
    if agent.covered_by >= 0:
        close_cover(town, plan, agent.covered_by, REASON_FINISHED)
    if agent.covers < 0 and agent.earned > 0.0:
        record_wage_paid(town, plan, a, a, job.desk, agent.earned, agent.shift_seq)
    lost = job.end - job.start - agent.worked
    if (agent.shift_state == LATE or agent.shift_state == ABSENT) and lost > 0:
        record_wage_withheld(town, plan, a, job.desk, lost * job.wage, agent.shift_seq)
    record_shift_ended(town, plan, a, job.desk, agent.job)
