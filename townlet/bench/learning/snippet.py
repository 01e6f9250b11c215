"""Measures what the social snippet adds: to a step of an environment, and to an update of PPO, in turn without it."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Final, Literal

from townlet.bench.environment import live_days
from townlet.bench.rows import Row, Sizes, in_turn
from townlet.configuration.load import NONE, load
from townlet.env.vector import VectorEnv

VARIANTS: Final[tuple[Literal["full", "compact"], ...]] = ("full", "compact")

WITHOUT: Final[Mapping[str, object]] = {"observations.social.enabled": False}
"""The settings under which no snippet is observed."""

LIFE_DAYS: Final = 2
"""Town days after which a town in training is founded anew; a short life is soon spread."""


def rows(sizes: Sizes) -> Iterator[Row]:
    """The processor's time with the snippet over that without it, on one thread; of PPO where torch is installed."""
    for variant in VARIANTS:
        lasting = partial(VectorEnv, towns=sizes.towns, episodes=sizes.days + 1, variant=variant)
        with lasting() as present, lasting(overrides=WITHOUT) as absent:
            ratio = _ratio(_step_ns(present, sizes.days), _step_ns(absent, sizes.days), sizes.repeats)
        yield Row(f"a step with the snippet over one without, {variant}", ratio, "times")
    if find_spec("torch") is not None:
        ratio = _ratio(_update_s(sizes, NONE), _update_s(sizes, WITHOUT), sizes.repeats)
        yield Row("an update of PPO with the snippet over one without", ratio, "times", 1.15, most=True)


def _ratio(present: Callable[[], float], absent: Callable[[], float], repeats: int) -> float:
    """The median of times over the times measured in turn."""
    _, (beside,) = in_turn(present, {"without": absent}, repeats)
    assert beside.ratio is not None
    return beside.ratio


def _step_ns(env: VectorEnv, days: int) -> Callable[[], float]:
    """Measures the processor's time of an agent-step, observed, masked and paid, in nanoseconds."""
    return lambda: 1e9 / live_days(env, days).busy


def _update_s(sizes: Sizes, overrides: Mapping[str, object]) -> Callable[[], float]:
    """Measures the processor's time of the next update of a training, in seconds. One update is done before."""
    from townlet.learning.settings import Training
    from townlet.learning.trainer import Trainer

    training = Training(towns=sizes.towns, life_days=LIFE_DAYS)
    trainer = Trainer(training, load(None, overrides)).begin()
    trainer.step()

    def measure() -> float:
        began = time.process_time()
        trainer.step()
        return time.process_time() - began

    return measure
