"""Environments as other libraries treat them: copied, pickled, written into, stepped when nobody is there any more."""

import copy
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import gymnasium
import numpy as np
import pytest
import supersuit
from gymnasium.wrappers import RecordEpisodeStatistics
from pettingzoo.utils.conversions import parallel_to_aec

import townlet
from tests.field.kitchens import MAKERS, WAITING, digests, vector_of
from tests.townlet.towns import DAY, KITCHEN
from townlet.daytime import time_of
from townlet.errors import TownletError

WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda env: pickle.loads(pickle.dumps(env)),
    "cloudpickle": lambda env: cloudpickle.loads(cloudpickle.dumps(env)),
}
# D1: who arrives with the last tick


def arrival_in_the_last_tick() -> Any:
    """Somebody arrives in tick 950 of seed 1, if everybody only waits; the episode ends with it."""
    return townlet.parallel_env(max_cycles=950)


def test_d1_who_was_never_an_agent_is_not_told_of() -> None:
    env = arrival_in_the_last_tick()
    env.reset(seed=1)
    people = int(env.record["clock"]["people"])
    while env.agents:
        before, people = list(env.agents), int(env.record["clock"]["people"])
        seen, *told = env.step(dict.fromkeys(before, 0))
    assert int(env.record["clock"]["people"]) == people + 1, "nobody arrives in the last tick"
    assert list(seen) == before and all(list(one) == before for one in told)


def test_d1_pettingzoos_turns_live_through_an_arrival_in_the_last_tick() -> None:
    env = parallel_to_aec(arrival_in_the_last_tick())
    env.reset(seed=1)
    for _ in env.agent_iter():
        *_, terminated, truncated, _ = env.last()
        env.step(None if terminated or truncated else 0)
    assert env.agents == []


# D2: copies


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", MAKERS)
def test_d2_a_copy_is_an_environment_of_its_own(kind: str, way: str) -> None:
    env = MAKERS[kind]()
    env.reset(seed=5)
    first = digests(env)
    other = WAYS[way](env)
    assert type(other) is type(env) and vector_of(other) is not vector_of(env)
    with pytest.raises(TownletError, match="there is no episode: call reset before step"):
        other.step(WAITING[kind])
    other.reset(seed=5)
    assert digests(other) == first
    other.step(WAITING[kind])
    assert digests(env) == first, "what the copy lives reaches the first"


def test_d2_a_copy_has_the_same_arguments(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("town: {map: kitchen, people: 3}\n")
    env = townlet.parallel_env(
        file, control="primitive", arrivals=False, seats=5, flat=True, variant="compact", render_mode="ansi",
        overrides={"market.rent": 1.5},
    )  # fmt: skip
    env.max_cycles = 77
    file.unlink()
    other = pickle.loads(pickle.dumps(env))
    assert other._vector.settings == env._vector.settings and other.max_cycles == 77
    assert other._vector._towns.resolved == env._vector._towns.resolved
    for name in ("possible_agents", "arrivals", "is_flat", "render_mode", "state_space"):
        assert getattr(other, name) == getattr(env, name)
    assert (other._vector.control, other._vector.seats) == ("primitive", 5)
    many = townlet.vector_env(KITCHEN, towns=3, threads=2, episode_ticks=9, episodes=2, autoreset="same_step")
    for name in ("num_envs", "threads", "seats", "episode_ticks", "episodes", "autoreset"):
        assert getattr(copy.deepcopy(many), name) == getattr(many, name)
    assert copy.copy(townlet.gym_env(KITCHEN, seat=2)).seat == 2


@pytest.mark.parametrize("kind", MAKERS)
def test_d2_an_environment_with_logs_is_not_copied(kind: str, tmp_path: Path) -> None:
    for way in WAYS.values():
        with pytest.raises(TownletError, match="both would write to"):
            way(MAKERS[kind](logs=tmp_path))
    assert not list(tmp_path.iterdir())


def test_d2_supersuit_stacks_copies() -> None:
    one = supersuit.pettingzoo_env_to_vec_env_v1(townlet.parallel_env(KITCHEN, arrivals=False, max_cycles=20))
    env = supersuit.concat_vec_envs_v1(one, 2, num_cpus=0, base_class="gymnasium")
    seen, _ = env.reset(seed=3)
    assert env.num_envs == len(seen["scalars"]) == 8
    for tick in range(1, 41):
        seen, rewards, _, truncations, _ = env.step(np.zeros(8, np.int64))
        assert len(seen["scalars"]) == len(rewards) == 8 and truncations.all() == (tick % 20 == 0)


# D4: what is given out reaches no state


def arrays_of(given: Any) -> Iterator[np.ndarray]:
    """Every array in what an environment gives out."""
    if isinstance(given, np.ndarray):
        yield given
    elif isinstance(given, np.void):
        yield np.asarray(given)
    elif isinstance(given, dict):
        for one in given.values():
            yield from arrays_of(one)
    elif isinstance(given, tuple | list):
        for one in given:
            yield from arrays_of(one)


def scribble(given: Any) -> int:
    """Write to every array that can be written; returns how many could."""
    count = 0
    for array in arrays_of(given):
        if array.flags.writeable:
            array.view("u1" if array.flags.c_contiguous and array.dtype.names else array.dtype)[...] = 1
            count += 1
    return count


def given_out(env: Any, kind: str) -> list[Any]:
    vector = vector_of(env)
    own = [vector.towns, vector.record(0), vector.observations, vector.infos, vector.events(0), vector.breakdown]
    return [env.step(WAITING[kind]), *own, *([env.state(), env.record] if kind == "parallel" else [])]


@pytest.mark.parametrize("kind", MAKERS)
def test_d4_whoever_writes_into_what_is_shown_changes_nothing(kind: str, tmp_path: Path) -> None:
    found = []
    for writes in (False, True):
        env = MAKERS[kind](logs=tmp_path / str(writes), **({"render_mode": "rgb_array"} if kind != "vector" else {}))
        first = env.reset(seed=2)
        assert not writes or scribble(first)
        for tick in range(40):
            given = given_out(env, kind)
            pictures = [env.render()] if kind != "vector" and tick == 20 else []
            if writes:
                scribble([given, pictures])
        found.append(digests(env))
        env.close()
        assert townlet.open(tmp_path / str(writes) / "town-000000").log_digest == found[-1][0]
    assert found[0] == found[1]


def test_d4_the_clock_of_a_town_cannot_be_set() -> None:
    with townlet.vector_env(KITCHEN, towns=2) as env:
        _, infos = env.reset(seed=1)
        with pytest.raises(ValueError, match="read-only"):
            infos["tick"] -= 5
        memory = [env._towns.towns, env._towns.shadows, env._towns.plans, env.lives.outs, env._episodes, env._asked]
        for array in arrays_of(given_out(env, "vector")):
            assert not array.flags.writeable or not any(np.shares_memory(array, one) for one in memory)


# D6, D7: agents that have left, episodes that are over


def test_d6_an_action_for_one_who_is_not_there_is_ignored() -> None:
    env = townlet.parallel_env(max_cycles=DAY)
    env.reset(seed=1)
    while len(env.agents) == 8:
        env.step(dict.fromkeys(env.possible_agents, 0))
    gone = set(env.possible_agents[:8]) - set(env.agents)
    assert gone
    before = int(env.record["clock"]["tick"])
    env.step(dict.fromkeys(gone, 0))
    assert env.record["clock"]["tick"] == before + 1
    with pytest.raises(TownletError, match="'alise' is no agent now; did you mean alice"):
        env.step({"alise": 0})
    assert env.record["clock"]["tick"] == before + 1


def test_d7_an_episode_that_is_over_is_not_stepped_on() -> None:
    env = townlet.gym_env({"town": {"people": 1}})
    env.reset(seed=1)
    while not env.step(0)[2]:
        pass
    for _ in range(2):
        with pytest.raises(TownletError, match="the episode of seat 0 is over: call reset before step"):
            env.step(0)
    env.reset(seed=1)
    env.step(0)


# D8: towns that are founded one by one


@pytest.mark.parametrize("autoreset", ["next_step", "same_step", "disabled"])
def test_d8_a_mask_of_all_is_a_reset(autoreset: Any) -> None:
    whole = townlet.vector_env(KITCHEN, towns=2, episode_ticks=5, autoreset=autoreset)
    masked = townlet.vector_env(KITCHEN, towns=2, episode_ticks=5, autoreset=autoreset)
    whole.reset(seed=1)
    masked.reset(seed=1, options={"reset_mask": np.array([True, True])})
    for _ in range(5 if autoreset == "disabled" else 13):
        for env in (whole, masked):
            env.step(WAITING["vector"])
        assert whole.digests() == masked.digests()


def test_d8_two_half_masks_are_a_reset() -> None:
    with townlet.vector_env(KITCHEN, towns=2, episode_ticks=5) as env:
        env.reset(seed=1, options={"reset_mask": np.array([True, False])})
        with pytest.raises(TownletError, match="town 1 has no episode yet: call reset before step"):
            env.step(WAITING["vector"])
        env.reset(options={"reset_mask": [False, True]})
        for _ in range(7):
            env.step(WAITING["vector"])
        assert env.infos["tick"].tolist() == [1, 1] and env.seeds == [3, 4]


# D9: one clock


@pytest.mark.parametrize("ticks_per_day", [1440, 14400])
def test_d9_a_picture_has_the_towns_clock(ticks_per_day: int) -> None:
    env = townlet.parallel_env(
        KITCHEN, overrides={"town.ticks_per_day": ticks_per_day, "town.units": "ticks"}, render_mode="ansi"
    )
    env.reset(seed=1)
    assert env.render().splitlines()[0] == "tick 0: day 0, 00:00"
    for _ in range(300):
        env.step({})
    assert env.render().splitlines()[0] == f"tick 300: {time_of(300, ticks_per_day)}"
    assert time_of(300, ticks_per_day) == {1440: "day 0, 05:00", 14400: "day 0, 00:30"}[ticks_per_day]


# D11: what other libraries look for


def test_d11_gymnasium_makes_a_town() -> None:
    gymnasium.register_envs(townlet.gym_env)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env: Any = RecordEpisodeStatistics(gymnasium.make("townlet/Town-v0", config=KITCHEN, seat=1, episode_ticks=6))
        _, _ = env.reset(seed=1)
        for _ in range(6):
            masks = env.get_wrapper_attr("action_masks")()
            assert masks.dtype == np.bool_ and masks.shape == (9,) and masks[0]
            seen, _, terminated, truncated, infos = env.step(np.int64(0))
            assert (env.get_wrapper_attr("action_masks")() == seen["action_mask"]).all()
    assert truncated and not terminated and infos["episode"]["l"] == 6


def test_d11_gymnasium_makes_many_towns_of_one_seat() -> None:
    gymnasium.register_envs(townlet.gym_env)
    env: Any = gymnasium.make_vec("townlet/Town-v0", num_envs=3, vectorization_mode="sync", config=KITCHEN)
    env = gymnasium.wrappers.vector.RecordEpisodeStatistics(env)
    seen, _ = env.reset(seed=1)
    env.action_space.seed(1)
    for _ in range(5):
        seen, rewards, *_ = env.step(env.action_space.sample())
    assert env.num_envs == len(rewards) == len(seen["scalars"]) == 3


def test_d11_spaces_keep_their_seed() -> None:
    drawn = []
    for _ in range(2):
        env = townlet.vector_env(KITCHEN, towns=2)
        env.action_space.seed(1)
        drawn.append(np.stack([env.action_space.sample() for _ in range(3)]))
    assert (drawn[0] == drawn[1]).all() and env.num_envs == 2
    one, other = townlet.gym_env(KITCHEN), townlet.gym_env(KITCHEN)
    assert one.observation_space is not other.observation_space


def test_d11_an_episode_that_everybody_has_left_is_over(tmp_path: Path) -> None:
    env = townlet.parallel_env({"town": {"people": 1}}, logs=tmp_path)
    env.reset(seed=1)
    while env.agents:
        *_, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 0))
    assert list(terminated.values()) == [True] and list(truncated.values()) == [False]
    tick = int(env.record["clock"]["tick"])
    assert env.step({}) == ({}, {}, {}, {}, {}) and env.record["clock"]["tick"] == tick < DAY
    assert townlet.open(tmp_path / "town-000000").head.tick == tick, "the log is whole"
    env.reset()
    assert env.agents == ["alice"]
