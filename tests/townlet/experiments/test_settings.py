"""What an experiment's file says, and what is refused."""

from pathlib import Path

import pytest

from tests.townlet.experiments.tiny import FILE, tiny
from townlet.errors import ConfigurationError
from townlet.experiments.settings import planned


def test_the_shipped_experiment_is_the_one_that_was_planned() -> None:
    plan = planned("social_rewards")
    assert len(plan.cells()) == len(set(plan.cells())) == 110
    assert plan.cells()[:5] == [("OFF", 1), ("C1", 1), ("placebo", 1), ("C1x10", 1), ("OFF", 2)]
    assert plan.cells()[80:83] == [("C2", 1), ("C3", 1), ("C1x3", 1)]
    assert plan.settings.towns.seeds == range(1_000_001, 1_000_021) and plan.settings.towns.days == 28
    arms = {arm: plan.training(arm, 3) for arm in plan.settings.arms}
    assert {training.updates for training in arms.values()} == {1100}
    assert not any(training.overrides["rewards.company.enabled"] for training in arms.values())
    assert [arm for arm, training in arms.items() if training.placebo] == ["placebo"]
    assert arms["C1"].model_copy(update={"placebo": True, "name": "placebo-3"}) == arms["placebo"]
    assert {arm: training.training.social_reward_stage for arm, training in arms.items()} == {
        "OFF": "OFF", "C1": "C1", "placebo": "C1", "C1x10": "C1", "C2": "C2", "C3": "C3", "C1x3": "C1",
    }  # fmt: skip


@pytest.mark.parametrize(("arm", "times"), [("C1x10", 10.0), ("C1x3", 3.0)])
def test_what_an_arm_multiplies_is_the_whole_pay_for_a_chat(arm: str, times: float) -> None:
    shipped = {"chat": 0.01, "trust": 0.3, "familiarity": 0.2, "chat_most": 0.15}
    overrides = planned("social_rewards").training(arm, 1).overrides
    for name, value in shipped.items():
        assert overrides[f"rewards.social.{name}"] == pytest.approx(times * value)


def test_no_training_has_a_held_out_town() -> None:
    plan = planned("social_rewards")
    firsts = [plan.training(arm, seed).first_seed for arm, seed in plan.cells()]
    # A town is founded anew with the seed plus 64 after each life of 28 days; 1,100 updates are 275 days.
    assert max(firsts) + 64 * 12 < plan.settings.towns.first_seed


def test_cells_come_seed_by_seed(tmp_path: Path) -> None:
    plan = planned(tiny(tmp_path))
    assert plan.cells() == [("OFF", 1), ("C1", 1), ("OFF", 2), ("C1", 2)]
    assert plan.cells("C1", (2,)) == [("C1", 2)]
    with pytest.raises(ConfigurationError, match="there is no arm 'C2'"):
        plan.cells("C2")
    with pytest.raises(ConfigurationError, match=r"seed 3 is not planned\. Next: seeds from 1 to 2"):
        plan.cells("C1", (1, 3))


def test_a_plan_that_was_changed_is_refused(tmp_path: Path) -> None:
    file = tiny(tmp_path)
    (tmp_path / "plan.md").write_text("Two arms, and what we found.\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"plan\.md is not the plan of this experiment"):
        planned(file)
    (tmp_path / "plan.md").unlink()
    with pytest.raises(ConfigurationError, match=r"plan\.md cannot be read"):
        planned(file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("contrasts:", "contrast:", "contrast: there is no such key"),
        ('[C1, "OFF"]', "[C1, OF]", "there is no arm"),
        ("social_reward_stage: C1", "social_reward_stage: C9", "C9"),
        (
            "self_sufficiency: 0.05",
            "self_suficiency: 0.05",
            "no figure 'self_suficiency'; did you mean self_sufficiency",
        ),
        ("seeds: 2", "seeds: 0", "seeds"),
        ("self_sufficiency: 0.05", "self_sufficiency: -1", "self_sufficiency"),
        ("towns: 2", "twns: 2", "twns"),
        ("self_sufficiency: 0.05", "self_sufficiency: .inf", "self_sufficiency"),
        ('[C1, "OFF"]', "[C1, C1]", "C1 is compared with itself"),
        ("outcomes:\n  mutual_ties:\n  self_sufficiency: 0.05", "outcomes: {{}}", "outcomes"),
    ],
)
def test_a_fault_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in FILE
    with pytest.raises(ConfigurationError, match=message):
        planned(tiny(tmp_path, text=FILE.replace(old, new)))


def test_an_unknown_experiment_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="shipped are social_rewards"):
        planned(tmp_path / "nothing.yaml")
