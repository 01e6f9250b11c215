"""Each detail of the learner is broken in turn, and a test of it fails: a wrong detail often still learns."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.townlet.learning import test_advantages, test_ppo
from townlet.env.decisions.rows import DECIDED, DIED
from townlet.learning import advantages, optimising, ppo
from townlet.policies import networks


def estimating(
    *, discount: str = "gamma^k", lam: str = "once", cut: str = "bootstrap", death: str = "end"
) -> Callable[..., None]:
    """Semi-Markov advantages in plain Python; with an argument, one thing in them is wrong."""

    def estimate(ended: Any, following: Any, reward: Any, discounts: Any, value: Any, lam_of: float, *out: Any) -> None:
        found, learns = out
        for i in range(len(ended) - 1, -1, -1):
            if ended[i] not in (DECIDED, DIED):
                continue
            j, learns[i] = following[i], True
            gamma = 0.9 if discount == "gamma" else discounts[i]
            after = value[j] if ended[i] == DECIDED else 0.0
            if ended[i] == DECIDED and cut == "death" and ended[j] not in (DECIDED, DIED):
                after = 0.0
            if ended[i] == DIED and death == "bootstrap":
                after, gamma = value[i], 1.0
            weight = lam_of**3 if lam == "a tick" else lam_of
            more = gamma * weight * found[j] if ended[i] == DECIDED else 0.0
            found[i] = reward[i] + gamma * after - value[i] + more

    return estimate


def without_scaling(parameters: Any, _: float) -> torch.Tensor:
    return nn.utils.get_total_norm([each.grad for each in parameters if each.grad is not None])


def adam_of_torch(net: nn.Module, settings: Any) -> torch.optim.Adam:
    return torch.optim.Adam(net.parameters(), settings.rate)


def plain_weights(weight: torch.Tensor, gain: float, generator: torch.Generator) -> torch.Tensor:
    return nn.init.normal_(weight, 0.0, 0.1, generator)


def old_of_another_shape(self: ppo.Learner, batch: Any, update: int) -> torch.Tensor:
    with torch.no_grad():
        return self._chosen(batch, torch.arange(batch.size))[0] + 1e-6


BY_HAND = test_advantages.test_two_options_by_hand
CONSTANT = test_advantages.test_a_constant_reward_is_worth_r_over_1_minus_gamma_however_long_it_lasted
BROKEN: dict[str, tuple[Any, str, Any, Callable[[], None]]] = {
    "gamma counts a decision": (advantages, "_estimate", estimating(discount="gamma"), BY_HAND),
    "lambda counts a tick": (advantages, "_estimate", estimating(lam="a tick"), BY_HAND),
    "a cut is a death": (advantages, "_estimate", estimating(cut="death"), lambda: CONSTANT(7, 0)),
    "a death is a cut": (advantages, "_estimate", estimating(death="bootstrap"), test_advantages.test_death_is_no_cut),
    "advantages as they are": (
        ppo,
        "normalised",
        lambda gain: gain,
        test_ppo.test_advantages_are_normalised_over_the_decisions_that_are_learned,
    ),
    "weights that are not orthogonal": (
        nn.init,
        "orthogonal_",
        plain_weights,
        test_ppo.test_weights_begin_orthogonal_with_their_gains,
    ),
    "another gain": (networks, "ACTOR_GAIN", 1.0, test_ppo.test_weights_begin_orthogonal_with_their_gains),
    "torch's epsilon": (ppo, "adam", adam_of_torch, test_ppo.test_adams_epsilon_and_rate),
    "a rate that stays": (
        ppo.Learner,
        "rate",
        lambda self, _: 1e-3,
        test_ppo.test_the_rate_falls_to_0_in_a_straight_line,
    ),
    "no entropy": (
        ppo,
        "entropy_of",
        lambda log_probs: log_probs[:, 0] * 0.0,
        test_ppo.test_the_loss_has_the_weights_of_its_parts,
    ),
    "a mask that leaks": (networks, "MASKED", -5.0, test_ppo.test_entropy_of_masked_choices_by_hand),
    "a mask that is infinite": (
        networks,
        "MASKED",
        -float("inf"),
        test_ppo.test_entropy_of_masked_choices_by_hand,
    ),
    "gradients as they are": (
        optimising.nn.utils,
        "clip_grad_norm_",
        without_scaling,
        test_ppo.test_the_gradient_is_scaled_down_and_its_norm_is_told,
    ),
    "old log probabilities of another shape": (
        ppo.Learner,
        "log_probs_before",
        old_of_another_shape,
        test_ppo.test_the_ratio_is_exactly_1_before_the_first_step,
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_detail_is_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, name, wrong, test = BROKEN[what]
    test()
    monkeypatch.setattr(place, name, wrong)
    with pytest.raises(AssertionError):
        test()


def test_the_plain_estimate_is_right_where_nothing_in_it_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what fails above fails for the one thing that is wrong in it."""
    monkeypatch.setattr(advantages, "_estimate", estimating())
    BY_HAND()
    CONSTANT(7, 0)
    test_advantages.test_death_is_no_cut()
    rows, _ = test_ppo.many(64)
    assert np.isfinite(advantages.estimates(rows, 0.95).advantages).all()
