"""Folds of jobs and shifts."""

from projections.kernel import kernel
from projections.record.event import NOBODY, NONE
from projections.record.state import DAYS_KEPT
from projections.record.words import ABSENT, LATE, ON_TIME, POST_SHIFT, PRE_SHIFT
from projections.town import news, ties


@kernel
def shift_started(town, plan, event):
    """The agent's shift begins in time."""
    open_shift(town, event, ON_TIME)
    town.agents[event.agent].shifts_on_time += 1
    town.clock.shifts_on_time += 1


@kernel
def arrived_late(town, plan, event):
    """The agent's shift begins late."""
    open_shift(town, event, LATE)


@kernel
def shift_missed(town, plan, event):
    """The agent is absent from its shift; add the absence to those remembered."""
    open_shift(town, event, ABSENT)
    agent = town.agents[event.agent]
    for i in range(DAYS_KEPT - 1, 0, -1):
        agent.absences[i] = agent.absences[i - 1]
    agent.absences[0] = event.tick + 1


@kernel
def open_shift(town, event, state):
    """Set the state of the shift and count it."""
    agent = town.agents[event.agent]
    agent.shift_state, agent.shift_seq = state, event.seq
    agent.worked = agent.taken_over = agent.rising = 0
    agent.shifts += 1
    town.clock.shifts += 1


@kernel
def shift_ended(town, plan, event):
    """The agent's shift is over for today."""
    town.agents[event.agent].shift_state = POST_SHIFT


@kernel
def shift_takeover(town, plan, event):
    """The shift is taken over, which can happen once; ties change, and there is news for who sees it."""
    town.agents[event.other].taken_over = 1
    ties.remember(town, plan, event)
    news.witness(town, plan, event)


@kernel
def late_help(town, plan, event):
    """The ties of the late owner and the helper change, and there is news for who sees it."""
    ties.remember(town, plan, event)
    news.witness(town, plan, event)


@kernel
def wage_paid(town, plan, event):
    """The agent gets its wage."""
    agent = town.agents[event.agent]
    agent.wallet += event.value
    agent.earned = 0.0


@kernel
def wage_withheld(town, plan, event):
    """Changes nothing: the wage was not earned."""


@kernel
def hired(town, plan, event):
    """The agent gets the job and starts without absences."""
    agent = town.agents[event.agent]
    agent.job = event.code
    town.job_holder[event.code] = event.agent + 1
    agent.jobless_since = NONE
    agent.shift_state = PRE_SHIFT
    agent.shifts = agent.shifts_on_time = 0
    for i in range(DAYS_KEPT):
        agent.absences[i] = 0


@kernel
def job_lost(town, plan, event):
    """The agent loses its job."""
    agent = town.agents[event.agent]
    agent.job = NONE
    town.job_holder[event.code] = 0
    agent.jobless_since, agent.jobless_seq = event.tick, event.seq
    agent.shift_state = PRE_SHIFT


@kernel
def cover_agreed(town, plan, event):
    """`agent` covers the shift of `other`."""
    agent, owner = town.agents[event.agent], town.agents[event.other]
    agent.covers, agent.cover_reason = event.other, event.code
    agent.cover_since, agent.cover_seq = event.tick, event.seq
    agent.cover_worked = 0
    agent.option_until = event.tick
    agent.cover_wage = plan.jobs[owner.job].wage
    owner.covered_by = event.agent


@kernel
def cover_ended(town, plan, event):
    """`agent` no longer covers the shift of `other`."""
    drop_cover(town, event.agent)


@kernel
def drop_cover(town, a):
    """Clear everything that agent `a` has as somebody's cover."""
    agent = town.agents[a]
    if agent.covers >= 0:
        town.agents[agent.covers].covered_by = NOBODY
    agent.covers = NOBODY
    agent.cover_reason = NONE
    agent.cover_worked = 0
    agent.cover_wage = 0.0
