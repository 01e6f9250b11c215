"""`townlet verify`"""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import click

from cli import names, options, output
from cli.main import COMMANDS
from cli.names import RunName
from eventlog.errors import LogDamaged
from eventlog.places import is_uri

COLUMNS = ("check", "found", "passed")


@click.command(
    "verify",
    help=f"""{COMMANDS["verify"]}

    Checks the manifest, the settings, the head, every segment of the log (its frames, their order, its digests, its
    footer, its entry in the manifest), and the checkpoints. Each damage is a line, and the checks go on behind it.
    --deep also replays the log from its first event up to the first damage, and compares the state with that of the
    living town at every checkpoint. A run on a store is fetched again for this. RUN may be a pack: then each check says
    of which town it is. Exits with code 3 if the log is
    damaged, with code 1 if anything else is not as it was written.
    """,
    epilog=options.examples(
        "townlet verify runs/a", "townlet verify runs/a --deep --json", "townlet verify runs/towns.zip"
    ),
)
@click.argument("name", metavar="[RUN]", type=RunName(), required=False)
@click.option("--deep", is_flag=True, help="Also replay the log from its start and compare the state.")
@options.output_formats
def command(name: str | None, deep: bool, form: str) -> None:
    from townlet.keeping.verify import Check, examine

    checks: list[Check] = []
    damage: LogDamaged | None = None
    places = list(_places(name))
    with output.Waiting("reading the whole log"):
        for town, place in places:
            with place as folder:
                report = examine(folder, deep=deep)
            checks += [check._replace(check=f"{town}{check.check}") for check in report.checks]
            damage = damage or report.damage
    output.records([check._asdict() for check in checks], COLUMNS, form)
    if damage is not None:
        raise damage
    failed = [check for check in checks if not check.passed]
    if failed:
        raise click.ClickException(f"{failed[0].check}: {failed[0].found}")


def _places(name: str | None) -> Iterator[tuple[str, AbstractContextManager[Path]]]:
    """The folder of the run, or of each town of a pack, and what its checks are called by."""
    from eventlog.folder.stores import whole_copy
    from eventlog.packs import whole_town

    if name is not None and names.names_a_pack(name):
        for place in names.packed_towns(name):
            yield f"{Path(place).name}: ", whole_town(str(place))
        return
    run = options.find_run(name)
    if isinstance(run, Path):
        yield "", contextlib.nullcontext(run)
    else:
        yield "", whole_copy(run) if is_uri(run) else whole_town(run)
