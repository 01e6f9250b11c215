"""Small experiences for tests, with ways to act in them."""

from functools import cache
from typing import Any

import numpy as np

from townlet.env.decisions.experience import Experience
from townlet.policies.forward import NET, TENSORS, net_of

HIDDEN = 24


def experience(towns: int, **changes: Any) -> Experience:
    """A new experience of the default town; `changes` are arguments of `Experience`."""
    return Experience(None, towns, **{"rollout_ticks": 360, "gamma": 0.999, **changes})


def plain_rows(lived: Experience) -> np.ndarray:
    """The rows of the last rollout as a plain array."""
    return lived.rows.view(np.ndarray)[: lived.n]


def at_random(lived: Experience, first: int, last: int) -> None:
    """Anything that is allowed, all alike; the value is a number of the observation."""
    mask = plain_rows(lived)["mask"][first:last].astype("f4")
    with np.errstate(divide="ignore"):
        log_probs = np.log(mask / mask.sum(1, keepdims=True))
    lived.answer(log_probs, lived.seen[first:last, 0], first, last)


@cache
def net(inputs: int = 0) -> NET:
    """An MLP with random weights that fits the default town's compact observation."""
    if not inputs:
        with experience(1) as lived:
            inputs = lived.layout.size
    random = np.random.default_rng(4)  # noqa: TID251
    shapes = (HIDDEN, inputs), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (9, HIDDEN), (9,), (1, HIDDEN), (1,)
    return net_of(
        {name: (random.standard_normal(shape) / 3).astype("f4") for name, shape in zip(TENSORS, shapes, strict=True)}
    )
