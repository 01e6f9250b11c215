"""What a served town and its clients say to each other over Arrow Flight: tickets, actions and answers, all as JSON.

A ticket asks for a stream: events, or the answer to a query. An action asks for one answer. Whatever comes from the
other side is read here, bounded, before anything is done with it.
"""

from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from townlet.errors import ServingError
from townlet.living.commands.typed import Tick

MESSAGE_BYTES_MOST: Final = 256 * 1024
"""The longest ticket or action that is read."""

DESCRIPTION_BYTES_MOST: Final = 16 << 20
"""The longest description of a run that a client reads: it holds the settings of every epoch."""

CURSOR_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What a cursor may be called."""

AT_TICK_HEADER: Final = "townlet-at-tick"
"""The header by which a client of Flight SQL asks as of a tick."""

ROLES: Final = ("viewer", "operator", "admin")
"""The roles of tokens; each may do what the ones before it may."""

Role = Literal["viewer", "operator", "admin"]
Seq = Annotated[int, Field(ge=0, lt=2**63)]
RunName = Annotated[str, Field(min_length=1, max_length=255)]
CursorName = Annotated[str, Field(pattern=CURSOR_NAME)]


class Message(BaseModel):
    """What is sent: it holds the fields that are declared, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def encoded(self) -> bytes:
        """The message as JSON, without what is not set."""
        return self.model_dump_json(exclude_none=True).encode()


class Answered(BaseModel):
    """What a server answers. A client passes over fields that a later server adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def encoded(self) -> bytes:
        """The answer as JSON."""
        return self.model_dump_json().encode()


class EventsTicket(Message):
    """Asks for the events of a run from a number on, in the log's own columns, in order, each once.

    `from_seq` is the first of them: a number, or `last` for those that are still to come. Without it they begin at the
    `cursor`, or with the first event where that is not set yet. They end before `to_seq`, or at the present end of the
    log; with `follow` they go on until the run is closed.
    """

    read: Literal["events"] = "events"
    run: RunName | None = None
    from_seq: Seq | Literal["last"] | None = None
    to_seq: Seq | None = None
    cursor: CursorName | None = None
    follow: bool = False


class SqlTicket(Message):
    """Asks a query over the run as of a tick (None: now), of events from a tick on (None: all)."""

    read: Literal["sql"] = "sql"
    run: RunName | None = None
    query: Annotated[str, Field(min_length=1, max_length=100_000)]
    at_tick: Tick | None = None
    from_tick: Tick | None = None


class HealthAction(Message):
    """Asks how the town is. The answer is a `Health`."""

    run: RunName | None = None


class DescribeAction(Message):
    """Asks what the run is, and for the digest of its events before `seq`. The answer is a `Description`."""

    run: RunName | None = None
    seq: Seq = 0


class CommandAction(Message):
    """Gives the town a command: its name, its fields, `cmd_id`, and `expected_tick` if it is to fit no other tick.

    Who gives it follows from the token. The answer, a `CommandAnswer`, comes once the log has it.
    """

    run: RunName | None = None
    command: dict[str, str | int | float | bool | None]


class CursorsAction(Message):
    """Lists the named cursors, or gets, sets or drops one. The answer is the `Cursors` that are meant."""

    run: RunName | None = None
    do: Literal["list", "get", "set", "drop"] = "list"
    name: CursorName | None = None
    seq: Seq | None = None


ACTIONS: Final = {
    "health": "How the town is: its tick, its pace, how far its log is written and safe.",
    "describe": "What the run is: its epochs and their settings, so that its events can be folded elsewhere.",
    "command": "Give the town a command. Needs the role operator.",
    "cursors": "List, get, set or drop named cursors, which say up to which event a reader has read.",
}
"""The actions by name, and what each does."""


class Health(Answered):
    """How a served town is.

    `state` is `living` while a process lets it live, `still` when its log goes on some day, `closed` when whoever let
    it live has ended in order. `durable_gap_bytes` are committed and would be lost in a power failure. `idle_s` is how
    long ago the last commit was seen.
    """

    run: str
    state: Literal["living", "still", "closed"]
    tick: int
    seq: int
    digest: str
    ticks_per_day: int
    ticks_per_second: float
    pace: str | None
    durable_gap_bytes: int
    idle_s: float
    role: Role
    takes_commands: bool
    restarts: int
    version: str


class DescribedEpoch(Answered):
    """An epoch of a run: from event `from_seq` on, by the settings `config_id`, with this seed."""

    from_seq: int
    config_id: str
    seed: int


class Description(Answered):
    """What a run is: all that is needed beside its events to fold them.

    `settings` has the text of each config_id, `kinds` the versions of the kinds of events as they are sent, other than
    1. `digest` is that of the events before the `seq` that was asked for; None where they were written in older
    versions than they are sent in, or are not there.
    """

    run: str
    run_id: str
    name: str
    epochs: list[DescribedEpoch]
    settings: dict[str, str]
    versions: dict[str, str]
    kinds: dict[str, int]
    digest: str | None


class CommandAnswer(Answered):
    """What became of a command: the event that answers it, its tick, and why it was rejected, if it was."""

    cmd_id: str
    seq: int
    tick: int
    accepted: bool
    refusal: str | None = None
    why: str = ""


class Cursor(Answered):
    """A named place in the log: a reader has every event before `seq`."""

    name: str
    seq: int


class Cursors(Answered):
    """Named cursors, by name, and the number of the log's next event, from which each one's lag follows."""

    cursors: list[Cursor]
    head_seq: int


class Reach(Answered):
    """How far a stream of events has come, sent with each batch: the next number, and where the log ends now.

    A batch without rows is a sign of life. `epochs` is how many the run has by now (0: not told).
    """

    next_seq: int
    head_seq: int
    head_tick: int
    epochs: int = 0

    @property
    def lag_events(self) -> int:
        """How many committed events the stream has not come to yet."""
        return max(self.head_seq - self.next_seq, 0)


class Extent(Answered):
    """What an answer to a query tells of itself, in its schema's metadata under `townlet`.

    It is as of `tick`. `cut` says that there are more rows than were sent.
    """

    tick: int
    rows: int
    cut: bool


Kind = TypeVar("Kind", bound=BaseModel)

_TICKET: Final[TypeAdapter[EventsTicket | SqlTicket]] = TypeAdapter(
    Annotated[EventsTicket | SqlTicket, Field(discriminator="read")]
)


def made(kind: type[Kind], **fields: object) -> Kind:
    """A message of this kind with these fields. Raises ServingError for what cannot be said."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise ServingError(f"this cannot be asked: {_faults(error)}") from error


def read_ticket(content: bytes) -> EventsTicket | SqlTicket:
    """The ticket that these bytes hold. Raises ServingError, which says what is wrong with it."""
    _require_short(content, "ticket")
    try:
        return _TICKET.validate_json(content)
    except ValidationError as error:
        raise ServingError(f"the ticket cannot be read: {_faults(error)}") from error


def read_message(kind: type[Kind], content: bytes, what: str, bytes_most: int = MESSAGE_BYTES_MOST) -> Kind:
    """The message of this kind that the bytes hold; no bytes are one without fields. Raises ServingError."""
    _require_short(content, what, bytes_most)
    try:
        return kind.model_validate_json(content or b"{}")
    except ValidationError as error:
        raise ServingError(f"the {what} cannot be read: {_faults(error)}") from error


def _require_short(content: bytes, what: str, bytes_most: int = MESSAGE_BYTES_MOST) -> None:
    if len(content) > bytes_most:
        raise ServingError(f"the {what} has {len(content):,} bytes, more than the {bytes_most:,} that are read")


def _faults(error: ValidationError) -> str:
    """What is wrong, without what was given: it may be long, or secret."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['msg']}"[:200] for each in faults[:5])
