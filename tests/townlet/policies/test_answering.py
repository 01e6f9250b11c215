"""Answers of torch: of a row alone the same bits as of the row among many, wherever it stands."""

from pathlib import Path

import numpy as np
import pytest
import torch

from projections.observations.layout import CELLS, layout_of
from tests.townlet.policies.making import SEEN, policy_file
from townlet.errors import PolicyError
from townlet.policies import file as files
from townlet.policies.answering import BLOCK, Answerer
from townlet.policies.file import Policy
from townlet.policies.networks import MemoryNetwork

KINDS = ("cnn", "lstm")


def answerer(kind: str, folder: Path) -> Answerer:
    return Policy.read(policy_file(folder / f"{kind}.safetensors", kind=kind)).answerer(layout_of(SEEN[kind]))


def rows_for(kind: str, made: Answerer, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random observations, masks that allow at least one option, and memories."""
    layout, dice = layout_of(SEEN[kind]), np.random.default_rng(3)  # noqa: TID251
    seen = dice.normal(size=(count, layout.size + CELLS * len(layout.planes))).astype("f4")
    masks = (dice.random((count, 9)) < 0.5).astype("i1")
    masks[np.arange(count), dice.integers(0, 9, count)] = 1
    return seen, masks, dice.normal(size=(count, made.memory_size)).astype("f4")


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_the_same_bits_alone_and_among_others(kind: str, tmp_path: Path) -> None:
    made = answerer(kind, tmp_path)
    given = rows_for(kind, made, 3 * BLOCK - 5)
    whole = made.answer(*given)
    order = np.random.default_rng(4).permutation(len(given[0]))  # noqa: TID251
    for which in (np.array([0]), np.array([70]), np.arange(7, 60), order):
        part = made.answer(*(each[which] for each in given))
        for one, other in zip(whole, part, strict=True):
            assert one[which].tobytes() == other.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_those_of_the_network(kind: str, tmp_path: Path) -> None:
    made = answerer(kind, tmp_path)
    seen, masks, before = rows_for(kind, made, 50)
    answers = made.answer(seen, masks, before)
    with torch.no_grad():
        rows = torch.from_numpy(seen), torch.from_numpy(masks)
        if isinstance(made.network, MemoryNetwork):
            found = [each[0] for each in made.network(rows[0][None], rows[1][None], torch.from_numpy(before))[:2]]
        else:
            found = list(made.network(*rows))
    assert np.abs(np.where(masks == 1, answers.log_probs - found[0].numpy(), 0.0)).max() < 1e-5
    assert np.abs(answers.values - found[1].numpy()).max() < 1e-4
    assert np.array_equal(np.isneginf(answers.log_probs), masks == 0)
    assert not np.isnan(answers.log_probs).any() and answers.values.std() > 0.1


def test_no_row_is_no_error(tmp_path: Path) -> None:
    made = answerer("lstm", tmp_path)
    answers = made.answer(*rows_for("lstm", made, 0))
    assert answers.log_probs.shape == (0, 9) and answers.memories.shape == (0, made.memory_size)


def test_where_torch_is_missing_the_command_that_brings_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(PolicyError, match=r"kind cnn, which runs through torch.*pip install 'townlet\[train\]'"):
        answerer("cnn", tmp_path)
