"""A town that is measured is the town that lives anyhow, and what is kept of it is what its state says."""

import numpy as np

from eventlog import codes
from tests.townlet.towns import DAY, KITCHEN, kitchen_settings, lived
from townlet.configuration.load import load
from townlet.judging.facts.measuring.living import KEPT, STEPS, live
from townlet.judging.facts.measuring.samples import friends_now, likes, pair_number, sample_of

SEED, DAYS = 5, 2
TEXT = load(KITCHEN, founded=True).text


def test_its_events_are_those_of_the_same_town() -> None:
    town, rows = lived(kitchen_settings(), SEED, DAYS * DAY)
    found = live(TEXT, SEED, DAYS)
    assert found.rows.tobytes() == rows[np.isin(rows["kind"], KEPT)].tobytes()
    assert found.steps == np.isin(rows["kind"], STEPS).sum() > 0
    assert (found.agent_days, found.persons) == (int(town.record["clock"]["agent_days"]), 4)
    assert len(found.ends) == DAYS and found.end == DAYS * DAY


def test_the_last_sample_is_the_town_s_state() -> None:
    town, rows = lived(kitchen_settings(), SEED, DAYS * DAY)
    last, sample = live(TEXT, SEED, DAYS).ends[-1], sample_of(town)
    assert all((one == other).all() for one, other in zip(last, sample, strict=True))
    agents = town.record["agents"]
    for position, person in enumerate(sample.persons.tolist()):
        (agent,) = agents[(agents["alive"] > 0) & (agents["person"] == person)]
        assert sample.wallets[position] == agent["wallet"]
        told = {
            int(sample.persons[other]): side[0]
            for owner, other, side in zip(sample.owner, sample.other, sample.sides, strict=True)
            if owner == position
        }
        assert told == {int(tie["other"]): tie["trust"] for tie in agent["ties"] if tie["known"]}
    hired = rows[rows["kind"] == codes.HIRED]
    desks = dict(zip(hired["agent"].tolist(), hired["object"].tolist(), strict=True))
    assert dict(zip(sample.persons.tolist(), sample.desks.tolist(), strict=True)) == desks
    assert sample.stops.min() > sample.starts.min() > 0 and (sample.homes >= 0).all()


def test_friends_are_those_who_like_each_other_above_the_mark() -> None:
    town, _ = lived(kitchen_settings(), SEED, DAYS * DAY)
    pairs, persons = friends_now(town)
    sample = sample_of(town)
    above = set(zip(sample.owner[sample.friend].tolist(), sample.other[sample.friend].tolist(), strict=True))
    mutual = {(one, other) for one, other in above if (other, one) in above and one < other}
    assert pairs.tolist() == sorted(int(pair_number(persons[one], persons[other])) for one, other in mutual)
    bonds = kitchen_settings().relationships.bonds
    assert (sample.liking[sample.friend] >= bonds.friend_until).all()
    assert not (sample.liking[~sample.friend] >= bonds.friend_liking).any() and sample.friend.any()
    assert not likes(np.zeros_like(town.record["agents"]["ties"])).any()
