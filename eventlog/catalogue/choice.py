"""What a policy asks an agent to do, and requests that are refused."""

from eventlog.catalogue.event import ActionCode, Agent, Count, Event, Object, OptionCode, ReasonCode, column


class OptionChosen(Event, kind=32, cause="option_ordered or meeting_arranged"):
    """The policy, or a command, chooses an option for `agent`, and the place that `agent` heads for."""

    agent: Agent
    target: Object = column(missing=True)
    option: OptionCode


class ActionTaken(Event, kind=33):
    """Under primitive control `agent` takes the action asked of it; the effects are events of their own."""

    agent: Agent
    action: ActionCode


class ActionRejected(Event, kind=34):
    """`agent` cannot do what it was asked and loses the tick; an option that it is committed to goes on."""

    agent: Agent
    asked: Count = column(meaning="number of the option, or of the action under primitive control")
    reason: ReasonCode = column("code2")


class EpisodeEnded(Event, kind=35):
    """The environment ends an episode of `agent`, who stays in the town."""

    agent: Agent
