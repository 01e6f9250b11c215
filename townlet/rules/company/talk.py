"""People who are near each other talk, for some minutes, and get on well or not."""

import numpy as np

from eventlog.codes import (
    DEED_CHAT,
    OPTION_EAT,
    OPTION_SOCIALISE,
    OPTION_WORK,
    REASON_APART,
    REASON_DUE,
    REASON_HELD_BACK,
    REASON_HUNGER,
    REASON_TURN,
    TRAIT_EXTROVERSION,
    TRAIT_TOPIC_PREFERENCE,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, NONE
from projections.record.ways import tiles_apart
from projections.record.words import WELL
from projections.recorders.social import (
    record_chat_broken_off,
    record_chat_failed,
    record_chat_started,
    record_chat_succeeded,
)
from projections.town.ties import tie_with
from townlet.rules import work
from townlet.rules.company.news import tell
from townlet.rules.draw import CHAT, CHAT_SUCCESS, JUDGEMENT, LISTENER, NOBODY_ELSE, TALK, draw
from townlet.rules.ledger import liking, rivalry
from townlet.rules.restraint import are_held_apart


@kernel
def converse(town, plan, a):
    """Whoever talks goes on, ends the talk, or breaks it off; two who are free and near each other may begin one.

    Who is possessed begins none, and may be addressed.
    """
    if town.agents[a].talks_with >= 0:
        go_on(town, plan, a)
        return
    if not is_free(town, plan, a) or town.agents[a].possessed > 0:
        return
    wish = plan.chat.chance * (1.0 + plan.chat.chance_extroversion * town.agents[a].traits[TRAIT_EXTROVERSION])
    if draw(town, CHAT, a, NOBODY_ELSE) < wish:
        address_somebody(town, plan, a)


@kernel
def address_somebody(town, plan, a):
    """A free agent talks to the person nearby whom it likes most, if there is one."""
    if not may_begin(town, plan, a):
        return
    b = someone_near(town, plan, a)
    if b != NOBODY:
        begin(town, plan, a, b, NONE)


@kernel
def begin(town, plan, a, b, cause):
    """The agent begins to talk with another for a drawn time."""
    span = plan.chat.most - plan.chat.least + 1
    ticks = plan.chat.least + np.int64(draw(town, TALK, a, b) * span)
    record_chat_started(town, plan, a, b, ticks, cause)
    if ticks == 0:
        conclude(town, plan, a)


@kernel
def go_on(town, plan, a):
    """Who began the talk ends it when its time is over; either breaks it off for something that cannot wait."""
    agent = town.agents[a]
    reason = interruption(town, plan, a)
    if reason >= 0:
        record_chat_broken_off(town, plan, a, agent.talks_with, reason, agent.talk_seq)
    elif agent.speaks == 1 and town.clock.tick >= agent.talk_until:
        conclude(town, plan, a)


@kernel
def conclude(town, plan, a):
    """The talk that agent `a` began ends well or badly; each of the two judges a good one by itself."""
    agent = town.agents[a]
    b, cause = agent.talks_with, agent.talk_seq
    if ends_well(town, plan, a, b):
        mine = quality(town, plan, a, b)
        theirs = quality(town, plan, b, a) if plan.chat.own_judgement else mine
        record_chat_succeeded(town, plan, a, b, mine, theirs, cause)
        tell(town, plan, a, b)
    else:
        record_chat_failed(town, plan, a, b, cause)


@kernel
def ends_well(town, plan, a, b):
    """Whether the talk that `a` began ends well: by chance, unless a command has decided it."""
    agent = town.agents[a]
    if agent.talk_ends > 0:
        return agent.talk_ends == WELL
    return draw(town, CHAT_SUCCESS, a, b) < success_chance(town, plan, a, b)


@kernel
def interruption(town, plan, a):
    """The reason code that takes the agent from its talk: a command, a free place, hunger, work, distance; or -1."""
    agent = town.agents[a]
    if are_held_apart(town, a, agent.talks_with, DEED_CHAT):
        return REASON_HELD_BACK
    if agent.doing < 0 and agent.holds >= 0 and agent.lingers_until == 0:
        return REASON_TURN
    if agent.doing < 0 and agent.hunger < plan.needs.urgent:
        return REASON_HUNGER
    if agent.doing < 0 and agent.waits_at < 0 and work.is_due(town, plan, a):
        return REASON_DUE
    away = tiles_apart(plan, agent.tile, town.agents[agent.talks_with].tile)
    return REASON_APART if away > plan.chat.radius else NONE


@kernel
def has_time(town, plan, a):
    """Whether nothing calls the agent at once: no place that is free, no urgent hunger, no work to set out for."""
    agent = town.agents[a]
    if agent.doing >= 0 or plan.chat.most == 0:
        return True
    if agent.hunger < plan.needs.urgent:
        return False
    return agent.holds < 0 and (agent.waits_at >= 0 or not work.is_due(town, plan, a))


@kernel
def may_begin(town, plan, a):
    """Whether the agent may begin a talk, or be addressed: it is free and has time."""
    return is_free(town, plan, a) and has_time(town, plan, a)


@kernel
def is_free(town, plan, a):
    """Whether the agent may talk: its last talk is long ago, and nothing that it does asks for its attention."""
    agent = town.agents[a]
    if agent.chat_ready > town.clock.tick or agent.talks_with >= 0:
        return False
    if agent.doing < 0:
        return True
    option = plan.affordances[agent.doing].option
    if option == OPTION_WORK:
        return plan.chat.most > 0 and town.objects[agent.holds].line == 0
    return option == OPTION_SOCIALISE or option == OPTION_EAT


@kernel
def someone_near(town, plan, a):
    """A free person within hearing who has time, by liking and chance, who is no rival; NOBODY if there is none."""
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
            if b == NOBODY or b == a or not may_begin(town, plan, b):
                continue
            if rivalry(town, plan, a, b) >= plan.chat.avoid_rivalry or are_held_apart(town, a, b, DEED_CHAT):
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
    """What `a` thinks of a chat with `b`, in [quality_least, 1]: by its own extroversion, tie and judgement."""
    chat = plan.chat
    worth = chat.quality + chat.quality_luck * (draw(town, JUDGEMENT, a, b) - 0.5)
    worth += chat.quality_extroversion * town.agents[a].traits[TRAIT_EXTROVERSION]
    slot = tie_with(plan, town.agents[a], town.agents[b].person)
    if slot >= 0:
        tie = town.agents[a].ties[slot]
        worth += chat.quality_trust * tie.trust + chat.quality_familiarity * tie.familiarity
        worth -= chat.quality_rivalry * tie.rivalry
    return min(1.0, max(chat.quality_least, worth))
