"""The names of people, places, jobs and affordances that a run's tables, story and telemetry use."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from eventlog.views import Names as ViewNames
from townlet.configuration.load import names_table, person_name
from townlet.configuration.places import place_names
from townlet.configuration.plans import jobs_of, map_of
from townlet.configuration.settings import Settings

if TYPE_CHECKING:
    from projections.narration.scene import Names as ProseNames
    from projections.telemetry.frame import Words
    from townlet.living.town import Town


def view_names(settings: Settings, side: int, persons: Sequence[int] | np.ndarray) -> ViewNames:
    """The names for a run's tables of events. Of persons it holds only those whose numbers are given."""
    town_map = map_of(settings)
    numbers = np.asarray(persons, np.int64)
    by_number = np.full(int(numbers.max(initial=-1)) + 1, None, object)
    by_number[numbers] = names_table(settings, numbers)
    jobs = [job.name for _, job, _, _ in jobs_of(settings.work, town_map)]
    return ViewNames(side, by_number.tolist(), place_names(town_map), jobs, list(settings.affordances))


def prose_names(settings: Settings) -> "ProseNames":
    """The names for a run's story."""
    from projections.narration.scene import Names, Spot  # brings Numba
    from projections.narration.words import prose_name

    town_map = map_of(settings)
    counts = Counter((place.venue, place.kind) for place in town_map.places)
    seen: Counter[tuple[int, str]] = Counter()
    spots = []
    for place in town_map.places:
        seen[place.venue, place.kind] += 1
        spots.append(Spot(place.kind, seen[place.venue, place.kind], counts[place.venue, place.kind], place.venue))
    return Names(
        person=cache(lambda number: prose_name(person_name(settings, number))),
        spots=spots,
        venues=[venue.name for venue in town_map.venues],
        venue_kinds=[venue.kind for venue in town_map.venues],
        jobs=[job.name for _, job, _, _ in jobs_of(settings.work, town_map)],
        deeds=list(settings.affordances),
        ticks_per_day=settings.town.ticks_per_day,
    )


def frame_words(town: "Town", epoch: int) -> "Words":
    """The words that a telemetry frame uses for the codes of a town in one epoch."""
    from projections.telemetry.frame import Words  # brings Numba

    settings: Settings = town.settings[epoch]
    town_map = map_of(settings)
    plan = town.plans.view(np.ndarray)[epoch]
    used = plan["layout"]["place"]["affordance"][: len(town_map.places)]
    jobs = list(jobs_of(settings.work, town_map))
    held, minute = plan["jobs"][: len(jobs)], settings.town.scale.minute_of_day
    desks = zip(held["desk"].tolist(), minute(held["start"]).tolist(), minute(held["end"]).tolist(), strict=True)
    return Words(
        town=settings.name,
        ticks_per_day=settings.town.ticks_per_day,
        side=town.shape.side,
        person=cache(lambda person: person_name(settings, person)),
        places=place_names(town_map),
        homes=[town_map.venues[place.venue].name for place in town_map.places],
        venues=[venue.name for venue in town_map.venues],
        room=plan["layout"]["room"],
        deeds=list(settings.affordances),
        jobs=[(job.name, *hours) for (_, job, _, _), hours in zip(jobs, desks, strict=True)],
        shelves=np.flatnonzero(plan["affordances"]["restock"][used] > 0).tolist(),
    )
