"""Policies for tests: random weights, or weights that always want one option."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from projections.observations.layout import layout_of
from projections.settings import Observations
from townlet.policies.file import OPTIONS, Identity, write_policy

COMPACT = Observations(variant="compact")
HIDDEN = 16


def tensors_of(seed: int = 1, *, inputs: int | None = None, hidden: int = HIDDEN) -> dict[str, np.ndarray]:
    """The tensors of an MLP with weights of this seed, so large that its probabilities differ well."""
    numbers = layout_of(COMPACT).size if inputs is None else inputs
    shapes = {
        "trunk.0.weight": (hidden, numbers),
        "trunk.0.bias": (hidden,),
        "trunk.2.weight": (hidden, hidden),
        "trunk.2.bias": (hidden,),
        "actor.weight": (len(OPTIONS), hidden),
        "actor.bias": (len(OPTIONS),),
        "critic.weight": (1, hidden),
        "critic.bias": (1,),
    }
    drawn = np.random.default_rng(seed)  # noqa: TID251  (weights for a test, no luck of a town)
    return {name: drawn.normal(0, 0.4, shape).astype("f4") for name, shape in shapes.items()}


def identity_of(observations: Observations = COMPACT, **changes: object) -> Identity:
    """The identity of such a policy."""
    layout = layout_of(observations)
    told = {"layout": layout.hash, "variant": observations.variant, "hidden": HIDDEN, **changes}
    return Identity.model_validate(told)


def policy_file(path: Path, seed: int = 1, tensors: Mapping[str, np.ndarray] | None = None) -> Path:
    """A policy's file with weights of this seed; returns its path."""
    write_policy(path, tensors_of(seed) if tensors is None else tensors, identity_of())
    return path
