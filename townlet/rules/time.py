"""The days of shifts, the weather in the morning, the accounts at night, and the end of every tick."""

from eventlog.codes import WEATHER_CLEAR, WEATHER_RAIN
from projections.kernel import kernel
from projections.record.event import NONE
from projections.recorders.choice import record_episode_ended
from projections.recorders.time import record_day_ended, record_tick_ended, record_weather_changed
from townlet.rules import market
from townlet.rules.draw import NOBODY_ELSE, SKY, draw


@kernel
def works_today(town, plan, job):
    """Whether the job has a shift today."""
    day = (town.clock.tick // plan.life.ticks_per_day) % 7
    return (plan.jobs[job].days >> day) & 1 == 1


@kernel
def shifts_before(town, plan, job):
    """How many shifts the job had before today, since the town was founded."""
    day = town.clock.tick // plan.life.ticks_per_day
    count = 0
    for weekday in range(7):
        if (plan.jobs[job].days >> weekday) & 1 == 1:
            count += day // 7 + (weekday < day % 7)
    return count


@kernel
def dawn(town, plan):
    """Set the weather of the day, if it changes."""
    if town.clock.tick % plan.life.ticks_per_day == 0:
        sky = WEATHER_RAIN if draw(town, SKY, NOBODY_ELSE, NOBODY_ELSE) < plan.market.rain_chance else WEATHER_CLEAR
        if sky != town.clock.weather:
            record_weather_changed(town, plan, sky, NONE)


@kernel
def close_day(town, plan):
    """Pay benefits, charge rent, set prices by what was sold, and restock at the end of the day."""
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            market.pay_benefit(town, plan, a)
            market.charge_rent(town, plan, a)
    market.set_prices(town, plan)
    record_day_ended(town, plan)
    market.restock(town, plan)


@kernel
def end_episodes(town, plan):
    """End the training episodes of everybody when an outside policy asks for it."""
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            record_episode_ended(town, plan, a)


@kernel
def end_tick(town, plan):
    """The last event of every tick: time passes for everybody."""
    if (town.clock.tick + 1) % plan.life.ticks_per_day == 0:
        close_day(town, plan)
    if town.cursor.ends:
        end_episodes(town, plan)
    record_tick_ended(town, plan)
