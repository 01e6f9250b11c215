"""Measures PPO from end to end, and how soon a policy that begins at random returns more than the script.

Everything runs on one thread, and the time is the processor's, which other work on the machine disturbs less than the
clock's. Trainings have the settings of `configs/train/smoke.yaml`.
"""

import math
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from townlet.bench.rows import Measured, Peer, Row, Sizes, in_turn, median
from townlet.configuration.load import NONE, load
from townlet.many.statistics import Interval

if TYPE_CHECKING:
    from townlet.learning.trainer import Trainer

PEER: Final = "SB3 MaskablePPO, null environment"

BEFORE: Final = 2
"""Updates of a training before it is measured."""

PEER_STEPS: Final = 16
"""Steps of a rollout of the peer, in as many environments as the town has seats: about as many samples as ours."""

PRIMITIVE_TICKS: Final = 60
"""Ticks of a rollout under primitive control, where every tick is a decision."""

OLD_REWARD: Final[Mapping[str, object]] = {"rewards.needs.comfort": 1.0, "rewards.social.stage": "off"}
"""The reward under which people learn and are compared: only a full need costs nothing, and company pays nothing."""

HELD_OUT_DAYS: Final = 5
"""The days that the towns of an evaluation live. Their seeds are 1, 2, ...; those of training begin at 10,000."""

POINT: Final = 4
"""Updates from one evaluation to the next."""


class Updated(NamedTuple):
    """Some updates of a training, a second of the processor: agent-steps lived, decisions learned from."""

    steps: float
    decisions: float


class Reached(NamedTuple):
    """A training up to the script's return: seconds of the processor, and agent-steps in one of them.

    `seconds` is infinite if it did not come to it.
    """

    seconds: float
    rate: float


def rows(sizes: Sizes) -> Iterator[Row]:
    """Rates beside another trainer's, then the time to the script's return. No row where torch is not installed."""
    if find_spec("torch") is None:
        return
    yield from _rates(sizes)
    yield from _times(sizes)


def _rates(sizes: Sizes) -> Iterator[Row]:
    """Whole updates: a rollout, and four passes over its decisions."""
    ours: list[Updated] = []
    theirs: list[float] = []
    trainer, simple = _trainer(sizes), _trainer(sizes, control="primitive", rollout_ticks=PRIMITIVE_TICKS)
    peer = {PEER: _peer(trainer, theirs) if find_spec("sb3_contrib") else None}
    value, beside = in_turn(_updates(trainer, sizes.updates, ours), peer, sizes.repeats)
    yield Row("PPO end to end, MLP, 4 epochs, options", value, "agent-steps/s", 800e3, 2e6, peers=beside)
    if theirs:
        ratio = median(one.decisions / other for one, other in zip(ours, theirs, strict=True))
        beside = (Peer(PEER, median(theirs), ratio),)
    value = median(each.decisions for each in ours)
    yield Row("learned from meanwhile: decisions, the peer's steps", value, "samples/s", peers=beside)
    value, beside = in_turn(_updates(simple, 1, []), peer, sizes.repeats)
    yield Row("PPO end to end, MLP, 4 epochs, primitives", value, "agent-steps/s", 50e3, 70e3, peers=beside)


def _trainer(sizes: Sizes, **given: object) -> "Trainer":
    """A training that has begun and made its first updates."""
    trainer = _begun(sizes, NONE, **given)
    for _ in range(BEFORE):
        trainer.step()
    return trainer


def _begun(sizes: Sizes, town: Mapping[str, object], **given: object) -> "Trainer":
    """A training of shipped settings but for those given, whose towns are founded and spread over their lives."""
    from townlet.learning.settings import training_of
    from townlet.learning.trainer import Trainer

    training = training_of("smoke", {"towns": sizes.towns, "threads": 1, **given})
    return Trainer(training, load(training.config, town, founded=True)).begin()


def _updates(trainer: "Trainer", count: int, into: list[Updated]) -> Measured:
    """Measures the agent-steps a second of the next updates of a training."""

    def measure() -> float:
        spent, steps, decisions = 0.0, 0, 0
        for _ in range(count):
            taken, lived = step(trainer)
            spent, steps, decisions = spent + taken, steps + lived, decisions + trainer.rows[-1]["decisions"]
        into.append(Updated(steps / spent, decisions / spent))
        return into[-1].steps

    return measure


def step(trainer: "Trainer") -> tuple[float, int]:
    """Make an update: the seconds of the processor that it took, and the ticks that living people lived."""
    began = time.process_time()
    trainer.step()
    return time.process_time() - began, int(trainer.experience.books["lived"].sum())


def _peer(trainer: "Trainer", into: list[float]) -> Measured:
    """Measures the peer with the shapes and settings of a training."""
    from townlet.bench.peers.learners import null_steps_of_sb3

    experience, training = trainer.experience, trainer.training
    once = null_steps_of_sb3(
        experience.layout.size,
        experience.rows["mask"].shape[1],
        seats=experience.count * experience.seats,
        steps=PEER_STEPS,
        hidden=training.network.hidden,
        epochs=training.ppo.epochs,
        minibatch=training.ppo.minibatch,
    )

    def measure() -> float:
        into.append(once())
        return into[-1]

    return measure


def _times(sizes: Sizes) -> Iterator[Row]:
    """From nothing to the script's return on towns that no training has seen, for some seeds of training."""
    script = _held_out("scripted", sizes)
    reached = [_until_past(script, sizes, seed) for seed in range(1, sizes.trainings + 1)]
    times = [each.seconds for each in reached]
    name = "from nothing to the script's return on held-out towns"
    yield Row(f"{name}, of {len(times)} trainings", median(times), "s", 60, 10, most=True)
    yield Row("the slowest of these trainings", max(times), "s")
    yield Row("PPO meanwhile", median(each.rate for each in reached), "agent-steps/s")


def _until_past(script: Interval, sizes: Sizes, seed: int) -> Reached:
    """Train until the whole interval of the learned return lies above the script's. Evaluating is not timed."""
    began = time.process_time()
    trainer = _begun(sizes, OLD_REWARD, seed=seed, updates=sizes.training_updates)
    spent, learning, steps = time.process_time() - began, 0.0, 0
    while trainer.update < trainer.training.updates:
        taken, lived = step(trainer)
        spent, learning, steps = spent + taken, learning + taken, steps + lived
        if trainer.update % POINT == 0 and _learned(trainer, sizes).low > script.high:
            return Reached(spent, steps / learning)
    return Reached(math.inf, steps / learning)


def _learned(trainer: "Trainer", sizes: Sizes) -> Interval:
    """The return of the policy as it is."""
    from townlet.learning.network import arrays_of
    from townlet.policies.file import CHOICES, Identity, write_policy

    training = trainer.training
    told: dict[str, Any] = {"variant": training.variant, "control": training.control, "stage": "OFF"}
    told |= {"layout": trainer.experience.layout.hash, "config_id": trainer.town.config_id, "code": "", "training": ""}
    told |= {"horizon_days": training.horizon_days, "hidden": training.network.hidden}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "learned.safetensors"
        write_policy(path, arrays_of(trainer.network), Identity(actions=CHOICES[training.control], **told))
        return _held_out(path, sizes)


def _held_out(policy: str | Path, sizes: Sizes) -> Interval:
    """The return a seat-day on held-out towns. A town alone has no interval: there are two at least."""
    from townlet.evaluating.evaluation import evaluate

    seeds = range(1, sizes.held_out + 1)
    found = evaluate([policy], seeds=seeds, days=HELD_OUT_DAYS, overrides=OLD_REWARD, jobs=1)
    (row,) = (row for row in found.rows if row.figure == "return")
    assert row.low is not None and row.high is not None
    return Interval(row.low, row.high)
