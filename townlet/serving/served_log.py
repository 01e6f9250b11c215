"""The log of a served town, read over the network: a range of its events, and those that come."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from townlet.configuration.load import from_text
from townlet.serving.client import Arrived, Client

if TYPE_CHECKING:
    from townlet.configuration.settings import Settings
    from townlet.serving.protocol import Health


class ServedLog:
    """The log of a run behind a client. `health` is how the town was when this was made; the log ends there."""

    def __init__(self, client: Client, run: str | None) -> None:
        """Raises ServingError."""
        self.client = client
        self.health: Health = client.health(run)
        self.run = self.health.run

    @property
    def place(self) -> str:
        """The address of the run."""
        return f"{self.client.place}/{self.run}"

    def settings(self) -> "Settings":
        """The settings of the last epoch. Raises ServingError, ConfigurationError."""
        told = self.client.describe(self.run)
        return from_text(told.settings[told.epochs[-1].config_id], self.place).settings

    def batches(self, from_seq: int, to_seq: int) -> Iterator[pa.RecordBatch]:
        """The events of the range in the log's columns. Raises ServingError."""
        if from_seq < to_seq:
            for arrived in self.client.events(self.run, from_seq=from_seq, to_seq=to_seq):
                if arrived.events.num_rows:
                    yield arrived.events

    def seq_at(self, tick: int) -> int:
        """The number of the first event of a tick or later, or of the next event. Raises ServingError."""
        (found,) = self.client.sql(f"select min(seq) as seq from events where tick >= {tick}", self.run).to_pylist()
        return self.health.seq if found["seq"] is None else int(found["seq"])

    def follow(self, from_seq: int, lost: Callable[[str], None]) -> Iterator[Arrived]:
        """What comes from an event on, until the run is closed; `lost` hears each time that the server goes away.

        The next event comes whenever the server is there again. Raises ServingError.
        """
        return self.client.events(self.run, from_seq=from_seq, follow=True, patience_s=math.inf, lost=lost)
