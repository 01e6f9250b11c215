"""`townlet sql`"""

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import options, output
from cli.main import COMMANDS
from eventlog.places import is_uri

if TYPE_CHECKING:
    from townlet.sql import Session

BEGINS_A_QUERY = re.compile(r"(select|with|from|show|describe|desc|summarize|explain|values|pivot|table)\b|\(", re.I)
SHELL = "townlet> "
SHELL_GOES_ON = "    ...> "


@click.command(
    "sql",
    help=f"""{COMMANDS["sql"]}

    There is a table `events`, a view for each kind of event (chat_succeeded, queue_conflict, ...), the tables agents,
    ties, objects, queues and shifts as of the tick, tie_changes, churn, bonds and more: `show tables` lists them. A
    single argument is taken for a query when it reads like one. Without QUERY this is a small shell on a terminal;
    elsewhere the query is read from stdin.
    """,
    epilog=options.examples(
        'townlet sql "select kind, count(*) from events group by kind order by 2 desc"',
        'townlet sql runs/a "select name, hunger from agents" --at-tick 720 --csv',
        "townlet sql runs/a --json < question.sql",
    ),
)
@click.argument("run", required=False)
@click.argument("query", required=False)
@click.option("--at-tick", type=click.IntRange(min=0), help="Ask the run as it was at this tick.")
@options.output_formats
def command(run: str | None, query: str | None, at_tick: int | None, form: str) -> None:
    if run is not None and query is None and is_query(run):
        run, query = None, run
    path = options.find_run(run)
    if query is None and not sys.stdin.isatty():
        query = sys.stdin.read()
    if query is not None and not query.strip(" \t\r\n;"):
        raise click.UsageError("the query is empty; ask something, such as: select * from chat_succeeded limit 5")
    import townlet
    from townlet.sql import Session

    with contextlib.closing(Session(townlet.open(path), at_tick)) as session:
        if query is not None:
            output.table(session.query(query), form)
        else:
            output.words(f"{path}. A query ends with ;  .tables lists what there is, .quit ends")
            _converse(session, form)


def is_query(text: str) -> bool:
    """Whether a single argument is meant as a query rather than as a run."""
    if is_uri(text) or options.is_run(Path(text)):
        return False
    return bool(BEGINS_A_QUERY.match(text.lstrip())) or len(text.split()) > 1


def _converse(session: "Session", form: str) -> None:
    """Answer queries until there are no more; a query that fails ends nothing."""
    from townlet.errors import QueryError

    for query in _questions():
        try:
            output.table(session.query("show tables" if query == ".tables" else query), form)
        except QueryError as error:
            output.failure(str(error))


def _questions() -> Iterator[str]:
    """The queries somebody types, each up to its semicolon, and `.tables`."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (gives `input` its line editing)
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
        elif query.endswith(";"):
            lines = []
            if query.strip("; \n"):
                yield query
