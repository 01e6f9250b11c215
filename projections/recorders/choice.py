"""Recorders of choice: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import ACTION_REJECTED, ACTION_TAKEN, EPISODE_ENDED, OPTION_CHOSEN
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOTHING, NOWHERE, append
from projections.town import choice


@kernel
def record_option_chosen(town, plan, agent, target, option, cause):
    """The policy, or a command, chooses an option for `agent`, and the place that `agent` heads for."""
    event = append(town, OPTION_CHOSEN, agent, NOBODY, target, NOWHERE, option, NONE, NAN, NAN, cause)
    choice.option_chosen(town, plan, event)
    return event.seq


@kernel
def record_action_taken(town, plan, agent, action):
    """Under primitive control `agent` takes the action asked of it; the effects are events of their own."""
    event = append(town, ACTION_TAKEN, agent, NOBODY, NOTHING, NOWHERE, action, NONE, NAN, NAN, NONE)
    choice.action_taken(town, plan, event)
    return event.seq


@kernel
def record_action_rejected(town, plan, agent, asked, reason):
    """`agent` cannot do what it was asked and loses the tick; an option that it is committed to goes on."""
    event = append(town, ACTION_REJECTED, agent, NOBODY, NOTHING, NOWHERE, asked, reason, NAN, NAN, NONE)
    choice.action_rejected(town, plan, event)
    return event.seq


@kernel
def record_episode_ended(town, plan, agent):
    """The environment ends an episode of `agent`, who stays in the town."""
    event = append(town, EPISODE_ENDED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    choice.episode_ended(town, plan, event)
    return event.seq
