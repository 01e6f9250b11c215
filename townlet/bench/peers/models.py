"""Measures other environments and models with random steps, if they are installed.

They do less than a town: small observations, no masks, no log. Rates are agent-steps a second.
"""

import os
import sys
import time
from contextlib import redirect_stdout
from functools import partial
from importlib.util import find_spec
from typing import Any

from townlet.bench.rows import Measured, Sizes

SPREAD_AGENTS = 8
"""The agents of MPE's simple_spread: as many as people in the town beside it."""

SPREAD_BATCH, SPREAD_STEPS = 1024, 50
"""For JaxMARL's simple_spread (three agents, its default): environments side by side, and steps in a compiled call."""

JAXMARL = "JaxMARL MPE spread"
"""The name of the peer that a requirement names."""

MESA_STEPS = 20
"""Steps before a model is made again: Schelling's model stops changing soon after."""


def beside_many(sizes: Sizes) -> dict[str, Measured | None]:
    """The peers of many towns: a batch of compiled environments, and models of many agents."""
    has_mesa = find_spec("mesa") is not None and find_spec("networkx") is not None
    return {
        JAXMARL: _spread_of_jaxmarl(sizes) if find_spec("jaxmarl") else None,
        "Mesa Boltzmann": partial(_model_of_mesa, "boltzmann_wealth_model", "BoltzmannWealth", sizes, n=100)
        if has_mesa
        else None,
        "Mesa Schelling": partial(_model_of_mesa, "schelling", "Schelling", sizes) if has_mesa else None,
    }


def beside_sweeps(sizes: Sizes, processes: int) -> dict[str, Measured | None]:
    """The peer of a sweep: Mesa's `batch_run` of its wealth model, with as many processes, agents and steps a run."""
    has_mesa = find_spec("mesa") is not None and find_spec("networkx") is not None
    return {"Mesa batch_run": partial(_batch_of_mesa, sizes, processes) if has_mesa else None}


def _batch_of_mesa(sizes: Sizes, processes: int) -> float:
    """Agent-steps a second of as many steps a run, in a tenth of the runs: a whole sweep would take minutes."""
    import mesa
    from mesa.examples.basic.boltzmann_wealth_model.model import BoltzmannWealth

    runs, steps = max(processes, sizes.sweep_towns // 10), 1440 * sizes.sweep_days
    settings = {"n": SPREAD_AGENTS, "seed": range(runs)}
    began = time.perf_counter()
    mesa.batch_run(BoltzmannWealth, settings, number_processes=processes, max_steps=steps, display_progress=False)
    return SPREAD_AGENTS * steps * runs / (time.perf_counter() - began)


def beside_dictionaries(sizes: Sizes) -> dict[str, Measured | None]:
    """The peer of a town as PettingZoo dictionaries: another PettingZoo environment with as many agents."""
    return {"mpe2 simple_spread": partial(_spread_of_mpe2, sizes) if find_spec("mpe2") else None}


def _spread_of_mpe2(sizes: Sizes) -> float:
    from mpe2 import simple_spread_v3

    env: Any = simple_spread_v3.parallel_env(N=SPREAD_AGENTS, max_cycles=sizes.peer_steps + 1)
    env.reset(seed=0)
    for index, agent in enumerate(env.agents):
        env.action_space(agent).seed(index)
    actions = [{agent: env.action_space(agent).sample() for agent in env.agents} for _ in range(sizes.peer_steps)]
    began = time.perf_counter()
    for each in actions:
        env.step(each)
    taken = time.perf_counter() - began
    env.close()
    return SPREAD_AGENTS * sizes.peer_steps / taken


def _model_of_mesa(folder: str, name: str, sizes: Sizes, **settings: int) -> float:
    """One of Mesa's own examples, which collects its data at each step."""
    from importlib import import_module

    model = getattr(import_module(f"mesa.examples.basic.{folder}.model"), name)
    spent, steps = 0.0, 0
    for seed in range(max(1, sizes.peer_steps // MESA_STEPS)):
        living = model(seed=seed, **settings)
        began = time.perf_counter()
        for _ in range(MESA_STEPS):
            living.step()
        spent += time.perf_counter() - began
        steps += MESA_STEPS * len(living.agents)
    return steps / spent


def _spread_of_jaxmarl(sizes: Sizes) -> Measured:
    """Many simple_spreads at once, vectorised and scanned on the processors. It is compiled before the measurement."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax

    with redirect_stdout(sys.stderr):  # it prints what it imports
        import jaxmarl

        env: Any = jaxmarl.make("MPE_simple_spread_v3")
    names: list[str] = env.agents

    def step(carry: Any, _: None) -> tuple[Any, Any]:
        key, state = carry
        key, of_actions, of_steps = jax.random.split(key, 3)
        draws = jax.random.split(of_actions, (len(names), SPREAD_BATCH))
        actions = {
            agent: jax.vmap(env.action_space(agent).sample)(draw) for agent, draw in zip(names, draws, strict=True)
        }
        seen, state, earned, _, _ = jax.vmap(env.step)(jax.random.split(of_steps, SPREAD_BATCH), state, actions)
        told = sum(seen[agent].sum() + earned[agent].sum() for agent in names)  # so that the compiler removes nothing
        return (key, state), told

    roll = jax.jit(lambda carry: jax.lax.scan(step, carry, None, SPREAD_STEPS))
    key = jax.random.key(0)
    _, state = jax.vmap(env.reset)(jax.random.split(key, SPREAD_BATCH))
    carry = [jax.block_until_ready(roll((key, state)))[0]]
    calls = max(1, sizes.peer_steps // SPREAD_STEPS // 4)

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(calls):
            carry[0], _told = jax.block_until_ready(roll(carry[0]))
        return SPREAD_BATCH * len(names) * SPREAD_STEPS * calls / (time.perf_counter() - began)

    return measure
