"""`townlet tail` on a served town: its events come over the network, and a cursor keeps the place at its server."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from cli import output
from cli.served.printing import last_events, say
from townlet.daytime import tick_of, time_of
from townlet.errors import ServingError, TickOutOfRange
from townlet.serving.served_log import ServedLog
from townlet.telling.event_lines import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from cli.served.access import Given
    from townlet.serving.address import Address
    from townlet.serving.client import Client
    from townlet.serving.protocol import Reach
    from townlet.telling.event_lines import Said

SET_S: Final = 1.0
"""A cursor is set so often while events are printed, in seconds, and at the end."""

SAID_S: Final = 10.0
"""A lag is said so often, in seconds."""

LAG_EVENTS: Final = 1000
"""A lag of fewer events is not said while a town is followed."""


class Wanted(NamedTuple):
    """Which events are printed: from a tick or a time on, or from the cursor on with `from_cursor`, or the `last` ones.

    Only those of the kinds `codes`, if there are any; as JSON or as lines; with `follow` also those that come.
    """

    last: int
    from_tick: int | None
    time: str | None
    from_cursor: bool
    codes: frozenset[int]
    as_json: bool
    follow: bool


def tail(address: "Address", given: "Given", wanted: Wanted, cursor: str | None) -> None:
    """Print events of a served town, and move the cursor after each. Raises ServingError, TickOutOfRange, OSError."""
    with given.access().client(address.place) as client:
        log = ServedLog(client, address.run)
        teller = Teller(log.settings())
        place = None if cursor is None else _Cursor(client, log.run, cursor)
        try:
            _print(log, teller, wanted, place)
        finally:
            if place is not None:
                place.keep()


def _print(log: ServedLog, teller: Teller, wanted: Wanted, place: "_Cursor | None") -> None:
    head, per_day = log.health, log.health.ticks_per_day
    from_tick = wanted.from_tick if wanted.time is None else tick_of(wanted.time, per_day)
    if from_tick is not None and from_tick > head.tick and not wanted.follow:
        raise TickOutOfRange(log.place, from_tick, head.tick)
    if place is not None and wanted.from_cursor:
        place.begin(head.seq, head.tick, per_day)
        begin = place.seq
    elif from_tick is not None:
        begin = log.seq_at(from_tick)
    else:
        say(teller, last_events(log, teller, wanted.last, wanted.codes, head.seq), wanted.as_json)
        begin = head.seq
    for batch in log.batches(begin, head.seq):
        _say(batch, teller, wanted, place)
    if place is not None:
        place.pass_to(head.seq)
    if wanted.follow:
        _follow(log, teller, wanted, place)


def _follow(log: ServedLog, teller: Teller, wanted: Wanted, place: "_Cursor | None") -> None:
    """Print what comes until the run is closed."""
    if log.health.state == "still":
        output.nobody_writes(log.place)()
    lag, tick, is_lost = _Lag(), log.health.tick, False

    def lose(words: str) -> None:
        nonlocal is_lost
        is_lost = True
        output.words(
            f"connection lost: {words}\n  It is tried again until the server is there. Ctrl-C ends this command"
        )

    for arrived in log.follow(log.health.seq, lose):
        if is_lost:
            output.words(f"connected again, {lag_words(arrived.reach)}")
            is_lost = False
        lag.see(arrived.reach)
        if arrived.events.num_rows:
            _say(arrived.events, teller, wanted, place)
        tick = arrived.reach.head_tick
    output.words(f"{log.place} is closed at tick {tick:,}")


def _say(batch: "pa.RecordBatch", teller: Teller, wanted: Wanted, place: "_Cursor | None") -> None:
    """Print the events of a batch, and pass each."""

    def passed() -> "Iterator[Said]":
        for event in teller.events([batch], wanted.codes):
            yield event
            if place is not None:
                place.seq = event["seq"] + 1

    say(teller, passed(), wanted.as_json)
    if place is not None:
        place.pass_to(batch.column("seq")[-1].as_py() + 1)


def lag_words(reach: "Reach") -> str:
    """How far a stream is behind the head of the log."""
    return f"{reach.lag_events:,} event{'' if reach.lag_events == 1 else 's'} behind the head, event {reach.head_seq:,}"


class _Lag:
    """Says now and then how far a stream is behind, where it is far."""

    def __init__(self) -> None:
        self._said_s = time.monotonic()

    def see(self, reach: "Reach") -> None:
        """Take in how far the stream has come."""
        if reach.lag_events >= LAG_EVENTS and time.monotonic() - self._said_s >= SAID_S:
            self._said_s = time.monotonic()
            output.words(lag_words(reach))


class _Cursor:
    """A named cursor at the server: every event before `seq` was printed."""

    def __init__(self, client: "Client", run: str, name: str) -> None:
        """Raises ServingError."""
        self._client, self._run, self._name = client, run, name
        found = client.cursor(name, run)
        self.is_new = found is None
        self.seq = self._kept = 0 if found is None else found.seq
        self._kept_s = time.monotonic()

    def begin(self, head_seq: int, head_tick: int, per_day: int) -> None:
        """Say where it stands. Raises ServingError for one that the log has not come to."""
        if self.seq > head_seq:
            raise ServingError(
                f"the cursor {self._name} stands at event {self.seq:,}, and the log ends before event {head_seq:,}"
            )
        behind = head_seq - self.seq
        stands = "is new, and begins at event 0" if self.is_new else f"stands at event {self.seq:,}"
        many = f"{behind:,} event{'' if behind == 1 else 's'}"
        output.words(f"cursor {self._name} {stands}: {many} behind the head, {time_of(head_tick, per_day)}")

    def pass_to(self, seq: int) -> None:
        """Say that every event before `seq` was printed; the server hears of it once a second. Raises ServingError."""
        self.seq = seq
        if time.monotonic() - self._kept_s >= SET_S:
            with suppress(ServingError):  # the server is away: it hears of it later
                self._set()

    def keep(self) -> None:
        """Set it where it is now; where that cannot be, say so."""
        if self.seq != self._kept or self.is_new:
            try:
                self._set()
            except ServingError as error:
                output.words(
                    f"cursor {self._name} could not be set to event {self.seq:,} and stays at {self._kept:,}: {error}"
                )
                return
        output.words(f"cursor {self._name} stands at event {self.seq:,}")

    def _set(self) -> None:
        self._client.set_cursor(self._name, self.seq, self._run)
        self._kept, self.is_new, self._kept_s = self.seq, False, time.monotonic()
