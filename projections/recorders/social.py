"""Recorders of social: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import CHAT_FAILED, CHAT_STARTED, CHAT_SUCCEEDED, TIE_SET
from projections.kernel import kernel
from projections.record.event import NAN, NONE, NOTHING, NOWHERE, append
from projections.town import social


@kernel
def record_chat_started(town, plan, agent, listener):
    """`agent` begins to talk to `listener`."""
    event = append(town, CHAT_STARTED, agent, listener, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    social.chat_started(town, plan, event)
    return event.seq


@kernel
def record_chat_succeeded(town, plan, agent, listener, quality, cause):
    """`agent` and `listener` got on well."""
    event = append(town, CHAT_SUCCEEDED, agent, listener, NOTHING, NOWHERE, NONE, NONE, quality, NAN, cause)
    social.chat_succeeded(town, plan, event)
    return event.seq


@kernel
def record_chat_failed(town, plan, agent, listener, cause):
    """`agent` and `listener` did not get on."""
    event = append(town, CHAT_FAILED, agent, listener, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    social.chat_failed(town, plan, event)
    return event.seq


@kernel
def record_tie_set(town, plan, agent, other, dimension, value):
    """The founding or a command sets one dimension of `agent`'s tie to `other`; a tie has three dimensions."""
    event = append(town, TIE_SET, agent, other, NOTHING, NOWHERE, dimension, NONE, value, NAN, NONE)
    social.tie_set(town, plan, event)
    return event.seq
