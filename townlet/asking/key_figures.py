"""Key figures of a town: each a query under configs/kpis/, and the tables `kpis` and `kpi_days` that they make.

A query gives rows `tick, part, whole`; the figure of any ticks is the sum of their parts over the sum of their wholes.
What a row says depends on nothing after its tick, so that a figure is the same in a running town and years later.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from townlet.configuration.load import configs_folder
from townlet.errors import ConfigurationError, QueryError

Query = Callable[[str], pa.Table]
"""What answers a query in SQL over one run, as of one tick; it raises QueryError and LogDamaged."""

HEADER: Final = re.compile(
    r"(?P<meaning>(?:-- [^\n]*\n)+?)-- unit: (?P<unit>[^\n]+)\n-- range: (?P<low>\S+) (?:to (?P<high>\S+)|and more)\n"
)
"""What a file begins with: what the figure says, what it is counted in, what it can be."""

COLUMNS: Final = ("tick", "part", "whole")

TICKS_PER_DAY: Final = "$ticks_per_day"
"""What stands in a figure's query for the ticks of a day in the town that is asked."""


class Kpi(NamedTuple):
    """A key figure: its name, meaning, unit, range, and the query that gives `tick, part, whole`."""

    name: str
    meaning: str
    unit: str
    low: float
    high: float
    sql: str

    @property
    def range(self) -> str:
        """What it can be, in words."""
        return f"{self.low:g} and more" if self.high == inf else f"{self.low:g} to {self.high:g}"


class Parts(NamedTuple):
    """The rows of a query, in the order of their ticks."""

    tick: np.ndarray
    part: np.ndarray
    whole: np.ndarray

    def sums(self, from_ticks: np.ndarray, to_ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The sums of part and whole over each stretch from a tick up to, and without, another."""
        first, last = np.searchsorted(self.tick, from_ticks), np.searchsorted(self.tick, to_ticks)
        stretches = list(zip(first.tolist(), last.tolist(), strict=True))
        part, whole = (np.array([each[i:j].sum() for i, j in stretches]) for each in (self.part, self.whole))
        return part, whole


def parsed(name: str, text: str) -> Kpi:
    """A key figure from its file's text. Raises ConfigurationError if the header is missing."""
    found = HEADER.match(text)
    if found is None:
        raise ConfigurationError(
            f"the KPI {name} does not say what it is: it must begin with '-- ' and its meaning, then '-- unit: ...', "
            "then '-- range: 0 to 1' or '-- range: 0 and more'"
        )
    meaning = " ".join(line.removeprefix("-- ") for line in found["meaning"].splitlines())
    high = float(found["high"]) if found["high"] else inf
    return Kpi(name, meaning, found["unit"], float(found["low"]), high, text[found.end() :].strip())


@cache
def shipped(folder: Path | None = None) -> Mapping[str, Kpi]:
    """The key figures of a folder of `.sql` files (None: configs/kpis), by name. Raises ConfigurationError."""
    files = sorted((folder or configs_folder() / "kpis").glob("*.sql"))
    return MappingProxyType({file.stem: parsed(file.stem, file.read_text(encoding="utf-8")) for file in files})


def in_town(sql: str, ticks_per_day: int) -> str:
    """A figure's query for a town: with the ticks of its day in place of `$ticks_per_day`."""
    return sql.replace(TICKS_PER_DAY, str(ticks_per_day))


def parts(query: Query, what: str, sql: str) -> Parts:
    """The rows that a figure's `sql` gives. Raises QueryError, which names `what` asks, and LogDamaged."""
    try:
        answer = query(sql)
    except QueryError as error:
        raise QueryError(f"{what}: {error}") from error
    if set(answer.column_names) != set(COLUMNS):
        given = ", ".join(answer.column_names)
        raise QueryError(f"{what}: its query gives {given}, and must give {', '.join(COLUMNS)}, all of them numbers")
    try:
        tick, part, whole = (
            np.asarray(answer.column(name).cast(kind))
            for name, kind in zip(COLUMNS, (pa.int64(), pa.float64(), pa.float64()), strict=True)
        )
    except pa.ArrowException as error:
        raise QueryError(f"{what}: its query must give numbers as {', '.join(COLUMNS)}: {error}") from error
    order = np.lexsort((whole, part, tick))  # so that sums are the same, whatever the order of the answer
    return Parts(tick[order], part[order], whole[order])


def kpi_tables(
    query: Query, ticks_per_day: int, from_tick: int, tick: int, kpis: Sequence[Kpi] | None = None
) -> dict[str, pa.Table]:
    """`kpis`, a row for each key figure of the ticks from `from_tick` on and before `tick`, and `kpi_days`.

    `query` answers over one run, as of `tick` and of its events from `from_tick` on. `kpis` has `kpi, value` (NULL:
    nothing to tell it from), `part`, `whole`, `unit, low, high, meaning`; `kpi_days` has for each day that has begun
    `kpi, day, from_tick, to_tick` (exclusive), `value, part, whole`. Raises QueryError, LogDamaged.
    """
    figures = list(shipped().values()) if kpis is None else list(kpis)
    found = [parts(query, f"the KPI {kpi.name}", in_town(kpi.sql, ticks_per_day)) for kpi in figures]
    day = np.arange(from_tick // ticks_per_day, -(-tick // ticks_per_day))
    begins, ends = np.maximum(day * ticks_per_day, from_tick), np.minimum((day + 1) * ticks_per_day, tick)
    part, whole = _together([each.sums(np.array([from_tick]), np.array([tick])) for each in found])
    by_day = _together([each.sums(begins, ends) for each in found])
    names = [kpi.name for kpi in figures]
    return {
        "kpis": pa.table(
            {
                "kpi": pa.array(names, pa.string()),
                **_figures(part, whole),
                "unit": pa.array([kpi.unit for kpi in figures], pa.string()),
                "low": pa.array([kpi.low for kpi in figures], pa.float64()),
                "high": pa.array([None if kpi.high == inf else kpi.high for kpi in figures], pa.float64()),
                "meaning": pa.array([kpi.meaning for kpi in figures], pa.string()),
            }
        ),
        "kpi_days": pa.table(
            {
                "kpi": pa.array(np.repeat(np.array(names, object), len(day)), pa.string()),
                **{
                    name: np.tile(values, len(figures))
                    for name, values in {"day": day, "from_tick": begins, "to_tick": ends}.items()
                },
                **_figures(*by_day),
            }
        ),
    }


def value_of(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The figures for sums: part / whole, NaN where whole is 0."""
    some = whole != 0
    return np.where(some, part / np.where(some, whole, 1.0), np.nan)


def _together(sums: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Sums of several figures one after another."""
    nothing = np.zeros(0)
    part, whole = (np.concatenate([nothing, *(each[i] for each in sums)]) for i in (0, 1))
    return part, whole


def _figures(part: np.ndarray, whole: np.ndarray) -> dict[str, pa.Array]:
    """Columns `value, part, whole`."""
    value = value_of(part, whole)
    return {"value": pa.array(value, mask=np.isnan(value)), "part": pa.array(part), "whole": pa.array(whole)}


def document() -> str:
    """docs/kpis.md: every key figure, what it says, and its query."""
    lines = [
        "# Key figures",
        "",
        "Generated from `configs/kpis/*.sql` by `make docs`.",
        "",
        'How well a town does: `townlet sql RUN "select kpi, value, unit from kpis"`, and day by day in `kpi_days`.',
        "Each is a query that gives rows `tick, part, whole`; its value over any ticks is the sum of part over that of",
        "whole, NULL where there is none of it. What a row says depends on nothing after its tick, so a day is",
        "the same on that day and years later. Days are those that are over; `days` has what the town itself counts.",
        f"In place of `{TICKS_PER_DAY}` stands `town.ticks_per_day` of the town that is asked.",
        "[Rules](ops/OPS_HANDBOOK.md) hold a town to them: `townlet watch`.",
        "",
        "| key figure | unit | range | meaning |",
        "|---|---|---|---|",
    ]
    kpis = shipped().values()
    lines += [
        f"| [`{each.name}`](#{each.name}) | {each.unit} | {each.range} | {_cell(each.meaning)} |" for each in kpis
    ]
    for each in kpis:
        lines += ["", f"## {each.name}", "", each.meaning, "", "```sql", each.sql, "```"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
