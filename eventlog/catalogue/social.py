"""Talk, and ties that are given rather than earned."""

from eventlog.catalogue.event import Agent, Amount, DimensionCode, Event, column


class ChatStarted(Event, kind=128):
    """`agent` addresses `listener`."""

    agent: Agent
    listener: Agent = column("other", "who listens")


class ChatSucceeded(Event, kind=129, cause="chat_started"):
    """The two got on."""

    agent: Agent
    listener: Agent = column("other", "who listens")
    quality: Amount = column(meaning="in [0.1, 1]")


class ChatFailed(Event, kind=130, cause="chat_started"):
    """The two did not get on."""

    agent: Agent
    listener: Agent = column("other", "who listens")


class TieSet(Event, kind=131):
    """One side of `agent`'s tie to `other` is set, at the founding or by command; three of them make a tie."""

    agent: Agent
    other: Agent = column("other")
    dimension: DimensionCode
    value: Amount = column(meaning="in [-1, 1]")
