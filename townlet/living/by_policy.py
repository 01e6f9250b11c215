"""A town whose people live by a policy: who decides is looked at, answered by the compiled pass, and drawn for.

Compiled at first use only: a town that lives by the script never calls these kernels.
"""

import numpy as np

from eventlog.codes import OPTION_WAIT
from projections.kernel import entry, kernel
from projections.observations.observe import observe_agent
from townlet.living.day import tick
from townlet.policies.drawing import draw_option
from townlet.policies.forward import VALUE, forward, log_softmax_masked, unpack
from townlet.rules import control, policy
from townlet.rules.control import ASKABLE, BY_OPTION, NOT_ASKED

NOTHING_ALLOWED = np.int64(0)

CHOICE = np.dtype(
    [
        ("tick", "i8"),
        ("person", "i8"),
        ("seat", "i8"),
        ("option", "i8"),  # the option that was drawn
        ("log_prob", "f4"),  # its log-probability
        ("value", "f4"),  # what the policy expects from here on, in rewards
        ("log_probs", "f4", (int(ASKABLE),)),  # of every option; minus infinity where it was not allowed
        ("mask", "i1", (int(ASKABLE),)),  # 1: the option was allowed
        ("pad", "u1", (3,)),  # fills the record to whole words
    ]
)
"""A decision of a person, with what the policy made of it."""


@kernel
def ready(town, plan, a):
    """Ready a seat of the policy for a tick; returns whether it decides. Else its option goes on, or it waits."""
    if a >= town.clock.seats or not town.agents[a].alive:
        town.asked[a] = OPTION_WAIT  # a newcomer begins with its second tick
        return False
    town.asked[a], town.allowed[a] = town.agents[a].option, control.allow(town, plan, a)
    return policy.decides(town, plan, a) and not control.is_commanded(town.agents[a])


@kernel
def decide(town, plan, lens, a, net, features, view, h1, h2, out, choice):
    """Write what seat `a` decides into `choice`, a record of CHOICE. Its allowed options are in `town.allowed`."""
    observe_agent(town, plan, lens, a, features, view)
    forward(net, features.values[: len(net.w1)], h1, h2, out)
    unpack(town.allowed[a], choice.mask)
    log_softmax_masked(out, choice.mask, choice.log_probs)
    person = town.agents[a].person
    option = draw_option(town.cursor.stream_policy, town.clock.tick, person, choice.log_probs, choice.mask)
    choice.tick, choice.person, choice.seat, choice.option = town.clock.tick, person, a, option
    choice.log_prob, choice.value = choice.log_probs[option], out[VALUE]


@entry
def live_by(towns, plans, lenses, features, views, net, h1, h2, out, choices, filled, learned, ticks, reserve):
    """Let the first town live `ticks` ticks, the `learned` seats by the policy. Returns the ticks lived.

    `learned`, i8 [seats], is 1 for a seat of the policy and 0 for one of the script. Decisions are written to
    `choices`, rows of CHOICE, from the first row on, and their number to `filled`, i8[1]. The town stops early if its
    outbox has fewer than `reserve` free rows, or `choices` has no row for every seat.
    """
    town, lived, n = towns[0], 0, 0
    town.cursor.control = BY_OPTION
    seats = len(town.asked)
    while lived < ticks and town.cursor.pending + reserve <= len(town.outbox) and n + seats <= len(choices):
        plan, lens = plans[town.clock.epoch], lenses[town.clock.epoch]
        for a in range(seats):
            town.asked[a], town.allowed[a] = NOT_ASKED, NOTHING_ALLOWED
            if learned[a] == 1 and ready(town, plan, np.int64(a)):
                decide(town, plan, lens, np.int64(a), net, features[0, a], views[0, a], h1, h2, out, choices[n])
                town.asked[a] = choices[n].option
                n += 1
        tick(town, plan)
        lived += 1
    filled[0] = n
    return lived
