"""What city events can hit in a town: its people, by their number among those who live there, and its venues."""

from typing import Any, NamedTuple

import numpy as np

from townlet.configuration.load import person_name
from townlet.configuration.plans import compile_plan, map_of
from townlet.configuration.settings import Settings
from townlet.rules import console

HOME = "home"


class Venue(NamedTuple):
    """A venue by its kind and name."""

    kind: str
    name: str


class Scene(NamedTuple):
    """A town as a calendar sees it: `founders` in the order of seats, and the venues that can be closed or met in."""

    ticks_per_day: int
    founders: tuple[str, ...]
    closable: tuple[Venue, ...]
    meeting: tuple[Venue, ...]


def scene_of(settings: Settings, plan: Any = None) -> Scene:
    """The scene of a town of these settings. Homes are never closed, and nobody is sent to a home.

    `plan` is their plan, an array of length 1; None: it is compiled.
    """
    plans = (compile_plan(settings) if plan is None else plan).view(np.ndarray)
    many = int(plans["layout"]["places"][0])
    venues = [Venue(venue.kind, venue.name) for venue in map_of(settings).venues]
    public = [number for number, venue in enumerate(venues) if venue.kind != HOME]
    closable = [venues[v] for v in public if len(console.places_of_all(plans, 0, many, [v]))]
    meeting = [venues[v] for v in public if console.seats_for_two(plans, 0, many, v) >= 0]
    founders = tuple(person_name(settings, person) for person in range(settings.town.people))
    return Scene(settings.town.ticks_per_day, founders, tuple(closable), tuple(meeting))
