"""A town lives by itself while a policy acts for some of its seats, and a book is kept of each seat's time.

The rules are the town's own; who chooses differs. A seat that is not learned is left to the script. A learned seat is
asked only where it decides, by an option that is drawn from the policy's probabilities with the addressed draw of this
tick and person. So what happens depends on the town's seed and the policy alone.
"""

import numpy as np

from eventlog.codes import OPTION_SLEEP
from projections.kernel import entry, kernel
from townlet.living.by_policy import NOTHING_ALLOWED, decide, ready
from townlet.living.day import tick
from townlet.policies.drawing import draw_option
from townlet.policies.forward import HEADS, unpack
from townlet.rules.control import ASKABLE, NOT_ASKED

AT_RANDOM, BY_NET = map(np.int64, range(2))
"""How a learned seat chooses: any allowed option, each as likely as another; or by a net's probabilities."""

HOURS = np.int64(24)

TIME = np.dtype(
    [
        ("lived", "i8"),
        ("decisions", "i8"),
        ("asleep", "i8"),
        ("asleep_at_night", "i8"),
        ("use", "i8", (int(HOURS), int(ASKABLE))),  # by hour of the day, from 0, and option
    ]
)
"""The book of one seat, in ticks: how long somebody lived there, slept, and had each option; and how often it chose."""


@kernel
def draw_any(town, a, choice):
    """Draw one of the allowed options into `choice`, a record of CHOICE, each as likely as another."""
    unpack(town.allowed[a], choice.mask)
    allowed = 0
    for option in range(ASKABLE):
        allowed += choice.mask[option]
    for option in range(ASKABLE):
        choice.log_probs[option] = -np.log(np.float64(allowed))
    person = town.agents[a].person
    choice.option = draw_option(town.cursor.stream_policy, town.clock.tick, person, choice.log_probs, choice.mask)


@kernel
def keep_time(town, plan, a, hour, is_night, book):
    """Add the tick that ended to the book of a living seat."""
    agent = town.agents[a]
    book.lived += 1
    if agent.option >= 0:
        book.use[hour, agent.option] += 1
    if agent.doing >= 0 and plan.affordances[agent.doing].option == OPTION_SLEEP:
        book.asleep += 1
        if is_night:
            book.asleep_at_night += 1


@kernel
def live_tick(town, plan, ends_at, books):
    """Let the town live a tick, and add it to the books of living seats. In tick `ends_at` all episodes end."""
    now = town.clock.tick
    town.cursor.ends = 1 if now == ends_at else 0
    tick(town, plan)
    minute = now % plan.life.ticks_per_day
    is_night = minute >= plan.policy.night_from or minute < plan.policy.night_to
    for a in range(min(town.clock.seats, len(books))):
        if town.agents[a].alive:
            keep_time(town, plan, a, minute * HOURS // plan.life.ticks_per_day, is_night, books[a])


@entry
def live_asked(towns, plans, ticks, reserve, ends_at, learned, how, net, lenses, features, views, choices, books):
    """Let `towns[0]` live `ticks` ticks, or until its outbox has fewer than `reserve` free rows; returns the ticks.

    `learned`, i8 [seats]: 1 for a seat that is asked by `how`, 0 for one of the script. `net` is read where `how` is
    BY_NET. `lenses`, `features` [1, seats] and `views` [1, seats] are those of an `Observer`; `choices` [1], of CHOICE,
    is scratch. In tick `ends_at` the episodes of everybody end. `books`, of TIME, has a row for each seat.
    """
    town, choice = towns[0], choices[0]
    h1, h2 = np.zeros(len(net.b1), np.float32), np.zeros(len(net.b2), np.float32)
    out = np.zeros(HEADS, np.float32)
    lived = 0
    while lived < ticks and town.cursor.pending + reserve <= len(town.outbox):
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        for a in range(len(learned)):
            town.asked[a], town.allowed[a] = NOT_ASKED, NOTHING_ALLOWED
            if learned[a] == 1 and ready(town, plan, np.int64(a)):
                if how == BY_NET:
                    decide(town, plan, lens, np.int64(a), net, features[0, a], views[0, a], h1, h2, out, choice)
                else:
                    draw_any(town, a, choice)
                town.asked[a] = choice.option
                books[a].decisions += 1
        live_tick(town, plan, ends_at, books)
        lived += 1
    return lived
