"""A town as PettingZoo's ParallelEnv. Agents are people, identified by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pettingzoo
from gymnasium import spaces

from projections.observations.layout import CELLS
from projections.record.event import NOBODY
from projections.spelling import proposed
from townlet.configuration.load import NONE, Source, person_name
from townlet.env.asking import checked_action
from townlet.env.picture import RENDER_MODES, checked_mode, picture_of
from townlet.env.remaking import Remade, how_to_remake
from townlet.env.spaces import ACTIONS, flat_space, observation_space, state_space
from townlet.env.vector import VectorEnv
from townlet.errors import TownletError
from townlet.rules.control import NOT_ASKED
from townlet.whole_numbers import require_within

Observation = dict[str, np.ndarray] | np.ndarray


class ParallelEnv(pettingzoo.ParallelEnv[str, Observation, int]):  # type: ignore[misc]  # PettingZoo has no types
    """One town. Observations are dictionaries of new arrays: `scalars`, `map` and `action_mask`.

    A person who leaves is terminated; a person who arrives is an agent from the first observation on. At the end of the
    episode, after `max_cycles` ticks, everybody is truncated. Infos hold `decides`, whether the next action is a real
    decision, and the agent's `seat`.

    A copy or a pickle is a new environment from the same arguments, without an episode (`townlet.env.remaking`).
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "townlet_v0",
        "render_modes": list(RENDER_MODES),
        "render_fps": 4,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        config: Source = None,
        *,
        control: Literal["option", "primitive"] = "option",
        max_cycles: int = 1440,
        arrivals: bool = True,
        flat: bool = False,
        seats: int | None = None,
        variant: Literal["full", "hybrid", "compact"] | None = None,
        overrides: Mapping[str, object] = NONE,
        logs: Path | str | None = None,
        render_mode: Literal["ansi", "rgb_array"] | None = None,
    ) -> None:
        """With `arrivals` off, people who arrive during an episode follow the scripted policy and are not agents.

        A person's name depends on the seat and on how many sat there before. If there are as many `seats` as people can
        live in the town in an episode (founders, and `life.exits_a_day` newcomers a day), `possible_agents` lists
        exactly these people.

        With `flat` on, an observation is one array, f4 [n]: the scalars, then the map's cells as shares of their
        maximum; the action mask is in the infos. This is for tools that cannot read dictionaries.

        Raises ConfigurationError, TownletError.
        """
        self.render_mode = checked_mode(render_mode)
        self._vector = VectorEnv(
            config,
            towns=1,
            control=control,
            seats=seats,
            episode_ticks=require_within(max_cycles, "max_cycles", 1),
            autoreset="disabled",
            logs=logs,
            variant=variant,
            overrides=overrides,
        )
        self.arrivals, self.is_flat = arrivals, flat
        self.agents: list[str] = []
        self.possible_agents = self._possible_names()
        layout = self._vector.layout
        self._space = flat_space(layout) if flat else observation_space(layout)
        self._shares = np.float32(1) / np.repeat(np.array([plane.high for plane in layout.planes], "f4"), CELLS)
        self._actions = {name: spaces.Discrete(ACTIONS) for name in self.possible_agents}
        self.state_space = state_space(layout, self._vector.seats)
        self._seat_of: dict[str, int] = {}
        self._persons: list[int] = []

    def __reduce__(self) -> Remade:
        arguments = {
            "config": self._vector.settings,
            "control": self._vector.control,
            "max_cycles": self.max_cycles,
            "arrivals": self.arrivals,
            "flat": self.is_flat,
            "seats": self._vector.seats,
            "logs": self._vector.logs,
            "render_mode": self.render_mode,
        }
        return how_to_remake(type(self), arguments)

    def _possible_names(self) -> list[str]:
        """The names of all people who can live in the town in an episode: founders first, then possible newcomers.

        Each newcomer takes a seat that nobody has had; when there is none left, the seat that has been empty the
        longest. So `spare` other seats are taken before a seat is taken again.
        """
        settings, seats, founders = self._vector.settings, self._vector.seats, self._vector.settings.town.people
        if not self.arrivals:
            return [person_name(settings, person) for person in range(founders)]
        days = -(-self.max_cycles // settings.town.ticks_per_day)
        newcomers, spare = settings.life.exits_a_day * days, seats - founders
        first = range(founders + min(newcomers, spare))
        lives = -(-max(newcomers - spare, 0) // (spare + 1))
        capacity = self._vector.capacity
        later = [life * capacity + seat for life in range(1, lives + 1) for seat in range(seats)]
        return [person_name(settings, person) for person in (*first, *later)]

    @property
    def max_cycles(self) -> int:
        """The ticks of an episode."""
        return self._vector.episode_ticks

    @max_cycles.setter
    def max_cycles(self, ticks: int) -> None:
        self._vector.episode_ticks = require_within(ticks, "max_cycles", 1)
        self.possible_agents = self._possible_names()
        for name in self.possible_agents:
            self._actions.setdefault(name, spaces.Discrete(ACTIONS))

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The space of one agent's observation; the same for all agents."""
        return self._space

    def action_space(self, agent: str) -> spaces.Discrete:
        """Nine options or nine primitives. Each agent has a space of its own, which can be seeded."""
        return self._actions[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Found a new town. Without a seed, the seed is the last one plus 1. `options` are ignored."""
        _, infos = self._vector.reset(seed=seed)
        self._persons = [int(NOBODY)] * self._vector.seats
        self._seat_of = {}
        self._take_in(infos["person"][0].tolist(), founding=True)
        return self._observations(self._seat_of), self._infos(self._seat_of)

    def step(
        self, actions: dict[str, int]
    ) -> tuple[dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Live one tick. An agent without an action follows the scripted policy. Raises TownletError.

        An action for somebody who could be an agent but is none now, because of having left or not come yet, is
        ignored. When nobody is left in `agents`, the episode is over, and nothing happens any more.
        """
        if not self._persons:
            raise TownletError("there is no episode: call reset before step")
        if not self.agents:
            return {}, {}, {}, {}, {}
        if not isinstance(actions, Mapping):
            raise TownletError(f"actions are a dictionary from agents to whole numbers, not {actions!r}")
        asked = [int(NOT_ASKED)] * self._vector.seats
        for name, action in actions.items():
            seat = self._seat_of.get(name)
            if seat is not None:
                asked[seat] = checked_action(action, name)
            elif name not in self._actions:
                raise self._unknown_agent(name)
        _, rewards, terminated, truncated, infos = self._vector.step(np.array([asked]))
        persons = infos["person"][0].tolist()
        told = self._seat_of
        if persons != self._persons:
            told = dict(told)
            self._take_in(persons, founding=False)
            if not truncated.any():  # who came in the last tick is never an agent
                told |= self._seat_of
        earned, left, cut = rewards[0].tolist(), terminated[0].tolist(), truncated[0].tolist()
        observations, informed = self._observations(told), self._infos(told)
        if any(cut):
            self.agents, self._seat_of = [], {}
        if not self.agents:
            self._vector.write()
        return (
            observations,
            {name: earned[seat] for name, seat in told.items()},
            {name: left[seat] for name, seat in told.items()},
            {name: cut[seat] for name, seat in told.items()},
            informed,
        )

    def _take_in(self, persons: list[int], *, founding: bool) -> None:
        """Update who sits where: people who left are removed, people who arrived become agents if `arrivals` is on."""
        settings, seat_of = self._vector.settings, dict(self._seat_of)
        for seat, (before, now) in enumerate(zip(self._persons, persons, strict=True)):
            if before != now:
                if before >= 0:
                    seat_of.pop(person_name(settings, before), None)
                if now >= 0 and (founding or self.arrivals):
                    seat_of[person_name(settings, now)] = seat
        self._persons, self._seat_of, self.agents = persons, seat_of, list(seat_of)

    def _observations(self, seat_of: Mapping[str, int]) -> dict[str, Observation]:
        """The observation of each agent: views of one copy of each array."""
        if self.is_flat:
            flat = self._flat(self._vector.observations)
            return {agent: flat[seat] for agent, seat in seat_of.items()}
        arrays = [(name, array[0].copy()) for name, array in self._vector.observations.items()]
        return {agent: {name: array[seat] for name, array in arrays} for agent, seat in seat_of.items()}

    def _flat(self, observations: Mapping[str, np.ndarray]) -> np.ndarray:
        parts = [observations["scalars"][0]]
        if "map" in observations:
            parts.append(observations["map"][0].reshape(len(parts[0]), -1) * self._shares)
        return np.concatenate(parts, axis=1)

    def _infos(self, seat_of: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        decides = self._vector.infos["decides"][0].tolist()
        infos: dict[str, dict[str, Any]] = {
            agent: {"decides": decides[seat], "seat": seat} for agent, seat in seat_of.items()
        }
        if self.is_flat:
            masks = self._vector.observations["action_mask"][0].copy()
            for agent, seat in seat_of.items():
                infos[agent]["action_mask"] = masks[seat]
        return infos

    @property
    def record(self) -> Any:
        """The town's record, read-only."""
        return self._vector.record(0)

    def _unknown_agent(self, name: object) -> TownletError:
        near = proposed(str(name), self.possible_agents)
        return TownletError(f"{name!r} is no agent now{near}; agents are {', '.join(self.agents)}")

    def state(self) -> np.ndarray:
        """The scalars of all seats, one seat after another, f4 [seats x n]; zeros for an empty seat."""
        scalars: np.ndarray = self._vector.observations["scalars"][0].flatten()
        return scalars

    def render(self) -> str | np.ndarray | None:
        """A picture of the town and its people: text, or pixels u1 [height, width, 3]; None without a render mode."""
        return picture_of(self.render_mode, self._vector.settings, self.record)

    def digest(self) -> str:
        """The digest of the town's history so far, in hex."""
        return self._vector.digests()[0]

    def close(self) -> None:
        """Write and close the town's log."""
        self._vector.close()
