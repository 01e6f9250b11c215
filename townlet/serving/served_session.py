"""Queries that the server of a town answers, within its limits."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa

from townlet.serving.client import Client
from townlet.serving.protocol import Extent, read_message

EXTENT: Final = b"townlet"
"""Where an answer's schema holds its `Extent`."""


class ServedSession:
    """Asks a served run as of a tick (None: as it is at each query), of events from a tick on (None: all)."""

    def __init__(
        self,
        client: Client,
        run: str | None,
        from_tick: int | None = None,
        at_tick: int | None = None,
        told: Callable[[str], None] = lambda words: None,
    ) -> None:
        """`told` hears where an answer was cut."""
        self._client, self._run, self._told = client, run, told
        self._from_tick, self._at_tick = from_tick, at_tick

    def query(self, text: str) -> pa.Table:
        """The answer to a query. Raises QueryError, ServingError."""
        answer = self._client.sql(text, self._run, at_tick=self._at_tick, from_tick=self._from_tick)
        told = (answer.schema.metadata or {}).get(EXTENT)
        if told is not None and (extent := read_message(Extent, told, "answer's extent")).cut:
            self._told(f"the answer was cut: these are its first {extent.rows:,} rows. Next: ask for fewer, with limit")
        return answer.replace_schema_metadata(None)
