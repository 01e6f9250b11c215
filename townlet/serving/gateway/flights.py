"""The Flight server of a served town: what is listed, streamed and done for whom. Each handler's errors are words."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import flight

from eventlog.errors import EventLogError
from eventlog.format.arrow import SCHEMA
from projections.spelling import proposal
from townlet.asking.tables import TABLES
from townlet.errors import QueryError, ServingError, TownletError
from townlet.living.commands.typed import read_command
from townlet.serving.children.asked import Asked
from townlet.serving.children.pool import Answer, Children
from townlet.serving.flightsql import statements
from townlet.serving.flightsql.listings import LISTINGS, table_schema
from townlet.serving.flightsql.wire import open_envelope
from townlet.serving.gateway.admission import NAME, Admission, Admitted
from townlet.serving.gateway.between import GatewayBeginning
from townlet.serving.gateway.cursors import CursorFile
from townlet.serving.gateway.description import described
from townlet.serving.gateway.events import events
from townlet.serving.gateway.in_words import in_words, stream_in_words
from townlet.serving.gateway.status import Status
from townlet.serving.protocol import (
    ACTIONS,
    AT_TICK_HEADER,
    MESSAGE_BYTES_MOST,
    CommandAction,
    CommandAnswer,
    Cursors,
    CursorsAction,
    DescribeAction,
    EventsTicket,
    Extent,
    Health,
    HealthAction,
    Role,
    SqlTicket,
    read_message,
    read_ticket,
)
from townlet.serving.tokens import may

EVENTS: Final = "events"
"""The flight that holds all events in the log's own columns."""

Commander = Callable[[Role, dict[str, Any]], CommandAnswer]
"""Gives a command to the town, and waits for its answer. Raises ServingError."""


class TownFlights(flight.FlightServerBase):
    """Serves one run. It is bound to its port when it is made."""

    def __init__(
        self,
        beginning: GatewayBeginning,
        admission: Admission,
        status: Status,
        children: Children,
        commander: Commander,
    ) -> None:
        """Raises OSError, pa.ArrowException where the port or the certificates cannot be used."""
        options: dict[str, Any] = {}
        scheme, certificates = "grpc", beginning.certificates
        if certificates is not None:
            scheme = "grpc+tls"
            options["tls_certificates"] = [(certificates.certificate.encode(), certificates.key.encode())]
            if certificates.client_authority is not None:
                options |= {"verify_client": True, "root_certificates": certificates.client_authority.encode()}
        self._beginning, self._status, self._children, self._commander = beginning, status, children, commander
        self._path = Path(beginning.run)
        self._name = self._path.resolve().name
        self._cursors = CursorFile(self._path)
        host = f"[{beginning.host}]" if ":" in beginning.host else beginning.host
        location = f"{scheme}://{host}:{beginning.port}"
        super().__init__(location, middleware={NAME: admission}, **options)

    @in_words
    def list_flights(self, context: flight.ServerCallContext, criteria: bytes) -> Iterator[flight.FlightInfo]:
        """The run's events, and every table."""
        _caller(context)
        flights = [self._info_of([self._name, name]) for name in dict.fromkeys((EVENTS, *TABLES))]
        return iter(flights)

    @in_words
    def get_flight_info(self, context: flight.ServerCallContext, wanted: flight.FlightDescriptor) -> flight.FlightInfo:
        """What a path, a ticket of ours or a command of Flight SQL gives."""
        _caller(context)
        if wanted.descriptor_type == flight.DescriptorType.PATH:
            return self._info_of([part.decode("utf-8", "replace") for part in wanted.path])
        command = _short(wanted.command)
        if command.startswith(b"{"):
            read_ticket(command)
            return _info(None, wanted, command)
        asked = open_envelope(command)
        if asked.name in LISTINGS:
            return _info(LISTINGS[asked.name](asked.content).schema, wanted, command)
        if (query := statements.query_in(asked)) is not None:
            return _info(None, wanted, statements.ticket_of(query))
        raise ServingError("this is not answered: a run is only read")

    @in_words
    def get_schema(self, context: flight.ServerCallContext, wanted: flight.FlightDescriptor) -> flight.SchemaResult:
        """The columns of what a descriptor gives."""
        caller = _caller(context)
        if wanted.descriptor_type == flight.DescriptorType.PATH:
            return flight.SchemaResult(self._info_of([part.decode("utf-8", "replace") for part in wanted.path]).schema)
        asked = open_envelope(_short(wanted.command))
        if asked.name in LISTINGS:
            return flight.SchemaResult(LISTINGS[asked.name](asked.content).schema)
        if (query := statements.query_in(asked)) is not None:
            return flight.SchemaResult(self._columns(context, caller, query))
        raise ServingError("this is not answered: a run is only read")

    @in_words
    def do_get(self, context: flight.ServerCallContext, ticket: flight.Ticket) -> flight.FlightDataStream:
        """The stream of a ticket: events, the answer to a query, or a listing."""
        caller = _caller(context)
        content = _short(ticket.ticket)
        if not content.startswith(b"{"):
            asked = open_envelope(content)
            if asked.name in LISTINGS:
                return flight.RecordBatchStream(LISTINGS[asked.name](asked.content))
            query = statements.query_in(asked)
            if query is None:
                raise ServingError("this is not answered: a run is only read")
            return self._answer_stream(caller, self._sql(context, query, _tick_asked(caller), None))
        wanted = read_ticket(content)
        self._require_run(wanted.run)
        if isinstance(wanted, SqlTicket):
            return self._answer_stream(caller, self._sql(context, wanted.query, wanted.at_tick, wanted.from_tick))
        return self._event_stream(context, caller, wanted)

    @in_words
    def list_actions(self, context: flight.ServerCallContext) -> list[flight.ActionType]:
        """What can be done."""
        _caller(context)
        return [flight.ActionType(name, words) for name, words in {**ACTIONS, **statements.ACTIONS}.items()]

    @in_words
    def do_action(self, context: flight.ServerCallContext, action: flight.Action) -> Iterator[flight.Result]:
        """Do what an action says, and answer."""
        caller = _caller(context)
        body = _short(action.body.to_pybytes())
        if action.type == "health":
            self._require_run(read_message(HealthAction, body, "action").run)
            return _result(self._health(caller.role).encoded())
        if action.type == "describe":
            asked = read_message(DescribeAction, body, "action")
            self._require_run(asked.run)
            return _result(described(self._path, self._name, asked.seq).encoded())
        if action.type == "command":
            return _result(self._command(caller.role, read_message(CommandAction, body, "action")).encoded())
        if action.type == "cursors":
            return _result(self._cursors_asked(caller.role, read_message(CursorsAction, body, "action")).encoded())
        if action.type == statements.PREPARE:
            query = statements.prepared(open_envelope(body))
            schema = self._columns(context, caller, query).serialize().to_pybytes()
            return _result(statements.prepared_result(query, schema))
        if action.type == statements.CLOSE:
            return iter(())
        near = proposal(action.type, list(ACTIONS)) if len(action.type) < 100 else ""
        raise ServingError(f"there is no such action; {near or 'see list_actions'}")

    @in_words
    def do_put(self, context: flight.ServerCallContext, *_: Any) -> None:
        """Nothing can be put: a run is only read."""
        _caller(context)
        raise flight.FlightUnauthorizedError("nothing can be written: a run is only read")

    @in_words
    def do_exchange(self, context: flight.ServerCallContext, *_: Any) -> None:
        """Nothing can be exchanged: a run is only read."""
        _caller(context)
        raise flight.FlightUnauthorizedError("nothing can be exchanged: a run is only read")

    def _info_of(self, path: list[str]) -> flight.FlightInfo:
        """What a path `[RUN, TABLE]` gives. Raises ServingError, QueryError."""
        run, name = path if len(path) == 2 else (None, "")
        if run is None:
            raise ServingError(f"a path has two parts, such as {self._name} and {EVENTS}")
        self._require_run(run)
        descriptor = flight.FlightDescriptor.for_path(run, name)
        if name == EVENTS:
            return _info(SCHEMA, descriptor, EventsTicket(run=run, from_seq=0).encoded())
        if name not in TABLES:
            raise QueryError(f"there is no table {name[:64]}; {proposal(name[:64], list(TABLES))}")
        return _info(table_schema(name), descriptor, SqlTicket(run=run, query=f"select * from {name}").encoded())

    def _event_stream(
        self, context: flight.ServerCallContext, caller: Admitted, wanted: EventsTicket
    ) -> flight.FlightDataStream:
        head = self._status.head
        from_seq = wanted.from_seq
        if from_seq is None and wanted.cursor is not None:
            cursor = self._cursors.get(wanted.cursor)
            from_seq = None if cursor is None else cursor.seq
        first = head.seq if from_seq == "last" else from_seq or 0
        if first > head.seq and first > (head := self._status.present()).seq:
            raise ServingError(f"there is no event {first:,} yet: the next one is {head.seq:,}")
        how: Any = (self._path, self._status, first, wanted.to_seq, wanted.follow)
        how += (context.is_cancelled, caller.require_valid)
        return flight.GeneratorStream(SCHEMA, stream_in_words(events(*how)))

    def _sql(self, context: flight.ServerCallContext, query: str, at_tick: int | None, from_tick: int | None) -> Answer:
        """The answer to a query. Raises QueryError, FlightUnavailableError where all children are busy."""
        return self._ask(Asked(client=context.peer(), query=query, at_tick=at_tick, from_tick=from_tick))

    def _columns(self, context: flight.ServerCallContext, caller: Admitted, query: str) -> pa.Schema:
        asked = Asked(client=context.peer(), query=query, at_tick=_tick_asked(caller), columns_only=True)
        return self._ask(asked).table.schema

    def _ask(self, asked: Asked) -> Answer:
        try:
            return self._children.ask(asked)
        except ServingError as error:
            raise flight.FlightUnavailableError(str(error)) from None

    def _answer_stream(self, caller: Admitted, answer: Answer) -> flight.FlightDataStream:
        caller.require_valid()  # a query may have taken minutes
        extent = Extent(tick=answer.tick, rows=len(answer.table), cut=answer.cut)
        return flight.RecordBatchStream(answer.table.replace_schema_metadata({"townlet": extent.encoded()}))

    def _health(self, role: Role) -> Health:
        status, beginning = self._status, self._beginning
        head = status.head
        return Health(
            run=self._name,
            state=status.state,
            tick=head.tick,
            seq=head.seq,
            digest=head.digest,
            ticks_per_day=status.ticks_per_day,
            ticks_per_second=round(status.ticks_per_second, 3),
            pace=beginning.pace,
            durable_gap_bytes=status.durable_gap_bytes,
            idle_s=round(status.idle_s, 3),
            role=role,
            takes_commands=beginning.takes_commands,
            restarts=beginning.restarts,
            version=beginning.version,
        )

    def _command(self, role: Role, wish: CommandAction) -> CommandAnswer:
        """Give a command. Raises FlightUnauthorizedError, ServingError."""
        self._require_role(role, "operator", "give commands")
        self._require_run(wish.run)
        if not self._beginning.takes_commands:
            raise ServingError(
                "this run takes no commands: it is served as it is. Next: townlet serve RUN --pace 1x lets it live on"
            )
        try:
            read_command(wish.command)
        except TownletError as error:
            raise ServingError(str(error)[:2000]) from None
        return self._commander(role, wish.command)

    def _cursors_asked(self, role: Role, asked: CursorsAction) -> Cursors:
        """Do what is asked with the cursors. Raises ServingError, FlightUnauthorizedError."""
        self._require_run(asked.run)
        if asked.do == "list":
            return self._listed(self._cursors.all())
        if asked.name is None:
            raise ServingError(f"to {asked.do} a cursor, name it")
        if asked.do == "get":
            found = self._cursors.get(asked.name)
            return self._listed([] if found is None else [found])
        try:
            if asked.do == "drop":
                self._require_role(role, "operator", "drop cursors")
                self._cursors.drop(asked.name)
                return self._listed([])
            if asked.seq is None or asked.seq > self._status.present().seq:
                raise ServingError(f"a cursor is set to a number from 0 to {self._status.head.seq:,}, as `seq`")
            return self._listed([self._cursors.set(asked.name, asked.seq)])
        except (OSError, EventLogError) as error:
            raise ServingError("the cursor cannot be written beside the run") from error

    def _listed(self, cursors: list[Any]) -> Cursors:
        return Cursors(cursors=cursors, head_seq=self._status.head.seq)

    def _require_run(self, name: str | None) -> None:
        if name not in (None, self._name):
            raise ServingError(f"there is no run of this name here. The one that is served is {self._name}")

    def _require_role(self, role: Role, needed: Role, what: str) -> None:
        if not may(role, needed):
            raise flight.FlightUnauthorizedError(f"the role {role} may not {what}: this needs a token for {needed}")


def _caller(context: flight.ServerCallContext) -> Admitted:
    """The call as it was let in. Raises FlightUnauthenticatedError for one that was not."""
    admitted = context.get_middleware(NAME)
    if not isinstance(admitted, Admitted):
        raise flight.FlightUnauthenticatedError("no valid token")
    return admitted


def _tick_asked(caller: Admitted) -> int | None:
    """The tick that the call's header names. Raises ServingError."""
    given = caller.headers.get(AT_TICK_HEADER, [])
    if not given:
        return None
    value = str(given[-1])
    if not value.isascii() or not value.isdigit() or len(value) > 10:
        raise ServingError(f"the header {AT_TICK_HEADER} is no tick")
    return int(value)


def _short(content: bytes) -> bytes:
    if len(content) > MESSAGE_BYTES_MOST:
        raise ServingError(
            f"the request has {len(content):,} bytes, more than the {MESSAGE_BYTES_MOST:,} that are read"
        )
    return bytes(content)


def _info(schema: pa.Schema | None, descriptor: flight.FlightDescriptor, ticket: bytes) -> flight.FlightInfo:
    return flight.FlightInfo(schema, descriptor, [flight.FlightEndpoint(ticket, [])], -1, -1)


def _result(content: bytes) -> Iterator[flight.Result]:
    return iter([flight.Result(pa.py_buffer(content))])
