"""What Gymnasium asks of a vector environment by name: spaces and when it is reset by itself. Imported when asked."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from projections.observations.layout import Layout

if TYPE_CHECKING:
    from gymnasium import spaces

AUTORESETS = {"next_step": "NEXT_STEP", "same_step": "SAME_STEP", "disabled": "DISABLED"}
"""When a town is founded again after its episode, and Gymnasium's name for it."""


class GymnasiumNames:
    """The spaces of a vector environment with `num_envs` towns of `seats` seats each. Needs Gymnasium when asked."""

    layout: Layout
    num_envs: int
    seats: int
    autoreset: str

    @property
    def metadata(self) -> dict[str, Any]:
        """When a town is founded again after its episode, as Gymnasium's `autoreset_mode`."""
        from gymnasium.vector import AutoresetMode

        return {"autoreset_mode": AutoresetMode[AUTORESETS[self.autoreset]]}

    @cached_property
    def single_observation_space(self) -> "spaces.Dict":
        """The space of one seat's observation."""
        from townlet.env.spaces import observation_space

        return observation_space(self.layout)

    @cached_property
    def observation_space(self) -> "spaces.Dict":
        """The space of all observations, [T, S, ...]."""
        from townlet.env.spaces import observation_space

        return observation_space(self.layout, self.num_envs, self.seats)

    @cached_property
    def single_action_space(self) -> "spaces.Discrete[Any]":
        """The space of one seat's action."""
        from townlet.env.spaces import action_space

        return action_space()

    @cached_property
    def action_space(self) -> "spaces.MultiDiscrete[Any]":
        """The space of all actions, [T, S]."""
        from townlet.env.spaces import action_spaces

        return action_spaces(self.num_envs, self.seats)
