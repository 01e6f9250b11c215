"""The figures of a sweep: what is read off a town in memory, and what is asked of its log in SQL."""

from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue import KIND_CODES
from projections.record.state import NEEDS
from projections.spelling import proposal
from townlet.asking.key_figures import Query, shipped
from townlet.errors import QueryError
from townlet.living.town import Town
from townlet.sweeping.settings import Planned
from townlet.whatif.asked.question import SUFFIX, Question, question_of
from townlet.whatif.paired.outcomes import FIGURES, figures

OF_PEOPLE: Final = (*NEEDS, "wallet")
"""Figures that are a mean over the people who live there at the end."""

IN_MEMORY: Final = (*OF_PEOPLE, *FIGURES, *KIND_CODES)
"""The figures that need no SQL: means over people, figures of the town at its end, and events by kind, counted."""


class Figure(NamedTuple):
    """A figure: its name, and the query that gives it; empty for one that is read off the town in memory."""

    name: str
    sql: str = ""


def figures_of(plan: Planned) -> list[Figure]:
    """The figures that a sweep names. Raises QueryError with the nearest name."""
    found = []
    for one in plan.settings.figures:
        if not isinstance(one, str):
            found.append(Figure(one.name, one.sql))
        elif one in IN_MEMORY:
            found.append(Figure(one))
        elif one.endswith(SUFFIX) or one in shipped():
            found.append(Figure(*question_of(one, plan.folder)))
        else:
            raise QueryError(
                f"figures: there is none called {one!r}; {proposal(one, [*IN_MEMORY, *shipped()])}\n"
                "  Next: a kind of event, a key figure (docs/kpis.md), a file of SQL, or name and sql"
            )
    return found


def read_off(names: list[str], town: Town, rows: np.ndarray) -> dict[str, float | None]:
    """The figures of a town in memory: `rows` are all its events. None for a mean over nobody."""
    return {name: _number(_read_off(name, town, rows)) for name in names}


def asked(found: list[Figure], query: Query, ticks: int, ticks_per_day: int) -> dict[str, float | None]:
    """The figures of a run, in SQL: over its whole life of so many ticks. Raises QueryError, LogDamaged."""
    ends = np.array([ticks])
    return {one.name: _number(Question(one.name, one.sql).values(query, 0, ends, ticks_per_day)[-1]) for one in found}


def _read_off(name: str, town: Town, rows: np.ndarray) -> float:
    if name in FIGURES:
        return float(figures(np.atleast_1d(town.record))[0, FIGURES.index(name)])
    if name in KIND_CODES:
        return float(np.count_nonzero(rows["kind"] == KIND_CODES[name]))
    agents: Any = np.asarray(town.record["agents"])
    values = agents[name][agents["alive"] == 1]
    return float(values.mean()) if len(values) else np.nan


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


__all__ = ["IN_MEMORY", "Figure", "asked", "figures_of", "read_off"]
