"""Folds of using places, and the effects of a minute on an agent."""

from eventlog.codes import OPTION_WORK
from projections.kernel import kernel
from projections.record.event import NONE, NOTHING
from projections.record.words import BROKEN_OFF, DONE, ENERGY, HUNGER, HYGIENE, LATE, ON_TIME


@kernel
def affordance_started(town, plan, event):
    """The agent is busy and pays the fee; a new meal has no companions yet."""
    agent = town.agents[event.agent]
    agent.doing = event.code
    agent.busy_since, agent.busy_until = event.tick, event.tick + int(event.value)
    agent.started_seq = event.seq
    agent.wallet = max(0.0, agent.wallet - event.value2)
    forget_company(agent)


@kernel
def affordance_finished(town, plan, event):
    """The use ended well; the agent can choose again."""
    stop(town.agents[event.agent], event, DONE)


@kernel
def affordance_failed(town, plan, event):
    """The use was interrupted or did not begin; the agent keeps its effects so far and can choose again."""
    stop(town.agents[event.agent], event, BROKEN_OFF)


@kernel
def stop(agent, event, success):
    """Record how the use ended, and let the agent choose again."""
    agent.last_action, agent.last_success = event.code, success
    agent.last_ticks = event.tick - agent.busy_since if agent.doing >= 0 else 0
    break_off(agent)
    agent.target = NOTHING
    agent.option_until = event.tick


@kernel
def break_off(agent):
    """The agent stops what it does."""
    agent.doing = NONE
    agent.busy_since = agent.busy_until = 0
    forget_company(agent)


@kernel
def forget_company(agent):
    """Remove all companions of the meal."""
    for i in range(agent.companions):
        agent.company[i] = 0
    agent.companions = 0


@kernel
def live_one_tick(plan, agent, tick):
    """Apply a minute to an agent: needs fall, the use of a place has its effects, work earns a wage."""
    hunger = agent.hunger - plan.needs.decay[HUNGER]
    hygiene = agent.hygiene - plan.needs.decay[HYGIENE]
    energy = agent.energy - plan.needs.decay[ENERGY]
    if agent.doing >= 0:
        deed = plan.affordances[agent.doing]
        hunger, hygiene, energy = hunger + deed.effect[0], hygiene + deed.effect[1], energy + deed.effect[2]
        if deed.option == OPTION_WORK:
            work_one_tick(plan, agent)
    agent.hunger, agent.hygiene, agent.energy = within_need(hunger), within_need(hygiene), within_need(energy)
    least = min(agent.hunger, min(agent.hygiene, agent.energy))
    agent.lowest = min(agent.lowest, least)
    agent.neglected += least < plan.needs.neglect_below
    if agent.hunger > plan.needs.faint_at:
        agent.starving_since = NONE
    elif agent.starving_since < 0:
        agent.starving_since = tick
    agent.ctx_reset = max(0, agent.ctx_reset - 1)


@kernel
def within_need(value):
    """The value clipped to [0, 1]."""
    return min(1.0, max(0.0, value))


@kernel
def work_one_tick(plan, agent):
    """The agent earns a minute's wage, for its own shift or for one that it covers."""
    if agent.covers >= 0:
        agent.cover_worked += 1
        agent.earned += agent.cover_wage
    elif agent.shift_state == ON_TIME or agent.shift_state == LATE:
        agent.worked += 1
        agent.earned += plan.jobs[agent.job].wage
