"""Copies and pickles of environments: each is a new environment that is made from the same arguments.

A copy shares nothing with the first one and has no episode yet: call `reset` before `step`. Its settings are those that
the first one was made with, whatever has become of the file since.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from townlet.errors import TownletError

Remade = tuple[Callable[..., Any], tuple[Any, ...]]


def remade(kind: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """A new environment from these arguments of its class."""
    return kind(**arguments)


def how_to_remake(kind: Callable[..., Any], arguments: Mapping[str, Any]) -> Remade:
    """How `pickle` and `copy` make an environment anew, as `__reduce__` returns it.

    Raises TownletError if the environment keeps logs: two environments would write to the same folders.
    """
    logs: Path | None = arguments["logs"]
    if logs is not None:
        raise TownletError(
            f"an environment that keeps logs is not copied: both would write to {logs}. "
            "Copy one without logs, or make each with a folder of its own"
        )
    return remade, (kind, dict(arguments))
