"""What the library refuses, and that it leaves nothing half done."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import townlet
from eventlog.catalogue.registries import Dimension
from tests.townlet.towns import DAY, KITCHEN, default_settings, kitchen_settings, lived, town_of
from townlet.configuration.load import load
from townlet.errors import OutboxFull, TickOutOfRange, TownletError
from townlet.living.commands import Driver
from townlet.living.town import Town


def without_reserve(patch: pytest.MonkeyPatch) -> None:
    """Towns that live on when their outbox is nearly full."""
    patch.setattr(Town, "reserve", property(lambda town: 0, lambda town, rows: None), raising=False)


def test_a_tick_that_does_not_fit_the_outbox_is_not_written(tmp_path: Path) -> None:
    rarely = {"checkpoint_ticks": 14_400}  # with a checkpoint a day the outbox is emptied before it is full
    run = townlet.simulate(ticks=100, into=tmp_path / "a", overrides=rarely)
    before = run.head
    with pytest.MonkeyPatch.context() as patch:
        without_reserve(patch)
        with pytest.raises(OutboxFull, match="nothing of it was written"):
            run.resume(5000)
    assert townlet.Run(run.path).head == before
    run.resume(400)
    assert run.log_digest == townlet.simulate(ticks=500, into=tmp_path / "b", overrides=rarely).log_digest


def test_a_town_whose_outbox_is_too_small_for_one_tick_says_so() -> None:
    town = town_of(kitchen_settings())
    town.found(7)
    town.reserve = town.shape.rows + 1
    with pytest.raises(OutboxFull, match="no room for a tick of 4 people"):
        next(town.live(1))


def test_a_town_needs_a_bed_for_everybody(tmp_path: Path) -> None:
    with pytest.raises(TownletError, match=r"beds.*lower town\.people"):
        townlet.simulate(KITCHEN, overrides={"town.people": 9}, ticks=10, into=tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("tick", [-1, 101, 10**12])
def test_a_tick_that_was_not_lived_is_refused(tmp_path: Path, tick: int) -> None:
    run = townlet.simulate(KITCHEN, ticks=100, into=tmp_path / "a")
    with pytest.raises(TickOutOfRange, match="it runs from 0 to 100"):
        run.at(tick)
    assert run.at(0).tick == 0


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_is_64_bits(tmp_path: Path, seed: int) -> None:
    with pytest.raises(TownletError, match="seed"):
        townlet.simulate(KITCHEN, ticks=10, seed=seed, into=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_the_largest_seed_is_as_good_as_any(tmp_path: Path) -> None:
    run = townlet.simulate(KITCHEN, ticks=10, seed=2**64 - 1, into=tmp_path / "a")
    assert run.resume(10).head.tick == 20


def test_a_wrong_durability_is_named_with_the_right_ones(tmp_path: Path) -> None:
    with pytest.raises(TownletError, match="'often' is none of every-commit, interval, never"):
        townlet.simulate(KITCHEN, ticks=10, into=tmp_path / "a", durability="often")
    assert not (tmp_path / "a").exists()
    run = townlet.simulate(KITCHEN, ticks=10, into=tmp_path / "b")
    with pytest.raises(TownletError, match="'often'"):
        run.resume(10, durability="often")
    assert townlet.Run(run.path).head.tick == 10


def wall(town: Town) -> int:
    """A tile nobody can walk on."""
    return int(np.flatnonzero(town.plans["layout"]["walkable"][0] == 0)[0])


REFUSED: list[tuple[str, Callable[[Driver], None]]] = [
    ("nobody sits in seat 8", lambda driver: driver.teleport(8, 100)),
    ("nobody sits in seat -1", lambda driver: driver.teleport(-1, 100)),
    ("nobody sits in seat 64", lambda driver: driver.set_tie(0, 64, Dimension.TRUST, 0.5)),
    ("no tie to itself", lambda driver: driver.set_tie(3, 3, Dimension.TRUST, 0.5)),
    ("trust lies in", lambda driver: driver.set_tie(0, 1, Dimension.TRUST, 1.01)),
    ("7 is not a dimension of a tie", lambda driver: driver.set_tie(0, 1, 7, 0.5)),  # type: ignore[arg-type]
    ("rivalry lies in", lambda driver: driver.set_tie(0, 1, Dimension.RIVALRY, float("nan"))),
    ("not a free, walkable tile", lambda driver: driver.teleport(0, wall(driver.town))),
    ("on tile -1", lambda driver: driver.teleport(0, -1)),
    ("on tile 1000000", lambda driver: driver.teleport(0, 1_000_000)),
    ("on tile", lambda driver: driver.teleport(0, int(driver.town.record["agents"]["tile"][1]))),
    ("power works already", lambda driver: driver.switch("power", works=True)),
    ("not one of the town's mains", lambda driver: driver.switch("gas", works=False)),
    ("there is no epoch 1", lambda driver: driver.change_settings(1)),
    ("there is no epoch -1", lambda driver: driver.change_settings(-1)),
]


def test_a_ledger_never_shrinks_under_its_ties() -> None:
    roomy, narrow = (load(KITCHEN, {"relationships.capacity": capacity}).settings for capacity in (6, 5))
    town = Town([roomy, narrow, roomy])
    town.found(7)
    with pytest.raises(TownletError, match=r"relationships\.capacity cannot fall from 6 to 5"):
        Driver(town).change_settings(1)
    Driver(town).change_settings(2)
    assert town.record["clock"]["epoch"] == 2


def test_nobody_leaves_whose_place_could_not_be_taken() -> None:
    """Of many who would go at once, no more do than there is room for newcomers to be on their way."""
    leaving = {"exits_a_day": 100, "exit_gap_minutes": 0, "unemployment_days": 1, "newcomer_minutes": [600, 600]}
    without = {"work": {"jobs": []}, "market": {"benefit": 0.0}}
    settings = load({"town": {"map": "district", "people": 28}, **without, "life": leaving}).settings
    town, _ = lived(settings, 7, DAY + 300)
    clock = town.record["clock"]
    assert clock["newcomers"] == len(clock["newcomer_due"])
    assert town.people + clock["newcomers"] == 28


@pytest.mark.parametrize(("words", "asked"), REFUSED)
def test_a_command_that_cannot_be_is_refused_and_leaves_no_trace(words: str, asked: Callable[[Driver], None]) -> None:
    town = town_of(default_settings())
    town.found(7)
    digest, seq = town.state_digest(), town.seq
    with pytest.raises(TownletError, match=words):
        asked(Driver(town))
    assert (town.state_digest(), town.seq, len(town.take_rows())) == (digest, seq, 0)


def test_commands_without_end_are_refused_before_the_outbox_is_full() -> None:
    town = town_of(default_settings())
    founding = town.found(7)
    driver = Driver(town)
    with pytest.raises(OutboxFull, match="too many commands at tick 0"):
        for i in range(10_000):
            driver.set_tie(0, 1, Dimension.TRUST, i / 10_000)
    replay = town_of(default_settings())
    replay.fold([founding, *town.live(1)])
    assert (replay.tick, replay.state_digest()) == (1, town.state_digest())
