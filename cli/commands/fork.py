"""`townlet fork`"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import living, options, output
from cli.main import COMMANDS

if TYPE_CHECKING:
    from townlet.living.commands.session import Order


@click.command(
    "fork",
    help=f"""{COMMANDS["fork"]}

    NEW becomes a run of its own, with the same history before the tick: what was sealed is shared by hard links, the
    rest is copied, and whatever becomes of RUN, NEW stays whole. --set and --seed change what comes after; with neither
    the town lives exactly as it did. With --seeds, NEW is a folder of as many futures, compared in one table.
    --policy lets people live on by a policy from the tick on, or by the script (--policy scripted); without it they go
    on by whatever was in force. --commands gives the commands of a session, each at its tick, or at the fork where that
    has passed; what the history has answered already is not done again. --without holds an event back from where it
    begins, as `townlet whatif` does.
    """,
    epilog=options.examples(
        "townlet fork runs/a --at-tick 5000 --seed 8 --into runs/b --days 3",
        "townlet fork runs/a --set relationships.deltas.queue_conflict.rivalry=0.5 --into runs/harsh --days 5",
        "townlet fork runs/a --at-tick 5000 --seeds 1-20 --days 3 --into runs/futures",
        "townlet fork runs/a --at-tick 5000 --policy my.safetensors --into runs/learned --days 3",
        "townlet fork runs/a --at-tick 5000 --commands session.yaml --into runs/touched --days 3",
        "townlet fork runs/a --without 5318 --into runs/without --days 3",
    ),
)
@options.run_argument
@click.option("--at-tick", type=click.IntRange(min=0), help="The tick to part at; by default the run's last.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="Another seed for what comes after.")
@click.option("--seeds", type=options.Seeds(), help="Many futures, one for each seed.")
@click.option("--into", type=options.NewPath(), required=True, help="The new run's folder.")
@options.settings_option
@options.policy_options
@options.commands_option
@click.option("--without", "seq", type=click.IntRange(min=0), metavar="SEQ", help="Hold back the event of this number.")
@click.option("--for", "held", type=click.IntRange(min=0), metavar="TICKS", help="For how long it is held back.")
@options.perturb_option
@options.ticks_options
@options.output_formats
def command(
    run: Path | str,
    at_tick: int | None,
    seed: int | None,
    seeds: Sequence[int] | None,
    into: Path,
    overrides: dict[str, object],
    policy: str | None,
    share: str | None,
    orders: "Sequence[Order]",
    seq: int | None,
    held: int | None,
    perturb: str | None,
    ticks: int | None,
    days: int | None,
    form: str,
) -> None:
    if seed is not None and seeds is not None:
        raise click.UsageError("--seed and --seeds, not both: give only one of them")
    if held is not None and seq is None:
        raise click.UsageError("--for says for how long an event is held back: add --without SEQ")
    import townlet
    from townlet.whatif import futures
    from townlet.whatif.paired.holding_back import without

    cold = living.is_cold()
    opened = townlet.open(run)
    wanted = 0
    if ticks is not None or days is not None:
        wanted = options.ticks_of(ticks, days, opened.config.town.ticks_per_day)
    intervention = None
    if seq is not None:
        intervention = without(opened, seq, at=at_tick, ticks=held, horizon=wanted)
        at_tick, orders = intervention.tick, (*intervention.orders, *orders)
    if orders and not wanted:
        raise click.UsageError("commands are given while the town lives: add --ticks N or --days D")
    if cold:
        living.compile_kernels()
    if seeds is None:
        living.live(
            lambda progress, _: opened.fork(
                into,
                at=at_tick,
                overrides=overrides,
                seed=seed,
                ticks=wanted,
                progress=progress,
                policy=policy,
                share=share,
                orders=orders,
                perturb=perturb,
            ),
            into,
            form,
        )
        for words in intervention.words if intervention is not None else ():
            output.words(words)
        living.say_given(townlet.open(into), orders)
        return
    if not wanted:
        raise click.UsageError("many futures are compared after some time: add --ticks N or --days D")
    parted = opened.head.tick if at_tick is None else at_tick
    how: dict[str, Any] = {"at": at_tick, "overrides": overrides, "ticks": wanted, "policy": policy, "share": share}
    how |= {"orders": orders, "perturb": perturb}
    made = futures.futures(opened, into, seeds, **how)
    output.records([each._asdict() for each in made], futures.Future._fields, form)
    output.words(f"since: from tick {parted:,} on, where they part; the other columns are of each future's end")
