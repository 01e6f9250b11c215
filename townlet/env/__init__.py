"""Environments for learning agents: towns in which an outside policy acts for people, tick by tick."""

from importlib import import_module
from typing import Any

from townlet.errors import TownletError

CLASSES = {
    "vector_env": ("townlet.env.vector", "VectorEnv"),
    "parallel_env": ("townlet.env.parallel", "ParallelEnv"),
    "gym_env": ("townlet.env.faces.single", "GymEnv"),
}
"""The module and class behind each public name of `townlet`."""


def class_of(name: str) -> Any:
    """The class behind a public name. Raises TownletError if Gymnasium or PettingZoo is missing."""
    module, kind = CLASSES[name]
    try:
        return getattr(import_module(module), kind)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("gymnasium", "pettingzoo"):
            raise
        raise TownletError(f"townlet.{name} needs {error.name}: pip install 'townlet[env]'") from error
