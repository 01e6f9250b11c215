"""Quarrels made up by hand: when, who waits for how long, and between whom."""

import numpy as np
import pytest

from eventlog.codes import REASON_BLOCK, REASON_CUT
from tests.townlet.judging.facts.made import DAY, HOUR, event, town
from townlet.judging.facts.measuring import quarrels


def block(tick: int, agent: int, other: int, place: int = 5, code: int = REASON_BLOCK):
    return event("queue_conflict", tick, agent, other, place, int(code))


def test_hours_of_the_day() -> None:
    lived = town([block(14 * HOUR + 59, 0, 1), block(DAY + 14 * HOUR, 0, 1), block(DAY + 15 * HOUR, 1, 0)], days=2)
    sums = quarrels.hour_sums(lived)
    assert (sums[14], sums[15], sums.sum()) == (2, 1, 3)
    assert quarrels.largest_share(sums) == pytest.approx(2 / 3)
    assert np.isnan(quarrels.largest_share(np.zeros(24)))


@pytest.mark.parametrize(
    ("after", "delay"),
    [
        (event("reservation_granted", 101, 1, place=5), [1]),
        (event("reservation_granted", 107, 1, place=5), [7]),
        (event("queue_handover", 104, 0, 1, place=5), [4]),
        (event("queue_left", 120, 1, place=5), [20]),
        (event("agent_exited", 130, 1), [30]),
        (event("reservation_granted", 101, 0, place=5), []),  # somebody else's
        (event("reservation_granted", 101, 1, place=6), []),  # another place
    ],
)
def test_a_block_delays_until_the_other_has_the_place_or_gives_up(after, delay: list[int]) -> None:
    assert quarrels.delays(town([block(100, 0, 1), after], days=1)) == delay


def test_two_blocks_end_with_the_same_grant_and_a_cut_is_none() -> None:
    rows = [block(100, 0, 1), block(103, 2, 1), block(104, 2, 0, code=REASON_CUT)]
    rows += [event("reservation_granted", 105, person, place=5) for person in (0, 1)]
    lived = town(rows, days=1, people=3)
    assert quarrels.delays(lived) == [5, 2]
    assert quarrels.block_sums(lived).tolist() == [2, 1]
    assert quarrels.share(quarrels.block_sums(lived)) == 0.5


def test_a_desk_is_shared_while_both_have_their_jobs() -> None:
    rows = [
        event("hired", 1, 0, place=9, code=0),
        event("hired", 1, 1, place=9, code=1),
        block(10, 0, 1),
        event("job_lost", 20, 1, place=9, code=1),
        block(30, 0, 1),
        block(31, 0, 2),
    ]
    assert quarrels.desk_sums(town(rows, days=1, people=3)).tolist() == [3, 1]
    assert quarrels.desk_sums(town([block(5, 0, 1)], days=1)).tolist() == [1, 0], "without jobs no desk is shared"


def test_a_share_of_nothing_is_no_number() -> None:
    assert np.isnan(quarrels.share(np.zeros(2))) and np.isnan(quarrels.ratio(np.zeros(2)))
    assert quarrels.ratio(np.array([3.0, 4.0])) == 0.75
