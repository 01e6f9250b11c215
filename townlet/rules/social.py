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
    """Two people who are free and near each other may talk."""
    if not is_free(town, plan, a):
        return
    wish = plan.chat.chance * (1.0 + plan.chat.chance_extroversion * town.agents[a].traits[TRAIT_EXTROVERSION])
    if draw(town, CHAT, a, NOBODY_ELSE) < wish:
        address_somebody(town, plan, a)


@kernel
def address_somebody(town, plan, a):
    """A free agent talks to the person nearby whom it likes most, if there is one."""
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
    """Whether the agent may talk: its last talk is long ago, and it is idle, walking, waiting, resting or eating."""
    agent = town.agents[a]
    if agent.chat_ready > town.clock.tick:
        return False
    if agent.doing < 0:
        return True
    option = plan.affordances[agent.doing].option
    return option == OPTION_SOCIALISE or option == OPTION_EAT


@kernel
def someone_near(town, plan, a):
    """A free person within hearing, by liking and chance, who is no rival; NOBODY if there is none."""
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
    """The chance that a chat succeeds, in [0, 1]: by the speaker's tie and the listener's topic preference."""
    chat = plan.chat
    chance = chat.success * town.agents[b].traits[TRAIT_TOPIC_PREFERENCE]
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    if slot >= 0:
        tie = town.agents[a].ties[slot]
        chance = chance * (1.0 + chat.trust * tie.trust) * (1.0 + chat.familiarity * tie.familiarity)
    return min(1.0, max(0.0, chance))


@kernel
def quality(town, plan, a, b):
    """The quality of a chat, in [quality_least, 1]: by the speaker's extroversion and tie."""
    chat = plan.chat
    worth = chat.quality + chat.quality_extroversion * town.agents[a].traits[TRAIT_EXTROVERSION]
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    if slot >= 0:
        tie = town.agents[a].ties[slot]
        worth += chat.quality_trust * tie.trust + chat.quality_familiarity * tie.familiarity
        worth -= chat.quality_rivalry * tie.rivalry
    return min(1.0, max(chat.quality_least, worth))
