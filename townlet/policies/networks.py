"""The networks of policies in torch: of numbers alone (MLP), with a view of the map (CNN), with a memory (LSTM).

All have two heads: the actor's logits and the critic's value. Their tensors are called as in a policy's file
(`townlet.policies.shapes`). Only what computes with torch imports this module.
"""

from typing import Final

import torch
from torch import nn

from projections.observations.layout import WINDOW, Layout
from townlet.policies.shapes import CHANNELS, KERNEL, MAP_NUMBERS, STRIDE

MASKED: Final = -1e8
"""The logit of an action that is not allowed: its probability is exactly 0, and no NaN comes of it."""

TRUNK_GAIN: Final = 2**0.5
ACTOR_GAIN: Final = 0.01
CRITIC_GAIN: Final = 1.0
MEMORY_GAIN: Final = 1.0


class PolicyNetwork(nn.Module):
    """A ReLU MLP: a trunk of two hidden layers."""

    memory_size: Final = 0
    """The floats that it remembers from one decision of a person to the next."""

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
        return _log_probs(self.actor(hidden), mask), self.critic(hidden).squeeze(-1)


class MapNetwork(nn.Module):
    """A CNN: two convolutions of the map, and a trunk as that of the MLP over what they find and the floats beside."""

    memory_size: Final = 0

    def __init__(self, layout: Layout, actions: int, hidden: int = 128, *, seed: int = 0) -> None:
        """`layout` has planes. The initial weights are as those of `PolicyNetwork`."""
        super().__init__()
        dice = torch.Generator().manual_seed(seed)
        planes = len(layout.planes)
        self._floats, self._planes = layout.size, planes
        highs = torch.tensor([plane.high for plane in layout.planes], dtype=torch.float32)
        self.highs: torch.Tensor
        self.register_buffer("highs", highs.reshape(1, planes, 1, 1), persistent=False)
        self.conv = nn.Sequential(
            _convolution(planes, CHANNELS, 1, dice),
            nn.ReLU(),
            _convolution(CHANNELS, CHANNELS, STRIDE, dice),
            nn.ReLU(),
        )
        self.trunk = nn.Sequential(
            _layer(layout.size + MAP_NUMBERS, hidden, TRUNK_GAIN, dice),
            nn.ReLU(),
            _layer(hidden, hidden, TRUNK_GAIN, dice),
            nn.ReLU(),
        )
        self.actor = _layer(hidden, actions, ACTOR_GAIN, dice)
        self.critic = _layer(hidden, 1, CRITIC_GAIN, dice)

    def forward(self, seen: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As that of `PolicyNetwork`; an observation has the floats of the layout, then the cells of its planes.

        Each plane is divided by the greatest value that it can have.
        """
        cells = seen[:, self._floats :].reshape(-1, self._planes, WINDOW, WINDOW)
        found = self.conv(cells / self.highs).flatten(1)
        hidden = self.trunk(torch.cat([seen[:, : self._floats], found], 1))
        return _log_probs(self.actor(hidden), mask), self.critic(hidden).squeeze(-1)


class MemoryNetwork(nn.Module):
    """An LSTM (Hochreiter and Schmidhuber 1997) behind one hidden layer. Its state steps once a decision of a person.

    What it remembers are 2 x hidden floats: the output of the LSTM, then its cell.
    """

    def __init__(self, inputs: int, actions: int, hidden: int = 128, *, seed: int = 0) -> None:
        """The initial weights are as those of `PolicyNetwork`; those of the LSTM are orthogonal with a gain of 1."""
        super().__init__()
        dice = torch.Generator().manual_seed(seed)
        self.memory_size: Final = 2 * hidden
        self.trunk = nn.Sequential(_layer(inputs, hidden, TRUNK_GAIN, dice), nn.ReLU())
        self.memory = nn.LSTM(hidden, hidden)
        for name, tensor in self.memory.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(tensor)
            else:
                nn.init.orthogonal_(tensor, MEMORY_GAIN, generator=dice)
        self.actor = _layer(hidden, actions, ACTOR_GAIN, dice)
        self.critic = _layer(hidden, 1, CRITIC_GAIN, dice)

    def forward(
        self, seen: torch.Tensor, mask: torch.Tensor, before: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Answer sequences of `steps` decisions of n people, from what each remembers before the first.

        Takes observations [steps, n, inputs], masks [steps, n, actions], memories f4 [n, memory_size]. Returns log
        probabilities f4 [steps, n, actions], values f4 [steps, n], and the memories after the last decision.
        """
        output, cell = before.chunk(2, 1)
        hidden, after = self.memory(self.trunk(seen), (output[None].contiguous(), cell[None].contiguous()))
        log_probs, values = _log_probs(self.actor(hidden), mask), self.critic(hidden).squeeze(-1)
        return log_probs, values, torch.cat([after[0][0], after[1][0]], 1)


Network = PolicyNetwork | MapNetwork | MemoryNetwork


def network_of(kind: str, layout: Layout, actions: int, hidden: int, *, seed: int = 0) -> Network:
    """The network of a kind, mlp, cnn or lstm, for observations of this layout. Only a cnn sees the planes."""
    if kind == "cnn":
        return MapNetwork(layout, actions, hidden, seed=seed)
    return (MemoryNetwork if kind == "lstm" else PolicyNetwork)(layout.size, actions, hidden, seed=seed)


def _log_probs(logits: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Log probabilities of logits, of which those are left out that the mask does not allow."""
    return logits.masked_fill(mask == 0, MASKED).log_softmax(-1)


def _layer(inputs: int, outputs: int, gain: float, dice: torch.Generator) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain, generator=dice)
    nn.init.zeros_(linear.bias)
    return linear


def _convolution(inputs: int, outputs: int, stride: int, dice: torch.Generator) -> nn.Conv2d:
    convolution = nn.Conv2d(inputs, outputs, KERNEL, stride)
    nn.init.orthogonal_(convolution.weight, TRUNK_GAIN, generator=dice)
    nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    return convolution
