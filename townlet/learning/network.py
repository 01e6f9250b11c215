"""The policy's network: a trunk of two hidden layers, and two heads: the actor's logits and the critic's value."""

from typing import Final

import numpy as np
import torch
from torch import nn

MASKED: Final = -1e8
"""The logit of an action that is not allowed: its probability is exactly 0, and no NaN comes of it."""

TRUNK_GAIN: Final = 2**0.5
ACTOR_GAIN: Final = 0.01
CRITIC_GAIN: Final = 1.0


class PolicyNetwork(nn.Module):
    """A ReLU MLP. Its tensors are called `trunk.0`, `trunk.2`, `actor` and `critic`, as in a policy file."""

    def __init__(self, inputs: int, actions: int, hidden: int = 128, *, seed: int = 0) -> None:
        """The initial weights are orthogonal (Saxe et al. 2013) and depend on `seed` alone; biases are 0."""
        super().__init__()
        dice = torch.Generator().manual_seed(seed)
        self.trunk = nn.Sequential(
            _layer(inputs, hidden, TRUNK_GAIN, dice), nn.ReLU(), _layer(hidden, hidden, TRUNK_GAIN, dice), nn.ReLU()
        )
        self.actor = _layer(hidden, actions, ACTOR_GAIN, dice)
        self.critic = _layer(hidden, 1, CRITIC_GAIN, dice)

    def forward(self, seen: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Log probabilities f4 [n, actions] and values f4 [n], for observations [n, inputs] and masks [n, actions].

        An action whose mask is 0 has a log probability of about -1e8, and a probability of 0. Each row allows one.
        """
        hidden = self.trunk(seen)
        logits = self.actor(hidden).masked_fill(mask == 0, MASKED)
        return logits.log_softmax(-1), self.critic(hidden).squeeze(-1)


def entropy_of(log_probs: torch.Tensor) -> torch.Tensor:
    """The entropy in nats of each row of log probabilities; what is masked adds exactly 0."""
    return -(log_probs.exp() * log_probs).sum(-1)


def arrays_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the network's tensors as float32 arrays, by name, in the order of the names."""
    return {name: tensor.detach().numpy().astype("f4") for name, tensor in sorted(network.state_dict().items())}


def load_arrays(network: nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """Give the network the tensors that `arrays_of` returned. Raises RuntimeError where names or shapes differ."""
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})


def _layer(inputs: int, outputs: int, gain: float, dice: torch.Generator) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain, generator=dice)
    nn.init.zeros_(linear.bias)
    return linear
