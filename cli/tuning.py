"""`townlet train --tune`: its options, the study, and what is told of it."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from cli import output
from cli.engines import engine_options
from cli.living import compile_kernels, is_cold
from cli.names import Name

if TYPE_CHECKING:
    from townlet.learning.settings import Training
    from townlet.tuning.study import Pulse

Command = TypeVar("Command", bound=Callable[..., Any])

FIELDS: Final = ("study", "trials", "stopped", "best", "trial", "return", "return_low", "return_high", "untuned")


class Tuning(NamedTuple):
    """What `--tune` was given with: the search, how many trials (None: as it says), and what lets towns live."""

    search: str
    trials: int | None
    jobs: int | None
    engine: str
    address: str | None


def searches() -> list[str]:
    """The names of the shipped searches."""
    from townlet.tuning.settings import shipped_searches

    return list(shipped_searches())


def tuning_options(command: Command) -> Command:
    """`--tune` and what belongs to it, as the argument `tuning`: a Tuning, or None without `--tune`."""

    @wraps(command)
    def with_tuning(
        *,
        tune: bool,
        search: str | None,
        trials: int | None,
        jobs: int | None,
        engine: str,
        address: str | None,
        **more: Any,
    ) -> Any:
        given = {"--search": search, "--trials": trials, "--jobs": jobs}
        given |= {"--engine": "ray" if engine == "ray" else None, "--address": address}
        if not tune and (alone := [name for name, value in given.items() if value is not None]):
            raise click.UsageError(f"{alone[0]} belongs to a study. Next: add --tune")
        return command(**more, tuning=Tuning(search or "default", trials, jobs, engine, address) if tune else None)

    for option in (
        click.option("--jobs", type=click.IntRange(min=1), help="With --tune: processes; one a processor by default."),
        click.option("--trials", type=click.IntRange(1, 10_000), help="With --tune: trials in all."),
        click.option(
            "--search",
            type=Name("search", searches, files=True),
            metavar="FILE",
            help="With --tune: the keys that are tried and their ranges; by default the shipped file `default`.",
        ),
        click.option("--tune", is_flag=True, help="Look for better values of the training file's keys."),
    ):
        with_tuning = option(with_tuning)
    with_tuning = engine_options(with_tuning)
    return with_tuning  # type: ignore[return-value]


def tune(training: "Training", into: Path, given: Tuning, *, resume: bool, form: str) -> None:
    """Make a study, tell each trial on stderr, and print what came of it."""
    from townlet.tuning.settings import search_of
    from townlet.tuning.study import require_optuna

    require_optuna()
    search = search_of(given.search)
    from townlet.tuning import study as studies
    from townlet.tuning.leaving import BEST

    if is_cold():
        compile_kernels()
        output.words("the first training compiles what learning needs beside, which takes a minute or two, once")
    output.words(f"tuning {', '.join(search.search)} into {into}: {given.trials or search.trials} trials")
    how: Any = {"jobs": given.jobs, "engine": given.engine, "address": given.address}
    try:
        found = studies.tune(training, search, into, trials=given.trials, resume=resume, **how, progress=_tell)
    except KeyboardInterrupt:
        output.words(f"stopped; the trials that are there stay. Next: the same with --resume --into {into}")
        raise
    best = found.best
    told = {"study": str(into), "trials": len(found.trials)}
    told |= {"stopped": sum(trial.value is None for trial in found.trials)}
    told |= {"best": str(into / BEST) if best else None, "trial": best.number if best else None}
    figures = (best.value, best.low, best.high) if best else (None, None, None)
    told |= dict(zip(FIELDS[5:8], figures, strict=True)) | {"untuned": found.untuned.value if found.untuned else None}
    if form == "table":
        for name in FIELDS[5:]:
            told[name] = None if told[name] is None else f"{told[name]:.3f}"
    output.record(told, form)
    if best is None:
        output.words(
            "no trial has a value: each was stopped, and its line says why. Next: other ranges, or other guards"
        )
        raise click.exceptions.Exit(1)
    for key, value in best.values.items():
        output.words(f"{key}: {_short(value)}")


def _tell(pulse: "Pulse") -> None:
    """Tell of one trial."""
    trial, best = pulse.trial, pulse.best
    told = [f"trial {trial.number} ({pulse.done} of {pulse.of})"]
    if trial.value is None or trial.high is None:
        told.append(f"no value: {' '.join(trial.why.split())}")
    else:
        told.append(f"return {trial.value:.2f} ± {trial.high - trial.value:.2f} a seat-day")
    told.append(", ".join(f"{key} {_short(value)}" for key, value in trial.values.items()))
    if best and best.value is not None:
        told.append(f"best {best.value:.2f} (trial {best.number})")
    if pulse.left_s is not None:
        told.append(f"{pulse.left_s:,.0f} s left")
    output.words("  ".join(told))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
