"""What a child is told when it begins, what it is asked, and what it answers, as bytes on a pipe: no object is sent."""

from typing import Final

from pydantic import BaseModel, ConfigDict

MIB: Final = 1 << 20


class ChildLimits(BaseModel):
    """What a query may take: seconds, memory beyond what the child has at rest, rows and bytes of its answer."""

    model_config = ConfigDict(frozen=True)

    time_s: float = 5.0
    memory_bytes: int = 1024 * MIB
    rows_most: int = 100_000
    bytes_most: int = 64 * MIB


class Beginning(BaseModel):
    """The run that a child answers for, and the limits of each query."""

    model_config = ConfigDict(frozen=True)

    run: str
    limits: ChildLimits


class Asked(BaseModel):
    """A query of a client, as of a tick (None: now), over events from a tick on. `rows_most` 0 asks for its columns.

    Two clients never share a database, so `client` says who asks.
    """

    model_config = ConfigDict(frozen=True)

    client: str
    query: str
    at_tick: int | None = None
    from_tick: int | None = None
    columns_only: bool = False


class Told(BaseModel):
    """What an answer begins with: its tick, its rows, whether it was cut; or why there is none.

    `fault` is `query` for what the client can mend, `run` where the run cannot be read, `memory` and `time`
    for too much of it.
    """

    model_config = ConfigDict(frozen=True)

    fault: str | None = None
    words: str = ""
    tick: int = 0
    rows: int = 0
    cut: bool = False
