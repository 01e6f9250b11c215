"""The social stages of a training: which one an update has, and what is refused."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from projections.settings import Rewards
from townlet.configuration.stages import STAGES, SocialStages, rewards_stage

stages = st.sampled_from(STAGES)
schedules = st.dictionaries(st.integers(0, 50), stages, max_size=6).map(lambda found: tuple(sorted(found.items())))


def stages_of(**keys: object) -> SocialStages:
    return SocialStages.model_validate({f"social_reward_{key}": value for key, value in keys.items()})


def fault_of(**keys: object) -> str:
    with pytest.raises(ValidationError) as refused:
        stages_of(**keys)
    (error,) = refused.value.errors()
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def test_nothing_given_pays_nothing() -> None:
    assert SocialStages().stage_at(0) == SocialStages().stage_at(10**6) == "OFF"


def test_the_schedule_beats_the_override_and_the_override_beats_the_base() -> None:
    base = stages_of(stage="C1")
    overridden = stages_of(stage="C1", override="C3")
    scheduled = stages_of(stage="C1", override="C3", schedule=[[10, "C2"], [20, "OFF"]])
    assert [base.stage_at(update) for update in (0, 10, 20)] == ["C1", "C1", "C1"]
    assert [overridden.stage_at(update) for update in (0, 10, 20)] == ["C3", "C3", "C3"]
    assert [scheduled.stage_at(update) for update in (0, 9, 10, 19, 20, 999)] == ["C3", "C3", "C2", "C2", "OFF", "OFF"]


def test_an_override_may_switch_off() -> None:
    assert stages_of(stage="C2", override="OFF").stage_at(5) == "OFF"


def test_a_stage_may_be_written_in_small_letters() -> None:
    assert stages_of(stage="c1", override="off", schedule=[[3, "c2"]]) == stages_of(
        stage="C1", override="OFF", schedule=[[3, "C2"]]
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"stage": "C4"},
            "social_reward_stage: there is no such stage, there are OFF, C1, C2, C3; did you mean C",
        ),
        ({"override": "of"}, "there is no such stage, there are OFF, C1, C2, C3; did you mean OFF?"),
        ({"schedule": [[1, "C1"], [2, "C22"]]}, "social_reward_schedule.1.1: there is no such stage"),
        ({"schedule": [[5, "C1"], [5, "C2"]]}, "updates must rise, and 5 comes after 5"),
        ({"schedule": [[5, "C1"], [3, "C2"]]}, "updates must rise, and 3 comes after 5"),
        ({"schedule": [[-1, "C1"]]}, "social_reward_schedule.0.0"),
        ({"schedule": [[True, "C1"]]}, "social_reward_schedule.0.0"),
        ({"schedule": [[1.5, "C1"]]}, "social_reward_schedule.0.0"),
        ({"schedule": [[1]]}, "social_reward_schedule.0.1"),
        ({"stage": False}, "social_reward_stage"),
        ({"stages": "C1"}, "social_reward_stages: Extra inputs are not permitted"),
    ],
)
def test_what_is_no_stage_or_no_schedule_is_refused(keys: dict[str, object], words: str) -> None:
    assert words in fault_of(**keys)


def test_no_update_is_below_0() -> None:
    with pytest.raises(ValueError, match="updates count from 0"):
        SocialStages().stage_at(-1)


@given(stages, st.none() | stages, schedules)
def test_spans_say_the_stage_of_every_update(base: str, override: str | None, schedule: tuple) -> None:
    found = stages_of(stage=base, override=override, schedule=schedule)
    spans = found.spans()
    assert spans[0][0] == 0
    assert all(a[0] < b[0] and a[1] != b[1] for a, b in pairwise(spans))
    for update in range(60):
        assert found.stage_at(update) == [stage for first, stage in spans if first <= update][-1]


@given(stages, st.none() | stages, schedules)
def test_stages_survive_their_text(base: str, override: str | None, schedule: tuple) -> None:
    found = stages_of(stage=base, override=override, schedule=schedule)
    assert SocialStages.model_validate_json(found.model_dump_json(), strict=True) == found
    assert json.loads(found.model_dump_json())["social_reward_stage"] == base


def test_every_stage_is_one_of_the_rewards_settings() -> None:
    for stage in STAGES:
        assert Rewards.model_validate({"social": {"stage": rewards_stage(stage)}}).social.stage == stage.lower()
