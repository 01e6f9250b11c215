"""The types of the feed's messages, schema version 2: blocks, units, optional keys.

Messages are plain mappings, which are quick to make; pydantic checks them (`MESSAGE`) and writes their JSON Schema. A
missing value has no key. null occurs only in a patch, where it removes a key.
"""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from projections.telemetry.patches import patch_of

SCHEMA: Final = 2
"""The present version of the schema."""

DECIMALS: Final = 4
"""The number of decimals of numbers in messages."""

STRICT = ConfigDict(extra="forbid")
Whole = Annotated[int, Field(ge=0)]
Side = Annotated[float, Field(ge=-1.0, le=1.0)]
Need = Annotated[float, Field(ge=0.0, le=1.0)]


@with_config(STRICT)
class Town(TypedDict):
    """The town itself."""

    name: str
    ticks_per_day: Whole
    people: Annotated[Whole, Field(description="how many live there")]
    weather: Literal["clear", "rain"]
    power: bool
    water: bool


@with_config(STRICT)
class Agent(TypedDict):
    """Somebody who lives there, by name. Rows and columns count from 0, money is in basic meals."""

    person: Annotated[Whole, Field(description="the number, for ever this person's")]
    home: str
    row: Whole
    col: Whole
    venue: NotRequired[Annotated[str, Field(description="where; missing: out of doors")]]
    hunger: Annotated[Need, Field(description="1: has eaten well")]
    hygiene: Need
    energy: Need
    wallet: float
    debt: float
    raw: Annotated[Whole, Field(description="raw meals carried")]
    meals: Annotated[Whole, Field(description="cooked meals carried")]
    doing: NotRequired[Annotated[str, Field(description="the affordance in use")]]
    until: NotRequired[Annotated[int, Field(description="the tick at which that is over")]]
    stalls: Annotated[Whole, Field(description="failed moves without progress")]
    traits: dict[str, float]


@with_config(STRICT)
class Tie(TypedDict):
    """What an owner feels for another."""

    trust: Side
    familiarity: Side
    rivalry: Side
    since: Annotated[Whole, Field(description="the tick at which the tie began")]


@with_config(STRICT)
class Reward(TypedDict):
    """What somebody earned in the tick before this one: ten terms, their sum, and the episode's sum so far."""

    survival: float
    needs: float
    shaping: float
    wage: float
    punctuality: float
    social: float
    company: float
    terminal: float
    guard: float
    clip: float
    total: float
    episode: float


@with_config(STRICT)
class Queue(TypedDict):
    """A place that somebody holds or waits for, by name."""

    holder: NotRequired[Annotated[str, Field(description="the person who holds it now")]]
    waiting: NotRequired[Annotated[list[str], Field(description="who waits, the next one first")]]


@with_config(STRICT)
class Work(TypedDict):
    """The job and the shift of somebody who has a job, or works for another."""

    job: NotRequired[str]
    workplace: NotRequired[str]
    starts: NotRequired[Annotated[Whole, Field(description="minute of the day")]]
    ends: NotRequired[Whole]
    shift: NotRequired[Literal["pre_shift", "on_time", "late", "absent", "post_shift"]]
    worked: NotRequired[Annotated[Whole, Field(description="ticks of this shift at the own desk")]]
    earned: NotRequired[Annotated[float, Field(description="wage not yet paid")]]
    covers: NotRequired[Annotated[str, Field(description="for whom")]]
    covered_by: NotRequired[str]
    shifts: NotRequired[Whole]
    on_time: NotRequired[Whole]


@with_config(STRICT)
class Market(TypedDict):
    """Prices in basic meals, and what is on the shelves, by place."""

    prices: dict[str, float]
    stock: dict[str, Whole]


@with_config(STRICT)
class Policy(TypedDict):
    """The option that a person follows, and those that it could follow."""

    option: NotRequired[str]
    target: NotRequired[Annotated[str, Field(description="the place that the person heads for")]]
    until: NotRequired[Annotated[int, Field(description="committed up to this tick; a past tick: not committed")]]
    may: Annotated[list[str], Field(description="the options that may be asked of the person now")]


@with_config(STRICT)
class Churn(TypedDict):
    """Ties held, made and lost in the window under way."""

    window: Whole
    held: Annotated[int, Field(description="at the window's start")]
    added: Whole
    evicted: Annotated[Whole, Field(description="lost to make room")]
    faded: Whole
    departed: Whole
    commanded: Whole
    refused: Whole
    share: Annotated[float, Field(description="evicted / (held + added)")]


@with_config(STRICT)
class Narration(TypedDict):
    """How the story's limiter stands, and what it has let through and held back so far; entries are counted."""

    told: Annotated[dict[str, Whole], Field(description="by category")]
    suppressed: Annotated[dict[str, dict[str, Whole]], Field(description="by category, then by reason")]
    in_window: Annotated[Whole, Field(description="ordinary ones in the window that ends now")]
    window_most: Whole
    priority_in_window: Annotated[dict[str, Whole], Field(description="by category; missing: none")]
    priority_most: Annotated[Whole, Field(description="of a category")]
    ready_at: NotRequired[Annotated[Whole, Field(description="the tick at which the cooldown ends; missing: over")]]
    category_ready_at: Annotated[dict[str, Whole], Field(description="the same of each category")]


@with_config(STRICT)
class State(TypedDict):
    """A town at a tick. People, places and ties are keyed by name: `ties[owner][other]`."""

    town: Town
    agents: dict[str, Agent]
    ties: dict[str, dict[str, Tie]]
    rewards: dict[str, Reward]
    queues: dict[str, Queue]
    work: dict[str, Work]
    market: Market
    policy: dict[str, Policy]
    churn: Churn
    narration: Narration
    kpis: dict[str, float]


@with_config(STRICT)
class TieChange(TypedDict):
    """What an event did to a tie. A side that stayed as it was is missing from `delta`."""

    owner: str
    other: str
    change: Literal["decayed", "added", "updated", "set", "refused", "removed"]
    delta: Annotated[dict[str, float], Field(description="of a refused one: what it would have been")]
    kind: Annotated[str, Field(description="the kind of the event that did it")]
    cause: Annotated[Whole, Field(description="that event's number")]
    reason: NotRequired[Literal["capacity", "decay", "departed", "command"]]
    hours: NotRequired[Annotated[Whole, Field(description="of a decay: how many")]]


@with_config(STRICT)
class Entry(TypedDict):
    """A sentence or two of the story, about an event."""

    text: str
    category: str
    priority: Annotated[bool, Field(description="whether it passed the limiter because it matters")]
    cause: Annotated[Whole, Field(description="the number of the event that it tells of")]
    agent: NotRequired[str]
    other: NotRequired[str]
    place: NotRequired[str]
    template: Annotated[str, Field(description="which situation's words they are")]


@with_config(STRICT)
class Warning(TypedDict):
    """Too many ties of a window were lost to make room."""

    what: Literal["churn"]
    window: Whole
    share: float
    above: float
    cause: Whole


@with_config(STRICT)
class Snapshot(TypedDict):
    """The whole state at the moment before `tick`. The first message, and the one after dropped messages."""

    schema: Literal[2]
    type: Literal["snapshot"]
    seq: Annotated[Whole, Field(description="number of the message, from 0, without gaps")]
    tick: Whole
    offset: Annotated[Whole, Field(description="the state includes all events with smaller numbers")]
    dropped: Annotated[Whole, Field(description="messages dropped just before, because nobody took them in time")]
    state: State


StatePatch: Any = patch_of(State)


@with_config(STRICT)
class Difference(TypedDict):
    """The changes of the tick before `tick`: a JSON Merge Patch (RFC 7396) on the state, and what happened."""

    schema: Literal[2]
    type: Literal["difference"]
    seq: Whole
    tick: Whole
    offset: Whole
    patch: StatePatch
    tie_changes: NotRequired[list[TieChange]]
    narrations: NotRequired[list[Entry]]
    warnings: NotRequired[list[Warning]]


Message = Annotated[Snapshot | Difference, Field(discriminator="type")]
MESSAGE: Final[TypeAdapter[Snapshot | Difference]] = TypeAdapter(Message)
STATE: Final[TypeAdapter[State]] = TypeAdapter(State)
