"""Values are asked for by seed, number and what was told before; trial 0 has the training's own."""

from pathlib import Path
from typing import Any

import pytest

from tests.townlet.tuning.tiny import FILE, search
from townlet.tuning.sampling import Asker, is_within

OWN = {"ppo.rate": 0.001, "ppo.minibatch": 16, "network.hidden": 8}


def worth(values: dict[str, Any]) -> float:
    """A figure that is highest for the largest rate."""
    return float(values["ppo.rate"])


def asked(folder: Path, *, seed: int = 1, trials: int = 12, told: bool = True) -> list[dict[str, Any]]:
    asker, found = Asker(search(folder), seed, OWN), []
    for number in range(trials):
        found.append(asker.ask())
        asker.tell(number, worth(found[-1]) if told else None)
    return found


def test_trial_0_has_the_own_values_and_all_others_lie_in_their_ranges(tmp_path: Path) -> None:
    found = asked(tmp_path, trials=30)
    assert found[0] == OWN
    assert all(is_within(search(tmp_path), values) for values in found)
    assert list(found[3]) == ["network.hidden", "ppo.minibatch", "ppo.rate"]
    assert {type(values["ppo.minibatch"]) for values in found} == {int}
    assert len({values["ppo.rate"] for values in found}) == 30
    assert {values["network.hidden"] for values in found} == {8, 16}


def test_the_same_seed_asks_for_the_same_and_another_for_others(tmp_path: Path) -> None:
    assert asked(tmp_path) == asked(tmp_path)
    assert asked(tmp_path, seed=2)[1:] != asked(tmp_path)[1:]


def test_it_learns_from_what_it_is_told(tmp_path: Path) -> None:
    """The log of the rate is between those of 0.0002 and 0.01: a draw at random has a mean of 0.0025."""
    late = [worth(values) for values in asked(tmp_path, trials=60)[30:]]
    assert sum(late) / len(late) > 0.004
    assert asked(tmp_path, told=False)[4:] != asked(tmp_path)[4:]


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"ppo.rate": 0.01}, True),
        ({"ppo.rate": 0.011}, False),
        ({"network.hidden": 12}, False),
        ({"ppo.minibatch": 7}, False),
    ],
)
def test_own_values_outside_of_the_ranges_are_not_asked_for(tmp_path: Path, changes: Any, fits: bool) -> None:
    own = {**OWN, **changes}
    found = search(tmp_path)
    assert is_within(found, own) is fits
    assert (Asker(found, 1, own).ask() == own) is fits


def test_values_lie_on_their_steps(tmp_path: Path) -> None:
    found = search(tmp_path, FILE.replace("{choices: [8, 16]}", "{low: 8, high: 64, step: 8}"))
    asker = Asker(found, 1, OWN)
    hidden = []
    for number in range(20):
        hidden.append(asker.ask()["network.hidden"])
        asker.tell(number, 0.0)
    assert all(each % 8 == 0 for each in hidden) and len(set(hidden)) > 3
    assert not is_within(found, {**OWN, "network.hidden": 12})
