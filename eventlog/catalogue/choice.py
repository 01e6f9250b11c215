"""What a policy asks of an agent."""

from eventlog.catalogue.event import Agent, Event, Object, OptionCode, column


class OptionChosen(Event, kind=32):
    """The policy's choice for `agent`, and the place it heads for."""

    agent: Agent
    target: Object = column(missing=True)
    option: OptionCode
