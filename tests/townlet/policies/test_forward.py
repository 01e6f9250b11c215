"""The compiled forward pass against torch and against float64 by hand."""

import numpy as np
import pytest

from townlet.errors import TownletError
from townlet.policies.forward import TENSORS, answer_rows, net_of

INPUTS, HIDDEN, OPTIONS = 119, 32, 9


def tensors(seed: int = 1) -> dict[str, np.ndarray]:
    """Random weights, named and laid out as in torch."""
    random = np.random.default_rng(seed)  # noqa: TID251
    shapes = (HIDDEN, INPUTS), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (OPTIONS, HIDDEN), (OPTIONS,), (1, HIDDEN), (1,)
    return {name: (random.standard_normal(shape) / 4).astype("f4") for name, shape in zip(TENSORS, shapes, strict=True)}


def rows(count: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Random observations, many of them 0 as in a town, and random masks that allow at least one option."""
    random = np.random.default_rng(seed)  # noqa: TID251
    seen = random.standard_normal((count, INPUTS)).astype("f4") * (random.random((count, INPUTS)) < 0.6)
    masks = (random.random((count, OPTIONS)) < 0.5).astype("i1")
    masks[np.arange(count), random.integers(0, OPTIONS, count)] = 1
    return seen.astype("f4"), masks


def answers(seen: np.ndarray, masks: np.ndarray, weights: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities and values by the compiled pass."""
    log_probs, values = np.full((len(seen), OPTIONS), 9, "f4"), np.full(len(seen), 9, "f4")
    answer_rows(net_of(weights), seen, masks, log_probs, values)
    return log_probs, values


def test_torch_says_the_same() -> None:
    torch = pytest.importorskip("torch")
    weights, (seen, masks) = tensors(), rows(500)
    given = {name: torch.from_numpy(array) for name, array in weights.items()}
    linear = torch.nn.functional.linear
    hidden = linear(torch.from_numpy(seen), given["trunk.0.weight"], given["trunk.0.bias"]).relu()
    hidden = linear(hidden, given["trunk.2.weight"], given["trunk.2.bias"]).relu()
    logits = linear(hidden, given["actor.weight"], given["actor.bias"])
    wanted = logits.masked_fill(torch.from_numpy(masks) == 0, -torch.inf).log_softmax(-1).numpy()
    values = linear(hidden, given["critic.weight"], given["critic.bias"])[:, 0].numpy()
    mine, my_values = answers(seen, masks, weights)
    assert np.abs(np.exp(mine) - np.exp(wanted)).max() < 1e-5
    assert np.abs(mine[masks == 1] - wanted[masks == 1]).max() < 1e-5
    assert np.abs(my_values - values).max() < 1e-5


def test_float64_by_hand_says_the_same() -> None:
    weights, (seen, masks) = tensors(3), rows(60, 4)
    weights = {name: array.astype("f8") for name, array in weights.items()}
    hidden = np.maximum(seen @ weights["trunk.0.weight"].T + weights["trunk.0.bias"], 0)
    hidden = np.maximum(hidden @ weights["trunk.2.weight"].T + weights["trunk.2.bias"], 0)
    logits = hidden @ weights["actor.weight"].T + weights["actor.bias"]
    shares = np.where(masks == 1, np.exp(logits - logits.max(-1, keepdims=True)), 0.0)
    wanted = shares / shares.sum(-1, keepdims=True)
    mine, _ = answers(seen, masks, weights)
    assert np.abs(np.exp(mine.astype("f8")) - wanted).max() < 1e-6
    assert (np.isneginf(mine) == (masks == 0)).all()


def test_each_sum_has_one_order() -> None:
    """Four inputs at a time give the same bits as one at a time, whatever the number of inputs that are not 0."""
    weights, (seen, masks) = tensors(), rows(9)
    for i in range(len(seen)):
        seen[i, 5 + i :] = 0.0
    f4 = np.float32

    def by_one(inputs: np.ndarray, name: str) -> np.ndarray:
        out = weights[f"{name}.bias"].copy()
        for i in np.flatnonzero(inputs).tolist():
            out += f4(inputs[i]) * weights[f"{name}.weight"][:, i]
        return out

    values = answers(seen, masks, weights)[1]
    for i in range(len(seen)):
        hidden = np.maximum(by_one(np.maximum(by_one(seen[i], "trunk.0"), f4(0)), "trunk.2"), f4(0))
        assert by_one(hidden, "critic").tobytes() == values[i : i + 1].tobytes()


def test_one_legal_option_is_certain() -> None:
    seen, _ = rows(OPTIONS)
    masks = np.eye(OPTIONS, dtype="i1")
    log_probs, _ = answers(seen, masks, tensors())
    assert (log_probs[masks == 1] == 0.0).all() and np.isneginf(log_probs[masks == 0]).all()


def test_a_row_has_the_same_bits_alone_and_among_others() -> None:
    weights, (seen, masks) = tensors(), rows(40)
    whole = answers(seen, masks, weights)
    for first, last in ((7, 8), (3, 6), (11, 40)):
        part = answers(seen[first:last], masks[first:last], weights)
        for one, other in zip(whole, part, strict=True):
            assert one[first:last].tobytes() == other.tobytes()


def test_huge_logits_stay_numbers() -> None:
    weights = tensors()
    weights["actor.bias"] = weights["actor.bias"] * np.float32(1e6)
    log_probs, _ = answers(*rows(20), weights)
    assert not np.isnan(log_probs).any() and np.isclose(np.exp(log_probs.astype("f8")).sum(-1), 1.0).all()


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_does_not_fit_is_named(name: str) -> None:
    whole = tensors()
    with pytest.raises(TownletError, match=f"{name} is missing"):
        net_of({key: array for key, array in whole.items() if key != name})
    for wrong in (whole[name][..., None], whole[name][:0], np.zeros((3, 3, 3), "f4")):
        with pytest.raises(TownletError, match="has the shape"):
            net_of({**whole, name: wrong})
