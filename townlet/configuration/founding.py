"""What must be so, beyond the ranges of single keys, for a town to be founded and to live."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

from projections.record.state import CLASSES
from townlet.configuration.plans import affordance_of, jobs_of, living_wage_fault, map_of
from townlet.configuration.settings import Settings
from townlet.world.beds import roomy_map
from townlet.world.drawing import TownMap

MEALS_LEAST: Final = 2
"""Meals a day without which nobody lives long."""


def founding_faults(settings: Settings, map_files: Mapping[str, Path]) -> list[str]:
    """Every reason why no town can be founded with these resolved settings, each as `key: what is wrong`.

    `map_files` are the maps that can be named to whoever needs a larger one.
    """
    town_map = map_of(settings)
    return [
        *_bed_faults(settings, town_map, map_files),
        *_job_faults(settings, town_map),
        *_range_faults(settings),
    ]


def founding_doubts(settings: Settings) -> list[str]:
    """What a town that can be founded will lack, each as `key: what is so, and what can be done`."""
    people, jobs = settings.town.people, sum(1 for _ in jobs_of(settings.work, map_of(settings)))
    if jobs >= people:
        return []
    market, way = settings.market, "lower town.people, or take a map with more desks (town.map)"
    least = market.rent + MEALS_LEAST * market.prices.raw
    told = f"work.jobs: {jobs} jobs for {people} people, so {people - jobs} will be without work"
    if market.benefit >= least:
        return [f"{told} and live on market.benefit, {market.benefit:g} a day: to change this, {way}"]
    return [
        f"{told}; rent and {MEALS_LEAST} meals cost {least:.2f} a day, and market.benefit is {market.benefit:g}: they "
        f"will starve or leave; set market.benefit to {least:.2f} or more, {way}"
    ]


def _bed_faults(settings: Settings, town_map: TownMap, map_files: Mapping[str, Path]) -> Iterator[str]:
    """Too few beds, and places that nobody can use for anything."""
    deeds, codes = list(settings.affordances.values()), []
    kinds: Counter[str] = Counter()
    for place in town_map.places:
        code = affordance_of(settings.affordances, place.kind, town_map.venues[place.venue].kind)
        codes.append(code)
        if code < 0:
            kinds[place.kind] += 1
    beds = sum(code >= 0 and deeds[code].option == "sleep" for code in codes)
    if beds < settings.town.people:
        larger = roomy_map(map_files, settings.town.people, CLASSES[settings.town.capacity])
        yield (
            f"town.people: the map has beds for {beds} people, and the town is to have {settings.town.people}: "
            f"lower town.people, or take a larger map, such as {larger or 'one of your own (town.map)'}"
        )
    for kind, count in kinds.items():
        yield f"affordances: the map has {count} places of the kind {kind}, and no affordance uses one"


def _job_faults(settings: Settings, town_map: TownMap) -> Iterator[str]:
    """Too many jobs, wages that leave too little or too much, and shifts of one desk that overlap."""
    numbers = {id(job): number for number, job in enumerate(settings.work.jobs)}
    jobs = list(jobs_of(settings.work, town_map))
    most = CLASSES[settings.town.capacity].agents
    if len(jobs) > most:
        yield f"work.jobs: the map's desks make {len(jobs)} jobs, at most {most} are possible"
    held = {id(job) for _, job, _, _ in jobs}
    latest = {numbers[id(job)]: max(end for _, one, (_, end), _ in jobs if one is job) for _, job, _, _ in jobs}
    for number, end in latest.items():
        if end > settings.town.scale.day_given:
            yield (
                f"work.jobs.{number}.shifts: with work.stagger_minutes {settings.work.stagger_minutes} the last shift "
                f"of a venue's desks would end at {end}, after the day: begin earlier, or lower work.stagger_minutes"
            )
    for number, job in enumerate(settings.work.jobs):
        for start, end in job.shifts if id(job) in held else ():
            if fault := living_wage_fault(settings, job, start, end):
                yield f"work.jobs.{number}.wage: {fault}"
    desks = defaultdict(list)
    for desk, job, (start, end), _ in jobs:
        desks[desk].append((start, end, numbers[id(job)], job.days))
    told = set()
    for shifts in desks.values():
        for first, second in pairwise(sorted(shifts)):
            if second[0] < first[1]:
                told.add((first[2], second[2], first[:2], second[:2]))
    for one, other, before, after in sorted(told):
        times = f"from {before[0]} to {before[1]} and from {after[0]} to {after[1]}"
        of = "" if one == other else f", the first of work.jobs.{one}"
        yield f"work.jobs.{other}.shifts: two shifts of one desk overlap: {times}{of}"


def _range_faults(settings: Settings) -> Iterator[str]:
    """A least that is more than its most."""
    least, most = settings.work.oversleep_minutes
    if least > most:
        yield f"work.oversleep_minutes: the least, {least}, is more than the most, {most}"
    if settings.market.spare_least > settings.market.spare_most:
        yield (
            f"market.spare_least: {settings.market.spare_least:g} is more than market.spare_most, "
            f"{settings.market.spare_most:g}"
        )
