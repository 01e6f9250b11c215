"""Folds of time, weather, prices, stock, power and water."""

from projections.kernel import kernel
from projections.record.event import NOBODY
from projections.record.state import ITEMS
from projections.record.words import POST_SHIFT, PRE_SHIFT
from projections.town import needs, ties


@kernel
def town_founded(town, plan, event):
    """All places are free, power and water work."""
    clock = town.clock
    clock.objects = plan.layout.places
    clock.power = clock.water = 1
    clock.last_exit = -plan.life.exit_gap
    for o in range(clock.objects):
        town.objects[o].user = NOBODY


@kernel
def tick_ended(town, plan, event):
    """Apply a tick to every agent; at the end of an hour all ties decay."""
    clock = town.clock
    for a in range(clock.seats):
        if town.agents[a].alive:
            needs.live_one_tick(plan, town.agents[a], event.tick)
    if (event.tick + 1) % plan.life.hour == 0:
        ties.decay(town, plan)
    clock.tick = event.tick + 1


@kernel
def day_ended(town, plan, event):
    """Add the day's counts to the town's, and begin them again."""
    clock = town.clock
    for a in range(clock.seats):
        agent = town.agents[a]
        if agent.alive:
            clock.agent_days += 1
            clock.good_days += agent.lowest > plan.needs.good_day_above
            clock.tie_days += ties.tie_count(plan, agent)
            agent.lowest, agent.neglected = 1.0, 0
            if agent.shift_state == POST_SHIFT:
                agent.shift_state = PRE_SHIFT
    clock.exits_today = 0
    for item in range(ITEMS):
        clock.sold[item] = 0


@kernel
def weather_changed(town, plan, event):
    """Set the weather."""
    town.clock.weather = event.code


@kernel
def price_changed(town, plan, event):
    """Set the price of an item."""
    town.clock.prices[event.code] = event.value


@kernel
def restocked(town, plan, event):
    """Set the stock of a place."""
    town.objects[event.object].stock = event.code


@kernel
def power_failed(town, plan, event):
    """Power is off."""
    town.clock.power, town.clock.power_seq = 0, event.seq


@kernel
def power_restored(town, plan, event):
    """Power is on."""
    town.clock.power, town.clock.power_seq = 1, event.seq


@kernel
def water_failed(town, plan, event):
    """Water is off."""
    town.clock.water, town.clock.water_seq = 0, event.seq


@kernel
def water_restored(town, plan, event):
    """Water is on."""
    town.clock.water, town.clock.water_seq = 1, event.seq
