"""What explains what: sums of products against a model of all rows, and wallets' slopes."""

import numpy as np
import pytest
from scipy import stats

from tests.townlet.judging.facts.made import sample, town
from townlet.judging.facts.measuring import explained


def drawn(seed: int, *shape: int) -> np.ndarray:
    numbers: np.ndarray = stats.norm.rvs(size=shape, random_state=seed)
    return numbers


def r_squared(columns: np.ndarray, target: np.ndarray, freedom: int) -> float:
    """The adjusted R2 of centred columns by ordinary least squares."""
    weights, *_ = np.linalg.lstsq(columns, target, rcond=None)
    left = ((target - columns @ weights) ** 2).sum()
    rank = np.linalg.matrix_rank(columns)
    return float(1 - left / (freedom - rank) * freedom / (target**2).sum())


def test_sums_of_towns_give_the_model_of_all_their_rows() -> None:
    towns = [drawn(seed, 40, 4) for seed in range(3)]
    for n, one in enumerate(towns):
        one[:, 3] = one[:, 0] + 0.5 * drawn(50 + n, 40) + 10 * n  # towns differ, which explains nothing
    sums = sum(explained.moments(one) for one in towns)
    centred = np.concatenate([one - one.mean(axis=0) for one in towns])
    whole = r_squared(centred[:, :3], centred[:, 3], 120 - 3)
    assert explained.explained(sums) == pytest.approx(whole)
    assert explained.explained(sums, first=2) == pytest.approx(
        whole - r_squared(centred[:, :2], centred[:, 3], 120 - 3)
    )
    assert whole > 0.7


def test_a_column_that_says_what_others_say_adds_nothing() -> None:
    one = drawn(1, 60, 3)
    one[:, 1] = 2 * one[:, 0]
    sums = explained.moments(one)
    assert explained.explained(sums) == pytest.approx(explained.explained(explained.moments(one[:, [0, 2]])))


def test_chance_explains_nothing_on_average() -> None:
    found = [explained.explained(explained.moments(drawn(seed, 20, 5))) for seed in range(200)]
    assert abs(np.mean(found)) < 0.03, "the adjusted R2 takes off what chance alone explains"


@pytest.mark.parametrize("columns", [np.zeros((0, 3)), np.ones((10, 3)), drawn(1, 3, 5)])
def test_too_little_is_no_number(columns: np.ndarray) -> None:
    assert np.isnan(explained.explained(explained.moments(columns)))


def test_the_columns_of_a_pair() -> None:
    traits = np.arange(12.0).reshape(3, 4)
    before = sample(3, [(0, 1, 0.3)])
    last = sample(
        3,
        [(1, 0, 0.7)],
        persons=np.array([0, 1, 9]),  # 2 has left, 9 is new
        homes=np.array([4, 4, 4]),
        desks=np.array([8, 8, -1]),
        venues=np.array([2, 2, -1]),
        starts=np.array([480, 600, 0]),
        stops=np.array([840, 960, 0]),
        traits=traits,
    )
    rows = explained.pair_columns(last, before)
    assert rows.shape == (2, 19), "0 and 1 were there both times"
    assert rows[:, :5].tolist() == [[1, pytest.approx(2 / 3), pytest.approx(2 / 3), 1, 1]] * 2
    assert rows[0, 5:17].tolist() == [*traits[0], *traits[1], *(traits[0] * traits[1])]
    assert rows[:, 17:].tolist() == [[0.3, 0.0], [0.0, 0.7]]
    apart = explained.pair_columns(last._replace(homes=np.array([4, 5, 4])), before)
    assert apart[:, :3].tolist() == [[0, pytest.approx(2 / 3), 0]] * 2
    jobless = explained.pair_columns(sample(2), sample(2))
    assert not jobless[:, :5].any(), "nobody without home and job shares them"


def test_what_the_tie_adds_is_found_where_it_is_all() -> None:
    """Likings of day 10 that stay explain the last day's; drawn anew they explain nothing."""
    pairs = [(a, b) for a in range(12) for b in range(12) if a != b]
    sums = {True: np.zeros(2 + 19**2), False: np.zeros(2 + 19**2)}
    for seed in range(6):
        first, later = drawn(seed, len(pairs)), drawn(100 + seed, len(pairs))
        ends = [sample(12, [(*pair, value) for pair, value in zip(pairs, first, strict=True)])] * 12
        for stays, values in ((True, first), (False, later)):
            ends[-1] = sample(12, [(*pair, value) for pair, value in zip(pairs, values, strict=True)])
            sums[stays] += explained.tie_sums(town([], days=12, people=12, ends=ends))
    assert explained.tie_adds(sums[True]) == explained.tie_partial(sums[True]) == pytest.approx(1.0)
    assert abs(explained.tie_adds(sums[False])) < 0.03


def test_the_part_is_of_what_is_left_open() -> None:
    """Half is explained by the home, half of the rest by the tie of day 10."""
    rows = np.zeros((4000, 19))
    rows[:, 0] = drawn(1, 4000)
    rows[:, 17] = drawn(2, 4000)
    rows[:, 18] = np.sqrt(2) * rows[:, 0] + rows[:, 17] + drawn(3, 4000)
    sums = explained.moments(rows)
    assert explained.tie_adds(sums) == pytest.approx(0.25, abs=0.02)
    assert explained.tie_partial(sums) == pytest.approx(0.5, abs=0.03)


def test_the_number_of_friends_is_the_mean_of_the_days_for_who_is_there_at_the_end() -> None:
    both = [(0, 1, 0.9), (1, 0, 0.9)]
    left = sample(2, both, persons=np.array([5, 1]))
    rows = explained.trait_columns([left, sample(2, both, traits=np.ones((2, 4)))])
    assert rows.tolist() == [[1, 1, 1, 1, 0.5], [1, 1, 1, 1, 1.0]]


def test_a_slope_is_within_persons() -> None:
    """Both gain half a meal a day; that one comes late and poor is no fall."""
    ends = []
    for day in range(60):
        persons = np.array([0, 1]) if day < 45 else np.array([0, 2])
        wallets = np.array([10 + 0.5 * day, 20 + 0.5 * day if day < 45 else 1 + 0.5 * day])
        ends.append(sample(2, persons=persons, wallets=wallets))
    gained, days = explained.wallet_sums(town([], days=60, ends=ends))
    assert gained / days == pytest.approx(0.5)
    assert not explained.later_wallet_sums(town([], days=60, ends=ends)).any(), "one day has no slope"
