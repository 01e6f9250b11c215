"""Measures another trainer, Stable-Baselines3's MaskablePPO, on an environment that costs nothing.

Its environment hands out the same numbers at every step, of the shape of a person's observation. So the rate is the
trainer's own: with any real environment it is lower. Import this only where sb3-contrib is installed.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from sb3_contrib import MaskablePPO
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from townlet.bench.rows import Measured


class NullVecEnv(VecEnv):
    """`count` environments that do nothing: a step gives the same random observations, rewards and masks again."""

    def __init__(self, count: int, inputs: int, actions: int) -> None:
        """Observations are f4 [count, inputs] from -1 to 1; about half of the actions are allowed, the first always."""
        super().__init__(count, Box(-1.0, 1.0, (inputs,), np.float32), Discrete(actions))
        self._seen = _drawn(count, inputs)
        self._masks = _drawn(count, actions) < 0.0
        self._masks[:, 0] = True
        self._rewards = _drawn(count, 1)[:, 0]
        self._infos: list[dict[str, Any]] = [{} for _ in range(count)]

    def reset(self) -> np.ndarray:
        """The observations."""
        return self._seen

    def step_async(self, actions: np.ndarray) -> None:
        """Nothing is done with the actions."""

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Observations, rewards, and that no episode has ended."""
        return self._seen, self._rewards, np.zeros(self.num_envs, np.bool_), self._infos

    def close(self) -> None:
        """Nothing is open."""

    def has_attr(self, attr_name: str) -> bool:
        """The trainer asks whether there are masks."""
        return attr_name == "action_masks"

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Sequence[np.ndarray]:
        """The masks, bool [actions] for each environment: nothing else is asked for."""
        return list(self._masks)

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """No environment has an attribute."""
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Nothing is set."""

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No environment is wrapped."""
        return [False] * self.num_envs


def _drawn(*shape: int) -> np.ndarray:
    """Numbers from -1 to 1, f4 of this shape, the same each time."""
    numbers: np.ndarray = Box(-1.0, 1.0, shape, np.float32, seed=1).sample()
    return numbers


class Trunk(BaseFeaturesExtractor):
    """Two hidden layers that actor and critic share, as in our network; by default each of the peer's has its own."""

    def __init__(self, observation_space: Box, hidden: int) -> None:
        """`hidden` is the units of each layer."""
        super().__init__(observation_space, hidden)
        first, second = nn.Linear(observation_space.shape[0], hidden), nn.Linear(hidden, hidden)
        self.layers = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """What the second layer gives, f4 [batch, hidden]."""
        features: torch.Tensor = self.layers(observations)
        return features


def null_steps_of_sb3(
    inputs: int, actions: int, *, seats: int, steps: int, hidden: int, epochs: int, minibatch: int
) -> Measured:
    """Measures agent-steps a second of the processor of an update of `seats` x `steps` samples. One is done before."""
    trunk = {"features_extractor_class": Trunk, "features_extractor_kwargs": {"hidden": hidden}, "net_arch": []}
    model = MaskablePPO(
        "MlpPolicy",
        NullVecEnv(seats, inputs, actions),
        n_steps=steps,
        batch_size=minibatch,
        n_epochs=epochs,
        policy_kwargs=trunk,
        device="cpu",
        seed=1,
    )
    model.learn(seats * steps)

    def measure() -> float:
        began = time.process_time()
        model.learn(seats * steps, reset_num_timesteps=False)
        return seats * steps / (time.process_time() - began)

    return measure
