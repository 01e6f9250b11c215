"""A run to look at: two days of the default town, made once for each worker."""

from pathlib import Path

import pytest

import townlet


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two days of the demo run."""
    path = tmp_path_factory.mktemp("runs") / "demo"
    townlet.simulate(ticks=2880, seed=7, into=path)
    return path
