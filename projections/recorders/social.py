"""Recorders of social: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import CHAT_BROKEN_OFF, CHAT_FAILED, CHAT_STARTED, CHAT_SUCCEEDED, NEWS_TOLD, TIE_SET
from projections.kernel import kernel
from projections.record.event import NAN, NONE, NOTHING, NOWHERE, append
from projections.town import social


@kernel
def record_chat_started(town, plan, agent, listener, ticks, cause):
    """`agent` begins to talk to `listener`, and both are busy for `ticks`."""
    event = append(town, CHAT_STARTED, agent, listener, NOTHING, NOWHERE, ticks, NONE, NAN, NAN, cause)
    social.chat_started(town, plan, event)
    return event.seq


@kernel
def record_chat_succeeded(town, plan, agent, listener, quality, quality_listener, cause):
    """`agent` and `listener` got on well; each judges the chat by itself."""
    event = append(
        town,
        CHAT_SUCCEEDED,
        agent,
        listener,
        NOTHING,
        NOWHERE,
        NONE,
        NONE,
        quality,
        quality_listener,
        cause,
    )
    social.chat_succeeded(town, plan, event)
    return event.seq


@kernel
def record_chat_failed(town, plan, agent, listener, cause):
    """`agent` and `listener` did not get on."""
    event = append(town, CHAT_FAILED, agent, listener, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    social.chat_failed(town, plan, event)
    return event.seq


@kernel
def record_tie_set(town, plan, agent, other, dimension, value, cause):
    """The founding or a command sets one dimension of `agent`'s tie to `other`; a tie has three dimensions."""
    event = append(town, TIE_SET, agent, other, NOTHING, NOWHERE, dimension, NONE, value, NAN, cause)
    social.tie_set(town, plan, event)
    return event.seq


@kernel
def record_chat_broken_off(town, plan, agent, listener, reason, cause):
    """`agent` leaves the talk with `listener` before its end; no tie changes."""
    event = append(town, CHAT_BROKEN_OFF, agent, listener, NOTHING, NOWHERE, reason, NONE, NAN, NAN, cause)
    social.chat_broken_off(town, plan, event)
    return event.seq


@kernel
def record_news_told(town, plan, agent, listener, about, news, telling, strength, cause):
    """`agent` tells `listener` what `about` did to a third person; the listener's tie to `about` changes."""
    event = append(town, NEWS_TOLD, agent, listener, NOTHING, about, news, telling, strength, NAN, cause)
    social.news_told(town, plan, event)
    return event.seq
