"""`townlet offpolicy`"""

from pathlib import Path

import click

from cli import living, names, options, output
from cli.main import COMMANDS


@click.command(
    "offpolicy",
    help=f"""{COMMANDS["offpolicy"]}

    RUN is one whose people lived by a policy: townlet run --policy FILE. It keeps each decision with its probability,
    and every decision is weighed by how much likelier --policy makes it. So no town lives, unless --truth asks for
    futures. Both policies must be of kind mlp.

    An episode is a person's life of --horizon hours from a decision on. Weights multiply with every decision, so long
    episodes leave few that count: the effective sample says how many, and a warning where they are too few.

    Only the person's own decisions are weighed. An estimate is of one person who lives by --policy among others who
    live as logged; --truth lives such futures, and those in which everybody does.
    """,
    epilog=options.examples(
        "townlet offpolicy runs/learned --policy mine.safetensors",
        "townlet offpolicy runs/learned --policy mine.safetensors --horizon 3 --truth 200",
        "townlet offpolicy runs/learned --policy mine.safetensors --json",
    ),
)
@options.run_argument
@click.option(
    "--policy",
    type=names.POLICY,
    required=True,
    help="The policy to be estimated: a shipped name such as town, or a file (.safetensors).",
)
@click.option(
    "--horizon",
    "hours",
    metavar="HOURS",
    type=click.FloatRange(min=0, min_open=True),
    default=6.0,
    show_default=True,
    help="How long an episode is.",
)
@click.option(
    "--truth", type=click.IntRange(min=2), metavar="N", help="Let N futures live by the policy, for comparison."
)
@click.option("--first-seed", type=click.IntRange(0, 2**63), help="The seed of the first future; others follow.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    run: Path | str, policy: str, hours: float, truth: int | None, first_seed: int | None, as_json: bool
) -> None:
    cold = living.is_cold()
    import townlet

    opened = townlet.open(run)
    if cold:
        living.compile_kernels()
    seeds = {} if first_seed is None else {"first_seed": first_seed}
    with output.Line() as line:
        found = opened.off_policy(
            policy,
            hours=hours,
            truth=truth or 0,
            progress=lambda lived: line.draw(f"{lived:,} of {truth:,} futures have lived"),
            **seeds,
        )
    if as_json:
        output.as_json(found.as_json())
    else:
        output.data("\n".join(found.lines()))
