"""A town as PettingZoo sees it: its own tests, SuperSuit's wrappers, people who leave and come."""

import shutil
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import supersuit
from pettingzoo.test import (
    api_test,
    max_cycles_test,
    parallel_api_test,
    parallel_seed_test,
    performance_benchmark,
    render_test,
    seed_test,
)
from pettingzoo.test.state_test import state_test
from pettingzoo.utils.conversions import parallel_to_aec

import townlet
from tests.townlet.env.test_contract import KITCHEN
from tests.townlet.towns import DAY, default_settings
from townlet.configuration.plans import map_of
from townlet.env.parallel import ParallelEnv
from townlet.errors import TownletError


def make(**changes: Any) -> ParallelEnv:
    return townlet.parallel_env(KITCHEN, **changes)


def in_turns(**changes: Any) -> Any:
    """The same with one agent after the other."""
    return parallel_to_aec(make(**changes))


@pytest.mark.parametrize("control", ["option", "primitive"])
@pytest.mark.parametrize("flat", [False, True], ids=["dict", "flat"])
def test_pettingzoos_api(control: Any, flat: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(make(control=control, arrivals=False, flat=flat), num_cycles=200)


def test_pettingzoos_api_while_people_leave_and_come() -> None:
    env = townlet.parallel_env(max_cycles=2 * DAY)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # At the end of an episode nobody is there, though more could have come.
        warnings.filterwarnings("ignore", "No agents present")
        parallel_api_test(env, num_cycles=2 * DAY)


def test_pettingzoos_api_one_agent_after_the_other() -> None:
    with warnings.catch_warnings():
        # Its taste in names and spaces, which dictionaries are not to.
        warnings.simplefilter("ignore", UserWarning)
        api_test(in_turns(max_cycles=30), num_cycles=100)


def test_pettingzoos_seeds() -> None:
    parallel_seed_test(make, num_cycles=60)
    seed_test(in_turns, num_cycles=60)


def test_pettingzoos_state() -> None:
    state_test(in_turns(), make())


def test_pettingzoos_rendering() -> None:
    render_test(lambda render_mode: in_turns(render_mode=None if render_mode == "human" else render_mode))


def test_pettingzoos_cycles() -> None:
    def parallel_env(max_cycles: int) -> ParallelEnv:
        return make(max_cycles=max_cycles, arrivals=False)

    def env(max_cycles: int) -> Any:
        return parallel_to_aec(parallel_env(max_cycles))

    max_cycles_test(SimpleNamespace(parallel_env=parallel_env, env=env))


@pytest.mark.slow
def test_pettingzoos_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    """Five seconds by itself."""
    performance_benchmark(in_turns())
    turns = float(capsys.readouterr().out.partition(" turns per second")[0].splitlines()[-1])
    assert turns > 2_000


def test_agents_are_people_by_name() -> None:
    env = townlet.parallel_env(max_cycles=4 * DAY)
    seen, infos = env.reset(seed=2)
    assert env.agents == ["alice", "bob", "carol", "dan", "erin", "frank", "grace", "henry"] == list(seen)
    assert infos["carol"] == {"decides": True, "seat": 2}
    gone: set[str] = set()
    came: set[str] = set()
    while env.agents:
        before = set(env.agents)
        seen, rewards, terminated, truncated, infos = env.step(dict.fromkeys(env.agents, 0))
        assert set(seen) == set(rewards) == set(terminated) == set(truncated) == set(infos)
        now = set(env.agents) if env.agents else before
        assert {name for name, ended in terminated.items() if ended} == before - now
        assert set(seen) == before | now
        assert not now & gone, "who has left comes back"
        gone |= before - now
        came |= now - before
        for name in now - before:
            assert seen[name]["scalars"].any() and not terminated[name]
    assert all(cut for name, cut in truncated.items() if not terminated[name])
    assert gone and came and came | gone <= set(env.possible_agents)
    assert env.step({}) == ({}, {}, {}, {}, {})


@pytest.mark.parametrize(
    ("seats", "days", "possible"), [(None, 1, 24), (9, 1, 18), (10, 1, 10), (12, 1, 10), (10, 2, 20), (14, 3, 14)]
)
def test_as_many_are_possible_as_can_come(seats: int | None, days: int, possible: int) -> None:
    """Two may leave a day; whoever does so early is followed by somebody."""
    env = townlet.parallel_env(max_cycles=days * DAY, seats=seats)
    assert len(env.possible_agents) == len(set(env.possible_agents)) == possible
    seen: set[str] = set()
    for seed in range(2):
        env.reset(seed=seed)
        while env.agents:
            seen |= set(env.agents)
            env.step(dict.fromkeys(env.agents, 0))
    assert seen <= set(env.possible_agents)
    assert days == 1 or len(seen) > 8, "nobody came"


def test_nothing_can_be_done_before_a_reset() -> None:
    with pytest.raises(TownletError, match="there is no episode"):
        make().step({"alice": 0})


def test_without_arrivals_agents_are_the_founders() -> None:
    env = townlet.parallel_env(max_cycles=2 * DAY, arrivals=False)
    env.reset(seed=2)
    founders = list(env.agents)
    assert env.possible_agents == founders
    while env.agents:
        env.step(dict.fromkeys(env.agents, 0))
        assert set(env.agents) <= set(founders)


def test_what_was_seen_stays_as_it_was() -> None:
    env = make()
    seen, _ = env.reset(seed=1)
    kept = {name: array.copy() for name, array in seen["alice"].items()}
    for _ in range(60):
        env.step(dict.fromkeys(env.agents, 0))
    assert all((kept[name] == seen["alice"][name]).all() for name in kept)


def test_who_is_not_asked_lives_by_the_script() -> None:
    env, alone = make(), townlet.vector_env(KITCHEN, towns=1, autoreset="disabled")
    env.reset(seed=1)
    alone.reset(seed=1)
    for _ in range(300):
        env.step({})
        alone.step(np.full((1, 4), -1))
    assert env.digest() == alone.digests()[0]


def test_an_agent_that_is_none_is_named() -> None:
    env = make()
    env.reset(seed=1)
    with pytest.raises(TownletError, match=r"'alise' is no agent now.*alice"):
        env.step({"alise": 0})


def test_flat_observations_are_one_box_with_the_mask_in_infos() -> None:
    flat, whole = make(flat=True), make()
    (seen, infos), (other, _) = flat.reset(seed=1), whole.reset(seed=1)
    floats = other["bob"]["scalars"].size
    assert flat.observation_space("bob").contains(seen["bob"])
    assert (seen["bob"][:floats] == other["bob"]["scalars"]).all()
    assert ((seen["bob"][floats:] > 0) == (other["bob"]["map"].reshape(-1) > 0)).all()
    assert (infos["bob"]["action_mask"] == other["bob"]["action_mask"]).all()


def test_supersuit_makes_a_vector_of_agents() -> None:
    env = supersuit.pettingzoo_env_to_vec_env_v1(make(arrivals=False, max_cycles=30))
    env.reset(seed=1)
    for tick in range(1, 61):
        seen, rewards, _, truncations, _ = env.step(np.zeros(4, np.int64))
        assert seen["scalars"].shape[0] == len(rewards) == 4
        assert truncations.all() == (tick % 30 == 0)


def test_supersuit_keeps_the_dead() -> None:
    env = supersuit.black_death_v3(
        townlet.parallel_env(arrivals=False, flat=True, variant="compact", max_cycles=2 * DAY)
    )
    seen, _ = env.reset(seed=2)
    names, gone = list(seen), 0
    for _ in range(2 * DAY):
        seen, rewards, *_ = env.step(dict.fromkeys(names, 0))
        assert list(sorted(seen)) == sorted(names) == sorted(rewards)
        gone = sum(not array.any() for array in seen.values())
    assert gone > 0


def test_the_log_of_an_episode_is_a_run(tmp_path: Path) -> None:
    env = make(logs=tmp_path, max_cycles=40)
    env.reset(seed=9)
    while env.agents:
        env.step(dict.fromkeys(env.agents, 0))
    digest = env.digest()
    env.close()
    run = townlet.open(tmp_path / "town-000000")
    assert (run.seed, run.head.tick, run.log_digest) == (9, 40, digest)


def test_the_town_of_an_episode_lives_on_by_the_script(tmp_path: Path) -> None:
    """People have left it and come already; how it goes on does not depend on where it was resumed."""
    env = townlet.parallel_env(logs=tmp_path, max_cycles=2 * DAY, seats=8)
    env.reset(seed=2)
    while env.agents:
        env.step(dict.fromkeys(env.agents, 0))
    env.close()
    whole = tmp_path / "town-000000"
    shutil.copytree(whole, tmp_path / "parts")
    once = townlet.open(whole).resume(2 * DAY)
    twice = townlet.open(tmp_path / "parts").resume(700)
    twice = twice.resume(2 * DAY - 700)
    assert once.head.tick == twice.head.tick == 4 * DAY and once.log_digest == twice.log_digest
    moment = once.at()
    assert moment.table("agents").num_rows == 8
    later = once.sql(f"select count(*) as chosen from option_chosen where tick >= {2 * DAY}")
    assert later["chosen"][0].as_py() > 0


def test_pictures_show_who_is_where() -> None:
    env = townlet.parallel_env(render_mode="ansi")
    env.reset(seed=1)
    for _ in range(300):
        env.step({})
    head, *lines = env.render().splitlines()
    assert head == "tick 300: day 0, 05:00"
    high, wide = map_of(default_settings()).grid.shape
    rows, people = lines[:high], lines[high:]
    assert len(people) == 8 and {len(row) for row in rows} == {wide}
    for seat, line in enumerate(people):
        row, column = divmod(int(env.record["agents"]["tile"][seat]), 64)
        assert rows[row][column] == line[0] and env.agents[seat] in line


def test_pixels_show_who_is_where() -> None:
    env = townlet.parallel_env(render_mode="rgb_array")
    env.reset(seed=1)
    image = env.render()
    high, wide = map_of(default_settings()).grid.shape
    assert image.shape == (8 * high, 8 * wide, 3) and image.dtype == np.uint8
    colours = set()
    for seat in range(8):
        row, column = divmod(int(env.record["agents"]["tile"][seat]), 64)
        colours.add(tuple(image[8 * row + 4, 8 * column + 4]))
    assert len(colours) == 8


def test_a_render_mode_that_is_none_is_refused() -> None:
    with pytest.raises(TownletError, match="render_mode 'human' is none of ansi, rgb_array"):
        make(render_mode="human")
