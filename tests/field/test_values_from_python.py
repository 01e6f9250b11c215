"""Numbers and settings that Python hands over: whole numbers of any library are taken, whatever is none is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from tests.field.kitchens import MAKERS, digests
from tests.townlet.towns import KITCHEN
from townlet.configuration.load import load
from townlet.errors import TownletError

# D10: numbers from outside

NO_NUMBERS = [3.7, 3.0, "3", None, True, np.float64(3), np.bool_(True), [3], np.array([3]), b"3", 1j]
IDS = [repr(value) for value in NO_NUMBERS]


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> townlet.Run:
    """A short run to be asked of."""
    return townlet.simulate(KITCHEN, ticks=np.int64(30), seed=np.uint64(3), into=tmp_path_factory.mktemp("one") / "run")


@pytest.fixture(scope="module")
def begun() -> dict[str, Any]:
    """An environment of each kind, in its first episode."""
    made = {kind: make() for kind, make in MAKERS.items()}
    for env in made.values():
        env.reset(seed=np.int64(1))
    return made


@pytest.mark.parametrize("value", NO_NUMBERS, ids=IDS)
def test_d10_an_action_is_a_whole_number(value: Any, begun: dict[str, Any]) -> None:
    before = {kind: digests(env) for kind, env in begun.items()}
    with pytest.raises(TownletError, match=r"the action of seat 0: .* given; it is a whole number, 0 to 8, or -1"):
        begun["single"].step(value)
    with pytest.raises(TownletError, match=r"the action of bob: .* given; it is a whole number, 0 to 8, or -1"):
        begun["parallel"].step({"alice": 0, "bob": value})
    with pytest.raises(TownletError, match=r"actions are integers \[2, 4\], one a town and seat, not"):
        begun["vector"].step([[value] * 4] * 2)
    assert {kind: digests(env) for kind, env in begun.items()} == before


def test_d10_what_does_not_fit_into_a_town_is_refused(begun: dict[str, Any]) -> None:
    for wrong in (2**64 - 1, 2**63, -(2**70)):
        with pytest.raises(TownletError, match=f"the action of seat 0: {wrong} given; it is 0 to 8, or -1"):
            begun["single"].step(wrong)
        with pytest.raises(TownletError, match=f"the action of alice: {wrong} given"):
            begun["parallel"].step({"alice": wrong})
        with pytest.raises(TownletError, match=r"actions are integers|an action is a whole number, 0 to 8, or -1"):
            begun["vector"].step([[wrong] * 4] * 2)
    for ragged in ([[0, 0], [0]], [[0] * 4, None], None, {"alice": 0}, np.zeros((2, 4), bool)):
        with pytest.raises(TownletError, match=r"actions are integers \[2, 4\]"):
            begun["vector"].step(ragged)
    for none in (None, [0, 0, 0, 0], 0):
        with pytest.raises(TownletError, match="actions are a dictionary from agents to whole numbers"):
            begun["parallel"].step(none)


def test_d10_integers_of_any_library_are_taken(begun: dict[str, Any]) -> None:
    class Tensor:
        """A number of a library that Townlet does not know."""

        def __index__(self) -> int:
            return 0

    for action in (np.int8(0), np.uint64(0), np.array(0), np.zeros(1, np.int32)[0], Tensor()):
        begun["single"].step(action)
        begun["parallel"].step({"alice": action})
    for actions in ([[0] * 4] * 2, np.zeros((2, 4), np.uint8), np.zeros((2, 4), np.uint64)):
        begun["vector"].step(actions)


@pytest.mark.parametrize("value", [each for each in NO_NUMBERS if each is not None and np.shape(each) == ()])
def test_d10_a_seed_is_a_whole_number(value: Any, begun: dict[str, Any], tmp_path: Path) -> None:
    before = {kind: digests(env) for kind, env in begun.items()}
    for env in begun.values():
        with pytest.raises(TownletError, match=r"seed: .* given; it is a whole number, 0 to 2\*\*64 - 1"):
            env.reset(seed=value)
    for several in ([value, 2], [1, None]):
        with pytest.raises(TownletError, match=r"seed: .* given; it is a whole number"):
            begun["vector"].reset(seed=several)
    with pytest.raises(TownletError, match=r"seed: .* given; it is a whole number"):
        townlet.simulate(KITCHEN, ticks=1, seed=value, into=tmp_path / "run")
    assert {kind: digests(env) for kind, env in begun.items()} == before and not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", NO_NUMBERS, ids=IDS)
def test_d10_counts_and_ticks_are_whole_numbers(value: Any, one_day: townlet.Run, tmp_path: Path) -> None:
    def refused(use: Callable[[], Any], what: str) -> None:
        with pytest.raises(TownletError, match=f"{what}: .* given; it is a whole number"):
            use()

    for name in ("towns", "threads", "episode_ticks", "episodes"):
        refused(lambda name=name: townlet.vector_env(KITCHEN, **{name: value}), name)  # type: ignore[misc]
    refused(lambda: townlet.parallel_env(KITCHEN, max_cycles=value), "max_cycles")
    refused(lambda: townlet.simulate(KITCHEN, ticks=value, into=tmp_path / "run"), "ticks")
    refused(lambda: one_day.resume(value), "ticks")
    refused(lambda: one_day.fork(tmp_path / "fork", ticks=value), "ticks")
    refused(lambda: one_day.dataset(batch_steps=value), "batch_steps")
    if value == "3":
        refused(lambda: townlet.vector_env(KITCHEN, towns=1, seats=value), "seats")
        refused(lambda: townlet.gym_env(KITCHEN, seat=value), "seat")
    if value is not None:
        refused(lambda: one_day.at(value), "tick")
        refused(lambda: one_day.fork(tmp_path / "fork", at=value), "tick")
        refused(lambda: one_day.sql("select 1", at=value), "tick")
        refused(lambda: one_day.rewards(0, value), "tick")
        refused(lambda: one_day.story(at=value), "tick")
    assert not list(tmp_path.iterdir()) and one_day.head.tick == 30


def test_d10_numbers_of_numpy_are_taken(one_day: townlet.Run) -> None:
    assert (one_day.head.tick, one_day.seed, one_day.at(np.int32(7)).tick) == (30, 3, 7)
    env = townlet.vector_env(
        KITCHEN, towns=np.int64(1), threads=np.uint8(1), episode_ticks=np.int16(5), seats=np.int8(4)
    )
    env.reset(seed=np.array(7))
    assert env.seeds == [7] and type(env.num_envs) is type(env.seats) is type(env.episode_ticks) is int


# C3: settings from Python


def test_c3_numbers_of_numpy_and_paths_are_settings(tmp_path: Path) -> None:
    map_file = tmp_path / "mine.yaml"
    map_file.write_text((Path(__file__).parents[2] / "configs" / "maps" / "kitchen.yaml").read_text())
    plain = load(
        {"town": {"map": str(map_file), "people": 4, "repeat": [1, 1]}, "features": {"relationship_modifiers": True}},
        {"market.rent": 0.5, "people_names": ["ann", "ben", "cat", "don"]},
    )
    given = load(
        {
            "town": {"map": map_file, "people": np.int64(4), "repeat": np.array([1, 1])},
            "features": {"relationship_modifiers": np.bool_(True)},
        },
        {"market.rent": np.float32(0.5), "people_names": np.array(["ann", "ben", "cat", "don"])},
    )
    assert given == plain
    assert (
        load({"town": {"people": 4}}, {"town.map": map_file}).text
        == load(KITCHEN | {"name": "town"}, {"town.map": str(map_file)}).text
    )


def test_c3_a_value_that_is_none_is_still_refused() -> None:
    with pytest.raises(TownletError, match=r"town\.people"):
        load({"town": {"people": np.float64(4.5)}})
    with pytest.raises(TownletError, match=r"town\.people"):
        load({"town": {"people": np.array([4, 5])}})
    itself: dict[str, Any] = {}
    itself["town"] = itself
    with pytest.raises(TownletError, match="nested more than 64 levels"):
        load(itself)


@pytest.mark.parametrize("key", ["work.jobs", "needs"])
def test_c1_an_override_that_holds_itself_is_refused(key: str) -> None:
    jobs: list[Any] = []
    jobs.append(jobs)
    block: dict[str, Any] = {}
    block["decay"] = block
    with pytest.raises(TownletError, match="nested more than 64 levels"):
        load(None, {key: jobs if key == "work.jobs" else block})
