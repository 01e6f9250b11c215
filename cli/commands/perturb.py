"""`townlet perturb`"""

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import Name, RunName

COLUMNS = ("tick", "time", "kind", "ticks", "until", "strength_percent", "people", "venue")


def subjects() -> list[str]:
    """The names of shipped profiles and configurations."""
    from townlet.configuration.load import shipped_configurations
    from townlet.living.perturbing.profile import NOTHING, shipped_profiles

    return [*shipped_profiles(), NOTHING, *shipped_configurations()]


def profiles() -> list[str]:
    """The names of shipped profiles."""
    from townlet.living.perturbing.profile import shipped_profiles

    return list(shipped_profiles())


@click.command(
    "perturb",
    help=f"""{COMMANDS["perturb"]}

    City events are price spikes, blackouts, water outages, closed venues, arranged meetings and illness. A profile says
    how often each comes; `townlet run --perturb PROFILE` lets them come. They depend on profile, seed and town alone,
    so they are known before the run.

    With --calendar the events of a seed are listed. SUBJECT is the town's configuration, left out the default town.
    People are named as the town is founded: if somebody has left, the next in the order of seats takes the place. What
    really came, and what was withheld, the log says: `townlet commands RUN`.

    With --reload the run RUN goes on by another profile, which SUBJECT names, from its present tick on; `none` ends the
    events. What lasts is ended as it was to end. The events of both calendars are listed, and whether each stays, goes
    or comes. With --dry-run they are only listed.
    """,
    epilog=options.examples(
        "townlet perturb --calendar 7 --profile wild --days 7",
        "townlet perturb town24 --calendar 7 --json",
        "townlet perturb --reload runs/a calm --dry-run",
        "townlet perturb --reload runs/a my_events.yaml",
    ),
)
@click.argument("subject", required=False, type=Name("profile or configuration", subjects, files=True))
@click.option("--calendar", type=click.IntRange(0, 2**64 - 1), metavar="SEED", help="List the events of this seed.")
@click.option("--reload", type=RunName(), metavar="RUN", help="Let this run go on by the profile SUBJECT.")
@click.option(
    "--profile",
    type=Name("profile", profiles, files=True),
    default="classic",
    show_default=True,
    metavar="NAME|FILE",
    help="With --calendar: the profile.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="For how many days events are listed."
)
@click.option("--dry-run", is_flag=True, help="With --reload: change nothing.")
@options.settings_option
@options.output_formats
@click.pass_context
def command(
    ctx: click.Context,
    subject: str | None,
    calendar: int | None,
    reload: str | None,
    profile: str,
    days: int,
    dry_run: bool,
    overrides: dict[str, object],
    form: str,
) -> None:
    given = {name for name in ctx.params if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE}
    if (calendar is None) == (reload is None):
        raise click.UsageError("say what to do: --calendar SEED lists events, --reload RUN PROFILE changes a run's")
    if calendar is not None:
        if dry_run:
            raise click.UsageError("--dry-run goes with --reload: a calendar changes nothing")
        list_calendar(subject, calendar, profile, days, overrides, form)
        return
    if {"profile", "overrides"} & given:
        raise click.UsageError("--profile and --set go with --calendar: name the new profile as the argument")
    if subject is None:
        raise click.UsageError(f"name the new profile: {', '.join(profiles())}, a YAML file, or none")
    assert reload is not None
    reload_profile(reload, subject, days, dry_run, form)


def list_calendar(
    config: str | None, seed: int, profile: str, days: int, overrides: dict[str, object], form: str
) -> None:
    """Print the events that a seed brings to a town."""
    import townlet

    events = townlet.city_events(config, seed=seed, days=days, perturb=profile, overrides=overrides)
    output.records(events.to_pylist(), COLUMNS, form)
    output.words(f"{len(events)} city events in {days} days, by the profile {profile}, of seed {seed}")


def reload_profile(place: str, profile: str, days: int, dry_run: bool, form: str) -> None:
    """Print how a run's calendar changes, and let the run go on by the new profile, unless it is a dry run."""
    import townlet
    from townlet.living.perturbing.keeping import profile_in_force
    from townlet.living.perturbing.listed import row_of
    from townlet.living.perturbing.profile import profile_of
    from townlet.living.perturbing.reload import reloaded
    from townlet.living.perturbing.scene import scene_of

    run = townlet.open(options.find_own_run(place))
    now, scene, after = run.head.tick, scene_of(run.config), profile_of(profile)
    changes = reloaded(profile_in_force(run.path), after, run.seed, now, days, scene)
    rows = [{"change": each.change, **row_of(each.event, scene)} for each in changes]
    output.records(rows, ("change", *COLUMNS), form)
    counted = ", ".join(f"{sum(each.change == what for each in changes)} {what}" for what in ("stays", "goes", "comes"))
    output.words(f"city events from tick {now:,} on, for {days} days: {counted}")
    if dry_run:
        output.words(f"nothing was changed\n  Next: townlet perturb --reload {run.place} {profile}")
        return
    run.resume(0, perturb=profile if after is None else after)
    output.words(f"from tick {now:,} on {run.place} goes on by {profile}\n  Next: townlet resume {run.place} --days 1")
