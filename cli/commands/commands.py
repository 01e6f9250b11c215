"""`townlet commands`"""

from pathlib import Path
from typing import Final

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import Name

COLUMNS: Final = ("at", "issuer", "command", "cmd_id", "accepted", "reason", "written", "why")


def issuers() -> list[str]:
    """Those who can have given a command."""
    from eventlog.catalogue.registries import Issuer

    return [each.name.lower() for each in Issuer]


@click.command(
    "commands",
    help=f"""{COMMANDS["commands"]}

    A row for each command, in the order of arrival: the tick at which it was given, who gave it, whether it was
    accepted, and if not, why. --yaml prints them as a session, and --into writes it to a file: run, resume and fork
    take it with --commands. The same configuration and seed with that session give the same log, byte for byte; another
    seed gives the same commands to another life.
    """,
    epilog=options.examples(
        "townlet commands runs/a",
        "townlet commands runs/a --into session.yaml",
        "townlet commands runs/a --issuer local --json",
    ),
)
@options.run_argument
@click.option("--into", type=options.NewPath(), help="Write the session to this YAML file.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print the session as YAML.")
@click.option(
    "--issuer", type=Name("issuer", issuers, exact=True), multiple=True, help="Only of this issuer; may be repeated."
)
@options.output_formats
def command(run: Path | str, into: Path | None, as_yaml: bool, issuer: tuple[str, ...], form: str) -> None:
    if as_yaml and form != "table":
        raise click.UsageError(f"--yaml and --{form} both say how to print: give only one of them")
    import townlet
    from townlet.living.commands.door import commands_in
    from townlet.living.commands.session import Order, session_text, write_session

    opened, wanted = townlet.open(run), issuer or tuple(issuers())
    found = [given for given in commands_in(opened.log) if given.issuer.name.lower() in wanted]
    orders = [Order(given.answer.tick, given.command, given.issuer) for given in found]
    if into is not None:
        write_session(into, orders)
        output.words(f"wrote {into}: {len(orders)} commands")
        if form == "table" and not as_yaml:
            return
    if as_yaml:
        output.data(session_text(orders).removesuffix("\n"))
        return
    rows = opened.commands(wanted).to_pylist()
    output.records(rows, COLUMNS, form)
    if not rows:
        output.words("nobody gave this town a command")
