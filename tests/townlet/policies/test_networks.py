"""Networks of torch: the tensors that a file asks for, what a CNN sees, and what an LSTM remembers."""

import numpy as np
import pytest
import torch
from torch import nn

from projections.observations.layout import CELLS, Layout, layout_of
from projections.settings import Observations
from tests.townlet.policies.making import SEEN
from townlet.policies.networks import MapNetwork, MemoryNetwork, network_of
from townlet.policies.shapes import map_numbers, shapes_of

HIDDEN, ACTIONS = 16, 9
HYBRID = Observations(variant="hybrid")
FULL = layout_of(SEEN["cnn"])


def observations(layout: Layout, count: int, seed: int = 1) -> torch.Tensor:
    """Observations of this layout with random floats, and random cells within the ranges of its planes."""
    dice = np.random.default_rng(seed)  # noqa: TID251
    cells = [dice.integers(0, plane.high + 1, (count, CELLS)) for plane in layout.planes]
    return torch.from_numpy(np.concatenate([dice.normal(size=(count, layout.size)), *cells], 1).astype("f4"))


@pytest.mark.parametrize(("kind", "seen"), [*SEEN.items(), ("cnn", HYBRID)])
def test_a_network_has_the_tensors_of_its_kind_in_their_shapes(kind: str, seen: Observations) -> None:
    layout = layout_of(seen)
    network = network_of(kind, layout, ACTIONS, HIDDEN)
    shapes = shapes_of(kind, layout.variant, layout.size + map_numbers(kind), HIDDEN, ACTIONS)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes


@pytest.mark.parametrize("kind", ["cnn", "lstm"])
def test_weights_begin_orthogonal_by_their_seed_alone(kind: str) -> None:
    one, again, other = (network_of(kind, layout_of(SEEN[kind]), ACTIONS, HIDDEN, seed=seed) for seed in (1, 1, 2))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
        if name.rpartition(".")[2].startswith("bias"):
            assert not tensor.any()
            continue
        assert not torch.equal(tensor, other.state_dict()[name])
        weight = tensor.double().flatten(1)
        square = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
        gain = {"actor": 0.01, "critic": 1.0, "memory": 1.0}.get(name.partition(".")[0], 2**0.5)
        assert torch.allclose(square, torch.eye(len(square), dtype=torch.float64) * gain**2, atol=1e-5), name


@pytest.mark.parametrize("plane", range(len(FULL.planes)))
def test_a_cnn_sees_each_plane_and_each_corner(plane: int) -> None:
    """A cell that is set to the greatest value changes the answer, whichever plane and corner it is in."""
    network = MapNetwork(FULL, ACTIONS, HIDDEN, seed=1)
    seen, mask = torch.zeros(1, FULL.size + CELLS * len(FULL.planes)), torch.ones(1, ACTIONS)
    answers = [network(seen, mask)[1].item()]
    for cell in (0, 10, 60, 110, 120):
        changed = seen.clone()
        changed[0, FULL.size + CELLS * plane + cell] = FULL.planes[plane].high
        answers.append(network(changed, mask)[1].item())
    assert len(set(answers)) == len(answers)


def test_a_plane_counts_by_its_greatest_value() -> None:
    """So the distances, up to 255, weigh as much as the planes of 0 and 1."""
    network = MapNetwork(FULL, ACTIONS, HIDDEN, seed=1)
    taken: list[torch.Tensor] = []
    network.conv.register_forward_pre_hook(lambda _, given: taken.append(given[0]))
    network(observations(FULL, 200), torch.ones(200, ACTIONS))
    assert taken[0].amin().item() == 0.0
    assert taken[0].amax((0, 2, 3)).tolist() == [1.0] * len(FULL.planes)


def test_steps_of_an_lstm_are_its_sequence() -> None:
    """Step by step with what was remembered between, as people act, equals the whole sequence, as it is learned."""
    layout = layout_of(SEEN["lstm"])
    network = MemoryNetwork(layout.size, ACTIONS, HIDDEN, seed=2)
    seen, masks = observations(layout, 12).reshape(4, 3, -1), torch.ones(4, 3, ACTIONS)
    before = torch.zeros(3, network.memory_size)
    whole = network(seen, masks, before)
    remembered, steps = before, []
    for step in range(4):
        *answers, remembered = network(seen[step : step + 1], masks[step : step + 1], remembered)
        steps.append(answers)
    assert torch.allclose(torch.cat([step[0] for step in steps]), whole[0], atol=1e-6)
    assert torch.allclose(torch.cat([step[1] for step in steps]), whole[1], atol=1e-6)
    assert torch.allclose(remembered, whole[2], atol=1e-6)
    forgetful = network(seen[3:], masks[3:], before)
    assert not torch.allclose(forgetful[1], whole[1][3:], atol=1e-3)


@pytest.mark.parametrize("kind", ["cnn", "lstm"])
def test_what_is_masked_has_no_probability_and_no_gradient(kind: str) -> None:
    layout = layout_of(SEEN[kind])
    network = network_of(kind, layout, ACTIONS, HIDDEN, seed=1)
    seen, mask = observations(layout, 5), torch.zeros(5, ACTIONS, dtype=torch.int8)
    mask[:, :2] = 1
    if isinstance(network, MemoryNetwork):
        log_probs = network(seen[None], mask[None], torch.zeros(5, network.memory_size))[0][0]
    else:
        log_probs = network(seen, mask)[0]
    assert not log_probs.exp()[:, 2:].any() and torch.allclose(log_probs.exp().sum(1), torch.ones(5))
    log_probs[:, 0].sum().backward()
    gradient = network.actor.weight.grad
    assert isinstance(network, nn.Module) and gradient is not None
    assert not gradient[2:].any() and gradient[:2].any()
