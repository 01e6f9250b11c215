"""The gateway: who may call, what is refused and in which words, and that nothing of the machine leaves it."""

import contextlib
import http.client
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import flight

import townlet
from eventlog.folder.belongings import foreign_in
from eventlog.format.arrow import SCHEMA
from eventlog.writer import LogWriter
from tests.field.test_sql import HIDDEN, READS_ELSEWHERE, SETTINGS, WRITES, lines
from tests.townlet.serving.served import TOKENS, Served, still
from tests.townlet.towns import KITCHEN, ROOT
from townlet.errors import QueryError, ServingError
from townlet.run import Run
from townlet.serving.client import Client
from townlet.serving.flightsql.wire import envelope, field_bytes
from townlet.serving.gateway.admission import CALLS_MOST, Admission
from townlet.serving.gateway.events import events
from townlet.serving.gateway.in_words import UNEXPECTED
from townlet.serving.gateway.pages import PATIENCE_S, REQUESTS_MOST
from townlet.serving.gateway.process import is_clogged
from townlet.serving.gateway.status import Status, Streams
from townlet.serving.protocol import MESSAGE_BYTES_MOST, EventsTicket, Extent, SqlTicket
from townlet.serving.tokens import Tokens

TICKS = 300
WRONG = "wrong-0123456789abcdef"
EXPIRED_S = 1_600_000_000.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=tmp_path_factory.mktemp("gateway") / "town")


@pytest.fixture(scope="module")
def served(run: Run) -> Iterator[Served]:
    with still(run.path, expires_s={"admin": EXPIRED_S}) as served:
        yield served


@pytest.fixture(scope="module")
def viewer(served: Served) -> Iterator[Client]:
    with served.client() as client:
        yield client


def with_token(token: str | None) -> flight.FlightCallOptions:
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return flight.FlightCallOptions(timeout=20, headers=headers)


def put(client: flight.FlightClient, options: flight.FlightCallOptions) -> None:
    writer, reader = client.do_put(flight.FlightDescriptor.for_path("x"), pa.schema([("a", pa.int64())]), options)
    writer.write_batch(pa.record_batch({"a": pa.array([1])}))
    writer.done_writing()
    reader.read()
    writer.close()


def exchange(client: flight.FlightClient, options: flight.FlightCallOptions) -> None:
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("x"), options)
    writer.done_writing()
    reader.read_all()
    writer.close()


def path(run: str = "town", table: str = "events") -> flight.FlightDescriptor:
    return flight.FlightDescriptor.for_path(run, table)


SQL = SqlTicket(query="select 1 as one").encoded()
CALLS: dict[str, Callable[[flight.FlightClient, flight.FlightCallOptions], Any]] = {
    "list_flights": lambda client, options: list(client.list_flights(options=options)),
    "get_flight_info": lambda client, options: client.get_flight_info(path(), options),
    "get_schema": lambda client, options: client.get_schema(path(), options),
    "do_get events": lambda client, options: client.do_get(
        flight.Ticket(EventsTicket(to_seq=5).encoded()), options
    ).read_all(),
    "do_get sql": lambda client, options: client.do_get(flight.Ticket(SQL), options).read_all(),
    "list_actions": lambda client, options: list(client.list_actions(options)),
    "health": lambda client, options: list(client.do_action(flight.Action("health", b""), options)),
    "describe": lambda client, options: list(client.do_action(flight.Action("describe", b""), options)),
    "cursors": lambda client, options: list(client.do_action(flight.Action("cursors", b""), options)),
    "command": lambda client, options: list(
        client.do_action(flight.Action("command", b'{"command": {"command": "rain", "cmd_id": "a"}}'), options)
    ),
    "do_put": put,
    "do_exchange": exchange,
}
WRITING = {"command", "do_put", "do_exchange"}
LEAKS = ("Traceback", "File ", ".py", str(ROOT), "/site-packages/", *TOKENS.values())


def rows(events: pa.Table) -> list[str]:
    """The events as text, so that a number that is none equals itself."""
    return [str(row) for row in events.to_pylist()]


def require_clean(words: str, run: Run | None = None) -> None:
    for leak in (*LEAKS, *([] if run is None else [str(run.path.parent)])):
        assert leak not in words, words


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("token", [None, WRONG, "", TOKENS["viewer"][:-1], f"{TOKENS['viewer']}x"])
def test_without_a_right_token_every_call_is_refused(served: Served, run: Run, call: str, token: str | None) -> None:
    kind = OSError if call == "get_schema" else flight.FlightUnauthenticatedError  # as its client translates it
    with (
        flight.connect(served.place) as client,
        pytest.raises(kind, match=r"no valid token|there is no token") as refused,
    ):
        CALLS[call](client, with_token(token))
    require_clean(str(refused.value), run)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("call", CALLS)
def test_with_an_expired_token_every_call_is_refused_and_told_so(served: Served, run: Run, call: str) -> None:
    kind = OSError if call == "get_schema" else flight.FlightUnauthenticatedError
    with (
        flight.connect(served.place) as client,
        pytest.raises(kind, match="this token expired at 2020-09-13 12:26 UTC") as refused,
    ):
        CALLS[call](client, with_token(TOKENS["admin"]))
    require_clean(str(refused.value), run)


def test_a_token_that_expires_ends_the_streams_that_are_open(run: Run, tmp_path: Path) -> None:
    """Also one to which no event comes: the next sign of life is not sent."""
    copied = tmp_path / "living"
    shutil.copytree(run.path, copied)
    tokens = Tokens({"viewer": TOKENS["viewer"]}, {"viewer": time.time_ns() / 1e9 + 1.5})
    arrived = list[int]()
    with LogWriter.open(copied):
        status, door = Status(copied), Admission(tokens)
        call = door.start_call(None, {"authorization": [f"Bearer {TOKENS['viewer']}"]})
        with pytest.raises(flight.FlightUnauthenticatedError, match="this token expired at"):
            for batch, _ in events(copied, status, 0, None, True, lambda: False, call.require_valid):
                arrived.append(batch.num_rows)
    assert sum(arrived) == run.head.seq and arrived[-1] == 0 and door.refused == 1


@pytest.mark.parametrize("call", CALLS)
def test_a_viewer_reads_and_does_nothing_else(served: Served, run: Run, call: str) -> None:
    with flight.connect(served.place) as client:
        if call not in WRITING:
            CALLS[call](client, with_token(TOKENS["viewer"]))
            return
        with pytest.raises(flight.FlightUnauthorizedError) as refused:
            CALLS[call](client, with_token(TOKENS["viewer"]))
    require_clean(str(refused.value), run)


def test_a_token_in_two_headers_or_another_scheme_is_none(served: Served) -> None:
    token = TOKENS["viewer"].encode()
    for headers in (
        [(b"authorization", b"Bearer " + token)] * 2,
        [(b"authorization", b"Basic " + token)],
        [(b"authorization", b"bearer " + token)],
        [(b"token", token)],
    ):
        options = flight.FlightCallOptions(timeout=20, headers=headers)
        with flight.connect(served.place) as client, pytest.raises(flight.FlightUnauthenticatedError):
            CALLS["health"](client, options)


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"{",
    "a list": b"[1]",
    "no such ticket": b'{"read": "files"}',
    "one field too many": b'{"read": "events", "path": "/etc/passwd"}',
    "a negative number": b'{"read": "events", "from_seq": -1}',
    "a number beyond all": b'{"read": "events", "from_seq": 9223372036854775808}',
    "an event that is not there": b'{"read": "events", "from_seq": 1000000000}',
    "a cursor with a path": b'{"read": "events", "cursor": "../x"}',
    "another run": b'{"read": "events", "run": "../../etc"}',
    "a query of bytes": b'{"read": "sql", "query": "\xff"}',
    "a query that is too long": b'{"read": "sql", "query": "' + b"x" * 100_001 + b'"}',
    "a ticket that is too long": b"{" + b" " * MESSAGE_BYTES_MOST + b"}",
    "deep json": b"[" * 50_000,
    "no message": bytes(range(256)),
    "a message that is cut off": b"\x0a\xff\xff\xff\xff\x0f",
    "a message of another kind": b"\x0a\x03abc\x12\x00",
    "a statement without a query": b"\x0a\x43type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery",
    "many fields": b"\x08\x01" * 5000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_refused_in_words(served: Served, viewer: Client, run: Run, name: str) -> None:
    content, options = MALFORMED[name], with_token(TOKENS["viewer"])
    with flight.connect(served.place) as client:

        def info() -> flight.FlightInfo:
            return client.get_flight_info(flight.FlightDescriptor.for_command(content), options)

        for call in (
            info,
            lambda: client.do_get(flight.Ticket(content), options).read_all(),
            lambda: client.get_schema(flight.FlightDescriptor.for_command(content), options),
            lambda: list(client.do_action(flight.Action("CreatePreparedStatement", content), options)),
            lambda: list(client.do_action(flight.Action("cursors", content or b"["), options)),
        ):
            try:
                call()
            except (flight.FlightError, pa.ArrowException) as refused:
                assert UNEXPECTED not in str(refused), "nobody foresaw this"
                require_clean(str(refused), run)
            else:
                assert call is info and content.startswith(b"{"), "it was answered"  # the ticket is refused later
    assert viewer.health().restarts == served.keeper.restarts


def test_a_path_that_leads_nowhere_is_refused(served: Served, run: Run) -> None:
    options = with_token(TOKENS["viewer"])
    with flight.connect(served.place) as client:
        for parts in (("town",), ("town", "../events"), ("..", "events"), ("town", "agent"), ("a", "b", "c")):
            with pytest.raises(flight.FlightServerError) as refused:
                client.get_flight_info(flight.FlightDescriptor.for_path(*parts), options)
            require_clean(str(refused.value), run)


def test_an_unknown_action_is_refused_with_the_nearest(served: Served) -> None:
    with flight.connect(served.place) as client, pytest.raises(flight.FlightServerError, match="did you mean health"):
        list(client.do_action(flight.Action("helth", b""), with_token(TOKENS["viewer"])))


def test_the_run_and_its_tables_are_listed_and_what_is_listed_can_be_got(served: Served, run: Run) -> None:
    with flight.connect(served.place) as client:
        listed = {
            each.descriptor.path[1].decode(): each for each in client.list_flights(options=with_token(TOKENS["viewer"]))
        }
        for name in ("events", "agents", "chat_failed"):
            (endpoint,) = listed[name].endpoints
            got = client.do_get(endpoint.ticket, with_token(TOKENS["viewer"])).read_all()
            assert got.schema.names == listed[name].schema.names
        assert listed["events"].schema.equals(SCHEMA)


def test_a_run_is_described_by_what_folds_its_events(viewer: Client, run: Run) -> None:
    told = viewer.describe(seq=run.head.seq)
    assert (told.run, told.run_id, told.digest) == ("town", run.log.manifest.run_id, run.log_digest)
    assert [(each.from_seq, each.config_id, each.seed) for each in told.epochs] == [
        (each.from_seq, each.config_id, each.seed) for each in run.epochs
    ]
    assert list(told.settings) == [each.config_id for each in run.epochs]
    assert viewer.describe(seq=100).digest == run.log.digest_at(100)[1].hex()
    assert viewer.describe(seq=run.head.seq + 1).digest is None
    require_clean(told.model_dump_json(), run)


def test_events_are_those_of_the_log(viewer: Client, run: Run) -> None:
    arrived = list(viewer.events())
    events = pa.Table.from_batches([each.events for each in arrived])
    assert rows(events) == rows(run.log.table())
    assert arrived[0].events.num_rows == 0 and arrived[-1].reach.lag_events == 0
    some = pa.Table.from_batches([each.events for each in viewer.events(from_seq=10, to_seq=50)])
    assert rows(some) == rows(run.log.table(10, 50))
    assert not sum(each.events.num_rows for each in viewer.events(from_seq="last"))


def test_a_finished_run_is_followed_to_its_end(viewer: Client, run: Run) -> None:
    assert sum(each.events.num_rows for each in viewer.events(from_seq=10, follow=True)) == run.head.seq - 10
    assert viewer.health().state == "closed"


def test_sql_is_as_of_its_tick_and_says_of_which(viewer: Client, run: Run) -> None:
    query = "select kind, count(*) as events from events group by kind order by kind"
    for tick in (None, 100):
        answer = viewer.sql(query, at_tick=tick)
        assert answer.equals(run.sql(query, at=tick))
        extent = Extent.model_validate_json(answer.schema.metadata[b"townlet"])
        assert extent == Extent(tick=TICKS if tick is None else tick, rows=len(answer), cut=False)
    with pytest.raises(QueryError, match="there is no tick 301: the run goes from 0 to 300"):
        viewer.sql(query, at_tick=301)
    with pytest.raises(QueryError, match="did you mean agents"):
        viewer.sql("from agent")


def test_every_escape_is_refused_through_the_gateway(served: Served, viewer: Client, run: Run) -> None:
    options = with_token(TOKENS["viewer"])
    with flight.connect(served.place) as client:
        for text in filter(None, lines(WRITES + READS_ELSEWHERE + SETTINGS + HIDDEN)):
            with pytest.raises(QueryError) as refused:
                viewer.sql(text)
            require_clean(str(refused.value), run)
            statement = envelope("CommandStatementQuery", field_bytes(1, text.encode()))
            (endpoint,) = client.get_flight_info(flight.FlightDescriptor.for_command(statement), options).endpoints
            with pytest.raises(flight.FlightServerError):
                client.do_get(endpoint.ticket, options).read_all()


def test_what_cannot_be_asked_is_said_before_anything_is_sent(viewer: Client) -> None:
    for ask in (
        lambda: viewer.sql(""),
        lambda: viewer.sql("select 1", at_tick=-1),
        lambda: next(viewer.events(from_seq=-1)),
        lambda: viewer.cursor("../x"),
        lambda: viewer.command({"command": []}),
    ):
        with pytest.raises((ServingError, QueryError), match="this cannot be asked"):
            ask()
    for place in ("127.0.0.1:1", "http://127.0.0.1:1", "grpc://127.0.0.1", "grpc://a/b:1"):
        with pytest.raises(ServingError, match="is no served town"):
            Client(place, TOKENS["viewer"])
    with Client("grpc://127.0.0.1:9", TOKENS["viewer"]) as nobody, pytest.raises(ServingError, match="nobody answers"):
        nobody.health()
    for token in ("a b", "é", "\n"):
        with pytest.raises(ServingError, match="no token has"):
            Client("grpc://127.0.0.1:9", token)


def test_a_run_that_lies_still_takes_no_commands(served: Served) -> None:
    with served.client("operator") as operator, pytest.raises(ServingError, match="--pace 1x lets it live on"):
        operator.command({"command": "rain", "cmd_id": "a"})


def test_cursors_are_kept_beside_the_run(served: Served, viewer: Client, run: Run) -> None:
    assert viewer.cursor("mine") is None
    viewer.set_cursor("mine", 40)
    events = pa.Table.from_batches([each.events for each in viewer.events(cursor="mine")])
    assert rows(events) == rows(run.log.table(40))
    viewer.set_cursor("mine", run.head.seq)
    listed = viewer.cursors()
    assert [(each.name, each.seq) for each in listed.cursors] == [("mine", run.head.seq)]
    assert listed.head_seq == run.head.seq
    assert foreign_in(run.path) is None, "the run could not be removed"
    with pytest.raises(ServingError, match="a cursor is set to a number from 0 to"):
        viewer.set_cursor("mine", run.head.seq + 1)
    with pytest.raises(ServingError, match="may not drop cursors"):
        viewer.drop_cursor("mine")
    with served.client("operator") as operator:
        operator.drop_cursor("mine")
    assert viewer.cursor("mine") is None
    with pytest.raises(ServingError, match="there is no run of this name here"):
        viewer.cursors(run="other")


def test_so_many_calls_are_open_at_a_time(run: Run, tmp_path: Path) -> None:
    """A run that is not closed, so that streams of it stay open."""
    from eventlog.writer import LogWriter

    copy = tmp_path / "open"
    run.fork(copy)
    with LogWriter.open(copy, durability="never"), still(copy) as served, flight.connect(served.place) as client:
        options, ticket = with_token(TOKENS["viewer"]), flight.Ticket(EventsTicket(follow=True).encoded())
        streams = [client.do_get(ticket, with_token(TOKENS["viewer"])) for _ in range(CALLS_MOST)]
        for stream in streams:
            stream.read_chunk()
        with pytest.raises(flight.FlightUnavailableError, match="64 calls are open already"):
            CALLS["health"](client, options)
        began_s = time.monotonic()
        for stream in streams:
            stream.cancel()
        while time.monotonic() < began_s + 10:
            try:
                CALLS["health"](client, options)
                break
            except flight.FlightUnavailableError:
                time.sleep(0.05)
        else:
            pytest.fail("the calls that were cancelled still count")
        begun = client.do_get(ticket, options)
        begun.read_chunk()  # a stream is open when the gateway is to end
        began_s = time.monotonic()
        served.keeper.__exit__(None, None, None)
        assert time.monotonic() - began_s < 6, "an open stream holds the gateway"


def page(served: Served, path: str, token: str | None = None, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(served.http, timeout=10)
    connection.request(method, path, headers={} if token is None else {"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_pages(served: Served, run: Run) -> None:
    assert page(served, "/healthz") == (200, "ok closed\n")
    status, figures = page(served, "/metrics", TOKENS["viewer"])
    assert status == 200 and f"\ntownlet_tick {TICKS}\n" in figures and f"\ntownlet_events {run.head.seq}\n" in figures
    for token in (None, WRONG):
        assert page(served, "/metrics", token)[0] == 401
    assert "expired at 2020-09-13 12:26 UTC" in page(served, "/metrics", TOKENS["admin"])[1]
    for path, method in (("/", "GET"), ("/../etc/passwd", "GET"), ("/metrics", "POST"), ("/healthz", "DELETE")):
        status, words = page(served, path, method=method)
        assert status in (401, 404, 501)
        require_clean(words, run)


def test_clients_of_the_pages_who_send_nothing_do_not_stop_others(served: Served) -> None:
    host, _, port = served.http.partition(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(8)]
    idle[0].sendall(b"GET /heal")
    assert page(served, "/healthz")[0] == 200
    for each in idle:
        each.close()


def test_clients_of_the_pages_who_send_a_byte_at_a_time_are_ended(served: Served) -> None:
    """Each byte comes within the time that a read waits; the whole request does not come in time."""
    host, _, port = served.http.partition(":")
    with contextlib.ExitStack() as stack:
        place = (host, int(port))
        dripping = [stack.enter_context(socket.create_connection(place)) for _ in range(REQUESTS_MOST)]
        with pytest.raises((OSError, http.client.HTTPException)):
            page(served, "/healthz")
        until_s = time.monotonic() + 2 * PATIENCE_S
        while time.monotonic() < until_s:
            for each in dripping:
                with contextlib.suppress(OSError):
                    each.sendall(b"G")
            with contextlib.suppress(OSError, http.client.HTTPException):
                assert page(served, "/healthz")[0] == 200
                break
            time.sleep(0.2)
        else:
            pytest.fail("nobody else was answered")


def test_huge_requests_cost_a_gateway_at_most(run: Run) -> None:
    with still(run.path) as served, served.client() as viewer:
        for token in (None, TOKENS["viewer"]):
            with flight.connect(served.place) as client, pytest.raises((flight.FlightError, pa.ArrowException)) as told:
                list(client.do_action(flight.Action("health", bytes(128 << 20)), with_token(token)))
            require_clean(str(told.value), run)
        until_s = time.monotonic() + 20
        while time.monotonic() < until_s:
            try:
                assert viewer.health().seq == run.head.seq
                break
            except ServingError:
                time.sleep(0.1)
        else:
            pytest.fail("the gateway did not come back")


@pytest.mark.slow
def test_a_gateway_whose_calls_are_all_taken_by_readers_who_do_not_read_is_clogged() -> None:
    admission, streams = Admission(Tokens(TOKENS)), Streams(waiting_s={1: 0.0, 2: 50.0})
    assert not is_clogged(admission, streams, 100.0), "there is room"
    admission.open_calls = CALLS_MOST
    assert is_clogged(admission, streams, 100.0)
    assert not is_clogged(admission, streams, 50.0) and not is_clogged(admission, Streams(), 100.0)
