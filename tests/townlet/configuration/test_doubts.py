"""What the settings of a town leave in doubt, though it can be founded."""

from typing import Any

import pytest

from townlet.configuration.founding import founding_doubts
from townlet.configuration.load import load

ONE_DESK = {"work.jobs": [{"name": "clerk", "venue": "office", "shifts": [[480, 840]], "wage": 0.015}]}


def doubts_of(overrides: dict[str, Any]) -> str:
    return "; ".join(founding_doubts(load(None, overrides, founded=True).settings))


def test_a_town_with_a_job_for_everybody_leaves_no_doubt() -> None:
    assert doubts_of({}) == ""


def test_a_town_that_keeps_those_without_work_says_how_many_there_are() -> None:
    assert "jobs for 8 people" in doubts_of(ONE_DESK) and "live on market.benefit, 4.8 a day" in doubts_of(ONE_DESK)


@pytest.mark.parametrize(("benefit", "poor"), [(0.0, True), (3.14, True), (3.2, False)])
def test_a_town_too_poor_says_so_and_what_would_do(benefit: float, poor: bool) -> None:
    """Rent is 1.2, and two meals cost 2.0."""
    told = doubts_of({**ONE_DESK, "market.benefit": benefit})
    assert ("will starve or leave" in told) is poor
    assert ("set market.benefit to 3.15 or more" in told) is poor
