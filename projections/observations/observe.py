"""Writes observations in place: of one seat, or of every seat of many towns. Allocates nothing and changes no town."""

from projections.kernel import entry, kernel
from projections.observations.body import NEAREST, describe, desk_for, hint, point
from projections.observations.layout import WINDOW
from projections.observations.society import recall, sum_up
from projections.observations.window import draw_still, mark_people, measure
from projections.record.ways import goal_place
from projections.riders.rewards import GOES_ON


@kernel
def observe_agent(town, plan, lens, a, features, view):
    """Write what seat `a` observes at the town's tick into `features` and `view`; zeros for an empty seat.

    `features` is a record of FEATURES, `view` one of VIEW. Both must still have this seat's last observation, or zeros
    at first. `lens` is the lens of `plan`.
    """
    agent = town.agents[a]
    if not agent.alive:
        if view.person != 0:
            see_nothing(lens, features, view)
        return
    describe(town, plan, lens, a, features)
    desk = desk_for(town, plan, agent)
    is_new = view.person != agent.person + 1 or view.home != agent.home or view.epoch != town.clock.epoch
    has_moved = is_new or view.tile != agent.tile
    if has_moved or view.desk != desk:
        point(plan, lens, agent, desk, features)
    bound = goal_place(agent)
    if lens.planes > 0 and has_moved:
        draw_still(lens, agent.tile, view)
    if lens.plane.distance >= 0 and (has_moved or view.bound != bound):
        measure(plan, lens, agent.tile, bound, view)
    view.person, view.tile, view.bound = agent.person + 1, agent.tile, bound
    view.home, view.desk, view.epoch = agent.home, desk, town.clock.epoch
    seen, tiles = mark_people(town, plan, lens, a, view)
    features.values[NEAREST] = tiles / WINDOW
    if lens.hint >= 0:
        hint(town, plan, lens, a, bound, features)
    if lens.top_k > 0:
        recall(town, plan, lens, a, features)
    if lens.aggregates >= 0:
        sum_up(town, plan, lens, a, seen, features)


@kernel
def observe_sum(lens, earning, features):
    """Write the rewards of the seat's present episode, where they are observed. `earning` is the seat's row of EARNING.

    An `Observer` by itself knows no rewards and leaves 0; environments and datasets call this after `observe_agent`.
    """
    if lens.episode_sum >= 0:
        features.values[lens.episode_sum] = earning.episode_share if earning.done == GOES_ON else 0.0


@kernel
def see_nothing(lens, features, view):
    """Write zeros for an empty seat."""
    for i in range(lens.floats):
        features.values[i] = 0.0
    for plane in range(lens.planes):
        for cell in range(len(view.planes[plane])):
            view.planes[plane, cell] = 0
    view.person = view.tile = view.bound = view.home = view.desk = view.epoch = 0


@entry
def observe(towns, plans, lenses, features, views):
    """Write what every seat of every town observes. `features`, `views`: [towns, seats], made by an `Observer`."""
    for e in range(len(towns)):
        town = towns[e]
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        for a in range(features.shape[1]):
            observe_agent(town, plan, lens, a, features[e, a], views[e, a])
