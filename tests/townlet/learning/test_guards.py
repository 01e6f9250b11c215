"""Guards, each tried: what stops a training, and what does not."""

import re
from typing import Any

import pytest

from townlet.learning.guards import Baseline, trouble
from townlet.learning.settings import GuardSettings

SETTINGS = GuardSettings(window=3, grace=2)
BASELINES = {"OFF": Baseline(0.2, 0.03), "C1": Baseline(0.2, 0.3)}
QUIET: dict[str, Any] = {
    "phase": "ppo", "stage": "OFF", "kl": 0.01, "gradient_norm": 1.0, "person_days": 100.0, "exits": 0.1,
    "reward_variance": 0.03,
}  # fmt: skip


def rows(count: int, **last: Any) -> list[dict[str, Any]]:
    """So many quiet updates; the last three have what is given."""
    return [{**QUIET, **(last if update >= count - 3 else {}), "update": update} for update in range(count)]


def found(given: list[dict[str, Any]], settings: GuardSettings = SETTINGS) -> str:
    return trouble(given, settings, BASELINES)


def test_a_quiet_training_goes_on() -> None:
    assert not any(found(rows(count)) for count in range(1, 12))


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ({"kl": 0.21}, "KL divergence of update 8 is 0.21, above 0.2"),
        ({"gradient_norm": 101.0}, "gradient's norm in update 8 is 101, above 100"),
        ({"exits": 0.21}, "0.21 people left a person-day, under the random policy 0.2"),
        ({"reward_variance": 0.07}, r"variance of rewards over the last 3 updates is 0.07, more than 2 times .* OFF"),
    ],
)
def test_each_guard_stops_and_says_what_to_do(last: dict[str, Any], words: str) -> None:
    text = found(rows(9, **last))
    assert re.search(words, text) and "Next: " in text


def test_a_variance_is_held_against_the_same_stage() -> None:
    assert not found(rows(9, reward_variance=0.5, stage="C1"))
    assert "stage C1" in found(rows(9, reward_variance=0.7, stage="C1"))
    assert not found([*rows(9)[:-1], {**QUIET, "stage": "C1", "reward_variance": 9.0, "update": 8}])


def test_exits_and_variance_are_judged_after_the_grace_and_over_a_whole_window() -> None:
    bad = [{**QUIET, "exits": 0.9, "reward_variance": 9.0, "update": update} for update in range(5)]
    assert [bool(found(bad[:count])) for count in range(1, 6)] == [False] * 4 + [True]
    assert not found(bad, SETTINGS.model_copy(update={"grace": 3}))


def test_exits_are_weighed_by_the_days_that_were_lived() -> None:
    given = rows(9)
    given[-1] |= {"exits": 30.0, "person_days": 0.1}
    assert not found(given)


def test_cloning_lives_by_the_script_and_is_not_judged() -> None:
    assert not found([{**QUIET, "phase": "cloning", "exits": 9.0, "kl": 9.0, "update": 0}])
