"""A living town whose every action is a typed event in an append-only log.

`simulate` lets a town live and writes its run to a folder; `open` opens a run; both return a `Run`. `simulate_many`
lets a town live for each of many seeds; `query` asks many runs; `runs` lists those of a folder; `facts` and `soak` hold
towns against what is known of people, and against what must be true of every town, and `accept` measures a milestone by
them; `train` trains a policy, `policy`
reads one, `evaluate` compares what people do under policies, and `experiment` does both for planned arms; `trial` runs
a randomised trial; `sweep` lets towns of many settings live, each with the same seeds; `settings` reads a
configuration; `city_events` lists what a seed brings; `warm` compiles the kernels.
`vector_env`, `parallel_env` and `gym_env` make environments, in which an outside policy acts for people.
`gymnasium.make("townlet/Town-v0")` makes one, too: where Gymnasium is imported first, or `gym_env` was named before.
Nothing heavy is imported before it is used.
"""

import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from townlet.accepting.accept import accept as accept
    from townlet.asking.sql import query as query
    from townlet.configuration.load import load as settings
    from townlet.env.faces.single import GymEnv as gym_env
    from townlet.env.parallel import ParallelEnv as parallel_env
    from townlet.env.vector import VectorEnv as vector_env
    from townlet.evaluating.evaluation import evaluate as evaluate
    from townlet.experiments.running import run_experiment as experiment
    from townlet.judging.facts.asking import facts as facts
    from townlet.judging.soak import soak as soak
    from townlet.keeping.listing import runs as runs
    from townlet.learning.training import train as train
    from townlet.living.perturbing.listed import city_events as city_events
    from townlet.many_towns import simulate_many as simulate_many
    from townlet.policies.shelf import find_policy as policy
    from townlet.run import Moment as Moment
    from townlet.run import Run as Run
    from townlet.run import open_run as open
    from townlet.run import simulate as simulate
    from townlet.sweeping.running import sweep as sweep
    from townlet.warming import warm as warm
    from townlet.whatif.trials.running import trial as trial

__all__ = [
    "Moment",
    "Run",
    "accept",
    "city_events",
    "evaluate",
    "experiment",
    "facts",
    "gym_env",
    "open",
    "parallel_env",
    "policy",
    "query",
    "runs",
    "settings",
    "simulate",
    "simulate_many",
    "soak",
    "sweep",
    "train",
    "trial",
    "vector_env",
    "warm",
]

PLACES: Final = {
    "Moment": "townlet.run:Moment",
    "Run": "townlet.run:Run",
    "accept": "townlet.accepting.accept:accept",
    "city_events": "townlet.living.perturbing.listed:city_events",
    "evaluate": "townlet.evaluating.evaluation:evaluate",
    "experiment": "townlet.experiments.running:run_experiment",
    "facts": "townlet.judging.facts.asking:facts",
    "open": "townlet.run:open_run",
    "policy": "townlet.policies.shelf:find_policy",
    "query": "townlet.asking.sql:query",
    "runs": "townlet.keeping.listing:runs",
    "settings": "townlet.configuration.load:load",
    "simulate": "townlet.run:simulate",
    "simulate_many": "townlet.many_towns:simulate_many",
    "soak": "townlet.judging.soak:soak",
    "sweep": "townlet.sweeping.running:sweep",
    "train": "townlet.learning.training:train",
    "trial": "townlet.whatif.trials.running:trial",
    "warm": "townlet.warming:warm",
}
"""Where each public name is, but those of the environments: the module, and its name there."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'townlet' has no attribute {name!r}")
    if name.endswith("_env"):
        return _door_of_env(name)
    module, _, there = PLACES[name].partition(":")
    return getattr(importlib.import_module(module), there)


def __dir__() -> list[str]:
    return sorted(__all__)


@functools.cache
def _door_of_env(name: str) -> Any:
    """The function with this public name. It compiles the kernels if necessary and makes the environment."""
    from townlet import env

    kind = env.class_of(name)

    @functools.wraps(kind, updated=())
    def make(*arguments: Any, **options: Any) -> Any:
        from townlet.warming import warm

        warm()
        return kind(*arguments, **options)

    return make


if "gymnasium" in sys.modules:
    from townlet.env.faces import registration as registration

if "IPython" in sys.modules:
    from townlet import notebook as notebook

    shell = sys.modules["IPython"].get_ipython()
    if shell is not None:
        notebook.register(shell)
