"""What the narrator needs of a run: its names, how much it tells under each epoch, and the shipped templates."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eventlog.folder.manifest import Epoch
from projections.narration.scene import Names, Spot
from projections.narration.wording import Templates, read
from projections.narration.words import spoken
from projections.versions import VERSIONS
from townlet.configuration.load import configs_folder, from_yaml, person_name
from townlet.configuration.plans import jobs_of, map_of
from townlet.configuration.settings import Settings
from townlet.living.identity import folder_sources, rider_identity, sources_digest

if TYPE_CHECKING:
    from projections.narration.narrator import Narrator
    from townlet.living.town import Town

SHIPPED: Final = "narration/default.yaml"


def narrator(town: "Town", templates: Templates | None = None, settings: Sequence[Settings] = ()) -> "Narrator":
    """A narrator that goes on from a town, by the shipped templates or others; `settings` of its epochs, if others.

    Raises BadTemplates.
    """
    from projections.narration.narrator import Narrator, Terms  # brings Numba

    told_under = settings or town.settings
    terms = [Terms(each.narration, each.relationships.bonds, each.relationships.capacity) for each in told_under]
    return Narrator(town.towns, town.plans, terms, names(town.settings[0]), templates or shipped_templates())


def names(settings: Settings) -> Names:
    """What a run under these settings calls things, as prose calls them."""
    town_map = map_of(settings)
    counts = Counter((place.venue, place.kind) for place in town_map.places)
    seen: Counter[tuple[int, str]] = Counter()
    spots = []
    for place in town_map.places:
        seen[place.venue, place.kind] += 1
        spots.append(Spot(place.kind, seen[place.venue, place.kind], counts[place.venue, place.kind], place.venue))
    return Names(
        person=cache(lambda number: spoken(person_name(settings, number))),
        spots=spots,
        venues=[venue.name for venue in town_map.venues],
        venue_kinds=[venue.kind for venue in town_map.venues],
        jobs=[job.name for _, job, _, _ in jobs_of(settings.work, town_map)],
        deeds=list(settings.affordances),
        ticks_per_day=settings.town.ticks_per_day,
    )


def narration_identity(epochs: Sequence[Epoch], seq: int) -> dict[str, str]:
    """What a story depends on: all that the riders do, the narrator's sources, and the shipped templates."""
    name = "narrations"
    sources = sources_digest([*folder_sources("narration"), *folder_sources("narration/moments"), templates_file()])
    return {**rider_identity("tie_changes", epochs, seq), "narrator": f"{name}@{VERSIONS[name]}", "narration": sources}


@cache
def shipped_templates() -> Templates:
    """The templates that are shipped."""
    return templates_of(templates_file(), f"configs/{SHIPPED}")


def templates_file() -> Path:
    """The file of the shipped templates."""
    return configs_folder() / SHIPPED


def templates_of(file: Path, origin: str = "") -> Templates:
    """The templates in a file. Raises BadTemplates with all faults, ConfigurationError for what is not YAML."""
    content: Any = from_yaml(file, origin or str(file))
    return read(content, origin or str(file))
