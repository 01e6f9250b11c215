"""A run to look at: two days of the default town, made once for each worker."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import townlet
from tests.tui import made
from townlet.observing.view import ShownTown, View
from townlet.run import Run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two days of the demo run."""
    path = tmp_path_factory.mktemp("runs") / "demo"
    townlet.simulate(ticks=2880, seed=7, into=path)
    return path


@pytest.fixture(scope="session")
def run(demo: Path) -> Run:
    """The same, opened."""
    return townlet.open(demo)


@pytest.fixture(scope="module")
def shown(run: Run, scenes: Mapping[int, ShownTown]) -> Callable[[int, str | None], View]:
    """The view of one of a module's scenes, by its tick, with somebody chosen.

    A function, since Hypothesis would write out the scenes themselves.
    """
    return lambda tick, person: made.view(run, scenes[tick], person)
