"""A town whose people live by a policy that answers outside of compiled code: it lives until somebody has to decide.

Who decides is written down as rows of CHOICE and observed; the answers are drawn for as in `by_policy`, at the same
addresses. Compiled at first use only.
"""

import numpy as np

from projections.kernel import entry, kernel
from projections.observations.observe import observe_agent
from townlet.living.by_policy import NOTHING_ALLOWED, ready
from townlet.living.day import tick
from townlet.policies.drawing import draw_option
from townlet.policies.forward import unpack
from townlet.rules.control import BY_OPTION, NOT_ASKED

ONE = np.int64(1)


@kernel
def ask_who(town, plan, lens, learned, features, views, choices, n):
    """Ready each seat for a tick; write and observe who decides, from row `n` of `choices` on. Returns the row after.

    `learned`, i8[seats]: 1 for a seat of the policy. `features` and `views` are those of the seats.
    """
    for a in range(len(town.asked)):
        town.asked[a], town.allowed[a] = NOT_ASKED, NOTHING_ALLOWED
        if a < len(learned) and learned[a] == ONE and ready(town, plan, np.int64(a)):
            observe_agent(town, plan, lens, np.int64(a), features[a], views[a])
            choices[n].tick, choices[n].person, choices[n].seat = town.clock.tick, town.agents[a].person, a
            unpack(town.allowed[a], choices[n].mask)
            n += 1
    return n


@entry
def live_until_asked(towns, plans, lenses, features, views, learned, choices, ticks, reserve, answered, lived):
    """Let the first town live until somebody decides, or `ticks` ticks; returns how many decide in the coming tick.

    They are written to `choices`, rows of CHOICE, from the first row on. If they are `answered`, the next call lives
    that tick. `lived`, i8[1], is set to the ticks lived. The town stops early if its outbox has fewer than `reserve`
    free rows.
    """
    town = towns[0]
    town.cursor.control = BY_OPTION
    lived[0] = 0
    while lived[0] < ticks and town.cursor.pending + reserve <= len(town.outbox):
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        if not answered:
            deciders = ask_who(town, plan, lens, learned, features[0], views[0], choices, np.int64(0))
            if deciders > 0:
                return deciders
        answered = False
        tick(town, plan)
        lived[0] += 1
    return np.int64(0)


@entry
def take_answers(towns, choices, log_probs, values):
    """Draw for each row of `choices` from log_probs f4[n, options], and ask the first town for it; values are f4[n]."""
    town = towns[0]
    for i in range(len(choices)):
        choice = choices[i]
        for option in range(len(choice.log_probs)):
            choice.log_probs[option] = log_probs[i, option]
        choice.option = draw_option(
            town.cursor.stream_policy, choice.tick, choice.person, choice.log_probs, choice.mask
        )
        choice.log_prob, choice.value = choice.log_probs[choice.option], values[i]
        town.asked[choice.seat] = choice.option
