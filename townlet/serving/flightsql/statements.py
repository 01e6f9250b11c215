"""Statements of Flight SQL. The handle of a statement is its query, so that a gateway that began anew knows it."""

from typing import Final

from townlet.errors import ServingError
from townlet.serving.flightsql.wire import Envelope, envelope, field_bytes, text

PREPARE: Final = "CreatePreparedStatement"
CLOSE: Final = "ClosePreparedStatement"

ACTIONS: Final = {
    PREPARE: "Prepare a query of Flight SQL. It takes no parameters.",
    CLOSE: "Close a prepared query of Flight SQL.",
}
"""The actions of Flight SQL that are answered."""

_QUERIES: Final = ("CommandStatementQuery", "CommandPreparedStatementQuery", "TicketStatementQuery")


def query_in(asked: Envelope) -> str | None:
    """The query that a command or a ticket asks for; None where it asks for none. Raises ServingError."""
    if asked.name not in _QUERIES:
        return None
    query = text(asked.content, 1)
    if not query or not query.strip():
        raise ServingError("the query is empty")
    return query


def ticket_of(query: str) -> bytes:
    """The ticket that fetches the answer to a query."""
    return envelope("TicketStatementQuery", field_bytes(1, query.encode()))


def prepared(asked: Envelope) -> str:
    """The query that is to be prepared. Raises ServingError."""
    query = text(asked.content, 1) if asked.name == "ActionCreatePreparedStatementRequest" else None
    if not query or not query.strip():
        raise ServingError("there is no query to prepare")
    return query


def prepared_result(query: str, schema: bytes) -> bytes:
    """What tells a client of a prepared query: its handle, and the columns of its answer."""
    content = field_bytes(1, query.encode()) + field_bytes(2, schema)
    return envelope("ActionCreatePreparedStatementResult", content)
