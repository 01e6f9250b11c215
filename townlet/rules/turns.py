"""Whose turn it is: an order drawn anew each tick, so that nobody is favoured by number."""

import numpy as np

from projections.kernel import kernel
from townlet.rules.draw import NOBODY_ELSE, ORDER, philox


@kernel
def draw_order(town):
    """Draw the order of acting of this tick into `town.order`; how many act. Every order is as likely as another."""
    people = 0
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            town.order[people] = a
            people += 1
    word, room = np.uint64(0), np.uint64(0)
    for left in range(people - 1, 0, -1):
        span = np.uint64(left + 1)
        if room < span:
            word = philox(town.cursor.stream_world, town.clock.tick, np.int64(left), NOBODY_ELSE, ORDER)
            room = np.uint64(1) << np.uint64(60)
        pick = np.int64(word % span)
        word, room = word // span, room // span // np.uint64(64)
        town.order[left], town.order[pick] = town.order[pick], town.order[left]
    return people
