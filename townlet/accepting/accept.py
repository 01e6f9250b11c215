"""`accept`: towns live, and everything that a milestone promises is measured in them, in one report."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from townlet.accepting import risks
from townlet.accepting.criterion import HOLDS, Criterion, Found, Question, Samples
from townlet.accepting.milestone import QUESTIONS
from townlet.accepting.trained import of_trainings
from townlet.configuration.load import NONE, load
from townlet.errors import ConfigurationError
from townlet.judging.acceptance import Row
from townlet.judging.facts.asking import facts
from townlet.judging.facts.document import seeds_words
from townlet.judging.facts.judged import Judged
from townlet.judging.facts.table import ALL
from townlet.judging.soak import soak
from townlet.judging.soak_drift import Drift, drifts
from townlet.judging.soak_record import soak_code
from townlet.learning.kept.metrics import read_table
from townlet.many_towns import simulate_many
from townlet.run import simulate
from townlet.whole_numbers import require_seed, require_within

SEEDS_LEAST: Final = 20
DAYS_LEAST: Final = 30
"""Fewer towns or days than these try the measurement out, and decide nothing."""

SAMPLES_MOST: Final = 3
"""So many towns, of the first seeds, are kept as runs, for the exit criteria."""

HARD_DAYS: Final = 3
HARD: Final[Mapping[str, object]] = {"needs.faint_at": 0.6}
"""How long the town lives in which people faint often, and what makes them faint."""

PAID: Final[Mapping[str, object]] = {"rewards.social.stage": "c1"}
"""The sample towns are paid by this stage; no rule reads it."""

PERSONALITY_OFF: Final[Mapping[str, object]] = {"features.relationship_modifiers": False}

FACTS_LONGER: Final = 2
"""Facts are measured over so many times the days: friendships and wallets need two months."""

PLACE: Final = "runs/accepted"
"""The folder that the commands of a report name."""

SOAKS: Final = Path("soaks")
"""Where recorded soaks are looked for, relative to the working directory."""

Told = Callable[[str], None]


class Report(NamedTuple):
    """What was measured. `training` are rows of a training's metrics, empty without one; `made` is a UTC date."""

    config: str
    people: int
    seeds: tuple[int, ...]
    days: int
    code: str
    made: str
    quick: bool
    criteria: tuple[Criterion, ...]
    risks: tuple[Criterion, ...]
    training: tuple[Mapping[str, Any], ...] = ()

    @property
    def failed(self) -> list[Criterion]:
        """The criteria that do not hold; risks are no criteria."""
        return [one for one in self.criteria if one.state == "fails"]

    @property
    def is_whole(self) -> bool:
        """Whether enough towns lived long enough for a decision, and nothing was left out."""
        return len(self.seeds) >= SEEDS_LEAST and self.days >= DAYS_LEAST and not self.quick

    @property
    def decision(self) -> str:
        """`GO`, `NO-GO`, or `NONE` where too little was measured."""
        if not self.is_whole:
            return "NONE"
        return "NO-GO" if self.failed else "GO"

    @property
    def open_points(self) -> list[Criterion]:
        """What does not hold, is not measured, or has happened of the risks."""
        return [one for one in (*self.criteria, *self.risks) if one.state != "holds"]


def accept(
    config: str | None = None,
    *,
    seeds: Sequence[int] = range(1, 21),
    days: int = 30,
    overrides: Mapping[str, object] = NONE,
    quick: bool = False,
    jobs: int | None = None,
    into: Path | None = None,
    training: Path | None = None,
    ci_minutes: float | None = None,
    made_s: int = 0,
    outside: Sequence[Question] = (),
    progress: Told | None = None,
) -> Report:
    """Measure the acceptance table, facts of people, the milestone's exit criteria and its risks.

    `config` and `overrides` are as for `soak`. The table's towns live `days` days, those of the facts twice as long.
    With `into`, the sample towns and what is counted for facts are kept there; facts that this code has counted are not
    counted again. `quick` leaves out the second soak and the trainings. `training` is the folder of a training whose
    metrics are shown. `made_s` is when the report is made, in seconds since 1970. `outside` are questions that no room
    of this package can answer, such as those of the screen.

    Raises ConfigurationError and TownletError before a town lives, and whatever a soak or facts raise.
    """
    require_within(days, "days", 1, 365)
    numbers = tuple(map(require_seed, seeds))
    resolved = load(config, overrides, founded=True)
    learned = _metrics(training)
    tell = progress or (lambda text: None)
    with _folder(into) as folder:
        rows, drifted = _table(config, numbers, days, overrides, quick, jobs, tell)
        known = facts(
            config,
            seeds=numbers,
            days=FACTS_LONGER * days,
            overrides=overrides,
            jobs=jobs,
            into=folder / "facts",
            progress=tell,
        )
        tell("sample towns live")
        samples = _samples(config, numbers, days, overrides, jobs, folder)
        words = _words(config, overrides, numbers, days, samples)
        criteria = [question.answer(samples) for question in (*QUESTIONS, *outside)]
        criteria += [*_of_rows(rows, words), *_of_facts(known, words)]
        found = risks.of_table(rows) | risks.of_criteria(criteria) | risks.of_towns(samples) | risks.of_time(ci_minutes)
        found |= risks.of_stages(SOAKS)
        found |= {name: Found("", None, risks.LEFT_OUT) for name in ("4.1-R3", "4.2-R1", "4.3-R1")}
        if not quick:
            tell("policies are trained")
            found |= risks.of_drift(drifted) | of_trainings()
        register = tuple(risks.register(found, words))
    return Report(
        resolved.settings.name,
        resolved.settings.town.people,
        numbers,
        days,
        soak_code(),
        datetime.fromtimestamp(made_s, UTC).strftime("%Y-%m-%d"),
        quick,
        tuple(criteria),
        register,
        tuple(learned),
    )


@contextmanager
def _folder(into: Path | None) -> Iterator[Path]:
    """The folder for what is kept, or one that is removed in the end."""
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        yield into
        return
    with tempfile.TemporaryDirectory(prefix="townlet-accept-") as folder:
        yield Path(folder)


def _metrics(training: Path | None) -> list[Mapping[str, Any]]:
    """The rows of a training's metrics. Raises ConfigurationError where there are none."""
    if training is None:
        return []
    rows = read_table(training / "metrics.parquet")
    if not rows:
        raise ConfigurationError(
            f"{training} has no metrics.parquet with rows: it is no training's folder. Next: townlet train --help"
        )
    return list(rows)


def _table(
    config: str | None,
    seeds: Sequence[int],
    days: int,
    overrides: Mapping[str, object],
    quick: bool,
    jobs: int | None,
    tell: Told,
) -> tuple[list[Row], list[Drift]]:
    """The rows of the soak, and how far they drift where personality is off; no drifts if `quick`."""
    rows = soak(config, seeds, days, tell, overrides=overrides, jobs=jobs)
    if quick:
        return rows, []
    changed = soak(config, seeds, days, tell, overrides={**overrides, **PERSONALITY_OFF}, jobs=jobs)
    return rows, list(drifts(rows, changed))


def _samples(
    config: str | None,
    seeds: Sequence[int],
    days: int,
    overrides: Mapping[str, object],
    jobs: int | None,
    folder: Path,
) -> Samples:
    """The towns of the first seeds as runs, and the one in which people faint."""
    paid = {**overrides, **PAID}
    chosen = seeds[:SAMPLES_MOST]
    few = jobs if days * len(chosen) > DAYS_LEAST else 1
    towns = simulate_many(config, seeds=chosen, days=days, into=folder, overrides=paid, jobs=few, replace=True)
    ticks, settings = HARD_DAYS * towns[0].config.town.ticks_per_day, {**paid, **HARD}
    hard = simulate(config, ticks=ticks, seed=seeds[0], into=folder / "hard", overrides=settings, replace=True)
    return Samples(towns, hard, PLACE)


def _words(
    config: str | None, overrides: Mapping[str, object], seeds: Sequence[int], days: int, samples: Samples
) -> dict[str, str]:
    """What fills the places in the commands of a report."""
    changes = "".join(f" --set {key}={value}" for key, value in overrides.items())
    return {
        "config": f"{config or 'town'}{changes}",
        "seeds": seeds_words(seeds),
        "days": str(days),
        "fact_days": str(FACTS_LONGER * days),
        "run": samples.first_place,
        "runs": samples.all_places,
    }


def _of_rows(rows: Sequence[Row], words: Mapping[str, str]) -> Iterator[Criterion]:
    command = "townlet soak {config} --seeds {seeds} --days {days}".format(**words)
    for row in rows:
        yield Criterion(
            "table", row.name, "The acceptance table", "", row.must, row.value, HOLDS[row.passed], row.note, command
        )


def _of_facts(rows: Sequence[Judged], words: Mapping[str, str]) -> Iterator[Criterion]:
    command = "townlet facts {config} --seeds {seeds} --days {fact_days}".format(**words)
    for row in rows:
        if row.kind == "told" or row.state == "told":
            continue
        note = row.note or (f"interval {row.interval}" if row.interval else "")
        yield Criterion(
            "fact", row.name, "Facts of people", ALL[row.name].what, row.must, row.value, row.state, note, command
        )
