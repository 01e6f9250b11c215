"""What a policy asks of an agent, and what cannot be."""

from eventlog.catalogue.event import ActionCode, Agent, Count, Event, Object, OptionCode, ReasonCode, column


class OptionChosen(Event, kind=32):
    """The policy's choice for `agent`, and the place it heads for."""

    agent: Agent
    target: Object = column(missing=True)
    option: OptionCode


class ActionTaken(Event, kind=33):
    """`agent` does what it was asked, under primitive control; what comes of it are events of their own."""

    agent: Agent
    action: ActionCode


class ActionRejected(Event, kind=34):
    """What was asked of `agent` cannot be. The tick is lost; an option that it is committed to goes on."""

    agent: Agent
    asked: Count = column(meaning="number of the option, or of the action under primitive control")
    reason: ReasonCode = column("code2")


class EpisodeEnded(Event, kind=35):
    """An episode of `agent` is cut off by whoever asks, though it lives on."""

    agent: Agent
