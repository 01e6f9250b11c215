"""Environments that are stepped for long, and many of them: no memory is kept, nothing is compiled again."""

import gc
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from tests.projections.test_kernels import apart_from_numbers, signatures
from townlet.bench.growth import resident_bytes
from townlet.env import step as stepping
from townlet.env.spaces import ACTIONS
from townlet.env.vector import VectorEnv

TOWNS = 64
SETTLING = 1500
"""Steps in which each town has been founded anew once."""

TOWN_TICKS = 1_000_000
KEPT_MOST = 64 * 1024
RESIDENT_MOST = 8 * 1024 * 1024
"""Bytes: what Python may hold more in the end than in the beginning, and what the process may."""


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_a_million_ticks_leave_no_memory_behind(threads: int) -> None:
    with VectorEnv(towns=TOWNS, threads=threads) as env:
        env.reset(seed=0)
        step(env, SETTLING)
        tracemalloc.start()
        try:
            step(env, SETTLING)
            held, resident = held_bytes(), resident_bytes()
            step(env, TOWN_TICKS // TOWNS)
            grown = held_bytes() - held, resident_bytes() - resident
        finally:
            tracemalloc.stop()
    assert grown[0] < KEPT_MOST and grown[1] < RESIDENT_MOST, grown


def step(env: VectorEnv, steps: int) -> None:
    """One seat in three is asked for the last of what it may do, the others live by the scripted policy."""
    seats = np.arange(env.num_envs * env.seats).reshape(env.num_envs, env.seats)
    for tick in range(steps):
        last = ACTIONS - 1 - env.observations["action_mask"][..., ::-1].argmax(-1)
        env.step(np.where((seats + tick) % 3 == 0, last, -1))


def held_bytes() -> int:
    """What Python's allocators hold, once nothing is in the way of its release."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_environments_of_every_size_and_kind_run_one_compiled_step() -> None:
    for settings in (
        {"towns": 1},
        {"towns": 3, "threads": 2, "control": "primitive"},
        {"towns": 2, "seats": 9, "variant": "hybrid"},
        {"towns": 1, "variant": "compact", "overrides": {"town.people": 1}},
    ):
        with VectorEnv(**settings) as env:
            env.reset(seed=0)
            env.step(np.zeros((env.num_envs, env.seats), np.int64))
    for entry in (stepping.step, stepping.first_look):
        by_shape = Counter(apart_from_numbers(signature) for signature in signatures(entry))
        assert set(by_shape.values()) == {1}, f"{entry.py_func.__name__} is compiled more than once"
