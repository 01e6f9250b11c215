"""A client of a served town: its health, its events, SQL, commands and cursors, over Arrow Flight.

A stream of events survives a gateway that is restarted: the client connects again and goes on with the next event, so
none is missed and none comes twice.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar

import pyarrow as pa
from pyarrow import flight
from pydantic import BaseModel

from townlet.errors import QueryError, ServingError
from townlet.serving.protocol import (
    DESCRIPTION_BYTES_MOST,
    MESSAGE_BYTES_MOST,
    CommandAction,
    CommandAnswer,
    Cursor,
    Cursors,
    CursorsAction,
    DescribeAction,
    Description,
    EventsTicket,
    Health,
    HealthAction,
    Message,
    Reach,
    SqlTicket,
    made,
    read_message,
)

TOKEN_VARIABLE: Final = "TOWNLET_TOKEN"
"""The environment variable that holds the token, if none is given otherwise."""

PLACE: Final = re.compile(r"grpc(\+tls)?://[^/@\s]+:[0-9]{1,5}")

CALL_S: Final = 60.0
"""The longest time that an action or a query may take, in seconds."""

PATIENCE_S: Final = 30.0
"""How long a stream of events tries to connect again after its server went away, in seconds."""

RETRY_S: Final = 0.2
"""The time between two tries to connect again, in seconds. It is short: a server may be up for a short time only."""

SILENCE_S: Final = 20.0
"""A followed stream sends a sign of life each second. After so many seconds without one its server is gone."""

LOOK_S: Final = 0.1
"""The time between two looks whether a stream is silent or to end, in seconds."""

RECONNECT: Final[Mapping[str, int]] = {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
}
"""How soon a lost connection is tried again: by itself gRPC would wait up to two minutes."""

_LOST: Final = (flight.FlightUnavailableError, flight.FlightInternalError, flight.FlightTimedOutError)
"""What a stream that was broken off raises: its server went away, or told it to come again."""

_NOISE: Final = re.compile(r"\.? (?:Detail: |gRPC client debug context:|Client context:)", re.DOTALL)
_FLIGHT_PREFIX: Final = re.compile(r"^Flight (?:returned|error|cancelled).*?with message: ", re.DOTALL)

Answer = TypeVar("Answer", bound=BaseModel)
Lost = Callable[[str], None]


class Arrived(NamedTuple):
    """Some events of a stream, which may be none as a sign of life, and how far the stream has come."""

    events: pa.RecordBatch
    reach: Reach


class Client:
    """A connection to a served town at `grpc://HOST:PORT` or `grpc+tls://HOST:PORT`. Close it, or use it in `with`."""

    def __init__(
        self,
        place: str,
        token: str | None = None,
        *,
        token_file: Path | str | None = None,
        authority: Path | str | None = None,
        certificate: Path | str | None = None,
        key: Path | str | None = None,
    ) -> None:
        """`token`, or what a file holds, or the variable TOWNLET_TOKEN.

        `authority` is a file with the certificates that the server's must follow from; `certificate` and `key` are the
        client's own, where the server asks for them. Raises ServingError, OSError.
        """
        if not PLACE.fullmatch(place):
            raise ServingError(f"{place!r} is no served town: write grpc://HOST:PORT or grpc+tls://HOST:PORT")
        self.place = place
        self._headers = [(b"authorization", b"Bearer " + _token(token, token_file).encode())]
        options: dict[str, Any] = {"generic_options": list(RECONNECT.items())}
        if authority is not None:
            options["tls_root_certs"] = Path(authority).read_bytes()
        if certificate is not None and key is not None:
            options |= {"cert_chain": Path(certificate).read_bytes(), "private_key": Path(key).read_bytes()}
        self._options = options
        self._flight = flight.connect(place, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._flight.close()

    def health(self, run: str | None = None) -> Health:
        """How the town is. Raises ServingError."""
        return self._action("health", made(HealthAction, run=run), Health)

    def describe(self, run: str | None = None, *, seq: int = 0) -> Description:
        """What the run is, with the digest of its events before `seq`. Raises ServingError."""
        return self._action("describe", made(DescribeAction, run=run, seq=seq), Description, DESCRIPTION_BYTES_MOST)

    def command(self, command: Mapping[str, Any], run: str | None = None) -> CommandAnswer:
        """Give a command, such as `{"command": "rain", "cmd_id": "mine-1"}`, and wait for its answer.

        Where the answer was lost on its way, the same `cmd_id` gets the same answer again. Raises ServingError.
        """
        return self._action("command", made(CommandAction, run=run, command=dict(command)), CommandAnswer)

    def cursors(self, run: str | None = None) -> Cursors:
        """All named cursors. Raises ServingError."""
        return self._action("cursors", made(CursorsAction, run=run), Cursors)

    def cursor(self, name: str, run: str | None = None) -> Cursor | None:
        """A named cursor, or None if there is none of this name. Raises ServingError."""
        found = self._action("cursors", made(CursorsAction, run=run, do="get", name=name), Cursors).cursors
        return found[0] if found else None

    def set_cursor(self, name: str, seq: int, run: str | None = None) -> None:
        """Say that every event before `seq` was read. Raises ServingError."""
        self._action("cursors", made(CursorsAction, run=run, do="set", name=name, seq=seq), Cursors)

    def drop_cursor(self, name: str, run: str | None = None) -> None:
        """Forget a named cursor. Raises ServingError."""
        self._action("cursors", made(CursorsAction, run=run, do="drop", name=name), Cursors)

    def runs(self) -> list[str]:
        """The names of the runs that are served. Raises ServingError."""
        try:
            flights = list(self._flight.list_flights(options=self._call()))
        except (flight.FlightError, pa.ArrowException, OSError) as error:
            raise _told(error, self.place) from error
        return list(dict.fromkeys(each.descriptor.path[0].decode() for each in flights))

    def sql(
        self, query: str, run: str | None = None, *, at_tick: int | None = None, from_tick: int | None = None
    ) -> pa.Table:
        """The answer to a query as of a tick (None: now). Its schema's metadata holds an `Extent` under `townlet`.

        Raises QueryError for a query that cannot be answered, ServingError.
        """
        try:
            ticket = made(SqlTicket, run=run, query=query, at_tick=at_tick, from_tick=from_tick)
        except ServingError as error:
            raise QueryError(str(error)) from error
        try:
            return self._flight.do_get(flight.Ticket(ticket.encoded()), self._call()).read_all()
        except flight.FlightServerError as error:
            raise QueryError(words_of(error)) from error
        except (flight.FlightError, pa.ArrowException, OSError) as error:
            raise _told(error, self.place) from error

    def events(
        self,
        run: str | None = None,
        *,
        from_seq: int | Literal["last"] | None = None,
        to_seq: int | None = None,
        cursor: str | None = None,
        follow: bool = False,
        patience_s: float = PATIENCE_S,
        lost: Lost | None = None,
        over: threading.Event | None = None,
    ) -> Iterator[Arrived]:
        """The events from `from_seq` on, or from a cursor, in batches of the log's columns, in order, each once.

        With `follow` they go on as the town lives, until its run is closed. Where the server goes away, `lost` is told
        once, and the stream goes on with its next event once the server is there again; it gives up after `patience_s`
        seconds without it. It ends once `over` is set. A cursor is only read: `set_cursor` moves it. Raises
        ServingError.
        """
        over = threading.Event() if over is None else over
        ticket = made(EventsTicket, run=run, from_seq=from_seq, to_seq=to_seq, cursor=cursor, follow=follow)
        until_s, is_lost = time.monotonic() + patience_s, False
        while not over.is_set():
            try:
                for arrived in self._stream(ticket, over):
                    ticket = ticket.model_copy(update={"from_seq": arrived.reach.next_seq})
                    until_s, is_lost = time.monotonic() + patience_s, False
                    yield arrived
                return
            except _LOST as error:
                if time.monotonic() >= until_s:
                    raise _told(error, self.place) from error
                if lost is not None and not is_lost:
                    lost(words_of(error))
                is_lost = True
                over.wait(RETRY_S)
            except (flight.FlightError, pa.ArrowException, OSError) as error:
                raise _told(error, self.place) from error

    def _stream(self, ticket: EventsTicket, over: threading.Event) -> Iterator[Arrived]:
        """The events of one call, until `over` is set. Raises flight.FlightError."""
        reader = self._flight.do_get(flight.Ticket(ticket.encoded()), self._call(None))
        watch = _Watch(reader.cancel, over)
        try:
            for chunk in reader:
                watch.since_s = None
                yield Arrived(chunk.data, read_message(Reach, chunk.app_metadata.to_pybytes(), "batch"))
                watch.since_s = time.monotonic()
        except flight.FlightCancelledError as error:
            if watch.was_silent:
                raise flight.FlightTimedOutError(f"nothing has come for {SILENCE_S:.0f} s") from error
            if not over.is_set():
                raise
        finally:
            watch.end()
            reader.cancel()

    def _action(self, name: str, asked: Message, kind: type[Answer], bytes_most: int = MESSAGE_BYTES_MOST) -> Answer:
        try:
            results = list(self._flight.do_action(flight.Action(name, asked.encoded()), self._call()))
        except (flight.FlightError, pa.ArrowException, OSError) as error:
            raise _told(error, self.place) from error
        return read_message(kind, results[0].body.to_pybytes(), f"answer to {name}", bytes_most)

    def _call(self, timeout_s: float | None = CALL_S) -> flight.FlightCallOptions:
        return flight.FlightCallOptions(timeout=timeout_s, headers=self._headers)


class _Watch:
    """Cancels a stream that is silent for too long, or that is to end; a thread of its own looks.

    `since_s` is when the stream began to wait for its server, None while its reader is at work.
    """

    def __init__(self, cancel: Callable[[], None], over: threading.Event) -> None:
        self.since_s: float | None = time.monotonic()
        self.was_silent = False
        self._cancel, self._over, self._ended = cancel, over, False
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    def end(self) -> None:
        """Look no longer."""
        self._ended = True

    def _look(self) -> None:
        while not self._ended:
            is_over, since_s = self._over.wait(LOOK_S), self.since_s
            self.was_silent = since_s is not None and time.monotonic() - since_s > SILENCE_S
            if not self._ended and (is_over or self.was_silent):
                self._cancel()
                return


def words_of(error: Exception) -> str:
    """What an error of Flight says, without what its libraries add."""
    return _NOISE.split(_FLIGHT_PREFIX.sub("", str(error)), maxsplit=1)[0]


def _token(given: str | None, file: Path | str | None) -> str:
    if given is None and file is not None:
        given = Path(file).read_text(encoding="utf-8").strip()
    token = given if given is not None else os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise ServingError(
            f"there is no token. Next: give it in the variable {TOKEN_VARIABLE}, or a file that holds it"
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ServingError("the token holds a character that no token has: letters, digits and signs of ASCII")
    return token


def _told(error: Exception, place: str) -> ServingError:
    """The error of a call, in our own words."""
    if isinstance(error, flight.FlightUnavailableError) and "failed to connect" in str(error).lower():
        return ServingError(f"nobody answers at {place}. Next: see whether townlet serve runs there, and its port")
    return ServingError(f"{place}: {words_of(error)}")
