"""The rider that pays: what everybody earns in a tick, term by term, adding up to the reward to the last bit.

docs/policy/REWARD_ENGINE.md says what each term is for.
`out.seats[a]` is the row of seat `a` of the tick that ended last. Its terms, added in the order of COLUMNS, are its
`total`. A row is of one person: in the tick in which somebody leaves, of who leaves; whoever comes to that seat in the
very same tick has its first row in the next. `earning.py` folds with this rider, which is by itself and not among those
of `fold.py`: an environment asks for rewards at each tick, and for nothing else.
"""

from functools import cache

import numpy as np

from eventlog.codes import (
    AGENT_ARRIVED,
    AGENT_EXITED,
    AGENT_FAINTED,
    ARRIVED_LATE,
    CHAT_SUCCEEDED,
    EPISODE_ENDED,
    EVICTION_SERVED,
    OPTION_WORK,
    QUEUE_HANDOVER,
    SHIFT_STARTED,
)
from projections.kernel import kernel
from projections.record.state import CapacityClass
from projections.record.words import LATE, ON_TIME
from projections.town.ties import tie_with

REASONS = 64
"""Room for reasons of an exit; codes are below it."""

OFF, C1, C2, C3 = map(np.int64, range(4))
"""Stages of the social reward: none; chats; avoided conflicts too; both by how one stands with those one knows."""

GOES_ON, LEFT, CUT_OFF = map(np.int64, range(3))
"""What a row says of its episode: it goes on; the person left the town (terminated); it was cut off (truncated)."""

MOST_LIKING = 3.0
"""The most that trust + familiarity - rivalry can be."""

COLUMNS = ("survival", "needs", "shaping", "wage", "punctuality", "social", "terminal", "guard", "clipped", "total")
"""The terms in the order in which they are added, and their sum. (`clip` is taken: every NumPy record has a method so
called.)"""

TERMS = np.dtype(
    [
        ("survival", "f8"),  # a tick
        ("needs", "f8"),  # times the sum of weight x (1 - need)^2
        ("hunger", "f8"),  # weights of that sum
        ("hygiene", "f8"),
        ("energy", "f8"),
        ("shaping", "i8"),  # 1: on
        ("shaping_scale", "f8"),
        ("gamma", "f8"),
        ("wage", "f8"),  # times the wage of the minute
        ("punctuality", "f8"),  # at most
        ("punctuality_span", "i8"),  # ticks to either side of the start of the shift
        ("stage", "i8"),
        ("chat", "f8"),
        ("chat_trust", "f8"),
        ("chat_familiarity", "f8"),
        ("chat_most", "f8"),
        ("avoided", "f8"),
        ("standing", "f8"),
        ("deficit_most", "f8"),  # with a need that lacks more, nothing social is worth anything
        ("terminal", "f8", (REASONS,)),  # by reason of the exit
        ("guard", "i8"),  # ticks after a termination without positive rewards
        ("tick_clip", "f8"),
        ("episode_clip", "f8"),
    ]
)
"""Settings of rewards as kernels read them; read-only, one a plan."""

EARNING = np.dtype(
    [
        ("present", "i8"),  # 1: the row is somebody's
        ("person", "i8"),
        ("done", "i8"),  # GOES_ON, LEFT, CUT_OFF
        *((name, "f8") for name in COLUMNS),
        ("episode", "f8"),  # the totals of the stay, or since its episode was cut off, this row's included
        ("arrival_so_far", "f8"),  # what this tick's events have brought by now: of punctuality,
        ("social_so_far", "f8"),  # and of the social term
        ("left", "i8"),  # 1: whoever sat here has left in this tick, and been paid
        ("ended", "i8"),  # 1: its episode ends with this tick
        ("terminated", "i8"),  # tick + 1 of the seat's last termination, 0: none yet
        ("potential", "f8"),  # of the needs at the end of the last tick
    ]
)
"""What one seat earns; a seat that nobody has sat in yet is zeros."""


@cache
def rewards_type(shape: CapacityClass) -> np.dtype:
    """What this rider writes to: a row a seat. All zeros before the first event."""
    return np.dtype([("seats", EARNING, (shape.agents,))])


@kernel
def before(town, plan, event, terms, out):
    """What is social is paid by the ties as the event finds them; who leaves is paid for the last time."""
    kind = event.kind
    if kind == CHAT_SUCCEEDED:
        if terms.stage >= C1:
            pay_chat(town, plan, event, terms, out, event.agent, event.other_person)
            pay_chat(town, plan, event, terms, out, event.other, event.person)
    elif kind == QUEUE_HANDOVER:
        if terms.stage >= C2:
            agent = town.agents[event.agent]
            if not in_need(terms, agent):
                out.seats[event.agent].social_so_far += terms.avoided * standing(plan, terms, agent)
    elif kind == AGENT_EXITED:
        pay_off(town, event, terms, out)


@kernel
def after(town, plan, event, terms, out):
    """Arrivals at work are paid; terminations, new stays and ends of episodes are kept in mind."""
    kind = event.kind
    if kind == SHIFT_STARTED or kind == ARRIVED_LATE:
        pay_arrival(town, plan, event, terms, out)
    elif kind == AGENT_FAINTED or kind == EVICTION_SERVED or kind == AGENT_EXITED:
        out.seats[event.agent].terminated = event.tick + 1
    elif kind == EPISODE_ENDED:
        out.seats[event.agent].ended = 1
    elif kind == AGENT_ARRIVED:
        out.seats[event.agent].potential = potential(terms, town.agents[event.agent])


@kernel
def tick(town, plan, now, terms, out):
    """At the end of a tick everybody's row is written."""
    for a in range(town.clock.seats):
        row = out.seats[a]
        if row.left == 1:
            row.left = 0
        elif town.agents[a].alive:
            pay(plan, now, terms, town.agents[a], row)
        elif row.present == 1:
            vacate(row)


@kernel
def pay(plan, now, terms, agent, row):
    """The row of somebody who has lived to the end of the tick."""
    turn_to(row, agent.person)
    row.survival = terms.survival
    row.needs = -terms.needs * deficit(terms, agent)
    row.shaping = 0.0
    if terms.shaping == 1:
        reached = potential(terms, agent)
        row.shaping = terms.gamma * reached - row.potential
        row.potential = reached
    row.wage = terms.wage * minute_wage(plan, agent)
    row.terminal = 0.0
    settle(terms, now, row)
    if row.ended == 1:
        row.ended, row.done = 0, CUT_OFF


@kernel
def pay_off(town, event, terms, out):
    """The last row of who leaves: no survival and no wage of a tick that it does not live to the end."""
    agent, row = town.agents[event.agent], out.seats[event.agent]
    turn_to(row, event.person)
    row.survival = row.wage = 0.0
    row.needs = -terms.needs * deficit(terms, agent)
    row.shaping = -row.potential if terms.shaping == 1 else 0.0
    row.terminal = terms.terminal[event.code] if 0 <= event.code < REASONS else 0.0
    row.terminated = event.tick + 1
    settle(terms, event.tick, row)
    row.left, row.ended, row.done = 1, 0, LEFT
    row.potential = 0.0


@kernel
def turn_to(row, person):
    """The row is this person's; after the end of an episode another begins."""
    if row.done != GOES_ON:
        row.episode = 0.0
    row.present, row.person, row.done = 1, person, GOES_ON


@kernel
def vacate(row):
    """Nobody's row: zeros, but for when somebody left the seat."""
    row.present = row.person = row.done = 0
    row.survival = row.needs = row.shaping = row.wage = row.punctuality = row.social = 0.0
    row.terminal = row.guard = row.clipped = row.total = row.episode = 0.0


@kernel
def settle(terms, now, row):
    """What the tick's events have brought, the guard, the clips, and the sum, which is the order of the terms."""
    row.punctuality, row.social = row.arrival_so_far, row.social_so_far
    row.arrival_so_far = row.social_so_far = 0.0
    earned = row.survival + row.needs + row.shaping + row.wage + row.punctuality + row.social
    row.guard = 0.0
    if earned > 0.0 and row.terminated > 0 and now + 1 - row.terminated <= terms.guard:
        row.guard = -earned
    whole = earned + row.terminal + row.guard
    kept = earned + row.guard
    paid = min(terms.tick_clip, max(-terms.tick_clip, kept))
    row.clipped = 0.0
    reached = row.episode + (paid + row.terminal)
    within = min(terms.episode_clip, max(-terms.episode_clip, reached))
    if within != reached:
        row.clipped = (within - row.episode) - whole
    elif paid != kept:
        row.clipped = (paid + row.terminal) - whole
    row.total = whole + row.clipped
    row.episode += row.total


@kernel
def pay_chat(town, plan, event, terms, out, a, other):
    """A chat is worth its quality times what one thinks of the other, with the tie as it was before (stage C1)."""
    agent = town.agents[a]
    if in_need(terms, agent):
        return
    worth, slot = terms.chat, tie_with(plan, agent, other)
    if slot >= 0:
        tie = agent.ties[slot]
        worth = worth + terms.chat_trust * tie.trust + terms.chat_familiarity * tie.familiarity
    worth = worth * event.value * standing(plan, terms, agent)
    out.seats[a].social_so_far += min(terms.chat_most, max(0.0, worth))


@kernel
def standing(plan, terms, agent):
    """At stage C3, 1 + weight x the mean of (trust + familiarity - rivalry) / 3 over one's ties; 1 without any."""
    if terms.stage < C3:
        return 1.0
    liking, ties = 0.0, 0.0
    for slot in range(plan.social.capacity):
        tie = agent.ties[slot]
        if tie.known == 1:
            liking += tie.trust + tie.familiarity - tie.rivalry
            ties += 1.0
    return 1.0 + terms.standing * (liking / (MOST_LIKING * ties)) if ties > 0.0 else 1.0


@kernel
def pay_arrival(town, plan, event, terms, out):
    """Once a shift, at the desk: the more the nearer to its start, before it or after (a triangle)."""
    start = event.tick - event.tick % plan.life.ticks_per_day + plan.jobs[event.code].start
    away = abs(town.agents[event.agent].busy_since - start)
    if away < terms.punctuality_span:
        out.seats[event.agent].arrival_so_far += terms.punctuality * (1.0 - away / terms.punctuality_span)


@kernel
def minute_wage(plan, agent):
    """What the minute at its desk earned: of a shift that it covers, or of its own; 0 away from work."""
    if agent.doing < 0 or plan.affordances[agent.doing].option != OPTION_WORK:
        return 0.0
    if agent.covers >= 0:
        return agent.cover_wage
    return plan.jobs[agent.job].wage if agent.shift_state == ON_TIME or agent.shift_state == LATE else 0.0


@kernel
def deficit(terms, agent):
    """The weighted sum of squares of what the needs lack."""
    hunger, hygiene, energy = 1.0 - agent.hunger, 1.0 - agent.hygiene, 1.0 - agent.energy
    return terms.hunger * hunger * hunger + terms.hygiene * hygiene * hygiene + terms.energy * energy * energy


@kernel
def potential(terms, agent):
    """What the state of the needs is worth to shaping, at most 0 (Ng, Harada and Russell 1999)."""
    return -terms.shaping_scale * deficit(terms, agent)


@kernel
def in_need(terms, agent):
    """Whether a need lacks too much for anything social to count."""
    return 1.0 - min(agent.hunger, min(agent.hygiene, agent.energy)) > terms.deficit_most
