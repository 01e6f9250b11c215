"""A run to look at: two days of the default town, made once for each worker."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import townlet
from tests.tui import made
from townlet.observing.view import ShownTown, View
from townlet.run import Run
from tui.stage.screen import Stage


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of a town whose first quarrel is over a place that was kept."""
    path = tmp_path_factory.mktemp("runs") / "demo"
    townlet.simulate(ticks=2880, seed=2, into=path)
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


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the observer says in passing, which no test's screen shows."""
    words: list[str] = []
    monkeypatch.setattr(Stage, "say", lambda _, said, *, wrong=False: words.append(said))
    return words


@pytest.fixture
def without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour tells anything, and nobody waits for a test to write on."""
    monkeypatch.setenv("NO_COLOR", "1")
    for module in ("fork", "prompt"):
        monkeypatch.setattr(f"tui.dialogs.{module}.SOON_S", 0.02)
