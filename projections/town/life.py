"""Folds of arriving, traits, fainting, rent and leaving."""

import numpy as np

from eventlog.codes import REASON_EVICTION, REASON_FAINT
from projections.kernel import kernel
from projections.record.event import NOBODY, NONE, NOTHING
from projections.record.state import ITEMS, PENDING
from projections.record.ways import set_out
from projections.record.words import ENERGY, HUNGER, HYGIENE
from projections.town import market, news, queues, social, ties, work

FOR_FOUNDERS, FOR_NEWCOMERS = np.int64(1), np.int64(2)
"""Ticks for which a stay counts as new: up to the first tick at whose beginning the person is in the town."""


@kernel
def agent_arrived(town, plan, event):
    """The person takes a seat, with the needs, money and goods that everybody starts with."""
    a = event.agent
    agent = town.agents[a]
    agent.alive, agent.person, agent.arrived = 1, event.person, event.tick
    agent.home, agent.tile = event.object, event.tile
    agent.target = agent.holds = agent.waits_at = agent.cooldown_at = NOTHING
    agent.covers = agent.covered_by = agent.talks_with = agent.owes_to = NOBODY
    agent.doing = agent.last_action = agent.job = agent.doom = agent.cover_reason = NONE
    agent.asked_seq = agent.started_seq = agent.starving_since = NONE
    agent.jobless_since, agent.jobless_seq = event.tick, event.seq
    agent.hunger, agent.hygiene = plan.needs.start[HUNGER], plan.needs.start[HYGIENE]
    agent.energy = plan.needs.start[ENERGY]
    agent.lowest = 1.0
    agent.wallet = plan.market.start_wallet
    for item in range(ITEMS):
        agent.items[item] = plan.market.start_items[item]
    agent.ctx_reset = FOR_FOUNDERS if event.tick == 0 else FOR_NEWCOMERS
    set_out(agent)
    town.ground[event.tile] = a + 1
    town.objects[event.object].owner = a + 1
    town.clock.seats = max(town.clock.seats, a + 1)
    town.clock.people += 1
    welcome_newcomer(town.clock, event.tick)


@kernel
def welcome_newcomer(clock, tick):
    """Remove the first newcomer from those on the way, if it was due."""
    if clock.newcomers == 0 or clock.newcomer_due[0] > tick:
        return
    for i in range(PENDING - 1):
        clock.newcomer_due[i], clock.newcomer_seq[i] = clock.newcomer_due[i + 1], clock.newcomer_seq[i + 1]
    clock.newcomer_due[PENDING - 1] = clock.newcomer_seq[PENDING - 1] = 0
    clock.newcomers -= 1


@kernel
def seat_reused(town, plan, event):
    """Changes nothing: the event only warns."""


@kernel
def arrival_refused(town, plan, event):
    """The first newcomer tries again in an hour."""
    town.clock.newcomer_due[0] = event.tick + plan.life.hour


@kernel
def trait_given(town, plan, event):
    """The agent gets the trait."""
    town.agents[event.agent].traits[event.code] = event.value


@kernel
def agent_fainted(town, plan, event):
    """The agent has to leave because it fainted."""
    doom(town.agents[event.agent], REASON_FAINT, event)


@kernel
def doom(agent, reason, event):
    """The agent has to leave when the town's limits allow; the first reason stays."""
    if agent.doom < 0:
        agent.doom, agent.doom_seq = reason, event.seq


@kernel
def rent_charged(town, plan, event):
    """The agent pays from its wallet and owes the rest."""
    agent = town.agents[event.agent]
    agent.wallet = max(0.0, agent.wallet - event.value)
    agent.debt = event.value2
    agent.unpaid_days = agent.unpaid_days + 1 if event.value2 > 0.0 else 0


@kernel
def eviction_served(town, plan, event):
    """The agent has to leave because of its debt."""
    doom(town.agents[event.agent], REASON_EVICTION, event)


@kernel
def agent_exited(town, plan, event):
    """The seat becomes empty, others lose ties and debts to the person and news about it; a newcomer may be due."""
    a = event.agent
    agent = town.agents[a]
    queues.give_up(town, a)
    work.drop_cover(town, a)
    social.end_talk(town, a)
    if agent.covered_by >= 0:
        work.drop_cover(town, agent.covered_by)
    if town.ground[agent.tile] == a + 1:
        town.ground[agent.tile] = 0
    town.objects[agent.home].owner = 0
    if agent.job >= 0:
        town.job_holder[agent.job] = 0
    town.agents[a] = plan.nobody
    ties.forget(town, plan, event.person)
    news.forget(town, plan, event.person)
    market.forgive_debts(town, event.person)
    seat, clock = town.seats[a], town.clock
    seat.lives += 1
    seat.released, seat.released_seq = event.tick, event.seq
    clock.people -= 1
    clock.exits_today += 1
    clock.last_exit = event.tick
    if event.code2 >= 0 and clock.newcomers < PENDING:
        clock.newcomer_due[clock.newcomers] = event.tick + event.code2
        clock.newcomer_seq[clock.newcomers] = event.seq
        clock.newcomers += 1
