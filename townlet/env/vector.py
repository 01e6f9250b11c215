"""Many towns at once for learning: a vector environment as in Gymnasium, with NumPy arrays that steps overwrite."""

import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from eventlog.rows import Rows
from projections.kernel import bound_entry
from projections.reward_table import CALLED
from projections.riders.rewards import COLUMNS
from townlet.configuration.load import NONE, Source, load
from townlet.env import step as stepping
from townlet.env.asking import Seeds, checked_actions, checked_mask, checked_seeds
from townlet.env.faces.names import AUTORESETS, GymnasiumNames
from townlet.env.lives import Lives, State, part_of
from townlet.env.remaking import Remade, how_to_remake
from townlet.env.threads.workers import Work, Workers
from townlet.env.towns import Past, Towns
from townlet.errors import TownletError
from townlet.rules.control import NOT_ASKED
from townlet.whole_numbers import SEED_MOST, require_within, whole_number

HALF = 4
"""Eighths of an outbox. Once one is full, all that are half full are emptied with it, so that threads can share it."""

Observations = dict[str, np.ndarray]
Infos = dict[str, Any]
Step = tuple[Observations, np.ndarray, np.ndarray, np.ndarray, Infos]


class VectorEnv(GymnasiumNames):
    """`towns` towns with `seats` seats each. Every array is indexed [town, seat]; each step overwrites it.

    Observations: `scalars` f4 [T, S, n], `map` u1 [T, S, planes, 11, 11] (if the variant has a map) and
    `action_mask` i1 [T, S, 9]. Infos: `alive`, `decides` (bool [T, S]), `person` and `actions` (i8 [T, S]), `tick`
    (i8 [T]). Keep what you need as a copy. Rewards are f4 [T, S].

    A copy or a pickle is a new environment from the same arguments, without an episode (`townlet.env.remaking`).
    """

    def __init__(
        self,
        config: Source = None,
        *,
        towns: int = 64,
        threads: int = 1,
        control: Literal["option", "primitive"] = "option",
        seats: int | None = None,
        episode_ticks: int = 1440,
        episodes: int = 1,
        autoreset: Literal["next_step", "same_step", "disabled"] = "next_step",
        logs: Path | str | None = None,
        variant: Literal["full", "hybrid", "compact"] | None = None,
        overrides: Mapping[str, object] = NONE,
    ) -> None:
        """`seats` is `town.people` by default; with more seats, a seat stays empty for a while before the next person.

        An episode has `episode_ticks` ticks. After `episodes` episodes a new town is founded, with its own seed and, in
        the folder `logs`, its own log. Raises ConfigurationError, TownletError.
        """
        if autoreset not in AUTORESETS:
            raise TownletError(f"autoreset {autoreset!r} is none of {', '.join(AUTORESETS)}")
        threads, towns = require_within(threads, "threads", 1), whole_number(towns, "towns", "1 or more")
        variants = {} if variant is None else {"observations.variant": variant}
        resolved = load(config, {**overrides, **variants})
        self.settings = resolved.settings
        self.control, self.autoreset = control, autoreset
        self.episode_ticks, self.episodes = episode_ticks, require_within(episodes, "episodes", 1)
        self.logs = None if logs is None else Path(logs)
        self.lives = Lives(Towns(resolved, towns, seats=seats, control=control, logs=self.logs))
        self._towns, self.layout, self.seats = self.lives.towns, self.lives.layout, self.lives.seats
        self.num_envs = towns
        self._threads_asked, self.threads = threads, min(threads, towns)
        self._make_arrays()
        self._workers = Workers(towns, self.threads)
        self._workers.start(self._bind())
        ends = ExitStack()  # ends the threads, then writes and closes every log, also if the threads do not end
        ends.callback(self._towns.close)
        ends.callback(self._workers.close)
        # If nobody closes it: threads would keep it in memory, and what is not written yet would be lost.
        self._end = weakref.finalize(self, ends.close)
        self._lived = np.zeros(towns, np.int64)  # finished episodes of each town
        self._rounds = np.zeros(towns, np.int64)  # how often each town was founded since the last seed
        self._seeds = list(range(towns))
        self._is_full = self._is_closed = self._is_stepping = False
        self._unfounded = set(range(towns))  # towns that no reset has founded yet
        self._over = list(range(towns))  # towns whose last episode is over and that are not founded again
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    # The arrays that each step overwrites

    def _make_arrays(self) -> None:
        self._episodes = np.zeros(self.num_envs, stepping.EPISODE).view(np.recarray)
        self._asked = np.full((self.num_envs, self.seats), NOT_ASKED, np.int64)
        seen = self.lives.seen.view(np.ndarray)
        self.observations: Observations = {"scalars": self.lives.observer.scalars, "action_mask": seen["mask"]}
        if self.layout.planes:
            self.observations["map"] = self.lives.observer.map
        self.infos: Infos = {name: seen[name] for name in ("alive", "decides", "person")}
        self.infos |= {"actions": seen["action"], "tick": _read_only(self.lives.clocks)}
        self._flags = seen["reward"], seen["terminated"], seen["truncated"]

    def _bind(self) -> Work:
        """The compiled step, bound to its arrays."""
        lives, own, shared = self.lives, (self._episodes, self._asked), self._workers
        written = *lives.sight, lives.seen, self._towns.reserve
        desk = shared.desk, shared.threads, shared.shares
        work: Work = bound_entry(stepping.step, *lives.lived, *own, *written, *desk)
        return work

    @property
    def breakdown(self) -> np.ndarray:
        """The terms of each seat's last reward and their total, in the order of `reward_names`: f8 [T, S, 11]."""
        return self.lives.breakdown()

    @property
    def reward_names(self) -> tuple[str, ...]:
        """The names of the reward terms, and `total`: the columns of the table `rewards`."""
        return tuple(CALLED.get(name, name) for name in COLUMNS)

    def __reduce__(self) -> Remade:
        arguments = {
            "config": self.settings,
            "towns": self.num_envs,
            "threads": self._threads_asked,
            "control": self.control,
            "seats": self.seats,
            "episode_ticks": self.episode_ticks,
            "episodes": self.episodes,
            "autoreset": self.autoreset,
            "logs": self.logs,
        }
        return how_to_remake(type(self), arguments)

    @property
    def episode_ticks(self) -> int:
        """The ticks of an episode. A new number holds from the next episode on."""
        return self._episode_ticks

    @episode_ticks.setter
    def episode_ticks(self, ticks: int) -> None:
        self._episode_ticks = require_within(ticks, "episode_ticks", 1)

    @property
    def towns(self) -> np.ndarray:
        """The towns' records, read-only."""
        return _read_only(self._towns.towns)

    def record(self, index: int) -> Any:
        """A town's record, read-only."""
        return self.towns.view(np.ndarray)[index]

    @property
    def capacity(self) -> int:
        """The number of seats in a record. A person's number is life x capacity + seat."""
        return self._towns.shape.agents

    @property
    def seeds(self) -> list[int]:
        """The seed of each town."""
        return list(self._towns.seeds)

    # Episodes

    def reset(
        self,
        *,
        seed: Seeds | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[Observations, Infos]:
        """Found all towns again, or with `options["reset_mask"]`, bool [T], those of the mask.

        Town e gets the seed `seed` + e, and `seed` + e + k T when it is founded for the k-th time after that. A list
        has one seed a town. Without a seed, the seeds continue after the last ones; the first seed is 0. Raises
        TownletError, RunExists.
        """
        self._require_open()
        mask = None if options is None else options.get("reset_mask")
        chosen = range(self.num_envs) if mask is None else np.flatnonzero(checked_mask(mask, self.num_envs)).tolist()
        if seed is not None:
            self._seeds = checked_seeds(seed, self.num_envs)
            self._rounds[:] = 0
        for index in chosen:
            self._begin_episode(index)
        return dict(self.observations), dict(self.infos)

    def _begin_episode(self, index: int) -> None:
        """Found a new town, begin its episode, and write its first observations.

        If that fails, because there is a run already where its log is to be, the town has no episode.
        """
        self._unfounded.add(index)
        self._over = [*(each for each in self._over if each != index), index]
        self.lives.found(index, (self._seeds[index] + int(self._rounds[index]) * self.num_envs) & SEED_MOST)
        self._rounds[index] += 1
        self._lived[index] = 0
        self._unfounded.remove(index)
        self._over = [each for each in self._over if each != index]
        self._episodes[index] = self.episode_ticks, 0, 0

    def restore(self, town: int, run: Past, tick: int | None = None) -> tuple[Observations, Infos]:
        """Make a town that of a run at a tick (None: its end). It goes on under outside control, in a new episode.

        `run` is an opened run (`townlet.open`), which lives by this environment's settings. The town's digest goes on
        from the run's digest at that tick, its luck is that of the run's seed, and nobody has earned anything yet.
        The next reset of the town founds a new one, with the seed that comes next. Raises TownletError if the settings
        differ, if more seats are in use than this environment has, or if it keeps logs; TickOutOfRange, LogDamaged.
        """
        self._require_open()
        index = whole_number(town, "town")
        if not 0 <= index < self.num_envs:
            raise TownletError(f"town {index} is not between 0 and {self.num_envs - 1}")
        self.lives.restore(index, run, tick)
        self._lived[index] = 0
        self._episodes[index] = self.episode_ticks, 0, 0
        self._unfounded.discard(index)
        self._over = [each for each in self._over if each != index]
        return dict(self.observations), dict(self.infos)

    def state(self) -> State:
        """Everything that a bit-equal continuation needs, as copies: plain arrays by name, without settings.

        The step after `load_state` gives the same bits as the step after `state`. Raises TownletError, OutboxFull.
        """
        self._require_open()
        over = np.zeros(self.num_envs, np.int64)
        over[self._over] = np.arange(1, len(self._over) + 1)
        unfounded = np.isin(np.arange(self.num_envs), list(self._unfounded)).astype(np.int64)
        return {
            **{f"lives.{name}": array for name, array in self.lives.state().items()},
            **{name: array.copy() for name, array in self._places().items()},
            "first_seeds": np.array(self._seeds, np.uint64),
            "over": over,
            "unfounded": unfounded,
            "episode_ticks": np.array([self.episode_ticks], np.int64),
        }

    def load_state(self, state: State) -> tuple[Observations, Infos]:
        """Continue from a state that an environment with the same arguments has given. Returns what is seen.

        Logs that the state knows are continued in this environment's folder `logs`; rows that a log has already are
        compared and not written twice. Raises TownletError if the state does not fit or is not whole.
        """
        self._require_open()
        towns = np.zeros(self.num_envs, np.int64)
        likes = {"first_seeds": towns.astype(np.uint64), "over": towns, "unfounded": towns, "episode_ticks": towns[:1]}
        checked = {name: part_of(state, name, like) for name, like in {**self._places(), **likes}.items()}
        prefix = "lives."
        self.lives.load_state({name[len(prefix) :]: a for name, a in state.items() if name.startswith(prefix)})
        for name, array in self._places().items():
            array[...] = checked[name]
        self._seeds = [int(seed) for seed in checked["first_seeds"]]
        order = np.argsort(checked["over"], kind="stable").tolist()
        self._over = [index for index in order if checked["over"][index]]
        self._unfounded = set(np.flatnonzero(checked["unfounded"]).tolist())
        self.episode_ticks, self._is_full = int(checked["episode_ticks"][0]), True
        return dict(self.observations), dict(self.infos)

    def _places(self) -> State:
        """The arrays in which an episode keeps its place."""
        episodes = self._episodes.view(np.ndarray).view(np.int64).reshape(self.num_envs, -1)
        return {"episodes": episodes, "lived": self._lived, "rounds": self._rounds}

    def step(self, actions: Any) -> Step:
        """Let every town live one tick. `actions` are integers [T, S]; -1 leaves a seat to the scripted policy.

        Actions for empty seats are ignored. An action that `action_mask` does not allow is refused by an event and
        costs the tick. With autoreset "next_step", the step after a town's last one ignores its actions and shows the
        new town, with rewards of 0. With "same_step", the last step shows the new town already, and `infos` hold the
        old `final_obs` and `final_info`, and `_final_obs`, bool [T], which says for which towns. With "disabled", only
        `reset` founds a new town. Raises TownletError, OutboxFull.
        """
        if self._is_closed or self._is_stepping or self.logs is not None:
            self._require_open()
        self._asked[:] = checked_actions(actions, self._asked.shape)
        if self._is_full:
            self._drain(self._towns.full(HALF))
            self._is_full = False
        renewed = self._renew() if self._over else []
        self._is_stepping = True
        hands = self._workers.run()
        if renewed:
            self._episodes["rests"][renewed] = 0
        more = self._finish_step() if hands else {}
        self._is_stepping = False
        return dict(self.observations), *self._flags, {**self.infos, **more}

    def _require_open(self) -> None:
        """Raise TownletError if this environment is closed, or another process writes its logs. End a broken step."""
        if self._is_closed:
            raise TownletError("this environment is closed: make a new one")
        self._towns.require_own_logs()
        self._settle()

    def _settle(self) -> None:
        """End the last step if an exception, such as Ctrl-C, broke it off. Raises RuntimeError if it cannot end."""
        if self._is_stepping:
            hands = self._workers.settle()
            self._is_stepping, self._episodes["rests"] = False, 0
            if hands:
                self._finish_step()

    def _renew(self) -> list[int]:
        """Found the towns whose last episode is over again; they rest in this step. Returns their indices."""
        over = self._over
        never = [index for index in over if index in self._unfounded]
        if never or self.autoreset == "disabled":
            all_new = len(never) == self.num_envs
            what = f"the episode of town {over[0]} is over"
            if never:
                what = "there is no episode" if all_new else f"town {never[0]} has no episode yet"
            raise TownletError(f"{what}: call reset before step")
        for index in over:
            self._begin_episode(index)
        self._episodes["rests"][over] = 1
        return over

    def _finish_step(self) -> Infos:
        """Do what the compiled step cannot do: begin new episodes and empty full outboxes. Returns more infos."""
        self._is_full = True
        ended = np.flatnonzero(self._episodes["left"] == 0)
        if not len(ended):
            return {}
        for index in ended.tolist() if self.logs is not None else ():
            self._towns.write(index)
        self._lived[ended] += 1
        self._episodes["left"][ended] = self.episode_ticks
        self._over = ended[self._lived[ended] >= self.episodes].tolist()
        return self._show_successors() if self._over and self.autoreset == "same_step" else {}

    def _show_successors(self) -> Infos:
        """Found and show new towns at once. Returns infos with copies of what was shown of the old towns."""
        over = list(self._over)
        final = {name: array.copy() for name, array in self.observations.items()}
        info = {name: array.copy() for name, array in self.infos.items()}
        which = np.isin(np.arange(self.num_envs), over)
        flags = [flag[over] for flag in self._flags]
        for index in over:
            self._begin_episode(index)
        for flag, before in zip(self._flags, flags, strict=True):
            flag[over] = before
        return {"final_obs": final, "final_info": info, "_final_obs": which, "_final_info": which}

    def _drain(self, full: list[int]) -> None:
        pool = None if self._towns.is_forked else self._pool  # its threads stay in the process that made them
        if pool is None:
            self._towns.drain_all(full)
        else:
            list(pool.map(self._towns.drain_all, (full[thread :: self.threads] for thread in range(self.threads))))

    # Histories

    def digests(self) -> list[str]:
        """The digest of each town's history so far, in hex. Equal digests mean equal histories."""
        self._settle()
        return [self._towns.digest(index) for index in range(self.num_envs)]

    def events(self, index: int) -> Rows:
        """The events of a town's last tick, or of its founding: an array of `eventlog.rows.ROW`."""
        self._settle()
        return self._towns.events(index, int(self._episodes["begun"][index])).copy()

    def write(self) -> None:
        """Write what the towns have lived so far to their logs, if logs are kept."""
        self._settle()
        for index in range(self.num_envs) if self.logs is not None else ():
            self._towns.write(index)

    @property
    def log_paths(self) -> list[Path]:
        """The folders of the present towns' logs; empty if no logs are kept."""
        return [path for index in range(self.num_envs) if (path := self._towns.path(index)) is not None]

    def close(self) -> None:
        """End the threads, and write and close every log. A second call does nothing.

        The end of the process does the same for an environment that nobody has closed.
        """
        if self._pool is not None:
            self._pool.shutdown(wait=not self._towns.is_forked)
        self._is_closed, self._is_stepping = True, False
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _read_only(array: np.ndarray) -> np.ndarray:
    """A view of an array that cannot be written."""
    view = array.view()
    view.flags.writeable = False
    return view
