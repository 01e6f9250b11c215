"""A run in a few tables: the town, its key figures, what happened between people, churn, the story, rewards."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from townlet.figures import SOCIAL, WORK

if TYPE_CHECKING:
    from townlet.run import Run

COUNTED: Final = (*SOCIAL, *WORK, "agent_arrived", "agent_exited", "job_lost")
"""The kinds of event that are counted."""

TERMS: Final = ("survival", "needs", "shaping", "wage", "punctuality", "social", "terminal", "guard", "clip", "total")

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
        select category, count(*) as entries, count(*) / {days} as a_day from narrations group by category
        order by entries desc, category
    """,
    "rewards": f"""
        with sums as (
            select {", ".join(f"sum({term}) as {term}" for term in TERMS)} from rewards
        ),
        terms as (unpivot sums on {", ".join(TERMS)} into name term value sum)
        select term, sum, sum / (select sum(agent_days) from days) as a_person_day from terms
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
"""What each table is asked with; `{days}` stands for the days that have passed."""


def overview(run: "Run", tick: int | None = None) -> dict[str, pa.Table]:
    """The tables of a run as of a tick (None: now), by their titles. Raises TickOutOfRange, LogDamaged."""
    from townlet.sql import TABLES, Session

    with contextlib.closing(Session(run, tick)) as session:
        at = run.head.tick if tick is None else tick
        days = at / run.config.town.ticks_per_day
        tables = {"town": _town(run, at, days)}
        for title, query in QUERIES.items():
            if title != "story" or "narrations" in TABLES:
                tables[title] = session.query(query.replace("{days}", f"{max(days, 1e-9)!r}"))
        return tables


def as_markdown(tables: Mapping[str, pa.Table]) -> str:
    """The tables as Markdown, each under its title; numbers to four digits, NULL empty."""
    lines: list[str] = []
    for title, table in tables.items():
        names = table.column_names
        lines += ["", f"## {title[0].upper()}{title[1:]}", "", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
        lines += [f"| {' | '.join(_cell(row[name]) for name in names)} |" for row in table.to_pylist()]
    return "\n".join(lines[1:])


def as_plain(tables: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """The tables as JSON takes them: a list of rows each, by title in one word."""
    return {title.replace(" ", "_"): table.to_pylist() for title, table in tables.items()}


def _town(run: "Run", tick: int, days: float) -> pa.Table:
    """The run in one row."""
    moment = run.at(tick)
    row = {"run": run.place, "tick": tick, "days": days, "people": moment.town.people, "events": moment.seq}
    return pa.table({name: [value] for name, value in row.items()} | {"seed": pa.array([run.seed], pa.uint64())})


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value).replace("|", "\\|")
