"""An environment of each kind in a kitchen of four, for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import numpy as np

import townlet
from tests.townlet.towns import KITCHEN
from townlet.env.vector import VectorEnv

MAKERS: dict[str, Callable[..., Any]] = {
    "vector": lambda **changes: townlet.vector_env(KITCHEN, **{"towns": 2, "autoreset": "disabled"} | changes),
    "parallel": lambda **changes: townlet.parallel_env(KITCHEN, **changes),
    "single": lambda **changes: townlet.gym_env(KITCHEN, **changes),
}
WAITING: dict[str, Any] = {"vector": np.zeros((2, 4), np.int64), "parallel": {}, "single": 0}


def vector_of(env: Any) -> VectorEnv:
    """The towns behind an environment of any kind."""
    return env if isinstance(env, VectorEnv) else env._vector


def digests(env: Any) -> list[str]:
    return vector_of(env).digests()
