"""Chats."""

import numpy as np

from eventlog.codes import (
    OPTION_EAT,
    OPTION_SOCIALISE,
    TRAIT_EXTROVERSION,
    TRAIT_TOPIC_PREFERENCE,
)
from projections.kernel import kernel
from projections.record.event import NOBODY
from projections.recorders.social import record_chat_failed, record_chat_started, record_chat_succeeded
from projections.town.ties import tie_with
from townlet.rules.draw import CHAT, CHAT_SUCCESS, LISTENER, NOBODY_ELSE, draw
from townlet.rules.ledger import liking, rivalry


@kernel
def converse(town, plan, a):
    """Two who are free and near may talk."""
    if not is_free(town, plan, a):
        return
    wish = plan.chat.chance * (1.0 + plan.chat.chance_extroversion * town.agents[a].traits[TRAIT_EXTROVERSION])
    if draw(town, CHAT, a, NOBODY_ELSE) < wish:
        address_somebody(town, plan, a)


@kernel
def address_somebody(town, plan, a):
    """The agent, who is free, talks to whom it likes best of those near, if there is anybody."""
    b = someone_near(town, plan, a)
    if b == NOBODY or not is_free(town, plan, a):
        return
    cause = record_chat_started(town, plan, a, b)
    if draw(town, CHAT_SUCCESS, a, b) < success_chance(town, plan, a, b):
        record_chat_succeeded(town, plan, a, b, quality(town, plan, a, b), cause)
    else:
        record_chat_failed(town, plan, a, b, cause)


@kernel
def is_free(town, plan, a):
    """Not talked out, and idle, walking, waiting, sitting about or eating."""
    agent = town.agents[a]
    if agent.chat_ready > town.clock.tick:
        return False
    if agent.doing < 0:
        return True
    option = plan.affordances[agent.doing].option
    return option == OPTION_SOCIALISE or option == OPTION_EAT


@kernel
def someone_near(town, plan, a):
    """The best liked of those within earshot who are free, with some chance in it; never a sworn rival."""
    side, radius = plan.layout.side, plan.chat.radius
    tile = town.agents[a].tile
    row, column = tile // side, tile % side
    found, most = NOBODY, -1.0e9
    for down in range(-radius, radius + 1):
        reach = radius - abs(down)
        for right in range(-reach, reach + 1):
            r, c = row + down, column + right
            if r < 0 or c < 0 or r >= side or c >= side:
                continue
            b = np.int64(town.ground[r * side + c]) - 1
            if b == NOBODY or b == a or not is_free(town, plan, b):
                continue
            if rivalry(town, plan, a, b) >= plan.chat.avoid_rivalry:
                continue
            merit = plan.chat.listener_liking * liking(town, plan, a, b) + draw(town, LISTENER, a, b)
            if merit > most:
                found, most = b, merit
    return found


@kernel
def success_chance(town, plan, a, b):
    """The listener's topic preference, and what the speaker's tie adds to a plain success; within [0, 1]."""
    chat = plan.chat
    chance = chat.success * town.agents[b].traits[TRAIT_TOPIC_PREFERENCE]
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    if slot >= 0:
        tie = town.agents[a].ties[slot]
        chance = chance * (1.0 + chat.trust * tie.trust) * (1.0 + chat.familiarity * tie.familiarity)
    return min(1.0, max(0.0, chance))


@kernel
def quality(town, plan, a, b):
    """What the speaker's extroversion and tie make of a plain quality; within [quality_least, 1]."""
    chat = plan.chat
    worth = chat.quality + chat.quality_extroversion * town.agents[a].traits[TRAIT_EXTROVERSION]
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    if slot >= 0:
        tie = town.agents[a].ties[slot]
        worth += chat.quality_trust * tie.trust + chat.quality_familiarity * tie.familiarity
        worth -= chat.quality_rivalry * tie.rivalry
    return min(1.0, max(chat.quality_least, worth))
