"""Computes the key figures of days in a thread of its own: some of them need the whole history of ties."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from time import monotonic
from typing import Any, Final

from townlet.asking.sql import Session
from townlet.history.history import History
from townlet.observing.view import Kpis

DAYS: Final = 64
"""How many days' figures are kept."""

RESTS: Final = 3
"""The pause after one day's figures, as a multiple of the time they took: days may pass faster than figures come."""

Rows = Sequence[Mapping[str, Any]]


class DayFigures:
    """The key figures of a run's days. They are computed for one day at a time, for the day wanted last.

    A thread with its own `History` computes them, so that no view waits for them.
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
        """The figures of the last whole day before a tick. Missing ones are computed later if `wanted`."""
        day = tick // self._per_day - 1
        if day < 0:
            return Kpis(day, ())
        if wanted and day not in self._days:
            self._wanted = day
        return Kpis(day, self._days.get(day))

    def work(self, seconds: float) -> bool:
        """Wait up to `seconds` for the running computation, then start the wanted one. Returns whether one is running.

        Raises the error of a failed computation, once; that day then has no figures.
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
        """A number that changes when the figures of another day are ready."""
        return self._worked_out

    def close(self) -> None:
        """Stop the thread after its present computation."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self, day: int, rows: tuple[Mapping[str, Any], ...]) -> None:
        self._days[day] = rows
        if len(self._days) > DAYS:
            self._days.popitem(last=False)


def _rows(path: Any, from_tick: int, to_tick: int) -> Rows:
    with closing(Session(History(path), to_tick, from_tick=from_tick)) as session:
        rows: Rows = session.query("from kpis").to_pylist()
    return rows
