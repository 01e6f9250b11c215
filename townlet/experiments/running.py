"""Makes the cells of an experiment: each is trained, then lives in the held-out towns, and is kept."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from eventlog.folder import disk
from townlet import many
from townlet.configuration.load import from_text, load
from townlet.evaluating.living import town_sums
from townlet.experiments.cells import Cell, identity_of, kept_cell, training_folder, write_cell
from townlet.experiments.figures import STAGES, sums_needed
from townlet.experiments.settings import Planned, planned
from townlet.learning.kept.checkpoints import FOLDER
from townlet.learning.kept.folders import POLICY, this_code
from townlet.learning.settings import Training
from townlet.learning.training import train
from townlet.many.cells import canonical
from townlet.warming import warm


class Made(NamedTuple):
    """What a call did: cells that were there before, cells that it made, and each that failed, with the reason."""

    kept: list[str]
    made: list[str]
    failed: dict[str, str]


def run_experiment(
    source: Path | str | Planned,
    into: Path | str,
    *,
    arm: str | None = None,
    seeds: tuple[int, ...] = (),
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Made:
    """Make the cells that are missing, of one arm and of some seeds if they are given, in `jobs` processes, or by
    another `engine` at an `address`, as for `many.run`.

    `into` is the experiment's folder. Stopped at any point, the same call goes on: a cell that is kept is not made
    again, and a training that was under way goes on from its last checkpoint. A cell that fails ends no other.
    Raises ConfigurationError for a plan that was changed, for arms and seeds that are not planned, and for a folder
    with cells of another plan or other settings.
    """
    plan = source if isinstance(source, Planned) else planned(source)
    folder, wanted = Path(into), plan.cells(arm, seeds)
    kept = [cell for cell in wanted if kept_cell(folder, plan, *cell)]
    left = [cell for cell in wanted if cell not in kept]
    warm()

    def tell(done: int, of: int, left_s: float | None) -> None:
        if progress:
            rest = "" if left_s is None else f", {left_s / 60:.0f} minutes left"
            progress(f"{done + len(kept)} of {of + len(kept)} cells are there{rest}")

    cells = [_arguments(plan, folder, *cell) for cell in left]
    results = many.run(make_cell, cells, jobs=jobs, engine=engine, address=address, progress=tell) if cells else []
    names = [f"{name}-{seed}" for name, seed in left]
    failed = {name: result.error for name, result in zip(names, results, strict=True) if result.error}
    made = [name for name in names if name not in failed]
    return Made([f"{name}-{seed}" for name, seed in kept], made, failed)


def _arguments(plan: Planned, into: Path, arm: str, seed: int) -> many.Cell:
    """What `make_cell` is called with, as JSON can express it."""
    training, common, held = plan.training(arm, seed), plan.town_changes(), plan.settings.towns
    stages = {
        f"{stage}.": load(training.config, {**common, "rewards.social.stage": stage}, founded=True).text
        for stage in STAGES
    }
    return {
        "into": str(into.resolve()),
        "arm": arm,
        "seed": seed,
        "plan": plan.plan,
        "identity": identity_of(plan, arm, seed),
        "training": training.model_dump(mode="json"),
        "settings": load(training.config, common, founded=True).text,
        "also": stages,
        "seeds": list(held.seeds),
        "days": held.days,
    }


def make_cell(
    into: str,
    arm: str,
    seed: int,
    plan: str,
    identity: str,
    training: Mapping[str, Any],
    settings: str,
    also: Mapping[str, str],
    seeds: list[int],
    days: int,
) -> str:
    """Train a cell, let its policy live in towns of these seeds for so many days, and keep it; returns its identity.

    `settings` are the text of the towns, `also` those of the rewards that are paid beside, by their prefixes.
    Raises TownletError, such as the reason for which a training stopped.
    """
    run = training_folder(Path(into), arm, seed)
    ended = train(Training.model_validate(training), run, resume=True)
    everybody = list(range(from_text(settings).settings.town.people))
    lived = [town_sums(settings, town, days, str(run / POLICY), everybody, also, True, ended.weights) for town in seeds]
    write_cell(
        Path(into),
        Cell(
            plan=plan,
            identity=identity,
            arm=arm,
            seed=seed,
            code=", ".join(dict.fromkeys((*ended.codes, this_code()))),
            training=ended.digest,
            weights=ended.weights,
            logs=sha256(canonical([sums["log"] for sums in lived]).encode()).hexdigest(),
            towns={name: [float(sum(sums[name])) for sums in lived] for name in sums_needed()},
        ),
    )
    for file in (run / FOLDER).glob("*.safetensors"):  # tens of megabytes, and nothing goes on from them
        disk.remove(file)
    return identity


__all__ = ["Made", "make_cell", "run_experiment"]
