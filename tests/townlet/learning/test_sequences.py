"""Networks that remember are learned by sequences: each person's decisions in order, from what was stored."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from tests.townlet.learning.decisions import ACTIONS, INPUTS, many
from tests.townlet.learning.small import small
from townlet.configuration.load import load
from townlet.env.decisions.rows import CLOSING, DECIDED, DIED, OPEN, ROW
from townlet.learning.advantages import Estimates, estimates
from townlet.learning.batches import Batch, batch_of, parts_of
from townlet.learning.network import arrays_of
from townlet.learning.ppo import Learner, answers_to
from townlet.learning.sequences import Sequences, sequences_of
from townlet.learning.settings import PPOSettings
from townlet.learning.trainer import Trainer
from townlet.policies.networks import MemoryNetwork

HIDDEN = 8
SMALL = PPOSettings(minibatch=64, epochs=2)


def linked(*nexts: int) -> np.ndarray:
    """Rows of decisions of which each one's next is given; without one a person died."""
    rows = np.zeros(len(nexts), ROW)
    rows["next"] = nexts
    rows["ended"] = np.where(np.array(nexts) < 0, DIED, DECIDED)
    return rows


def found_in(rows: np.ndarray, carried: int = 0, longest: int = 32, learned: Any = None) -> list[list[int]]:
    """The rows of each sequence, in order."""
    numbers = np.arange(len(rows)) if learned is None else np.array(learned)
    before = np.arange(2.0 * len(rows)).reshape(-1, 2).astype("f4")
    made = sequences_of(rows, numbers, before, carried, longest)
    whole = [numbers[made.decisions_of(torch.tensor([i])).numpy()].tolist() for i in range(len(made.before))]
    assert [before[each[0]].tolist() for each in whole] == made.before.tolist()
    for i, each in enumerate(whole):
        at = np.searchsorted(numbers, each)
        assert made.number[at].tolist() == [i] * len(each) and made.place[at].tolist() == list(range(len(each)))
    return whole


def test_a_sequence_is_a_person_s_decisions_in_order() -> None:
    assert found_in(linked(2, 3, 4, -1, -1)) == [[0, 2, 4], [1, 3]]


def test_a_decision_of_the_rollout_before_stands_alone() -> None:
    """Its weights are gone: what was remembered after it is no state of the weights that act now."""
    assert found_in(linked(2, 3, 4, -1, -1), carried=2) == [[0], [1], [2, 4], [3]]


def test_long_sequences_are_cut() -> None:
    assert found_in(linked(1, 2, 3, 4, -1), longest=2) == [[0, 1], [2, 3], [4]]
    assert found_in(linked(1, 2, 3, 4, -1), longest=1) == [[0], [1], [2], [3], [4]]


def test_what_is_not_learned_is_in_no_sequence() -> None:
    assert found_in(linked(2, 3, 4, 5, 5, -1), learned=[0, 1, 2, 3]) == [[0, 2], [1, 3]]


def a_batch(n: int = 300, longest: int = 32) -> Batch:
    """Decisions of eight people, with sequences; what was remembered before each row is random."""
    rows, seen = many(n)
    return batch_with(rows, seen, estimates(rows, 0.95), longest)


def batch_with(rows: np.ndarray, seen: np.ndarray, found: Estimates, longest: int = 32) -> Batch:
    before = np.random.default_rng(8).normal(size=(len(rows), 2 * HIDDEN)).astype("f4")  # noqa: TID251
    return batch_of(rows, seen, found)._replace(sequences=sequences_of(rows, found.rows, before, 0, longest))


def learner() -> Learner:
    return Learner(MemoryNetwork(INPUTS, ACTIONS, HIDDEN, seed=3), SMALL, seed=3, updates=10)


def test_minibatches_have_whole_sequences_and_each_decision_once_an_epoch() -> None:
    batch = a_batch(longest=5)
    sequences = batch.sequences
    assert isinstance(sequences, Sequences)
    for epoch in range(2):
        parts = list(parts_of(batch, 64, 3, 7, epoch))
        assert torch.cat(parts).sort().values.tolist() == list(range(batch.size))
        for part in parts:
            numbers = sequences.number[part].tolist()
            assert len(numbers) == int(sum((sequences.number == each).sum() for each in set(numbers)))
            assert abs(len(part) - 64) < 32
    first, second = (torch.cat(list(parts_of(batch, 64, 3, 7, epoch))) for epoch in range(2))
    assert not torch.equal(first, second)


def test_padding_changes_no_answer() -> None:
    """Sequences side by side give what each gives by itself, step by step."""
    batch, network = a_batch(), learner().network
    sequences = batch.sequences
    assert sequences is not None
    part = sequences.decisions_of(torch.arange(len(sequences.before)))
    log_probs, values = answers_to(network, batch, part)
    for number in range(len(sequences.before)):
        mine = part[sequences.number[part] == number]
        remembered = sequences.before[number : number + 1]
        for decision in mine.tolist():
            seen, mask = batch.seen[decision][None, None], batch.mask[decision][None, None]
            told, value, remembered = network(seen, mask, remembered)
            at = int((part == decision).nonzero())
            assert torch.allclose(told[0, 0], log_probs[at], atol=1e-5)
            assert torch.allclose(value[0, 0], values[at], atol=1e-5)


def test_the_ratio_is_exactly_1_before_the_first_step() -> None:
    made, batch = learner(), a_batch()
    old = made.log_probs_before(batch, update=4)
    for part in parts_of(batch, SMALL.minibatch, 3, 4, 0):
        log_probs, _ = answers_to(made.network, batch, part)
        new = log_probs.gather(1, batch.action[part, None]).squeeze(1)
        assert torch.equal((new - old[part]).exp(), torch.ones(len(part)))


def test_garbage_in_rows_that_are_no_decisions_changes_no_bit() -> None:
    def learned() -> dict[str, bytes]:
        made = learner()
        made.learn(batch_with(rows, seen, estimates(rows, 0.95)), 0)
        return {name: array.tobytes() for name, array in arrays_of(made.network).items()}

    rows, seen = many(300)
    before = learned()
    rest = np.isin(rows["ended"], (OPEN, CLOSING))
    rows["reward"][rest], rows["discount"][rest], rows["action"][rest] = 1e6, np.nan, -5
    rows["mask"][rest], seen[rest] = 0, np.nan
    assert learned() == before


def test_it_learns_what_only_a_memory_can_know() -> None:
    """The right action is the sign that was seen at the first of three decisions; at the last one nothing is seen."""
    made = Learner(
        MemoryNetwork(1, 2, 16, seed=1), PPOSettings(minibatch=192, rate=1e-2, anneal=False), seed=1, updates=60
    )
    dice = np.random.default_rng(2)  # noqa: TID251
    people = 128
    rows = np.zeros(3 * people, ROW)
    rows["next"] = np.where(np.arange(3 * people) < 2 * people, np.arange(3 * people) + people, -1)
    zeros = np.zeros((len(rows), 32), "f4")
    right = 0.0
    for update in range(60):
        seen = np.zeros((len(rows), 1), "f4")
        seen[:people, 0] = sign = dice.choice([-1.0, 1.0], people)
        sequences = sequences_of(rows, np.arange(len(rows)), zeros, 0, 32)
        mask = torch.ones(len(rows), 2, dtype=torch.int8)
        nothing = torch.zeros(len(rows))
        batch = Batch(torch.from_numpy(seen), mask, nothing.long(), nothing, nothing, sequences)
        with torch.no_grad():
            part = sequences.decisions_of(torch.arange(people))
            log_probs = torch.zeros(len(rows), 2)
            log_probs[part] = answers_to(made.network, batch, part)[0]
        action = (dice.random(len(rows)) < log_probs[:, 1].exp().numpy()).astype("i8")
        reward = np.where(np.arange(len(rows)) >= 2 * people, (action == (np.tile(sign, 3) > 0)) - 0.5, 0.0)
        right = float(reward[2 * people :].mean()) + 0.5
        gain = torch.from_numpy(reward.astype("f4"))
        made.learn(batch._replace(action=torch.from_numpy(action), advantage=gain, returns=gain), update)
    assert right > 0.9


@pytest.fixture(scope="module")
def alive() -> Iterator[Trainer]:
    """A small training of an LSTM in memory, whose third rollout is gathered; lives of a day end within."""
    trainer = Trainer(small(network={"kind": "lstm", "hidden": 16}, rollout_ticks=700), load("town")).begin()
    trainer.step()
    trainer.step()
    trainer.gather()
    yield trainer
    trainer.close()


def test_replayed_equals_stored(alive: Trainer) -> None:
    """What the learner makes of the sequences is what people acted by: states, log probabilities and values."""
    experience = alive.experience
    rows, n = experience.rows.view(np.ndarray)[: experience.n], experience.n
    found = estimates(rows, 0.95)
    before, after = experience.remembered[:n, 0], experience.remembered[:n, 1]
    for longest in (32, 4):
        sequences = sequences_of(rows, found.rows, before, alive._carried, longest)
        batch = batch_of(rows, experience.seen[:n], found)._replace(sequences=sequences)
        part = sequences.decisions_of(torch.arange(len(sequences.before)))
        with torch.no_grad():
            log_probs, values = answers_to(alive.network, batch, part)
            ends = sequences.first[1:] - 1
            chosen = log_probs.gather(1, batch.action[part, None]).squeeze(1).numpy()
        mine = found.rows[part.numpy()]
        fresh = mine >= alive._carried
        assert fresh.sum() > 100 and len(sequences.before) < fresh.sum() / 2
        assert np.abs(chosen - rows["log_prob"][mine])[fresh].max() < 1e-5
        assert np.abs(values.numpy() - rows["value"][mine])[fresh].max() < 1e-4
        states = _states_after(alive.network, batch, sequences)
        last = found.rows[sequences.order[ends].numpy()]
        told = last >= alive._carried
        assert np.abs(states - after[last])[told].max() < 1e-5


def _states_after(network: Any, batch: Batch, sequences: Sequences) -> np.ndarray:
    """What the learner has after the last decision of each sequence, [sequences, memory]."""
    found = []
    for number in range(len(sequences.before)):
        mine = sequences.decisions_of(torch.tensor([number]))
        seen, mask = batch.seen[mine][:, None], batch.mask[mine][:, None]
        with torch.no_grad():
            found.append(network(seen, mask, sequences.before[number : number + 1])[2][0].numpy())
    return np.stack(found)


def test_newcomers_and_new_towns_begin_with_nothing(alive: Trainer) -> None:
    experience = alive.experience
    rows, before = experience.rows.view(np.ndarray)[: experience.n], experience.remembered[: experience.n, 0]
    led_to = np.zeros(len(rows), np.bool_)
    led_to[rows["next"][rows["next"] >= 0]] = True
    fresh = np.arange(len(rows)) >= alive._carried
    assert not before[fresh & ~led_to].any() and before[fresh & led_to].any(1).all()
    founded = fresh & (rows["tick"] < 5)
    assert founded.sum() >= experience.seats and not before[founded & ~led_to].any()
    first = {}
    for i in np.flatnonzero(fresh).tolist():
        first.setdefault((int(rows["town"][i]), int(rows["tick"][i] < 600), int(rows["person"][i])), i)
    assert any(not led_to[i] for i in first.values()) and any(led_to[i] for i in first.values())
    earlier = np.flatnonzero((rows["next"] >= alive._carried) & (rows["ended"] == DECIDED))
    assert (before[rows["next"][earlier]] == experience.remembered[earlier, 1]).all()
