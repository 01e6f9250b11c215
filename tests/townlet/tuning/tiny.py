"""A study of some seconds: trainings of two updates, tuning towns of a day."""

from pathlib import Path
from typing import Any

from townlet.learning.settings import Training, training_of
from townlet.tuning.settings import Search, search_of

FILE = """\
trials: 5
startup: 2
at_once: 2
updates: 2
towns: {count: 2, days: 1}
search:
  ppo.rate: {low: 0.0002, high: 0.01, log: true}
  ppo.minibatch: {low: 8, high: 32, log: true}
  network.hidden: {choices: [8, 16]}
"""

TRAINING: dict[str, Any] = {
    "config": "town4",
    "towns": 2,
    "rollout_ticks": 120,
    "life_days": 1,
    "updates": 6,
    "checkpoint_every": 1,
    "network": {"hidden": 8},
    "ppo": {"minibatch": 16, "epochs": 2},
    "guards": {"kl_most": 100.0},
}


def file_of(folder: Path, text: str = FILE) -> Path:
    """Write a search file into a folder."""
    file = folder / "search.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def search(folder: Path, text: str = FILE) -> Search:
    """The search of a text."""
    return search_of(file_of(folder, text))


def training(**changes: Any) -> Training:
    """The training that is tuned, changed."""
    return training_of({**TRAINING, **changes})
