"""Makes the narrator of a run: with the run's names, its narration settings of each epoch, and templates."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eventlog.folder.manifest import Epoch
from projections.narration.wording import Templates, read
from projections.versions import VERSIONS
from townlet.configuration.load import configs_folder, from_yaml
from townlet.configuration.settings import Settings
from townlet.history.name_books import prose_names
from townlet.living.identity import folder_sources, rider_identity, sources_digest

if TYPE_CHECKING:
    from projections.narration.narrator import Narrator
    from townlet.living.town import Town

WORDINGS: Final = ("plain", "literary")
"""The templates that come with Townlet, by name; a story has the first ones unless it is asked for others."""


def narrator(town: "Town", templates: Templates | None = None, settings: Sequence[Settings] = ()) -> "Narrator":
    """A narrator that starts at this town.

    `templates` default to the shipped ones, `settings` (one for each epoch) to the town's own. Raises BadTemplates.
    """
    from projections.narration.narrator import Narrator, Terms  # brings Numba

    told_under = settings or town.settings
    terms = [Terms(each.narration, each.relationships.capacity, each.town.scale) for each in told_under]
    return Narrator(town.towns, town.plans, terms, prose_names(town.settings[0]), templates or shipped_templates())


def narration_identity(epochs: Sequence[Epoch], seq: int) -> dict[str, str]:
    """Everything that a story depends on, apart from the events: what riders depend on, the narrator's sources, and the
    shipped templates."""
    name = "narrations"
    sources = sources_digest([*folder_sources("narration"), *folder_sources("narration/moments"), templates_file()])
    return {**rider_identity("tie_changes", epochs, seq), "narrator": f"{name}@{VERSIONS[name]}", "narration": sources}


@cache
def shipped_templates(wording: str = WORDINGS[0]) -> Templates:
    """The templates that come with Townlet under this name, one of WORDINGS."""
    return templates_of(templates_file(wording), f"configs/narration/{wording}.yaml")


def templates_file(wording: str = WORDINGS[0]) -> Path:
    """The file of the shipped templates of this name."""
    return configs_folder() / "narration" / f"{wording}.yaml"


def templates_of(file: Path, origin: str = "") -> Templates:
    """The templates in a file, or shipped ones where one of WORDINGS is given.

    Raises BadTemplates, which lists all faults, and ConfigurationError for invalid YAML.
    """
    if str(file) in WORDINGS and not file.exists():
        return shipped_templates(str(file))
    content: Any = from_yaml(file, origin or str(file))
    return read(content, origin or str(file))
