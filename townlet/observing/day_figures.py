"""The key figures of days, worked out beside whoever watches: some of them need the whole history of ties."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import Any, Final

from townlet.asking.key_figures import kpi_tables
from townlet.history.history import History
from townlet.observing.view import Kpis

DAYS: Final = 64
"""The days whose figures are kept."""

RESTS: Final = 3
"""So many times as long as a day's figures took there are no others: days may go by faster than they come."""

Rows = Sequence[Mapping[str, Any]]


class DayFigures:
    """The figures of a run's days, one day at a time, the one that was wanted last first.

    A thread with a `History` of its own works them out, so that no look at a tick waits for them.
    """

    def __init__(self, run: History) -> None:
        self._path, self._per_day = run.path, run.config.town.ticks_per_day
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="figures")
        self._days: OrderedDict[int, tuple[Mapping[str, Any], ...]] = OrderedDict()
        self._wanted: int | None = None
        self._worked_out = 0
        self._under_way: tuple[int, Future[Rows]] | None = None
        self._begun_s = self._again_s = 0.0

    def before(self, tick: int, *, wanted: bool = True) -> Kpis:
        """Those of the last whole day before a tick; where they are not there yet they are worked out, if wanted."""
        day = tick // self._per_day - 1
        if day < 0:
            return Kpis(day, ())
        if wanted and day not in self._days:
            self._wanted = day
        return Kpis(day, self._days.get(day))

    def work(self, seconds: float) -> bool:
        """Wait so long for what is under way, and begin with what is wanted; whether there is any.

        Raises what went wrong with a day, once: it has no figures then.
        """
        if self._under_way is not None:
            day, future = self._under_way
            if not wait([future], timeout=max(seconds, 0.0)).done:
                return True
            self._under_way = None
            self._worked_out += 1
            self._again_s = monotonic() + RESTS * (monotonic() - self._begun_s)
            self._keep(day, ())
            self._keep(day, tuple(future.result()))
        if self._wanted is not None and self._wanted not in self._days:
            if monotonic() < self._again_s:
                return False
            day, self._begun_s = self._wanted, monotonic()
            self._under_way = day, self._pool.submit(_rows, self._path, day * self._per_day, (day + 1) * self._per_day)
        self._wanted = None
        return self._under_way is not None

    @property
    def standing(self) -> int:
        """Another number when there are figures of another day."""
        return self._worked_out

    def close(self) -> None:
        """Let go of the thread, when it has done what it is at."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self, day: int, rows: tuple[Mapping[str, Any], ...]) -> None:
        self._days[day] = rows
        if len(self._days) > DAYS:
            self._days.popitem(last=False)


def _rows(path: Any, from_tick: int, to_tick: int) -> Rows:
    rows: Rows = kpi_tables(History(path), from_tick, to_tick)["kpis"].to_pylist()
    return rows
