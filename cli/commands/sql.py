"""`townlet sql`"""

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from cli import names, options, output
from cli.main import COMMANDS
from cli.served import access
from eventlog.folder.run_folders import is_run
from eventlog.places import is_address, is_uri

if TYPE_CHECKING:
    import pyarrow as pa

BEGINS_A_QUERY = re.compile(r"(select|with|from|show|describe|desc|summarize|explain|values|pivot|table)\b|\(", re.I)
BEGINS_WITH_COMMENT = re.compile(r"--[^=\s]*\s")
QUOTED = re.compile(
    r"""'(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) | \$(\w*)\$.*?(?:\$\1\$|\Z) | --[^\n]* | /\*.*?(?:\*/|\Z)""",
    re.DOTALL | re.VERBOSE,
)
"""Texts, quoted names and comments of a query; one that is not closed reaches to its end."""

SHELL = "townlet> "
SHELL_GOES_ON = "    ...> "


class _TakesComments(click.Command):
    """A command of which an argument may begin with a comment of SQL, which begins as an option does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; a comment is no option, for no option has a blank."""
        return super().parse_args(ctx, [f"\n{each}" if BEGINS_WITH_COMMENT.match(each) else each for each in args])


@click.command(
    "sql",
    cls=_TakesComments,
    help=f"""{COMMANDS["sql"]}

    There is a table `events`, a view for each kind of event (chat_succeeded, queue_conflict, ...), the tables agents,
    ties, objects, queues and shifts as of the tick, tie_changes, churn, bonds and more: `show tables` lists them,
    `describe agents` the columns of one, `information_schema.columns` those of all. A single argument is taken for a
    query when it reads like one. Without QUERY this is a small shell on a terminal; elsewhere the query is read from
    stdin.

    Several runs, or a pattern such as 'runs/*', are queried together: every table then begins with a column `run`, the
    name of the folder. All runs are queried as of the same tick, and a run that has not reached it is refused; without
    a tick, each run is queried as of its last one. The columns that the query names, of all runs, must fit into memory.

    A run is only read. Allowed are select, from, with, values, union, pivot, unpivot, summarize, describe, show tables
    and explain of these, in up to 100,000 bytes; a query reads no file, no setting and no variable. Columns that are
    called alike get different names: name, name_1. With --json, numbers are JSON numbers: whole numbers in full, also
    those above 2^53, which some JSON readers round.

    RUN may be the address of one served town, such as grpc://127.0.0.1:7777. Its server answers, within its limits:
    100,000 rows, 64 MiB, and by default 5 s; stderr says where an answer was cut.

    Only the needed ticks of the log are read: those from --from-tick on and before --to-tick; and fewer if the query
    reads one view of events with a condition that compares `tick` with numbers.
    """,
    epilog=options.examples(
        'townlet sql "select kind, count(*) from events group by kind order by 2 desc"',
        'townlet sql runs/a "select name, hunger from agents" --at-tick 720 --csv',
        "townlet sql runs/a --json < question.sql",
        "townlet sql runs/a 'from queue_conflict' --from-tick 1440 --to-tick 2880",
        'townlet sql grpc://127.0.0.1:7777 "select name, hunger from agents"',
        'townlet sql runs/towns.zip "select run, count(*) as chats from chat_succeeded group by run"',
        "townlet sql 'runs/*' \"select run, count(*) as chats from chat_succeeded group by run order by run\"",
    ),
)
@click.argument(
    "arguments",
    metavar="[RUN]... [QUERY]",
    nargs=-1,
    shell_complete=lambda ctx, option, begun: completions(begun) or names.files(begun),
)
@click.option("--from-tick", type=click.IntRange(min=0), help="Of what happened, only from this tick on.")
@click.option(
    "--at-tick",
    "--to-tick",
    "at_tick",
    type=click.IntRange(min=0),
    help="Query the run as of this tick, with the events before it.",
)
@access.access_options
@options.output_formats
def command(
    arguments: tuple[str, ...], from_tick: int | None, at_tick: int | None, given: access.Given, form: str
) -> None:
    runs, query = runs_and_query(arguments)
    paths = options.find_runs(runs) if runs else [options.find_run(None)]
    if query is None and not sys.stdin.isatty():
        query = output.all_typed()
    if query is not None and not query.strip(" \t\r\n;"):
        raise click.UsageError("the query is empty; write one, such as: select * from chat_succeeded limit 5")
    if any(map(is_address, paths)):
        _ask_server(paths, query, (from_tick, at_tick), given, form)
        return
    given.require_none()
    import townlet
    from townlet.asking.many_runs import runs_by_name
    from townlet.asking.sql import Session

    many = len(runs) > 1 or any(map(options.names_many, runs))
    runs_asked = runs_by_name(paths) if many else townlet.open(paths[0])
    with contextlib.closing(Session(runs_asked, at_tick, from_tick=from_tick)) as session:
        _answer(session, query, f"{len(paths)} runs" if many else str(paths[0]), form)


class _Asked(Protocol):
    """Whatever answers queries: a session of this process, or a server."""

    def query(self, text: str) -> "pa.Table":
        """The answer. Raises QueryError, ServingError."""


def _ask_server(
    paths: "list[Path | str]", query: str | None, ticks: tuple[int | None, int | None], given: access.Given, form: str
) -> None:
    """Answer a query, or the shell's, by the server of a town. Raises `click.UsageError`, QueryError, ServingError."""
    address = access.address_of(paths[0], given)
    if address is None or len(paths) > 1:
        raise click.UsageError("a served town is asked alone: give one address, and no other run")
    from townlet.serving.served_session import ServedSession

    with given.access().client(address.place) as client:
        _answer(ServedSession(client, address.run, *ticks, output.words), query, str(paths[0]), form)


def _answer(session: _Asked, query: str | None, told: str, form: str) -> None:
    """Answer a query, or those that the user types; `told` names what is asked."""
    if query is not None:
        output.table(session.query(query), form)
        return
    output.words(f"{told}. A query ends with ;  .tables lists the tables, .quit ends the shell")
    _converse(session, form)


def runs_and_query(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The runs among the arguments, and the query, which stands last if it is there."""
    *before, last = arguments or (None,)
    if last is None:
        return (), None
    if is_query(last) or (before and not _is_run_or_many(last)):
        return arguments[:-1], last
    return arguments, None


def is_query(text: str) -> bool:
    """Whether an argument looks like a query and not like a run."""
    if is_uri(text) or is_run(Path(text)):
        return False
    return bool(BEGINS_A_QUERY.match(text.lstrip())) or len(text.split()) > 1


def completions(begun: str) -> list[str]:
    """What an argument that has begun so may become: the name of a run, or a query whose last word is a table."""
    before, word = re.fullmatch(r"(.*?)(\w*)", begun, re.DOTALL).groups()  # type: ignore[union-attr]
    if not before or not is_query(begun):
        return names.runs_like(begun)
    return [before + name for name in tables_like(word)]


def tables_like(word: str) -> list[str]:
    """The tables whose names begin with a word."""
    from townlet.asking.tables import TABLES

    return [name for name in TABLES if name.startswith(word.lower())]


def _is_run_or_many(text: str) -> bool:
    if is_run(options.RUNS / text) or is_run(Path(text)) or options.names_many(text):
        return True
    return names.packed_town(text) is not None


def _converse(session: _Asked, form: str) -> None:
    """Answer queries until there are no more. A failed query does not end the shell."""
    from townlet.errors import QueryError, ServingError

    for query in _questions():
        try:
            output.table(session.query("show tables" if query == ".tables" else query), form)
        except (QueryError, ServingError) as error:
            output.failure(str(error))
        except KeyboardInterrupt:  # as in other shells: it ends the query, and Ctrl-D the shell
            output.words("\nstopped")


def is_finished(query: str) -> bool:
    """Whether a query ends with a semicolon that is in no text and in no comment."""
    plain = QUOTED.sub(" ", query)
    return plain.rstrip().endswith(";")


def _questions() -> Iterator[str]:
    """The queries that the user types, each up to its semicolon, and `.tables`."""
    with contextlib.suppress(ImportError):
        import readline  # gives `input` its line editing

        readline.set_completer(lambda word, number: [*tables_like(word), None][number])
        readline.parse_and_bind("tab: complete")
    lines: list[str] = []
    while True:
        try:
            line = output.ask(SHELL_GOES_ON if lines else SHELL)
        except EOFError:
            output.words("")
            return
        except KeyboardInterrupt:
            lines = []
            output.words("")
            continue
        if not lines and line.strip() in (".quit", ".exit"):
            return
        if not lines and line.strip().startswith("."):
            if line.strip() == ".tables":
                yield ".tables"
            else:
                output.failure(f"there is no {line.strip()}; there are .tables and .quit")
            continue
        lines.append(line)
        query = "\n".join(lines).strip()
        if not query:
            lines = []
        elif is_finished(query):
            lines = []
            if query.strip("; \n"):
                yield query
