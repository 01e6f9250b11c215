"""What a town counts each day: SQL's table `days`. The counts come from the town's own state."""

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from townlet.history.history import History, Moment
from townlet.history.tie_summaries import Summaries

if TYPE_CHECKING:
    from townlet.living.town import Town

COUNTED: Final = ("agent_days", "good_days", "shifts", "shifts_on_time", "ties_evicted", "tie_days")
"""Counters of a town's clock; each counts from the founding on."""

HELD: Final = ("people", "ties", "friendships", "rivalries")
"""Columns that describe the town at the end of a day."""


def day_counts(run: History, from_tick: int, tick: int) -> pa.Table:
    """A row for each whole day from `from_tick` on and before `tick`, folded from the log.

    Columns, all int64: `day, from_tick, to_tick` (exclusive); COUNTED, each as what the day added to that counter
    (person-days, person-days without want, shifts, shifts begun on time, ties lost to make room, ties held at the day's
    end); and HELD, the town at the end of the day, with pairs counted as in `society`. Raises LogDamaged.
    """
    per_day = run.config.town.ticks_per_day
    begun = range(-(-from_tick // per_day), tick // per_day)
    found: dict[str, list[Any]] = {name: [] for name in ("day", "from_tick", "to_tick", *COUNTED, *HELD)}
    town = run.at(min(begun.start * per_day, tick)).town
    for day in begun:
        before = _counts(town.record["clock"])
        town.fold(run.log.rows(from_seq=town.seq, to_tick=(day + 1) * per_day))
        after = _counts(town.record["clock"])
        added = {name: after[name] - before[name] for name in COUNTED}
        row = {"day": day, "from_tick": day * per_day, "to_tick": (day + 1) * per_day, **added, **_held(run, town)}
        for name, value in row.items():
            found[name].append(value)
    return pa.table({name: pa.array(values, pa.int64()) for name, values in found.items()})


def _counts(clock: Any) -> dict[str, int]:
    return {name: int(clock[name]) for name in COUNTED}


def _held(run: History, town: "Town") -> dict[str, int]:
    """The values of HELD for a town as it is now."""
    society = Summaries(Moment(run, town)).society()
    return {name: society.column(name)[0].as_py() for name in HELD}
