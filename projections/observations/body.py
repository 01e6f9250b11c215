"""The floats of an observation about the agent itself and the ways to its places."""

import numpy as np

from eventlog.codes import TRAIT_AMBITION, TRAIT_EXTROVERSION, TRAIT_FORGIVENESS
from projections.kernel import kernel
from projections.observations.layout import starts
from projections.record.event import NOTHING
from projections.record.plan import FAR, OPTIONS
from projections.record.state import ITEMS, LINE
from projections.record.ways import goal_tile, next_tile, steps, turn_of
from projections.record.words import ABSENT, LATE, POST_SHIFT, PRE_SHIFT

NEEDS, WALLET, ITEMS_AT_HAND, DAY, HAS_JOB, SHIFT, UNTIL_SHIFT, LATENESS, ATTENDANCE = starts(
    "needs", "wallet", "items", "day", "has_job", "shift", "until_shift", "lateness", "attendance"
)
OPTION, DOING, LAST_SUCCESS, LAST_TICKS, IN_QUEUE, PLACE_IN_LINE, RESERVATION, SLOT, CTX_RESET, NEAREST, WAYS = starts(
    "option", "doing", "last_success", "last_ticks", "in_queue", "place_in_line", "reservation", "slot", "ctx_reset",
    "nearest", "to_bed",
)  # fmt: skip

SHIFT_STATES, SORTS = np.int64(5), np.int64(5)
BED_AND_DESK = np.int64(2)
FLOATS_A_WAY = np.int64(3)


@kernel
def describe(town, plan, lens, a, out):
    """Write the floats about the agent's needs, goods, work and doing, and the time of day."""
    agent = town.agents[a]
    tick = town.clock.tick
    minute = tick % plan.life.ticks_per_day
    out.values[NEEDS], out.values[NEEDS + 1], out.values[NEEDS + 2] = agent.hunger, agent.hygiene, agent.energy
    out.values[WALLET] = share(agent.wallet, 10.0)
    for item in range(ITEMS):
        out.values[ITEMS_AT_HAND + item] = share(np.float64(agent.items[item]), 4.0)
    out.values[DAY], out.values[DAY + 1] = lens.sky[minute, 0], lens.sky[minute, 1]
    describe_work(plan, agent, tick, minute, out)
    for option in range(OPTIONS):
        out.values[OPTION + option] = 0.0
    out.values[OPTION + agent.option] = 1.0
    out.values[DOING] = 1.0 if agent.doing >= 0 else 0.0
    out.values[LAST_SUCCESS] = np.float64(agent.last_success)
    out.values[LAST_TICKS] = share(np.float64(agent.last_ticks), np.float64(plan.life.hour))
    out.values[IN_QUEUE] = 1.0 if agent.waits_at >= 0 else 0.0
    out.values[PLACE_IN_LINE] = (turn_of(town, a, agent.waits_at) + 1) / LINE if agent.waits_at >= 0 else 0.0
    out.values[RESERVATION] = 1.0 if agent.holds >= 0 else 0.0
    out.values[SLOT] = a / len(town.agents)
    out.values[CTX_RESET] = 1.0 if agent.ctx_reset > 0 else 0.0
    if lens.debts >= 0:
        out.values[lens.debts] = share(agent.debt, 4.0)
        out.values[lens.debts + 1] = min(1.0, agent.unpaid_days / plan.life.eviction_days)
    if lens.personality >= 0:
        out.values[lens.personality] = agent.traits[TRAIT_EXTROVERSION]
        out.values[lens.personality + 1] = agent.traits[TRAIT_FORGIVENESS]
        out.values[lens.personality + 2] = agent.traits[TRAIT_AMBITION]


@kernel
def share(value, half):
    """A number >= 0 mapped into [0, 1): value / (value + half)."""
    return value / (value + half)


@kernel
def describe_work(plan, agent, tick, minute, out):
    """Write the floats about the job, its shift and the agent's attendance."""
    for state in range(SHIFT_STATES):
        out.values[SHIFT + state] = 0.0
    out.values[HAS_JOB], out.values[UNTIL_SHIFT], out.values[LATENESS], out.values[ATTENDANCE] = 0.0, 1.0, 0.0, 1.0
    if agent.job < 0:
        return
    out.values[HAS_JOB] = 1.0
    out.values[SHIFT + agent.shift_state] = 1.0
    if agent.shifts > 0:
        out.values[ATTENDANCE] = agent.shifts_on_time / agent.shifts
    job = plan.jobs[agent.job]
    if agent.shift_state == POST_SHIFT or minute >= job.end:
        return
    day = (tick // plan.life.ticks_per_day) % 7
    if (job.days >> day) & 1 == 0:
        return
    if minute < job.start:
        out.values[UNTIL_SHIFT] = (job.start - minute) / plan.life.ticks_per_day
    else:
        out.values[UNTIL_SHIFT] = 0.0
        out.values[LATENESS] = lateness(plan, agent, minute - job.start)


@kernel
def lateness(plan, agent, elapsed):
    """The ticks missed of the present shift / the ticks that make an agent absent, at most 1."""
    if agent.shift_state == ABSENT:
        return 1.0
    missed = elapsed - agent.worked if agent.shift_state == LATE else elapsed if agent.shift_state == PRE_SHIFT else 0
    return min(1.0, max(0, missed) / plan.work.absent_after)


@kernel
def point(plan, lens, agent, desk, out):
    """Write the ways to the agent's bed and desk, and to the place of each other sort nearest to its home."""
    home = plan.layout.place[agent.home].venue
    point_to(plan, lens, agent.tile, agent.home, out, WAYS)
    point_to(plan, lens, agent.tile, desk, out, WAYS + FLOATS_A_WAY)
    for sort in range(SORTS):
        first = WAYS + (BED_AND_DESK + sort) * FLOATS_A_WAY
        point_to(plan, lens, agent.tile, lens.nearest[home, sort], out, first)


@kernel
def point_to(plan, lens, tile, place, out, first):
    """Write the three floats of the way to one place: down, right, steps."""
    down, right, away = 0.0, 0.0, 1.0
    if place != NOTHING:
        goal = plan.layout.place[place].tile
        rows = np.float64((goal >> lens.shift) - (tile >> lens.shift))
        columns = np.float64((goal & lens.mask) - (tile & lens.mask))
        between = max(1.0, abs(rows) + abs(columns))
        down, right = rows / between, columns / between
        ahead = steps(plan, tile, place)
        away = share(np.float64(ahead), 16.0) if ahead < FAR else 1.0
    out.values[first], out.values[first + 1], out.values[first + 2] = down, right, away


@kernel
def desk_for(town, plan, agent):
    """The desk of the shift that the agent covers, else of its own job; NOTHING without a job."""
    job = town.agents[agent.covers].job if agent.covers >= 0 else agent.job
    return plan.jobs[job].desk if job >= 0 else NOTHING


@kernel
def hint(town, plan, lens, a, bound, out):
    """Write the direction of the agent's next step to its goal, as it would take it now."""
    for way in range(4):
        out.values[lens.hint + way] = 0.0
    agent = town.agents[a]
    goal = goal_tile(town, plan, a, bound)
    if goal < 0 or goal == agent.tile:
        return
    ahead = next_tile(town, plan, agent.tile, goal, plan.layout.place[bound].venue, agent.stalls) - agent.tile
    side = plan.layout.side
    if ahead != 0:
        out.values[lens.hint + (0 if ahead == -side else 1 if ahead == 1 else 2 if ahead == side else 3)] = 1.0
