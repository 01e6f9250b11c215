"""Prints events of a log, on this machine or at a server."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from cli import output

if TYPE_CHECKING:
    import pyarrow as pa

    from townlet.telling.event_lines import Said, Teller

WINDOW_EVENTS = 1 << 16
"""How many events the search for the last events goes back at a time."""


class Log(Protocol):
    """A log of which a range can be read, on this machine or at a server."""

    def batches(self, from_seq: int, to_seq: int, /) -> "Iterable[pa.RecordBatch]":
        """The events of the range."""


def last_events(log: Log, teller: "Teller", count: int, codes: frozenset[int], end: int) -> "list[Said]":
    """The last `count` events of these kinds before event `end`, in order."""
    found: list[Said] = []
    window = WINDOW_EVENTS if codes else count
    while end > 0 and len(found) < count:
        begin = max(end - window, 0)
        found = [*teller.events(log.batches(begin, end), codes), *found]
        end = begin
    return found[-count:] if count else []


def say(teller: "Teller", events: "Iterator[Said] | list[Said]", as_json: bool) -> None:
    """Print each event as a line, or as a line of JSON."""
    for event in events:
        if as_json:
            output.json_line(teller.record(event))
        else:
            output.line(teller.line(event))
