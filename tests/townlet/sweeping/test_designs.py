"""The points of designs: the same file gives the same points, within their ranges and even over them."""

from typing import Any

import numpy as np
import pytest

from tests.townlet.sweeping.small import small
from townlet.errors import ConfigurationError
from townlet.sweeping.designs import points_of
from townlet.sweeping.settings import planned

RANGES = {
    "chat.chance": {"least": 0.1, "most": 0.3},
    "relationships.capacity": {"least": 3, "most": 6, "kind": "int"},
    "chat.cooldown_minutes": {"least": 0.01, "most": 100.0, "kind": "log"},
    "features.relationship_modifiers": [False, True],
}


def points(design: dict[str, Any], parameters: dict[str, Any] = RANGES) -> list[dict[str, Any]]:
    return points_of(planned(small(design=design, parameters=parameters)).settings)


def test_a_grid_has_every_combination_in_order() -> None:
    found = points({"kind": "grid"}, {"a": [1, 2], "b": {"least": 0, "most": 3, "kind": "int", "levels": 2}})
    assert found == [{"a": 1, "b": 0}, {"a": 1, "b": 3}, {"a": 2, "b": 0}, {"a": 2, "b": 3}]
    ratios = points({"kind": "grid"}, {"a": {"least": 1, "most": 100, "kind": "log", "levels": 3}})
    assert [point["a"] for point in ratios] == [1.0, 10.0, 100.0]


def test_a_grid_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="1,000,000 points; 100,000 are the most"):
        points({"kind": "grid"}, {name: list(range(100)) for name in "abc"})


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_drawn_points_are_the_same_every_time_and_even(kind: str) -> None:
    found = points({"kind": kind, "points": 64, "seed": 3})
    assert found == points({"kind": kind, "points": 64, "seed": 3})
    assert found != points({"kind": kind, "points": 64, "seed": 4})
    chances = np.array([point["chat.chance"] for point in found])
    assert (np.histogram(chances, 8, (0.1, 0.3))[0] == 8).all()
    assert [[point["relationships.capacity"] for point in found].count(size) for size in (3, 4, 5, 6)] == [16] * 4
    assert sum(point["chat.cooldown_minutes"] < 1.0 for point in found) == 32  # half of a scale of ratios
    assert sum(point["features.relationship_modifiers"] for point in found) == 32


def test_the_first_points_are_known() -> None:
    """Another version of SciPy must not give other points: their towns would not be those of the plan."""
    first = points({"kind": "sobol", "points": 2, "seed": 1}, {"chat.chance": {"least": 0.0, "most": 1.0}})
    assert [round(point["chat.chance"], 6) for point in first] == [0.286169, 0.904613]
    drawn = points({"kind": "latin_hypercube", "points": 2, "seed": 1}, {"chat.chance": {"least": 0.0, "most": 1.0}})
    assert [round(point["chat.chance"], 6) for point in drawn] == [0.150483, 0.912832]


def test_more_points_of_a_sobol_sequence_begin_with_the_same() -> None:
    for indices in (False, True):
        few = points({"kind": "sobol", "points": 8, "indices": indices})
        assert points({"kind": "sobol", "points": 16, "indices": indices})[: len(few)] == few


def test_points_for_indices_stand_in_blocks() -> None:
    two = {"a": {"least": 0.0, "most": 1.0}, "b": {"least": 0.0, "most": 1.0}}
    found = points({"kind": "sobol", "points": 4, "indices": True}, two)
    assert len(found) == 16
    for a, b, first, second in zip(*(found[place::4] for place in range(4)), strict=True):
        assert first == {"a": b["a"], "b": a["b"]} and second == {"a": a["a"], "b": b["b"]}
