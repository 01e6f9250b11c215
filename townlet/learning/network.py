"""What learners do with a network: the entropy of its choices, and its tensors as arrays and back."""

import numpy as np
import torch
from torch import nn

from townlet.policies.networks import PolicyNetwork


def entropy_of(log_probs: torch.Tensor) -> torch.Tensor:
    """The entropy in nats of each row of log probabilities; what is masked adds exactly 0."""
    return -(log_probs.exp() * log_probs).sum(-1)


def arrays_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the network's tensors as float32 arrays, by name, in the order of the names."""
    return {name: tensor.detach().numpy().astype("f4") for name, tensor in sorted(network.state_dict().items())}


def load_arrays(network: nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """Give the network the tensors that `arrays_of` returned. Raises RuntimeError where names or shapes differ."""
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})


__all__ = ["PolicyNetwork", "arrays_of", "entropy_of", "load_arrays"]
