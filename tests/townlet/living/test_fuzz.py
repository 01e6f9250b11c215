"""Ten thousand minutes under a hand that teleports people, cuts the mains, sets ties and changes the settings."""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from eventlog.catalogue.registries import Dimension
from eventlog.codes import AFFORDANCE_FAILED, AFFORDANCE_FINISHED, AFFORDANCE_STARTED, REASON_HUNGER
from eventlog.rows import Rows
from projections.record.tables import tables, towns_from_tables
from tests.townlet.living.invariants import broken
from tests.townlet.towns import default_settings, log_digest, town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.living.commands import Driver
from townlet.living.town import Town

TICKS = 10_000
LOOK_EVERY = 10
WAIT_MAX = 180
"""Ticks that anybody may wait in a line."""

STILL_MAX = 300
"""Ticks in which nobody begins or finishes anything; a whole town may sleep for five hours."""

IDLE_MAX = 420
"""Ticks that anybody may go from one thing it does to the next: half a day of blackouts, and of being put elsewhere."""


def epochs() -> tuple[Settings, Settings]:
    """The default town, and one with other people's feelings."""
    return default_settings(), load(
        None, {"features.relationship_modifiers": True, "relationships.admission": 0.3}
    ).settings


def free_tiles(town: Town) -> list[int]:
    """Where somebody can be put."""
    walkable = town.plans["layout"]["walkable"][0]
    return [int(tile) for tile in np.flatnonzero((walkable == 1) & (town.record["ground"] == 0))]


@dataclass
class Hand:
    """Commands drawn from a seeded generator of its own: the same seed and the same town get the same commands."""

    town: Town
    chance: random.Random
    outages: dict[str, int] = field(default_factory=dict)

    def move(self) -> None:
        """Whatever comes to mind before the next tick."""
        self.driver = Driver(self.town)
        for main in ("power", "water"):
            self._switch(main)
        if self.chance.random() < 1 / 20:
            self._teleport()
        if self.chance.random() < 1 / 30:
            owner, other = self.chance.sample(self._people(), 2)
            self.driver.set_tie(owner, other, self.chance.choice(list(Dimension)), self.chance.uniform(-1, 1))
        if self.chance.random() < 1 / 700:
            self.driver.change_settings(self.chance.randrange(2))

    def _people(self) -> list[int]:
        return [int(seat) for seat in np.flatnonzero(self.town.record["agents"]["alive"])]

    def _switch(self, main: str) -> None:
        if self.town.record["clock"][main]:
            if self.chance.random() < 1 / 500:
                self.outages[main] = self.town.tick + self.chance.randint(1, 240)
                self.driver.switch(main, works=False)
        elif self.town.tick >= self.outages[main]:
            self.driver.switch(main, works=True)

    def _teleport(self) -> None:
        for seat in self.chance.sample(self._people(), self.chance.choice((1, 1, 1, 3))):
            self.driver.teleport(seat, self.chance.choice(free_tiles(self.town)))


@dataclass
class Watch:
    """What a look at the town every few ticks finds."""

    faults: list[str] = field(default_factory=list)
    longest_wait: int = 0
    longest_still: int = 0
    longest_idle: int = 0
    _still: int = 0
    _idle: dict[int, int] = field(default_factory=dict)

    def look(self, town: Town, seed: int, rows: Rows) -> None:
        """Look at a town, and at what happened in it since the last look."""
        agents = town.record["agents"][town.record["agents"]["alive"] == 1]
        waiting = agents["waits_since"][agents["waits_at"] >= 0]
        self.longest_wait = max(self.longest_wait, int((town.tick - waiting).max(initial=0)))
        idle = agents["person"][agents["doing"] < 0].tolist()
        self._idle = {person: self._idle.get(person, 0) + LOOK_EVERY for person in idle}
        self.longest_idle = max(self.longest_idle, *self._idle.values(), 0)
        lives_on = np.isin(rows["kind"], (AFFORDANCE_STARTED, AFFORDANCE_FINISHED)).any()
        self._still = 0 if lives_on else self._still + LOOK_EVERY
        self.longest_still = max(self.longest_still, self._still)
        self.faults += [f"seed {seed}, tick {town.tick}: {fault}" for fault in broken(town)]


@dataclass
class Fuzzed:
    """What came of it."""

    town: Town
    rows: Rows
    digests: dict[int, str]
    watch: Watch


def fuzzed(seed: int, ticks: int = TICKS, taken_up: int = 0) -> Fuzzed:
    """A town that lives under the hand; put down to its tables and taken up again at `taken_up` drawn ticks."""
    town = town_of(*epochs())
    chunks, digests, watch = [town.found(seed)], {}, Watch()
    hand = Hand(town, random.Random(seed))
    stops = set(random.Random(f"stops {seed}").sample(range(ticks), taken_up))
    while town.tick < ticks and not watch.faults:
        if town.tick in stops:
            town = town_of(*epochs(), towns=towns_from_tables(tables(town.record), town.shape))
            town.set_seed(seed)
            hand.town = town
        hand.move()
        chunks += town.live(1)
        if town.tick % LOOK_EVERY == 0:
            watch.look(town, seed, np.concatenate(chunks[-LOOK_EVERY:]))
        if town.tick % 500 == 0:
            digests[town.tick] = town.state_digest()
    return Fuzzed(town, np.concatenate(chunks), digests, watch)


def check(found: Fuzzed) -> None:
    """Nothing is out of joint, nobody waits for ever, nothing stands still, and the log says it all."""
    watch = found.watch
    assert not watch.faults, "\n".join(watch.faults)
    assert watch.longest_wait <= WAIT_MAX
    assert watch.longest_still <= STILL_MAX
    assert watch.longest_idle <= IDLE_MAX
    replay, first = town_of(*epochs()), 0
    for tick, digest in found.digests.items():
        last = int(np.searchsorted(found.rows["tick"], tick))
        replay.fold([found.rows[first:last]])
        assert replay.state_digest() == digest, f"folded to tick {tick}"
        first = last


@pytest.mark.parametrize("ticks", [3_000, pytest.param(TICKS, marks=pytest.mark.slow)])
def test_a_town_under_a_hand_never_stands_still_and_its_log_says_it_all(ticks: int) -> None:
    found = fuzzed(7, ticks)
    check(found)
    again = fuzzed(7, ticks, taken_up=12)
    assert log_digest([again.rows]) == log_digest([found.rows])
    assert again.town.state_digest() == found.town.state_digest()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_twenty_towns_under_a_hand(seed: int) -> None:
    check(fuzzed(seed))


@pytest.mark.parametrize(("energy", "hunger", "raw"), [(0.05, 0.1, 4), (0.05, 0.1, 0)])
def test_nobody_begins_the_same_thing_in_vain_again_and_again(energy: float, hunger: float, raw: int) -> None:
    """At two at night, tired and starving, with money and no meal."""
    town = town_of(default_settings())
    town.found(7)
    for _ in town.live(120):
        pass
    Driver(town).teleport(0, free_tiles(town)[0])
    agents = town.record["agents"]
    agents["energy"][0], agents["hunger"][0], agents["wallet"][0], agents["items"][0] = energy, hunger, 9.0, (raw, 0)
    rows = np.concatenate(list(town.live(300)))
    in_vain = rows[(rows["agent"] == 0) & (rows["kind"] == AFFORDANCE_FAILED) & (rows["code2"] == REASON_HUNGER)]
    assert len(in_vain) <= 5
