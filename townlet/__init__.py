"""A living town whose every action is a typed event in an append-only log.

`simulate` lets a town live and writes its run to a folder; `open` opens a run; both return a `Run`. `simulate_many`
lets a town live for each of many seeds; `query` asks many runs; `facts` holds towns against what is known of people;
`evaluate` compares what people do under policies; `trial` runs a randomised trial; `sweep` lets towns of many settings
live, each with the same seeds.
`vector_env`, `parallel_env` and `gym_env` make environments, in which an outside policy acts for people.
`gymnasium.make("townlet/Town-v0")` makes one, too: where Gymnasium is imported first, or `gym_env` was named before.
Nothing heavy is imported before it is used.
"""

import functools
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from townlet.asking.sql import query as query
    from townlet.env.faces.single import GymEnv as gym_env
    from townlet.env.parallel import ParallelEnv as parallel_env
    from townlet.env.vector import VectorEnv as vector_env
    from townlet.evaluating.evaluation import evaluate as evaluate
    from townlet.judging.facts.asking import facts as facts
    from townlet.many_towns import simulate_many as simulate_many
    from townlet.run import Moment as Moment
    from townlet.run import Run as Run
    from townlet.run import open_run as open
    from townlet.run import simulate as simulate
    from townlet.sweeping.running import sweep as sweep
    from townlet.whatif.trials.running import trial as trial

__all__ = [
    "Moment",
    "Run",
    "evaluate",
    "facts",
    "gym_env",
    "open",
    "parallel_env",
    "query",
    "simulate",
    "simulate_many",
    "sweep",
    "trial",
    "vector_env",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'townlet' has no attribute {name!r}")
    if name == "query":
        from townlet.asking.sql import query

        return query
    if name == "evaluate":
        from townlet.evaluating.evaluation import evaluate

        return evaluate
    if name == "facts":
        from townlet.judging.facts.asking import facts

        return facts
    if name == "simulate_many":
        from townlet.many_towns import simulate_many

        return simulate_many
    if name == "sweep":
        from townlet.sweeping.running import sweep

        return sweep
    if name == "trial":
        from townlet.whatif.trials.running import trial

        return trial
    if name.endswith("_env"):
        return _door_of_env(name)
    from townlet import run

    return run.open_run if name == "open" else getattr(run, name)


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
