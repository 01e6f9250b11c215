"""A training that takes a second, and what it leaves."""

from pathlib import Path
from typing import Any

from townlet.learning.kept.checkpoints import Checkpoint, newest_checkpoint
from townlet.learning.kept.folders import METRICS, POLICY
from townlet.learning.settings import Training, training_of

SMALL: dict[str, Any] = {
    "towns": 2,
    "rollout_ticks": 120,
    "life_days": 1,
    "updates": 6,
    "checkpoint_every": 2,
    "tensorboard": False,
    "network": {"hidden": 16},
    "ppo": {"minibatch": 16, "epochs": 2},
    "guards": {"kl_most": 100.0},
}


def small(**changes: Any) -> Training:
    """The small training, changed."""
    return training_of({**SMALL, **changes})


def left_by(run: Path) -> tuple[bytes, bytes, dict[str, bytes], dict[str, Any]]:
    """What a training left, to the bit: policy, metrics, and the arrays and texts of its last checkpoint."""
    kept = newest_checkpoint(run)
    assert isinstance(kept, Checkpoint)
    arrays = {name: array.tobytes() for name, array in kept.arrays.items()}
    return (run / POLICY).read_bytes(), (run / METRICS).read_bytes(), arrays, kept.state
