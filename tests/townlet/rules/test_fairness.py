"""Nobody is favoured by number: who does what is exchangeable over the seats (docs/town.md, Time and space)."""

from math import erfc, exp, pi, sqrt

import numpy as np
import pytest

from eventlog.codes import (
    AGENT_EXITED,
    CHAT_FAILED,
    CHAT_STARTED,
    CHAT_SUCCEEDED,
    COVER_AGREED,
    GHOST_STEPPED,
    LATE_HELP,
    NEWS_TOLD,
    QUEUE_CONFLICT,
    QUEUE_HANDOVER,
    SHARED_MEAL,
    SHIFT_MISSED,
    SHIFT_TAKEOVER,
)
from tests.townlet.towns import DAY, default_settings, lived
from townlet.configuration.settings import Settings

SOCIAL = {
    "shared_meal": SHARED_MEAL,
    "queue_handover": QUEUE_HANDOVER,
    "queue_conflict": QUEUE_CONFLICT,
    "shift_takeover": SHIFT_TAKEOVER,
    "late_help": LATE_HELP,
    "chat_started": CHAT_STARTED,
    "chat_succeeded": CHAT_SUCCEEDED,
    "chat_failed": CHAT_FAILED,
    "news_told": NEWS_TOLD,
}
OTHERS = {
    "cover_agreed": COVER_AGREED,
    "ghost_stepped": GHOST_STEPPED,
    "shift_missed": SHIFT_MISSED,
    "agent_exited": AGENT_EXITED,
}
P_LEAST = 0.001


def chi_square_tail(x: float, freedom: int) -> float:
    """P(X > x) of chi-square with an odd number of degrees of freedom (Abramowitz and Stegun 26.4.4)."""
    assert freedom % 2 == 1
    term, total = sqrt(x), 0.0
    for k in range(1, (freedom - 1) // 2 + 1):
        total += term
        term *= x / (2 * k + 1)
    return erfc(sqrt(x / 2)) + sqrt(2 / pi) * exp(-x / 2) * total


def exchangeable(counts: np.ndarray) -> float:
    """How likely totals by seat as uneven as these are, if each seed's counts were dealt to its seats by lot.

    counts: [seeds, seats]. By lot a seat's total has the variance V = sum of the seeds' sample variances, and two
    seats' the covariance -V / (seats - 1); so sum (total - mean)^2 / V is chi-square with seats - 1 degrees of freedom.
    """
    totals = counts.sum(axis=0).astype(float)
    variance = counts.var(axis=1, ddof=1).sum()
    return chi_square_tail(((totals - totals.mean()) ** 2).sum() / variance, counts.shape[1] - 1)


def counts_by_seat(settings: Settings, seeds: range, days: int) -> dict[str, np.ndarray]:
    """For each kind and each side of it: how often each founder was in it, [seeds, seats]."""
    people = settings.town.people
    found = {f"{name}, {side}": np.zeros((len(seeds), people), int) for name in SOCIAL | OTHERS for side in SIDES}
    for i, seed in enumerate(seeds):
        _, rows = lived(settings, seed, days * DAY)
        for name, kind in (SOCIAL | OTHERS).items():
            some = rows[rows["kind"] == kind]
            for side in SIDES:
                persons = some[side]
                found[f"{name}, {side}"][i] = np.bincount(
                    persons[(persons >= 0) & (persons < people)], minlength=people
                )
    return found


SIDES = ("agent", "other")


def judged(found: dict[str, np.ndarray], least: int) -> dict[str, float]:
    """The likelihood of each count that is large enough to say anything."""
    return {name: exchangeable(counts) for name, counts in found.items() if counts.sum() >= least}


def test_the_tail_of_chi_square_is_the_one_in_the_tables() -> None:
    """Critical values of Abramowitz and Stegun, table 26.8."""
    for freedom, five_percent, one_per_mille in ((1, 3.84146, 10.828), (3, 7.81473, 16.266), (7, 14.0671, 24.322)):
        assert chi_square_tail(five_percent, freedom) == pytest.approx(0.05, rel=1e-4)
        assert chi_square_tail(one_per_mille, freedom) == pytest.approx(0.001, rel=1e-3)


def test_a_favoured_seat_is_found() -> None:
    counts = np.array([[3, 1, 0, 2, 1, 0, 1, 2], [2, 0, 1, 0, 2, 1, 0, 1]] * 40)
    dealt = np.array([np.roll(row, i // 2) for i, row in enumerate(counts)])
    assert exchangeable(dealt) > 0.05
    assert exchangeable(counts) < 1e-6


def test_nobody_is_favoured_by_number_in_two_hundred_towns() -> None:
    found = judged(counts_by_seat(default_settings(), range(200), 5), least=100)
    assert not {name: p for name, p in found.items() if p <= P_LEAST}
    assert len(found) >= 12


@pytest.mark.slow
@pytest.mark.parametrize("first", [1000, 1200, 1400, 1600])
def test_nobody_is_favoured_by_number_in_two_hundred_other_towns(first: int) -> None:
    found = judged(counts_by_seat(default_settings(), range(first, first + 200), 5), least=100)
    assert not {name: p for name, p in found.items() if p <= P_LEAST}
