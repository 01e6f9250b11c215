"""The reward rider: the terms of what everybody earns in a tick, which add up to the reward exactly.

docs/policy/REWARD_ENGINE.md says what each term is for.
`out.seats[a]` is seat `a`'s row for the last tick that ended. Its terms, added in the order of COLUMNS, are `total`. In
the tick in which a person leaves, the row is that person's; a person who arrives at the seat in the same tick has its
first row in the next tick. `earning.py` folds with this rider. It is not one of the riders of `fold.py`, because an
environment needs only rewards, at each tick.
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
    OPTION_EAT,
    OPTION_WORK,
    QUEUE_HANDOVER,
    SHIFT_STARTED,
)
from projections.kernel import kernel
from projections.record.state import CapacityClass
from projections.record.ways import tiles_apart
from projections.record.words import LATE, ON_TIME
from projections.town.ties import tie_with

REASONS = 64
"""The length of tables by reason of an exit; every code is smaller."""

OFF, C1, C2, C3 = map(np.int64, range(4))
"""Stages of the social reward: none; chats; also avoided conflicts; both scaled by the mean of one's ties."""

GOES_ON, LEFT, CUT_OFF = map(np.int64, range(3))
"""How an episode stands after a row: goes on; the person left the town (terminated); cut off (truncated)."""

NO_PLACE = np.int64(-1)
"""No place among the partners of a day."""

MOST_LIKING = 3.0
"""The maximum of trust + familiarity - rivalry."""

PARTNERS = 8
"""With how many people, at most, company counts on one day."""

COLUMNS = (
    "survival", "needs", "shaping", "wage", "punctuality", "social", "company", "terminal", "guard", "clipped", "total",
)  # fmt: skip
"""The terms in the order in which they are added, and their sum. (`clipped`, as NumPy records have a method `clip`.)"""

TERMS = np.dtype(
    [
        ("survival", "f8"),  # for a tick
        ("needs", "f8"),  # times the sum of weight x max(0, comfort - need)^2
        ("comfort", "f8"),
        ("hunger", "f8"),  # weights of that sum
        ("hygiene", "f8"),
        ("energy", "f8"),
        ("shaping", "i8"),  # 1: on
        ("shaping_scale", "f8"),
        ("gamma", "f8"),
        ("wage", "f8"),  # times the wage of the minute
        ("punctuality", "f8"),  # the largest reward
        ("punctuality_span", "i8"),  # ticks before and after the start of the shift
        ("stage", "i8"),
        ("chat", "f8"),
        ("chat_trust", "f8"),
        ("chat_familiarity", "f8"),
        ("chat_most", "f8"),
        ("avoided", "f8"),
        ("standing", "f8"),
        ("deficit_most", "f8"),  # no social reward and no company with a need below 1 - this
        ("company", "f8"),  # for the first tick of a day in company; 0: company is not paid
        ("company_table", "f8"),  # times that for a tick at a shared table
        ("company_day", "i8"),  # ticks of company after which a further one of the day brings half
        ("company_partner", "i8"),  # the same for ticks with one person
        ("terminal", "f8", (REASONS,)),  # by reason of the exit
        ("guard", "i8"),  # ticks after a termination without positive rewards
        ("tick_clip", "f8"),
        ("episode_clip", "f8"),  # infinite: none
    ]
)
"""The settings of rewards in the form that kernels read; one record for each plan, never written."""

EARNING = np.dtype(
    [
        ("present", "i8"),  # 1: the row is somebody's
        ("person", "i8"),
        ("done", "i8"),  # GOES_ON, LEFT, CUT_OFF
        *((name, "f8") for name in COLUMNS),
        ("episode", "f8"),  # sum of the episode's totals, this row's included
        ("episode_share", "f8"),  # that sum / the clip of an episode; 0 without a clip
        ("arrival_so_far", "f8"),  # punctuality from this tick's events so far
        ("social_so_far", "f8"),  # social reward from this tick's events so far
        ("left", "i8"),  # 1: the person left in this tick and was paid
        ("ended", "i8"),  # 1: the episode is cut off at the end of this tick
        ("terminated", "i8"),  # tick + 1 of the seat's last termination, 0: none yet
        ("potential", "f8"),  # of the needs at the end of the last tick
        ("company_today", "i8"),  # ticks in company on the present day
        ("partner", "i8", (PARTNERS,)),  # person + 1 whose company the person had today, 0: nobody
        ("together", "i8", (PARTNERS,)),  # ticks in the company of each
    ]
)
"""The rewards of one seat; zeros for a seat that was never used."""


@cache
def rewards_type(shape: CapacityClass) -> np.dtype:
    """The type of this rider's record: a row for each seat. All zeros before the first event."""
    return np.dtype([("seats", EARNING, (shape.agents,))])


@kernel
def before(town, plan, event, terms, out):
    """Before the event: pay social rewards by the present ties; pay a leaving person for the last time."""
    kind = event.kind
    if kind == CHAT_SUCCEEDED:
        if terms.stage >= C1:
            pay_chat(town, plan, event, terms, out, event.agent, event.other_person, event.value)
            pay_chat(town, plan, event, terms, out, event.other, event.person, event.value2)
    elif kind == QUEUE_HANDOVER:
        if terms.stage >= C2:
            agent = town.agents[event.agent]
            if not in_need(terms, agent):
                out.seats[event.agent].social_so_far += terms.avoided * standing(plan, terms, agent)
    elif kind == AGENT_EXITED:
        pay_off(town, event, terms, out)


@kernel
def after(town, plan, event, terms, out):
    """After the event: pay arrivals at work; remember terminations, new stays and ends of episodes."""
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
    """At the end of a tick: write everybody's row."""
    new_day = now % plan.life.ticks_per_day == 0
    for a in range(town.clock.seats):
        row = out.seats[a]
        if terms.company > 0.0 and new_day:
            forget_company(row)
        if row.left == 1:
            row.left = 0
        elif town.agents[a].alive:
            pay(town, plan, now, terms, a, row)
        elif row.present == 1:
            vacate(row)


@kernel
def pay(town, plan, now, terms, a, row):
    """Write the row of a person who lives to the end of the tick."""
    agent = town.agents[a]
    turn_to(row, agent.person)
    row.survival = terms.survival
    row.needs = -terms.needs * deficit(terms, agent)
    row.shaping = 0.0
    if terms.shaping == 1:
        reached = potential(terms, agent)
        row.shaping = terms.gamma * reached - row.potential
        row.potential = reached
    row.wage = terms.wage * minute_wage(plan, agent)
    row.company = pay_company(town, plan, terms, a, row) if terms.company > 0.0 else 0.0
    row.terminal = 0.0
    settle(terms, now, row)
    if row.ended == 1:
        row.ended, row.done = 0, CUT_OFF


@kernel
def pay_off(town, event, terms, out):
    """Write the last row of a leaving person, without survival and wage for this tick."""
    agent, row = town.agents[event.agent], out.seats[event.agent]
    turn_to(row, event.person)
    row.survival = row.wage = row.company = 0.0
    row.needs = -terms.needs * deficit(terms, agent)
    row.shaping = -row.potential if terms.shaping == 1 else 0.0
    row.terminal = terms.terminal[event.code] if 0 <= event.code < REASONS else 0.0
    row.terminated = event.tick + 1
    settle(terms, event.tick, row)
    row.left, row.ended, row.done = 1, 0, LEFT
    row.potential = 0.0
    if terms.company > 0.0:
        forget_company(row)


@kernel
def turn_to(row, person):
    """Make the row this person's; begin a new episode if the last one has ended."""
    if row.done != GOES_ON:
        row.episode = 0.0
    row.present, row.person, row.done = 1, person, GOES_ON


@kernel
def vacate(row):
    """Set the row to zero, except the tick at which somebody last left the seat."""
    row.present = row.person = row.done = 0
    row.survival = row.needs = row.shaping = row.wage = row.punctuality = row.social = row.company = 0.0
    row.terminal = row.guard = row.clipped = row.total = row.episode = row.episode_share = 0.0


@kernel
def settle(terms, now, row):
    """Add the rewards of the tick's events, then guard and clips, and sum all terms in the order of COLUMNS."""
    row.punctuality, row.social = row.arrival_so_far, row.social_so_far
    row.arrival_so_far = row.social_so_far = 0.0
    earned = row.survival + row.needs + row.shaping + row.wage + row.punctuality + row.social + row.company
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
    row.episode_share = row.episode / terms.episode_clip


@kernel
def pay_chat(town, plan, event, terms, out, a, other, quality):
    """Pay agent `a` for a chat: its own quality times a value that grows with the tie before the chat (stage C1)."""
    agent = town.agents[a]
    if in_need(terms, agent):
        return
    worth, slot = terms.chat, tie_with(plan, agent, other)
    if slot >= 0:
        tie = agent.ties[slot]
        worth = worth + terms.chat_trust * tie.trust + terms.chat_familiarity * tie.familiarity
    worth = worth * quality * standing(plan, terms, agent)
    out.seats[a].social_so_far += min(terms.chat_most, max(0.0, worth))


@kernel
def standing(plan, terms, agent):
    """At stage C3, 1 + weight x the mean of (trust + familiarity - rivalry) / 3 over the agent's ties; 1 otherwise."""
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
def pay_company(town, plan, terms, a, row):
    """The pay for this tick's company, less the more there was today, and the more of it with the same person.

    Whoever is in a talk has the company of the other one; whoever eats, that of one who eats near by at the same venue:
    of those, of the one with whom the day had the fewest ticks so far. After PARTNERS people no further one counts.
    """
    agent = town.agents[a]
    place, each = NO_PLACE, terms.company
    if agent.talks_with >= 0:
        place = place_of(row, town.agents[agent.talks_with].person)
    elif agent.doing >= 0 and plan.affordances[agent.doing].option == OPTION_EAT:
        place, each = place_of_table(town, plan, a, row), terms.company * terms.company_table
    if place == NO_PLACE or in_need(terms, agent):
        return 0.0
    worth = each / (1.0 + row.company_today / terms.company_day)
    worth = worth / (1.0 + row.together[place] / terms.company_partner)
    row.company_today += 1
    row.together[place] += 1
    return worth


@kernel
def place_of_table(town, plan, a, row):
    """The place among today's partners of the one who shares the table; it is the first one's of several alike."""
    here, found, least = plan.layout.place[town.agents[a].holds], NO_PLACE, NO_PLACE
    for i in range(plan.layout.near_count[here.venue, OPTION_EAT]):
        o = plan.layout.near[here.venue, OPTION_EAT, i]
        b, there = town.objects[o].user, plan.layout.place[o]
        if b < 0 or b == a or there.venue != here.venue:
            continue
        other = town.agents[b]
        if other.doing < 0 or plan.affordances[other.doing].option != OPTION_EAT:
            continue
        if tiles_apart(plan, there.tile, here.tile) > plan.chat.meal_radius:
            continue
        place = place_of(row, other.person)
        if place != NO_PLACE and (found == NO_PLACE or row.together[place] < least):
            found, least = place, row.together[place]
    return found


@kernel
def place_of(row, person):
    """The place of a person among today's partners, a new one if there is room; NO_PLACE otherwise."""
    for place in range(PARTNERS):
        if row.partner[place] == 0:
            row.partner[place], row.together[place] = person + 1, 0
        if row.partner[place] == person + 1:
            return np.int64(place)
    return NO_PLACE


@kernel
def forget_company(row):
    """Begin the count of company anew, for another day or another person."""
    row.company_today = 0
    for place in range(PARTNERS):
        row.partner[place] = row.together[place] = 0


@kernel
def pay_arrival(town, plan, event, terms, out):
    """Pay an arrival at the desk, or in line there, once a shift: most at its start, linearly less before and after."""
    agent = town.agents[event.agent]
    came = agent.busy_since if agent.doing >= 0 else agent.held_since
    if agent.waits_at == event.object:
        came = agent.waits_since
    start = event.tick - event.tick % plan.life.ticks_per_day + plan.jobs[event.code].start
    away = abs(came - start)
    if away < terms.punctuality_span:
        out.seats[event.agent].arrival_so_far += terms.punctuality * (1.0 - away / terms.punctuality_span)


@kernel
def minute_wage(plan, agent):
    """The wage of this minute, for the agent's own shift or the one that it covers; 0 if it does not work."""
    if agent.doing < 0 or plan.affordances[agent.doing].option != OPTION_WORK:
        return 0.0
    if agent.covers >= 0:
        return agent.cover_wage
    return plan.jobs[agent.job].wage if agent.shift_state == ON_TIME or agent.shift_state == LATE else 0.0


@kernel
def deficit(terms, agent):
    """The sum of weight x max(0, comfort - need)^2 over hunger, hygiene and energy."""
    hunger = max(0.0, terms.comfort - agent.hunger)
    hygiene = max(0.0, terms.comfort - agent.hygiene)
    energy = max(0.0, terms.comfort - agent.energy)
    return terms.hunger * hunger * hunger + terms.hygiene * hygiene * hygiene + terms.energy * energy * energy


@kernel
def potential(terms, agent):
    """The potential of the agent's needs for shaping, at most 0 (Ng, Harada and Russell 1999)."""
    return -terms.shaping_scale * deficit(terms, agent)


@kernel
def in_need(terms, agent):
    """Whether a need is so low that the agent gets no social reward."""
    return 1.0 - min(agent.hunger, min(agent.hygiene, agent.energy)) > terms.deficit_most
