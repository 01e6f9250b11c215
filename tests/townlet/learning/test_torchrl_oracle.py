"""TorchRL as an oracle: its advantages and its masked distributions are those of the learner.

TorchRL is imported within the tests, because that takes seconds.
"""

from typing import Any

import numpy as np
import pytest
import torch

from tests.townlet.learning.decisions import many
from townlet.env.decisions.rows import DECIDED, DIED
from townlet.learning.advantages import estimates
from townlet.learning.batches import batch_of
from townlet.learning.network import PolicyNetwork, entropy_of
from townlet.learning.ppo import Learner
from townlet.learning.settings import PPOSettings


def people_of(rows: np.ndarray) -> list[list[int]]:
    """The numbers of the rows of each person, in order, up to a last one that is not learned from."""
    firsts = set(range(len(rows))) - set(rows["next"].tolist())
    found = []
    for first in sorted(firsts):
        chain, i = [], first
        while i >= 0:
            chain.append(i)
            i = int(rows["next"][i])
        found.append(chain)
    return found


def by_torchrl(rows: np.ndarray, chain: list[int], lam: float) -> list[float]:
    """The advantages of one person's decisions by TorchRL: gamma is a tensor, gamma^k of each decision."""
    from torchrl.objectives.value.functional import generalized_advantage_estimate

    learned = [i for i in chain if rows["ended"][i] in (DECIDED, DIED)]
    if not learned:
        return []

    def column(values: Any, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        return torch.tensor(np.array(values), dtype=dtype)[:, None]

    died = rows["ended"][learned] == DIED
    following = [0.0 if dead else rows["value"][rows["next"][i]] for i, dead in zip(learned, died, strict=True)]
    cut = died.copy()
    cut[-1] = True  # what comes after is learned in the next rollout, or never
    found, _ = generalized_advantage_estimate(
        column(rows["discount"][learned]),
        lam,
        column(rows["value"][learned]),
        column(following),
        column(rows["reward"][learned]),
        column(cut, torch.bool),
        column(died, torch.bool),
    )
    return [float(each) for each in found[:, 0]]


@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95, 1.0])
def test_advantages_are_those_of_torchrl(lam: float) -> None:
    rows, _ = many(400)
    found = estimates(rows, lam)
    ours = dict(zip(found.rows.tolist(), found.advantages.tolist(), strict=True))
    seen = 0
    for chain in people_of(rows):
        learned = [i for i in chain if i in ours]
        theirs = by_torchrl(rows, chain, lam)
        assert [ours[i] for i in learned] == pytest.approx(theirs, abs=1e-9)
        seen += len(learned)
    assert seen == len(ours) > 300
    assert {DECIDED, DIED} < set(rows["ended"].tolist()) and len(set(rows["ticks"].tolist())) > 10


def test_a_fixed_gamma_a_decision_is_not_what_torchrl_finds() -> None:
    rows, _ = many(400)
    (chain,) = people_of(rows)[:1]
    found = estimates(rows, 0.95)
    ours = dict(zip(found.rows.tolist(), found.advantages.tolist(), strict=True))
    learned = [i for i in chain if i in ours]
    rows["discount"][rows["ended"] == DECIDED] = 0.97
    theirs = by_torchrl(rows, chain, 0.95)
    assert np.abs(np.array([ours[i] for i in learned]) - theirs).max() > 0.01


def choices(n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Any]:
    """Our log probabilities f4 [n, actions], masks, actions, and TorchRL's distribution of the same logits."""
    from torchrl.modules import MaskedCategorical

    rows, seen = many(n)
    network = PolicyNetwork(seen.shape[1], rows["mask"].shape[1], 16, seed=3)
    with torch.no_grad():
        network.actor.weight.mul_(300.0)  # so that choices are far from equally likely
        inputs, mask = torch.from_numpy(seen), torch.from_numpy(rows["mask"])
        log_probs, _ = network(inputs, mask)
        logits = network.actor(network.trunk(inputs))
    return log_probs, mask, torch.from_numpy(rows["action"].astype("i8")), MaskedCategorical(logits, mask=mask == 1)


def test_masked_choices_have_the_probabilities_of_torchrl() -> None:
    log_probs, mask, action, theirs = choices(300)
    allowed = mask == 1
    assert 0 < int((~allowed).sum()) < mask.numel()
    assert float(log_probs[allowed].exp().max()) > 0.9 and float(log_probs[allowed].exp().min()) < 0.01
    torch.testing.assert_close(log_probs[allowed].exp(), theirs.probs[allowed], atol=1e-6, rtol=1e-5)
    assert not log_probs.exp()[~allowed].any() and not theirs.probs[~allowed].any()
    ours = log_probs.gather(1, action[:, None]).squeeze(1)
    torch.testing.assert_close(ours, theirs.log_prob(action), atol=1e-5, rtol=1e-5)


def test_masked_choices_have_the_entropy_of_torchrl() -> None:
    log_probs, _, _, theirs = choices(300)
    entropy = entropy_of(log_probs)
    assert float(entropy.max()) - float(entropy.min()) > 0.5
    torch.testing.assert_close(entropy, theirs.entropy(), atol=1e-5, rtol=1e-5)


def test_the_learner_takes_the_log_probabilities_of_torchrl_for_the_old_ones() -> None:
    from torchrl.modules import MaskedCategorical

    rows, seen = many(200)
    batch = batch_of(rows, seen, estimates(rows, 0.95))
    network = PolicyNetwork(seen.shape[1], rows["mask"].shape[1], 16, seed=4)
    old = Learner(network, PPOSettings(minibatch=64), seed=1, updates=1).log_probs_before(batch, 0)
    with torch.no_grad():
        theirs = MaskedCategorical(network.actor(network.trunk(batch.seen)), mask=batch.mask == 1)
        torch.testing.assert_close(old, theirs.log_prob(batch.action), atol=1e-5, rtol=1e-5)
