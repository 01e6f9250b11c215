"""`townlet run`"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cli import living, options, output
from cli.engines import engine_options
from cli.main import COMMANDS
from cli.names import CONFIG
from eventlog.folder.run_folders import is_run

if TYPE_CHECKING:
    from townlet.configuration.load import Resolved
    from townlet.living.commands.session import Order
    from townlet.policies.guide import Guide


@click.command(
    "run",
    help=f"""{COMMANDS["run"]}

    CONFIG is a YAML file or the name of a shipped configuration; left out, it is the default town. The same
    configuration and seed give the same log, byte for byte.

    With --replace the earlier run stays until the first tick of the new one is committed, and a folder that holds
    anything but a run is refused.

    At the end the run's digests are printed. Ctrl-C stops the town between two commits; committed events are kept.

    With --seeds a town lives for each seed, --jobs of them at a time, each into a run of its own: FOLDER/seed-N, where
    --into names FOLDER, by default runs/<name>. At the end there is a row for each. With --resume a town that is whole
    already is passed over, and one that was stopped goes on.

    With --policy people live by what was learned instead of by the script. The run keeps a copy of the policy, and each
    decision with its probabilities: townlet sql RUN "select * from decisions".

    With --perturb city events come by a profile: price spikes, blackouts, water outages, closed venues, arranged
    meetings, illness. They are drawn before the run: townlet perturb --calendar SEED lists them. The run keeps the
    profile, and resume and fork go on with it.

    With --commands the town is given the commands of a session, each at its tick; the log has each with its answer.
    """,
    epilog=options.examples(
        "townlet run --days 5",
        "townlet run configs/town.yaml --ticks 5000 --seed 7 --into runs/a",
        "townlet run queue_conflict --days 1 --set town.people=12 --json",
        "townlet run --days 1 --pace 10x",
        "townlet run --seeds 1-20 --days 5 --jobs 2 --into runs/twenty",
        "townlet run --seeds 1-20 --days 5 --into runs/twenty --resume",
        "townlet run --seed 8 --days 5 --commands session.yaml",
        "townlet run --days 30 --perturb wild",
        "townlet run --policy my.safetensors --share 4/8 --days 5",
    ),
)
@click.argument("config", required=False, type=CONFIG)
@options.ticks_options
@click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), default=7, show_default=True, help="The seed of all random draws."
)
@click.option("--seeds", type=options.Seeds(), help="Many towns, one for each seed; 20 means 1 to 20.")
@options.jobs_option
@engine_options
@click.option("--into", type=options.NewPath(), help="The run's folder; by default runs/<name>-<seed>.")
@options.settings_option
@options.policy_options
@options.commands_option
@options.perturb_option
@options.durability_option
@options.pace_option
@click.option("--replace", is_flag=True, help="Replace an earlier run in that folder.")
@click.option("--resume", is_flag=True, help="With --seeds: let what is there stand, and live only what is missing.")
@options.output_formats
@click.pass_context
def command(
    ctx: click.Context,
    config: str | None,
    ticks: int | None,
    days: int | None,
    seed: int,
    seeds: Sequence[int] | None,
    jobs: int | None,
    engine: str,
    address: str | None,
    into: Path | None,
    overrides: dict[str, object],
    policy: str | None,
    share: str | None,
    orders: "Sequence[Order]",
    perturb: str | None,
    durability: str,
    pace: str,
    replace: bool,
    resume: bool,
    form: str,
) -> None:
    from eventlog.errors import RunExists
    from townlet.configuration.load import load
    from townlet.policies.guide import guide

    require_fitting(ctx)
    cold = living.is_cold()
    resolved = load(config, overrides, founded=True)
    by = guide(policy, share)
    require_policy_fits(by, resolved)
    for doubt in resolved.doubts():
        output.words(doubt)
    wanted = options.ticks_of(ticks, days, resolved.settings.town.ticks_per_day)
    how: dict[str, Any] = {"durability": durability, "replace": replace, "orders": orders, "perturb": perturb}
    if seeds is not None:
        if cold:
            living.compile_kernels()
        how |= {"jobs": jobs, "engine": engine, "address": address, "resume": resume, "policy": policy, "share": share}
        live_many(resolved, seeds, wanted, into, how, form)
        return
    path = into or options.RUNS / f"{resolved.settings.name}-{seed}"
    replaced = is_run(path)
    if replaced and not replace:
        raise RunExists(path)
    if replace and not replaced:
        require_nothing(path)
    if cold:
        living.compile_kernels()
    import townlet

    living.live(
        lambda progress, commit_ticks: townlet.simulate(
            resolved.settings,
            ticks=wanted,
            seed=seed,
            into=path,
            progress=progress,
            commit_ticks=commit_ticks,
            policy=by.policy if by else None,
            share=str(by.share) if by else None,
            **how,
        ),
        path,
        form,
        pace,
    )
    living.say_given(townlet.open(path), orders)
    if replaced:
        output.words(f"removed the earlier run in {path}")


def require_fitting(ctx: click.Context) -> None:
    """Raise `click.UsageError` for options that do not go together: some are for one town, some for many."""
    given = {name for name in ctx.params if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE}
    if "seeds" in given:
        for name in sorted({"seed", "pace"} & given):
            raise click.UsageError(f"--{name} is for one town, and --seeds for many: give only one of them")
        if {"resume", "replace"} <= given:
            raise click.UsageError("--resume keeps the runs that are there, --replace removes them: give only one")
    for name in sorted({"jobs", "engine", "address", "resume"} & given):
        if "seeds" not in given:
            other = "townlet resume RUN goes on with one" if name == "resume" else "one town lives in one process"
            raise click.UsageError(f"--{name} is for many towns: add --seeds, such as --seeds 1-20; {other}")


def require_policy_fits(by: "Guide | None", resolved: "Resolved") -> None:
    """Raise PolicyMisfit for a policy that cannot decide in this town."""
    if by is not None:
        from townlet.living.deciding import require_fitting

        require_fitting(by, resolved.settings)


def live_many(
    resolved: "Resolved", seeds: Sequence[int], ticks: int, into: Path | None, how: dict[str, Any], form: str
) -> None:
    """Let a town live for each seed; prints a row for each. Ctrl-C or SIGTERM ends all at once."""
    from townlet import many_towns

    began_s, done = time.perf_counter(), 0
    with output.Line() as line:

        def tell(towns: int, of: int, left_s: float | None) -> None:
            nonlocal done
            done = towns
            line.draw(f"{towns} of {of} towns have lived" + ("" if left_s is None else f", {left_s:.0f} s left"))

        try:
            lived = many_towns.live_many(resolved, seeds, ticks, into, progress=tell, **how)
        except KeyboardInterrupt:
            line.clear()
            output.words(f"stopped: {done} of {len(seeds)} towns have lived; all committed events stay")
            output.words("  Next: the same command with --resume        goes on from there")
            raise
    output.records([each._asdict() for each in lived], many_towns.Lived._fields, form)
    made = sum(each.done != "was whole" for each in lived)
    whole = f", {len(lived) - made} were whole already" if made < len(lived) else ""
    output.words(f"{made} towns lived up to tick {ticks:,} in {time.perf_counter() - began_s:.1f} s{whole}")


def require_nothing(path: Path) -> None:
    """Raise `click.UsageError` if there is anything at this path that is no run: --replace removes only runs."""
    from eventlog.errors import EventLogError
    from eventlog.folder.belongings import require_free

    try:
        require_free(path)
    except EventLogError as error:
        raise click.UsageError(f"{path} is not a run: --replace does not remove it; {error}") from error
