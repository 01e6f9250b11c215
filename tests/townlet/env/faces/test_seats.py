"""One environment a seat, as Gymnasium's wrappers and trainers take it."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers.vector import FlattenObservation, RecordEpisodeStatistics

import townlet
from townlet.env.faces.seats import SeatsEnv
from townlet.errors import TownletError

HARSH = {"needs.decay.hunger": 0.01, "needs.faint_at": 0.3}
"""People faint and leave within hours."""


def made(num_envs: int = 16, **changes: Any) -> Any:
    """The environment as a trainer makes it."""
    assert townlet.gym_env
    return gymnasium.make_vec("townlet/Seats-v0", num_envs=num_envs, **changes)


def allowed(infos: dict[str, Any]) -> np.ndarray:
    """The last allowed action of each seat."""
    mask = infos["action_mask"]
    actions: np.ndarray = mask.shape[1] - 1 - mask[:, ::-1].argmax(1)
    return actions


def test_a_seat_is_the_same_as_in_the_vector_environment() -> None:
    env = made(episode_ticks=40)
    with townlet.vector_env(towns=2, episode_ticks=40) as inner:
        observations, infos = env.reset(seed=3)
        seen, _ = inner.reset(seed=3)
        for _ in range(90):
            assert env.observation_space.contains(observations)
            for name, array in seen.items():
                assert array.reshape(observations[name].shape).tobytes() == observations[name].tobytes()
            actions = allowed(infos)
            observations, *flags, infos = env.step(actions)
            seen, *others, _ = inner.step(actions.reshape(2, 8))
            for one, other in zip(flags, others, strict=True):
                assert one.shape == (16,) and one.tobytes() == other.tobytes()
    env.close()


def test_episodes_are_recorded_as_they_were() -> None:
    env = RecordEpisodeStatistics(made(8, episode_ticks=700, overrides=HARSH))
    _, infos = env.reset(seed=3)
    returns, lengths, ended = np.zeros(8), np.zeros(8, int), 0
    over = np.zeros(8, bool)
    for _ in range(800):
        _, rewards, terminated, truncated, infos = env.step(np.zeros(8, int))
        returns[over], lengths[over] = 0, 0
        returns[~over] += rewards[~over]
        lengths[~over] += 1
        over = terminated | truncated
        if over.any():
            assert (infos["_episode"] == over).all()
            assert np.allclose(infos["episode"]["r"][over], returns[over], atol=1e-4)
            assert (infos["episode"]["l"][over] == lengths[over]).all()
            ended += int(over.sum())
    assert ended > 8, "somebody left before the episode was cut off"
    env.close()


def test_one_array_holds_the_same() -> None:
    plain, flat = made(8), made(8, flat=True)
    wrapped = FlattenObservation(made(8, flat=True))
    assert isinstance(flat.single_observation_space, gymnasium.spaces.Box)
    seen, _ = plain.reset(seed=1)
    array, infos = flat.reset(seed=1)
    assert array.shape == (8, flat.single_observation_space.shape[0]) and flat.observation_space.contains(array)
    scalars = seen["scalars"].shape[1]
    assert array[:, :scalars].tobytes() == seen["scalars"].tobytes()
    assert array[:, scalars:].max() <= 1.0 and ((array[:, scalars:] > 0) == (seen["map"].reshape(8, -1) > 0)).all()
    assert infos["action_mask"].tobytes() == seen["action_mask"].tobytes()
    assert (flat.unwrapped.action_masks() == infos["action_mask"].astype(bool)).all()
    wrapped.reset(seed=1)
    for env in (plain, flat, wrapped):
        env.close()


def test_what_is_given_out_is_a_copy() -> None:
    env = SeatsEnv(towns=1)
    first, infos = env.reset(seed=1)
    kept = {name: array.tobytes() for name, array in {**first, **infos}.items()}
    for _ in range(5):
        env.step(allowed(infos))
    assert {name: array.tobytes() for name, array in {**first, **infos}.items()} == kept
    env.close()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(TownletError, match="take a multiple of 8, such as num_envs=16"):
        made(14)
    with pytest.raises(TownletError, match="take a multiple of 8"):
        SeatsEnv(num_envs=8, towns=2)
    with pytest.raises(TownletError, match="many seats have no picture"):
        SeatsEnv(render_mode="ansi")  # type: ignore[arg-type]
    env = SeatsEnv(num_envs=8)
    with pytest.raises(TownletError, match="call reset"):
        env.step(np.zeros(8, int))
    env.reset(seed=1)
    with pytest.raises(TownletError, match=r"integers \[8\]"):
        env.step(np.zeros((1, 8), int))
    with pytest.raises(TownletError, match="a seat is not reset alone"):
        env.reset(options={"reset_mask": np.ones(8, bool)})
    env.close()
