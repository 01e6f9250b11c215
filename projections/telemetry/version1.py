"""The types of the feed's messages, schema version 1, the previous one; and the conversion from version 2.

Version 1 calls the holder of a place `user`, and has no `policy` and no `company` among the terms of a reward.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from projections.telemetry.messages import (
    STRICT,
    Agent,
    Churn,
    Entry,
    Market,
    Narration,
    Tie,
    TieChange,
    Town,
    Warning,
    Whole,
    Work,
)
from projections.telemetry.patches import patch_of

SCHEMA: Final = 1


@with_config(STRICT)
class Queue(TypedDict):
    """A place that is in use or waited for, by name."""

    user: NotRequired[Annotated[str, Field(description="whose it is now")]]
    waiting: NotRequired[Annotated[list[str], Field(description="who waits, the next one first")]]


@with_config(STRICT)
class Reward(TypedDict):
    """What somebody earned in the tick before this one: nine terms, their sum, and the episode's sum so far."""

    survival: float
    needs: float
    shaping: float
    wage: float
    punctuality: float
    social: float
    terminal: float
    guard: float
    clip: float
    total: float
    episode: float


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
    churn: Churn
    narration: Narration
    kpis: dict[str, float]


@with_config(STRICT)
class Snapshot(TypedDict):
    """Everything, as it was the moment before `tick`. The first message, and the one after any that were dropped."""

    schema: Literal[1]
    type: Literal["snapshot"]
    seq: Annotated[Whole, Field(description="number of the message, from 0, without gaps")]
    tick: Whole
    offset: Annotated[Whole, Field(description="events with smaller numbers are in it")]
    dropped: Annotated[Whole, Field(description="messages left out just before, as nobody took them in time")]
    state: State


StatePatch: Any = patch_of(State)


@with_config(STRICT)
class Difference(TypedDict):
    """What the tick before `tick` changed: a JSON Merge Patch (RFC 7396) on the state, and what happened in it."""

    schema: Literal[1]
    type: Literal["difference"]
    seq: Whole
    tick: Whole
    offset: Whole
    patch: StatePatch
    tie_changes: NotRequired[list[TieChange]]
    narrations: NotRequired[list[Entry]]
    warnings: NotRequired[list[Warning]]


MESSAGE: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[Snapshot | Difference, Field(discriminator="type")])
STATE: Final[TypeAdapter[Any]] = TypeAdapter(State)


def version1_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A version 2 message converted to version 1. Values that version 1 lacks are left out."""
    block = "state" if message["type"] == "snapshot" else "patch"
    state = {name: value for name, value in message[block].items() if name != "policy"}
    if "rewards" in state:
        state["rewards"] = {person: _version1_reward(about) for person, about in state["rewards"].items()}
    if "queues" in state:
        state["queues"] = {place: _version1_queue(about) for place, about in state["queues"].items()}
    return {**message, "schema": SCHEMA, block: state}


def _version1_reward(about: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if about is None else {name: value for name, value in about.items() if name != "company"}


def _version1_queue(about: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if about is None:
        return None
    return {("user" if name == "holder" else name): value for name, value in about.items()}
