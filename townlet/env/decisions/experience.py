"""Experience: rollouts of decisions from many towns, in arrays that every rollout overwrites."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from projections.observations.layout import CELLS
from townlet.configuration.load import NONE, Source, load
from townlet.env.decisions import advance as compiled
from townlet.env.decisions.rows import BOOK, COMPILED, OPEN, OPTIONS, POLICY, ROW, SCRIPT, SCRIPT_TOLD
from townlet.env.lives import Lives, State, part_of
from townlet.env.towns import Towns
from townlet.errors import TownletError
from townlet.policies.forward import NET, NO_NET
from townlet.whole_numbers import SEED_MOST, require_seed, require_within, whole_number

Act = Callable[["Experience", int, int], None]
"""Answers the rows from `first` up to `last` of an experience, by calling `experience.answer`."""

ROOM = 0.05
"""The decisions of a person-tick for which there is room at first; the arrays grow when they are full."""


class Experience:
    """`count` towns, with `seats` seats each, and the rows of their people's decisions.

    `rows`, ROW [capacity], and `seen`, f4 [capacity, inputs], are filled up to `n` by a rollout. `inputs` counts the
    floats of the layout, then the cells of its planes, plane by plane, if it has any. Rows of one person are linked by
    `next`, and a row's next one always lies behind it. A town whose life of `life_days` ends is founded anew within the
    rollout, with the next seed: town e has the seeds `first_seed` + e + k `count`.

    A policy that remembers keeps `memory` floats of its own before and after each decision, in `remembered`, f4
    [capacity, 2, memory]. Those of options that are still under way are carried into the next rollout.

    `learned`, bool [T, S], says for which seats a policy chooses; the script chooses for all others, which have no
    rows. `books` sums up the last rollout for the learned seats of each town, and `books_of_others` for the others:
    records of BOOK, one a town. Events without a person are in `books`.
    """

    def __init__(
        self,
        config: Source = None,
        towns: int = 64,
        *,
        rollout_ticks: int,
        gamma: float,
        life_days: int = 28,
        first_seed: int = 0,
        control: Literal["option", "primitive"] = "option",
        variant: Literal["full", "hybrid", "compact"] | None = "compact",
        seats: int | None = None,
        overrides: Mapping[str, object] = NONE,
        logs: Path | str | None = None,
        logged_towns: int = 0,
        memory: int = 0,
    ) -> None:
        """`gamma` is the discount of a tick, from 0 to 1. The first `logged_towns` towns are logged in `logs`.

        Raises ConfigurationError, TownletError.
        """
        if not 0.0 <= gamma <= 1.0:
            raise TownletError(f"gamma is the discount of a tick, from 0 to 1, not {gamma}")
        if logged_towns and logs is None:
            raise TownletError(f"{logged_towns} towns are to be logged, but no folder is given: logs=FOLDER")
        self.count, self.gamma, self.control = whole_number(towns, "towns", "1 or more"), float(gamma), control
        self.rollout_ticks = require_within(rollout_ticks, "rollout_ticks", 1)
        self.first_seed = require_seed(first_seed)
        variants = {} if variant is None else {"observations.variant": variant}
        folder = Path(logs) if logs is not None and logged_towns else None
        lived = Towns(
            load(config, {**overrides, **variants}),
            self.count,
            seats=seats,
            control=control,
            logs=folder,
            logged=require_within(logged_towns, "logged_towns", 0),
            hashed=False,
        )
        self.lives = Lives(lived)
        self.settings, self.layout, self.seats = self.lives.settings, self.lives.layout, self.lives.seats
        self.life = require_within(life_days, "life_days", 1) * self.settings.town.ticks_per_day
        self.n = 0
        capacity = int(self.count * self.seats * (self.rollout_ticks * ROOM + 2))
        self.rows = np.zeros(capacity, ROW).view(np.recarray)
        self.seen = np.zeros((capacity, self.inputs), np.float32)
        self.remembered = np.zeros((capacity, 2, require_within(memory, "memory", 0)), np.float32)
        self._make_places()
        self._is_founded = False

    def _make_places(self) -> None:
        """Make the arrays in which a town, and each of its seats, keeps its place between two calls of `advance`."""
        count, seats = self.count, (self.count, self.seats)
        self._looked, self._born = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._until, self._closes = np.zeros(count, np.int64), np.full(count, self.life, np.int64)
        self._open, self._asked = np.full(seats, -1, np.int64), np.full(seats, -1, np.int64)
        self._worst, self._learned = np.full(seats, -1.0), np.ones(seats, np.int64)
        self._books = np.zeros((2, count), BOOK).view(np.recarray)
        self._words = self.lives.words()

    @property
    def inputs(self) -> int:
        """The numbers of an observation in `seen`."""
        return self.layout.size + CELLS * len(self.layout.planes)

    @property
    def under_way(self) -> int:
        """How many rows hold options that are under way: so many come first in the next rollout."""
        return int((self._open >= 0).sum())

    @property
    def learned(self) -> np.ndarray:
        """For which seats a policy chooses, bool [T, S]: a copy. If it is set, rows under way are forgotten."""
        which: np.ndarray = self._learned == 1
        return which

    @learned.setter
    def learned(self, which: np.ndarray) -> None:
        given = np.asarray(which)
        if given.dtype != np.bool_ or given.shape not in (self._learned.shape, self._learned.shape[1:]):
            raise TownletError(f"learned is bool {list(self._learned.shape)}, not {given.dtype} {list(given.shape)}")
        self._learned[:] = given
        self._open[:] = self._asked[:] = -1
        self._looked[:] = 0  # whoever may choose now is looked at
        self._forget_rows()

    @property
    def books(self) -> np.ndarray:
        """The sums of the last rollout, for learned seats: BOOK [T], a view."""
        books: np.ndarray = self._books.view(np.ndarray)[1]
        return books

    @property
    def books_of_others(self) -> np.ndarray:
        """The sums of the last rollout, for the seats that the script has: BOOK [T], a view."""
        books: np.ndarray = self._books.view(np.ndarray)[0]
        return books

    @property
    def clocks(self) -> np.ndarray:
        """The tick of each town, i8 [T], a copy."""
        return self.lives.clocks.copy()

    @property
    def seeds(self) -> list[int]:
        """The seed of each town."""
        return list(self.lives.towns.seeds)

    @property
    def log_paths(self) -> list[Path]:
        """The folders of the present towns' logs."""
        return [path for index in range(self.count) if (path := self.lives.towns.path(index)) is not None]

    # Rollouts

    def found(self) -> None:
        """Found all towns, if that is not done yet; whatever lives first does it, unless `load_state` came before.

        Raises RunExists if a log is there already.
        """
        if not self._is_founded:
            for index in range(self.count):
                self._found(index)
            self._is_founded = True

    def spread(self) -> None:
        """Spread the towns over their lives: the script lives e / T of a life in town e. Then they stay spread."""
        self.found()
        self._until[:] = np.arange(self.count) * self.life // self.count
        while (self.lives.clocks < self._until).any():
            self._advance(SCRIPT)
        self._forget_rows()
        self._looked[:] = 0
        self._clear_books()

    def gather(self, act: Act) -> None:
        """Live a rollout of `rollout_ticks` ticks in every town; `act` chooses. Raises TownletError, OutboxFull.

        Whenever each town needs an answer, `act(self, first, last)` is called and answers the rows from `first` up to
        `last` by `answer`.
        """
        self._gather(POLICY, act=act)

    def gather_compiled(self, net: NET) -> None:
        """The same with the MLP `net` inside of the compiled call. The rows are the same, in another order."""
        if net.w1.shape[0] != self.layout.size:
            raise TownletError(
                f"the policy takes {net.w1.shape[0]} numbers, and an observation has {self.layout.size}: "
                "it was trained on another observation layout"
            )
        self._gather(COMPILED, net=net)

    def gather_scripted(self) -> None:
        """The same by the script. Rows have what it chose; -1 where others' acts kept it from choosing."""
        if self.control != "option":
            raise TownletError("the script chooses options: make the experience with control='option'")
        self._gather(SCRIPT_TOLD)

    def answer(self, log_probs: np.ndarray, values: np.ndarray, first: int, last: int) -> None:
        """Answer rows: log-probabilities of the options, [last - first, 9], and values, [last - first], finite or -inf.

        Each action is drawn by the stream `policy` of its town, at the address of tick and person. Raises TownletError.
        """
        probs, values = np.ascontiguousarray(log_probs, np.float32), np.ascontiguousarray(values, np.float32)
        count = last - first
        if probs.shape != (count, OPTIONS) or values.shape != (count,) or not 0 <= first <= last <= self.n:
            raise TownletError(
                f"the answer to {count} rows has log-probabilities [{count}, {OPTIONS}] and values [{count}], not "
                f"{list(probs.shape)} and {list(values.shape)}"
            )
        if np.isnan(probs).any() or not np.isfinite(values).all():
            raise TownletError(
                f"the policy's answer to rows {first} to {last - 1} is not a number: its weights are spoilt"
            )
        compiled.answer(self.rows, probs, values, self.lives.keys, self._asked, first, last)

    def _gather(self, mode: np.int64, act: Act | None = None, net: NET = NO_NET) -> None:
        self.found()
        self._forget_rows()
        self._clear_books()
        goal = self.lives.clocks + self.rollout_ticks
        self._until[:] = np.minimum(goal, self._closes)
        while True:
            before = self.n
            self._advance(mode, net)
            if act is not None and self.n > before:
                act(self, before, self.n)
            over = np.flatnonzero((self.lives.clocks >= self._closes) & (self._looked == 1)).tolist()
            for index in over:
                rest = int(goal[index]) - self.life
                self._found(index)
                goal[index], self._until[index] = rest, min(rest, self.life)
            reached = (self.lives.clocks >= self._until).all() and (self._looked == 1).all()
            if self.n == before and not over and reached:
                return

    def _advance(self, mode: np.int64, net: NET = NO_NET) -> None:
        """One call of the compiled function, after full outboxes are emptied and the arrays are grown."""
        for index in self.lives.towns.full():
            self.lives.towns.drain(index)
        if self.n + self.seats > len(self.rows):
            self._grow()
        lives = self.lives
        lived = *lives.lived, self._words, *lives.sight, lives.towns.reserve
        places = self._until, self._closes, self._looked, self._learned, self._open, self._asked
        written = self.rows, self.seen, self._worst, self._books
        self.n = int(compiled.advance(*lived, mode, self.gamma, *places, *written, net, self.n))

    def _grow(self) -> None:
        rows = np.zeros(2 * len(self.rows), ROW).view(np.recarray)
        rows[: self.n] = self.rows[: self.n]
        self.rows, self.seen, self.remembered = rows, self._doubled(self.seen), self._doubled(self.remembered)

    def _doubled(self, array: np.ndarray) -> np.ndarray:
        """A copy of the array with twice as many rows."""
        doubled = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
        doubled[: self.n] = array[: self.n]
        return doubled

    def _found(self, index: int) -> None:
        """Found a town anew, with its next seed."""
        self.lives.found(index, (self.first_seed + index + int(self._born[index]) * self.count) & SEED_MOST)
        self._born[index] += 1
        self._looked[index] = self._until[index] = 0
        self._open[index] = self._asked[index] = -1
        self._worst[index] = -1.0

    def _forget_rows(self) -> None:
        """Carry the rows whose option is still under way to the front, and forget all others."""
        kept, numbers = self._open_rows()
        self.rows[: len(kept)], self.seen[: len(kept)] = self.rows[kept], self.seen[kept]
        self.remembered[: len(kept)] = self.remembered[kept]
        self._open[:], self.n = numbers, len(kept)

    def _open_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose option is under way, in order, and each seat's place among them, i8 [T, S], -1: none."""
        kept = np.sort(self._open[self._open >= 0])
        return kept, np.where(self._open >= 0, np.searchsorted(kept, self._open), -1)

    def _clear_books(self) -> None:
        self._books.view(np.ndarray).view("u1")[:] = 0

    # What a rollout was, and what a continuation needs

    def digest(self) -> str:
        """sha256 of the rows and observations of the last rollout, in hex."""
        whole = hashlib.sha256(self.rows.view(np.ndarray)[: self.n].tobytes())
        whole.update(self.seen[: self.n].tobytes())
        return whole.hexdigest()

    def _places(self) -> dict[str, np.ndarray]:
        return {
            "looked": self._looked,
            "born": self._born,
            "until": self._until,
            "closes": self._closes,
            "asked": self._asked,
            "worst": self._worst,
            "learned": self._learned,
        }

    def state(self) -> State:
        """Everything that the next rollout needs, as plain arrays by name. Of the rows, only those still under way."""
        self.found()
        kept, numbers = self._open_rows()
        return {
            **{f"lives.{name}": array for name, array in self.lives.state().items()},
            **{name: array.copy() for name, array in self._places().items()},
            "open": numbers,
            "rows": self.rows.view(np.ndarray)[kept].view("u1").reshape(len(kept), ROW.itemsize),
            "observations": self.seen[kept],
            **({"remembered": self.remembered[kept]} if self.remembered.shape[2] else {}),
        }

    def load_state(self, state: State) -> None:
        """Continue from a state of an experience with the same arguments; `n` rows are those still under way.

        The next rollout has the same bits as if the first experience had lived it. Logs are continued where the state
        stands: rows that a log has already are lived again, compared, and not written twice. Raises TownletError.
        """
        checked = {name: part_of(state, name, array) for name, array in {**self._places(), "open": self._open}.items()}
        count = len(part_of(state, "rows", np.zeros((len(state.get("rows", ())), ROW.itemsize), "u1")))
        seen = part_of(state, "observations", np.zeros((count, self.inputs), "f4"))
        remembered = np.zeros((count, *self.remembered.shape[1:]), "f4")
        if self.remembered.shape[2]:
            remembered = part_of(state, "remembered", remembered)
        rows = np.ascontiguousarray(state["rows"]).view(ROW).reshape(count)
        if (np.sort(checked["open"][checked["open"] >= 0]) != np.arange(count)).any() or (rows["ended"] != OPEN).any():
            raise TownletError("the state is not whole: its rows are not those of the options under way")
        prefix = "lives."
        self.lives.load_state({name[len(prefix) :]: a for name, a in state.items() if name.startswith(prefix)})
        for name, array in {**self._places(), "open": self._open}.items():
            array[...] = checked[name]
        while len(self.rows) < count:
            self._grow()
        self.n, self._is_founded = count, True
        self.rows[:count], self.seen[:count], self.remembered[:count] = rows, seen, remembered
        self._clear_books()

    def write(self) -> None:
        """Write what the logged towns have lived so far to their logs."""
        for index in range(self.lives.towns.logged):
            self.lives.towns.write(index)

    def close(self) -> None:
        """Write and close every log. A second call does nothing."""
        self.lives.towns.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()
