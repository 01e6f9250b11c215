"""Reads the steps of agents from a log: what each seat observed, could do, was asked to do, and earned in each tick.

Only rows are folded. Each seat is observed at the beginning of each tick, before the tick's first event, exactly as in
an environment. The tick's action and reward are written to the same step.
"""

import numpy as np

from eventlog.codes import (
    ACTION_REJECTED,
    ACTION_TAKEN,
    ACTION_WAIT,
    AGENT_ARRIVED,
    HIRED,
    OPTION_CHOSEN,
    PRICE_CHANGED,
    RESTOCKED,
    TIE_SET,
    TOWN_FOUNDED,
    TRAIT_GIVEN,
)
from projections.kernel import entry, kernel
from projections.observations.layout import CELLS
from projections.observations.observe import observe_agent, observe_sum
from projections.record.event import event_of
from projections.record.possible import impossible, is_possible
from projections.riders.earning import fold_row_rewarded
from projections.riders.rewards import COLUMNS
from townlet.env.step import decides
from townlet.rules.control import BY_OPTION, NOT_ASKED, allow

FOUNDING = (TOWN_FOUNDED, RESTOCKED, PRICE_CHANGED, AGENT_ARRIVED, TRAIT_GIVEN, HIRED, TIE_SET)
"""The kinds of events of a founding. The first tick begins with the first event of another kind."""

ASKING = (OPTION_CHOSEN, ACTION_TAKEN, ACTION_REJECTED)
"""The kinds of events that record an action."""

NOT_LOOKED_AT = np.int64(-1)

STEP = np.dtype(
    [
        ("tick", "i8"),
        ("seat", "i8"),
        ("person", "i8"),
        ("action", "i8"),  # the recorded action; without one the present option, or waiting
        ("mask", "i8"),  # bit i: action i was allowed
        ("decides", "i8"),
        ("done", "i8"),  # at the end of the tick: GOES_ON, LEFT, CUT_OFF
        *((name, "f8") for name in COLUMNS),
    ]
)
"""A step of one seat, without its observation."""

PROGRESS = np.dtype(
    [
        ("steps", "i8"),  # the number of steps in the arrays
        ("begun", "i8"),  # the first step whose tick has not ended
        ("looked", "i8"),  # 1: the present tick has been observed
        ("since", "i8"),  # the first tick whose steps are written
    ]
)
"""The progress of the fold."""


@entry
def reobserve(towns, plans, rows, first, terms, outs, lenses, features, views, progress, at, steps, scalars, maps):
    """Fold `rows[first:]` into the town and write its steps. Returns the index of the first row that was not folded.

    It returns len(rows) if all are folded, and `impossible` at a row that cannot have happened. It stops early if the
    arrays have no room for another tick; then each step in them is complete. `plans`, `terms` and `lenses` have one
    record an epoch. steps: STEP[n]; scalars: f4[n, floats]; maps: u1[n, planes x 121]; `at`: i8[agents], the index of
    each seat's step.
    """
    town, out, so_far = towns[0], outs[0], progress[0]
    for i in range(first, len(rows)):
        event = event_of(town, rows[i])
        if not is_possible(town, plans[town.clock.epoch], len(plans), rows[i]):
            return impossible(i)
        if not so_far.looked and (town.clock.tick > 0 or event.kind not in FOUNDING):
            if so_far.steps + len(at) > len(steps):
                return i
            look(town, plans, out, lenses, features, views, so_far, at, steps, scalars, maps)
        note_asked(town, event, at, steps)
        epoch = town.clock.epoch
        if fold_row_rewarded(town, plans[epoch], rows[i], terms[epoch], out):
            pay(out, so_far, steps)
    return len(rows)


@entry
def look_once(towns, plans, outs, lenses, features, views, progress, at, steps, scalars, maps):
    """Write the observations after the last row, as steps without an action. The arrays must have room for them."""
    look(towns[0], plans, outs[0], lenses, features, views, progress[0], at, steps, scalars, maps)


@kernel
def look(town, plans, out, lenses, features, views, so_far, at, steps, scalars, maps):
    """Begin a step for each seat that is taken at the beginning of the tick."""
    so_far.looked, so_far.begun = 1, so_far.steps
    for a in range(len(at)):
        at[a] = NOT_LOOKED_AT
    if town.clock.tick < so_far.since:
        return
    plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
    for a in range(town.clock.seats):
        seat = np.int64(a)
        observe_agent(town, plan, lens, seat, features[0, a], views[0, a])
        observe_sum(lens, out.seats[a], features[0, a])
        if town.agents[a].alive:
            at[a] = so_far.steps
            begin_step(town, plan, seat, steps[so_far.steps])
            keep(lens, features[0, a], views[0, a], so_far.steps, scalars, maps)
            so_far.steps += 1


@kernel
def begin_step(town, plan, a, step):
    """Write the person of a seat and its allowed actions."""
    step.tick, step.seat, step.person = town.clock.tick, a, town.agents[a].person
    step.action = town.agents[a].option if town.cursor.control == BY_OPTION else ACTION_WAIT
    step.mask = allow(town, plan, a)
    step.decides = 1 if decides(town, plan, a) else 0


@kernel
def keep(lens, features, view, row, scalars, maps):
    """Copy a seat's observation."""
    for i in range(lens.floats):
        scalars[row, i] = features.values[i]
    for plane in range(lens.planes):
        for cell in range(CELLS):
            maps[row, plane * CELLS + cell] = view.planes[plane, cell]


@kernel
def note_asked(town, event, at, steps):
    """Write the action of a person who has had the seat since the tick began. An option chosen under primitive control
    is not an action."""
    if event.kind in ASKING:
        row = at[event.agent]
        if row >= 0 and steps[row].person == event.person:
            by_script = event.kind == OPTION_CHOSEN and town.cursor.control != BY_OPTION
            steps[row].action = NOT_ASKED if by_script else event.code


@kernel
def pay(out, so_far, steps):
    """At the end of a tick, write the rewards of all people who were there at its beginning."""
    for i in range(so_far.begun, so_far.steps):
        step = steps[i]
        row = out.seats[step.seat]
        step.done = row.done
        step.survival, step.needs, step.shaping, step.wage = row.survival, row.needs, row.shaping, row.wage
        step.punctuality, step.social, step.company = row.punctuality, row.social, row.company
        step.terminal = row.terminal
        step.guard, step.clipped, step.total = row.guard, row.clipped, row.total
    so_far.begun, so_far.looked = so_far.steps, 0
