"""`sweep`: a town for each point and seed, each once; those that have lived are not run again."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eventlog.folder.stores import local_path
from eventlog.places import is_uri
from projections.record.state import CLASSES, ORDINARY
from townlet import many
from townlet.configuration.load import Resolved, from_text, load
from townlet.errors import ConfigurationError
from townlet.sweeping.designs import Point, points_of
from townlet.sweeping.figures import figures_of
from townlet.sweeping.folder import CELLS, FUNCTION, Plan, claim, forget_table, keep_table, kept_table
from townlet.sweeping.living import town_row
from townlet.sweeping.packing import gather, is_pack_name, require_packable
from townlet.sweeping.result import SweepResult
from townlet.sweeping.rows import Town, town_of, towns_table
from townlet.sweeping.settings import Planned, Sobol, planned
from townlet.warming import warm
from townlet.whole_numbers import require_seed

Source = Path | str | Mapping[str, Any] | Planned


class Prepared(NamedTuple):
    """A sweep that is ready to run: what it plans, and its cells, point by point, each with the settings' name."""

    plan: Plan
    cells: list[tuple[str, many.Cell]]


def sweep(
    source: Source,
    *,
    into: Path | str | None = None,
    seeds: Sequence[int] | None = None,
    days: int | None = None,
    overrides: Mapping[str, object] | None = None,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    shard: many.Shard | None = None,
    retry_failed: bool = False,
    extend: bool = False,
    keep: Path | str | None = None,
    progress: Callable[[str], None] | None = None,
) -> SweepResult:
    """Let a town live for each point of a design and each seed; returns their rows and what is told from them.

    `source` is a YAML file, the name of a shipped sweep, or a mapping with the same keys; `seeds`, `days` and
    `overrides` (dotted keys) change it. `jobs`, `engine`, `address` and `shard` are as for `many.run`; no row depends
    on them. With `into`, what came of each town is kept in that folder, the same call again lets only those live that
    are missing, and with `retry_failed` those that failed. `extend` adds points or seeds to what is there. With `keep`
    every town is a run as well, in this folder, in this pack (`towns.zip`), or at this URI, which all machines of a
    cluster must reach.

    Raises ConfigurationError with every fault, QueryError for a figure that is not there, and TownletError. A town that
    fails ends no other: its row says why.
    """
    made = prepared(source, seeds=seeds, days=days, overrides=overrides, kept=keep is not None)
    folder = None if into is None else local_path(into)
    besides = None if keep is None else {"place": str(keep) if is_uri(keep) else str(Path(keep).absolute())}
    packed = Path(keep).absolute() if keep is not None and not is_uri(keep) and is_pack_name(keep) else None
    if packed is not None:
        require_packable(packed)
    if folder is not None:
        claim(folder, made.plan, extend=extend)
        forget_table(folder)
    warm()

    def tell(done: int, of: int, left_s: float | None) -> None:
        if progress:
            progress(f"{done:,} of {of:,} towns have lived" + ("" if left_s is None else f", {left_s:.0f} s left"))

    how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address, "shard": shard, "besides": besides}
    cells = [cell for _, cell in made.cells]
    if jobs != 1:
        _compile_large(cells[0])
    results = many.run(town_row, cells, into=folder and folder / CELLS, retry=retry_failed, progress=tell, **how)
    if packed is not None:
        gather(packed)
    if folder is not None and shard is not None:
        return SweepResult(*kept_table(folder))
    towns = _towns(made, results)
    if folder is not None:
        return SweepResult(made.plan, keep_table(folder, made.plan, towns))
    return SweepResult(made.plan, towns_table(made.plan.points, made.plan.seeds, towns, made.plan.same["figures"]))


def _compile_large(cell: many.Cell) -> None:
    """Compile the kernels of a large town before many processes need them; `warm` compiles the ordinary ones."""
    if CLASSES[from_text(cell["settings"]).settings.town.capacity] is not ORDINARY:
        town_row(cell["settings"], cell["seed"], 1, [])


def _towns(made: Prepared, results: Sequence[many.Result]) -> list[Town]:
    """The towns of the results."""
    names = {str(cell["settings"]): name for name, cell in made.cells}
    return [town_of(names[one.cell["settings"]], one.cell["seed"], one.digest, one.value, one.error) for one in results]


def prepared(
    source: Source,
    *,
    seeds: Sequence[int] | None = None,
    days: int | None = None,
    overrides: Mapping[str, object] | None = None,
    kept: bool = False,
) -> Prepared:
    """The plan and the cells of a sweep; no town lives. Raises ConfigurationError, QueryError and TownletError."""
    read = planned(source, seeds=seeds, days=days)
    settings, given = read.settings, dict(overrides or {})
    if both := sorted(set(given) & set(settings.parameters)):
        raise ConfigurationError(f"{', '.join(both)}: varied by the sweep, and set as well; leave one of them out")
    base = load(_source(read), {**settings.set, **given}, founded=True)
    figures = [list(figure) for figure in figures_of(read)]
    points = [(_at(base, point, number), point) for number, point in enumerate(points_of(settings))]
    ticks = settings.days * base.settings.town.ticks_per_day
    numbers = [require_seed(seed) for seed in settings.seeds]
    design = settings.design
    same = {
        "settings": base.config_id,
        "ticks": ticks,
        "figures": figures,
        "kept": kept,
        "indices": isinstance(design, Sobol) and design.indices,
    }
    cells: list[tuple[str, many.Cell]] = [
        (
            resolved.config_id,
            {"settings": resolved.text, "seed": seed, "ticks": ticks, "figures": figures, "kept": kept},
        )
        for resolved, _ in points
        for seed in numbers
    ]
    return Prepared(Plan(same, [(resolved.config_id, point) for resolved, point in points], numbers), cells)


def _source(plan: Planned) -> Path | str | None:
    """The town's configuration: a shipped name, or a file from the working directory or beside the sweep's file."""
    config = plan.settings.config
    beside = plan.folder / config if config else None
    return beside if beside is not None and beside.is_file() else config


def _at(base: Resolved, point: Point, number: int) -> Resolved:
    """The settings of a point. Raises ConfigurationError, which names it."""
    try:
        return load(base.settings, point, founded=True) if point else base
    except ConfigurationError as error:
        raise ConfigurationError(f"point {number} of the sweep: {error}") from error


__all__ = ["FUNCTION", "Prepared", "prepared", "sweep"]
