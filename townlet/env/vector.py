"""Many towns at once for learning, by the conventions of Gymnasium's vector environments, on NumPy arrays in place."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from projections.kernel import bound
from projections.observations.lens import compile_lens
from projections.rewards import compile_terms
from projections.riders.rewards import COLUMNS, rewards_type
from townlet.configuration.load import NONE, Source, load
from townlet.env import step as stepping
from townlet.env.towns import Towns
from townlet.env.workers import Workers
from townlet.errors import TownletError
from townlet.loop import require_seed

if TYPE_CHECKING:
    import gymnasium

Observations = dict[str, np.ndarray]
Infos = dict[str, Any]
Step = tuple[Observations, np.ndarray, np.ndarray, np.ndarray, Infos]

AUTORESETS = {"next_step": "NEXT_STEP", "same_step": "SAME_STEP", "disabled": "DISABLED"}
"""When a town whose episode is over is founded anew, and what Gymnasium calls it."""


class VectorEnv:
    """`towns` towns of `seats` seats each. Every array is indexed [town, seat] and is written in place by each step.

    Observations: `scalars` f4 [T, S, n], `map` u1 [T, S, planes, 11, 11] (but for the variant without one) and
    `action_mask` i1 [T, S, 9]. Infos: `alive`, `decides` (bool [T, S]), `person` and `actions` (i8 [T, S]), `tick`
    (i8 [T]). Keep what you need as a copy. Rewards are f4 [T, S].
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
        """`seats` is `town.people` unless it is given: more let a seat rest before somebody else has it.

        An episode has `episode_ticks` ticks; after so many `episodes` the town is founded anew, with a seed and a log
        of its own in `logs`. Raises ConfigurationError, TownletError.
        """
        if autoreset not in AUTORESETS:
            raise TownletError(f"autoreset {autoreset!r} is none of {', '.join(AUTORESETS)}")
        for name, number in (("threads", threads), ("episode_ticks", episode_ticks), ("episodes", episodes)):
            if number < 1:
                raise TownletError(f"{name}: {number} given; it is 1 or more")
        variants = {} if variant is None else {"observations.variant": variant}
        resolved = load(config, {**overrides, **variants})
        self.settings = resolved.settings
        self.control, self.autoreset = control, autoreset
        self.episode_ticks, self.episodes = episode_ticks, episodes
        folder = None if logs is None else Path(logs)
        self._towns = Towns(resolved, towns, seats=seats, control=control, logs=folder)
        self.num_envs, self.seats, self.threads = towns, self._towns.seats, min(threads, towns)
        self._make_arrays()
        self._workers = Workers(self._bind(), towns, self.threads)
        self._lived = np.zeros(towns, np.int64)  # episodes of each town that are over
        self._rounds = np.zeros(towns, np.int64)  # how often each was founded since the seed was given
        self._seeds = list(range(towns))
        self._begun = self._closed = False

    # What is written in place

    def _make_arrays(self) -> None:
        count, towns = self.num_envs, self._towns
        self.layout = layout_of(self.settings.observations)
        self._lenses = compile_lens(self.settings, towns.plans)
        self._terms = compile_terms(self.settings.rewards)
        self._outs = np.zeros(count, rewards_type(towns.shape)).view(np.recarray)
        self._episodes = np.zeros(count, stepping.EPISODE).view(np.recarray)
        self._asked = np.full((count, self.seats), stepping.NOT_ASKED, np.int64)
        self._seen = np.zeros((count, self.seats), stepping.SEEN).view(np.recarray)
        self._features, self._views, shown = observation_arrays(self.layout, count, self.seats)
        seen = self._seen.view(np.ndarray)
        self._observations: Observations = {**shown, "action_mask": seen["mask"]}
        self._infos: Infos = {
            "alive": seen["alive"],
            "decides": seen["decides"],
            "person": seen["person"],
            "actions": seen["action"],
            "tick": towns.towns.view(np.ndarray)["clock"]["tick"],
        }
        self._flags = seen["reward"], seen["terminated"], seen["truncated"]
        self._resting = self._episodes.view(np.ndarray)["rests"]

    def _bind(self) -> Work:
        """The compiled step with all that it writes to."""
        written = (self._towns.towns, self._towns.shadows, self._towns.plans, self._lenses, self._terms, self._outs)
        shown = (self._episodes, self._asked, self._features, self._views, self._seen)
        return bound(stepping.step, *written, *shown, self._towns.reserve)

    @property
    def breakdown(self) -> np.ndarray:
        """What each seat's last reward is made of: f8 [T, S, 10], in the order of `reward_names`; the last is the sum."""
        rows = self._outs.view(np.ndarray)["seats"][:, : self.seats]
        return np.stack([np.where(rows["present"] == 1, rows[name], 0.0) for name in COLUMNS], axis=-1)

    # Episodes

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Observations, Infos]:
        """Found every town anew; with `options["reset_mask"]`, bool [T], those of the mask.

        Town e gets the seed `seed` + e, and `seed` + e + k T when it is founded for the k-th time after that; or the
        seeds of a list, one a town. Without a seed it goes on where the last one ended; the first is 0.
        """
        if seed is not None:
            self._take_seeds(seed)
        mask = None if options is None else options.get("reset_mask")
        chosen = range(self.num_envs) if mask is None else np.flatnonzero(self._required_mask(mask)).tolist()
        for index in chosen:
            self._found(index)
        self._begun = True
        return dict(self._observations), dict(self._infos)

    def _take_seeds(self, seed: int | Sequence[int]) -> None:
        seeds = [seed + index for index in range(self.num_envs)] if isinstance(seed, int) else [int(s) for s in seed]
        if len(seeds) != self.num_envs:
            raise TownletError(f"{len(seeds)} seeds are given for {self.num_envs} towns")
        self._seeds = [require_seed(each) for each in seeds]
        self._rounds[:] = 0

    def _required_mask(self, mask: Any) -> np.ndarray:
        mask = np.asarray(mask)
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
            raise TownletError(f"options['reset_mask'] is bool [{self.num_envs}], not {mask.dtype} {mask.shape}")
        return mask

    def _found(self, index: int) -> None:
        """A new town, a new episode, the first look at it."""
        towns = self._towns
        towns.found(index, (self._seeds[index] + int(self._rounds[index]) * self.num_envs) & SEED_MOST)
        self._rounds[index] += 1
        self._lived[index] = 0
        self._outs.view(np.ndarray).view("u1").reshape(self.num_envs, -1)[index] = 0
        self._episodes[index] = self.episode_ticks, 0
        stepping.first_look(
            towns.towns, towns.shadows, towns.plans, self._lenses, self._terms, self._outs,
            self._features, self._views, self._seen, index,
        )  # fmt: skip

    def step(self, actions: Any) -> Step:
        """One tick of every town. `actions` are integers [T, S]; -1 leaves a seat to the scripted policy.

        What is asked of an empty seat does not matter. What may not be asked (`action_mask`) is refused by an event
        and costs the tick. By autoreset "next_step", the step after a town's last ignores its actions and shows its
        successor, with rewards of 0; by "same_step" the last step shows the successor already, and `infos` hold
        `final_obs` and `final_info` as they were, and in `_final_obs`, bool [T], of which towns they are. "disabled"
        leaves it to `reset`. Raises TownletError, OutboxFull.
        """
        asked = np.asarray(actions)
        if asked.shape != self._asked.shape or asked.dtype.kind not in "iu":
            raise TownletError(
                f"actions are integers [{self.num_envs}, {self.seats}], one a town and seat, "
                f"not {asked.dtype} {list(asked.shape)}"
            )
        self._asked[:] = asked
        if self._over:
            self._renew()
        more: Infos = {}
        if self._workers.run():
            more = self._lend_a_hand()
        return dict(self._observations), *self._flags, {**self._infos, **more}

    def _renew(self) -> None:
        """Found the towns whose last episode was over; they rest in this step."""
        if not self._begun or self.autoreset == "disabled":
            what = f"town {self._over[0]} is over" if self._begun else "nothing has begun"
            raise TownletError(f"{what}: call reset before step")
        for index in self._over:
            self._found(index)
            self._resting[index] = 1
        self._renewed, self._over = self._over, []

    def _lend_a_hand(self) -> Infos:
        """What the compiled step cannot do: empty outboxes that are nearly full, and begin what follows an episode."""
        self._drain(self._towns.full())
        ended = np.flatnonzero((self._episodes["left"] == 0) & (self._resting == 0))
        if not len(ended):
            return {}
        self._lived[ended] += 1
        self._episodes["left"][ended] = self.episode_ticks
        self._over = ended[self._lived[ended] >= self.episodes].tolist()
        return self._succeed() if self._over and self.autoreset == "same_step" else {}

    def _succeed(self) -> Infos:
        """Show the successors at once; what was shown of the towns that are over goes into infos, as copies."""
        over, self._over = self._over, []
        final = {name: array.copy() for name, array in self._observations.items()}
        info = {name: array.copy() for name, array in self._infos.items()}
        which = np.zeros(self.num_envs, np.bool_)
        which[over] = True
        flags = [flag[over] for flag in self._flags]
        for index in over:
            self._found(index)
        for flag, before in zip(self._flags, flags, strict=True):
            flag[over] = before
        return {"final_obs": final, "final_info": info, "_final_obs": which, "_final_info": which}

    def _drain(self, full: list[int]) -> None:
        if self._pool is None:
            for index in full:
                self._towns.drain(index)
        else:
            list(self._pool.map(self._towns.drain, full))

    # Histories

    def digests(self) -> list[str]:
        """The digest of each town's history so far, in hex: equal ones are equal histories."""
        self._drain(list(range(self.num_envs)))
        return [self._towns.digest(index) for index in range(self.num_envs)]
