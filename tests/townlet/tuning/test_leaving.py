"""The table of a study has a type for each key, and the best of equals is the first."""

from pathlib import Path

import pyarrow as pa
import pytest

from tests.townlet.tuning.tiny import FILE, search, training
from townlet.learning.settings import training_of
from townlet.tuning.leaving import best_of, best_text, table_of
from townlet.tuning.trials import Trial

VALUES: dict[str, bool | int | float | str] = {"ppo.rate": 0.001, "ppo.anneal": True, "ppo.clip": 0.2, "ppo.epochs": 4}
TEXT = (
    FILE[: FILE.index("search:")]
    + """\
search:
  ppo.rate: {low: 0.0002, high: 0.01}
  ppo.anneal: {choices: [true, false]}
  ppo.clip: {choices: [0.1, 0.2]}
  ppo.epochs: {low: 2, high: 8}
"""
)


def trial(number: int, value: float | None) -> Trial:
    why = "" if value is not None else "a reason"
    state = "stopped" if why else "finished"
    return Trial(study="s", number=number, values=VALUES, state=state, why=why, value=value, low=value, high=value)


@pytest.mark.parametrize(
    ("values", "best"), [([1.0, 3.0, 3.0], 1), ([None, -2.0, None], 1), ([None, None], None), ([0.0, -1.0], 0)]
)
def test_the_best_has_the_highest_value_and_is_the_first_of_equals(
    values: list[float | None], best: int | None
) -> None:
    found = best_of([trial(number, value) for number, value in enumerate(values)])
    assert (found.number if found else None) == best


def test_each_key_has_a_column_of_its_type(tmp_path: Path) -> None:
    table = table_of([trial(0, 1.5), trial(1, None)], search(tmp_path, TEXT))
    types = {name: table.schema.field(name).type for name in VALUES}
    assert types == {
        "ppo.rate": pa.float64(),
        "ppo.anneal": pa.string(),
        "ppo.clip": pa.float64(),
        "ppo.epochs": pa.int64(),
    }
    assert table["ppo.anneal"].to_pylist() == ["true", "true"] and table["why"].to_pylist() == [None, "a reason"]
    assert table["value"].to_pylist() == [1.5, None]


def test_the_best_training_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    given = training(
        name="n" * 60,
        first_town_seed=7,
        overrides={"rewards.wage": 0.4, "chat.enabled": False},
        training={"social_reward_stage": "OFF", "social_reward_schedule": [[10, "C1"]]},
    )
    file = tmp_path / "best.yaml"
    file.write_text(best_text(trial(3, 1.0), 9, given), encoding="utf-8")
    found = training_of(file)
    assert found.name == "n" * 54 + "-tuned" and found.ppo.clip == 0.2 and found.first_town_seed == 7
    same = {"exclude": {"name", "ppo"}}
    assert found.model_dump(**same) == given.model_dump(**same)  # type: ignore[arg-type]
