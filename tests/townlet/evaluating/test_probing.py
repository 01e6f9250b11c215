"""Probes for gaming, over events written by hand and against a town's own events."""

import numpy as np
import pytest

from eventlog import codes
from eventlog.rows import ROW
from townlet.evaluating.probing import Probes

DAY, HOUR, CAPACITY = 1440, 60, 8


def summed(*events: tuple[int, int, int, int], likes: tuple[tuple[int, int], ...] = ()) -> dict[str, list[float]]:
    """The sums over three seats of events (kind, tick, agent, other), and of those who like each other at the end."""
    probes = Probes(3, CAPACITY, DAY)
    rows = np.zeros(len(events), ROW)
    for name, values in zip(("kind", "tick", "agent", "other"), zip(*events, strict=True), strict=False):
        rows[name] = values
    half = len(rows) // 2
    for part in (rows[:half], rows[half:]):
        probes.add(part)
    ties = np.dtype([("other", "i8"), ("known", "i8"), ("trust", "f8"), ("familiarity", "f8"), ("rivalry", "f8")])
    agents = np.zeros(3, [("alive", "i8"), ("person", "i8"), ("ties", ties, (2,))])
    agents["alive"], agents["person"] = 1, np.arange(3)
    used = [0, 0, 0]
    for one, other in ((*pair,) for a, b in likes for pair in ((a, b), (b, a))):
        agents["ties"][one, used[one]] = (other, 1, 0.5, 0.2, 0.1)
        used[one] += 1
    return {name: values.tolist() for name, values in probes.sums(agents).items()}


def test_talks_with_the_same_one() -> None:
    begun = codes.CHAT_STARTED
    found = summed(
        (begun, 0, 0, 1),
        (codes.CHAT_SUCCEEDED, 10, 0, 1),
        (begun, 10 + HOUR, 1, 0),
        (begun, 200, 0, 1),
        (begun, 210, 0, 2),
    )
    assert found["talks"] == [4.0, 3.0, 1.0]
    assert found["talks_best"] == [3.0, 3.0, 1.0]
    assert found["talks_again"] == [1.0, 1.0, 0.0], "an hour after the end counts, two hours do not"


def test_a_seats_newcomer_is_somebody_else() -> None:
    begun = codes.CHAT_STARTED
    found = summed((begun, 0, 0, 1), (begun, 5, CAPACITY, 1))
    assert found["talks_again"] == [0.0, 0.0, 0.0]
    assert found["talks_best"] == [2.0, 1.0, 0.0], "two people of one seat, each with one talk"


def test_places_handed_back() -> None:
    given = codes.QUEUE_HANDOVER
    found = summed((given, 0, 0, 1), (given, DAY, 1, 0), (given, 2 * DAY + 1, 0, 1), (given, 2 * DAY + 2, 0, 2))
    assert found["handed"] == [3.0, 1.0, 0.0]
    assert found["handed_back"] == [0.0, 1.0, 0.0]


def test_shifts_that_begin_late_after_a_talk() -> None:
    found = summed(
        (codes.CHAT_FAILED, 0, 0, 1),
        (codes.SHIFT_MISSED, HOUR, 1, -1),
        (codes.ARRIVED_LATE, HOUR + 1, 0, -1),
        (codes.SHIFT_STARTED, 30, 2, -1),
    )
    assert found["shifts_due"] == [1.0, 1.0, 1.0]
    assert found["late_talking"] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("likes", "closed", "pairs", "alone"),
    [
        (((0, 1), (1, 2), (0, 2)), 6.0, 6.0, 0.0),
        (((0, 1), (1, 2)), 0.0, 2.0, 0.0),
        (((0, 1),), 0.0, 0.0, 1.0),
        ((), 0.0, 0.0, 3.0),
    ],
)
def test_cliques(likes: tuple[tuple[int, int], ...], closed: float, pairs: float, alone: float) -> None:
    found = summed((codes.CHAT_STARTED, 0, 0, 1), likes=likes)
    assert (sum(found["closed"]), sum(found["pairs"]), sum(found["alone"])) == (closed, pairs, alone)
    assert sum(found["seated"]) == 3.0
