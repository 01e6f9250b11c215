"""A town of an evaluation under a policy that answers outside of compiled code: it lives until somebody decides."""

import numpy as np

from projections.kernel import entry
from townlet.evaluating.acting import live_tick
from townlet.living.by_answers import ask_who


@entry
def live_awaiting(
    towns, plans, ticks, reserve, ends_at, learned, lenses, features, views, choices, books, answered, lived
):  # fmt: skip
    """As `acting.live_asked`, but it returns as soon as somebody decides: how many, who stand in `choices`, of CHOICE.

    If they are `answered`, the next call lives that tick. `lived`, i8[1], is set to the ticks lived.
    """
    town = towns[0]
    lived[0] = 0
    while lived[0] < ticks and town.cursor.pending + reserve <= len(town.outbox):
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        if not answered:
            deciders = ask_who(town, plan, lens, learned, features[0], views[0], choices, np.int64(0))
            for i in range(deciders):
                books[choices[i].seat].decisions += 1
            if deciders > 0:
                return deciders
        answered = False
        live_tick(town, plan, ends_at, books)
        lived[0] += 1
    return np.int64(0)
