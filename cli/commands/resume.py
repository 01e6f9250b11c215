"""`townlet resume`"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import living, options
from cli.main import COMMANDS

if TYPE_CHECKING:
    from townlet.living.commands.session import Order


@click.command(
    "resume",
    help=f"""{COMMANDS["resume"]}

    A resumed run has exactly the same events as a run that was never interrupted. --ticks and --days say how much
    longer the town lives. If a crash left an incomplete commit at the end of the log, it is cut off and kept beside the
    log.

    People live on by the policy that the run has kept, or from now on by another: --policy, and --policy scripted for
    the script.

    City events go on by the profile that the run has kept, or from now on by another: --perturb, and --perturb none.

    --commands gives the commands of a session, each at its tick, or at once where that has passed. What the log has
    answered already is not done again.
    """,
    epilog=options.examples(
        "townlet resume --days 1",
        "townlet resume runs/a --ticks 5000",
        "townlet resume runs/a --days 2 --policy my.safetensors",
        "townlet resume runs/a --days 2 --commands session.yaml",
    ),
)
@options.own_run_argument
@options.ticks_options
@options.policy_options
@options.commands_option
@options.perturb_option
@options.durability_option
@options.pace_option
@options.output_formats
def command(
    run: Path,
    ticks: int | None,
    days: int | None,
    policy: str | None,
    share: str | None,
    orders: "Sequence[Order]",
    perturb: str | None,
    durability: str,
    pace: str,
    form: str,
) -> None:
    import townlet

    cold = living.is_cold()
    opened = townlet.open(run)
    wanted = options.ticks_of(ticks, days, opened.config.town.ticks_per_day)
    if cold:
        living.compile_kernels()
    living.live(
        lambda progress, commit_ticks: opened.resume(
            wanted,
            durability=durability,
            progress=progress,
            commit_ticks=commit_ticks,
            policy=policy,
            share=share,
            orders=orders,
            perturb=perturb,
        ),
        run,
        form,
        pace,
    )
    living.say_given(opened, orders)
