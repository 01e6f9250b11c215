"""PPO and cloning: what changes weights and what must not; each detail has a number of its own here."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.townlet.learning.decisions import ACTIONS, INPUTS, many
from townlet.env.decisions.rows import CLOSING, OPEN
from townlet.learning.advantages import estimates
from townlet.learning.batches import Batch, batch_of, minibatches, normalised
from townlet.learning.cloning import Cloner, is_allowed
from townlet.learning.network import PolicyNetwork, arrays_of, entropy_of, load_arrays
from townlet.learning.optimising import Diverged, load_moments, moments_of
from townlet.learning.ppo import Learner, Measures, explained_variance
from townlet.learning.settings import PPOSettings

SMALL = PPOSettings(minibatch=64, epochs=2)
UPDATES = 10


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def learner(settings: PPOSettings = SMALL, seed: int = 3) -> Learner:
    return Learner(PolicyNetwork(INPUTS, ACTIONS, 16, seed=seed), settings, seed=seed, updates=UPDATES)


def learned(rows: np.ndarray, seen: np.ndarray, settings: PPOSettings = SMALL, update: int = 0) -> tuple[Any, Measures]:
    """The weights as bytes, and what was measured, after one update of a new learner."""
    made = learner(settings)
    measures = made.learn(batch_of(rows, seen, estimates(rows, settings.gae)), update)
    return {name: array.tobytes() for name, array in arrays_of(made.network).items()}, measures


def a_batch(n: int = 300) -> Batch:
    rows, seen = many(n)
    return batch_of(rows, seen, estimates(rows, 0.95))


def test_garbage_in_rows_that_are_no_decisions_changes_no_bit() -> None:
    rows, seen = many(300)
    before = learned(rows, seen)
    rest = np.isin(rows["ended"], (OPEN, CLOSING))
    assert rest.sum() == 8
    rows["reward"][rest], rows["log_prob"][rest], rows["discount"][rest] = 1e6, np.nan, np.nan
    rows["action"][rest], rows["mask"][rest], seen[rest] = -5, 0, np.nan
    assert learned(rows, seen) == before


def test_what_was_gathered_may_be_overwritten_while_it_is_learned() -> None:
    rows, seen = many(300)
    batch, found = a_batch(), estimates(rows, 0.95)
    mine = batch_of(rows, seen, found)
    rows[:], seen[:] = 0, 9.0
    assert all(torch.equal(one, other) for one, other in zip(mine[:5], batch[:5], strict=True))


def test_the_ratio_is_exactly_1_before_the_first_step() -> None:
    """With one epoch and no step taken, no bit of the log probabilities differs from those of before."""
    made, batch = learner(), a_batch()
    old = made.log_probs_before(batch, update=4)
    for part in minibatches(batch.size, SMALL.minibatch, 3, 4, 0):
        log_probs, _ = made.network(batch.seen[part], batch.mask[part])
        new = log_probs.gather(1, batch.action[part, None]).squeeze(1)
        assert torch.equal((new - old[part]).exp(), torch.ones(len(part)))
    whole, _ = made.network(batch.seen, batch.mask)
    assert torch.allclose(whole.gather(1, batch.action[:, None]).squeeze(1), old, atol=1e-6)


def test_entropy_of_masked_choices_by_hand() -> None:
    logits, mask = [1.0, -2.0, 0.5, 3.0], [1, 0, 1, 1]
    weights = [math.exp(logit) * allowed for logit, allowed in zip(logits, mask, strict=True)]
    shares = [weight / sum(weights) for weight in weights]
    by_hand = -sum(share * math.log(share) for share in shares if share)
    network = PolicyNetwork(INPUTS, 4, 16)
    with torch.no_grad():
        network.actor.weight.zero_()
        network.actor.bias.copy_(torch.tensor(logits))
    log_probs, _ = network(torch.zeros(1, INPUTS), torch.tensor([mask], dtype=torch.int8))
    assert entropy_of(log_probs).item() == pytest.approx(by_hand, abs=1e-6)
    assert log_probs.exp()[0, 1].item() == 0.0
    alone, _ = network(torch.zeros(1, INPUTS), torch.tensor([[0, 0, 1, 0]], dtype=torch.int8))
    assert entropy_of(alone).item() == 0.0 and alone[0, 2].item() == 0.0


def test_what_is_masked_gets_no_gradient_and_no_nan() -> None:
    network = PolicyNetwork(INPUTS, ACTIONS, 16)
    mask = torch.zeros(5, ACTIONS, dtype=torch.int8)
    mask[:, :2] = 1
    log_probs, _ = network(torch.randn(5, INPUTS, generator=torch.Generator().manual_seed(1)), mask)
    (entropy_of(log_probs).sum() + log_probs[:, 0].sum()).backward()
    gradient = network.actor.weight.grad
    assert gradient is not None and torch.isfinite(gradient).all()
    assert (gradient[2:] == 0).all() and (gradient[:2] != 0).any()


def test_weights_begin_orthogonal_with_their_gains() -> None:
    network = PolicyNetwork(40, ACTIONS, 32, seed=1)
    for layer, gain in ((network.trunk[0], 2**0.5), (network.trunk[2], 2**0.5), (network.actor, 0.01)):
        weight = layer.weight.detach().double()
        square = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
        assert torch.allclose(square, torch.eye(len(square), dtype=torch.float64) * gain**2, atol=1e-5), layer
        assert not layer.bias.any()
    assert float(network.critic.weight.detach().norm()) == pytest.approx(1.0, abs=1e-5)
    again, other = PolicyNetwork(40, ACTIONS, 32, seed=1), PolicyNetwork(40, ACTIONS, 32, seed=2)
    assert torch.equal(network.actor.weight, again.actor.weight) and not torch.equal(
        network.actor.weight, other.actor.weight
    )


def test_advantages_are_normalised_over_the_decisions_that_are_learned() -> None:
    """So a reward in another unit changes the weights only through the value."""
    gain = normalised(torch.tensor([1.0, 2.0, 6.0]))
    assert float(gain.mean()) == pytest.approx(0.0, abs=1e-6) and float(gain.std()) == pytest.approx(1.0)
    assert normalised(torch.tensor([4.0])).tolist() == [0.0] and normalised(torch.ones(3)).tolist() == [0.0] * 3
    batch, only_policy = a_batch(), PPOSettings(minibatch=64, epochs=2, value=0.0)
    found = []
    for scale, shift in ((1.0, 0.0), (64.0, 0.0), (1.0, 512.0)):
        made = learner(only_policy)
        made.learn(batch._replace(advantage=batch.advantage * scale + shift), 0)
        found.append(arrays_of(made.network)["actor.weight"])
    assert np.allclose(found[0], found[1], atol=1e-5) and np.allclose(found[0], found[2], atol=1e-3)


def test_adams_epsilon_and_rate() -> None:
    """Adam's first step moves a weight by rate x g / (|g| + epsilon), here by half of the rate."""
    settings = PPOSettings()
    assert settings.adam_epsilon == 1e-5 and settings.rate == 1e-3
    made = learner(settings)
    weight = made.network.actor.bias
    made.optimiser.zero_grad()
    weight.grad = torch.full_like(weight, 1e-5)
    before = weight.detach().clone()
    made.optimiser.step()
    assert (before - weight.detach()).numpy() == pytest.approx(np.full(ACTIONS, 0.5e-3), rel=1e-3)


def test_the_rate_falls_to_0_in_a_straight_line() -> None:
    made = learner()
    assert [made.rate(update) for update in (0, 5, 9)] == pytest.approx([1e-3, 5e-4, 1e-4])
    assert made.learn(a_batch(), 5).rate == pytest.approx(5e-4)
    assert made.optimiser.param_groups[0]["lr"] == pytest.approx(5e-4)
    flat = learner(PPOSettings(anneal=False))
    assert [flat.rate(update) for update in (0, 9)] == [1e-3, 1e-3]


def test_the_gradient_is_scaled_down_and_its_norm_is_told() -> None:
    batch = a_batch()
    big = batch._replace(returns=batch.returns * 1e4)
    measures = learner(PPOSettings(minibatch=10_000, epochs=1)).learn(big, 0)
    assert measures.gradient_norm > 100
    made = learner(PPOSettings(minibatch=10_000, epochs=1, gradient_norm=1e-3))
    made.learn(big, 0)
    norm = math.sqrt(
        sum(float(each.grad.square().sum()) for each in made.network.parameters() if each.grad is not None)
    )
    assert norm == pytest.approx(1e-3, rel=1e-3)


def test_the_ratio_is_clipped() -> None:
    """Where the ratio has gone beyond the clip in the direction of the advantage, the policy gets no gradient."""
    batch = a_batch(80)
    ups = batch._replace(advantage=torch.where(batch.action == 0, 1.0, -1.0))
    settings = PPOSettings(minibatch=10_000, epochs=60, rate=0.05, value=0.0, entropy=0.0, gradient_norm=1e9)
    clipped = learner(settings).learn(ups, 0)
    free = learner(settings.model_copy(update={"clip": 1e6})).learn(ups, 0)
    assert clipped.clip_fraction > 0.5 and free.clip_fraction == 0.0
    assert clipped.kl < 0.5 * free.kl


def test_the_loss_has_the_weights_of_its_parts() -> None:
    batch = a_batch()
    one = PPOSettings(minibatch=10_000, epochs=1)
    with_value, without = (learner(one.model_copy(update={"value": weight})) for weight in (0.5, 0.0))
    for made in (with_value, without):
        made.learn(batch, 0)
    assert not np.array_equal(
        arrays_of(with_value.network)["critic.weight"], arrays_of(without.network)["critic.weight"]
    )
    assert np.array_equal(
        arrays_of(without.network)["critic.weight"],
        arrays_of(PolicyNetwork(INPUTS, ACTIONS, 16, seed=3))["critic.weight"],
    )
    wide = learner(one.model_copy(update={"entropy": 5.0, "epochs": 40, "rate": 1e-2}))
    narrow = learner(one.model_copy(update={"entropy": 0.0, "epochs": 40, "rate": 1e-2}))
    assert wide.learn(batch, 0).entropy > narrow.learn(batch, 0).entropy + 0.03


def test_minibatches_are_addressed() -> None:
    parts = list(minibatches(2500, 1024, 1, 7, 2))
    assert [len(part) for part in parts] == [1250, 1250]
    assert sorted(torch.cat(parts).tolist()) == list(range(2500))
    assert torch.equal(torch.cat(parts), torch.cat(list(minibatches(2500, 1024, 1, 7, 2))))
    for other in ((2, 7, 2), (1, 8, 2), (1, 7, 3)):
        assert not torch.equal(torch.cat(parts), torch.cat(list(minibatches(2500, 1024, *other))))


def test_a_step_that_is_not_finite_is_refused_and_the_weights_stay() -> None:
    batch, made = a_batch(), learner()
    before = arrays_of(made.network)
    with pytest.raises(Diverged, match="update 2: the training diverged: loss nan"):
        made.learn(batch._replace(returns=batch.returns * float("nan")), 2)
    assert all(np.array_equal(before[name], after) for name, after in arrays_of(made.network).items())


def test_weights_and_moments_are_kept_to_the_bit() -> None:
    batch, made, other = a_batch(), learner(), learner(seed=8)
    other = Learner(other.network, SMALL, seed=3, updates=UPDATES)
    assert moments_of(made.network, made.optimiser) == {}
    made.learn(batch, 0)
    load_arrays(other.network, arrays_of(made.network))
    load_moments(other.network, other.optimiser, moments_of(made.network, made.optimiser))
    assert made.learn(batch, 1) == other.learn(batch, 1)
    mine, others = arrays_of(made.network), arrays_of(other.network)
    assert all(mine[name].tobytes() == others[name].tobytes() for name in mine)


def test_nothing_to_learn_from_changes_nothing() -> None:
    rows, seen = many(8)
    before = arrays_of(learner().network)
    weights, measures = learned(rows, seen)
    assert weights == {name: array.tobytes() for name, array in before.items()}
    assert measures.policy_loss == 0.0


def test_explained_variance() -> None:
    batch = a_batch()
    assert explained_variance(batch._replace(advantage=torch.zeros(batch.size))) == 1.0
    assert explained_variance(batch._replace(advantage=batch.returns)) == pytest.approx(0.0)
    assert explained_variance(batch._replace(returns=torch.ones(batch.size))) == 0.0


def test_it_learns_which_action_pays() -> None:
    """A small task that is solved: action 0 pays where the first number is above 0, else action 1."""
    dice = torch.Generator().manual_seed(2)
    settings = PPOSettings(minibatch=128, rate=1e-2, anneal=False)
    made = Learner(PolicyNetwork(INPUTS, 2, 16, seed=1), settings, seed=1, updates=1)
    for update in range(12):
        seen, mask = torch.randn(512, INPUTS, generator=dice), torch.ones(512, 2, dtype=torch.int8)
        with torch.no_grad():
            log_probs, values = made.network(seen, mask)
        action = torch.multinomial(log_probs.exp(), 1, generator=dice).squeeze(1)
        reward = ((seen[:, 0] > 0) == (action == 0)).float()
        made.learn(Batch(seen, mask, action, reward - values, reward), update)
    log_probs, values = made.network(seen, mask)
    assert float(((log_probs.argmax(-1) == 0) == (seen[:, 0] > 0)).float().mean()) > 0.95


def test_cloning_learns_what_was_chosen_and_what_it_is_worth() -> None:
    dice = torch.Generator().manual_seed(4)
    made = Cloner(PolicyNetwork(INPUTS, ACTIONS, 32, seed=1), PPOSettings(minibatch=128, rate=1e-2), seed=1)
    before = []
    for update in range(10):
        seen = torch.randn(512, INPUTS, generator=dice)
        action = (seen[:, 0] > 0).long() * 3
        batch = Batch(seen, torch.ones(512, ACTIONS, dtype=torch.int8), action, torch.zeros(512), 2.0 * seen[:, 1])
        before.append(made.learn(batch, update))
    assert before[-1].agreement > 0.95 > before[0].agreement and before[-1].value_loss < before[0].value_loss
    rows, _ = many(30)
    rows["action"][:3] = -1, 4, 5
    rows["mask"][1, 4], rows["mask"][2, 5] = 0, 1
    assert is_allowed(rows, np.arange(3)).tolist() == [False, False, True]
