"""People talk and pass news on; the founding and commands set ties."""

from eventlog.catalogue.event import (
    Agent,
    Amount,
    Count,
    DimensionCode,
    Event,
    NewsCode,
    PersonTold,
    ReasonCode,
    column,
)


class ChatStarted(Event, kind=128, version=2, cause="command_accepted, or none of their own accord"):
    """`agent` begins to talk to `listener`, and both are busy for `ticks`."""

    agent: Agent
    listener: Agent = column("other", "who listens")
    ticks: Count = column(meaning="how long the talk is to take; 0: it ends in the same tick", unit="ticks")


class ChatSucceeded(Event, kind=129, version=2, cause="chat_started"):
    """`agent` and `listener` got on well; each judges the chat by itself."""

    agent: Agent
    listener: Agent = column("other", "who listens")
    quality: Amount = column(meaning="for `agent`, in [0.1, 1]")
    quality_listener: Amount = column("value2", "for `listener`, in [0.1, 1]")


class ChatFailed(Event, kind=130, cause="chat_started"):
    """`agent` and `listener` did not get on."""

    agent: Agent
    listener: Agent = column("other", "who listens")


class TieSet(Event, kind=131, cause="command_accepted, or none at the founding"):
    """The founding or a command sets one dimension of `agent`'s tie to `other`; a tie has three dimensions."""

    agent: Agent
    other: Agent = column("other")
    dimension: DimensionCode
    value: Amount = column(meaning="in [-1, 1]")


class ChatBrokenOff(Event, kind=132, version=2, first=2, cause="chat_started"):
    """`agent` leaves the talk with `listener` before its end; no tie changes."""

    agent: Agent
    listener: Agent = column("other", "who is left")
    reason: ReasonCode


class NewsTold(
    Event,
    kind=133,
    version=2,
    first=2,
    cause="queue_conflict, late_help, shift_takeover or news_told, by which `agent` knows",
):
    """`agent` tells `listener` what `about` did to a third person; the listener's tie to `about` changes."""

    agent: Agent
    listener: Agent = column("other", "who hears it")
    about: PersonTold
    news: NewsCode
    telling: Count = column("code2", "1: by an eye-witness, 2: by one who heard it from an eye-witness")
    strength: Amount = column(meaning="the deed's strength: a quarrel's intensity, else 1")
