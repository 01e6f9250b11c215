"""Runs a trial: every arm lives on from the moment, and is compared with the control."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from townlet.history.history import History
from townlet.many import PROCESSES
from townlet.many.statistics import holm
from townlet.whatif.asked.measuring import require_askable
from townlet.whatif.paired.asking import THREADS
from townlet.whatif.paired.effects import Effects, effects
from townlet.whatif.paired.treatments import Intervention
from townlet.whatif.trials.assignment import seeds_by_arm, towns_table
from townlet.whatif.trials.engines import Engine
from townlet.whatif.trials.interventions import interventions_of
from townlet.whatif.trials.keeping import claim, keep
from townlet.whatif.trials.living import Ended, Progress, TrialArms
from townlet.whatif.trials.moment import history_of, moment_of
from townlet.whatif.trials.outcome import Outcome, outcome_of
from townlet.whatif.trials.plan import Planned, Trial, planned
from townlet.whatif.trials.result import TrialResult


def trial(
    source: Path | str | dict[str, Any] | Planned,
    *,
    into: Path | str | None = None,
    threads: int = THREADS,
    jobs: int | None = None,
    engine: str = PROCESSES,
    address: str | None = None,
    progress: Progress | None = None,
) -> TrialResult:
    """The result of a trial: a YAML file, a shipped one by its name, a mapping with the same keys, or its plan.

    `into` is a folder for the result, its tables and its report; it holds one plan, and another is refused. A run named
    by the plan stays as it is. The futures live in `threads` of this process; with `jobs`, an `engine` "ray" or an
    `address`, as for `many.run`, in processes of their own. The same plan and history give the same result, digest for
    digest. Raises ConfigurationError, QueryError, TickOutOfRange, RunNotFound, PolicyError, LogDamaged, DiskFull, and
    TownletError where a future in another process failed.
    """
    plan, other = planned(source), Engine(jobs, engine, address)
    folder = None if into is None else claim(Path(into), plan)
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="townlet-trial-")))
        found = _result(plan, history_of(plan.settings, place, plan.folder), threads, other, progress)
    if folder is not None:
        keep(found, folder)
    return found


def _result(plan: Planned, run: History, threads: int, other: Engine, progress: Progress | None) -> TrialResult:
    """What every arm did."""
    settings, per_day = plan.settings, run.config.town.ticks_per_day
    moment = moment_of(settings, run)
    outcomes = [outcome_of(text, run.config, plan.folder) for text in settings.outcomes]
    interventions = interventions_of(plan, run, moment)
    if questions := [question for outcome in outcomes if (question := outcome.question) is not None]:
        require_askable(run, questions, moment)
    same = settings.luck == "same"
    seeds = seeds_by_arm(list(settings.arms), settings.futures, settings.first_seed, same_luck=same)
    arms = TrialArms(run, settings, seeds, outcomes, threads, progress)
    elsewhere = partial(other.live, plan, run, moment, progress=progress) if other.is_elsewhere else None
    ended = arms.live(interventions, elsewhere)
    return TrialResult(
        plan=plan,
        place="a town that was founded for it" if settings.run is None else settings.run,
        moment=moment,
        ticks_per_day=per_day,
        history=run.at(moment).state_digest,
        given={name: (*each.words, *_rejections(each, ended[name], moment)) for name, each in interventions.items()},
        effects=_effects_table(settings, outcomes, ended),
        towns=towns_table(seeds, {name: ended[name].digests for name in settings.arms}),
        placebos={
            name: placebo
            for name, arm in settings.treated.items()
            if arm.placebo and (placebo := ended[name].placebo) is not None
        },
    )


def _rejections(intervention: Intervention, ended: Ended, moment: int) -> list[str]:
    """A sentence for each later command that some town of an arm rejected."""
    later = sorted(intervention.later, key=lambda order: order.at)
    towns = len(ended.rejected)
    return [
        f"The command {order.command.command}, {order.at - moment:,} ticks later, was rejected in {count} of {towns} "
        "towns."
        for order, count in zip(later, ended.rejected.sum(axis=0).tolist(), strict=True)
        if count
    ]


def _effects_table(settings: Trial, outcomes: Sequence[Outcome], ended: Mapping[str, Ended]) -> pa.Table:
    """A row for each arm but the control, outcome and day.

    Columns: `arm, outcome, day, control, treated` (means of both arms), `mean, low, high` (of the differences), `p`,
    `holm` (the p-value as all named outcomes of all arms but placebos allow it to be read; only at the end), `differ`,
    `pairs`, `gain` (unpaired over paired variance), `towns` (that lived for this difference), `towns_unpaired` (that an
    interval of this length needs without pairs).
    """
    rows: list[dict[str, Any]] = []
    control = ended[settings.control].values
    for name in settings.treated:
        treated = ended[name].values
        found = effects(control, treated)
        for day in range(settings.days):
            for number, outcome in enumerate(outcomes):
                if outcome.question is not None and not found.pairs[day, number] and day < settings.days - 1:
                    continue
                levels = [_mean(values[:, day, number]) for values in (control, treated)]
                rows.append(
                    {
                        "arm": name,
                        "outcome": outcome.text,
                        "day": day + 1,
                        "control": levels[0],
                        "treated": levels[1],
                        **_numbers(found, day, number),
                    }
                )
    family = [row for row in rows if row["day"] == settings.days and not settings.arms[row["arm"]].placebo]
    read = holm([1.0 if row["p"] is None else row["p"] for row in family])
    for row, adjusted in zip(family, read, strict=True):
        row["holm"] = adjusted
    words, whole, real = pa.string(), pa.int64(), pa.float64()
    schema = pa.schema(
        [
            ("arm", words),
            ("outcome", words),
            ("day", whole),
            *((each, real) for each in ("control", "treated", "mean", "low", "high", "p", "holm", "differ")),
            ("pairs", whole),
            ("gain", real),
            ("towns", whole),
            ("towns_unpaired", whole),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


def _numbers(found: Effects, day: int, number: int) -> dict[str, Any]:
    """The effect on one outcome at one day's end. An interval counts one unpaired pair more than there are."""
    one = {name: float(values[day, number]) for name, values in found._asdict().items()}
    row: dict[str, Any] = {name: None if np.isnan(value) else value for name, value in one.items()}
    pairs = row["pairs"] = int(found.pairs[day, number])
    row["towns"] = 2 * pairs
    needed = None if row["gain"] is None else pairs / (1.0 / row["gain"] + 1.0 / pairs)
    row["towns_unpaired"] = None if needed is None else 2 * int(np.ceil(needed))
    return row


def _mean(values: np.ndarray) -> float | None:
    """The mean of those that there are."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None
