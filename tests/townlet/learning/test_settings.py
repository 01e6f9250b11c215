"""Training files: what they set, and every fault with its place and the nearest name."""

from pathlib import Path

import pytest

from townlet.errors import ConfigurationError
from townlet.learning.settings import digest_of, shipped_trainings, training_keys, training_of


def test_the_shipped_trainings_can_be_read() -> None:
    assert set(shipped_trainings()) >= {"town", "smoke", "cnn", "lstm"}
    for name in shipped_trainings():
        training = training_of(name)
        assert training.name == name and training.steps > 0
    town = training_of("town")
    assert (town.towns, town.rollout_ticks, town.life_days, town.horizon_days) == (64, 360, 28, 4.0)
    assert town.gamma == 1.0 - 1.0 / 5760 and town.first_seed == 10_000


def test_keys_are_set_from_outside_by_their_dots() -> None:
    given = {
        "updates": "7",
        "ppo.rate": "1e-4",
        "overrides.rewards.social.chat": "0.5",
        "training.social_reward_stage": "C1",
    }
    training = training_of("smoke", given)
    assert (training.updates, training.ppo.rate, training.ppo.epochs) == (7, 1e-4, 4)
    assert training.overrides == {"rewards.social.chat": 0.5} and training.training.stage_at(3) == "C1"
    assert {"seed", "ppo.rate", "training.social_reward_stage", "guards.window"} <= set(training_keys())


def test_every_fault_is_named_at_once_with_line_and_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ntownz: 3\nppo:\n  rate: -1\n  epoch: 3\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        training_of(file, {"guards.windw": "3"})
    text = str(error.value)
    assert "has 4 faults" in text
    assert f"{file}:2: townz: there is no such key (3 given); did you mean towns?" in text
    assert f"{file}:4: ppo.rate: input should be greater than 0 (-1 given)" in text
    assert f"{file}:5: ppo.epoch: there is no such key (3 given); did you mean epochs?" in text
    assert "override: guards.windw: there is no such key (3 given); did you mean window?" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"updates": 0}, "updates: there is nothing to do"),
        ({"towns": 2, "logged_towns": 3}, "logged_towns: there are 2 towns"),
        ({"life_days": 1, "rollout_ticks": 2000}, "rollout_ticks: a life has 1440 ticks"),
        ({"cloning": {"updates": 1}, "control": "primitive"}, "cloning: the script chooses options"),
        ({"seed": -1}, "seed: input should be greater than or equal to 0"),
        ({"horizon_days": float("inf")}, "horizon_days: "),
        ({"network": {"kind": "cnn"}}, "variant: a cnn looks at the map, and compact has none"),
        ({"variant": "full"}, "variant: only network.kind cnn sees the map of full; for mlp: compact"),
        ({"variant": "hybrid", "network": {"kind": "lstm"}}, "variant: only network.kind cnn sees the map of hybrid"),
        ({"network": {"sequence": 8}}, "network.sequence: only an lstm learns sequences"),
        ({"network": {"kind": "lstm"}, "cloning": {"updates": 1}}, "cloning: an lstm is not cloned"),
        ({"network": {"kind": "gru"}}, "network.kind: input should be 'mlp', 'cnn' or 'lstm'"),
        ({"training": {"social_reward_stage": "C9"}}, "there is no such stage, there are OFF, C1, C2, C3"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=r"1 fault") as error:
        training_of(changes)
    assert words in str(error.value)


def test_a_file_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(
        ConfigurationError, match=r"shipped are cloned, cnn, lstm, shipped, smoke, town; did you mean smoke\?"
    ):
        training_of("smok")


@pytest.mark.parametrize(
    ("name", "digest"), [("smoke", "272dc435507a169e"), ("town", "13a7ca703ba4bca4"), ("cloned", "a8e05e4186e0f1d2")]
)
def test_a_training_of_an_mlp_keeps_the_name_from_before_there_were_other_networks(name: str, digest: str) -> None:
    assert digest_of(training_of(name), "a town") == digest


def test_kinds_and_sequences_have_names_of_their_own() -> None:
    kinds = [{}, {"network.kind": "lstm"}, {"network.kind": "lstm", "network.sequence": 8}]
    kinds += [{"network.kind": "cnn", "variant": variant} for variant in ("full", "hybrid")]
    assert len({digest_of(training_of("smoke", each), "a town") for each in kinds}) == len(kinds)


def test_the_digest_names_what_changes_results_and_nothing_else() -> None:
    training = training_of("smoke")
    digest = digest_of(training, "a town")
    assert digest == digest_of(
        training_of("smoke", {"checkpoint_every": 3, "name": "x", "tensorboard": False}), "a town"
    )
    others = [{"seed": 2}, {"threads": 2}, {"updates": 3}, {"ppo.gae": 0.9}, {"training.social_reward_stage": "C1"}]
    digests = {digest_of(training_of("smoke", each), "a town") for each in others}
    assert len(digests | {digest, digest_of(training, "another")}) == len(others) + 2
