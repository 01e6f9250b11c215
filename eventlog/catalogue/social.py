"""People talk; the founding and commands set ties."""

from eventlog.catalogue.event import Agent, Amount, DimensionCode, Event, column


class ChatStarted(Event, kind=128):
    """`agent` begins to talk to `listener`."""

    agent: Agent
    listener: Agent = column("other", "who listens")


class ChatSucceeded(Event, kind=129, cause="chat_started"):
    """`agent` and `listener` got on well."""

    agent: Agent
    listener: Agent = column("other", "who listens")
    quality: Amount = column(meaning="in [0.1, 1]")


class ChatFailed(Event, kind=130, cause="chat_started"):
    """`agent` and `listener` did not get on."""

    agent: Agent
    listener: Agent = column("other", "who listens")


class TieSet(Event, kind=131):
    """The founding or a command sets one dimension of `agent`'s tie to `other`; a tie has three dimensions."""

    agent: Agent
    other: Agent = column("other")
    dimension: DimensionCode
    value: Amount = column(meaning="in [-1, 1]")
