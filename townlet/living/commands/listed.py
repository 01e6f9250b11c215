"""The commands that a town was given, as a table."""

from collections.abc import Sequence

import pyarrow as pa

from eventlog.reader import LogReader
from townlet.living.commands.door import commands_in
from townlet.living.commands.written import as_written

SCHEMA = pa.schema(
    {
        "at": pa.int64(),
        "issuer": pa.string(),
        "command": pa.string(),
        "cmd_id": pa.string(),
        "accepted": pa.bool_(),
        "reason": pa.string(),
        "why": pa.string(),
        "written": pa.string(),
    }
)
"""`at` is the tick of the answer, `reason` and `why` are of a refusal, `written` is the command on one line."""


def commands_table(log: LogReader, issuers: Sequence[str] = ()) -> pa.Table:
    """The commands in a log in the order of arrival, with SCHEMA; `issuers` () means all. Raises LogDamaged."""
    rows = [
        {
            "at": given.answer.tick,
            "issuer": given.issuer.name.lower(),
            "command": given.command.command,
            "cmd_id": given.command.cmd_id,
            "accepted": given.answer.accepted,
            "reason": None if given.answer.refusal is None else given.answer.refusal.name,
            "why": given.answer.why or None,
            "written": as_written(given.command),
        }
        for given in commands_in(log)
        if not issuers or given.issuer.name.lower() in issuers
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)
