"""The ledger: a few directed ties an agent, admitted, clamped, decaying, evicted.

docs/world/RELATIONSHIP_MODEL.md says all of it in numbers. A tie's size is |trust| + |familiarity| + |rivalry|. The
functions that only compute (`raw_delta`, `adjusted`, `fade`) are shared with the rider that explains the ledger.
"""

from eventlog.codes import (
    CHAT_SUCCEEDED,
    QUEUE_CONFLICT,
    SHIFT_TAKEOVER,
    TRAIT_AMBITION,
    TRAIT_EXTROVERSION,
    TRAIT_FORGIVENESS,
)
from projections.kernel import kernel
from projections.record.event import NONE
from projections.record.words import BOTH_SIDES, FAMILIARITY, RIVALRY, TRUST


@kernel
def remember(town, plan, event):
    """Those concerned note the event in their ledgers: both, or only the one who was wronged or helped."""
    if plan.social.sides[event.kind] == BOTH_SIDES:
        note(town, plan, event, event.agent, event.other_person)
    note(town, plan, event, event.other, event.person)


@kernel
def note(town, plan, event, owner, other):
    """One side of an event: the delta, made personal, admitted, clamped."""
    agent = town.agents[owner]
    trust, familiarity, rivalry = raw_delta(plan, event)
    trust, familiarity, rivalry = adjusted_delta(plan, agent, event, trust, familiarity, rivalry)
    slot = tie_with(plan, agent, other)
    if slot < 0:
        slot = place_for_tie(plan, agent, abs(trust + familiarity - rivalry))
        if slot >= 0:
            town.clock.ties_evicted += agent.ties[slot].known
            begin(agent.ties[slot], other, event.tick)
    if slot >= 0:
        tie = agent.ties[slot]
        tie.trust = clamp(tie.trust + trust)
        tie.familiarity = clamp(tie.familiarity + familiarity)
        tie.rivalry = clamp(tie.rivalry + rivalry)


@kernel
def raw_delta(plan, event):
    """What an event does to a tie before anybody's personality: a conflict's rivalry by its intensity, a chat by its
    quality."""
    delta = plan.social.delta[event.kind]
    trust, familiarity, rivalry = delta[TRUST], delta[FAMILIARITY], delta[RIVALRY]
    if event.kind == QUEUE_CONFLICT:
        rivalry = rivalry * event.value
    elif event.kind == CHAT_SUCCEEDED:
        trust, familiarity, rivalry = trust * event.value, familiarity * event.value, rivalry * event.value
    return trust, familiarity, rivalry


@kernel
def adjusted_delta(plan, agent, event, trust, familiarity, rivalry):
    """The delta as this person takes it: ambition, then forgiveness, then extroversion; unchanged without modifiers."""
    if plan.social.modifiers == 0:
        return trust, familiarity, rivalry
    if rivalry > 0.0 and about_work(plan, agent, event):
        rivalry = rivalry * (1.0 + plan.social.ambition_scale * agent.traits[TRAIT_AMBITION])
    mercy = 1.0 - plan.social.forgiveness_scale * agent.traits[TRAIT_FORGIVENESS]
    trust = trust * mercy if trust < 0.0 else trust
    familiarity = familiarity * mercy if familiarity < 0.0 else familiarity
    rivalry = rivalry * mercy if rivalry > 0.0 else rivalry
    if event.kind == CHAT_SUCCEEDED:
        familiarity = familiarity + plan.social.extroversion_gain * agent.traits[TRAIT_EXTROVERSION]
    return trust, familiarity, rivalry


@kernel
def about_work(plan, agent, event):
    """A shift taken over, or a conflict where the agent works."""
    if event.kind == SHIFT_TAKEOVER:
        return True
    if event.kind != QUEUE_CONFLICT or agent.job < 0:
        return False
    desk = plan.jobs[agent.job].desk
    return plan.layout.place[event.object].venue == plan.layout.place[desk].venue


@kernel
def tie_with(plan, agent, other):
    """The slot of the tie to a person, -1 without one."""
    for slot in range(plan.social.capacity):
        if agent.ties[slot].known and agent.ties[slot].other == other:
            return slot
    return NONE


@kernel
def place_for_tie(plan, agent, impact):
    """The slot for a new tie: a free one, or the weakest's if the event was strong enough, or -1."""
    for slot in range(plan.social.capacity):
        if not agent.ties[slot].known:
            return slot
    return weakest(plan, agent) if impact > plan.social.admission else NONE


@kernel
def weakest(plan, agent):
    """The slot of the smallest tie, then the oldest, then the lowest identity."""
    found = NONE
    for slot in range(plan.social.capacity):
        if found < 0 or weaker(agent.ties[slot], agent.ties[found]):
            found = slot
    return found


@kernel
def weaker(tie, than):
    """Whether a tie goes before another when room is needed."""
    size, other_size = tie_size(tie), tie_size(than)
    if size != other_size:
        return size < other_size
    if tie.since != than.since:
        return tie.since < than.since
    return tie.other < than.other


@kernel
def tie_count(plan, agent):
    """How many ties an agent holds."""
    count = 0
    for slot in range(plan.social.capacity):
        count += agent.ties[slot].known
    return count


@kernel
def tie_size(tie):
    """|trust| + |familiarity| + |rivalry|."""
    return abs(tie.trust) + abs(tie.familiarity) + abs(tie.rivalry)


@kernel
def begin(tie, other, tick):
    """A new tie, of size zero."""
    tie.known, tie.other, tie.since = 1, other, tick
    tie.trust, tie.familiarity, tie.rivalry = 0.0, 0.0, 0.0


@kernel
def end(tie):
    """A freed tie is zero."""
    tie.known, tie.other, tie.since = 0, 0, 0
    tie.trust, tie.familiarity, tie.rivalry = 0.0, 0.0, 0.0


@kernel
def clamp(value):
    """Into [-1, 1]."""
    return min(1.0, max(-1.0, value))


@kernel
def decay(town, plan):
    """Each town hour every tie moves towards nothing; what is too small to matter is forgotten."""
    keep_trust, keep_familiarity = plan.social.retention[TRUST], plan.social.retention[FAMILIARITY]
    least = plan.social.forgotten_below
    for a in range(town.clock.seats):
        agent = town.agents[a]
        if not agent.alive:
            continue
        keep_rivalry = rivalry_retention(plan, agent)
        for slot in range(plan.social.capacity):
            tie = agent.ties[slot]
            if tie.known:
                fade(tie, keep_trust, keep_familiarity, keep_rivalry)
                if abs(tie.trust) < least and abs(tie.familiarity) < least and abs(tie.rivalry) < least:
                    end(tie)


@kernel
def fade(tie, keep_trust, keep_familiarity, keep_rivalry):
    """What an hour leaves of a tie."""
    tie.trust = tie.trust * keep_trust
    tie.familiarity = tie.familiarity * keep_familiarity
    tie.rivalry = tie.rivalry * keep_rivalry


@kernel
def rivalry_retention(plan, agent):
    """The hourly share of rivalry that stays; the forgiving lose it sooner, with modifiers on."""
    keep = plan.social.retention[RIVALRY]
    if plan.social.modifiers == 0:
        return keep
    return keep - plan.social.forgiveness_decay * (1.0 - keep) * agent.traits[TRAIT_FORGIVENESS]


@kernel
def forget(town, plan, person):
    """Nobody keeps a tie to who has left."""
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            slot = tie_with(plan, town.agents[a], person)
            if slot >= 0:
                end(town.agents[a].ties[slot])


@kernel
def set_side(plan, agent, other, dimension, value, tick):
    """One dimension of a tie is given; the tie is admitted whatever its size, unless relationships are off."""
    slot = tie_with(plan, agent, other)
    if slot < 0:
        slot = place_for_tie(plan, agent, 2.0 + plan.social.admission)
        if slot < 0:
            return
        begin(agent.ties[slot], other, tick)
    tie = agent.ties[slot]
    if dimension == TRUST:
        tie.trust = clamp(value)
    elif dimension == FAMILIARITY:
        tie.familiarity = clamp(value)
    else:
        tie.rivalry = clamp(value)
