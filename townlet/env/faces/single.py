"""A town as Gymnasium's Env: the policy acts for one person; all others follow the scripted policy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import gymnasium
import numpy as np

from townlet.configuration.load import NONE, Source
from townlet.env.asking import checked_action
from townlet.env.faces import registration as registration
from townlet.env.picture import RENDER_MODES, checked_mode, picture_of
from townlet.env.remaking import Remade, how_to_remake
from townlet.env.spaces import action_space, observation_space
from townlet.env.vector import VectorEnv
from townlet.errors import TownletError
from townlet.rules.control import NOT_ASKED
from townlet.whole_numbers import require_seed, whole_number

Observation = dict[str, np.ndarray]


class GymEnv(gymnasium.Env[Any, Any]):
    """One seat of one town. Its observation is a dictionary of new arrays: `scalars`, `map`, `action_mask`.

    The episode is terminated when the person leaves, and truncated after `episode_ticks` ticks. Infos hold `decides`,
    whether the next action is a real decision, and `action`, the person's present option or last action.

    A copy or a pickle is a new environment from the same arguments, without an episode (`townlet.env.remaking`).
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        config: Source = None,
        *,
        seat: int = 0,
        control: Literal["option", "primitive"] = "option",
        episode_ticks: int = 1440,
        variant: Literal["full", "hybrid", "compact"] | None = None,
        overrides: Mapping[str, object] = NONE,
        logs: Path | str | None = None,
        render_mode: Literal["ansi", "rgb_array"] | None = None,
    ) -> None:
        """Raises ConfigurationError, TownletError."""
        self.render_mode = checked_mode(render_mode)
        self._vector = VectorEnv(
            config,
            towns=1,
            control=control,
            episode_ticks=episode_ticks,
            autoreset="disabled",
            logs=logs,
            variant=variant,
            overrides=overrides,
        )
        people, seat = self._vector.settings.town.people, whole_number(seat, "seat")
        if not 0 <= seat < people:
            raise TownletError(
                f"seat {seat} is not between 0 and {people - 1}: the town is founded with {people} people"
            )
        self.seat = seat
        self.observation_space = observation_space(self._vector.layout)
        self.action_space = action_space()
        self._asked = np.full((1, self._vector.seats), NOT_ASKED)
        self._is_over = False

    def __reduce__(self) -> Remade:
        arguments = {
            "config": self._vector.settings,
            "seat": self.seat,
            "control": self._vector.control,
            "episode_ticks": self._vector.episode_ticks,
            "logs": self._vector.logs,
            "render_mode": self.render_mode,
        }
        return how_to_remake(type(self), arguments)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Found a new town. Without a seed, the seed is the last one plus 1. `options` are ignored."""
        seed = None if seed is None else require_seed(seed)
        self._vector.reset(seed=seed)
        super().reset(seed=seed)
        self._is_over = False
        return self._observation(), self._infos()

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Live one tick. Raises TownletError after the end of the episode."""
        if self._is_over:
            raise TownletError(f"the episode of seat {self.seat} is over: call reset before step")
        self._asked[0, self.seat] = checked_action(action, f"seat {self.seat}")
        _, rewards, terminations, truncations, _ = self._vector.step(self._asked)
        here = 0, self.seat
        terminated, truncated = bool(terminations[here]), bool(truncations[here])
        if terminated:
            self._is_over = True
            self._vector.write()
        return self._observation(), float(rewards[here]), terminated, truncated, self._infos()

    def action_masks(self) -> np.ndarray:
        """Which actions may be asked in the next step, bool [9]: the name by which sb3-contrib calls `action_mask`."""
        mask: np.ndarray = self._vector.observations["action_mask"][0, self.seat].astype(np.bool_)
        return mask

    def _observation(self) -> Observation:
        return {name: array[0, self.seat].copy() for name, array in self._vector.observations.items()}

    def _infos(self) -> dict[str, Any]:
        infos = self._vector.infos
        return {"decides": bool(infos["decides"][0, self.seat]), "action": int(infos["actions"][0, self.seat])}

    def render(self) -> Any:
        """A picture of the town and its people: text, or pixels u1 [height, width, 3]; None without a render mode."""
        return picture_of(self.render_mode, self._vector.settings, self._vector.record(0))

    def close(self) -> None:
        """Write and close the town's log."""
        self._vector.close()
