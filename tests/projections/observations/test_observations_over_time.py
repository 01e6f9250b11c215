"""What is seen tick after tick is what a first look would see: of towns that live, fold, turn over and are crowded."""

import hashlib
import random
from functools import cache

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from eventlog.rows import Rows
from projections.observations.observer import Observer
from projections.record.state import state_bytes
from projections.settings import Observations
from tests.projections.observations.test_observations import EACH_VARIANT, VARIANTS, check
from tests.townlet.towns import DAY, by_tick, default_settings, kitchen_settings, lived, said_by, town_of
from townlet.configuration.load import load
from townlet.living.town import Town

RESTLESS = {
    "work": {"jobs": []},
    "market": {"benefit": 0.0},
    "life": {"unemployment_days": 1, "exits_a_day": 100, "exit_gap_minutes": 5},
}
"""Nobody finds work or gets benefits, and everybody moves on after a day."""

IN_PLAIN_PYTHON = """
from tests.projections.observations.test_observations_over_time import digest
print(digest({ticks}))
"""


def of(variant: str) -> Observations:
    return Observations.model_validate({"variant": variant})


def seen_by(observer: Observer, town: Town) -> bytes:
    """All that is seen, as bytes."""
    observer.see(town.towns)
    return observer.scalars.tobytes() + observer.map.tobytes()


def digest(ticks: int) -> str:
    """Of all that is seen in a kitchen, in every variant."""
    town = town_of(kitchen_settings())
    town.found(5)
    observers = [Observer(of(variant), town.plans, seats=6) for variant in VARIANTS]
    found = hashlib.sha256()
    for _ in range(ticks):
        for _ in town.live(1):
            pass
        for observer in observers:
            found.update(seen_by(observer, town))
    return found.hexdigest()


@cache
def history() -> Rows:
    return lived(default_settings(), 7, 2 * DAY)[1]


@EACH_VARIANT
def test_a_log_shows_what_the_living_town_showed(variant: str) -> None:
    """Observed at every tick and at a few only, living and folded."""
    marks = sorted(random.Random(variant).sample(range(2 * DAY), 40))
    town = town_of(default_settings())
    town.found(7)
    observer, seen = Observer(of(variant), town.plans, seats=8), {}
    for tick in range(2 * DAY):
        now = seen_by(observer, town)
        if tick in marks:
            seen[tick] = now
        for _ in town.live(1):
            pass
    folded = town_of(default_settings())
    seldom = Observer(of(variant), folded.plans, seats=8)
    for tick, rows in by_tick(history()):
        if tick in marks and tick > 0:
            assert seen_by(seldom, folded) == seen[tick], f"tick {tick}"
        folded.fold([rows])


@EACH_VARIANT
def test_every_number_keeps_to_its_range_for_a_week(variant: str) -> None:
    town = town_of(load(None, {"life.unemployment_days": 1}).settings)
    town.found(2)
    observer = Observer(of(variant), town.plans, seats=64)
    low, high = observer.layout.low, observer.layout.high
    most = np.zeros(observer.layout.size)
    for _ in range(DAY):
        for _ in town.live(7):
            pass
        observer.see(town.towns)
        found = observer.scalars[0, town.record["agents"]["alive"] == 1]
        assert np.isfinite(found).all() and (found >= low).all() and (found <= high).all(), f"tick {town.tick}"
        for plane, cells in zip(observer.layout.planes, np.moveaxis(observer.map[0], 1, 0), strict=True):
            assert cells.max() <= plane.high, f"{plane.name}, tick {town.tick}"
        most = np.maximum(most, np.abs(found).max(axis=0))
    idle = {name for name, place in observer.layout.slices.items() if not most[place].any()}
    assert idle <= {"ctx_reset", "debt", "unpaid_days"}, "a number that never says anything, but for those seldom seen"


def test_a_seat_shows_nothing_of_who_left_it() -> None:
    town = town_of(load(RESTLESS).settings)
    town.found(4)
    observer = Observer(Observations(), town.plans)
    emptied = reused = 0
    was = town.record["agents"]["person"].copy()
    for tick in range(5 * DAY):
        for _ in town.live(1):
            pass
        observer.see(town.towns)
        alive, person = town.record["agents"]["alive"], town.record["agents"]["person"]
        gone = (alive == 0) & (was != 0)
        emptied += int(gone.sum())
        if gone.any() or tick % 100 == 0:
            assert not observer.scalars[0, alive == 0].any() and not observer.map[0, alive == 0].any()
            first_look = Observer(Observations(), town.plans)
            assert seen_by(first_look, town) == seen_by(observer, town), f"tick {town.tick}"
        reused = max(reused, int(town.record["seats"]["lives"].max()))
        was = np.where(alive, person, 0)
    assert emptied > 20 and reused > 0


@pytest.mark.parametrize("variant", ["full", "compact"])
def test_a_crowd_is_seen_like_a_few(variant: str) -> None:
    """Beyond 24 seats the ground is searched instead of the people."""
    town = town_of(load({"town": {"map": "district", "people": 28}}).settings)
    town.found(3)
    observer = Observer(of(variant), town.plans, seats=28)
    for ticks in (450, 1, 300, 1):
        for _ in town.live(ticks):
            pass
        check(town, observer, of(variant))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forty-eight", "large"])
def test_many_people_see_what_is_there(name: str) -> None:
    forty_eight = {"town": {"map": "district", "capacity": "large", "repeat": [1, 2], "people": 48}}
    town = town_of(load(forty_eight if name == "forty-eight" else "large").settings)
    town.found(3)
    observer = Observer(Observations(), town.plans, seats=town.people)
    for ticks in (450, 1, 300, 1):
        for _ in town.live(ticks):
            pass
        check(town, observer, Observations())


@EACH_VARIANT
def test_one_observer_can_look_at_one_town_and_then_at_another(variant: str) -> None:
    towns = [lived(default_settings(), seed, 500)[0] for seed in (1, 2)]
    observer = Observer(of(variant), towns[0].plans, seats=8)
    for ticks in (0, 0, 1, 1, 60, 1):
        for town in towns:
            for _ in town.live(ticks):
                pass
            assert seen_by(observer, town) == seen_by(Observer(of(variant), town.plans, seats=8), town)


def test_each_epoch_is_seen_through_its_own_lens() -> None:
    later = load(None, {"work.absent_after_minutes": 60}).settings
    town = town_of(default_settings(), later)
    town.found(7)
    observer = Observer(Observations(), town.plans, seats=8)
    for _ in town.live(500):
        pass
    for epoch in (0, 1, 0):
        town.record["clock"]["epoch"] = epoch
        check(town, observer, Observations())


def test_observing_changes_nothing_and_takes_no_memory() -> None:
    """Numba counts what kernels allocate: no more for three towns than for one, which is the arrays that are given."""
    settings = default_settings()
    one = town_of(settings)
    one.found(7)
    before = state_bytes(one.towns)
    three = np.concatenate([one.towns] * 3).view(np.recarray)
    counts = []
    _nrt_python.memsys_enable_stats()
    for towns in (one.towns, three):
        observer = Observer(Observations(), one.plans, towns=len(towns), seats=8)
        observer.see(towns)
        first = rtsys.get_allocation_stats()
        observer.see(towns)
        last = rtsys.get_allocation_stats()
        counts.append(last.alloc - first.alloc)
        assert last.alloc - last.free == first.alloc - first.free
    assert counts[0] == counts[1] <= 5
    assert state_bytes(one.towns) == before
    assert (observer.scalars[0] == observer.scalars[2]).all() and (observer.map[0] == observer.map[2]).all()


def test_plain_python_sees_the_same() -> None:
    ticks = 40
    assert said_by(IN_PLAIN_PYTHON.format(ticks=ticks), NUMBA_DISABLE_JIT="1") == [digest(ticks)]
