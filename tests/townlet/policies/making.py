"""Policies for tests: random weights, or weights that always want one option."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from projections.observations.layout import layout_of
from projections.settings import Observations
from townlet.policies.file import OPTIONS, Identity, write_policy
from townlet.policies.forward import TENSORS
from townlet.policies.shapes import map_numbers, shapes_of

COMPACT = Observations(variant="compact")
FULL = Observations(variant="full")
HIDDEN = 16
SEEN: Final[Mapping[str, Observations]] = {"mlp": COMPACT, "cnn": FULL, "lstm": COMPACT}
"""What a policy of each kind observes."""


def tensors_of(
    seed: int = 1, *, inputs: int | None = None, hidden: int = HIDDEN, kind: str = "mlp"
) -> dict[str, np.ndarray]:
    """The tensors of a network with weights of this seed, so large that its probabilities differ well."""
    layout = layout_of(SEEN[kind])
    numbers = layout.size + map_numbers(kind) if inputs is None else inputs
    shapes = shapes_of(kind, layout.variant, numbers, hidden, len(OPTIONS))
    names = [*(name for name in TENSORS if name in shapes), *(name for name in shapes if name not in TENSORS)]
    drawn = np.random.default_rng(seed)  # noqa: TID251  (weights for a test, no luck of a town)
    return {name: drawn.normal(0, 0.4, shapes[name]).astype("f4") for name in names}


def identity_of(observations: Observations | None = None, **changes: object) -> Identity:
    """The identity of such a policy; of the kind mlp unless changed."""
    observations = SEEN[str(changes.get("kind", "mlp"))] if observations is None else observations
    layout = layout_of(observations)
    told = {"layout": layout.hash, "variant": observations.variant, "hidden": HIDDEN, **changes}
    return Identity.model_validate(told)


def policy_file(
    path: Path, seed: int = 1, tensors: Mapping[str, np.ndarray] | None = None, *, kind: str = "mlp"
) -> Path:
    """A policy's file with weights of this seed; returns its path."""
    write_policy(path, tensors_of(seed, kind=kind) if tensors is None else tensors, identity_of(kind=kind))
    return path
