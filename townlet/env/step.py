"""One tick of many towns and all that is to be known of it: what an environment calls.

Everything is written in place, for the first seats of each town: what one sees, what one may do, what one earned.
"""

import numpy as np

from projections.kernel import entry, kernel
from projections.observations.observe import observe_agent, see_nothing
from projections.riders.earning import earn
from projections.riders.rewards import CUT_OFF, LEFT
from townlet.living.day import tick
from townlet.rules import policy
from townlet.rules.control import ASKABLE, BY_OPTION, NOT_ASKED, allow

NOBODY = np.int64(-1)
ONE = np.int64(1)
WAIT_ONLY = ONE
"""The mask of a seat in which nobody sits."""

EPISODE = np.dtype(
    [
        ("left", "i8"),  # ticks of the town's episode that are left
        ("rests", "i8"),  # 1: the town does not live this tick
        ("begun", "i8"),  # rows in the outbox before the last tick
    ]
)
"""How far the episode of a town has come."""

SEEN = np.dtype(
    [
        ("person", "i8"),  # who sits there, -1: nobody
        ("action", "i8"),  # the option in force, or the action that was asked for; -1: neither
        ("reward", "f4"),  # of the tick that ended
        ("alive", "?"),
        ("decides", "?"),  # what is asked next is a decision: the seat is committed to nothing and busy with nothing
        ("terminated", "?"),  # who sat there has left the town in the tick that ended
        ("truncated", "?"),  # its episode was cut off with that tick
        ("mask", "i1", (int(ASKABLE),)),  # 1: may be asked in the tick to come
        ("pad", "u1", (7,)),  # whole words, so that torch can read it in place
    ]
)
"""What is to be known of a seat beside what it observes."""


@kernel
def look_ahead(town, plan):
    """What may be asked of each seat in the tick to come; nothing of an empty one."""
    for a in range(town.clock.seats):
        town.allowed[a] = allow(town, plan, a) if town.agents[a].alive else 0


@kernel
def decides(town, plan, a):
    """Whether what is asked of a living seat in the tick to come is a decision, and no formality."""
    if town.cursor.control == BY_OPTION:
        return policy.decides(town, plan, a)
    return town.agents[a].doing < 0


@kernel
def tell(town, plan, a, seen):
    """Who sits in a seat, what it is at, and what it may do; of an empty seat, that it waits."""
    bits = WAIT_ONLY
    if a < town.clock.seats and town.agents[a].alive:
        bits = town.allowed[a]
        seen.alive, seen.person, seen.decides = True, town.agents[a].person, decides(town, plan, a)
        seen.action = town.agents[a].option if town.cursor.control == BY_OPTION else town.asked[a]
    else:
        seen.alive, seen.person, seen.decides, seen.action = False, NOBODY, False, NOT_ASKED
    for i in range(ASKABLE):
        seen.mask[i] = (bits >> i) & ONE


@kernel
def tell_earning(row, seen):
    """What a seat earned, and whether somebody's episode ended there."""
    here = row.present == 1
    seen.reward = row.total if here else 0.0
    seen.terminated, seen.truncated = here and row.done == LEFT, here and row.done == CUT_OFF


@kernel
def show(town, plan, lens, out, a, features, view, seen):
    """All that a seat sees and is told."""
    tell(town, plan, a, seen)
    tell_earning(out.seats[a], seen)
    observe_agent(town, plan, lens, a, features, view)


@entry
def begin(towns, plans):
    """Let it be known what may be asked of everybody in the first tick, and nothing else.

    This and `advance` are for who wants the town alone: tests of the rules under control, which look at what happens
    and neither see nor pay. They stand here since a kernel elsewhere would be cached by a digest that misses it.
    """
    for e in range(len(towns)):
        look_ahead(towns[e], plans[towns[e].clock.epoch])


@entry
def advance(towns, plans):
    """Let each town live one tick, as asked, and show nothing. The caller has seen to room in every outbox."""
    for e in range(len(towns)):
        town = towns[e]
        tick(town, plans[town.clock.epoch])
        look_ahead(town, plans[town.clock.epoch])


@entry
def first_look(towns, shadows, plans, terms, outs, lenses, features, views, seen, index):
    """Show a town that has just been founded; its shadow and its `out` are all zeros, its founding is in the outbox."""
    town, out = towns[index], outs[index]
    plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
    earn(town, shadows[index], plans, terms, out, np.int64(0))
    look_ahead(town, plan)
    for a in range(seen.shape[1]):
        if views[index, a].person != 0:
            see_nothing(lens, features[index, a], views[index, a])
        show(town, plan, lens, out, np.int64(a), features[index, a], views[index, a], seen[index, a])


@entry
def step(towns, shadows, plans, terms, outs, episodes, asked, lenses, features, views, seen, reserve, first, last):
    """Let the towns from `first` up to `last` live one tick, as `asked`, and show them; how many ask for a hand.

    That is: whose outbox has no `reserve` rows left for another tick, or whose episode is over. The caller has seen to
    room in every outbox for this one. A town that rests is not touched.
    """
    hands = 0
    for e in range(first, last):
        town, out, episode = towns[e], outs[e], episodes[e]
        if episode.rests:
            continue
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        episode.begun = town.cursor.pending
        episode.left -= 1
        town.cursor.ends = 1 if episode.left == 0 else 0
        for a in range(seen.shape[1]):
            town.asked[a] = asked[e, a]
        tick(town, plan)
        earn(town, shadows[e], plans, terms, out, episode.begun)
        look_ahead(town, plan)
        for a in range(seen.shape[1]):
            show(town, plan, lens, out, np.int64(a), features[e, a], views[e, a], seen[e, a])
        if episode.left == 0 or town.cursor.pending + reserve > len(town.outbox):
            hands += 1
    return hands
