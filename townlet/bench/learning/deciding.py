"""Measures experience of decisions: towns that run ahead until somebody decides, over the rules alone, on one core.

Rates are agent-steps a second of the processor's time, which other work on the machine disturbs less than the clock's.
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from townlet.bench.rows import Row, Sizes, median
from townlet.configuration.load import load
from townlet.env.decisions.experience import Experience
from townlet.living import day
from townlet.policies.forward import NET, TENSORS, net_of
from townlet.rules.control import ASKABLE

CHUNK = 20
"""Ticks of the rules at a time: their events fit into the eighth of an outbox that `full` keeps free."""

WIDTH = 128
"""The hidden units of each of the policy's two layers, as they are trained by default."""


class Gathered(NamedTuple):
    """Agent-steps a second of the processor, and decisions an agent-step."""

    rate: float
    decisions: float


def rows(sizes: Sizes) -> Iterator[Row]:
    """Running ahead beside the rules alone, in turn; then the same with a policy inside of the compiled call."""
    _gathered(Sizes(towns=1, days=1), Experience.gather_scripted)  # compiles, which is not measured
    ahead, ratios = [], []
    for _ in range(sizes.repeats):
        alone = _by_rules(sizes)
        ahead.append(_gathered(sizes, Experience.gather_scripted))
        ratios.append(alone / ahead[-1].rate)
    inside = [_gathered(sizes, lambda lived: lived.gather_compiled(_net(lived))) for _ in range(sizes.repeats)]
    name = f"{sizes.towns} towns of 8, paid, masked, and seen when they decide"
    yield Row(f"{name}, by the script", median(each.rate for each in ahead), "agent-steps/s")
    yield Row("over the rules alone", median(ratios), "times their cost", 2.5, 1.5, most=True)
    yield Row("decided meanwhile, by the script", ahead[0].decisions * 100, "% of agent-steps")
    yield Row(f"{name}, by an MLP in the same call", median(each.rate for each in inside), "agent-steps/s")
    yield Row("decided meanwhile, by the MLP", inside[0].decisions * 100, "% of agent-steps")


def _experience(sizes: Sizes) -> Experience:
    ticks = sizes.days * load(None).settings.town.ticks_per_day
    lived = Experience(None, sizes.towns, rollout_ticks=ticks, gamma=0.999, life_days=sizes.days + 1)
    lived.found()
    return lived


def _by_rules(sizes: Sizes) -> float:
    """Agent-steps a second of the same towns by the rules alone, which the script chooses in."""
    with _experience(sizes) as lived:
        towns, left, steps, spent = lived.lives.towns, lived.rollout_ticks, 0, 0.0
        clocks = towns.towns.view(np.ndarray)["clock"]
        while left > 0:
            began = time.process_time()
            for index in towns.full():
                towns.drain(index)
            least = int(day.live(towns.towns, towns.plans, min(left, CHUNK), towns.reserve))
            spent += time.process_time() - began
            assert least == min(left, CHUNK), "an outbox was full too early"
            left, steps = left - least, steps + least * int(clocks["people"].sum())
        return steps / spent


def _gathered(sizes: Sizes, gather: Callable[[Experience], None]) -> Gathered:
    """A rollout of some days from the founding; only the rollout is timed."""
    with _experience(sizes) as lived:
        began = time.process_time()
        gather(lived)
        spent = time.process_time() - began
        steps = int(lived.books["lived"].sum())
        return Gathered(steps / spent, int(lived.books["decisions"].sum()) / steps)


def _net(lived: Experience) -> NET:
    """An untrained policy for what is observed: its weights vary, so that about half of the units are 0."""
    inputs, options = lived.layout.size, int(ASKABLE)
    shapes: tuple[tuple[int, ...], ...]
    shapes = (WIDTH, inputs), (WIDTH,), (WIDTH, WIDTH), (WIDTH,), (options, WIDTH), (options,), (1, WIDTH), (1,)
    tensors = {}
    for number, (name, shape) in enumerate(zip(TENSORS, shapes, strict=True), start=1):
        places = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
        tensors[name] = (np.sin(places * places * number) / WIDTH**0.5).astype(np.float32)
    return net_of(tensors)
