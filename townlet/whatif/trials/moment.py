"""The history that all arms of a trial share, and the moment at which they part."""

import contextlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from projections.spelling import proposal
from townlet.asking.key_figures import in_town, parts, shipped
from townlet.asking.sql import Session
from townlet.configuration.load import load
from townlet.errors import QueryError
from townlet.history.history import History
from townlet.living.loop import begin
from townlet.warming import warm
from townlet.whatif.trials.plan import Trial, When

FOUNDED: Final = "history"
"""The folder of the run that a trial makes for itself."""


def history_of(trial: Trial, folder: Path, beside: Path) -> History:
    """The run of a trial, or the one that is founded for it in `folder` and lives until the moment can have come.

    A path in the plan is from the working directory, or else from `beside`, the folder of the plan. Raises RunNotFound,
    LogDamaged, ConfigurationError, DiskFull.
    """
    if trial.run is not None:
        here = Path(trial.run)
        return History(here if here.is_dir() or not (beside / here).is_dir() else beside / here)
    warm()
    given = trial.config
    if given is not None and not Path(given).exists() and (beside / given).exists():
        given = str(beside / given)
    resolved = load(given, founded=True)
    per_day = resolved.settings.town.ticks_per_day
    ticks = trial.moment if isinstance(trial.moment, int) else trial.search_days * per_day
    begin(resolved, max(1, ticks), trial.seed, folder / FOUNDED, durability="never", progress=None, replace=True)
    return History(folder / FOUNDED)


def moment_of(trial: Trial, run: History) -> int:
    """The tick at which the arms part. Raises QueryError for a condition that is never true, TickOutOfRange."""
    if isinstance(trial.moment, int):
        run.require(trial.moment)
        return trial.moment
    when = trial.moment
    with contextlib.closing(Session(run)) as session:
        ticks = _ticks_of_query(session, when) if when.sql is not None else _ticks_of_figure(session, run, when)
    moments = [tick for tick in ticks if tick >= when.from_tick]
    if not moments:
        raise QueryError(
            f"moment: {_condition(when)} is never true in {run.place} from tick {when.from_tick:,} to "
            f"{run.head.tick:,}.\n  Next: another condition, or more search_days"
        )
    run.require(min(moments))
    return min(moments)


def _ticks_of_query(session: Session, when: When) -> list[int]:
    """The ticks after those that a query gives."""
    try:
        answer = session.query(str(when.sql))
    except QueryError as error:
        raise QueryError(f"moment: sql: {error}") from error
    if "tick" not in answer.column_names or not pa.types.is_integer(answer["tick"].type):
        raise QueryError(
            f"moment: sql: the query gives {', '.join(answer.column_names)}; it must give whole ticks as tick"
        )
    return [tick + 1 for tick in answer["tick"].to_pylist() if tick is not None]


def _ticks_of_figure(session: Session, run: History, when: When) -> list[int]:
    """The ticks after which a key figure of all ticks so far lies beyond its bound."""
    figures, name = shipped(), str(when.kpi)
    if name not in figures:
        raise QueryError(f"moment: kpi: there is no key figure {name!r}; {proposal(name, list(figures))}")
    sql = in_town(figures[name].sql, run.config.town.ticks_per_day)
    rows = parts(session.query, f"the key figure {name}", sql)
    whole, part = np.cumsum(rows.whole), np.cumsum(rows.part)
    last = np.append(rows.tick[1:] != rows.tick[:-1], True) if len(rows.tick) else np.zeros(0, bool)
    value: Any = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole != 0)
    beyond = value > when.above if when.above is not None else value < when.below
    return [int(tick) + 1 for tick in rows.tick[last & beyond]]


def _condition(when: When) -> str:
    if when.sql is not None:
        return "the query"
    return f"{when.kpi} {'above' if when.above is not None else 'below'} {when.above or when.below or 0:g}"
