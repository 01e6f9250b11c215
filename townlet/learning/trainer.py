"""A training in memory: its towns, its network, and one update after another; its state, to the last bit."""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Self

import numpy as np
import torch

from projections.observations.layout import layout_of
from projections.rewards import compile_terms
from townlet.configuration.load import Resolved
from townlet.configuration.stages import Stage, rewards_stage
from townlet.env.decisions.answered import act_by
from townlet.env.decisions.experience import Experience
from townlet.env.decisions.rows import DECIDED, DIED
from townlet.learning.advantages import estimates
from townlet.learning.batches import batch_of
from townlet.learning.cloning import Cloner, is_allowed
from townlet.learning.figures import figures_of
from townlet.learning.guards import PPO, Baseline
from townlet.learning.kept.checkpoints import Checkpoint, digest_of
from townlet.learning.kept.metrics import Row, packed, unpacked
from townlet.learning.network import arrays_of, load_arrays
from townlet.learning.optimising import load_moments, moments_of
from townlet.learning.placebo import paid_at_random
from townlet.learning.ppo import Learner
from townlet.learning.sequences import sequences_of
from townlet.learning.settings import Training
from townlet.policies.answering import Answerer
from townlet.policies.file import CHOICES
from townlet.policies.forward import answer_rows, net_of
from townlet.policies.networks import network_of
from townlet.rules.draw import word_of

CLONING: Final = "cloning"
DIGITS: Final = 16
"""The hex digits of a digest that a row of metrics has."""

TOWNS, WEIGHTS, MOMENTS = "towns/", "weights/", "optimiser/"
"""What the names of arrays in a checkpoint begin with."""


class Trainer:
    """A training after `update` updates. `rows` are its metrics, `speeds` how long each update took.

    Everything but `speeds` is a function of the settings, the machine's bits and the number of updates.
    """

    def __init__(self, training: Training, town: Resolved, *, logs: Path | None = None) -> None:
        """Found the towns. Sets torch's threads, for the whole process.

        `town` is the town's settings; `logs` a folder for the runs of logged towns. Raises TownletError.
        """
        torch.set_num_threads(training.threads)
        torch.use_deterministic_algorithms(True)
        self.training, self.town, self.update = training, town, 0
        self.rows: list[Row] = []
        self.speeds: list[Row] = []
        seed, actions = word_of(training.seed, "weights", 0), len(CHOICES[training.control])
        layout = layout_of(town.settings.observations.model_copy(update={"variant": training.variant}))
        network = training.network
        self.network = network_of(network.kind, layout, actions, network.hidden, seed=seed)
        self._answerer, self._carried = Answerer(self.network), 0
        self.experience = Experience(
            town.settings,
            training.towns,
            rollout_ticks=training.rollout_ticks,
            gamma=training.gamma,
            life_days=training.life_days,
            first_seed=training.first_seed,
            control=training.control,
            variant=training.variant,
            logs=logs if training.logged_towns else None,
            logged_towns=training.logged_towns,
            memory=self.network.memory_size,
        )
        self._cloner = Cloner(self.network, training.ppo, seed=training.seed)
        self._learner = Learner(self.network, training.ppo, seed=training.seed, updates=training.updates)

    def begin(self) -> Self:
        """Spread the towns over their lives, by the script. Not after `load`."""
        self.experience.spread()
        return self

    @property
    def phase(self) -> str:
        """What the next update does: cloning, or ppo."""
        return CLONING if self.update < self.training.cloning.updates else PPO

    @property
    def stage(self) -> Stage:
        """The social stage of the next update; cloning has that of the first update of PPO."""
        return self.training.training.stage_at(max(0, self.update - self.training.cloning.updates))

    @property
    def optimiser(self) -> torch.optim.Optimizer:
        """The optimiser of the next update."""
        return (self._cloner if self.phase == CLONING else self._learner).optimiser

    def gather(self) -> None:
        """The rollout of the next update: the rows of `experience`."""
        self.experience.lives.terms[...] = terms_of(self.town, self.stage)
        if self.phase == CLONING:
            self.experience.gather_scripted()
            self._value()
            return
        if self.update and self.update == self.training.cloning.updates:
            self._forget()
        self._carried = self.experience.under_way
        if self.training.network.kind == "mlp":
            self.experience.gather_compiled(net_of(arrays_of(self.network)))
        else:
            self.experience.gather(act_by(self._answerer))

    def step(self) -> Row:
        """Gather, learn, measure: one update. Raises Diverged, with the weights from before the bad step."""
        phase, stage, update, optimiser = self.phase, self.stage, self.update, self.optimiser
        began = perf_counter()
        self.gather()
        gathered = perf_counter()
        rollout = self.experience.digest()[:DIGITS]
        learned, measures, variance = self._learn(phase)
        ended = perf_counter()
        experience, ticks = self.experience, self.training.rollout_ticks
        steps = int(experience.books["lived"].sum())  # of living people alone: an empty seat lives no tick
        row: Row = {"update": update, "phase": phase, "stage": stage, "decisions": learned, "agent_steps": steps}
        row |= figures_of(experience.books, experience.seats, ticks, experience.settings.town.ticks_per_day)
        row |= {"reward_variance": variance, **measures, "rollout": rollout}
        row["weights"] = digest_of(arrays_of(self.network))[:DIGITS]
        row["optimiser"] = digest_of(moments_of(self.network, optimiser))[:DIGITS]
        self.rows.append(row)
        self.speeds.append({"update": update, "gather_s": gathered - began, "learn_s": ended - gathered})
        self.update += 1
        return row

    def state(self) -> Checkpoint:
        """Everything that going on needs, as copies."""
        arrays, told = packed(self.rows)
        arrays |= {f"{TOWNS}{name}": array for name, array in self.experience.state().items()}
        arrays |= {f"{WEIGHTS}{name}": array for name, array in arrays_of(self.network).items()}
        arrays |= {f"{MOMENTS}{name}": array for name, array in moments_of(self.network, self.optimiser).items()}
        return Checkpoint(self.update, arrays, {"metrics": told, "layout": self.experience.layout.hash})

    def load(self, kept: Checkpoint) -> Self:
        """Go on from what `state` gave, in a training of the same settings. Raises TownletError."""
        self.update = kept.update
        self.rows = unpacked(kept.arrays, kept.state["metrics"])
        self.experience.load_state(_below(kept.arrays, TOWNS))
        load_arrays(self.network, _below(kept.arrays, WEIGHTS))
        load_moments(self.network, self.optimiser, _below(kept.arrays, MOMENTS))
        return self

    def close(self) -> None:
        """Close the logs of towns."""
        self.experience.close()

    def _learn(self, phase: str) -> tuple[int, dict[str, Any], float]:
        """Learn from the rollout: from how many decisions, what was measured, the variance of their rewards."""
        experience, cloning = self.experience, self.training.cloning.updates
        rows, seen = experience.rows.view(np.ndarray)[: experience.n], experience.seen[: experience.n]
        paid = paid_at_random(rows, self.training.seed, self.update) if self.training.placebo else rows
        found = estimates(paid, 1.0 if phase == CLONING else self.training.ppo.gae)
        if phase == CLONING:
            found = found.only(is_allowed(rows, found.rows))
        batch = batch_of(rows, seen, found)
        if self.network.memory_size:
            before, longest = experience.remembered[: len(rows), 0], self.training.network.sequence
            batch = batch._replace(sequences=sequences_of(rows, found.rows, before, self._carried, longest))
        variance = reward_variance(rows[found.rows])
        if phase == CLONING:
            return batch.size, self._cloner.learn(batch, self.update)._asdict(), variance
        return batch.size, self._learner.learn(batch, self.update - cloning)._asdict(), variance

    def _value(self) -> None:
        """Write the network's values into the rows of the script, which has none."""
        rows, n = self.experience.rows.view(np.ndarray), self.experience.n
        log_probs, values = np.empty(rows["mask"][:n].shape, "f4"), np.empty(n, "f4")
        mask = np.ascontiguousarray(rows["mask"][:n])
        if self.training.network.kind == "mlp":
            answer_rows(net_of(arrays_of(self.network)), self.experience.seen[:n], mask, log_probs, values)
        else:
            values = self._answerer.answer(self.experience.seen[:n], mask).values
        rows["value"][:n] = values

    def _forget(self) -> None:
        """Forget the options that the script began: they are not the policy's choices."""
        self.experience.learned = np.ones((self.experience.count, self.experience.seats), np.bool_)


def baselines_of(training: Training, town: Resolved, *, towns: int = 16, days: int = 2) -> dict[str, Baseline]:
    """What the random policy does in each stage of a training, in some days that follow as many."""
    stages = {stage for _, stage in training.training.spans()}
    return {stage: _baseline(training, town, stage, min(towns, training.towns), days) for stage in sorted(stages)}


def _baseline(training: Training, town: Resolved, stage: Stage, towns: int, days: int) -> Baseline:
    settings, ticks = town.settings, days * town.settings.town.ticks_per_day
    with Experience(
        settings,
        towns,
        rollout_ticks=ticks,
        gamma=training.gamma,
        life_days=2 * days + 1,
        first_seed=training.first_seed,
        control=training.control,
        variant=training.variant,
    ) as experience:
        experience.lives.terms[...] = terms_of(town, stage)
        experience.gather(act_at_random)
        experience.gather(act_at_random)
        figures = figures_of(experience.books, experience.seats, ticks, settings.town.ticks_per_day)
        rows = experience.rows.view(np.ndarray)[: experience.n]
        ended = (rows["ended"] == DECIDED) | (rows["ended"] == DIED)
        return Baseline(figures["exits"], reward_variance(rows[ended]))


def reward_variance(rows: np.ndarray) -> float:
    """The variance of what decisions bring a tick, each counted by its ticks; 0 of no decisions.

    The reward of a whole decision would not do: who learns to sleep and to work begins options that last, and their
    sums lie farther apart though a tick of them does not.
    """
    ticks = rows["ticks"].astype(np.float64)
    if not ticks.sum():
        return 0.0
    kept = ticks > 0
    ticks, each = ticks[kept], rows["reward"][kept] / ticks[kept]
    mean = float(np.average(each, weights=ticks))
    return float(np.average((each - mean) ** 2, weights=ticks))


def act_at_random(experience: Experience, first: int, last: int) -> None:
    """The random policy: everything that is allowed is as likely."""
    mask = experience.rows["mask"][first:last].astype("f4")
    with np.errstate(divide="ignore"):
        log_probs = np.log(mask / mask.sum(1, keepdims=True))
    experience.answer(log_probs, np.zeros(last - first, "f4"), first, last)


def terms_of(town: Resolved, stage: Stage) -> np.ndarray:
    """The town's reward terms, as kernels take them, with the pay for company of a stage."""
    settings = town.settings
    social = settings.rewards.social.model_copy(update={"stage": rewards_stage(stage)})
    terms: np.ndarray = compile_terms(settings.rewards.model_copy(update={"social": social}), settings.town.scale)
    return terms


def _below(arrays: Mapping[str, np.ndarray], before: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin so, under the rest of their names."""
    return {name.removeprefix(before): array for name, array in arrays.items() if name.startswith(before)}
