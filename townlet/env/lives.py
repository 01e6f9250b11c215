"""Towns under outside control with all that is seen and earned in them: the arrays that compiled steps overwrite."""

from typing import Any

import numpy as np

from projections.observations.observer import Observer
from projections.rewards import compile_terms
from projections.riders.earning import board_rewards
from projections.riders.rewards import COLUMNS, EARNING, rewards_type
from townlet.env import step as stepping
from townlet.env.towns import Past, Towns
from townlet.errors import TownletError

State = dict[str, np.ndarray]
"""Everything that a bit-equal continuation needs, as plain arrays by name."""


class Lives:
    """Towns with what is seen and earned in them, for `seats` seats each. Environments and `Experience` share this.

    `towns` has the records, plans and histories; `observer` the observations, of which `sight` is what kernels take;
    `outs` the rewards of the last tick, an array of `rewards_type`; `seen` everything else about a seat, SEEN [T, S].
    """

    def __init__(self, towns: Towns) -> None:
        """Raises ConfigurationError."""
        self.towns, self.settings = towns, towns.settings
        self.count, self.seats = len(towns), towns.seats
        self.observer = Observer(self.settings.observations, towns.plans, self.count, self.seats)
        self.layout = self.observer.layout
        self.sight = self.observer.lenses, self.observer.features, self.observer.views
        self.terms = compile_terms(self.settings.rewards, self.settings.town.scale)
        self.outs = np.zeros(self.count, rewards_type(towns.shape)).view(np.recarray)
        self.seen = np.zeros((self.count, self.seats), stepping.SEEN).view(np.recarray)

    @property
    def lived(self) -> tuple[Any, ...]:
        """What kernels take to let towns live and pay: towns, shadows, plans, terms, outs."""
        return self.towns.towns, self.towns.shadows, self.towns.plans, self.terms, self.outs

    @property
    def clocks(self) -> np.ndarray:
        """The tick of each town, i8 [T]: a view."""
        ticks: np.ndarray = self.towns.towns.view(np.ndarray)["clock"]["tick"]
        return ticks

    @property
    def keys(self) -> np.ndarray:
        """The key of each town's stream `policy`, u8 [T]: a view."""
        keys: np.ndarray = self.towns.towns.view(np.ndarray)["cursor"]["stream_policy"]
        return keys

    def breakdown(self) -> np.ndarray:
        """The terms of each seat's last reward and their total, in the order of COLUMNS: f8 [T, S, terms], a copy."""
        rows = self.outs.view(np.ndarray)["seats"][:, : self.seats]
        return np.stack([np.where(rows["present"] == 1, rows[name], 0.0) for name in COLUMNS], axis=-1)

    def words(self) -> np.ndarray:
        """The memory of `outs` as words, f8: a view, in which the terms of a seat follow each other as in COLUMNS."""
        assert EARNING.fields is not None and EARNING.itemsize % 8 == 0
        first = EARNING.fields[COLUMNS[0]][1]
        assert [EARNING.fields[name][1] for name in COLUMNS] == [first + 8 * i for i in range(len(COLUMNS))]
        words: np.ndarray = self.outs.view(np.ndarray).view(np.float64)
        return words

    def found(self, index: int, seed: int) -> None:
        """Found a new town in place of the old one, and write its first observations.

        Raises TownletError, RunExists.
        """
        self.towns.found(index, seed)
        self._clear_rewards(index)
        stepping.first_look(*self.lived, *self.sight, self.seen, index)

    def restore(self, index: int, run: Past, tick: int | None) -> None:
        """Make a town that of a run at a tick, and write its first observations. As `VectorEnv.restore` says."""
        self.towns.restore(index, run, tick)
        self._clear_rewards(index)
        board_rewards(self.towns.towns, self.towns.plans, index, self.terms, self.outs)
        stepping.first_look(*self.lived, *self.sight, self.seen, index)

    def _clear_rewards(self, index: int) -> None:
        self.outs.view(np.ndarray).view("u1").reshape(self.count, -1)[index] = 0

    def state(self) -> State:
        """Everything that a continuation needs, as copies. What is not in it follows from the settings."""
        numbers, drawn = self.observer.memory
        return {
            **self.towns.state(),
            "outs": self.outs.view(np.ndarray).view("u1").reshape(self.count, -1).copy(),
            "seen": self.seen.view(np.ndarray).view("u1").reshape(self.count, -1).copy(),
            "sight.numbers": numbers.copy(),
            "sight.drawn": drawn.copy(),
        }

    def load_state(self, state: State) -> None:
        """Continue from `state`, which towns of the same settings, number and seats have given. Raises TownletError."""
        numbers, drawn = self.observer.memory
        outs = self.outs.view(np.ndarray).view("u1").reshape(self.count, -1)
        seen = self.seen.view(np.ndarray).view("u1").reshape(self.count, -1)
        places = {"outs": outs, "seen": seen, "sight.numbers": numbers, "sight.drawn": drawn}
        self.towns.require_histories(state)
        for name, like in self.towns.parts_of_state().items():
            part_of(state, name, like)
        for name in self.towns.ragged_parts:
            part_of(state, name, np.zeros(len(state.get(name, ())), np.uint8))
        checked = {name: part_of(state, name, place) for name, place in places.items()}
        self.towns.load_state(state)
        for name, place in places.items():
            place[...] = checked[name]


def part_of(state: State, name: str, like: np.ndarray) -> np.ndarray:
    """A part of a state. Raises TownletError if it is missing, or has another shape or type than `like`."""
    if name not in state:
        raise TownletError(f"the state has no {name!r}: it is not whole, or another version of Townlet wrote it")
    found = np.asarray(state[name])
    if found.shape != like.shape or found.dtype != like.dtype:
        raise TownletError(
            f"{name!r} in the state is {found.dtype} {list(found.shape)}, and these towns have {like.dtype} "
            f"{list(like.shape)}: load it into as many towns with the same settings and seats"
        )
    return found
