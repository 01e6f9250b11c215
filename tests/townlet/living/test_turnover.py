"""People come and go by the hundred: who comes is a stranger, who has left is forgotten, and seats rest in between."""

import random
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from eventlog.catalogue.registries import Dimension
from eventlog.codes import AGENT_ARRIVED, AGENT_EXITED, SEAT_REUSED
from eventlog.rows import Rows
from projections.riders.tie_table import TieChanges
from tests.projections.histories import ledger_of
from tests.projections.riders.test_tie_changes import follow
from tests.townlet.living.invariants import broken
from tests.townlet.towns import DAY, town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.living.commands import Driver
from townlet.living.town import Town

SEATS = 64
DAYS = 15
HOUR = 60
REST = 2 * DAY
RESTLESS = {
    "work": {"jobs": []},
    "market": {"benefit": 0.0},
    "life": {"unemployment_days": 1, "exits_a_day": 100, "exit_gap_minutes": 5},
}
"""Nobody finds work or is kept without it, and everybody moves on after a day."""


@cache
def crowded() -> Settings:
    """More come in two days than there are seats: some have to sit down where somebody has just got up."""
    return load({"town": {"map": "district", "people": 28}, **RESTLESS}).settings


@cache
def roomy() -> Settings:
    """All seats are used, and used again, and there is always one that has rested."""
    return load(RESTLESS).settings


@dataclass(frozen=True)
class Turnover:
    """A town that lived, and its history."""

    settings: Settings
    town: Town
    rows: Rows

    def of_kind(self, kind: np.int64) -> Rows:
        return self.rows[self.rows["kind"] == kind]


@cache
def turnover(crowd: bool) -> Turnover:
    """Two weeks of arrivals and departures, in which a hand sees to it that everybody has ties."""
    settings, chance = crowded() if crowd else roomy(), random.Random(11)
    town = town_of(settings)
    chunks = [town.found(7)]
    while town.tick < DAYS * DAY:
        here = np.flatnonzero(town.record["agents"]["alive"]).tolist()
        for owner in here:
            other = chance.choice([seat for seat in here if seat != owner])
            Driver(town).set_tie(owner, other, chance.choice(list(Dimension)), chance.uniform(-1, 1))
        chunks += town.live(HOUR)
        assert not list(broken(town)), f"at tick {town.tick}"
    return Turnover(settings, town, np.concatenate(chunks))


CROWDS = pytest.mark.parametrize("crowd", [True, False], ids=["crowded", "roomy"])


@CROWDS
def test_who_comes_is_a_stranger_and_who_has_left_is_forgotten(crowd: bool) -> None:
    found = turnover(crowd)
    replay, folded, known = town_of(found.settings), 0, 0
    turns = np.flatnonzero(np.isin(found.rows["kind"], (AGENT_ARRIVED, AGENT_EXITED)))
    for index in turns.tolist():
        event = found.rows[index]
        person, agents = int(event["agent"]), replay.record["agents"]
        replay.fold([found.rows[folded:index]])
        seat, folded = person % SEATS, index + 1
        if event["kind"] == AGENT_EXITED:
            known += holds_or_is_held(ledger_of(replay.towns), seat)
        else:
            assert not any(agents[seat].tobytes()), f"person {person} comes to a seat that is not empty"
        replay.fold([found.rows[index:folded]])
        assert not holds_or_is_held(ledger_of(replay.towns), seat), f"ties of seat {seat} after event {event['seq']}"
    replay.fold([found.rows[folded:]])
    assert replay.state_digest() == found.town.state_digest()
    assert known > 90


def holds_or_is_held(ledger: dict[tuple[int, int], tuple[int, float, float, float]], seat: int) -> bool:
    """Whether there is a tie from or to whoever sits, or ever sat, in a seat."""
    return any(seat in (owner % SEATS, other % SEATS) for owner, other in ledger)


@CROWDS
def test_the_rows_of_a_tie_end_where_either_leaves(crowd: bool) -> None:
    found = turnover(crowd)
    rider = TieChanges(town_of(found.settings).towns, found.town.plans)
    rider.fold(found.rows)
    rows = rider.tables()["tie_changes"].to_pylist()
    left = {int(row["agent"]): int(row["seq"]) for row in found.of_kind(AGENT_EXITED)}
    came = {int(row["agent"]): int(row["seq"]) for row in found.of_kind(AGENT_ARRIVED)}
    for row in rows:
        for person in (row["owner"], row["other"]):
            assert came[person] < row["seq"] <= left.get(person, row["seq"]), row
        assert (row["reason"] == "departed") == (row["seq"] in (left.get(row["owner"]), left.get(row["other"]))), row
    assert sum(row["reason"] == "departed" for row in rows) > (1000 if crowd else 300)
    assert follow(rows, turns=[]) == {key: tuple(sides) for key, (_, *sides) in ledger_of(found.town.towns).items()}


@CROWDS
def test_a_seat_rests_or_the_log_says_that_none_had(crowd: bool) -> None:
    """Never-used seats come first, the lowest; then the one that has rested longest, with a warning if it is short."""
    found = turnover(crowd)
    emptied: dict[int, int] = {}
    taken: set[int] = set()
    warned: dict[int, float] = {}
    short = 0
    for row in found.rows[np.isin(found.rows["kind"], (AGENT_ARRIVED, AGENT_EXITED, SEAT_REUSED))]:
        person, tick = int(row["agent"]), int(row["tick"])
        seat = person % SEATS
        if row["kind"] == SEAT_REUSED:
            warned[person] = float(row["value"])
        elif row["kind"] == AGENT_EXITED:
            emptied[seat] = tick
            taken.discard(seat)
        else:
            used = taken | emptied.keys()
            assert seat not in taken
            if len(used) < SEATS:
                assert (seat, person) == (len(used), len(used)) and person not in warned
            else:
                rested = tick - emptied[seat]
                assert rested == max(tick - emptied[free] for free in used - taken)
                assert warned.get(person) == (rested if rested < REST else None)
                short += rested < REST
            taken.add(seat)
    assert len(warned) == short and (short > 100) is crowd
    assert len(taken | emptied.keys()) == SEATS, "no seat was used again"


@CROWDS
def test_a_person_is_one_person_for_ever(crowd: bool) -> None:
    found = turnover(crowd)
    came, left = (found.of_kind(kind)["agent"].tolist() for kind in (AGENT_ARRIVED, AGENT_EXITED))
    assert len(set(came)) == len(came) > SEATS
    assert len(set(left)) == len(left) and set(left) <= set(came)
    assert len(came) - len(left) == found.town.people == found.settings.town.people
    lives = [person // SEATS for person in sorted(came, key=lambda person: (person % SEATS, person))]
    assert all(now == before + 1 or now == 0 for before, now in pairwise(lives))
