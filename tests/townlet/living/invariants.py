"""What is true of a town at every tick, whatever happened."""

from collections.abc import Iterator

import numpy as np

from eventlog.catalogue.registries import Dimension
from projections.record.state import TIES
from townlet.living.town import Town

NEEDS = ("hunger", "hygiene", "energy")


def broken(town: Town) -> Iterator[str]:
    """Every fault of a town, in words."""
    yield from _ground(town)
    yield from _places(town)
    yield from _lines(town)
    yield from _seats(town)
    yield from _bodies(town)
    yield from _ties(town)
    yield from _work(town)
    yield from _clock(town)


def _living(town: Town) -> np.ndarray:
    return np.flatnonzero(town.record["agents"]["alive"])


def _ground(town: Town) -> Iterator[str]:
    """Everybody stands on one walkable tile, and nobody on another's."""
    seats, ground = _living(town), town.record["ground"]
    tiles = town.record["agents"]["tile"][seats]
    if len(set(tiles.tolist())) < len(tiles):
        yield f"two stand on one tile: {tiles.tolist()}"
    if (ground[tiles] != seats + 1).any() or np.count_nonzero(ground) != len(seats):
        yield f"the ground and the tiles of {seats.tolist()} disagree"
    if not town.plans["layout"]["walkable"][0][tiles].all():
        yield "somebody stands in a wall"


def _places(town: Town) -> Iterator[str]:
    """A place's user holds it, a holder uses it, and who does something does it there."""
    agents, objects = town.record["agents"], town.record["objects"]
    count = int(town.record["clock"]["objects"])
    if objects[count:].tobytes().strip(b"\0"):
        yield "a place that does not exist is not zero"
    held = {(int(agents["holds"][seat]), int(seat)) for seat in _living(town) if agents["holds"][seat] >= 0}
    used = {(o, int(objects["user"][o])) for o in range(count) if objects["user"][o] >= 0}
    if held != used:
        yield f"users and holders disagree (place, seat): {sorted(held ^ used)}"
    if (objects["stock"][:count] < 0).any():
        yield "a shelf holds less than nothing"
    places = town.plans["layout"]["place"][0]
    for seat in _living(town):
        agent = agents[seat]
        if agent["doing"] >= 0:
            place = places[int(agent["holds"])]
            if agent["holds"] < 0 or place["tile"] != agent["tile"] or place["affordance"] != agent["doing"]:
                yield f"seat {seat} does {agent['doing']} on tile {agent['tile']} and holds {agent['holds']}"
        if agent["holds"] >= 0 and agent["waits_at"] >= 0:
            yield f"seat {seat} holds {agent['holds']} and waits at {agent['waits_at']}"


def _lines(town: Town) -> Iterator[str]:
    """A line holds exactly those who wait at the place, once each; a freed waiting place is zero."""
    agents, objects = town.record["agents"], town.record["objects"]
    standing = {
        (o, int(seat))
        for o in range(int(town.record["clock"]["objects"]))
        for seat in objects["waiting"][o][: objects["line"][o]]
    }
    waiting = {(int(agents["waits_at"][seat]), int(seat)) for seat in _living(town) if agents["waits_at"][seat] >= 0}
    if standing != waiting or len(standing) != objects["line"].sum():
        yield f"lines and those who wait disagree (place, seat): {sorted(standing ^ waiting)}"
    beyond = np.arange(objects["waiting"].shape[1]) >= objects["line"][:, None]
    if objects["waiting"][beyond].any():
        yield "a freed waiting place is not zero"


def _seats(town: Town) -> Iterator[str]:
    """An empty seat is zero; whoever sits in one is its person, in its own bed."""
    record = town.record
    agents, seats = record["agents"], _living(town)
    if agents[agents["alive"] == 0].tobytes().strip(b"\0"):
        yield "an empty seat is not zero"
    if record["seats"][int(record["clock"]["seats"]) :].tobytes().strip(b"\0"):
        yield "a seat that was never used is not zero"
    persons = record["seats"]["lives"][seats] * len(agents) + seats
    if (agents["person"][seats] != persons).any():
        yield "somebody sits in another's seat"
    owned = {(int(o), int(record["objects"]["owner"][o]) - 1) for o in np.flatnonzero(record["objects"]["owner"])}
    if owned != {(int(agents["home"][seat]), int(seat)) for seat in seats}:
        yield "beds and homes disagree"


def _bodies(town: Town) -> Iterator[str]:
    """Needs in [0, 1]; nothing below zero; companions only as many as are counted."""
    agents = town.record["agents"][_living(town)]
    for need in (*NEEDS, "lowest"):
        if not ((agents[need] >= 0.0) & (agents[need] <= 1.0)).all():
            yield f"{need} outside [0, 1]: {agents[need].tolist()}"
    for name in ("wallet", "debt", "earned", "items", "unpaid_days", "stalls", "neglected"):
        if not (agents[name] >= 0).all():
            yield f"{name} below zero: {agents[name].tolist()}"
    beyond = np.arange(agents["company"].shape[1]) >= agents["companions"][:, None]
    if agents["company"][beyond].any():
        yield "a companion who is not counted is not zero"


def _ties(town: Town) -> Iterator[str]:
    """Within [-1, 1] and the capacity, to others who live here, one each; a freed tie is zero."""
    agents = town.record["agents"][_living(town)]
    capacity = int(town.plans["social"]["capacity"][int(town.record["clock"]["epoch"])])
    ties = agents["ties"]
    if ties[ties["known"] == 0].tobytes().strip(b"\0") or ties[:, capacity:TIES].tobytes().strip(b"\0"):
        yield "a freed tie, or one beyond the capacity, is not zero"
    for side in Dimension:
        if not (np.abs(ties[side.name.lower()]) <= 1.0).all():
            yield f"{side.name.lower()} outside [-1, 1]"
    people = set(agents["person"].tolist())
    for agent in agents:
        others = agent["ties"]["other"][agent["ties"]["known"] == 1].tolist()
        if len(set(others)) < len(others) or not set(others) <= people - {int(agent["person"])}:
            yield f"person {agent['person']} of {sorted(people)} has ties to {others}"


def _work(town: Town) -> Iterator[str]:
    """A job has its holder, a holder the job; who covers is who the other is covered by."""
    agents, seats, holders = town.record["agents"], _living(town), town.record["job_holder"]
    if {(int(job), int(holders[job]) - 1) for job in np.flatnonzero(holders)} != {
        (int(agents["job"][seat]), int(seat)) for seat in seats if agents["job"][seat] >= 0
    }:
        yield "jobs and their holders disagree"
    covers = {(int(seat), int(agents["covers"][seat])) for seat in seats if agents["covers"][seat] >= 0}
    covered = {(int(agents["covered_by"][seat]), int(seat)) for seat in seats if agents["covered_by"][seat] >= 0}
    if covers != covered:
        yield f"who covers and who is covered disagree (by, of): {sorted(covers ^ covered)}"


def _clock(town: Town) -> Iterator[str]:
    """The counts agree with what is counted."""
    clock, seats = town.record["clock"], _living(town)
    if clock["people"] != len(seats) or clock["seats"] <= max(seats, default=-1):
        yield f"{clock['people']} people in {clock['seats']} seats are counted, and {len(seats)} live here"
    due, come = clock["newcomer_due"], int(clock["newcomers"])
    if due[come:].any() or clock["newcomer_seq"][come:].any():
        yield "a newcomer who has come is not zero"
    if clock["people"] + come != town.settings[0].town.people:
        yield f"{clock['people']} live here, {come} are on their way: {town.settings[0].town.people} there should be"
    if clock["shifts_on_time"] > clock["shifts"] or clock["good_days"] > clock["agent_days"]:
        yield "more good ones than there are"
