"""Each scenario lives and shows what it promises: on seed 7 asked of its log by SQL, on other seeds in memory."""

from pathlib import Path

import numpy as np
import pytest

import townlet
from eventlog import codes
from projections.riders.tie_table import TieChanges
from townlet.configuration.load import load
from townlet.configuration.plans import map_of
from townlet.configuration.settings import Settings
from townlet.judging.soak_figures import of_kind
from townlet.living.town import Town

DAY, NOON = 1440, 720
OTHER_SEEDS = (1, 2, 3)

FADED = """
    select owner, other from tie_changes group by owner, other
    having max(before_rivalry) > 0.3
       and arg_max(after_rivalry, seq) < 0.1
       and count(*) filter (kind <> 'tie_set' and change <> 'decayed' and adjusted_rivalry <> 0) = 0
"""
"""Pairs whose rivalry fell from above 0.3 to below 0.1, and which no event but the founding has touched."""

FRIENDS_AND_RIVALS = """
    select owner, max(trust + familiarity) as friend, max(rivalry) as rival from ties group by owner order by owner
"""


def counted(run: townlet.Run, kind: str, where: str = "true") -> int:
    answer = run.sql(f"select count(*) as n from events where kind = '{kind}' and {where}")
    return int(answer["n"][0].as_py())


def lived(name: str, seed: int, days: int) -> tuple[Town, np.ndarray]:
    """A town of the scenario that has lived so many days in memory, and all its events."""
    town = Town([load(name).settings])
    chunks = [town.found(seed), *town.live(days * DAY)]
    return town, np.concatenate(chunks)


def places(settings: Settings, kind: str) -> list[int]:
    return [index for index, place in enumerate(map_of(settings).places) if place.kind == kind]


def test_queue_conflict_by_sql(tmp_path: Path) -> None:
    run = townlet.simulate("queue_conflict", ticks=DAY, seed=7, into=tmp_path / "run")
    assert run.sql("select count(*) as n from places where kind = 'shower'")["n"].to_pylist() == [1]
    for kind in ("queue_conflict", "queue_handover"):
        assert counted(run, kind, "object like 'shower%'") >= 1


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_queue_conflict(seed: int) -> None:
    town, rows = lived("queue_conflict", seed, 5)
    (shower,) = places(town.settings[0], "shower")
    today = rows[(rows["tick"] < DAY) & (rows["object"] == shower)]
    assert len(of_kind(today, "queue_conflict")) >= 1
    assert len(of_kind(today, "queue_handover")) >= 1
    assert len(of_kind(rows, "agent_exited")) == 0


def test_employment_punctuality_by_sql(tmp_path: Path) -> None:
    run = townlet.simulate("employment_punctuality", ticks=5 * DAY, seed=7, into=tmp_path / "run")
    assert counted(run, "late_help") >= 1
    assert counted(run, "shift_takeover") >= 1


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_employment_punctuality(seed: int) -> None:
    _, rows = lived("employment_punctuality", seed, 5)
    assert len(of_kind(rows, "late_help")) >= 1
    assert len(of_kind(rows, "shift_takeover")) >= 1
    assert len(of_kind(rows, "agent_exited")) == 0


def test_rivalry_decay_by_sql(tmp_path: Path) -> None:
    run = townlet.simulate("rivalry_decay", ticks=14 * DAY, seed=7, into=tmp_path / "run")
    listed = {(tie.owner, tie.other) for tie in run.config.life.initial_ties.ties}
    by_name = {person["name"]: person["id"] for person in run.sql("from persons").to_pylist()}
    faded = {(by_name[row["owner"]], by_name[row["other"]]) for row in run.sql(FADED).to_pylist()}
    assert faded == listed


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_rivalry_decay(seed: int) -> None:
    town, rows = lived("rivalry_decay", seed, 14)
    rider = TieChanges(Town(town.settings, plans=town.plans).towns, town.plans)
    rider.fold(rows)
    changes = rider.tables()["tie_changes"].to_pylist()
    faded = []
    for tie in town.settings[0].life.initial_ties.ties:
        mine = [row for row in changes if (row["owner"], row["other"]) == (tie.owner, tie.other)]
        touched = [
            row for row in mine if row["kind"] not in ("tie_set", "tick_ended") and row["adjusted_rivalry"] != 0.0
        ]
        faded.append(tie.rivalry > 0.3 and mine[-1]["after_rivalry"] < 0.1 and not touched)
    assert any(faded)
    assert len(of_kind(rows, "agent_exited")) == 0


def test_kitchen_breakfast_by_sql(tmp_path: Path) -> None:
    run = townlet.simulate("kitchen_breakfast", ticks=NOON, seed=7, into=tmp_path / "run")
    assert counted(run, "shared_meal", f"tick < {NOON}") >= 1


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_kitchen_breakfast(seed: int) -> None:
    _, rows = lived("kitchen_breakfast", seed, 5)
    assert of_kind(rows, "shared_meal")["tick"][0] < NOON
    assert len(of_kind(rows, "agent_exited")) == 0


def test_observation_baseline_by_sql(tmp_path: Path) -> None:
    run = townlet.simulate("observation_baseline", ticks=DAY, seed=7, into=tmp_path / "run")
    people = run.config.town.people
    for moment in (1, DAY):
        found = run.sql(FRIENDS_AND_RIVALS, at=moment).to_pylist()
        assert len(found) == people
        assert all(row["friend"] > 0.0 and row["rival"] > 0.0 for row in found)


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_observation_baseline(seed: int) -> None:
    town = Town([load("observation_baseline").settings])
    events = [town.found(seed)]
    for ticks in (0, DAY):
        events.extend(town.live(ticks))
        ties = town.record["agents"][: town.people]["ties"]
        assert (ties["trust"] + ties["familiarity"] > 0.0).any(axis=1).all()
        assert (ties["rivalry"] > 0.0).any(axis=1).all()
    assert not (np.concatenate(events)["kind"] == codes.AGENT_EXITED).any()
