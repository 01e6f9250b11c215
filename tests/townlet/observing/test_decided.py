"""The card of somebody who lives by a policy has the last decision, and that of anybody else has none."""

from pathlib import Path

import pytest

import townlet
from tests.townlet.policies.making import policy_file
from townlet.configuration.load import person_name
from townlet.observing.cards import Cards
from townlet.policies import decisions
from townlet.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four of eight live by a policy; from tick 600 on nobody does."""
    folder = tmp_path_factory.mktemp("decided")
    policy = policy_file(folder / "drawn.safetensors")
    made = townlet.simulate(
        ticks=600, into=folder / "run", policy=policy, share="4/8", overrides={"checkpoint_ticks": 240}
    )
    return made.resume(2000, policy="scripted")


@pytest.mark.parametrize("tick", [1, 100, 250, 480, 599])
def test_it_is_the_last_one_before_the_tick(run: Run, tick: int) -> None:
    kept, cards, told = run.decisions(0, tick).to_pylist(), Cards(run), 0
    for person in range(8):
        card = cards.card(person_name(run.config, person), tick, {})
        assert card is not None
        mine = [each for each in kept if each["person"] == person]
        if not mine or (card.choice and card.choice.tick > mine[-1]["tick"]):
            assert card.decision is None
            continue
        last, told = mine[-1], told + 1
        assert card.decision is not None
        assert (card.decision.tick, card.decision.policy) == (last["tick"], "drawn")
        assert card.decision.chosen == decisions.OPTIONS[last["option"]]
        assert card.decision.value == pytest.approx(last["value"])
        assert dict(card.decision.probs) == {
            name: prob for name, prob in zip(decisions.OPTIONS, last["probs"], strict=True) if prob > 0.0
        }
        assert [prob for _, prob in card.decision.probs] == sorted(dict(card.decision.probs).values(), reverse=True)
    assert told >= 3


def test_under_the_script_there_is_none(run: Run) -> None:
    cards = Cards(run)
    found = [cards.card(person_name(run.config, person), 2600, {}) for person in range(8)]
    assert any(found) and all(card is None or card.decision is None for card in found)


def test_a_damaged_file_costs_the_decision_and_not_the_card(run: Run, tmp_path: Path) -> None:
    fork = run.fork(tmp_path / "fork", at=500)
    for part in decisions.parts(fork.path):
        part.path.write_bytes(b"nothing")
    cards = [Cards(fork).card(person_name(run.config, person), 500, {}) for person in range(8)]
    assert all(card is not None and card.decision is None for card in cards)
