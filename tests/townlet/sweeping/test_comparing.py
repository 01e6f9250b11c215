"""What is told of a sweep's figures: means, paired differences, and indices of a function that is known."""

import numpy as np
import pytest
from scipy import stats

from townlet.errors import QueryError
from townlet.many.statistics import mean_interval, paired_interval, variance_ratio
from townlet.sweeping.comparing import differences, indices, means, words_of
from townlet.sweeping.designs import points_of
from townlet.sweeping.settings import planned

POINTS = [{"a": 1}, {"a": 2.5, "b": True}]
NAN = float("nan")


def test_a_mean_has_its_interval_over_the_towns_that_are_there() -> None:
    first, second = means({"x": np.array([[1.0, 2.0, 6.0], [4.0, NAN, NAN]])}, POINTS).to_pylist()
    assert first["towns"] == 3 and first["mean"] == 3.0 and (first["low"], first["high"]) == mean_interval([1, 2, 6])
    assert second["settings"] == "a=2.5, b=true"
    assert (second["towns"], second["mean"], second["low"]) == (1, 4.0, None)
    assert mean_interval([1.0, 2.0, 6.0]).low == pytest.approx(3.0 - 4.302652730 * np.sqrt(7.0 / 3.0))


def test_differences_are_paired_by_seed() -> None:
    one, other = [1.0, 5.0, 9.0, 2.0], [2.0, 6.5, 10.0, 3.0]
    (row,) = differences({"x": np.array([[*one, 7.0], [*other, NAN]])}, POINTS).to_pylist()
    told = paired_interval(one, other)
    assert (row["pairs"], row["mean"], row["low"], row["high"], row["p"]) == (4, *told)
    assert row["variance_ratio"] == variance_ratio(one, other) > 100
    (back,) = differences({"x": np.array([[*one, 7.0], [*other, NAN]])}, POINTS, 1).to_pylist()
    assert back["point"] == 0 and back["mean"] == -told.mean
    with pytest.raises(QueryError, match="no point 2: they are 0 to 1"):
        differences({}, POINTS, 2)


def test_indices_are_those_of_a_function_that_is_known() -> None:
    """Ishigami's function, whose indices are known in closed form."""
    keys = ["a", "b", "c"]
    ranges = {key: {"least": -np.pi, "most": np.pi} for key in keys}
    design = {"kind": "sobol", "points": 2048, "indices": True}
    plan = {"seeds": 1, "design": design, "parameters": ranges, "figures": ["ties"]}
    x = np.array([[point[key] for key in keys] for point in points_of(planned(plan).settings)])
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    rows = indices({"y": y[:, None], "flat": np.ones((len(y), 1)), "gone": np.full((len(y), 1), NAN)}, keys).to_pylist()
    assert [row["first"] for row in rows[:3]] == pytest.approx([0.314, 0.442, 0.0], abs=0.02)
    assert [row["total"] for row in rows[:3]] == pytest.approx([0.558, 0.442, 0.244], abs=0.03)
    a, b, *mixed = y.reshape(-1, 5).T
    of_scipy = stats.sobol_indices(func={"f_A": a[None], "f_B": b[None], "f_AB": np.array(mixed)[:, None]}, n=2048)
    assert [row["first"] for row in rows[:3]] == pytest.approx(of_scipy.first_order.ravel(), abs=1e-12)
    assert [row["total"] for row in rows[:3]] == pytest.approx(of_scipy.total_order.ravel(), abs=1e-12)
    assert rows[:3] == indices({"y": y[:, None]}, keys).to_pylist()
    assert all(row["total_low"] < row["total"] < row["total_high"] for row in rows[:3])
    assert [row["total"] for row in rows[3:]] == [None] * 6


def test_a_point_without_values_is_the_town_as_it_is() -> None:
    assert words_of({}) == "as it is" and words_of({"a": 0.123456, "b": "x"}) == "a=0.1235, b=x"
