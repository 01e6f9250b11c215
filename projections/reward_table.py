"""The projection of rewards: a table of what everybody earned in each tick, folded from a log.

A tick's reward depends on more than the town's state: on the episode's sum so far, and on when somebody last left the
seat. So the rider's memory is saved at marks, some ticks apart. To fold any range of ticks, begin at the mark before it
with the town's state at that mark.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa

from eventlog.rows import Rows
from projections.record.state import CLASSES
from projections.refusing import require_folded
from projections.riders.earning import EARNED, board_rewards, fold_rows_rewarded
from projections.riders.rewards import COLUMNS, CUT_OFF, EARNING, LEFT, rewards_type
from projections.versions import VERSIONS

MARKS, MEMORY = "reward_marks", "reward_memory"

ROOM = 16384
"""The least number of rows that the buffer holds."""

ENDED: Final = {int(LEFT): "left", int(CUT_OFF): "cut_off"}
"""How an episode ended in a row: the person left the town (terminated), or the episode was cut off (truncated)."""

CALLED: Final = {"clipped": "clip"}
"""The table's names of columns that the rider names differently."""


MEMORY_COLUMNS: Final = tuple(
    column
    for name in EARNING.names or ()
    for column in ([f"{name}_{i}" for i in range(EARNING[name].shape[0])] if EARNING[name].shape else [name])
)
"""The columns of a mark: the fields of EARNING, with one column for each number of a field."""


class Earnings:
    """Folds a log into the rewards of each tick, and into marks to continue from.

    It folds onto `towns[0]` (a view as `np.recarray` of `town_type`), which nobody else may use: an empty town at the
    beginning of a log, else the state at the tick of the first row. `plans` and `terms` have a record for each epoch.
    `earned_rows` has the ticks from `since` on (None: no ticks); a mark is made at every multiple of `mark_ticks`.
    """

    name: ClassVar[str] = MARKS
    version: ClassVar[int] = VERSIONS[MARKS]

    def __init__(self, towns: Any, plans: Any, terms: Any, *, mark_ticks: int, since: int | None = None) -> None:
        shape = next(shape for shape in CLASSES.values() if shape.agents == towns["agents"].shape[1])
        self._towns, self._plans, self._terms = towns, plans, terms
        self._outs = np.zeros(1, rewards_type(shape)).view(np.recarray)
        self._told = np.zeros(ROOM + shape.agents if since is not None else shape.agents, EARNED).view(np.recarray)
        self._since = np.iinfo(np.int64).max if since is None else since
        self._mark_ticks = mark_ticks
        self._marks: list[pa.Table] = []
        self._marked = self._tick
        self._earned: list[pa.Table] = [table_of(np.zeros(0, EARNED))]
        board_rewards(towns, plans, 0, terms, self._outs)

    @property
    def _tick(self) -> int:
        return int(self._towns["clock"]["tick"][0])

    def fold(self, events: Rows) -> None:
        """Fold the next rows of the log. The tables do not depend on how the log is cut into calls."""
        rows = np.asarray(events).view(np.recarray)
        ticks, first = events["tick"], 0
        while first < len(rows):
            mark = (int(ticks[first]) // self._mark_ticks + 1) * self._mark_ticks
            upto = first + int(np.searchsorted(ticks[first:], mark))
            while first < upto:
                first, count = fold_rows_rewarded(
                    self._towns, self._plans, 0, rows[:upto], first, self._terms, self._outs, self._since, self._told
                )
                if count:
                    self._earned.append(table_of(self._told[:count]))
                require_folded(self.name, first, rows, self._towns, self._plans)
            self._mark()

    def earned_rows(self) -> pa.Table:
        """A row for each person and tick from `since` on: `tick, agent_id, ended`, COLUMNS, `episode`.

        `ended` says how the person's episode ended in that tick: `left`, `cut_off`, or NULL (it goes on). Adding the
        ten terms in the order of COLUMNS gives `total` exactly. `episode` is the sum of the episode's totals so far.
        A row takes 113 bytes.
        """
        return pa.concat_tables(self._earned).combine_chunks()

    def tables(self) -> dict[str, pa.Table]:
        """`reward_marks`: the rider's memory at each mark, by `tick` and `seat`; `reward_memory`: its memory now."""
        return {MARKS: pa.concat_tables([memory_table(self._seats[:0], 0), *self._marks]), MEMORY: self._memory()}

    def restore(self, tables: Mapping[str, pa.Table]) -> None:
        """Continue from `tables()`, or from `at_mark` of them. `towns[0]` must have the state of the same tick.

        Raises `ValueError` if it is of another tick.
        """
        memory, marks = tables[MEMORY], tables[MARKS]
        if len(memory) != self._towns["clock"]["seats"][0] or set(memory.column("tick").to_pylist()) - {self._tick}:
            raise ValueError(f"{MEMORY} is not of the town at tick {self._tick}: restore both of one tick")
        for name in MEMORY_COLUMNS:
            field_of(self._seats, name)[: len(memory)] = memory.column(name).to_numpy()
        self._marks = [marks]
        self._marked = max(marks.column("tick").to_numpy().max(initial=0), 0)

    @property
    def _seats(self) -> np.ndarray:
        seats: np.ndarray = self._outs.view(np.ndarray)["seats"][0]
        return seats

    def _mark(self) -> None:
        tick = self._tick
        if tick % self._mark_ticks == 0 and tick > self._marked:
            self._marks.append(self._memory())
            self._marked = tick

    def _memory(self) -> pa.Table:
        return memory_table(self._seats[: int(self._towns["clock"]["seats"][0])], self._tick)


def at_mark(tables: Mapping[str, pa.Table], tick: int) -> tuple[int, dict[str, pa.Table]]:
    """The tick of the last mark at `tick` or before it, and the tables at that mark; 0 and empty tables without one."""
    marks = tables[MARKS]
    ticks = marks.column("tick").to_numpy()
    last = int(ticks[ticks <= tick].max(initial=0))
    return last, {MARKS: marks.filter(pa.array(ticks <= last)), MEMORY: marks.filter(pa.array(ticks == last))}


def memory_table(seats: np.ndarray, tick: int) -> pa.Table:
    """Rows of EARNING, one for each seat from 0 on, as a table with `tick` and `seat`.

    A field of several numbers is as many columns: `partner_0`, `partner_1` and so on.
    """
    columns = {name: np.array(field_of(seats, name)) for name in MEMORY_COLUMNS}
    return pa.table({"tick": np.full(len(seats), tick), "seat": np.arange(len(seats)), **columns})


def field_of(seats: np.ndarray, column: str) -> np.ndarray:
    """The numbers of a column of MEMORY_COLUMNS, one for each seat: a view."""
    name, _, place = column.rpartition("_")
    field: np.ndarray = seats[name][:, int(place)] if place.isdigit() else seats[column]
    return field


def table_of(rows: np.ndarray) -> pa.Table:
    """Rows of EARNED as a table; persons are numbers."""
    plain = rows.view(np.ndarray)
    columns = {CALLED.get(name, name): pa.array(np.array(plain[name])) for name in (*COLUMNS, "episode")}
    words = pa.array(list(ENDED.values()), pa.string())
    codes = pa.array((plain["done"] - min(ENDED)).astype(np.int8), mask=plain["done"] < min(ENDED))
    return pa.table(
        {
            "tick": np.array(plain["tick"]),
            "agent_id": np.array(plain["person"]),
            "ended": pa.DictionaryArray.from_arrays(codes, words),
            **columns,
        }
    )
