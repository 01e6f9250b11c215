"""The names of a map's places."""

from collections import Counter

from townlet.world.drawing import TownMap


def place_names(town_map: TownMap) -> list[str]:
    """The names of a map's places, by object number."""
    counts: Counter[tuple[int, str]] = Counter()
    names = []
    for place in town_map.places:
        counts[place.venue, place.kind] += 1
        names.append(f"{place.kind} {counts[place.venue, place.kind]} ({town_map.venues[place.venue].name})")
    return names
