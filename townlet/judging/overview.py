"""A run in a few tables: the town, its key figures, what happened between people, churn, the story, rewards."""

import contextlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from eventlog.places import in_utf8
from townlet.asking.sql import Session
from townlet.history.kept_tables import NARRATIONS, projection_tables
from townlet.judging.acceptance import EVENTS

if TYPE_CHECKING:
    from townlet.history.history import History

COUNTED: Final = (*(band.name for band in EVENTS), "agent_arrived", "agent_exited", "job_lost")
"""The kinds of event that are counted."""

TERMS: Final = (
    "survival", "needs", "shaping", "wage", "punctuality", "social", "company", "terminal", "guard", "clip", "total",
)  # fmt: skip

QUERIES: Final[Mapping[str, str]] = {
    "key figures": """
        select kpi, kpis.value, last.value as last_day, unit
        from kpis left join (from kpi_days where day = (select max(day) from days)) as last using (kpi)
        order by kpi
    """,
    "between people": f"""
        select kind, count(tick) as times, count(tick) / {{days}} as a_day, min(tick) as first, max(tick) as last
        from (select unnest({list(COUNTED)!r}) as kind) left join events using (kind)
        group by kind order by times desc, kind
    """,
    "society": "from society",
    "churn": """
        select "window", from_tick, to_tick, held, added, evicted, faded, departed, refused, share, warning
        from churn_windows order by "window"
    """,
    "story": """
        select category, count(*) as entries, count(*) filter (priority) as of_priority, count(*) / {days} as a_day
        from narrations group by category order by entries desc, category
    """,
    "rewards": f"""
        with sums as (
            select {", ".join(f"sum({term}) as {term}" for term in TERMS)} from rewards
        ),
        terms as (unpivot sums on {", ".join(TERMS)} into name term value sum)
        select term, sum, sum / nullif((select sum(agent_days) from days), 0) as a_person_day from terms
    """,
    "rewards by day": """
        with earned as (
            select day, agent_id, sum(total) as total
            from rewards join days on tick >= from_tick and tick < to_tick
            group by day, agent_id
        )
        select day, count(*) as people, avg(total) as mean, var_pop(total) as variance,
            min(total) as least, max(total) as most
        from earned group by day order by day
    """,
}
"""The query of each table; `{days}` is replaced by the number of days so far."""

HELD_BACK: Final = "held back"
"""The title of the table of entries that the narrator suppressed."""


TITLES: Final = ("town", *QUERIES, HELD_BACK)
"""The titles of all tables."""


def overview(run: "History", tick: int | None = None, titles: Collection[str] = TITLES) -> dict[str, pa.Table]:
    """The tables of a run as of a tick (None: now), by title: those of `titles`, in the order of TITLES.

    Raises TickOutOfRange, LogDamaged.
    """
    at = run.head.tick if tick is None else tick
    days = at / run.config.town.ticks_per_day
    tables = {}
    with contextlib.closing(Session(run, at)) as session:
        for title in (title for title in TITLES if title in titles):
            if title == "town":
                tables[title] = _town(run, at, days)
            elif title == HELD_BACK:
                tables[title] = _held_back(run, at)
            else:
                tables[title] = session.query(QUERIES[title].replace("{days}", f"{max(days, 1e-9)!r}"))
    return tables


def as_markdown(tables: Mapping[str, pa.Table]) -> str:
    """The tables as Markdown, each under its title. Floats have four significant digits; NULL is empty."""
    lines: list[str] = []
    for title, table in tables.items():
        names = table.column_names
        lines += ["", f"## {title[0].upper()}{title[1:]}", "", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
        lines += [f"| {' | '.join(_cell(row[name]) for name in names)} |" for row in table.to_pylist()]
    return "\n".join(lines[1:])


def as_plain(tables: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """The tables for JSON: a list of rows for each title, with underscores in place of spaces."""
    return {title.replace(" ", "_"): table.to_pylist() for title, table in tables.items()}


def _town(run: "History", tick: int, days: float) -> pa.Table:
    """The run in one row."""
    moment = run.at(tick)
    row = {"run": in_utf8(run.place), "tick": tick, "days": days, "people": moment.town.people, "events": moment.seq}
    return pa.table({name: [value] for name, value in row.items()} | {"seed": pa.array([run.seed], pa.uint64())})


def _held_back(run: "History", tick: int) -> pa.Table:
    """How often the narrator suppressed an entry, by category and reason."""
    state = projection_tables(run, NARRATIONS, tick)["narration_state"]
    held = [row for row in state.to_pylist() if row["what"] == "suppressed"]
    held.sort(key=lambda row: (-row["count"], row["category"], row["name"]))
    columns = {"category": "category", "reason": "name", "times": "count"}
    types = (pa.string(), pa.string(), pa.int64())
    return pa.table(
        {
            name: pa.array([row[of] for row in held], kind)
            for (name, of), kind in zip(columns.items(), types, strict=True)
        }
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value).replace("|", "\\|")
