"""Paying for tests: histories made by hand, the default town, and what everybody earned in them."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from eventlog.catalogue.registries import Dimension
from eventlog.rows import Rows
from projections.reward_table import Earnings
from projections.rewards import compile_terms
from projections.riders.rewards import COLUMNS
from projections.settings import Rewards
from tests.projections.histories import History, empty_town, plans
from tests.townlet.towns import DAY, default_settings, lived

TERMS = tuple("clip" if name == "clipped" else name for name in COLUMNS)[:-1]
"""The ten terms, in the order in which they are added."""

DAYS = 4
ANN, BEA, CAL = range(3)
FREE = {"survival": 0.0, "needs": {"scale": 0.0}}
"""Settings under which an uneventful tick is worth nothing."""

TIGHT = {
    "needs": {"comfort": 1.0},
    "shaping": {"enabled": True},
    "social": {"stage": "c3"},
    "tick_clip": 0.003,
    "episode_clip": 0.5,
}
"""Settings under which every term and every clip is at work."""

OLD = {
    "needs": {"comfort": 1.0},
    "company": {"enabled": False},
    "terminal": {"unemployment": 0.0, "neglect": 0.0},
    "episode_clip": 50.0,
}
"""Rewards as they were before settings of version 4."""

Row = dict[str, Any]


def earnings(towns: Any, all_plans: Any, given: Any, mark_ticks: int = 60, since: int | None = 0) -> Earnings:
    """The projection under these reward settings, of a town and its plans."""
    terms = np.concatenate([compile_terms(Rewards.model_validate(given))] * len(all_plans)).view(np.recarray)
    return Earnings(towns, all_plans, terms, mark_ticks=mark_ticks, since=since)


def earned(history: History, given: Any, towns: Any = None) -> list[Row]:
    """What everybody earned in a history made by hand."""
    projection = earnings(empty_town() if towns is None else towns, plans(), given)
    projection.fold(history.log)
    rows: list[Row] = projection.earned_rows().to_pylist()
    return rows


def of(rows: Iterable[Row], person: int, term: str) -> list[float]:
    """A term of one person, tick by tick."""
    return [row[term] for row in rows if row["agent_id"] == person]


def passes(history: History, ticks: int = 1) -> None:
    """So many ticks end."""
    for _ in range(ticks):
        history.add("tick_ended")
        history.tick += 1


def tied(history: History, owner: int, other: int, trust: float, familiarity: float, rivalry: float = 0.0) -> None:
    """A tie is given."""
    for side, value in zip(Dimension, (trust, familiarity, rivalry), strict=True):
        history.add("tie_set", history.person(owner), history.person(other), code=int(side), value=value)


def chat(history: History, agent: int, listener: int, quality: float, theirs: float | None = None) -> None:
    """A good chat, of this quality for the agent, and of another for the listener where one is given."""
    given = {"value": quality, "value2": quality if theirs is None else theirs}
    history.add("chat_succeeded", history.person(agent), history.person(listener), **given)


@cache
def default_life() -> tuple[Any, Any, Rows]:
    """The default town after some days: the town, its plans, its rows."""
    town, rows = lived(default_settings(), 7, DAYS * DAY)
    return town.towns, town.plans, rows


@cache
def paid(**given: Any) -> pa.Table:
    """What everybody earned in it."""
    _, all_plans, rows = default_life()
    projection = earnings(empty_town(), all_plans, given)
    projection.fold(rows)
    return projection.earned_rows()


def assert_same(some: dict[str, pa.Table], others: dict[str, pa.Table]) -> None:
    assert some.keys() == others.keys()
    for name, table in some.items():
        assert table.equals(others[name]), name
