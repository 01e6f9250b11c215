"""`townlet whatif`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import living, options, output
from cli.main import COMMANDS

if TYPE_CHECKING:
    from townlet.whatif.paired.result import WhatIf


@click.command(
    "whatif",
    help=f"""{COMMANDS["whatif"]}

    Each pair of futures begins in the state of RUN at one moment. The control town lives on as it was; in the treated
    town the event --without SEQ is held back, or what --do and --set say is done. Both have the same luck, so that they
    differ by nothing but what was changed. Nothing is written but what --effects, --plot and --keep ask for.

    What is held back, towards whom and for how long, depends on the kind of event, and is told; --for and --who change
    it. Commands are those of a living town, with their values in order or as FIELD=VALUE: "blackout", "rain", "price
    raw 2", "setneed alice hunger 0.2", "set_rel alice bob rivalry 0.5", "restrain alice chat bob 60".

    The table has the clearest effects at the end; --effects and --json have all of them, for every day.
    """,
    epilog=options.examples(
        "townlet whatif runs/a --without 5318",
        "townlet whatif runs/a --without 5318 --who pair --for 60 --futures 1000 --plot effect.svg",
        "townlet whatif runs/a --at-tick 5000 --do blackout --days 2 --effects effects.arrow",
        "townlet whatif runs/a --without 5318 --keep 2 --into runs/pairs",
    ),
)
@options.run_argument
@click.option("--without", "seq", type=click.IntRange(min=0), metavar="SEQ", help="Hold back the event of this number.")
@click.option(
    "--at-tick", "at", type=click.IntRange(min=0), metavar="TICK", help="The moment; by default that of the event."
)
@click.option("--do", multiple=True, metavar="CMD", help="Give this command to the treated town; may be repeated.")
@options.settings_option
@click.option("--for", "ticks", type=click.IntRange(min=0), metavar="TICKS", help="For how long it is held back.")
@click.option("--who", type=click.Choice(["pair", "person", "anybody"]), help="Who is held back, towards whom.")
@click.option("--futures", type=click.IntRange(min=2), default=200, show_default=True, help="How many pairs.")
@click.option("--days", type=click.IntRange(min=1), default=5, show_default=True, help="How many days they live.")
@click.option(
    "--luck",
    type=click.Choice(["same", "fresh"]),
    default="same",
    show_default=True,
    help="The luck of the two towns of a pair, after the event.",
)
@click.option("--first-seed", type=click.IntRange(0, 2**63), help="The seed of the first pair; others follow.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every effect.")
@click.option(
    "--effects", "arrow", type=options.NewPath(), help="Write every effect, a row each, to an Arrow IPC file."
)
@click.option("--plot", type=options.NewPath(), help="Draw the clearest effects over the days (.png or .svg).")
@click.option("--keep", type=click.IntRange(min=1), metavar="K", help="Write the first K pairs as runs, into --into.")
@click.option("--into", type=options.NewPath(), help="The folder of the runs that --keep writes.")
def command(
    run: Path | str,
    seq: int | None,
    do: tuple[str, ...],
    overrides: dict[str, object],
    first_seed: int | None,
    as_json: bool,
    arrow: Path | None,
    plot: Path | None,
    keep: int | None,
    into: Path | None,
    **wish: Any,
) -> None:
    if (keep is None) != (into is None):
        raise click.UsageError("--keep K writes runs into the folder --into: give both or neither")
    if (seq is None) == (not do and not overrides):
        raise click.UsageError("say which event to hold back, --without SEQ, or what to do: --at-tick TICK --do CMD")
    if seq is None and wish["at"] is None:
        raise click.UsageError("a command or a setting needs the tick at which it is given: add --at-tick TICK")
    cold = living.is_cold()
    import townlet

    if plot is not None:
        from townlet.plotting.tie_network import form_of

        form_of(plot)
    opened = townlet.open(run)
    if cold:
        living.compile_kernels()
    if first_seed is not None:
        wish["first_seed"] = first_seed
    with output.Line() as line:
        wish["progress"] = lambda pairs: line.draw(f"{pairs:,} of {wish['futures']:,} pairs of futures have lived")
        found = opened.whatif(without=seq, do=do, overrides=overrides, **wish)
    _write(found, arrow, plot, keep, into)
    if as_json:
        output.as_json(found.as_json())
    else:
        output.data("\n".join(found.lines()))


def _write(found: "WhatIf", arrow: Path | None, plot: Path | None, keep: int | None, into: Path | None) -> None:
    """Write the files and runs that were asked for, and say so."""
    if arrow is not None:
        from pyarrow import feather

        from eventlog.folder.publishing import replacing

        with replacing(arrow) as written:
            feather.write_feather(found.effects, str(written), compression="uncompressed")
        output.words(f"wrote {arrow}: {found.effects.num_rows:,} effects")
    if plot is not None:
        found.plot(plot)
        output.words(f"wrote {plot}")
    if keep is not None and into is not None:
        for control, treated in found.keep(into, keep):
            output.words(f"wrote {control} and {treated}")
