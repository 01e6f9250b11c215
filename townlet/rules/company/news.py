"""News that is passed on in a good chat."""

from eventlog.codes import DEED_NEWS
from projections.kernel import kernel
from projections.record.event import NONE
from projections.record.state import NEWS_KEPT
from projections.recorders.social import record_news_told
from projections.town.news import knows, may_have_forgotten
from townlet.rules.draw import NEWS, draw
from townlet.rules.restraint import is_held_back


@kernel
def tell(town, plan, a, b):
    """In a chat that went well `a` may tell `b` a piece of news, and then `b` may tell `a` one."""
    if plan.hearsay.enabled:
        pass_on(town, plan, a, b)
        pass_on(town, plan, b, a)


@kernel
def pass_on(town, plan, a, b):
    """By chance, `a` tells `b` the newest that it knows and that `b` may hear."""
    slot = newest_for(town, plan, a, b)
    if slot < 0 or draw(town, NEWS, a, b) >= plan.hearsay.chance or is_held_back(town, a, DEED_NEWS, b):
        return
    piece = town.agents[a].news[slot]
    record_news_told(town, plan, a, b, piece.about, piece.news, piece.telling + 1, piece.strength, piece.source)


@kernel
def newest_for(town, plan, a, b):
    """The slot of the newest news of `a` that `b` may hear, -1 for none.

    It is not about `b`, `b` was not the one wronged or helped, does not know it and did not forget it, and it was not
    told too often.
    """
    teller, listener = town.agents[a], town.agents[b]
    for slot in range(NEWS_KEPT):
        piece = teller.news[slot]
        if piece.deed == 0:
            return NONE
        if piece.telling >= plan.hearsay.tellings:
            continue
        if piece.about == listener.person or piece.whom == listener.person:
            continue
        if not knows(listener, piece.deed) and not may_have_forgotten(listener, piece.deed):
            return slot
    return NONE
