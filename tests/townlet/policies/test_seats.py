"""Which seats of a town live by a policy: drawn by the seed of its founding, and the same in runs and evaluations."""

from itertools import pairwise
from pathlib import Path

import pytest

import townlet
from tests.townlet.policies.making import policy_file
from townlet.configuration.load import load
from townlet.errors import PolicyError
from townlet.evaluating.living import town_sums
from townlet.policies.guide import Share
from townlet.policies.seats import learned_seats, people_of, seats_by_policy


def test_learned_seats_are_drawn_by_the_towns_seed_and_nested() -> None:
    towns = [[set(learned_seats(seed, 8, count)) for count in range(9)] for seed in range(200)]
    for seats in towns:
        assert [len(each) for each in seats] == list(range(9))
        assert all(fewer < more for fewer, more in pairwise(seats))
    chosen = [sum(seat in seats[4] for seats in towns) for seat in range(8)]
    assert all(70 < count < 130 for count in chosen)  # half of 200 towns, within 4 standard deviations


@pytest.mark.parametrize(("text", "people", "count"), [("1/8", 8, 1), ("4/8", 8, 4), ("1/2", 6, 3), ("8/8", 5, 5)])
def test_a_share_is_a_whole_number_of_people(text: str, people: int, count: int) -> None:
    assert people_of(Share.parse(text), people) == count
    seats = seats_by_policy(Share.parse(text), 7, people, 64)
    assert seats.shape == (64,) and seats[:people].sum() == count
    assert [seat for seat in range(people) if seats[seat]] == learned_seats(7, people, count)
    assert seats[people : 2 * people].tolist() == seats[:people].tolist()


def test_a_part_of_a_person_is_refused_with_the_nearest_share() -> None:
    with pytest.raises(PolicyError, match=r"'1/8' of 12 people is no whole number of people. Next: 2/12"):
        people_of(Share.parse("1/8"), 12)


def test_the_same_seats_live_by_it_in_a_run_a_fork_and_an_evaluation(tmp_path: Path) -> None:
    """A fork with another seed keeps the seats of the founding: nobody changes by whom they live."""
    source, text = policy_file(tmp_path / "mine.safetensors"), load(None, founded=True).text
    for seed in (7, 8):
        seats = learned_seats(seed, 8, 4)
        run = townlet.simulate(ticks=600, seed=seed, into=tmp_path / f"run-{seed}", policy=source, share="4/8")
        assert set(run.decisions()["person"].to_pylist()) == set(seats)
        sums = town_sums(text, seed, 1, str(source), seats, "")
        assert [seat for seat, asked in enumerate(sums["decisions"]) if asked] == seats
        fork = run.fork(tmp_path / f"fork-{seed}", ticks=600, seed=99)
        by_policy = seats_by_policy(Share(4, 8), seed, 8, 64)  # a newcomer may have come to a further seat
        assert set(seats) <= (asked := set(fork.decisions()["person"].to_pylist()))
        assert asked <= set(by_policy.nonzero()[0].tolist())
    assert learned_seats(7, 8, 4) != learned_seats(8, 8, 4)
