"""What people know of what others did to each other: seen, suffered, or heard; and what hearing it does to a tie.

A piece of news is a record of `NEWS`; a person keeps the newest `NEWS_KEPT` of them. docs/world/RELATIONSHIP_MODEL.md,
Word travels, has the numbers. The rider `tie_changes` also uses `heard_delta` and `share_believed`.
"""

from eventlog.codes import (
    LATE_HELP,
    NEWS_HELP,
    NEWS_QUARREL,
    NEWS_TAKEOVER,
    OPTION_SLEEP,
    QUEUE_CONFLICT,
    SHIFT_TAKEOVER,
)
from projections.kernel import kernel
from projections.record.event import NONE
from projections.record.state import NEWS_KEPT
from projections.record.ways import tiles_apart
from projections.record.words import FAMILIARITY, RIVALRY, SEEN, TRUST
from projections.town import ties


@kernel
def witness(town, plan, event):
    """The one who was wronged or helped, and everybody who sees it, know what `agent` did to `other`."""
    doer = town.agents[event.agent]
    if plan.hearsay.enabled == 0 or not is_there(doer, event.person):
        return
    for b in range(town.clock.seats):
        agent = town.agents[b]
        if b == event.agent or not agent.alive:
            continue
        if (b == event.other and agent.person == event.other_person) or sees(plan, agent, doer):
            strength = event.value if event.kind == QUEUE_CONFLICT else 1.0
            code = news_of(event.kind)
            keep(agent, event.seq + 1, event.seq, event.person, event.other_person, code, SEEN, strength)


@kernel
def hear(town, plan, event):
    """`other` hears what `agent` knows by the event's cause: it knows it too, and its tie to `about` changes.

    The tie changes by `heard_delta` as the listener's personality takes it; not at all if the listener does not trust
    the teller.
    """
    teller, listener, about = town.agents[event.agent], town.agents[event.other], event.tile
    if not is_there(listener, event.other_person):
        return
    slot = piece_by_source(teller, event.cause)
    if slot >= 0 and not knows(listener, teller.news[slot].deed):
        piece = teller.news[slot]
        keep(listener, piece.deed, event.seq, about, piece.whom, event.code, event.code2, event.value)
    share = share_believed(plan, trust_in(plan, listener, event.person))
    if share > 0.0:
        trust, familiarity, rivalry = heard_delta(plan, event, share)
        trust, familiarity, rivalry = ties.personal_delta(plan, listener, event, trust, familiarity, rivalry)
        ties.change(town, plan, event.other, about, event.tick, trust, familiarity, rivalry)


@kernel
def share_believed(plan, trust):
    """The share of a deed's delta that a listener with this trust in the teller takes over, in [0, 1]."""
    return plan.social.hearsay_share * max(0.0, trust)


@kernel
def heard_delta(plan, event, share):
    """This share of the delta that the deed gave the one who was wronged or helped, before personality."""
    delta = plan.social.delta[deed_of(event.code)]
    return share * delta[TRUST], share * delta[FAMILIARITY], share * (delta[RIVALRY] * event.value)


@kernel
def trust_in(plan, agent, person):
    """The agent's trust in a person, in [-1, 1]; 0 without a tie."""
    slot = ties.tie_with(plan, agent, person)
    return agent.ties[slot].trust if slot >= 0 else 0.0


@kernel
def news_of(kind):
    """The code of the news that a deed of this kind makes."""
    if kind == QUEUE_CONFLICT:
        return NEWS_QUARREL
    return NEWS_HELP if kind == LATE_HELP else NEWS_TAKEOVER


@kernel
def deed_of(news):
    """The kind of the deed that news of this code tells of."""
    if news == NEWS_QUARREL:
        return QUEUE_CONFLICT
    return LATE_HELP if news == NEWS_HELP else SHIFT_TAKEOVER


@kernel
def is_there(agent, person):
    """Whether this person sits in the seat now."""
    return agent.alive == 1 and agent.person == person


@kernel
def sees(plan, agent, doer):
    """Whether the agent is awake, near the doer, and with it under one roof or out of doors."""
    if agent.doing >= 0 and plan.affordances[agent.doing].option == OPTION_SLEEP:
        return False
    room = plan.layout.room
    return room[agent.tile] == room[doer.tile] and tiles_apart(plan, agent.tile, doer.tile) <= plan.hearsay.sight


@kernel
def knows(agent, deed):
    """Whether the agent remembers the deed; `deed` is its number in the log, plus 1."""
    for slot in range(NEWS_KEPT):
        if agent.news[slot].deed == deed:
            return True
    return False


@kernel
def may_have_forgotten(agent, deed):
    """Whether the agent may have known the deed: all that it remembers, and can, it came to know later than that."""
    oldest = agent.news[NEWS_KEPT - 1]
    return oldest.deed > 0 and oldest.source >= deed


@kernel
def piece_by_source(agent, source):
    """The slot of the news that the agent knows by this event, -1 for none."""
    for slot in range(NEWS_KEPT):
        if agent.news[slot].deed > 0 and agent.news[slot].source == source:
            return slot
    return NONE


@kernel
def keep(agent, deed, source, about, whom, news, telling, strength):
    """Put a piece of news first; the oldest is forgotten if there is no room."""
    for slot in range(NEWS_KEPT - 1, 0, -1):
        agent.news[slot] = agent.news[slot - 1]
    piece = agent.news[0]
    piece.deed, piece.source, piece.about, piece.whom = deed, source, about, whom
    piece.news, piece.telling, piece.strength = news, telling, strength


@kernel
def forget(town, plan, person):
    """Nobody remembers any longer what a person did who has left."""
    for a in range(town.clock.seats):
        agent = town.agents[a]
        kept = 0
        for slot in range(NEWS_KEPT):
            if agent.news[slot].deed > 0 and agent.news[slot].about != person:
                if kept < slot:
                    agent.news[kept] = agent.news[slot]
                kept += 1
        for slot in range(kept, NEWS_KEPT):
            agent.news[slot] = plan.nobody.news[0]
