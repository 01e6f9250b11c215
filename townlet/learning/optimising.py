"""Adam (Kingma and Ba 2015), a gradient step that refuses what is not finite, and Adam's memory as arrays."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import nn

from townlet.errors import TownletError
from townlet.learning.settings import PPOSettings

MOMENTS: Final = ("step", "exp_avg", "exp_avg_sq")
"""What Adam remembers of each tensor."""


class Diverged(TownletError):
    """A loss or a gradient is not finite. The weights are still those from before that step."""


def adam(network: nn.Module, settings: PPOSettings) -> torch.optim.Adam:
    """A new optimiser of the network's weights."""
    return torch.optim.Adam(network.parameters(), settings.rate, eps=settings.adam_epsilon)


def gradient_step(
    network: nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor, norm_most: float, where: str
) -> float:
    """Follow the loss's gradient, scaled down to a norm of `norm_most`; returns its norm before that.

    Raises Diverged, with the weights unchanged, if the loss or the gradient is not finite.
    """
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = float(nn.utils.clip_grad_norm_(network.parameters(), norm_most))
    if not np.isfinite(norm) or not bool(torch.isfinite(loss)):
        raise Diverged(f"{where}: the training diverged: loss {float(loss.detach()):g}, norm of the gradient {norm:g}")
    optimiser.step()
    return norm


def plain(figures: Sequence[torch.Tensor]) -> list[float]:
    """Figures, tensors of one number each, as floats."""
    return [float(figure.detach()) for figure in figures]


def moments_of(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """Copies of Adam's moments, `<tensor>/<moment>`; empty before the first step."""
    return {
        f"{name}/{moment}": optimiser.state[parameter][moment].numpy().copy()
        for name, parameter in network.named_parameters()
        if parameter in optimiser.state
        for moment in MOMENTS
    }


def load_moments(network: nn.Module, optimiser: torch.optim.Optimizer, arrays: Mapping[str, np.ndarray]) -> None:
    """Give Adam the moments that `moments_of` returned."""
    optimiser.state.clear()
    for name, parameter in network.named_parameters():
        if f"{name}/step" in arrays:
            kept = {moment: torch.from_numpy(np.array(arrays[f"{name}/{moment}"])) for moment in MOMENTS}
            optimiser.state[parameter] = kept
