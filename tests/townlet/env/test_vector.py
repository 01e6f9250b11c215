"""Many towns at once: life cycle, seeds, exits and newcomers, threads, logs; and each is the town that its log says."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.codes import AGENT_ARRIVED, AGENT_EXITED, EPISODE_ENDED, TICK_ENDED
from projections.observations.observer import Observer
from projections.record.state import state_bytes
from tests.townlet.env.test_contract import KITCHEN
from tests.townlet.towns import DAY, default_settings, lived, log_digest, said_by, town_of
from townlet.env.contract import any_allowed
from townlet.env.vector import VectorEnv
from townlet.errors import ConfigurationError, TownletError

WAIT, SCRIPTED = 0, -1


def constant(env: VectorEnv, action: int) -> np.ndarray:
    return np.full((env.num_envs, env.seats), action)


def run(env: VectorEnv, ticks: int, seed: int = 3) -> None:
    observations, infos = env.reset(seed=seed)
    for _ in range(ticks):
        observations, *_, infos = env.step(any_allowed(observations, infos))


def test_left_to_the_script_a_town_lives_as_it_would_alone() -> None:
    town, rows = lived(default_settings(), 7, 2 * DAY)
    with townlet.vector_env(towns=3, episode_ticks=5 * DAY) as env:
        env.reset(seed=[5, 7, 6])
        for _ in range(2 * DAY):
            env.step(constant(env, SCRIPTED))
        assert env.digests()[1] == log_digest([rows])
        assert state_bytes(env.towns, 1) == state_bytes(town.towns)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("control", ["option", "primitive"])
def test_any_number_of_threads_writes_the_same_bytes(control: Any, threads: int) -> None:
    def everything(threads: int) -> list[Any]:
        with townlet.vector_env(KITCHEN, towns=7, control=control, threads=threads, episode_ticks=100) as env:
            observations, infos = env.reset(seed=3)
            kept = []
            for _ in range(210):
                observations, *flags, infos = env.step(any_allowed(observations, infos))
                arrays = (*observations.values(), *flags, *infos.values())
                kept.append(b"".join(array.tobytes() for array in arrays))
            return [kept, env.digests()]

    assert everything(threads) == everything(1)


def test_what_is_shown_can_be_had_from_the_log(tmp_path: Path) -> None:
    with townlet.vector_env(towns=2, logs=tmp_path, episode_ticks=3 * DAY) as env:
        run(env, DAY + 100)
        shown = {name: array.copy() for name, array in env.observations.items()}
        digests, paths = env.digests(), env.log_paths
        state = [state_bytes(env.towns, index) for index in range(2)]
    for index, path in enumerate(paths):
        with_log = townlet.open(path)
        assert with_log.log_digest == digests[index]
        town = with_log.at().town
        assert state_bytes(town.towns) == state[index]
        observer = Observer(town.settings[0].observations, town.plans, 1, env.seats)
        observer.see(town.towns)
        assert (observer.scalars[0] == shown["scalars"][index]).all()
        assert (observer.map[0] == shown["map"][index]).all()


@pytest.mark.parametrize("stage", ["off", "c3"])
def test_what_is_paid_can_be_had_from_the_log(tmp_path: Path, stage: str) -> None:
    overrides = {"rewards.social.stage": stage, "rewards.shaping.enabled": True, "life.unemployment_days": 1}
    with townlet.vector_env(
        towns=2, logs=tmp_path, episode_ticks=DAY, episodes=3, overrides=overrides, control="primitive"
    ) as env:
        observations, infos = env.reset(seed=3)
        paid: dict[tuple[int, int, int], bytes] = {}
        for tick in range(2 * DAY):
            asked = any_allowed(observations, infos)
            asked[:, ::2] = SCRIPTED  # some live well enough to talk
            before = infos["person"].copy()
            observations, _, terminated, _, infos = env.step(asked)
            breakdown = env.breakdown
            for town, seat in np.argwhere(infos["alive"] | terminated):
                person = before[town, seat] if terminated[town, seat] else infos["person"][town, seat]
                paid[int(town), tick, int(person)] = breakdown[town, seat].tobytes()
        names, paths = env.reward_names, env.log_paths
    told: dict[tuple[int, int, int], bytes] = {}
    for town, path in enumerate(paths):
        for row in townlet.open(path).rewards().to_pylist():
            told[town, row["tick"], row["agent_id"]] = np.array([row[name] for name in names]).tobytes()
    assert told == paid
    social = names.index("social")
    assert any(np.frombuffer(each)[social] for each in paid.values()) == (stage == "c3")


def test_a_town_has_one_log_for_each_time_that_it_is_founded(tmp_path: Path) -> None:
    with townlet.vector_env(KITCHEN, towns=2, logs=tmp_path, episode_ticks=50) as env:
        run(env, 130, seed=10)
    runs = [townlet.open(path) for path in sorted(tmp_path.iterdir())]
    assert [(one.path.name, one.seed, one.head.tick) for one in runs] == [
        ("town-000000", 10, 50),
        ("town-000001", 11, 50),
        ("town-000002", 12, 50),
        ("town-000003", 13, 50),
        ("town-000004", 14, 28),
        ("town-000005", 15, 28),
    ]
    assert len({one.log_digest for one in runs}) == 6
    ended = runs[0].sql("select count(*) as n, min(tick) as tick from episode_ended").to_pylist()
    assert ended == [{"n": 4, "tick": 49}]


def test_the_step_after_the_last_shows_the_next_town() -> None:
    with townlet.vector_env(KITCHEN, towns=2, episode_ticks=5) as env:
        first = {name: array.copy() for name, array in env.reset(seed=4)[0].items()}
        for tick in range(1, 5):
            *_, truncations, infos = env.step(constant(env, WAIT))
            assert not truncations.any() and (infos["tick"] == tick).all()
        *_, truncations, infos = env.step(constant(env, WAIT))
        assert truncations.all() and (infos["tick"] == 5).all()
        seen, rewards, terminations, truncations, infos = env.step(constant(env, WAIT))
        assert not rewards.any() and not truncations.any() and not terminations.any()
        assert (infos["tick"] == 0).all() and env.seeds == [6, 7]
        again = env.reset(seed=6)[0]
        assert all((again[name] == seen[name]).all() for name in seen)
        assert any((again[name] != first[name]).any() for name in seen)
        *_, infos = env.step(constant(env, WAIT))
        assert (infos["tick"] == 1).all()


def test_the_last_step_can_show_the_next_town() -> None:
    with townlet.vector_env(KITCHEN, towns=2, episode_ticks=5, autoreset="same_step") as env:
        env.reset(seed=4)
        for _ in range(5):
            seen, rewards, _, truncations, infos = env.step(constant(env, WAIT))
        assert truncations.all() and rewards.all() and (infos["tick"] == 0).all() and env.seeds == [6, 7]
        assert infos["_final_obs"].all() and (infos["final_info"]["tick"] == 5).all()
        assert (infos["final_obs"]["scalars"] != seen["scalars"]).any()
        *_, truncations, infos = env.step(constant(env, WAIT))
        assert not truncations.any() and "final_obs" not in infos


def test_towns_can_be_founded_one_by_one() -> None:
    with townlet.vector_env(KITCHEN, towns=3, episode_ticks=5, autoreset="disabled") as env:
        with pytest.raises(TownletError, match="there is no episode: call reset before step"):
            env.step(constant(env, WAIT))
        env.reset(seed=4)
        env.step(constant(env, WAIT))
        env.reset(options={"reset_mask": np.array([False, True, False])})
        assert env.seeds == [4, 8, 6] and env.infos["tick"].tolist() == [1, 0, 1]
        for _ in range(4):
            *_, truncations, _ = env.step(constant(env, WAIT))
        assert truncations.any(-1).tolist() == [True, False, True]
        with pytest.raises(TownletError, match="the episode of town 0 is over: call reset before step"):
            env.step(constant(env, WAIT))
        env.reset(options={"reset_mask": np.array([True, False, True])})
        env.step(constant(env, WAIT))
        assert env.infos["tick"].tolist() == [1, 5, 1]


def test_a_town_lives_on_through_episodes() -> None:
    with townlet.vector_env(KITCHEN, towns=1, episode_ticks=10, episodes=3) as env:
        env.reset(seed=1)
        reset = env.layout.slices["ctx_reset"]
        for tick in range(1, 31):
            seen, _, _, truncations, infos = env.step(constant(env, WAIT))
            ends = tick % 10 == 0
            assert truncations.all() == ends == truncations.any() and infos["tick"] == [tick]
            assert (seen["scalars"][..., reset] == ends).all(), "what follows is a new episode"
            kinds = env.events(0)["kind"]
            assert (kinds == EPISODE_ENDED).sum() == 4 * ends and kinds[-1] == TICK_ENDED
        env.step(constant(env, WAIT))
        assert env.infos["tick"] == [0] and env.seeds == [2]


def test_who_leaves_is_terminated_once_and_the_seat_waits_for_a_newcomer() -> None:
    with townlet.vector_env(towns=2, episode_ticks=4 * DAY) as env:
        env.reset(seed=2)
        before, exits, arrivals = env.infos["person"].copy(), 0, 0
        left = np.zeros(before.shape, np.int64)
        reset = env.layout.slices["ctx_reset"].start
        for _ in range(2 * DAY):
            seen, rewards, terminations, _, infos = env.step(constant(env, WAIT))
            gone = (before >= 0) & (infos["person"] != before)
            came = (infos["person"] >= 0) & (infos["person"] != before)
            empty = ~infos["alive"]
            assert (terminations == gone).all()
            assert (
                not rewards[empty & ~gone].any() and not seen["scalars"][empty].any() and not seen["map"][empty].any()
            )
            assert (seen["scalars"][..., reset][came] == 1).all()
            assert (rewards[gone] < 0).all(), "who leaves after a faint is told so"
            happened = np.concatenate([env.events(0)["kind"], env.events(1)["kind"]])
            assert (happened == AGENT_EXITED).sum() == gone.sum() and (happened == AGENT_ARRIVED).sum() == came.sum()
            assert (infos["person"][came] & 63 == np.nonzero(came)[1]).all(), "a newcomer has a seat that is shown"
            left += gone
            exits, arrivals, before = exits + int(gone.sum()), arrivals + int(came.sum()), infos["person"].copy()
        assert exits >= 4 and arrivals >= 4 and left.max() >= 1


def test_seats_to_spare_let_a_seat_rest() -> None:
    with townlet.vector_env(KITCHEN, towns=1, seats=6, episode_ticks=4 * DAY) as env:
        env.reset(seed=2)
        assert env.infos["alive"][0].tolist() == [True] * 4 + [False] * 2
        for _ in range(2 * DAY):
            env.step(constant(env, WAIT))
        assert set(env.infos["person"][0].tolist()) & {4, 5}, "newcomers sit in seats that nobody had"


def test_what_asks_for_nothing_and_what_is_asked_can_be_mixed() -> None:
    with townlet.vector_env(towns=1) as env:
        env.reset(seed=2)
        actions = constant(env, SCRIPTED)
        actions[0, 2] = WAIT
        seen = set()
        for _ in range(600):
            *_, infos = env.step(actions)
            assert infos["actions"][0, 2] == WAIT
            seen |= set(infos["actions"][0].tolist())
        assert len(seen) > 4, "the others do what the script says"


def test_outboxes_are_emptied_in_time_and_nothing_is_lost(tmp_path: Path) -> None:
    with townlet.vector_env(control="primitive", towns=3, threads=2, logs=tmp_path, episode_ticks=DAY) as env:
        observations, infos = env.reset(seed=1)
        history: list[list[np.ndarray]] = [[env.events(index)] for index in range(3)]
        for _ in range(DAY):
            observations, *_, infos = env.step(any_allowed(observations, infos))
            for index in range(3):
                history[index].append(env.events(index))
        rows = [np.concatenate(some) for some in history]
        assert env.digests() == [log_digest([some]) for some in rows]
        assert min(map(len, rows)) > 4096, "no outbox was ever full"
        paths = env.log_paths
    for path, some in zip(paths, rows, strict=True):
        assert townlet.open(path).log_digest == log_digest([some])
        replay = town_of(townlet.open(path).config)
        replay.fold([some])
        assert replay.state_digest() == townlet.open(path).at().town.state_digest()


def test_other_rewards_and_observations_change_no_history() -> None:
    other = {"rewards.survival": 0.5, "observations.variant": "hybrid", "observations.social.enabled": False}
    digests = []
    for overrides in ({}, other):
        with townlet.vector_env(KITCHEN, towns=2, overrides=overrides) as env:
            run(env, 200)
            digests.append(env.digests())
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"towns": 0}, "0 towns are too few"),
        ({"threads": 0}, "threads: 0 given; it is 1 or more"),
        ({"episode_ticks": 0}, "episode_ticks: 0 given"),
        ({"control": "thought"}, "control 'thought' is none of option, primitive"),
        ({"autoreset": "never"}, "autoreset 'never' is none of next_step, same_step, disabled"),
        ({"seats": 3}, "3 seats: 8 people have to sit"),
        ({"seats": 65}, "has 64 seats"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(TownletError, match=said):
        townlet.vector_env(**{"towns": 1, **arguments})


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"observations\.variant"):
        townlet.vector_env(variant="wide")  # type: ignore[arg-type]


@pytest.mark.parametrize("actions", [np.zeros((1, 3), np.int64), np.zeros((1, 4)), np.zeros(4, np.int64)])
def test_actions_of_another_shape_or_type_are_refused(actions: np.ndarray) -> None:
    with townlet.vector_env(KITCHEN, towns=1) as env:
        env.reset(seed=1)
        with pytest.raises(TownletError, match=r"actions are integers \[1, 4\]"):
            env.step(actions)


def test_a_seed_may_be_numpys() -> None:
    with townlet.vector_env(KITCHEN, towns=2) as env:
        env.reset(seed=5)
        digests = env.digests()
        for seed in (np.int64(5), np.array([5, 6], "u4")):
            env.reset(seed=seed)
            assert (env.seeds, env.digests()) == ([5, 6], digests)


def test_seeds_that_are_none_are_refused() -> None:
    with townlet.vector_env(KITCHEN, towns=2) as env:
        with pytest.raises(TownletError, match="the seed -1 is not between"):
            env.reset(seed=-1)
        with pytest.raises(TownletError, match="3 seeds are given for 2 towns"):
            env.reset(seed=[1, 2, 3])
        with pytest.raises(TownletError, match=r"options\['reset_mask'\] is bool \[2\]"):
            env.reset(options={"reset_mask": np.array([1, 0])})


def test_the_spaces_are_gymnasiums() -> None:
    from gymnasium.vector import AutoresetMode

    with townlet.vector_env(KITCHEN, towns=2, autoreset="same_step") as env:
        assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
        observations, _ = env.reset(seed=1)
        assert env.observation_space.contains(observations)
        assert env.single_observation_space.contains({name: array[0, 0] for name, array in observations.items()})
        env.action_space.seed(1)
        assert env.action_space.sample().shape == (2, 4) and env.single_action_space.n == 9
        env.step(env.action_space.sample())


def first_hour(control: Any, threads: int) -> list[str]:
    """The digests of two kitchens after an hour, and of all that was shown and paid on the way."""
    shown = hashlib.sha256()
    with townlet.vector_env(KITCHEN, towns=2, threads=threads, control=control, episode_ticks=45) as env:
        observations, infos = env.reset(seed=3)
        for _ in range(60):
            observations, *flags, infos = env.step(any_allowed(observations, infos))
            for array in (*observations.values(), *flags, *infos.values(), env.breakdown):
                shown.update(array.tobytes())
        return [*env.digests(), shown.hexdigest()]


@pytest.mark.slow
@pytest.mark.parametrize(("control", "threads"), [("option", 1), ("primitive", 2)])
def test_plain_python_shows_and_pays_the_same(control: str, threads: int) -> None:
    code = f"from tests.townlet.env.test_vector import first_hour\nprint(*first_hour({control!r}, {threads}))"
    assert said_by(code, NUMBA_DISABLE_JIT="1") == first_hour(control, 1)


def test_the_sum_of_an_episode_is_observed_where_it_is_limited() -> None:
    overrides = {"observations.episode_sum": True, "rewards.episode_clip": 0.05}
    with townlet.vector_env(towns=1, episode_ticks=40, episodes=2, overrides=overrides, variant="compact") as env:
        where = env.layout.slices["episode_sum"].start
        observations, _ = env.reset(seed=3)
        assert not observations["scalars"][0, :, where].any()
        summed, seen = np.zeros(env.seats), []
        for tick in range(79):
            observations, rewards, _, truncated, infos = env.step(constant(env, SCRIPTED))
            summed = np.where(truncated[0], 0.0, summed + rewards[0])
            found = observations["scalars"][0, infos["alive"][0], where]
            np.testing.assert_allclose(found, summed[infos["alive"][0]] / 0.05, atol=1e-5, err_msg=f"tick {tick}")
            assert np.abs(found).max() <= 1.0
            seen.append(float(found.max()))
        assert max(seen) == 1.0 and seen[39] == 0.0, "the limit is reached, and the next episode begins at 0"
