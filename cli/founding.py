"""A new town of a command that lets it live: the options that found it, and the founding itself."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from cli import options, output
from eventlog.folder.run_folders import is_run

SEED = 7
"""The seed of a new town, unless another is given."""


def new_town_options(command: options.Command) -> options.Command:
    """`--seed`, `--into`, `--set`, `--perturb` and `--durability`: how a new town is founded, and its log kept."""
    seed = click.option("--seed", type=click.IntRange(0, 2**64 - 1), help=f"The seed of a new town; by default {SEED}.")
    into = click.option(
        "--into", type=options.NewPath(), help="The folder of a new town; by default runs/<name>-<seed>."
    )
    for option in (options.durability_option, options.perturb_option, options.settings_option, into, seed):
        command = option(command)
    return command


def new_town(
    config: str, seed: int | None, into: Path | None, overrides: Mapping[str, object], perturb: str | None, next_: str
) -> tuple[Path, Callable[..., Any]]:
    """The folder of a new town by a configuration, and what lets it live in it; city events come by `perturb`.

    `next_` is what to do where the folder is a run already, with `{path}` for it. Raises ConfigurationError, DiskFull,
    and `click.UsageError` for such a folder.
    """
    from townlet.configuration.load import load
    from townlet.living import loop
    from townlet.living.commands.typed import TICK_MOST
    from townlet.living.perturbing.profile import profile_of

    profile = None if perturb is None else profile_of(perturb)
    resolved = load(config, overrides, founded=True)
    for doubt in resolved.doubts():
        output.words(doubt)
    number = SEED if seed is None else seed
    path = into or options.RUNS / f"{resolved.settings.name}-{number}"
    if is_run(path):
        raise click.UsageError(f"{path} is a run already: {next_.format(path=path)}, or give --into")
    return path, partial(loop.begin, resolved, TICK_MOST, number, path, perturb=profile)
