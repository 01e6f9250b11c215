"""`townlet whatif`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import living, names, options, output
from cli.main import COMMANDS

if TYPE_CHECKING:
    from townlet.whatif.paired.result import WhatIf

ALONE: Final = ("at", "ticks", "who", "policy", "share")
"""The options, as arguments, that belong to one event or command."""

WITH_EACH: Final = ("--outcome", "--limit", "--futures", "--days", "--first-seed", "--json", "--effects")
"""The options that go with --each."""


@click.command(
    "whatif",
    help=f"""{COMMANDS["whatif"]}

    Each pair of futures begins in the state of RUN at one moment. The control town lives on as it was; in the treated
    town the event --without SEQ is held back, or what --do and --set say is done. Both have the same luck, so that they
    differ by nothing but what was changed. Nothing is written but what --effects, --plot and --keep ask for.

    What is held back, towards whom and for how long, depends on the kind of event, and is told; --for and --who change
    it. Commands are those of a living town, with their values in order or as FIELD=VALUE: "blackout", "rain", "price
    raw 2", "setneed alice hunger 0.2", "set_rel alice bob rivalry 0.5", "restrain alice chat bob 60".

    "choose bob socialise" has a person do another option from a tick on, until it is done once, or for --for TICKS.
    Where that person chose in that tick, the control town has that choice. What an environment could not ask of the
    person then is an error, which says what can be asked, or at which tick.

    --policy lets the people of the treated town live by a policy from --at-tick on, or by the script (scripted); in the
    control town they go on as they did. Where the people of RUN live by a policy, both towns do. It must be one of kind
    mlp.

    The table has the clearest effects at the end; --effects and --json have all of them, for every day.

    --outcome asks each future for a key figure, such as exits, or for what a FILE.sql gives: rows tick, part, whole,
    as a key figure does, or one number; $moment in it is the tick at which the futures begin. For that every future
    lives once more on the disk, about two pairs a second.

    --each KIND asks about every event of a kind, at most --limit of them, drawn by their numbers, and ranks them by
    what each changed of --outcome: ties (the default), needs, wallet, departed, a kind of event, or a figure of the
    town. How sure a rank is takes into account how many events were asked about.
    """,
    epilog=options.examples(
        "townlet whatif runs/a --without 5318",
        "townlet whatif runs/a --without 5318 --who pair --for 60 --futures 1000 --plot effect.svg",
        "townlet whatif runs/a --at-tick 5000 --do blackout --days 2 --effects effects.arrow",
        'townlet whatif runs/a --at-tick 3224 --do "choose bob socialise" --for 60',
        "townlet whatif runs/a --at-tick 5000 --policy town --outcome exits --futures 50",
        "townlet whatif runs/a --without 5318 --keep 2 --into runs/pairs",
        "townlet whatif runs/a --each queue_conflict",
    ),
)
@options.run_argument
@click.option("--without", "seq", type=click.IntRange(min=0), metavar="SEQ", help="Hold back the event of this number.")
@click.option(
    "--at-tick", "at", type=click.IntRange(min=0), metavar="TICK", help="The moment; by default that of the event."
)
@click.option(
    "--do",
    type=names.CommandLine(),
    multiple=True,
    metavar="CMD",
    help="Give this command to the treated town; may be repeated.",
)
@options.settings_option
@options.policy_options
@click.option(
    "--each",
    type=names.HELD_BACK,
    metavar="KIND",
    help="Hold back every event of this kind, one by one, and rank them.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The most events of --each; by default 50.")
@click.option(
    "--outcome",
    "outcomes",
    type=names.OUTCOME,
    multiple=True,
    metavar="NAME",
    help="Ask every future for this key figure, or this FILE.sql; may be repeated. With --each: what it ranks by.",
)
@click.option(
    "--for",
    "ticks",
    type=click.IntRange(min=0),
    metavar="TICKS",
    help="For how long it is held back, or the option of choose is done.",
)
@click.option("--who", type=click.Choice(["pair", "person", "anybody"]), help="Who is held back, towards whom.")
@click.option(
    "--futures", type=click.IntRange(min=2), help="How many pairs; by default 200, and with --each 50 an event."
)
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
    "--effects", "arrow", type=options.NewPath(), help="Write every effect, or rank, a row each, to an Arrow IPC file."
)
@click.option("--plot", type=options.NewPath(), help="Draw the answer into this PNG or SVG file as well.")
@click.option(
    "--picture",
    type=click.Choice(["effects", "people", "parting"]),
    help="What --plot draws: effects over the days (the default), whose ties are changed, or when pairs part, and by "
    "what.",
)
@click.option("--keep", type=click.IntRange(min=1), metavar="K", help="Write the first K pairs as runs, into --into.")
@click.option("--into", type=options.NewPath(), help="The folder of the runs that --keep writes.")
def command(
    run: Path | str,
    seq: int | None,
    do: tuple[str, ...],
    overrides: dict[str, object],
    each: str | None,
    limit: int | None,
    outcomes: tuple[str, ...],
    futures: int | None,
    first_seed: int | None,
    as_json: bool,
    arrow: Path | None,
    plot: Path | None,
    picture: str | None,
    keep: int | None,
    into: Path | None,
    **wish: Any,
) -> None:
    if (keep is None) != (into is None):
        raise click.UsageError("--keep K writes runs into the folder --into: give both or neither")
    if picture is not None and plot is None:
        raise click.UsageError("--picture says what --plot draws: add --plot FILE")
    wish |= {name: value for name, value in (("futures", futures), ("first_seed", first_seed)) if value is not None}
    if each is not None:
        others = [wish.pop(name) is not None for name in ALONE]
        if seq is not None or do or overrides or plot or keep or any(others):
            raise click.UsageError("--each asks about many events: it goes with " + ", ".join(WITH_EACH) + " only")
        if wish.pop("luck") != "same":
            raise click.UsageError("with --each both towns of a pair have the same luck")
        if len(outcomes) > 1:
            raise click.UsageError("events are ranked by one outcome: give --outcome once")
        given = {"outcome": outcomes[0] if outcomes else None, "limit": limit}
        _rank(run, each, arrow, as_json, wish | {name: value for name, value in given.items() if value is not None})
        return
    if limit is not None:
        raise click.UsageError("--limit belongs to --each")
    does = bool(do or overrides) or wish["policy"] is not None or wish["share"] is not None
    if (seq is None) != does:
        raise click.UsageError("say which event to hold back, --without SEQ, or what to do: --at-tick TICK --do CMD")
    if seq is None and wish["at"] is None:
        raise click.UsageError("a command, a setting or a policy needs the tick at which it begins: add --at-tick TICK")
    cold = living.is_cold()
    import townlet

    pairs = wish.get("futures", 200)
    if plot is not None:
        from townlet.plotting.tie_network import require_drawable

        require_drawable(plot)
    opened = townlet.open(run)
    if cold:
        living.compile_kernels()
    with output.Line() as line:
        wish["progress"] = lambda lived: line.draw(f"{lived:,} of {pairs:,} pairs of futures have lived")
        wish["asking"] = lambda asked: line.draw(f"{asked:,} of {pairs:,} pairs of futures have been asked")
        found = opened.whatif(without=seq, do=do, overrides=overrides, outcomes=outcomes, **wish)
    if plot is not None:
        found.plot(plot, picture or "effects")
        output.words(f"wrote {plot}")
    _write(found, arrow, keep, into)
    if as_json:
        output.as_json(found.as_json())
    else:
        output.data("\n".join(found.lines()))


def _rank(run: Path | str, kind: str, arrow: Path | None, as_json: bool, wish: dict[str, Any]) -> None:
    """Rank the events of a kind, and print or write what came of it."""
    cold = living.is_cold()
    import townlet

    opened = townlet.open(run)
    if cold:
        living.compile_kernels()
    with output.Line() as line:
        found = opened.whatif_each(
            kind, progress=lambda asked, of: line.draw(f"{asked:,} of {of:,} events are asked about"), **wish
        )
    if arrow is not None:
        from townlet.whatif.arrow_file import write_table

        write_table(found.ranks, arrow)
        output.words(f"wrote {arrow}: {found.ranks.num_rows:,} events")
    if as_json:
        output.as_json(found.as_json())
    else:
        output.data("\n".join(found.lines()))


def _write(found: "WhatIf", arrow: Path | None, keep: int | None, into: Path | None) -> None:
    """Write the files and runs that were asked for, and say so."""
    if arrow is not None:
        from townlet.whatif.arrow_file import write_table

        write_table(found.effects, arrow)
        output.words(f"wrote {arrow}: {found.effects.num_rows:,} effects")
    if keep is not None and into is not None:
        for control, treated in found.keep(into, keep):
            output.words(f"wrote {control} and {treated}")
