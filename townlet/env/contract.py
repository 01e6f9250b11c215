"""Contracts that every environment and every policy must keep. Inherit them in your own tests.

    class TestMine(EnvironmentContract):
        def make(self, **changes):
            return townlet.vector_env("my_town.yaml", **changes)

A failed test raises an AssertionError that says what was not kept.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import numpy as np

from eventlog.codes import ACTION_REJECTED, EPISODE_ENDED
from townlet.env.vector import Infos, Observations, VectorEnv

Policy = Callable[[Observations, Infos], np.ndarray]
"""From observations and infos, as `VectorEnv` gives them, to actions: integers [towns, seats]."""


def any_allowed(observations: Observations, infos: Infos) -> np.ndarray:
    """A random allowed action for each seat; the same tick, town and seat always give the same action."""
    mask = observations["action_mask"]
    lots = np.empty(mask.shape)
    for town, tick in enumerate(infos["tick"].tolist()):
        word = b"".join(
            blake2b(f"{town} {tick} {part}".encode(), digest_size=64).digest()
            for part in range(-(-mask[town].size // 32))
        )
        lots[town] = np.frombuffer(word, "<u2")[: mask[town].size].reshape(mask[town].shape) + 1
    chosen: np.ndarray = (lots * mask).argmax(-1)
    return chosen


class EnvironmentContract:
    """What an environment of many towns must keep under any settings. Subclasses define `make`."""

    ticks = 120

    def make(self, **changes: Any) -> VectorEnv:
        """A new environment to test; `changes` are arguments of `townlet.vector_env`."""
        raise NotImplementedError("give the environment that is to be tested")

    def play(self, env: VectorEnv, seed: int = 1, policy: Policy = any_allowed) -> Iterator[tuple[Any, ...]]:
        """Play some ticks; yields the actions and the results of `step` of each tick."""
        observations, infos = env.reset(seed=seed)
        for _ in range(self.ticks):
            actions = policy(observations, infos)
            observations, rewards, terminations, truncations, infos = env.step(actions)
            yield actions, observations, rewards, terminations, truncations, infos

    def test_what_is_seen_lies_in_its_space(self) -> None:
        """Every observation lies in the observation space."""
        with self.make(towns=2) as env:
            observations, _ = env.reset(seed=1)
            assert env.observation_space.contains(observations), "the first observation lies outside of its space"
            for _, seen, *_ in self.play(env):
                for name, space in env.observation_space.spaces.items():
                    assert space.contains(seen[name]), f"{name} lies outside of its space"

    def test_shapes_and_types_stand(self) -> None:
        """Actions, observations, rewards and infos keep their shapes and types."""
        with self.make(towns=3) as env:
            shape = (3, env.seats)
            for actions, seen, rewards, terminations, truncations, infos in self.play(env):
                assert actions.shape == rewards.shape == terminations.shape == truncations.shape == shape
                assert rewards.dtype == np.float32 and terminations.dtype == truncations.dtype == np.bool_
                assert seen["scalars"].shape == (*shape, env.layout.size) and seen["scalars"].dtype == np.float32
                assert {name: infos[name].shape for name in ("alive", "decides", "person", "actions")} == dict.fromkeys(
                    ("alive", "decides", "person", "actions"), shape
                )

    def test_somebody_may_always_do_something(self) -> None:
        """A mask always allows an action; an empty seat may only wait."""
        with self.make(towns=2) as env:
            for _, seen, *_, infos in self.play(env):
                mask, alive = seen["action_mask"], infos["alive"]
                assert (mask.sum(-1) >= 1).all(), "a seat that may be asked nothing"
                assert (mask[~alive] == np.eye(mask.shape[-1], dtype=mask.dtype)[0]).all(), (
                    "an empty seat may only wait"
                )
                assert (infos["person"] >= 0)[alive].all() and (infos["person"] < 0)[~alive].all()
                assert not (infos["decides"] & ~alive).any(), "nobody decides in an empty seat"

    def test_what_may_be_asked_is_never_refused(self) -> None:
        """No action that the mask allows is rejected."""
        with self.make(towns=2) as env:
            for _ in self.play(env):
                for town in range(2):
                    assert not (env.events(town)["kind"] == ACTION_REJECTED).any(), "refused what the mask allows"

    def test_what_may_not_be_asked_is_an_event(self) -> None:
        """An action that the mask does not allow is rejected by an event."""
        with self.make(towns=1) as env:
            observations, infos = env.reset(seed=1)
            wrong = observations["action_mask"].argmin(-1)
            asked = (observations["action_mask"].min(-1) == 0) & infos["alive"]
            env.step(np.where(asked, wrong, 0))
            assert (env.events(0)["kind"] == ACTION_REJECTED).sum() == asked.sum()

    def test_a_seed_is_a_history(self) -> None:
        """The same seed gives the same history, another seed another one."""

        def digests(seed: int, **changes: Any) -> list[str]:
            with self.make(towns=3, **changes) as env:
                for _ in self.play(env, seed):
                    pass
                return env.digests()

        first = digests(5)
        assert len(set(first)) == 3, "towns of one environment are of different seeds"
        assert digests(5) == first, "the same seed, another history"
        assert digests(5, threads=2) == first, "two threads, another history"
        assert not set(digests(50)) & set(first), "another seed, the same history"

    def test_rewards_are_the_sum_of_their_terms(self) -> None:
        """A reward is the sum of the terms in `breakdown`."""
        with self.make(towns=2) as env:
            for _, _, rewards, *_ in self.play(env):
                terms = env.breakdown
                total = np.zeros(rewards.shape)
                for index in range(terms.shape[-1] - 1):
                    total = total + terms[..., index]
                assert (total == terms[..., -1]).all() and (terms[..., -1].astype("f4") == rewards).all()

    def test_an_episode_ends_when_it_is_to(self) -> None:
        """An episode is cut off after `episode_ticks`, and not before."""
        length = self.ticks // 2
        with self.make(towns=2, episode_ticks=length, autoreset="same_step") as env:
            for tick, (*_, truncations, infos) in enumerate(self.play(env), start=1):
                ends = tick % length == 0
                assert ends == ("final_obs" in infos)
                alive = infos["final_info"]["alive"] if ends else infos["alive"]
                assert (truncations == (alive & ends)).all(), f"tick {tick}"

    def test_an_episode_that_ends_is_an_event(self) -> None:
        """The end of an episode is an event for everybody who lives."""
        with self.make(towns=1, episode_ticks=self.ticks, autoreset="disabled") as env:
            for *_, infos in self.play(env):
                living = int(infos["alive"].sum())
            assert (env.events(0)["kind"] == EPISODE_ENDED).sum() == living


class PolicyContract:
    """What a policy must keep in any environment. `make` returns an environment, `policy` a policy for it."""

    ticks = 60

    def make(self) -> VectorEnv:
        """A new environment for the policy."""
        raise NotImplementedError("give an environment for the policy")

    def policy(self, env: VectorEnv) -> Policy:
        """A new policy, before its first tick."""
        raise NotImplementedError("give the policy that is to be tested")

    def history(self) -> tuple[list[str], list[np.ndarray]]:
        """The digests of the towns after the policy has acted in them, and its actions."""
        with self.make() as env:
            policy, asked = self.policy(env), []
            observations, infos = env.reset(seed=1)
            for _ in range(self.ticks):
                before = {name: array.copy() for name, array in observations.items()}
                actions = np.asarray(policy(observations, infos))
                for name, array in observations.items():
                    assert (array == before[name]).all(), f"the policy has written to what it sees: {name}"
                self.require_allowed(actions, observations, infos)
                asked.append(actions.copy())
                observations, *_, infos = env.step(actions)
            return env.digests(), asked

    def require_allowed(self, actions: np.ndarray, observations: Observations, infos: Infos) -> None:
        """Check that each action for a living seat is allowed by its mask."""
        mask, alive = observations["action_mask"], infos["alive"]
        assert actions.shape == alive.shape and actions.dtype.kind in "iu", f"{actions.dtype} {actions.shape}"
        chosen = actions[alive]
        assert ((chosen >= 0) & (chosen < mask.shape[-1])).all(), "an action that is none"
        assert (np.take_along_axis(mask[alive], chosen[:, None], 1) == 1).all(), "an action that may not be asked"

    def test_it_asks_for_what_may_be_asked(self) -> None:
        """The policy asks for nothing that the mask does not allow."""
        self.history()

    def test_it_asks_the_same_of_the_same_town(self) -> None:
        """In the same town the policy asks for the same."""
        digests, asked = self.history()
        again, asked_again = self.history()
        assert all((one == other).all() for one, other in zip(asked, asked_again, strict=True)), "it asks otherwise"
        assert digests == again
