"""Every seat of many towns as one of Gymnasium's vector environments, for standard wrappers and trainers."""

from collections.abc import Mapping
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space

from projections.observations.layout import CELLS
from townlet.configuration.load import NONE, Source, load
from townlet.env.asking import Seeds
from townlet.env.faces import registration as registration
from townlet.env.spaces import action_space, flat_space, observation_space
from townlet.env.vector import VectorEnv
from townlet.errors import TownletError
from townlet.whole_numbers import whole_number

Observation = dict[str, np.ndarray] | np.ndarray


class SeatsEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """One environment a seat: environment i is seat i % S of town i // S. All arrays are new ones, [T x S, ...].

    An observation is a dictionary, as of `gym_env`, or with `flat` one array, f4: the scalars, then the map's cells as
    shares of their maximum. Infos hold `action_mask` (i1 [n, 9]), `decides`, `alive` (bool [n]) and `person` (i8 [n]).

    An episode is terminated when the person of the seat leaves, and truncated after `episode_ticks` ticks; then a new
    town is founded. It is reset by itself in the next step, as Gymnasium's NEXT_STEP says. After a leaving, the seat's
    next episode begins empty: until a newcomer has come, it sees zeros, may only wait, and earns 0.
    """

    def __init__(
        self,
        config: Source = None,
        *,
        num_envs: int | None = None,
        towns: int | None = None,
        control: Literal["option", "primitive"] = "option",
        episode_ticks: int = 1440,
        variant: Literal["full", "hybrid", "compact"] | None = None,
        overrides: Mapping[str, object] = NONE,
        threads: int = 1,
        flat: bool = False,
        render_mode: None = None,
    ) -> None:
        """`towns` towns, or as many as have `num_envs` seats; one town if neither is given.

        Raises ConfigurationError, TownletError if `num_envs` is no multiple of the seats of a town.
        """
        if render_mode is not None:
            raise TownletError(f"many seats have no picture: render_mode {render_mode!r} is for townlet.gym_env")
        arguments: dict[str, Any] = {
            "control": control,
            "episode_ticks": episode_ticks,
            "variant": variant,
            "overrides": overrides,
            "threads": threads,
            "autoreset": "next_step",
        }
        count = 1 if towns is None else whole_number(towns, "towns", "1 or more")
        if num_envs is not None:
            seats, wanted = (
                load(config, overrides).settings.town.people,
                whole_number(num_envs, "num_envs", "1 or more"),
            )
            if wanted < 1 or wanted % seats or (towns is not None and wanted != count * seats):
                raise TownletError(
                    f"num_envs={wanted}: there is one environment a seat, and a town has {seats}: take a multiple of "
                    f"{seats}, such as num_envs={max(1, round(wanted / seats)) * seats}"
                )
            count = wanted // seats
        self.towns = inner = VectorEnv(config, towns=count, **arguments)
        self.num_envs, self.is_flat = inner.num_envs * inner.seats, flat
        self.metadata = inner.metadata
        self.single_observation_space = flat_space(inner.layout) if flat else observation_space(inner.layout)
        self.single_action_space = action_space()
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        most = np.array([plane.high for plane in inner.layout.planes], np.float32)
        self._shares = np.repeat(1 / most, CELLS) if len(most) else most

    def reset(
        self, *, seed: Seeds | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Found all towns; town e gets the seed `seed` + e, or its own of a list of seeds, one a town.

        Raises TownletError if single seats are to be reset.
        """
        if options and "reset_mask" in options:
            raise TownletError("a seat is not reset alone: its town would be another one for its neighbours")
        self.towns.reset(seed=seed)
        return self._observation(), self._infos()

    def step(self, actions: Any) -> tuple[Observation, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Live one tick. `actions` are integers [n]; -1 leaves a seat to the scripted policy. Raises TownletError."""
        given = np.asarray(actions)
        if given.shape != (self.num_envs,):
            raise TownletError(f"actions are integers [{self.num_envs}], one a seat, not {given.dtype} {given.shape}")
        _, *flags, _ = self.towns.step(given.reshape(self.towns.num_envs, self.towns.seats))
        rewards, terminated, truncated = (flag.reshape(-1).copy() for flag in flags)
        return self._observation(), rewards, terminated, truncated, self._infos()

    def _observation(self) -> Observation:
        parts = {name: array.reshape(self.num_envs, *array.shape[2:]) for name, array in self._arrays().items()}
        if not self.is_flat:
            return {name: array.copy() for name, array in parts.items()}
        flat = [parts["scalars"]]
        if "map" in parts:
            flat.append(parts["map"].reshape(self.num_envs, -1) * self._shares)
        return np.concatenate(flat, axis=1)

    def _arrays(self) -> dict[str, np.ndarray]:
        return self.towns.observations

    def _infos(self) -> dict[str, Any]:
        """What Gymnasium wants: an array for each name, and beside it which environments have the name: all."""
        names = {name: self.towns.infos[name] for name in ("alive", "decides", "person")}
        told = {"action_mask": self.towns.observations["action_mask"], **names}
        everybody = np.ones(self.num_envs, np.bool_)
        infos = {name: array.reshape(self.num_envs, *array.shape[2:]).copy() for name, array in told.items()}
        return {**infos, **{f"_{name}": everybody.copy() for name in infos}}

    def action_masks(self) -> np.ndarray:
        """Which actions may be asked in the next step, bool [n, 9]."""
        mask: np.ndarray = self.towns.observations["action_mask"].reshape(self.num_envs, -1).astype(np.bool_)
        return mask

    def close_extras(self, **_: Any) -> None:
        """Close the towns."""
        self.towns.close()
