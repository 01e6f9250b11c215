"""The ledger of an agent: a few directed ties that are admitted, clamped, decay and are evicted.

docs/world/RELATIONSHIP_MODEL.md has its numbers. A tie's size is |trust| + |familiarity| + |rivalry|. The
rider `tie_changes` also uses `raw_delta`, `adjusted_delta` and `fade`.
"""

from eventlog.codes import (
    CHAT_FAILED,
    CHAT_SUCCEEDED,
    NEWS_TAKEOVER,
    NEWS_TOLD,
    QUEUE_CONFLICT,
    SHIFT_TAKEOVER,
    TRAIT_AMBITION,
    TRAIT_EXTROVERSION,
    TRAIT_FORGIVENESS,
)
from projections.kernel import kernel
from projections.record.event import NONE
from projections.record.words import A_FRIEND, A_RIVAL, FAMILIARITY, NO_BOND, RIVALRY, TRUST


@kernel
def remember(town, plan, event):
    """Apply the event's delta to the ledger of `other`, and a share of it, as the settings say, to that of `agent`."""
    if plan.social.share[event.kind] > 0.0:
        note(town, plan, event, event.agent, event.other_person)
    note(town, plan, event, event.other, event.person)


@kernel
def note(town, plan, event, owner, other):
    """Apply the event's delta to the owner's tie to `other`, adjusted to the owner."""
    agent = town.agents[owner]
    slot = tie_with(plan, agent, other)
    if slot >= 0:
        count_chat(plan, agent.ties[slot], event)
    trust, familiarity, rivalry = raw_delta(plan, event, owner)
    trust, familiarity, rivalry = adjusted_delta(plan, agent, event, owner, other, trust, familiarity, rivalry)
    change(town, plan, owner, other, event.tick, trust, familiarity, rivalry)
    if slot < 0:
        slot = tie_with(plan, agent, other)
        if slot >= 0:
            count_chat(plan, agent.ties[slot], event)


@kernel
def change(town, plan, owner, other, tick, trust, familiarity, rivalry):
    """Add a delta to the owner's tie to the person `other`: admit the tie, clamp the sum, make or end the bond."""
    agent = town.agents[owner]
    slot = tie_with(plan, agent, other)
    if slot < 0:
        slot = place_for_tie(plan, agent, abs(trust + familiarity - rivalry))
        if slot < 0:
            return
        town.clock.ties_evicted += agent.ties[slot].known
        begin(agent.ties[slot], other, tick)
    tie = agent.ties[slot]
    tie.trust = clamp(tie.trust + trust)
    tie.familiarity = clamp(tie.familiarity + familiarity)
    tie.rivalry = clamp(tie.rivalry + rivalry)
    settle_bond(plan, tie)


@kernel
def settle_bond(plan, tie):
    """Make or end the bond: one mark makes a friend or a rival, a lower one ends it."""
    social = plan.social
    liking = tie.trust + tie.familiarity - tie.rivalry
    if tie.bond == A_FRIEND:
        tie.bond = A_FRIEND if liking >= social.friend_until else NO_BOND
    elif tie.bond == A_RIVAL:
        tie.bond = A_RIVAL if tie.rivalry >= social.rival_until and tie.rivalry > tie.trust else NO_BOND
    if tie.bond == NO_BOND:
        if tie.rivalry >= social.rival_from and tie.rivalry > tie.trust:
            tie.bond = A_RIVAL
        elif liking >= social.friend_from:
            tie.bond = A_FRIEND


@kernel
def count_chat(plan, tie, event):
    """Count a chat among those of its day; other events are not counted."""
    if event.kind == CHAT_SUCCEEDED or event.kind == CHAT_FAILED:
        day = event.tick // plan.life.ticks_per_day + 1
        tie.chats = tie.chats + 1 if tie.talked == day else 1
        tie.talked = day


@kernel
def raw_delta(plan, event, owner):
    """The event's delta before personality: rivalry of a conflict times intensity, a chat's times its quality."""
    delta = plan.social.delta[event.kind]
    trust, familiarity, rivalry = delta[TRUST], delta[FAMILIARITY], delta[RIVALRY]
    if event.kind == QUEUE_CONFLICT:
        rivalry = rivalry * event.value
    elif event.kind == CHAT_SUCCEEDED:
        quality = event.value if owner == event.agent else event.value2
        trust, familiarity, rivalry = trust * quality, familiarity * quality, rivalry * quality
    return trust, familiarity, rivalry


@kernel
def adjusted_delta(plan, agent, event, owner, other, trust, familiarity, rivalry):
    """The delta after the owner's personality, times the share of its side, times that of a repeated chat."""
    trust, familiarity, rivalry = personal_delta(plan, agent, event, trust, familiarity, rivalry)
    weight = plan.social.share[event.kind] if owner == event.agent else 1.0
    if event.kind == CHAT_SUCCEEDED or event.kind == CHAT_FAILED:
        weight = weight * repeat_weight(plan, agent, other)
    return weight * trust, weight * familiarity, weight * rivalry


@kernel
def repeat_weight(plan, agent, other):
    """What a chat counts: 1 for the first of a pair and day, `chat_repeat_share` times the one before for others."""
    slot = tie_with(plan, agent, other)
    weight = 1.0
    if slot >= 0:
        for _ in range(1, agent.ties[slot].chats):
            weight = weight * plan.social.repeat_share
    return weight


@kernel
def personal_delta(plan, agent, event, trust, familiarity, rivalry):
    """The delta after this person's ambition, then forgiveness, then extroversion; unchanged without modifiers."""
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
    """Whether the event is a shift takeover or news of one, or a conflict in the venue where the agent works."""
    if event.kind == SHIFT_TAKEOVER or (event.kind == NEWS_TOLD and event.code == NEWS_TAKEOVER):
        return True
    if event.kind != QUEUE_CONFLICT or agent.job < 0:
        return False
    desk = plan.jobs[agent.job].desk
    return plan.layout.place[event.object].venue == plan.layout.place[desk].venue


@kernel
def tie_with(plan, agent, other):
    """The slot of the tie to a person, -1 without a tie."""
    for slot in range(plan.social.capacity):
        if agent.ties[slot].known and agent.ties[slot].other == other:
            return slot
    return NONE


@kernel
def place_for_tie(plan, agent, impact):
    """The slot for a new tie: a free one, else that of the weakest tie if `impact` is above the admission, else -1."""
    for slot in range(plan.social.capacity):
        if not agent.ties[slot].known:
            return slot
    return weakest(plan, agent) if impact > plan.social.admission else NONE


@kernel
def weakest(plan, agent):
    """The slot of the weakest tie: the smallest, then the oldest, then the one to the lowest person number."""
    found = NONE
    for slot in range(plan.social.capacity):
        if found < 0 or weaker(agent.ties[slot], agent.ties[found]):
            found = slot
    return found


@kernel
def weaker(tie, than):
    """Whether `tie` is weaker than the tie `than`: it is evicted first."""
    size, other_size = tie_size(tie), tie_size(than)
    if size != other_size:
        return size < other_size
    if tie.since != than.since:
        return tie.since < than.since
    return tie.other < than.other


@kernel
def tie_count(plan, agent):
    """The number of ties that an agent holds."""
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
    """Begin a tie of size zero."""
    tie.known, tie.other, tie.since = 1, other, tick
    tie.trust, tie.familiarity, tie.rivalry = 0.0, 0.0, 0.0
    tie.bond = tie.talked = tie.chats = 0


@kernel
def end(tie):
    """Set a tie's record to zero."""
    tie.known, tie.other, tie.since = 0, 0, 0
    tie.trust, tie.familiarity, tie.rivalry = 0.0, 0.0, 0.0
    tie.bond = tie.talked = tie.chats = 0


@kernel
def clamp(value):
    """The value clipped to [-1, 1]."""
    return min(1.0, max(-1.0, value))


@kernel
def decay(town, plan):
    """Apply an hour's decay to every tie; drop ties whose dimensions are all too small."""
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
                settle_bond(plan, tie)
                if abs(tie.trust) < least and abs(tie.familiarity) < least and abs(tie.rivalry) < least:
                    end(tie)


@kernel
def fade(tie, keep_trust, keep_familiarity, keep_rivalry):
    """Apply an hour's decay to a tie: multiply each dimension by the share that stays."""
    tie.trust = tie.trust * keep_trust
    tie.familiarity = tie.familiarity * keep_familiarity
    tie.rivalry = tie.rivalry * keep_rivalry


@kernel
def rivalry_retention(plan, agent):
    """The share of rivalry that stays after an hour; smaller for forgiving agents if modifiers are on."""
    keep = plan.social.retention[RIVALRY]
    if plan.social.modifiers == 0:
        return keep
    return keep - plan.social.forgiveness_decay * (1.0 - keep) * agent.traits[TRAIT_FORGIVENESS]


@kernel
def forget(town, plan, person):
    """End everybody's tie to a person who has left."""
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            slot = tie_with(plan, town.agents[a], person)
            if slot >= 0:
                end(town.agents[a].ties[slot])


@kernel
def set_side(plan, agent, other, dimension, value, tick):
    """Set one dimension of a tie, clamped; admits the tie whatever its size, unless relationships are off."""
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
    settle_bond(plan, tie)
