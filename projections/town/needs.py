"""Using what places afford, and what a minute does to a body."""

from eventlog.codes import OPTION_WORK
from projections.kernel import kernel
from projections.record.event import NONE, NOTHING
from projections.record.words import BROKEN_OFF, DONE, ENERGY, HUNGER, HYGIENE, LATE, ON_TIME


@kernel
def affordance_started(town, plan, event):
    """The agent is busy; the fee is paid; a new meal has no companions yet."""
    agent = town.agents[event.agent]
    agent.doing = event.code
    agent.busy_since, agent.busy_until = event.tick, event.tick + int(event.value)
    agent.started_seq = event.seq
    agent.wallet = max(0.0, agent.wallet - event.value2)
    forget_company(agent)


@kernel
def affordance_finished(town, plan, event):
    """Done: the agent is free to choose again."""
    stop(town.agents[event.agent], event, DONE)


@kernel
def affordance_failed(town, plan, event):
    """Interrupted or not begun: what was done is kept, the agent is free to choose again."""
    stop(town.agents[event.agent], event, BROKEN_OFF)


@kernel
def stop(agent, event, success):
    """The agent is free."""
    agent.last_action, agent.last_success = event.code, success
    agent.last_ticks = event.tick - agent.busy_since if agent.doing >= 0 else 0
    break_off(agent)
    agent.target = NOTHING
    agent.option_until = event.tick


@kernel
def break_off(agent):
    """The agent does nothing any more."""
    agent.doing = NONE
    agent.busy_since = agent.busy_until = 0
    forget_company(agent)


@kernel
def forget_company(agent):
    """A meal is over, or begins."""
    for i in range(agent.companions):
        agent.company[i] = 0
    agent.companions = 0


@kernel
def live_one_tick(plan, agent, tick):
    """A minute of needs, of what is being used, and of work."""
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
    """Into [0, 1]."""
    return min(1.0, max(0.0, value))


@kernel
def work_one_tick(plan, agent):
    """A worked minute is earned: of one's own shift, or of one that is covered."""
    if agent.covers >= 0:
        agent.cover_worked += 1
        agent.earned += agent.cover_wage
    elif agent.shift_state == ON_TIME or agent.shift_state == LATE:
        agent.worked += 1
        agent.earned += plan.jobs[agent.job].wage
